"""Reading a folder of seeds: which files there are, the plain values in them, and the line of each value.

YAML scalars stay text (the schema decides types, so ``no`` is a word and ``1.10`` keeps its zero); a repeated key, a merge key, a tag,
an anchor or an alias is a fault.
"""

from api.loader.read.files import SHARED, Chunk, SeedFile, chunks, digest, find
from api.loader.read.locate import fault_at
from api.loader.read.values import mapping, records

__all__ = ["SHARED", "Chunk", "SeedFile", "chunks", "digest", "fault_at", "find", "mapping", "records"]
