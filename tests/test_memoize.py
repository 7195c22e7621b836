"""What a client writes is not kept: a worker's memory does not grow by requests that are long and each another."""

import gc
import tracemalloc
from collections.abc import Callable
from itertools import islice, pairwise, permutations
from urllib.parse import urlsplit

import pytest
from support import WORLD, Api, address, dispose

from api.app import Service, create_service
from api.settings import Settings

WARM, MORE, ROUNDS = 20, 15, 3
#: Characters of a request that is long; and bytes that one may leave behind, on average: what is short is remembered, some thousand
#: entries of it, and may be new each time.
LONG, LEFT = 6_000, 4_500
Request = tuple[str, dict[str, str]]


def cited(number: int) -> Request:
    kinds = ("intergovernmental_organisation", "armed_group")
    given = ",".join(kinds[number >> bit & 1] for bit in range(100))
    return f"/v1/cite?path=/v1/parties%3Fkind%3D{given}", {}


def accepted(number: int) -> Request:
    return "/v1/parties", {"Accept-Encoding": f"gzip, {number:x>{LONG}}"}


def searched(number: int) -> Request:
    """Each word that is begun stands for many."""
    begun = ("al", "bo", "co", "de", "pe", "pr", "re", "sa", "st", "ta", "te", "th")
    return f"/v1/search?limit=1&q={number:02}*+{'+'.join(f'{one}*' for one in begun)}", {}


def searched_in(number: int) -> Request:
    """The same collections, in another order."""
    order = next(islice(permutations(("parties", "issues", "demands", "statements", "events")), number, None))
    return f"/v1/search?q=pepper&collection={','.join(order)}", {}


def narrowed(number: int) -> Request:
    """As many values as no request has had before."""
    values = [f"p{each}" for each in range(100)]
    return f"/v1/positions?party={','.join(values)}&issue={','.join(values[: 100 - number])}", {}


@pytest.mark.parametrize("request_of", [cited, accepted, searched, searched_in, narrowed])
def test_long_requests_leave_nothing_behind(service: Service, request_of: Callable[[int], Request]) -> None:
    made = create_service(Settings(database=address(service), seeds=WORLD, cache_bytes=0))
    api = Api(made.wsgi)

    def ask(first: int, last: int) -> int:
        for number in range(first, last):
            path, headers = request_of(number)
            assert api.ask(path, headers=headers).status_code in (200, 404)
        urlsplit.cache_clear()  # of the standard library: 128 addresses, whatever their length
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        starts = range(WARM, WARM + ROUNDS * MORE, MORE)
        sizes = [ask(0, WARM), *(ask(start, start + MORE) for start in starts)]
        # What requests leave behind, each of them does; what else begins in the process meanwhile is there once.
        assert min(later - earlier for earlier, later in pairwise(sizes)) < LEFT * MORE
    finally:
        tracemalloc.stop()
        dispose(made)
