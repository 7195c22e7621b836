"""The digest of what makes the answers."""

import hashlib
from functools import cache
from pathlib import Path


@cache
def build_digest() -> str:
    """The SHA-256 of the code, the templates and the styles that make answers. Another build may answer differently from the same
    seeds.
    """
    total = hashlib.sha256()
    root = Path(__file__).resolve().parent.parent.parent
    for folder in ("api", "schemas"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.parent.name != "__pycache__":
                total.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()
