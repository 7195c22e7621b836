"""Small worlds written as seed files: two countries with their people, an agency, an alliance; four issues under two topics."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from support import Api

#: Makes a client of a service on a world.
World = Callable[..., Api]

TODAY = date(2024, 6, 1)
#: Ana speaks for Alba until the end of 2022 and for Brava from 2024 on; the ministry is Alba's; Zora is nobody's.
AFFILIATIONS = {
    "ana": [
        {"party": "ministry", "role": "minister", "represents": True, "valid_until": "2022-12-31"},
        {"party": "brava", "role": "envoy", "represents": True, "valid_from": "2024-01-01"},
    ],
    "ministry": [{"party": "alba", "role": "ministry", "represents": True}],
    "zora": [{"party": "brava", "role": "legislator", "represents": False}],
}
KINDS = {"alba": "state", "brava": "state", "ministry": "government_body", "cordia": "alliance", "agency": "media"}
PARTIES = ("alba", "brava", "cordia", "ministry", "ana", "zora")
ISSUES = {"dam": "water", "tolls": "water", "truce": "war", "border": "war"}
#: When the public could know each source.
SOURCES = {"s1": "2022-03-01", "s2": "2023-05-01", "s3": "2024-02-01", "s4": "2024-05-01"}
MODES = ("on_record", "anonymous", "author", "unattributed")


@dataclass(frozen=True)
class Position:
    """A statement: who holds what on which issue, over which period, told by which sources in which modes."""

    party: str
    issue: str
    stance: str
    valid_from: str | None = None
    valid_until: str | None = None
    cited: tuple[tuple[str, str], ...] = (("s1", "unattributed"),)
    id: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def seed(self, number: int) -> dict[str, Any]:
        given = {"valid_from": self.valid_from, "valid_until": self.valid_until}
        return {
            "id": self.id or f"held-{number:03}",
            "party": self.party,
            "issue": self.issue,
            "stance": self.stance,
            "summary": f"{self.party} on {self.issue}: {self.stance}.",
            **{name: value for name, value in given.items() if value},
            "evidence": evidence(*self.cited),
            **self.more,
        }


def evidence(*cited: tuple[str, str], **more: Any) -> list[dict[str, Any]]:
    """Pieces of evidence, by source and mode."""
    return [
        {"source": source, "relation": "asserts", "mode": mode, "credibility": 6, "note": f"{number}", **more}
        for number, (source, mode) in enumerate(dict.fromkeys(cited))
    ]


def plan(id: str = "plan", **more: Any) -> dict[str, Any]:
    """A proposal by Cordia to Alba and Brava."""
    given = {"status": "tabled", "made_on": "2023-01-10", "proposers": ["cordia"], "addressees": ["alba", "brava"]}
    return {
        "id": id,
        "title": f"The {id}",
        "kind": "peace_plan",
        "channel": "direct",
        "summary": "A plan.",
        **given,
        "evidence": evidence(("s2", "unattributed")),
        **more,
    }


def term(id: str, number: int, issue: str = "dam", **more: Any) -> dict[str, Any]:
    """A term of a proposal."""
    return {
        "id": id,
        "number": number,
        "issue": issue,
        "summary": f"Provides {id}.",
        "evidence": evidence(("s2", "unattributed")),
        **more,
    }


def answer(id: str, party: str, verdict: str, **more: Any) -> dict[str, Any]:
    """A response; what is given as None is left out."""
    given = {
        "id": id,
        "party": party,
        "verdict": verdict,
        "summary": f"Answers {verdict}.",
        "valid_from": "2023-03-01",
        "evidence": evidence(("s2", "unattributed")),
        **more,
    }
    return {name: value for name, value in given.items() if value is not None}


def demand(id: str, party: str, addressees: list[str], issue: str = "truce", **more: Any) -> dict[str, Any]:
    """A demand."""
    return {
        "id": id,
        "party": party,
        "addressees": addressees,
        "issue": issue,
        "stance": "supports",
        "summary": "Asks.",
        "firmness": "core",
        "lifecycle": "active",
        "valid_from": "2023-02-01",
        "evidence": evidence(("s2", "unattributed")),
        **more,
    }


def write(
    folder: Path,
    positions: Sequence[Position] = (),
    began: str | None = None,
    over: str | None = None,
    elsewhere: Sequence[Position] = (),
    **more: Iterable[dict[str, Any]],
) -> Path:
    """Write a world: these positions as statements, and whatever else by collection, of a process that began and ended then; and the
    positions of another process, the feud. JSON is YAML, and quick to write.
    """
    files: dict[str, Any] = {
        "release.yaml": {"id": "t2024-1", "date": TODAY.isoformat()},
        "common/parties.yaml": [
            {"id": id, "name": id.title(), "kind": KINDS.get(id, "person"), "affiliations": AFFILIATIONS.get(id, [])}
            for id in (*PARTIES, "agency")
        ],
        "quarrel/process.yaml": {
            "id": "quarrel",
            "title": "The quarrel",
            "summary": "Two neighbours quarrel.",
            **({"started_on": began} if began else {}),
            **({"ended_on": over} if over else {}),
        },
        **(
            {
                "feud/process.yaml": {"id": "feud", "title": "The feud", "summary": "The same neighbours feud."},
                "feud/statements.yaml": [position.seed(900 + number) for number, position in enumerate(elsewhere)],
            }
            if elsewhere
            else {}
        ),
        "quarrel/issues.yaml": [
            *({"id": topic, "label": topic.title(), "definition": "A topic."} for topic in sorted({*ISSUES.values()})),
            *(
                {
                    "id": id,
                    "label": id.title(),
                    "proposition": f"There is a {id}.",
                    "definition": "A question.",
                    "parent": topic,
                }
                for id, topic in ISSUES.items()
            ),
        ],
        "quarrel/sources.yaml": [
            {
                "id": id,
                "title": f"Source {id}",
                "published_on": day,
                "retrieved_on": "2024-05-20",
                "kind": "news_report",
                "language": "en",
                "reliability": "F",
                **({"publisher": "agency"} if id in ("s1", "s2") else {}),
            }
            for id, day in SOURCES.items()
        ],
        "quarrel/statements.yaml": [position.seed(number) for number, position in enumerate(positions)],
    }
    for collection, records in more.items():
        files[f"quarrel/{collection}.yaml"] = list(records)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")
    return folder
