"""Where the loader keeps the place of each id."""

from hypothesis import given
from hypothesis import strategies as st

from api.loader.id_table import IdTable


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 2**64 - 1)), max_size=2000))
def test_it_is_what_a_dictionary_would_hold(pairs: list[tuple[str, int]]) -> None:
    places, expected = IdTable(), {}
    for id, number in pairs:
        assert places.add(id, number) == expected.get(id)
        expected.setdefault(id, number)
    assert {id: places.get(id) for id in expected} == expected
    assert places.get("not there") is None


def test_it_grows() -> None:
    places = IdTable()
    ids = [f"record-{number}" for number in range(5000)]
    assert [places.add(id, number) for number, id in enumerate(ids)] == [None] * len(ids)
    assert [places.get(id) for id in ids] == list(range(5000))
    assert places.get("record-5000") is None
