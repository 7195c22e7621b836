"""Prepared answers: slow answers that are the same for everyone are computed once per load and stored with the release.

Operations declare them (`Operation.prepared`). The same view computes the answer at load, or on request if none was stored.
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
    """A function that yields the rows of `Prepared` (path, media type, body) from a connection to a release."""
    listed = tuple(operations)

    def prepare(connection: Connection, store: Store) -> Iterator[Row]:
        queries = ((one, arguments) for one in listed if one.large(connection) for arguments in one.prepared)
        for operation, arguments in queries:
            values = operation.read(MultiDict(arguments), connection, table, {}, store.release)
            call = Call.from_nowhere(store, connection, table, operation.path, values=values, arguments=arguments)
            answer = operation.view(call)
            yield call.here, answer.media_type, zstandard.compress(_whole(answer))

    return prepare


def _whole(answer: Answer) -> bytes:
    if not isinstance(answer.body, bytes) or answer.headers:
        raise TypeError("an answer can be prepared only if its body is bytes and it has no headers of its own")
    return answer.body
