"""Serving: requests a second and processor time a request, of this project, the bare limit and the peers, in alternating rounds."""

import json
import statistics
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote_plus, urlencode

from bench import bare
from bench.data import A_PAGE, Release
from bench.processes import PEERS, ROOT, Load, Memory, Progress, Server, as_json, granian, service
from bench.processes import bare as bare_server

COLD, WARM, BARE = "positions, cache off", "positions, cache hit", "bare WSGI"
FASTAPI, FLASK, DJANGO, DATASETTE = "FastAPI", "Flask, usual", "Django REST Framework", "Datasette, tuned SQL"
PEER_NAMES = (FASTAPI, FLASK, DJANGO, DATASETTE)

LIST, RECORD, COMMON, RARE = "list of 50", "one record", "search, common words", "search, rare words"
CLOCKED, FIRST, MIDDLE = "list, both clocks", "first page of all", "page in the middle"
LIST_304, RECORD_304 = "list, 304", "record, 304"
LIST_ALONE, RECORD_ALONE = "list, no headers", "record, no headers"
KINDS = (LIST, RECORD, COMMON, RARE, CLOCKED, FIRST, MIDDLE, LIST_304, RECORD_304, LIST_ALONE, RECORD_ALONE)
LARGEST = "list of 50, largest party"

AS_OF, KNOWN_AT = "2022-01-01", "2023-01-01"
CLOCKS = f"as_of={AS_OF}&known_at={KNOWN_AT}"


@dataclass(frozen=True)
class Ask:
    """What a kind of request is to one server: paths to ask for in turn, and headers; or, ``again``, one path whose answer one has."""

    paths: Sequence[str]
    headers: dict[str, str] = field(default_factory=dict)
    again: bool = False

    def of(self, server: Server) -> "Ask":
        """The same, with the tag that this server gives: it is of the host too.

        Raises:
            SystemExit: the server does not answer 304.
        """
        if not self.again:
            return self
        headers = {"If-None-Match": server.get(self.paths[0]).header("etag")}
        if (status := server.get(self.paths[0], headers).status) != 304:
            raise SystemExit(f"{server.name}: {self.paths[0]} answers {status}, not 304")
        return replace(self, headers=headers)


@dataclass
class Contestant:
    """A server with what it is asked; ``matrix`` is the path of its matrix."""

    server: Server
    asks: dict[str, Ask]
    matrix: str | None = None


Rounds = dict[tuple[str, str], list[Load]]


@dataclass
class Served:
    """What was measured at one size: rounds by server and kind, seconds of a matrix and memory of a worker by server."""

    size: int
    positions: int
    evidence: int
    rounds: Rounds = field(default_factory=lambda: defaultdict(list))
    matrices: dict[str, float] = field(default_factory=dict)
    memory: dict[str, Memory] = field(default_factory=dict)
    first_matrix: float | None = None

    def ratio(self, one: tuple[str, str], other: tuple[str, str]) -> float | None:
        """How many times as many requests the one bears as the other: the median of the rounds' ratios."""
        return ratio(self.rounds, one, other)


def ratio(rounds: Rounds, one: tuple[str, str], other: tuple[str, str]) -> float | None:
    """As of `Served.ratio`; None where either was not measured."""
    pairs = list(zip(rounds.get(one, ()), rounds.get(other, ()), strict=False))
    return statistics.median(first.rate / second.rate for first, second in pairs) if pairs else None


def processor_ratio(rounds: Rounds, one: tuple[str, str], other: tuple[str, str]) -> float | None:
    """As of `ratio`, by the processor time of a request: what the one would bear if both had a processor to themselves."""
    pairs = list(zip(rounds.get(one, ()), rounds.get(other, ()), strict=False))
    return statistics.median(second.processor / first.processor for first, second in pairs) if pairs else None


def compare(release: Release, scratch: Path, *, rounds: int, seconds: int, workers: int, say: Progress) -> Served:
    """Measure everything at one size."""
    asked = release.questions
    served = Served(release.size, asked.positions, asked.evidence)
    say(f"{release.size:,} positions: a fresh process's first matrix")
    served.first_matrix = statistics.median(_first_matrix(release, workers) for _ in range(3))
    with ExitStack() as running:
        contestants = [
            Contestant(running.enter_context(one.server), one.asks, one.matrix)
            for one in (*_own(release, workers, scratch), *peers(release, workers, scratch))
        ]
        for one in contestants:  # so that nobody is measured while it starts, and all that is kept is kept
            one.asks = {kind: ask.of(one.server) for kind, ask in one.asks.items()}
            for ask in one.asks.values():
                for path in ask.paths[:20]:
                    one.server.get(path, ask.headers)
        _check_rows(contestants)
        for number in range(rounds):
            for kind in KINDS:
                say(f"{release.size:,} positions: round {number + 1} of {rounds}, {kind}")
                for one in contestants:
                    if kind in one.asks:
                        ask = one.asks[kind]
                        load = one.server.bear(ask.paths, seconds, ask.headers, scratch / "paths")
                        served.rounds[one.server.name, kind].append(load)
        for one in contestants:
            # Before the matrix, which is large: a worker's memory under the usual questions.
            served.memory[one.server.name] = one.server.worker()
        for one in contestants:
            if one.matrix:
                say(f"{release.size:,} positions: matrix of {one.server.name}")
                served.matrices[one.server.name] = one.server.median_seconds(one.matrix)
    return served


def _check_rows(contestants: Sequence[Contestant]) -> None:
    """Make sure that all answer with the same rows.

    Raises:
        SystemExit: one does not.
    """
    first: dict[str, tuple[str, object]] = {}
    for one in contestants:
        if one.server.name == BARE:
            continue
        listed, record = (json.loads(one.server.get(one.asks[kind].paths[0]).body) for kind in (LIST, RECORD))
        rows = next(listed[key] for key in ("data", "results", "rows") if key in listed)
        whole = record["rows"][0] if "rows" in record else record.get("data", record)
        for what, value in (
            ("a list of", [row["id"] for row in rows]),
            ("a record with", (whole["id"], whole["summary"], sorted(piece["digest"] for piece in whole["evidence"]))),
        ):
            name, expected = first.setdefault(what, (one.server.name, value))
            if value != expected:
                raise SystemExit(f"{one.server.name} answers with {what} {value}, but {name} with {expected}")


def _own(release: Release, workers: int, scratch: Path) -> list[Contestant]:
    """This project with and without its cache, and the bare limit with the answers that it gives."""
    asked = release.questions
    plain = {
        LIST: Ask([f"/v1/positions?party={asked.party}&limit={A_PAGE}"]),
        RECORD: Ask([f"/v1/positions/{id}" for id in asked.records]),
        COMMON: Ask([f"/v1/search?{urlencode({'q': asked.common, 'limit': A_PAGE})}"]),
        RARE: Ask([f"/v1/search?{urlencode({'q': asked.rare, 'limit': A_PAGE})}"]),
        CLOCKED: Ask([f"/v1/positions?party={asked.party}&limit={A_PAGE}&{CLOCKS}"]),
        FIRST: Ask([f"/v1/positions?limit={A_PAGE}"]),
        MIDDLE: Ask([f"/v1/positions?limit={A_PAGE}&after={asked.middle}"]),
    }
    one = plain[RECORD].paths[0]
    # One record here and with the bare callable: the same bytes.
    warm = {**plain, RECORD: Ask([one])}
    with service(COLD, release.database, 1, 0) as running:
        replies = {}
        for name, path in (("list", plain[LIST].paths[0]), ("record", one)):
            whole = running.get(path)
            replies[name] = (whole, running.get(path, {"If-None-Match": whole.header("etag")}))
    for name, kind in (("list", LIST), ("record", RECORD)):
        whole, unchanged = replies[name]
        if whole.status != 200 or unchanged.status != 304:
            raise SystemExit(f"{name}: answers {whole.status} and {unchanged.status}, not 200 and 304")
        warm[f"{name}, 304"] = Ask(warm[kind].paths, again=True)
    bare.keep(scratch, replies, release.peers)
    limit = {
        **{kind: Ask([f"/{name}"]) for name, kind in (("list", LIST), ("record", RECORD))},
        **{f"{name}, 304": Ask([f"/{name}"], {"If-None-Match": '"any"'}) for name in replies},
        **{f"{name}, no headers": Ask([f"/{name}/alone"]) for name in replies},
    }
    cold = Contestant(service(COLD, release.database, workers, 0), plain, f"/v1/matrix?{CLOCKS}")
    return [
        cold,
        Contestant(service(WARM, release.database, workers, 64), warm),
        Contestant(bare_server(scratch, workers), limit),
    ]


def peers(release: Release, workers: int, scratch: Path) -> list[Contestant]:
    """The peers on a release's rows."""
    asked = release.questions
    there = {"PEERS_DATABASE": str(release.peers), "PYTHONPATH": str(ROOT)}
    common, rare = (urlencode({"q": words, "limit": A_PAGE}) for words in (asked.common, asked.rare))
    asks = {
        LIST: Ask([f"/positions?party={asked.party}&limit={A_PAGE}"]),
        RECORD: Ask([f"/positions/{id}" for id in asked.records]),
        COMMON: Ask([f"/search?{common}"]),
        RARE: Ask([f"/search?{rare}"]),
    }
    ready = asks[RECORD].paths[0]
    found = [
        Contestant(Server(name, granian(f"peers.{module}:app", interface, workers), there, ready), asks, matrix)
        for name, module, interface, matrix in (
            (FASTAPI, "fast", "asgi", "/matrix"),
            (FLASK, "plain_flask", "wsgi", "/matrix"),
            (DJANGO, "django_rest", "wsgi", "/positions/matrix"),
        )
    ]
    return [*found, datasette(release, scratch)]


_NAMES = "r.name process, a.name party, i.name issue"
_JOINED = (
    "from positions p join processes r on r.id = p.process_id join parties a on a.id = p.party_id "
    "left join issues i on i.id = p.issue_id"
)
_CITATION = ", ".join(
    [
        *(
            f"'{name}', e.{name}"
            for name in (
                *(
                    "id",
                    "selector",
                    "digest",
                    "relation",
                    "speaker_description",
                    "mode",
                    "credibility",
                    "said_on",
                    "note",
                ),
                *("known_on", "source_id", "speaker_id", "via_id"),
            )
        ),
        *("'source', s.name", "'speaker', k.name", "'via', v.name"),
    ]
)
_EVIDENCE = (
    f"(select json_group_array(json(line)) from (select json_object({_CITATION}) line from evidence e "
    "join sources s on s.id = e.source_id left join parties k on k.id = e.speaker_id left join parties v on v.id = e.via_id "
    "where e.position_id = p.id order by e.id))"
)
#: What the other peers answer, lists and searches with the exact total.
_QUERIES = {
    "by_party": f"select p.*, {_NAMES}, (select count(*) from positions where party_id = :party) total {_JOINED} "
    "where p.party_id = :party order by p.id limit 50",
    "record": f"select p.*, {_NAMES}, {_EVIDENCE} evidence {_JOINED} where p.id = :id",
    "search": "select id, summary name, highlight(search, 0, '<mark>', '</mark>') highlight, "
    "(select count(*) from search where search match :q) total from search where search match :q order by rank limit 50",
    "matrix": "select p.party_id, a.name party, p.issue_id, i.name issue, p.stance, p.id, p.summary, p.kind, p.valid_from, "
    "p.valid_until, p.ended, p.first_reported_on, p.claim_status, p.document_count, p.origin_count from positions p "
    "join parties a on a.id = p.party_id join issues i on i.id = p.issue_id where p.id in (select id from (select id, "
    "row_number() over (partition by party_id, issue_id order by began_on desc, id desc) place from positions "
    "where issue_id is not null) where place = 1)",
}


def datasette(release: Release, scratch: Path) -> Contestant:
    """Datasette on the file as immutable, asked by canned queries of tuned SQL, its limits lifted. It has one process."""
    asked = release.questions
    queries = {name: {"sql": sql} for name, sql in _QUERIES.items()}
    metadata = scratch / "metadata.json"
    metadata.write_text(as_json({"databases": {"peers": {"queries": queries}}}))
    lifted = {
        "default_cache_ttl": 0,
        "sql_time_limit_ms": 600_000,
        "max_returned_rows": 10_000,
        "max_csv_mb": 0,
    }
    settings = [word for name, value in lifted.items() for word in ("--setting", name, str(value))]
    command = [str(PEERS / "datasette"), "-i", str(release.peers), "-h", "127.0.0.1", "-p", "PORT", *settings]

    def canned(name: str, more: str = "", **parameters: str) -> str:
        given = "".join(f"&{key}={quote_plus(value)}" for key, value in parameters.items())
        return f"/peers/{name}.json?_shape=objects{more}{given}"

    asks = {
        LIST: Ask([canned("by_party", party=asked.party)]),
        RECORD: Ask([canned("record", "&_json=evidence", id=id) for id in asked.records]),
        COMMON: Ask([canned("search", q=asked.common)]),
        RARE: Ask([canned("search", q=asked.rare)]),
    }
    server = Server(DATASETTE, [*command, "--metadata", str(metadata)], {}, asks[RECORD].paths[0])
    return Contestant(server, asks, canned("matrix"))


def _first_matrix(release: Release, workers: int) -> float:
    """Seconds of the first answer of a process that has answered nothing yet but that it lives."""
    with service("positions, fresh", release.database, workers, 64) as server:
        reply = server.get("/v1/matrix", keep=False)
    if reply.status != 200:
        raise SystemExit(f"the matrix answers with {reply.status}")
    return reply.seconds


def growth(releases: Sequence[Release], scratch: Path, *, rounds: int, seconds: int, say: Progress) -> Rounds:
    """What does not depend on the size, at each of the sizes in turn, without the cache: rounds by size (as text) and kind.

    The list is that of the party with the most positions, which has a full page at every size.
    """
    found: Rounds = defaultdict(list)
    with ExitStack() as running:
        servers = [(one, running.enter_context(service(f"{one.size:,}", one.database, 1, 0))) for one in releases]
        for number in range(rounds):
            for kind in (LARGEST, RECORD, FIRST, MIDDLE):
                say(f"growth: round {number + 1} of {rounds}, {kind}")
                for release, server in servers:
                    asked = release.questions
                    paths = {
                        LARGEST: [f"/v1/positions?party={asked.largest}&limit={A_PAGE}"],
                        RECORD: [f"/v1/positions/{id}" for id in asked.records],
                        FIRST: [f"/v1/positions?limit={A_PAGE}"],
                        MIDDLE: [f"/v1/positions?limit={A_PAGE}&after={asked.middle}"],
                    }[kind]
                    found[server.name, kind].append(server.bear(paths, seconds, {}, scratch / "paths"))
    return found
