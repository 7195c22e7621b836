"""How many SQL statements an answer costs: a fixed number, whatever its length."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from support import COLLECTIONS, Api

from api.app import Service

#: Rows, and the total: prepared at load where nothing narrows the list, else counted.
LIST = 2


@contextmanager
def counted(service: Service) -> Iterator[list[str]]:
    """The statements that are executed meanwhile; those that only look which release is current are left out."""
    engine = service.wsgi.database.current().engine
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "positions_pointer" not in statement and "pg_catalog" not in statement:
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def fresh(service: Service, api: Api) -> Api:
    """The service with nothing kept from earlier answers."""
    service.wsgi.cache.clear()
    return api


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_list_costs_the_same_whatever_its_length(service: Service, fresh: Api, collection: str) -> None:
    for limit in (1, 2, 200):
        with counted(service) as statements:
            fresh.get(f"/v1/{collection}", limit=limit)
        assert len(statements) <= LIST, statements


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_flat_table_is_one_statement(service: Service, fresh: Api, collection: str) -> None:
    if f"/{collection}.csv" in fresh.get("/openapi.json")["paths"]:
        with counted(service) as statements:
            fresh.ask(f"/v1/{collection}.csv")
        assert len(statements) <= 1, statements  # none where another test had the table made a file


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_record_costs_one_statement_with_all_that_stands_below_it(
    service: Service, fresh: Api, collection: str
) -> None:
    id = fresh.ids(f"/v1/{collection}")[0]
    with counted(service) as statements:
        fresh.get(f"/v1/{collection}/{id}")
    assert len(statements) == 1, statements


def test_a_filter_by_id_costs_a_look_whether_the_id_exists_and_perhaps_a_count(service: Service, fresh: Api) -> None:
    party = fresh.data("/v1/demands")[0]["party"]["id"]
    for limit in (1, 200):
        with counted(service) as statements:
            fresh.get("/v1/demands", party=party, limit=limit)
        assert len(statements) <= LIST + 2, statements


def test_an_answer_that_is_kept_costs_none(service: Service, fresh: Api) -> None:
    fresh.get("/v1/proposals")
    with counted(service) as statements:
        fresh.get("/v1/proposals")
    assert statements == []
