"""Fill the README's questions with the real answers of the shipped data: ``python docs/make_readme.py [--check]``."""

import json
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from http.client import OK
from pathlib import Path
from typing import Any

import click
from sqlalchemy.engine import make_url
from werkzeug.test import Client

from api.app import create_service
from api.database import open_database
from api.loader import load
from api.resources import RESOURCES
from api.settings import SHIPPED_SEEDS, Settings

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- answers -->", "<!-- /answers -->"
WIDTH = 118  # characters of a line
LEFT_OUT = "…"


@dataclass(frozen=True)
class Question:
    """A question, where it is asked, and what the README shows of the answer.

    ``keep`` names the values of a JSON answer that are shown, by their path through objects and lists (none: all of them); of each
    list, ``items`` are shown. Of a table, ``items`` rows are shown.
    """

    text: str
    path: str
    keep: tuple[str, ...] = ()
    items: int = 1


#: The questions whose answers the README shows.
QUESTIONS = (
    Question(
        "How far apart are Russia and Ukraine, and on what?",
        "/gaps.csv?parties=russia,ukraine&columns=issue_label,distance,russia,ukraine,blockers_labels",
        items=6,
    ),
    Question(
        "Where does each party stand, since when, and how well is that supported?",
        "/stances.csv?issue=freeze-current-lines&columns=party_label,stance,since_edtf,claim_status,agreeing_document_count",
        items=9,
    ),
    Question(
        "Which positions does Russia hold or voice?",
        "/parties/russia/positions",
        (
            *(f"data.{name}" for name in ("id", "stance", "summary", "valid_from", "role")),
            *("data.claim_status", "data.document_count", "data.origin_count"),
            *("data.party.id", "data.issue.id", "data.issue.name", "page", "links.self", "meta.release"),
        ),
    ),
    Question(
        "How was the American plan received, term by term?",
        "/proposals/us-phased-withdrawal-proposal/reception.csv?columns=number,term_label,party_label,verdict,stance",
        items=9,
    ),
    Question(
        "Did that call take place?",
        "/events/ushakov-sullivan-call/dossier",
        (
            *(f"data.{name}" for name in ("subject.name", "claim_status", "rule", "relations", "modes")),
            *(f"data.claims.{name}" for name in ("relation", "mode", "source.id", "origin.id", "known_on", "decides")),
        ),
    ),
    Question("What if I mistype?", "/parties/rusia", ("type", "title", "status", "detail")),
)
#: More questions, of which the README shows the addresses alone.
MORE = (
    ("What has been proposed?", "/proposals"),
    ("Who has not answered what Russia asks?", "/silences?party=russia"),
    ("How did the distance between Russia and Ukraine change?", "/gaps/history?parties=russia,ukraine"),
    ("Who changed its stance?", "/movements"),
    ("What happened, and when did the public hear of it?", "/timeline"),
    ("What could the public know on 20 February 2024?", "/positions?known_at=2024-02-20"),
    ("What may Russia have held on that day?", "/positions?party=russia&as_of=2024-02-20"),
    ("How many positions are there, by stance?", "/facets/positions?by=stance"),
    ("What rests on named speakers alone?", "/positions?mode=on_record"),
    ("Where is Crimea mentioned?", "/search?q=crimea"),
)


def answers() -> str:
    """The section of the README, as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database=make_url(f"sqlite:///{folder}/readme.db"), seeds=SHIPPED_SEEDS)
        load(settings.seeds, open_database(settings.database), RESOURCES)
        client = Client(create_service(settings).wsgi)
        parts = []
        for question in QUESTIONS:
            reply = client.get(question.path)
            text = reply.get_data(as_text=True)
            is_table = reply.content_type.startswith("text/csv")
            shown = table(text, question.items) if is_table else laid_out(excerpt(json.loads(text), question))
            quoted = f"'localhost:8000{question.path}'" if "?" in question.path else f"localhost:8000{question.path}"
            parts.append(f"**{question.text}**\n\n```console\n$ curl {quoted}\n{shown}\n```")
        rows = ["| more questions | address |", "|---|---|"]
        for asked, path in MORE:
            if (status := client.get(path).status_code) != OK:
                raise click.ClickException(f"{path} answers {status}")
            rows.append(f"| {asked} | `{path}` |")
    return "\n\n".join([*parts, "\n".join(rows)])


def table(text: str, rows: int) -> str:
    """The first rows of a CSV table, below its header."""
    lines = text.replace("\r\n", "\n").strip().split("\n")
    return "\n".join([*lines[: rows + 1], *([LEFT_OUT] if len(lines) > rows + 1 else [])])


def excerpt(value: Any, question: Question, keep: tuple[str, ...] | None = None) -> Any:
    """What is shown of a JSON value; where something is left out, an object has `LEFT_OUT` as its last name, a list as its last item."""
    keep = question.keep if keep is None else keep
    if not keep or not isinstance(value, dict | list):
        return value
    if isinstance(value, list):
        shown = [excerpt(item, question, keep) for item in value[: question.items]]
        return [*shown, *([LEFT_OUT] if len(value) > question.items else [])]
    below = {name: _below(name, keep) for name in value}
    kept = {name: excerpt(value[name], question, rest) for name, rest in below.items() if rest is not None}
    return kept if len(kept) == len(value) else {**kept, LEFT_OUT: None}


def _below(name: str, keep: Iterable[str]) -> tuple[str, ...] | None:
    """The paths that go on below a name: none where all of it is kept; None where it is left out."""
    paths = [path.partition(".") for path in keep]
    found = tuple(rest for head, _, rest in paths if head == name)
    return None if not found else () if "" in found else found


def laid_out(value: Any, indent: str = "") -> str:
    """JSON with each object or list on one line where it fits, else with an item a line."""
    line = _line(value)
    if len(indent) + len(line) <= WIDTH or not isinstance(value, dict | list):
        return line
    inner = indent + "  "
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + laid_out(item, inner) for item in value) + f"\n{indent}]"
    items = (
        inner + (LEFT_OUT if name == LEFT_OUT else f"{json.dumps(name)}: {laid_out(item, inner)}")
        for name, item in value.items()
    )
    return "{\n" + ",\n".join(items) + f"\n{indent}}}"


def _line(value: Any) -> str:
    if isinstance(value, dict):
        items = (LEFT_OUT if name == LEFT_OUT else f"{json.dumps(name)}: {_line(item)}" for name, item in value.items())
        return "{" + ", ".join(items) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_line, value)) + "]"
    return LEFT_OUT if value == LEFT_OUT else json.dumps(value, ensure_ascii=False)


@click.command()
@click.option("--check", is_flag=True, help="Do not write; fail where the README is not current.")
def main(check: bool) -> None:
    """Fill the README's questions with their answers."""
    text = README.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    made = f"{head}{BEGIN}\n\n{answers()}\n\n{END}{tail}"
    if made == text:
        click.echo("The README's answers are current.")
    elif check:
        raise click.ClickException(
            "the README's answers are not current; run `python docs/make_readme.py` and commit it"
        )
    else:
        README.write_text(made, encoding="utf-8")
        click.echo("The README's answers are written.")


if __name__ == "__main__":
    sys.exit(main())
