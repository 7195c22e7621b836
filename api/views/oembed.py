"""oEmbed 1.0: the code that embeds a page, from its address."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree

import orjson
from werkzeug.datastructures import MultiDict

from api.contract.examples import PARTIES
from api.embeds import WIDTH, Embeds, below, frame, refuse_reshaping, spelt
from api.operation import JSON, Answer, Call, Operation, filled, in_memory, non_empty, ref
from api.parameters import query
from api.problems import Problem, Wrong, did_you_mean, unknown
from api.reading.records import MovedTo
from api.resource import Table
from schemas.fields import Choice, Integer, Pattern

XML = "text/xml"
PIXELS = 10_000


def oembed_operation(table: Table, operations: Sequence[Operation]) -> Operation:
    """The operation that returns the code to embed a page; ``operations`` are those whose answers pages show."""
    by_path = {one.path: one for one in operations}
    embeds = Embeds(table)

    def view(call: Call) -> Answer:
        path, given = _asked(call)
        found = embeds.find(unquote(path))
        if found is None:
            raise _nothing(call, path, embeds)
        embed, ids = found
        refuse_reshaping(given)
        data = _data(call, by_path[embed.path], ids, given)
        title = embed.title(data)
        width = min(call.values["maxwidth"] or WIDTH, WIDTH)
        height = min(call.values["maxheight"] or PIXELS, embed.height(data))
        answer = {
            "version": "1.0",
            "type": "rich",
            "title": title,
            "provider_name": "Positions",
            "provider_url": f"{call.base}/",
            "html": frame(f"{call.base}/embed{below(path)}{spelt(given)}", title, width, height),
            "width": width,
            "height": height,
        }
        if call.values["format"] == "xml":
            return Answer(_xml(answer), f"{XML}; charset=utf-8")
        return Answer(orjson.dumps(answer))

    return Operation(
        path="/oembed",
        name="getEmbed",
        tag="embeds",
        summary="The code that embeds a page",
        description=(
            "oEmbed 1.0, for content management systems, which discover it through links in the pages. Every page under `/explore/` "
            "that shows an analysis or a record can be embedded, with its clocks and filters; the frame shows its counterpart under "
            "`/embed/`."
        ),
        view=view,
        query=query(
            url=Pattern(
                "The address of a page of the explorer, or of an embed; its path is enough.",
                pattern="(https?://[!-~]+)?/[!-~]*",
                form="an address such as https://example.org/explore/matrix or /explore/matrix",
                longest=7000,
                required=True,
            ),
            maxwidth=Integer(f"The maximum width of the frame, in pixels; {WIDTH} by default.", least=1, most=PIXELS),
            maxheight=Integer(
                "The maximum height of the frame, in pixels; longer content scrolls.", least=1, most=PIXELS
            ),
            format=Choice(("json", "xml"), "The format of the answer; JSON by default."),
            dnt=Choice(
                ("0", "1"), "“Do not track”, which WordPress sends. It changes nothing, since nothing here tracks."
            ),
        ),
        content={JSON: ref("Embed"), XML: {"type": "string"}},
        examples={"url": f"/explore/gaps?parties={','.join(PARTIES)}"},
    )


def _asked(call: Call) -> tuple[str, list[tuple[str, str]]]:
    """The path of the requested address, below that of this service, and its parameters.

    Raises:
        Problem: 404, if it is the address of another service.
    """
    url, base = call.values["url"], urlsplit(call.base)
    try:
        parts = urlsplit(url)
    except ValueError:  # an invalid IPv6 address
        raise _foreign(call) from None
    # The scheme is not compared: only a proxy in front of the service knows whether readers use http or https.
    if parts.netloc and (parts.netloc.lower() != base.netloc.lower() or not parts.path.startswith(f"{base.path}/")):
        raise _foreign(call)
    given = parse_qsl(parts.query, keep_blank_values=True)
    return parts.path.removeprefix(base.path) if parts.netloc else parts.path, given


def _foreign(call: Call) -> Problem:
    url: str = call.values["url"]
    told = f"“{url[:200]}” is not an address of this service; it must begin with {call.base}/."
    return unknown([Wrong("url", url[:200], told)])


def _nothing(call: Call, path: str, embeds: Embeds) -> Problem:
    hint = did_you_mean(path[:200], [f"/explore{one.path}" for one in embeds.listed])
    allowed = embeds.paths("explore")
    told = f"“{path[:200]}” is not a page that can be embedded. Known pages: {', '.join(allowed)}.{hint}"
    return unknown([Wrong("url", call.values["url"][:200], told, allowed)])


def _data(call: Call, operation: Operation, ids: dict[str, str], given: list[tuple[str, str]]) -> Any:
    """The data that the page shows.

    Raises:
        Problem: the problem that the page itself would show.
        MovedTo: the record has a new id, under which it can be embedded.
    """
    values = operation.read(MultiDict(given), call.connection, call.table, ids, call.store.release)
    try:
        answer = operation.run(
            replace(call, path=filled(operation.path, ids), ids=ids, values=values, arguments=non_empty(given))
        )
    except MovedTo as moved:
        raise MovedTo(call.link(url=f"/explore{below(moved.path)}")) from None
    return orjson.loads(in_memory(answer.body))["data"]


def _xml(answer: dict[str, Any]) -> bytes:
    root = ElementTree.Element("oembed")
    for name, value in answer.items():
        ElementTree.SubElement(root, name).text = str(value)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
