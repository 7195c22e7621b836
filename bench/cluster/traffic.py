"""Readers that ask all the time, and judge every answer: whole, of one release, and never an error."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any

import orjson

PATHS = ("/v1/parties/party-000", "/v1/positions?party=party-000&limit=50", "/v1/parties?limit=20")


@dataclass(frozen=True)
class Seen:
    """One answer: when it came, after how long, and of which release; ``fault`` says what is wrong with it."""

    at: float
    seconds: float
    release: str | None
    fault: str | None


class Traffic:
    """Readers of one port. ``names`` gives the first word of every party's name, by release."""

    def __init__(self, port: int, names: dict[str, str], readers: int = 4) -> None:
        self.port = port
        self.names = names
        self.seen: list[Seen] = []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self._read) for _ in range(readers)]

    def __enter__(self) -> "Traffic":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def since(self, begin: float) -> list[Seen]:
        """What was answered since then."""
        return [one for one in self.seen if one.at >= begin]

    def _read(self) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        number = 0
        while not self.stop.is_set():
            number += 1
            begin = time.monotonic()
            release, fault = None, None
            try:
                connection.request("GET", PATHS[number % len(PATHS)])
                response = connection.getresponse()
                body = response.read()
                release = response.headers["Data-Release"]
                fault = None if response.status == 200 else f"{response.status}: {body[:200]!r}"
                if fault is None:
                    fault = self._judge(orjson.loads(body), release)
            except (OSError, HTTPException) as error:
                connection.close()
                fault = f"{type(error).__name__}: {error}"
            now = time.monotonic()
            self.seen.append(Seen(now, now - begin, release, fault))

    def _judge(self, body: Any, release: str | None) -> str | None:
        if body["meta"]["release"] != release:
            return f"a mixture: the header says {release}, the answer {body['meta']['release']}"
        data = body["data"] if isinstance(body["data"], list) else [body["data"]]
        named = {one.get("party", one)["name"].split()[0] for one in data}
        expected = {self.names[str(release)]}
        return None if named == expected else f"a mixture: {release} has {expected}, the answer {named}"


def told(seen: Sequence[Seen]) -> str:
    """How it went, in a sentence."""
    faults = [one.fault for one in seen if one.fault]
    mixed = sum(1 for fault in faults if "mixture" in fault)
    slowest = max((one.seconds for one in seen), default=0.0)
    line = f"{len(seen):,} answers, {len(faults) - mixed} errors, {mixed} mixtures, the slowest after {slowest * 1000:,.0f} ms"
    return line + (f" (first: {faults[0]})" if faults else "")
