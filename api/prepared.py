"""Prepared answers: what is the same for all who ask is worked out once, at load, and kept in the release.

The operations say which (`Operation.prepared`). An answer is made by the operation's own view, which also answers where none was
kept, so that there is one way of making it.
"""

from collections.abc import Callable, Iterable, Iterator

import zstandard
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from api.database import Store
from api.operation import Answer, Call, Operation
from api.resource import Table

Row = tuple[str, str, bytes]


def preparing(table: Table, operations: Iterable[Operation]) -> Callable[[Connection, Store], Iterator[Row]]:
    """What makes the rows of `Prepared` of a release, given a connection to it."""
    listed = tuple(operations)

    def prepare(connection: Connection, store: Store) -> Iterator[Row]:
        wanted = ((one, given) for one in listed if one.large(connection) for given in one.prepared)
        for operation, given in wanted:
            values = operation.read(MultiDict(given), connection, table, {})
            call = Call.from_nowhere(store, connection, table, operation.path, values=values, given=given)
            answer = operation.view(call)
            yield call.here, answer.media_type, zstandard.compress(_whole(answer))

    return prepare


def _whole(answer: Answer) -> bytes:
    if not isinstance(answer.body, bytes) or answer.headers:
        raise TypeError("an answer is kept where it is made whole and has no headers of its own")
    return answer.body
