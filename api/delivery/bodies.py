"""The bodies of answers: taken whole from the application, then sent whole or in part, from memory or from a file."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from api.delivery.cache import Kept
from api.delivery.conditional import PIECE, unpacked
from api.lanes import HURRIED, TakesLong

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


@dataclass
class Made:
    """An answer as the application made it, before it is known whether it may be kept: its body in memory, or in an open file if it is
    large; ``length`` is in bytes.
    """

    status: str
    headers: list[tuple[str, str]]
    body: bytes | IO[bytes]
    length: int


def made_by(application: Application, environ: Environ) -> Made:
    """Run the application and take its whole answer.

    Raises:
        TakesLong: the request is `HURRIED`, and the body is a file.
    """
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Callable[[bytes], None]:
        started[:] = [status, headers]
        return lambda _data: None

    chunks: Any = application(environ, start_response)
    if hasattr(chunks, "fileno"):
        if HURRIED in environ:
            chunks.close()
            raise TakesLong  # sending it waits for its reader
        return Made(started[0], started[1], chunks, os.fstat(chunks.fileno()).st_size)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return Made(started[0], started[1], body, len(body))


def part_of(kept: Kept, start: int, end: int) -> bytes | Iterator[bytes]:
    """The bytes of a body from one place to another: at once if it is in memory as it is, else in pieces."""
    return kept.body[start:end] if kept.body is not None else in_pieces(kept, start, end)


def in_pieces(kept: Kept, start: int, end: int) -> Iterator[bytes]:
    """The bytes from one place to another of a body that is packed or in a file, which is closed at the end."""
    if kept.packed is not None:
        return unpacked(kept.packed, start, end)
    return _from_file(kept.file, start, end)  # type: ignore[arg-type]  # what is neither here nor packed is in a file


def _from_file(file: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < end and (chunk := file.read(min(PIECE, end - start))):
            start += len(chunk)
            yield chunk
