"""What a request asks of a representation: its coding, whether it is newer, a part of it (RFC 9110)."""

import gzip
import io
import re
from collections.abc import Iterator
from typing import IO

import brotli
import zstandard

from api.memoize import memoized

CODINGS = ("zstd", "br", "gzip")
PACKED = ("zstd",)  # the coding that a large answer is kept in
PIECE = 256 * 2**10  # bytes
_LEVEL = 6  # of zstd


_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


@memoized(256)
def coding_for(accepted: str, among: tuple[str, ...] = CODINGS) -> str | None:
    """The best of some codings that the client accepts; None for no coding, which need not be listed (RFC 9110, §12.5.3)."""
    if not accepted:
        return None
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameter = part.strip().partition(";")
        try:
            weights[name.strip()] = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            weights[name.strip()] = 0.0
    best = max(among, key=lambda name: (weights.get(name, weights.get("*", 0.0)), -among.index(name)))
    return best if weights.get(best, weights.get("*", 0.0)) > 0 else None


def encode(coding: str, body: bytes) -> bytes:
    """A body in a coding."""
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=_LEVEL).compress(body)
    if coding == "br":
        return bytes(brotli.compress(body, quality=5))
    return gzip.compress(body, compresslevel=6, mtime=0)


def pack(body: bytes | IO[bytes], length: int) -> bytes:
    """A large body as it is kept, compressed; a file is read from its beginning, in pieces."""
    if isinstance(body, bytes):
        return encode("zstd", body)
    packed = io.BytesIO()
    body.seek(0)
    zstandard.ZstdCompressor(level=_LEVEL).copy_stream(body, packed, size=length)
    return packed.getvalue()


def unpacked(packed: bytes, start: int, end: int) -> Iterator[bytes]:
    """A part of what was packed, in pieces."""
    begin = 0
    for piece in zstandard.ZstdDecompressor().read_to_iter(packed, write_size=PIECE):
        part = piece[max(0, start - begin) : max(0, end - begin)]
        begin += len(piece)
        if part:
            yield part
        if begin >= end:
            return


def matches(header: str | None, tag: str) -> bool:
    """Whether If-None-Match names the representation (weak comparison, RFC 9110 §13.1.2)."""
    if not header or header == tag:
        return bool(header)
    return header.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in header.split(","))


def span_of(header: str, length: int) -> tuple[int, int] | None:
    """The half-open span of a single byte range; None where the header is to be ignored (RFC 9110 §14.2)."""
    match = _RANGE.fullmatch(header.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        return max(0, length - int(match[2])), length if int(match[2]) else 0
    start = int(match[1])
    end = min(int(match[2]) + 1, length) if match[2] else length
    if match[2] and int(match[2]) < start:
        return None
    return (start, end) if start < length else (length, length)
