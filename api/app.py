"""The application: the operations as Flask routes, the contract's pages, and the delivery in front of it all."""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask, Request, Response, current_app, jsonify, request
from flask.globals import request_ctx
from flask.sessions import NullSession, SessionInterface
from sqlalchemy.orm import configure_mappers
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import MapAdapter, Rule
from werkzeug.utils import cached_property

from api import problems
from api.contract.docs import add_docs
from api.contract.openapi import API_VERSION, document
from api.database import open_database
from api.delivery.counts import Counts
from api.delivery.metrics import PATH, add_metrics
from api.delivery.middleware import Delivery
from api.formats import ASKED
from api.lanes import HURRIED
from api.loader import build_digest
from api.operation import JSON, TOTAL, Answer, Call, Operation, buffered, filled, non_empty
from api.pages import add_pages
from api.parameters import NO_UTF8, UNREADABLE
from api.problems import MEDIA_TYPE, Problem
from api.reading.records import MovedTo
from api.resource import Table
from api.resources import RESOURCES
from api.settings import Settings
from api.texts import by_sha256
from api.views import operations
from schemas import VERSION_PATH

#: The value of `format` that each media type in an Accept header stands for.
_FORMAT_OF = {JSON: None, **ASKED, "text/xml": "xml"}


@dataclass(frozen=True)
class Service:
    """The parts of a service: Flask's application, the WSGI application that is served (it wraps Flask's), and the contract."""

    flask: Flask
    wsgi: Delivery
    contract: dict[str, Any]


def create_service(settings: Settings, table: Table = RESOURCES) -> Service:
    """Make the service. A release may be loaded before or after."""
    app = _Flask("api", static_folder=None, template_folder="contract/templates")
    app.request_class = _Request
    app.url_rule_class = _Route
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    app.config["PROPAGATE_EXCEPTIONS"] = True  # to the delivery, which handles each
    listed = operations(table)
    contract = document(table, listed)
    configure_mappers()  # now, so that the first answer does not wait for it
    database = open_database(settings.database, settings.replicas)
    for operation in listed:
        _add_route(app, operation, settings, table)
    add_docs(app, contract, table, settings.public_url)
    add_pages(app, table, settings.public_url)
    _add_health_checks(app)
    counts = _count_routes(app)
    add_metrics(app, counts, database, settings.cache_bytes)
    app.register_error_handler(Problem, _problem_response)
    app.register_error_handler(MovedTo, _moved)
    with_format = frozenset(one.name for one in listed if "format" in one.query.fields and ASKED.keys() & one.content)
    app.register_error_handler(HTTPException, partial(_http_error, with_format))
    delivery = Delivery(
        app.wsgi_app,
        database,
        _edition(settings),
        API_VERSION,
        settings.cache_bytes,
        counts,
        _quick_paths(() if database.remote else listed),
    )
    return Service(app, delivery, contract)


def create_app() -> Delivery:
    """The WSGI application that the server's workers run, with the settings of the environment."""
    application = create_service(Settings.read()).wsgi
    application.warm(f"{VERSION_PATH}/positions")
    return application


def _edition(settings: Settings) -> str:
    """The SHA-256 of what answers depend on besides the release: the code, and the settings that change what answers say."""
    texts = sorted(by_sha256(settings.texts)) if settings.texts else []
    parts = (build_digest(), settings.public_url or "", *texts)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _quick_paths(listed: Iterable[Operation]) -> re.Pattern[str]:
    """A pattern of the paths whose operations are `quick`, with and without the version."""
    paths = "|".join(re.sub(r"\{\w+\}", "[^/]+", operation.path) for operation in listed if operation.quick)
    return re.compile(f"({VERSION_PATH})?({paths})|/readyz" if paths else "/readyz")


class _NoSessions(SessionInterface):
    """Gives every request the same session, which cannot be written to, since the service has no sessions."""

    session = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return self.session


class _Flask(Flask):
    """Flask without three steps of each request that nothing here needs: opening a session, checking each function for being a
    coroutine, and looking for a subdomain.
    """

    session_interface = _NoSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        if request is None:
            return None
        return self.url_map.bind(
            request.host,
            script_name=request.root_path,
            url_scheme=request.scheme,
            default_method=request.method,
            path_info=request.path,
            query_args=request.environ.get("QUERY_STRING", ""),
        )


class _Request(Request):
    """A request whose parameters have `UNREADABLE` in place of bytes that are not UTF-8. Werkzeug would leave these percent-encoded,
    so that ``%FF`` could not be told from ``%25FF``.
    """

    @cached_property
    def args(self) -> "MultiDict[str, str]":
        return ImmutableMultiDict(parse_qsl(self.query_string.decode("utf-8", "replace"), keep_blank_values=True))


class _Route(Rule):
    """A rule that compiles its URL builder when it is first used, which for most rules is never. Werkzeug compiles all builders at once,
    which takes as long as the rest of `create_service`.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(super()._compile_builder)

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            return compiled(append_unknown)(rule, **values)

        return build


def _add_route(app: Flask, operation: Operation, settings: Settings, table: Table) -> None:
    """Add an operation at its canonical path and at the same path without the version; but ``/`` is the explorer's."""
    rule = operation.path.replace("{", "<").replace("}", ">")
    view = _view(operation, settings, table)
    app.add_url_rule(f"{VERSION_PATH}{rule}", f"v1.{operation.name}", view, methods=["GET"])
    if operation.path != "/":
        app.add_url_rule(rule, f"current.{operation.name}", view, methods=["GET"])


def _count_routes(app: Flask) -> Counts:
    """Make each request record its route for the metrics: the path as declared, with the version. A path that is not UTF-8 is refused."""
    routes = {PATH: PATH}  # the route of the metrics is added later, since it needs the counts
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule.rule)
        routes[rule.rule] = f"{VERSION_PATH}{path}" if rule.endpoint.startswith("current.") else path

    @app.before_request
    def note_route() -> None:
        asked = request_ctx.request
        if asked.url_rule is not None:
            asked.environ["positions.route"] = routes[asked.url_rule.rule]
        if UNREADABLE in asked.path:
            raise Problem(problems.BAD_REQUEST, f"The path “{asked.path[:200]}” contains {NO_UTF8}.")

    return Counts(sorted(set(routes.values())))


def _view(operation: Operation, settings: Settings, table: Table) -> Callable[..., Response]:
    exports = settings.exports

    def view(**ids: str) -> Response:
        # The request itself, since each attribute of the proxy `request` costs a lookup.
        asked = request_ctx.request
        store = asked.environ["positions.store"]
        with store.reading() as connection:
            values = operation.read(asked.args, connection, table, ids, store.release)
            call = Call(
                store=store,
                connection=connection,
                table=table,
                texts=settings.texts,
                exports=exports,
                public_url=settings.public_url,
                host_url=lambda: asked.host_url,
                path=filled(operation.path, ids),
                ids=ids,
                values=_with_accepted_format(operation, values, asked),
                arguments=non_empty(asked.args.items(multi=True)),
                hurried=HURRIED in asked.environ,
            )
            answer = operation.run(call)
            if not values.get("format"):  # which overrides the Accept header, as a suffix does
                _check_acceptable(operation, answer, asked)
            body = buffered(answer.body)
        headers = dict(answer.headers)
        if answer.total is not None:
            headers[TOTAL] = str(int(answer.total))
        if not asked.path.startswith(VERSION_PATH + "/"):
            headers["Content-Location"] = call.here
        response = Response(body, answer.status, headers, content_type=answer.media_type)
        response.direct_passthrough = not isinstance(body, bytes)  # a file, which the delivery sends whole or in part
        return response

    return view


def _with_accepted_format(operation: Operation, values: dict[str, Any], asked: Request) -> dict[str, Any]:
    """The values, with the `format` that the Accept header prefers unless the query names one."""
    if _accepts_anything(asked) or values.get("format"):
        return values
    if "format" in operation.query.fields:
        best = asked.accept_mimetypes.best_match([one for one in _FORMAT_OF if one in operation.content])
        return {**values, "format": _FORMAT_OF.get(best or "")}
    return values


def _accepts_anything(asked: Request) -> bool:
    return asked.environ.get("HTTP_ACCEPT", "").strip() in ("", "*/*")


def _check_acceptable(operation: Operation, answer: Answer, asked: Request) -> None:
    """Refuse an answer whose media type the Accept header excludes. For a path with a suffix the header does not count.

    Raises:
        Problem: 406.
    """
    if _accepts_anything(asked) or "." in operation.path.rpartition("/")[2]:
        return
    media_type = answer.media_type.partition(";")[0]
    if not asked.accept_mimetypes.best_match([media_type]):
        unread = "" if asked.accept_mimetypes else ", which contains no valid media type"
        raise Problem(
            problems.NOT_ACCEPTABLE,
            f"This path offers {' or '.join(operation.content)}; "
            f"the Accept header is “{asked.headers['Accept'][:200]}”{unread}.",
        )


def _http_error(with_format: frozenset[str], error: HTTPException) -> Response:
    """An HTTP error as a problem; ``with_format`` has the names of the operations that take `format`."""
    rules = [rule.rule for rule in current_app.url_map.iter_rules()]
    hint = _no_such_suffix(request.path, with_format) if isinstance(error, NotFound) else None
    return _problem_response(hint or problems.of_http(error, request.path, rules))


def _no_such_suffix(path: str, with_format: frozenset[str]) -> Problem | None:
    """The 404 for a path that exists without its suffix and takes ``format`` instead; None for every other path."""
    stem, _, suffix = path.rpartition(".")
    if suffix not in ASKED.values():
        return None
    try:
        endpoint, _ = current_app.url_map.bind("").match(stem)
    except HTTPException:
        return None
    if endpoint.rpartition(".")[2] not in with_format:
        return None
    return problems.not_found(
        f"The path “{path[:200]}” does not exist. Use “{stem[:200]}?format={suffix}” for this table; /v1/tables lists tables with a suffix."
    )


def _problem_response(problem: Problem) -> Response:
    body = problem.body(request.path, request.query_string.decode("utf-8", "replace"))
    response = Response(body, status=problem.kind.status, content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    response.headers.extend(problem.headers)
    return response


def _moved(moved: MovedTo) -> Response:
    response = Response(status=301)
    response.headers["Location"] = (
        moved.path if request.path.startswith(VERSION_PATH) else moved.path.removeprefix(VERSION_PATH)
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _add_health_checks(app: Flask) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        """The process answers."""
        return _uncached_json({"status": "ok"})

    @app.get("/readyz")
    def readyz() -> Response:
        """A release is loaded."""
        return _uncached_json({"status": "ready", "release": request.environ["positions.store"].release})


def _uncached_json(data: dict[str, str]) -> Response:
    response = jsonify(data)
    response.headers["Cache-Control"] = "no-store"
    return response
