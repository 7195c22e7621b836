"""Releases and changes: what each load did against the one before, field by field; and what a release may be called."""

import fcntl
import hashlib
import re
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import orjson
import pytest
from sqlalchemy.engine import make_url
from support import WORLD, WRITTEN, Api, address, dispose, service_on

from api.database import DatabaseError, open_database
from api.loader import Loaded, SeedError, load
from api.resources import RESOURCES
from api.views import export


def edit(world: Path, file: str, *changes: tuple[str, str]) -> None:
    path = world / file
    text = path.read_text()
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    path.write_text(text)


def name(world: Path, release: str, day: str = "2031-07-31") -> None:
    (world / "release.yaml").write_text(f"id: {release}\ndate: {day}\n")


SECOND = (
    ("spice-round/demands.yaml", (("firmness: non_negotiable", "firmness: core"), ("  salience: high\n", ""))),
    ("spice-round/responses.yaml", (("conditions: [a quota, time]", "conditions: [a quota]"),)),
    ("spice-round/proposals.yaml", (("made_on: 2030-01-05", "made_on: 2030-01"),)),
    ("glacier-accord/events.yaml", (("- id: glacier-march", "- id: glacier-walk"),)),
)


def second(world: Path) -> None:
    name(world, "w2031-2")
    for file, changes in SECOND:
        edit(world, file, *changes)


@pytest.fixture
def made(make_service: Any) -> Any:
    return make_service(WORLD)


def reload(made: Any, seeds: Path, **options: Any) -> Loaded:
    database = open_database(address(made))
    try:
        return load(seeds, database, RESOURCES, **options)
    finally:
        dispose(database)
        made.wsgi.database.forget()


def test_the_first_release_adds_everything(made: Any) -> None:
    api = Api(made.wsgi)
    release = api.data("/v1/releases/w2031-1")
    changes = api.all("/v1/changes")
    assert {one["action"] for one in changes} == {"added"}
    assert release["added"] == len(changes)
    assert (release["changed"], release["removed"]) == (0, 0)
    expected = {one["href"] for collection in WRITTEN for one in api.all(f"/v1/{collection}")}
    assert {one["record"]["href"] for one in changes} == expected


def test_a_second_release_tells_what_it_changed_field_by_field(made: Any, world: Path) -> None:
    second(world)
    loaded = reload(made, world)
    api = Api(made.wsgi)
    changes = {one["record"]["id"]: one for one in api.all("/v1/changes", release="w2031-2")}
    evidence = [one for one in changes.values() if one["collection"] == "evidence"]
    assert {one["action"] for one in evidence} == {"added", "removed"}, "what the renamed event cites"
    records = {id: one for id, one in changes.items() if one["collection"] != "evidence"}
    assert {id: one["action"] for id, one in records.items()} == {
        "borovia-saffron-quota": "changed",
        "borovia-rejects-zero-tariff": "changed",
        "pepper-plan": "changed",
        "glacier-walk": "added",
        "glacier-march": "removed",
    }
    assert records["borovia-saffron-quota"]["fields_changed"] == [
        {"field": "firmness", "before": "non_negotiable", "after": "core"},
        {"field": "salience", "before": "high", "after": "not_stated"},
    ]
    assert records["borovia-rejects-zero-tariff"]["fields_changed"] == [
        {"field": "conditions", "before": ["a quota", "time"], "after": ["a quota"]}
    ]
    assert records["pepper-plan"]["fields_changed"] == [
        {"field": "made_on", "before": "2030-01-05", "after": "2030-01"}
    ]
    assert records["glacier-march"]["record"]["name"] == "March to the glacier"
    assert (loaded.added, loaded.changed, loaded.removed) == (2, 3, 2)
    release = api.data("/v1/releases/w2031-2")
    assert (release["added"], release["changed"], release["removed"]) == (2, 3, 2)
    assert api.ids("/v1/releases", sort="date") == ["w2031-1", "w2031-2"]
    assert api.get("/v1/")["meta"]["release"] == "w2031-2"
    assert len(api.all("/v1/changes", release="w2031-1")) == api.data("/v1/releases/w2031-1")["added"], "kept"


@pytest.mark.parametrize("days", [("2031-08-01", "2031-09-01", "2031-09-02"), ("2031-08-01",) * 3])
@pytest.mark.parametrize("sort", ["date", "-date"])
def test_releases_and_changes_are_in_the_order_of_loading_whatever_their_ids(
    made: Any, world: Path, sort: str, days: tuple[str, ...]
) -> None:
    later = tuple(zip(("w2031-2", "w2031-10", "w2031-9"), days, strict=True))
    for number, (release, day) in enumerate(later):
        name(world, release, day)
        edit(
            world,
            "common/parties.yaml",
            (f"name: {'Old ' * number}Borovia\n", f"name: {'Old ' * (number + 1)}Borovia\n"),
        )
        reload(made, world)
    api = Api(made.wsgi)
    order = ["w2031-1", *(release for release, _ in later)]
    date_of = {one["id"]: one["date"] for one in api.all("/v1/releases")}
    listed = api.all("/v1/changes", sort=sort)
    expected = order if sort == "date" else order[::-1]
    assert list(dict.fromkeys(one["release"]["id"] for one in listed)) == expected == api.ids("/v1/releases", sort=sort)
    assert all(one["date"] == date_of[one["release"]["id"]] for one in listed)
    assert len(listed) == len(api.all("/v1/changes"))
    path, seen = f"/v1/changes?sort={sort}&limit=7", []
    while path:
        page = api.get(path)
        seen += page["data"]
        path = page["links"]["next"]
    assert seen == listed
    assert api.data("/v1/releases", sort="-date", limit=1)[0]["id"] == api.data("/v1/")["release"]["id"] == "w2031-9"


def test_a_change_and_the_line_of_its_record_have_one_address(made: Any) -> None:
    api = Api(made.wsgi)
    lines = [orjson.loads(line) for line in api.ask("/v1/exports/positions.jsonl").text.splitlines()]
    collections = {line["record"]["href"]: line["collection"] for line in lines}
    changed = {one["record"]["href"]: one["collection"] for one in api.all("/v1/changes")}
    assert changed.keys() <= collections.keys()
    assert {(collections[href], one) for href, one in changed.items() if collections[href] != one} == {
        ("positions", kind) for kind in ("demands", "responses", "statements")
    }


@pytest.mark.parametrize("narrowed", [{}, {"action": "changed,removed"}, {"collection": "evidence", "action": "added"}])
def test_the_feed_tells_the_newest_release_first_page_by_page(made: Any, world: Path, narrowed: dict[str, str]) -> None:
    second(world)
    reload(made, world)
    api = Api(made.wsgi)
    expected = [id for release in ("w2031-2", "w2031-1") for id in api.ids("/v1/changes", release=release, **narrowed)]
    for limit in (1, 3, 200) if narrowed else (3, 200):
        told: list[str] = []
        path: str | None = f"/v1/feeds/changes.atom?{urlencode({**narrowed, 'limit': limit})}"
        while path:
            feed = ElementTree.fromstring(api.ask(path).data)
            links = feed.findall("{*}entry/{*}link[@rel='alternate'][@type='application/json']")
            told += [link.attrib["href"].rpartition("/")[2] for link in links]
            following = feed.find("{*}link[@rel='next']")
            path = None if following is None else following.attrib["href"].removeprefix("http://localhost")
        assert told == expected


def test_what_was_deleted_from_the_seeds_is_said_to_be_gone_and_since_which_release(made: Any, world: Path) -> None:
    """Without an entry in retired.yaml, from the changes: however many releases ago, and until it is there again."""
    demands = world / "spice-round" / "demands.yaml"
    text = demands.read_text()
    last = text.rindex("- id: ")
    id = text[last:].split()[2]
    demands.write_text(text[:last])
    name(world, "w2031-2")
    edit(world, "glacier-accord/events.yaml", ("- id: glacier-march", "- id: glacier-walk"))
    reload(made, world)
    edit(world, "glacier-accord/events.yaml", ("- id: glacier-walk", "- id: glacier-march"))
    name(world, "w2031-3")
    reload(made, world)
    api = Api(made.wsgi)
    for path, called in ((f"/v1/demands/{id}", "demand"), (f"/v1/positions/{id}/evidence", "position")):
        assert api.problem(path, 410)["detail"] == f"The {called} “{id}” was removed in release “w2031-2”."
    assert api.problem("/v1/events/glacier-walk", 410)["detail"].endswith("was removed in release “w2031-3”.")
    assert api.data("/v1/events/glacier-march")["id"] == "glacier-march"
    api.problem(f"/v1/statements/{id}", 404)
    api.problem(f"/v1/events/{id}", 404)
    api.problem("/v1/events/glacier-run", 404)


@pytest.mark.parametrize("below", ["", "/evidence"])
def test_an_offer_is_gone_with_its_term_and_moves_with_it(made: Any, world: Path, below: str) -> None:
    name(world, "w2031-2")
    edit(world, "spice-round/proposals.yaml", ("- id: pepper-plan-two-zero-tariff", "- id: pepper-plan-two-no-tariff"))
    reload(made, world)
    api = Api(made.wsgi)
    for id in ("terms/pepper-plan-two-zero-tariff", "offers/pepper-plan-two-zero-tariff-by-borovia"):
        assert api.problem(f"/v1/{id}{below}", 410)["detail"].endswith("was removed in release “w2031-2”.")
    api.problem(f"/v1/positions/pepper-plan-two-zero-tariff-by-borovia{below}", 410)
    api.problem(f"/v1/statements/pepper-plan-two-zero-tariff-by-borovia{below}", 404)
    api.problem(f"/v1/offers/pepper-plan-two-no-tarif-by-borovia{below}", 404)
    retired = "- {collection: terms, id: pepper-plan-two-zero-tariff, successor: pepper-plan-two-no-tariff}\n"
    edit(
        world,
        "spice-round/retired.yaml",
        ("- {collection: parties, id: phantom-state}\n", f"- {{collection: parties, id: phantom-state}}\n{retired}"),
    )
    name(world, "w2031-3")
    reload(made, world)
    for collection in ("offers", "positions"):
        response = api.ask(f"/v1/{collection}/pepper-plan-two-zero-tariff-by-borovia{below}")
        assert response.status_code == 301
        assert response.headers["Location"] == f"/v1/{collection}/pepper-plan-two-no-tariff-by-borovia{below}"


def test_the_same_name_with_other_content_is_refused_and_the_old_release_served(made: Any, world: Path) -> None:
    edit(world, "spice-round/demands.yaml", ("firmness: non_negotiable", "firmness: core"))
    with pytest.raises(SeedError) as refused:
        reload(made, world)
    (fault,) = refused.value.faults
    assert fault.file == str(world / "release.yaml")
    assert fault.line == 1
    assert "w2031-2" in fault.message
    assert "--replace" in fault.message
    assert Api(made.wsgi).data("/v1/demands/borovia-saffron-quota")["firmness"] == "non_negotiable"


def test_a_name_of_long_ago_is_refused_for_other_content_too(made: Any, world: Path) -> None:
    second(world)
    reload(made, world)
    name(world, "w2031-1")
    for options in ({}, {"replace": True}):
        with pytest.raises(SeedError):
            reload(made, world, **options)
    assert Api(made.wsgi).get("/v1/")["meta"]["release"] == "w2031-2"


def test_an_earlier_release_can_be_gone_back_to(made: Any, world: Path) -> None:
    second(world)
    reload(made, world)
    reload(made, WORLD)
    api = Api(made.wsgi)
    assert api.get("/v1/")["meta"]["release"] == "w2031-1"
    assert api.data("/v1/demands/borovia-saffron-quota")["firmness"] == "non_negotiable"
    changes = {one["record"]["id"]: one["action"] for one in api.all("/v1/changes", release="w2031-1")}
    assert changes["glacier-march"] == "added"
    assert changes["glacier-walk"] == "removed"
    reload(made, world)
    assert api.get("/v1/")["meta"]["release"] == "w2031-2"


def test_loading_the_same_seeds_again_changes_nothing(made: Any, world: Path) -> None:
    second(world)
    reload(made, world)
    api = Api(made.wsgi)
    before = [api.all(path) for path in ("/v1/releases", "/v1/changes", "/v1/positions")]
    assert reload(made, world).changed == 0
    made.wsgi.cache.clear()
    assert [api.all(path) for path in ("/v1/releases", "/v1/changes", "/v1/positions")] == before
    name(world, "w2031-3")
    reload(made, world)
    assert api.all("/v1/changes", release="w2031-3") == []


def test_a_release_that_is_loaded_in_its_own_place_is_held_against_the_one_before(made: Any, world: Path) -> None:
    second(world)
    reload(made, world)
    api = Api(made.wsgi)
    edit(
        world,
        "spice-round/demands.yaml",
        ("firmness: core\n  lifecycle: dropped", "firmness: tradeable\n  lifecycle: dropped"),
    )
    edit(world, "glacier-accord/events.yaml", ("- id: glacier-walk", "- id: glacier-march"))
    reload(made, world, replace=True)
    changes = {one["record"]["id"]: one for one in api.all("/v1/changes", release="w2031-2")}
    assert {id: one["action"] for id, one in changes.items()} == {
        "borovia-saffron-quota": "changed",
        "borovia-rejects-zero-tariff": "changed",
        "pepper-plan": "changed",
    }
    assert changes["borovia-saffron-quota"]["fields_changed"][0] == {
        "field": "firmness",
        "before": "non_negotiable",
        "after": "tradeable",
    }
    assert api.data("/v1/releases/w2031-2")["changed"] == 3
    assert api.ids("/v1/releases") == ["w2031-1", "w2031-2"]


def test_replacing_the_first_release_still_adds_everything(made: Any, world: Path) -> None:
    edit(world, "spice-round/demands.yaml", ("firmness: non_negotiable", "firmness: core"))
    reload(made, world, replace=True)
    api = Api(made.wsgi)
    assert {one["action"] for one in api.all("/v1/changes")} == {"added"}
    assert api.data("/v1/demands/borovia-saffron-quota")["firmness"] == "core"


def test_files_that_hold_no_records_do_not_make_another_release(make_service: Any, world: Path) -> None:
    first = make_service(WORLD).wsgi.database.current().digest
    (world / "README.md").write_text("Other words.")
    (world / ".notes.yaml").write_text("- not a record")
    assert make_service(world).wsgi.database.current().digest == first


def test_the_digest_of_a_release_is_of_its_files(api: Api) -> None:
    release = api.data("/v1/releases/w2031-1")
    assert re.fullmatch("[0-9a-f]{64}", release["digest"])
    assert api.data("/v1/")["release"] == {"id": "w2031-1", "date": "2031-06-30", "digest": release["digest"]}
    assert release["record_count"] == sum(len(api.all(f"/v1/{one}")) for one in {*WRITTEN, "offers"})


def test_a_release_that_is_gone_back_to_is_told_apart_from_itself_with_another_history(
    made: Any, world: Path, tmp_path: Path
) -> None:
    """What of it tells the history has changed: no tag, no kept answer, no citation and no export may outlive that."""
    api = Api(made.wsgi)
    paths = ("/v1/releases", "/v1/changes?limit=200", "/v1/feeds/changes.atom", "/v1/cite?path=/v1/releases")
    first = {path: api.ask(path) for path in paths}
    identities, folders = [], []

    def loaded() -> None:
        store = made.wsgi.database.current()
        identities.append(store.identity)
        folders.append(export(RESOURCES, store, tmp_path / "exports", lambda *_: None))
        assert f'digest="{store.digest}"' in api.ask("/metrics").text
        assert f'identity="{store.identity}"' in api.ask("/metrics").text

    loaded()
    reload(made, WORLD)
    loaded()
    assert identities[0] == identities[1], "nothing was loaded anew"
    second(world)
    reload(made, world)
    loaded()
    reload(made, WORLD)
    loaded()
    for path, before in first.items():
        after = api.ask(path, headers={"If-None-Match": before.headers["ETag"]})
        assert (after.status_code, after.data != before.data) == (200, True), path
    citation = api.data("/v1/cite?path=/v1/releases")
    assert citation["sha256"] == hashlib.sha256(api.ask(citation["path"]).data).hexdigest()
    assert (
        citation["release_sha256"] == orjson.loads(first["/v1/cite?path=/v1/releases"].data)["data"]["release_sha256"]
    )
    assert b"w2031-2" in (folders[3] / "positions.jsonl").read_bytes()
    # There and back again: each release has the same ones before it, by name, as when it was loaded first, and differs all the same.
    reload(made, world)
    loaded()
    assert len(set(identities)) == 4


def test_a_load_is_refused_while_another_is_under_way(made: Any, world: Path) -> None:
    class Interrupted(Exception):
        pass

    second(world)
    database = open_database(address(made))
    with suppress(Interrupted), database.replacing():
        with pytest.raises(DatabaseError, match=r"another load into .* is running; wait until it has finished"):
            reload(made, world)
        raise Interrupted
    dispose(database)
    assert Api(made.wsgi).ids("/v1/releases") == ["w2031-1"]
    reload(made, world)
    assert Api(made.wsgi).ids("/v1/releases") == ["w2031-1", "w2031-2"]


def test_who_looked_at_the_lock_while_a_load_ended_holds_the_same_one_as_who_comes_next(tmp_path: Path) -> None:
    url = make_url(f"sqlite:///{tmp_path / 'positions.db'}")
    with ExitStack() as waiting:
        with open_database(url).replacing() as connection:
            connection.exec_driver_sql("SELECT 1")
            lock = waiting.enter_context((tmp_path / "positions.db.lock").open("w"))
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(DatabaseError, match="is running"), open_database(url).replacing():
            pass


def test_replacing_a_release_makes_it_what_it_had_been_if_it_had_been_loaded_so(make_service: Any, world: Path) -> None:
    edit(world, *SECOND[0][:1], *SECOND[0][1])
    replaced = make_service(WORLD)
    reload(replaced, world, replace=True)
    fresh = make_service(world)
    assert replaced.wsgi.database.current().identity == fresh.wsgi.database.current().identity
    for path in ("/v1/releases", "/v1/changes?limit=200"):
        assert Api(replaced.wsgi).ask(path).data == Api(fresh.wsgi).ask(path).data


def test_two_databases_of_the_same_seeds_answer_alike(make_service: Any, databases: Any) -> None:
    other = service_on(databases.new(), WORLD)
    try:
        one, two = Api(make_service(WORLD).wsgi), Api(other.wsgi)
        for path in (
            "/v1/positions?limit=200",
            "/v1/changes?limit=200",
            "/v1/evidence?known_at=2030-03-01",
            "/v1/terms.csv",
        ):
            assert one.ask(path).data == two.ask(path).data
            assert one.ask(path).headers["ETag"] == two.ask(path).headers["ETag"]
    finally:
        dispose(other)


def test_a_copy_of_the_tables_is_kept_exact_by_their_digests_and_not_by_changes_alone(made: Any, world: Path) -> None:
    api = Api(made.wsgi)
    listed = {one["name"]: one for one in api.get("/v1/tables")["data"]}
    copy = {name: api.ask(one["csv"]).data for name, one in listed.items()}
    etag = api.ask("/v1/tables").headers["ETag"]
    assert api.ask("/v1/tables", headers={"If-None-Match": etag}).status_code == 304
    name(world, "w2031-2")
    edit(world, "common/parties.yaml", ("name: Borovia\n", "name: Old Borovia\n"))
    reload(made, world)

    answer = api.ask("/v1/tables", headers={"If-None-Match": etag})
    assert answer.status_code == 200
    tables = answer.get_json()
    moved = {one["name"]: one for one in tables["data"] if one["sha256"] != listed[one["name"]]["sha256"]}
    for table, one in moved.items():
        copy[table] = api.ask(one["csv"], release=tables["meta"]["release"]).data
        assert hashlib.sha256(copy[table]).hexdigest() == one["sha256"]
    assert copy == {one["name"]: api.ask(one["csv"]).data for one in tables["data"]}
    api.problem(tables["data"][0]["csv"], 410, release="w2031-1")

    changes = api.all("/v1/changes", release="w2031-2")
    assert [(one["collection"], one["record"]["id"]) for one in changes] == [("parties", "borovia")]
    assert {"parties", "positions", "offers"} < moved.keys(), "the name is in the rows of what refers to the party"
    assert "issues" not in moved
