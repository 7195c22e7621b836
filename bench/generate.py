"""Seeds in any number, shaped like the real ones: the same kinds of records in the same proportions, made from a seed number.

``python -m bench.generate 100000 FOLDER`` writes JSON Lines, ``--yaml`` folders of YAML files of a thousand records each.
"""

import argparse
import json
import random
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import yaml

Record = dict[str, Any]
T = TypeVar("T")
FIRST, LAST = date(2015, 1, 1), date(2026, 6, 30)
PARTIES, ISSUES, TOPICS = 120, 60, 6
POSITIONS_A_SOURCE, POSITIONS_A_PROPOSAL, POSITIONS_AN_EVENT = 50, 400, 20
RECORDS_A_FILE = 1000
WORDS = (  # noqa: SIM905  # a list of eighty strings reads worse
    "the a its of in on to for with from by at talks ceasefire troops withdrawal guarantee treaty membership alliance border "
    "region corridor exchange prisoners sanctions energy grain inspectors observers mission deadline draft text clause envoy "
    "minister president parliament vote statement refusal acceptance condition pause line contact security neutral status "
    "recognition territory autonomy language rights reconstruction assets frozen fund aid weapons deliveries training "
    "verification monitoring zone demilitarised phased immediate lasting provisional binding public secret indirect direct"
).split()
STANCES = ("supports", "supports_conditionally", "undecided", "opposes_in_part", "opposes", "unclear")
VERDICTS = ("accepted", "conditional", "under_review", "counter_proposed", "rejected", "declined_to_comment")
MODES = ("on_record", "official_document", "leaked_document", "anonymous", "unattributed", "analyst", "author")
KINDS = (("statements", 50), ("demands", 30), ("responses", 20))


class World:
    """A negotiation of a given size; the same for the same seed number."""

    def __init__(self, positions: int, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.count = positions
        self.parties = [f"party-{number:03}" for number in range(PARTIES)]
        self.issues = [f"issue-{number:03}" for number in range(ISSUES)]
        self.sources = [f"source-{number:06}" for number in range(max(20, positions // POSITIONS_A_SOURCE))]
        self.published: dict[str, date] = {}
        self.terms: list[str] = []
        self.proposals: list[str] = []
        #: The id of each, who asks, and who is asked.
        self.demands: list[tuple[str, str, str]] = []

    def collections(self) -> Iterator[tuple[str, Iterable[Record]]]:
        """Each collection with its records, to be written in this order."""
        yield "parties", self._parties()
        yield "issues", self._issues()
        yield "sources", map(self._source, self.sources)
        yield "proposals", map(self._proposal, range(max(3, self.count // POSITIONS_A_PROPOSAL)))
        offers = sum(1 for _ in self.terms)  # generated already: collections are written in order
        left = self.count - offers
        for kind, share in reversed(KINDS[1:]):
            if kind == "responses":
                continue
            yield kind, map(self._demand, range(left * share // 100))
        yield "responses", map(self._response, range(left * 20 // 100))
        yield "statements", map(self._statement, range(left - left * 30 // 100 - left * 20 // 100))
        yield "events", map(self._event, range(max(3, self.count // POSITIONS_AN_EVENT)))

    def _words(self, least: int, most: int) -> str:
        return " ".join(self.random.choices(WORDS, k=self.random.randint(least, most)))

    def _sentence(self, least: int = 8, most: int = 22) -> str:
        return self._words(least, most).capitalize() + "."

    def _day(self) -> date:
        return FIRST + timedelta(days=int(self.random.random() * (LAST - FIRST).days))

    def _edtf(self, told: list[Record]) -> str:
        """A date by the day on which the last of the evidence that asserts it is published."""
        told_on = [self.published[one["source"]] for one in told if one["relation"] in ("asserts", "confirms")]
        day = min([self._day(), *([max(told_on)] if told_on else [])])
        form = self.random.random()
        if form < 0.7:
            return day.isoformat()
        if form < 0.85:
            return f"{day:%Y-%m}"
        return f"{day:%Y-%m-%d}~" if form < 0.93 else f"{day:%Y}"

    def _skewed(self, items: list[T]) -> T:
        """A few are named often, most seldom, as in any real record."""
        return items[int(self.random.random() ** 2.5 * len(items))]

    def _parties(self) -> Iterator[Record]:
        for number, id in enumerate(self.parties):
            record: Record = {
                "id": id,
                "name": f"Party {number} {self._words(1, 2)}",
                "kind": ("state", "government_body", "person", "media", "group")[number % 5],
            }
            if number % 5 in (1, 2):
                record["affiliations"] = [
                    {"party": self.parties[number - number % 5], "role": self._words(1, 3), "represents": "true"}
                ]
            yield record

    def _issues(self) -> Iterator[Record]:
        for number in range(TOPICS):
            yield {"id": f"topic-{number}", "label": f"Topic {number}", "definition": self._sentence()}
        for number, id in enumerate(self.issues):
            yield {
                "id": id,
                "label": f"Issue {number} {self._words(1, 3)}",
                "proposition": self._sentence(5, 12),
                "definition": self._sentence(),
                "parent": f"topic-{number % TOPICS}",
            }

    def _source(self, id: str) -> Record:
        day = self.published[id] = self._day()
        record = {
            "id": id,
            "title": self._words(5, 12).capitalize(),
            "published_on": day.isoformat(),
            "retrieved_on": (day + timedelta(days=self.random.randint(0, 400))).isoformat(),
            "kind": self.random.choice(("news_report", "analysis", "opinion", "official_document", "transcript")),
            "language": "en",
            "reliability": self.random.choice("ABCDEF"),
            "length": 9000,
        }
        if self.random.random() < 0.7:
            record["publisher"] = self.parties[3 + 5 * self.random.randrange(PARTIES // 5)]
        if self.random.random() < 0.5:
            record["url"] = f"https://example.org/{id}"
        return record

    def _evidence(self) -> list[Record]:
        return [self._citation() for _ in range(self.random.choice((1, 1, 2, 2, 3)))]

    def _citation(self) -> Record:
        start = self.random.randrange(8000)
        record: Record = {
            "source": self._skewed(self.sources),
            "selector": f"char={start},{start + self.random.randint(20, 900)}",
            "digest": f"{self.random.getrandbits(64):016x}",
            "relation": self.random.choices(
                ("asserts", "confirms", "denies", "not_confirmed", "clarifies"), (80, 8, 5, 4, 3)
            )[0],
            "mode": self.random.choices(MODES, (30, 10, 3, 20, 20, 9, 8))[0],
            "credibility": self.random.choice("123456"),
        }
        chance = self.random.random()
        if chance < 0.5:
            record["speaker"] = self._skewed(self.parties)
        else:
            record["speaker_description"] = self._words(2, 5)
        if chance < 0.3:
            record["via"] = self.parties[3 + 5 * self.random.randrange(PARTIES // 5)]
        if chance > 0.6:
            record["note"] = self._sentence()
        return record

    def _position(self, id: str) -> Record:
        record: Record = {
            "id": id,
            "party": self._skewed(self.parties),
            "issue": self._skewed(self.issues),
            "stance": self.random.choices(STANCES, (35, 15, 8, 10, 27, 5))[0],
            "summary": self._sentence(),
            "evidence": self._evidence(),
        }
        if self.random.random() < 0.6:
            record["valid_from"] = self._edtf(record["evidence"])
        return record

    def _demand(self, number: int) -> Record:
        id = f"demand-{self._words(2, 3).replace(' ', '-')}-{number:07}"
        record = self._position(id)
        record["addressees"] = [self._skewed([party for party in self.parties if party != record["party"]])]
        self.demands.append((id, record["party"], record["addressees"][0]))
        record["firmness"] = self.random.choice(("non_negotiable", "precondition", "core", "preferred", "not_stated"))
        record["lifecycle"] = self.random.choice(("active", "softened", "hardened", "met", "dropped"))
        return record

    def _statement(self, number: int) -> Record:
        record = self._position(f"statement-{self._words(2, 3).replace(' ', '-')}-{number:07}")
        if self.random.random() < 0.3:
            record["salience"] = self.random.choice(("high", "medium", "low"))
        return record

    def _response(self, number: int) -> Record:
        record = self._position(f"response-{self._words(2, 3).replace(' ', '-')}-{number:07}")
        del record["issue"], record["stance"]
        answered = self.random.random()
        if answered < 0.4 and self.demands:
            record["demand"], asking, asked = self._skewed(self.demands)
            if record["party"] == asking:  # nobody answers their own demand
                record["party"] = asked
        elif answered < 0.8:
            record["term"] = self._skewed(self.terms)
        else:
            record["proposal"] = self._skewed(self.proposals)
        record["verdict"] = self.random.choice(VERDICTS)
        if self.random.random() < 0.3:
            record["conditions"] = [self._words(3, 8)]
        return record

    def _proposal(self, number: int) -> Record:
        id = f"proposal-{number:05}"
        self.proposals.append(id)
        terms = []
        for place in range(1, self.random.randint(3, 8)):
            self.terms.append(f"{id}-term-{place}")
            terms.append(
                {
                    "id": self.terms[-1],
                    "number": place,
                    "issue": self._skewed(self.issues),
                    "stance": self.random.choice(("supports", "opposes", "supports_conditionally")),
                    "summary": self._sentence(),
                    "evidence": self._evidence(),
                }
            )
        evidence = self._evidence()
        return {
            "id": id,
            "title": self._words(3, 7).capitalize(),
            "kind": self.random.choice(("ceasefire", "peace_plan", "security_treaty", "framework")),
            "proposers": [self._skewed(self.parties)],
            "made_on": self._edtf(evidence),
            "channel": self.random.choice(("direct", "intermediary", "public")),
            "status": self.random.choice(("floated", "tabled", "rejected", "under_negotiation")),
            "summary": self._sentence(),
            "terms": terms,
            "evidence": evidence,
        }

    def _event(self, number: int) -> Record:
        evidence = self._evidence()
        return {
            "id": f"event-{number:06}",
            "kind": self.random.choice(("talks", "call", "meeting", "statement", "vote")),
            "title": self._words(3, 8).capitalize(),
            "summary": self._sentence(),
            "occurred_on": self._edtf(evidence),
            "participants": list(dict.fromkeys(self._skewed(self.parties) for _ in range(2))),
            "evidence": evidence,
        }


def write(root: Path, positions: int, *, as_yaml: bool = False, seed: int = 1) -> None:
    """Write a folder of seeds with about this many positions (offers, which terms imply, among them)."""
    folder = root / "generated"
    folder.mkdir(parents=True, exist_ok=True)
    (root / "release.yaml").write_text("id: r2026-1\ndate: 2026-07-01\n")
    (folder / "process.yaml").write_text("id: generated\ntitle: A generated process\nsummary: Made by a generator.\n")
    world = World(positions, seed)
    for name, records in world.collections():
        if not as_yaml:
            with (folder / f"{name}.jsonl").open("w") as file:
                for record in records:
                    file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
            continue
        (folder / name).mkdir(exist_ok=True)
        remaining = iter(records)
        for number in range(10**6):
            block = list(islice(remaining, RECORDS_A_FILE))
            if not block:
                break
            with (folder / name / f"{number:04}.yaml").open("w") as file:
                yaml.dump(block, file, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=120)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("positions", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--yaml", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    write(given.folder, given.positions, as_yaml=given.yaml, seed=given.seed)


if __name__ == "__main__":
    main()
