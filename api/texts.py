"""The texts of the sources, if this machine has them: normalised, so that a selector means the same everywhere."""

import hashlib
import unicodedata
from functools import lru_cache
from pathlib import Path


def normalise(text: str) -> str:
    r"""Unicode NFC, line ends as ``\n``; nothing else changed."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def digest(passage: str) -> str:
    """The first 16 hexadecimal digits of a passage's SHA-256."""
    return sha256(passage)[:16]


def sha256(text: str) -> str:
    """The SHA-256 of a text as UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=8)
def by_sha256(folder: Path) -> dict[str, str]:
    """The normalised texts of a folder by their SHA-256: a source is identified by content, not by file name."""
    texts = {}
    for path in sorted(folder.glob("*.txt")):
        text = normalise(path.read_text(encoding="utf-8"))
        texts[sha256(text)] = text
    return texts
