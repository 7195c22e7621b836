"""Any world of valid records comes out of the API as it went into the seeds, whichever file format held it."""

import tempfile
from pathlib import Path
from typing import Any

import orjson
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import make_url
from support import Api, dispose, service_on

from schemas.vocabulary import Credibility, Mode, Relation, Salience, Stance

IDS = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,6}){0,2}", fullmatch=True)
#: Prose with what files trip over: quotes, colons, hashes, dashes, words that YAML takes for something else, other scripts.
WORDS = st.sampled_from(
    ["no", "1.10", "null", "~", "“quoted”", "it's", 'say: "so"', "# not", "- dash", "Київ", "2024", "{a}", "é"]
)
PROSE = st.lists(WORDS, min_size=1, max_size=5).map(" ".join).filter(lambda text: text not in ("null", "~"))
DATES = st.sampled_from(
    [None, "2024-02-13", "2024-01", "2023", "2023~", "2023?", "2022/2023-01", "2022-11/..", "/2024"]
)
EVIDENCE = st.fixed_dictionaries(
    {
        "source": st.sampled_from(["herald", "gazette"]),
        "relation": st.sampled_from([term.value for term in Relation]),
        "mode": st.sampled_from([term.value for term in Mode]),
        "credibility": st.sampled_from([term.value for term in Credibility]),
    },
    optional={"speaker": st.sampled_from(["upland", "lowland"]), "said_on": st.just("2023-05"), "note": PROSE},
)
STATEMENT = st.fixed_dictionaries(
    {
        "id": IDS,
        "party": st.sampled_from(["upland", "lowland"]),
        "issue": st.just("dams"),
        "stance": st.sampled_from([term.value for term in Stance]),
        "summary": PROSE,
        "evidence": st.lists(
            EVIDENCE, min_size=1, max_size=3, unique_by=lambda one: orjson.dumps(one, option=orjson.OPT_SORT_KEYS)
        ),
    },
    optional={"valid_from": DATES, "salience": st.sampled_from([term.value for term in Salience]), "note": PROSE},
)
WORLDS = st.lists(STATEMENT, min_size=1, max_size=6, unique_by=lambda one: one["id"])
TELLING = ("source", "relation", "speaker", "mode", "said_on")


def write(folder: Path, statements: list[dict[str, Any]], suffix: str) -> None:
    source = {
        "title": "A report",
        "retrieved_on": "2024-06-01",
        "kind": "news_report",
        "language": "en",
        "reliability": "F",
    }
    files: dict[str, Any] = {
        "release.yaml": {"id": "w-1", "date": "2031-01-01"},
        "river/process.yaml": {"id": "river", "title": "The river", "summary": "Who may use it."},
        "river/parties.yaml": [{"id": id, "name": id, "kind": "state"} for id in ("upland", "lowland")],
        "river/issues.yaml": [
            {"id": "dams", "label": "Dams", "proposition": "Dams may be built.", "definition": "Dams."}
        ],
        "river/sources.yaml": [{"id": id, **source} for id in ("herald", "gazette")],
        f"river/statements{suffix}": statements,
    }
    (folder / "river").mkdir()
    for name, content in files.items():
        if name.endswith(".jsonl"):
            text = "".join(orjson.dumps(one).decode() + "\n" for one in content)
        else:
            text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (folder / name).write_text(text, encoding="utf-8")


def distinct(statement: dict[str, Any]) -> bool:
    """Whether no two of its citations say the same in the same way, which the loader refuses."""
    marks = [tuple(str(one.get(name)) for name in TELLING) for one in statement["evidence"]]
    return len(marks) == len(set(marks))


def cited(one: dict[str, Any]) -> tuple[str, ...]:
    return one["source"], one["relation"], one["mode"], one["credibility"], one.get("note") or ""


@given(statements=WORLDS.filter(lambda world: all(map(distinct, world))), suffix=st.sampled_from([".yaml", ".jsonl"]))
@settings(
    max_examples=25, phases=[Phase.explicit, Phase.generate]
)  # a failure is told at once: shrinking a world takes minutes
def test_what_the_seeds_hold_is_what_the_api_answers(statements: list[dict[str, Any]], suffix: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "seeds").mkdir()
        write(folder / "seeds", statements, suffix)
        service = service_on(make_url(f"sqlite:///{folder / 'world.db'}"), folder / "seeds")
        api = Api(service.wsgi)
        assert api.ids("/v1/statements") == sorted(one["id"] for one in statements)
        for given_ in statements:
            record = api.data(f"/v1/statements/{given_['id']}")
            assert record["party"]["id"] == given_["party"]
            assert (record["stance"], record["summary"]) == (given_["stance"], given_["summary"])
            assert record["note"] == given_.get("note")
            assert (record["valid_from"] or {}).get("edtf") == given_.get("valid_from")
            assert record["salience"] == given_.get("salience", "not_stated")
            assert record["evidence_count"] == len(given_["evidence"])
            told = sorted(
                (one["source"]["id"], one["relation"], one["mode"], one["credibility"], one["note"] or "")
                for one in record["evidence"]
            )
            assert told == sorted(map(cited, given_["evidence"]))
        dispose(service)
