"""No list reads a large table from end to end: the plan of every filter and sort, and the totals that are prepared."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, select, text
from sqlalchemy.engine import make_url

from api import search
from api.database import SqliteDatabase, open_database
from api.filters import linked
from api.loader import load
from api.models import Clocks, Edge, Event, Party, Total
from api.reading import conditions, refusals, selection, totals
from api.reading.queries import ListQuery
from api.resource import Resource, Table
from api.resources import RESOURCES
from api.views.feeds import newest_changes
from api.views.finding import statements
from bench.generate import write
from schemas.events import EventSchema

POSITIONS = 3000
#: Tables that a release may have many rows of.
LARGE = (
    "positions",
    "terms",
    "proposals",
    "events",
    "evidence",
    "sources",
    "changes",
    "edges",
    "documents",
    "searched",
)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    folder: Path = tmp_path_factory.mktemp("generated")
    write(folder / "seeds", POSITIONS)
    database = open_database(make_url(f"sqlite:///{folder}/plans.db"))
    assert isinstance(database, SqliteDatabase)
    load(folder / "seeds", database, RESOURCES)
    with database.current().connect() as connection:
        yield connection


@contextmanager
def noted(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are executed meanwhile, with their parameters."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        asked.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(connection, "before_cursor_execute", note)


def asked_for() -> Iterator[Any]:
    for resource in RESOURCES:
        names = ["", *(one.name for one in resource.filters)]
        names += ["process"] + (["claim_status"] if "as_of" in resource.model.clocks else [])
        names += ["q"] if resource.takes_words else []
        for name, sort in product(names, ["id", *(one.name for one in resource.sorts)]):
            for direction in ("", "-"):
                yield pytest.param(resource, name, direction + sort, id=f"{resource.name}-{name}-{direction}{sort}")


def some_value(connection: Connection, resource: Any, name: str) -> str:
    """The value of a filter that most records have."""
    found = connection.scalar(
        select(Total.value)
        .where(Total.collection == resource.name, Total.filter == name)
        .order_by(Total.records.desc())
        .limit(1)
    )
    return found or "party-001"


@pytest.mark.parametrize(("resource", "name", "sort"), list(asked_for()))
def test_no_list_scans_a_large_table(connection: Connection, resource: Any, name: str, sort: str) -> None:
    value = '("zebra")' if name == "q" else [some_value(connection, resource, name)]
    values: dict[str, Any] = {"sort": sort, **({name: value} if name else {})}
    asked = ListQuery(resource, values)
    where = conditions.conditions(asked, "sqlite", conditions.related(RESOURCES, resource))
    statement = selection.select_rows(asked, where).limit(51)
    sql = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
    plan = [str(row[-1]) for row in connection.execute(text("EXPLAIN QUERY PLAN " + sql.replace(":", "\\:")))]
    table = resource.model.__tablename__
    for step in plan:
        # In the order of an index, with a limit, is as a list is read; any other scan grows with the table.
        ordered = f"SCAN {table} USING" in step and "INDEX" in step and not any("TEMP B-TREE" in one for one in plan)
        assert not any(step == f"SCAN {name}" or step.startswith(f"SCAN {name} ") for name in LARGE) or ordered, plan


@pytest.mark.parametrize("values", [{"known_at": date(2024, 1, 1)}, {"mode": ["on_record"]}], ids=["known_at", "mode"])
@pytest.mark.parametrize(
    "resource", [one for one in RESOURCES if "as_of" in one.model.clocks], ids=lambda one: one.name
)
def test_with_clocks_a_list_by_id_is_read_in_the_order_of_the_key(
    connection: Connection, resource: Any, values: dict[str, Any]
) -> None:
    asked = ListQuery(resource, values)
    statement = selection.select_rows(asked, conditions.conditions(asked, "sqlite", [])).limit(51)
    sql = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
    plan = [str(row[-1]) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]
    assert plan == [f"SCAN {resource.model.__tablename__} USING INDEX {resource.model.__tablename__}_key"]


@pytest.mark.parametrize(
    "clocks",
    [{}, {"known_at": date(2024, 1, 1)}, {"mode": ["on_record"]}, {"as_of": date(2024, 1, 1)}],
    ids=["none", "known_at", "mode", "as_of"],
)
@pytest.mark.parametrize("name", ["terms", "positions", "demands", "responses", "statements", "offers"])
def test_a_list_of_an_issue_reads_no_other_issue(connection: Connection, name: str, clocks: dict[str, Any]) -> None:
    resource = RESOURCES.by_name[name]
    issue = connection.scalar(select(resource.model.issue_id).where(resource.model.issue_id.is_not(None)).limit(1))
    asked = conditions.expanded(connection, ListQuery(resource, {"issue": (issue,), **clocks}))
    statement = selection.select_rows(asked, conditions.conditions(asked, "sqlite", [])).limit(51)
    sql = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
    plan = [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
    assert len(plan) == 1, plan
    assert "issue_id=?" in plan[0], plan


@pytest.mark.parametrize("clocks", [{"known_at": date(2024, 1, 1)}, {"mode": ["on_record"]}], ids=["known_at", "mode"])
@pytest.mark.parametrize("name", ["positions", "demands", "responses", "statements", "offers"])
def test_a_list_of_a_topic_reads_its_issues_alone(connection: Connection, name: str, clocks: dict[str, Any]) -> None:
    asked = conditions.expanded(connection, ListQuery(RESOURCES.by_name[name], {"issue": ("topic-0",), **clocks}))
    where = conditions.conditions(asked, "sqlite", [])
    for statement in (
        selection.select_rows(asked, where),
        selection.after_place(asked, selection.select_rows(asked, where)),
    ):
        sql = str(statement.params(last="a").limit(51).compile(connection, compile_kwargs={"literal_binds": True}))
        plan = [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
        assert "issue_id=?" in plan[0], plan


@pytest.mark.parametrize("resource", list(RESOURCES), ids=lambda resource: resource.name)
def test_what_is_near_an_id_is_looked_for_by_the_id(connection: Connection, resource: Any) -> None:
    with noted(connection) as asked:
        refusals.did_you_mean_id(connection, resource.model, "p-000100", resource)
    for statement, parameters in asked:
        plan = [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        assert plan[0].startswith(f"SEARCH {resource.model.__tablename__} USING"), plan
        if "MATCH" in statement:  # who goes by the name, by the index of words
            assert "(id=?)" in plan[0], plan
            assert not [step for step in plan if step.startswith("SCAN") and "VIRTUAL TABLE INDEX" not in step], plan
        else:
            assert len(plan) == 1, plan
            assert any(by in plan[0] for by in ("id>", "id<", "iso3166=")), plan


@pytest.mark.parametrize("values", [{}, {"action": ["added"]}, {"collection": ["demands", "events"]}], ids=str)
def test_a_page_of_the_feed_of_changes_is_read_in_the_order_of_an_index(
    connection: Connection, values: dict[str, Any]
) -> None:
    with noted(connection) as asked:
        first = list(newest_changes(connection, values, 50))
        assert len(first) == 50
        assert len(list(newest_changes(connection, {**values, "after": first[-1][0].id}, 50))) == 50
    for statement, parameters in asked:
        plan = [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        if "FROM changes" in statement:
            assert len(plan) == 1, plan
            assert plan[0].startswith("SEARCH changes USING INDEX changes_by_"), plan
    assert any("FROM changes" in statement for statement, _ in asked)


def test_a_search_by_process_looks_up_what_matches_alone(connection: Connection) -> None:
    found = statements(RESOURCES, "sqlite", None, Clocks().kind, ("generated",))
    parameters = found.asked(search.phrase(connection, "troops"))
    with noted(connection) as asked:
        total = found.total(connection, parameters)
        assert total > len(found.page(connection, parameters, None, 51)) == 51
        assert found.total(connection, found.asked(search.phrase(connection, "zebra"))) == 0
    for statement, given in asked:
        plan = [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]
        assert plan[0].startswith("SCAN search VIRTUAL TABLE INDEX"), plan
        assert plan[1] == "SEARCH searched USING INTEGER PRIMARY KEY (rowid=?)", plan
        assert plan[3:] == ["SEARCH uses USING COVERING INDEX uses_key (collection=? AND process_id=? AND id=?)"], plan


def test_prepared_totals_are_what_counting_gives(connection: Connection) -> None:
    prepared = connection.execute(select(Total.__table__)).all()
    assert len(prepared) > 50
    for row in prepared:
        resource = RESOURCES.by_name[row.collection]
        asked = ListQuery(resource, {row.filter: (row.value,)} if row.filter else {})
        where = conditions.resolved_conditions(connection, asked, conditions.related(RESOURCES, resource))
        counted = connection.scalar(select(func.count()).select_from(resource.model).where(*where))
        assert (row.records, totals.count(connection, asked, where)) == (counted, counted), row


def test_filters_of_one_name_by_different_fields_are_counted_apart(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(totals, "MANY", 1)
    fields = {"mediations": "mediators", "events": "participants"}
    changed = (
        Resource(name, Event, EventSchema, (linked("who", Event, Party, "Who.", field=field),))
        for name, field in fields.items()
    )
    table = Table((*(one for one in RESOURCES if one.name not in fields), *changed))
    made = list(totals.rows(connection, table))
    for name, field in fields.items():
        members = select(Edge.target_id, func.count()).where(Edge.table == "events", Edge.field == field)
        expected = dict(map(tuple, connection.execute(members.group_by(Edge.target_id))))
        assert bool(expected) == (field == "participants"), "as the generator makes them"
        assert {value: found for of, by, value, found in made if (of, by) == (name, "who")} == expected


def test_a_total_with_clocks_is_counted(connection: Connection) -> None:
    resource = RESOURCES.by_name["positions"]
    asked = ListQuery(resource, {"mode": ("anonymous",)})
    assert asked.clocks != Clocks()
    where = conditions.conditions(asked, "sqlite", [])
    assert 0 < totals.count(connection, asked, where) < POSITIONS
