"""How many SQL statements an answer costs: a fixed number, whatever its length."""

import pytest
from support import COLLECTIONS, Api, counted

from api.app import Service

#: Rows, and the total: prepared at load where nothing narrows the list, else counted.
LIST = 2


@pytest.fixture
def fresh(service: Service, api: Api) -> Api:
    """The service with its release open, and with nothing kept from earlier answers."""
    service.wsgi.database.current()
    service.wsgi.cache.clear()
    return api


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_list_costs_the_same_whatever_its_length(fresh: Api, collection: str) -> None:
    for limit in (1, 2, 200):
        with counted() as statements:
            fresh.get(f"/v1/{collection}", limit=limit)
        assert len(statements) <= LIST, statements


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_flat_table_is_one_statement(fresh: Api, collection: str) -> None:
    if f"/{collection}.csv" in fresh.get("/openapi.json")["paths"]:
        with counted() as statements:
            fresh.ask(f"/v1/{collection}.csv")
        assert len(statements) <= 1, statements  # none where another test had the table made a file


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_record_costs_one_statement_with_all_that_stands_below_it(fresh: Api, collection: str) -> None:
    id = fresh.ids(f"/v1/{collection}")[0]
    with counted() as statements:
        fresh.get(f"/v1/{collection}/{id}")
    assert len(statements) == 1, statements


def test_a_filter_by_id_costs_a_look_whether_the_id_exists_and_perhaps_a_count(fresh: Api) -> None:
    party = fresh.data("/v1/demands")[0]["party"]["id"]
    for limit in (1, 200):
        with counted() as statements:
            fresh.get("/v1/demands", party=party, limit=limit)
        assert len(statements) <= LIST + 2, statements


def test_an_answer_that_is_kept_costs_none(fresh: Api) -> None:
    fresh.get("/v1/proposals")
    with counted() as statements:
        fresh.get("/v1/proposals")
    assert statements == []
