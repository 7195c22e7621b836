"""The outermost WSGI application: limits, the cache of whole answers, conditional requests and ranges.

An answer depends on nothing but the release (and those loaded before it), the code, the address, and the representation asked for. So it
is made once and kept, with its compressed forms, until a load replaces the release. Errors are never kept.
"""

import hashlib
import logging
import re
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import repeat
from typing import Any
from wsgiref.handlers import format_date_time
from wsgiref.util import setup_testing_defaults

from api import problems
from api.database import Database, DatabaseError, NothingLoaded, Replaced, Store
from api.delivery.bodies import Application, Environ, Made, StartResponse, in_pieces, made_by, part_of
from api.delivery.cache import Cache, Kept, Ready, normalised
from api.delivery.conditional import CODINGS, PACKED, coding_for, encode, matches, pack, span_of
from api.delivery.counts import BYPASS, HIT, MISS, UNMATCHED, Counts
from api.lanes import HURRIED, TakesLong
from api.problems import MEDIA_TYPE, Problem

ADDRESS_LIMIT = 8_000  # characters of the path and query
HEADERS_LIMIT = 32_000  # characters of the headers that are read
TURN_SECONDS = 0.02  # that a thread waits for another to make its answer
WORTH_COMPRESSING = 500  # bytes
QUICKLY_ENCODED = 256 * 2**10  # bytes; compressing more is left to a thread that may take its time
EXPOSED = "ETag, Link, Content-Location, X-Total-Count, API-Version, Data-Release"
log = logging.getLogger("positions")

_SHARED = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", EXPOSED))
_ALWAYS = (*_SHARED, ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))
#: The headers of a request that anything here reads; counting all of them would take a quarter of the time of an answer that is kept.
_READ = ("HTTP_ACCEPT", "HTTP_HOST", "HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH", "HTTP_IF_RANGE", "HTTP_RANGE")
#: The headers that a 304 repeats beside the tag; the client has the others with its copy (RFC 9110, §15.4.5).
_REPEATED = frozenset(("Cache-Control", "Content-Location", "Vary"))
_RETRY = {"Retry-After": "5"}
_POLICY = "default-src 'none'; frame-ancestors 'none'"
_PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
    ("Access-Control-Allow-Headers", "*"),
    ("Access-Control-Max-Age", "86400"),
)


class Delivery:
    """The outermost WSGI application.

    A request that is marked as `HURRIED` is answered if the cache has the answer or the path matches ``quick``; otherwise `TakesLong`
    is raised, as `api.lanes` explains.

    Args:
        edition: the digest of all that answers depend on beside the release.
        version: of the contract, for a header.
        cache_bytes: what the answers kept may take in memory; 0 keeps none.
        quick: the paths of operations that take no noticeable time.
    """

    def __init__(
        self,
        application: Application,
        database: Database,
        edition: str,
        version: str,
        cache_bytes: int,
        counts: Counts,
        quick: re.Pattern[str],
    ) -> None:
        self.application = application
        self.database = database
        self.edition = edition
        self.version = version
        self.cache = Cache(cache_bytes, counts.cached)
        self.counts = counts
        self.quick = quick
        self._turn = threading.Lock()
        self._identity = ""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            try:
                return self._answer(environ, start_response)
            except Replaced:
                self.database.forget()
                return self._answer(environ, start_response)
        except TakesLong:
            raise
        except Problem as refused:
            environ.setdefault("positions.store", self._store_at_hand())
            problem = refused
        except NothingLoaded as error:
            problem = Problem(problems.UNAVAILABLE, f"{error}.", headers=_RETRY)
        except DatabaseError:
            log.exception("the database cannot be read")
            problem = Problem(
                problems.UNAVAILABLE, "The database cannot be reached. Try again shortly.", headers=_RETRY
            )
        except Exception:
            log.exception("failed to answer %s %s", environ.get("REQUEST_METHOD"), environ.get("PATH_INFO"))
            problem = Problem(problems.INTERNAL, problems.INTERNAL.meaning)
        return self._problem(problem, environ, start_response)

    def warm(self, path: str) -> None:
        """Make an answer and drop it, before processes are forked, so that they share the work that only a first answer needs. The
        database is closed again, since processes cannot share open connections; a database server is not connected to at all.
        """
        if self.database.remote:
            return
        with suppress(DatabaseError):
            environ: Environ = {"PATH_INFO": path, "positions.store": self.database.current()}
            setup_testing_defaults(environ)
            made_by(self.application, environ)
        self.database.close()

    def _answer(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path, query = environ.get("PATH_INFO") or "/", environ.get("QUERY_STRING") or ""
        if len(path) + len(query) > ADDRESS_LIMIT:
            raise Problem(
                problems.URI_TOO_LONG,
                f"The path and query have {len(path) + len(query)} characters; at most {ADDRESS_LIMIT} are allowed.",
            )
        _check_headers(environ)
        method = environ["REQUEST_METHOD"]
        if not method.isupper():  # Flask would take it for the one in capitals, but the case counts (RFC 9110, §9.1)
            kind = problems.METHOD_NOT_ALLOWED
            raise Problem(kind, kind.meaning, headers={"Allow": dict(_PREFLIGHT)["Access-Control-Allow-Methods"]})
        if method not in ("GET", "HEAD"):
            return self._forward(environ, start_response, self._store_at_hand())
        if path in ("/healthz", "/metrics"):
            return self._forward(environ, start_response, None)
        hurried = HURRIED in environ
        store = self.database.at_hand()
        if store is None:
            if hurried:
                raise TakesLong
            store = self.database.current()
        environ["positions.store"] = store
        # Feeds and charts hold absolute addresses, which may be made of the Host that was asked for.
        key = (
            store.identity,
            path,
            normalised(query),
            environ.get("HTTP_ACCEPT", ""),
            environ.get("HTTP_HOST", ""),
        )
        kept = self.cache.get(key)
        if kept is not None:
            return self._deliver(key, kept, HIT, store, environ, start_response)
        if hurried and not self.quick.fullmatch(path):
            raise TakesLong
        made = self._on_miss(environ, store, key)
        if isinstance(made, Made):
            return self._send(made.status, made.headers, made.body, store, environ, start_response)
        return self._deliver(key, made, MISS, store, environ, start_response)

    def _on_miss(self, environ: Environ, store: Store, key: tuple[str, ...]) -> Kept | Made:
        """Make the answer that the cache lacks, as to GET, and count how long that took."""
        environ["positions.cache"] = MISS
        if store.identity != self._identity:
            self.cache.clear()
            self._identity = store.identity
        inner = {**environ, "REQUEST_METHOD": "GET"}
        begin = time.perf_counter()
        try:
            return self._in_turn(inner, store, key)
        finally:
            if not isinstance(sys.exception(), TakesLong):  # then it is made, and counted, in another thread
                route = environ["positions.route"] = inner.get("positions.route", UNMATCHED)
                self.counts.took(route, time.perf_counter() - begin)

    def _store_at_hand(self) -> Store | None:
        """The release to name in the headers of an answer that is not made from it; None if none is at hand."""
        try:
            return self.database.at_hand()
        except DatabaseError:
            return None

    def _forward(self, environ: Environ, start_response: StartResponse, store: Store | None) -> Iterable[bytes]:
        """Answer by the application alone, past the cache."""
        made = made_by(self.application, environ)
        extra = list(_PREFLIGHT) if environ["REQUEST_METHOD"] == "OPTIONS" else []
        return self._send(made.status, [*made.headers, *extra], made.body, store, environ, start_response)

    def _in_turn(self, environ: Environ, store: Store, key: tuple[str, ...]) -> Kept | Made:
        """Make the answer that the cache lacks, or wait until another thread that is making it is done.

        Threads that make answers at the same time contend for the GIL, which costs more than it gains, so they take turns. One that
        has waited for `TURN_SECONDS` goes ahead: another is making a large answer. One that is hurried does not wait.
        """
        hurried = HURRIED in environ
        turn = self._turn.acquire(blocking=not hurried, timeout=-1 if hurried else TURN_SECONDS)
        if hurried and not turn:
            raise TakesLong
        try:
            kept = self.cache.get(key)
            if kept is None:
                return self._make(environ, store, key)
            environ["positions.route"] = kept.route  # another thread has made it meanwhile
            return kept
        finally:
            if turn:
                self._turn.release()

    def _make(self, environ: Environ, store: Store, key: tuple[str, ...]) -> Kept | Made:
        """Make an answer, and keep it if it may be kept: large ones only compressed, errors and ``no-store`` never."""
        made = made_by(self.application, environ)
        names = {name.lower(): value for name, value in made.headers}
        if not made.status.startswith("200") or "no-store" in names.get("cache-control", ""):
            return made
        tag = hashlib.sha256("\0".join((self.edition, *key)).encode("utf-8", "replace")).hexdigest()[:24]
        headers = [(name, value) for name, value in made.headers if name.lower() != "content-length"]
        if "cache-control" not in names:
            headers.append(("Cache-Control", "public, max-age=300, stale-while-revalidate=86400"))
        headers += [
            ("Last-Modified", _http_date(store.date)),
            ("Vary", "Accept, Accept-Encoding"),
            ("Accept-Ranges", "bytes"),
        ]
        body, file = (made.body, None) if isinstance(made.body, bytes) else (None, made.body)
        compressible = made.length >= WORTH_COMPRESSING and _compressible(names.get("content-type", ""))
        kept = Kept(headers, tag, environ["positions.route"], body, file, made.length, compressible)
        if self.cache.put(key, kept) or not (compressible and self.cache.limit):
            return kept
        if file is not None and isinstance(file.name, str):
            return kept  # a file with a name is there for good
        packed = replace(kept, body=None, file=None, packed=pack(made.body, made.length))
        kept.close()
        self.cache.put(key, packed)
        return packed

    def _deliver(
        self,
        key: tuple[str, ...],
        kept: Kept,
        cache: str,
        store: Store,
        environ: Environ,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Send an answer that may be kept: whole in the coding that is asked for, or a range of it, or that it has not changed (304).

        This is most of what a cached answer costs, so it calls as little as it can: what is made once for each coding of an answer is kept
        with it (`Ready`).
        """
        method = environ["REQUEST_METHOD"]
        byte_range = environ.get("HTTP_RANGE") if method == "GET" else None  # RFC 9110, §14.2
        coding = None if byte_range else _coding(kept, environ)
        ready = kept.ready.get(coding)
        tag = ready.tag if ready else _tag(kept, coding)
        if matches(environ.get("HTTP_IF_NONE_MATCH"), tag):
            kept.close()
            self.counts.answered(kept.route, method, 304, cache)
            start_response("304 Not Modified", self._unchanged(kept, ready, tag, store))
            return [b""]
        if HURRIED in environ and _takes_long(kept, coding, ready):
            raise TakesLong
        if ready is None:
            ready = self._ready(key, kept, coding, tag, store)
        if byte_range and environ.get("HTTP_IF_RANGE") in (None, "", tag):
            span = span_of(byte_range, kept.length)
            if span is not None:
                environ["positions.route"], environ["positions.cache"] = kept.route, cache
                return self._partial(kept, tag, span, store, environ, start_response)
        self.counts.answered(kept.route, method, 200, cache)
        start_response("200 OK", ready.headers.copy())
        if method == "HEAD":
            kept.close()
            return [b""]
        return [ready.body] if kept.body is not None or coding else in_pieces(kept, 0, kept.length)

    def _partial(
        self,
        kept: Kept,
        tag: str,
        span: tuple[int, int],
        store: Store,
        environ: Environ,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """A range of the representation (206), or that there is no such range (416)."""
        start, end = span
        if start >= end:
            kept.close()
            problem = Problem(
                problems.RANGE,
                f"The response has only {kept.length} bytes.",
                headers={"Content-Range": f"bytes */{kept.length}"},
            )
            return self._problem(problem, environ, start_response)
        headers = [
            *kept.headers,
            ("ETag", tag),
            ("Content-Range", f"bytes {start}-{end - 1}/{kept.length}"),
            ("Content-Length", str(end - start)),
        ]
        body = part_of(kept, start, end)
        return self._send("206 Partial Content", headers, body, store, environ, start_response)

    def _unchanged(self, kept: Kept, ready: Ready | None, tag: str, store: Store) -> list[tuple[str, str]]:
        """The headers of an answer of 304; made once for each `Ready`."""
        if ready is not None and ready.unchanged is not None:
            return ready.unchanged.copy()
        repeated = [one for one in kept.headers if one[0] in _REPEATED]
        headers = [*repeated, ("ETag", tag), *_SHARED, *self._identifying_headers(store)]
        if ready is not None:
            ready.unchanged = headers.copy()
        return headers

    def _ready(self, key: tuple[str, ...], kept: Kept, coding: str | None, tag: str, store: Store) -> Ready:
        """Make what is sent of an answer in a coding, and keep it with the answer."""
        headers, length = [*kept.headers, ("ETag", tag)], kept.length
        body = kept.body or b""
        if coding:
            body = kept.packed or encode(coding, body)
            length = len(body)
            headers.append(("Content-Encoding", coding))
        headers.append(("Content-Length", str(length)))
        ready = kept.ready[coding] = Ready(tag, self._headers(headers, store), body)
        self.cache.weigh(key, kept)
        return ready

    def _headers(self, headers: list[tuple[str, str]], store: Store | None) -> list[tuple[str, str]]:
        """The headers of an answer with those that every answer has."""
        made = [*headers, *_ALWAYS, *self._identifying_headers(store)]
        if not any(name.lower() == "content-security-policy" for name, _ in headers):
            made.append(("Content-Security-Policy", _POLICY))
        return made

    def _identifying_headers(self, store: Store | None) -> list[tuple[str, str]]:
        """The headers that say what answered: the contract's version, and the release."""
        named = [("API-Version", self.version)]
        return named if store is None else [*named, ("Data-Release", store.release)]

    def _send(
        self,
        status: str,
        headers: list[tuple[str, str]],
        body: Any,
        store: Store | None,
        environ: Environ,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Send an answer as it is, with the headers that every answer has, and count it."""
        length = any(name.lower() == "content-length" for name, _ in headers)
        headers = self._headers(headers, store)
        if not length and isinstance(body, bytes) and not status.startswith("304"):
            headers.append(("Content-Length", str(len(body))))
        route, cache = environ.get("positions.route", UNMATCHED), environ.get("positions.cache", BYPASS)
        self.counts.answered(route, environ["REQUEST_METHOD"], int(status[:3]), cache)
        start_response(status, headers)
        if environ["REQUEST_METHOD"] == "HEAD":
            return [b""]
        return [body] if isinstance(body, bytes) else body

    def _problem(self, problem: Problem, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Send a problem, which is never kept."""
        store: Store | None = environ.get("positions.store")
        query = environ.get("QUERY_STRING") or ""
        path = (environ.get("PATH_INFO") or "/").encode("latin-1", "replace").decode("utf-8", "replace")
        headers = [("Content-Type", MEDIA_TYPE), ("Cache-Control", "no-store"), *problem.headers.items()]
        return self._send(
            f"{problem.kind.status} {problem.kind.title}",
            headers,
            problem.body(path, query),
            store,
            environ,
            start_response,
        )


def _check_headers(environ: Environ) -> None:
    """Refuse headers that are too large (431)."""
    size = sum(map(len, map(environ.get, _READ, repeat(""))))
    if size > HEADERS_LIMIT:
        raise Problem(
            problems.HEADERS_TOO_LARGE,
            f"The headers that the service reads have {size} bytes together; at most {HEADERS_LIMIT} are allowed.",
        )


def _compressible(media_type: str) -> bool:
    return media_type.startswith("text/") or any(
        word in media_type for word in ("json", "xml", "yaml", "javascript", "svg")
    )


@cache
def _http_date(day: date) -> str:
    return format_date_time((day - date(1970, 1, 1)).days * 86400)


def _tag(kept: Kept, coding: str | None) -> str:
    return f'"{kept.tag}-{coding}"' if coding else f'"{kept.tag}"'


def _coding(kept: Kept, environ: Environ) -> str | None:
    """The coding in which to send the whole of an answer; None for no coding."""
    if not kept.compressible or kept.file is not None:
        return None
    return coding_for(environ.get("HTTP_ACCEPT_ENCODING", ""), CODINGS if kept.packed is None else PACKED)


def _takes_long(kept: Kept, coding: str | None, ready: Ready | None) -> bool:
    """Whether an answer is too large to send at once, because it must be compressed first, or unpacked."""
    return (ready is None and kept.length > QUICKLY_ENCODED) or (kept.packed is not None and coding is None)
