"""Recognising a row that was read before, without reading it again.

The mark of a row is a digest of the cells that its mapping reads, under a salt: of the mapping, of
the communes that rows are matched with and of the code that reads. So a row whose mark is known
says what it said, and whoever changes a rule of reading has nothing to remember.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from operator import itemgetter
from pathlib import Path

import msgspec

from harvest.mapped.tables import Row
from harvest.source_files import SourceFile

ROOT = Path(__file__).resolve().parents[2]
RULES = (
    "harvest/mapped/*.py", "harvest/contacts.py", "geo/*.py", "catalog/ingest.py",
    "catalog/naming.py", "catalog/office_kinds.*", "catalog/office_lines.py",
)  # fmt: skip


@cache
def rules() -> bytes:
    """A digest of everything that decides how a row is read."""
    digest = hashlib.blake2b(digest_size=32)
    for pattern in RULES:
        for file in sorted(ROOT.glob(pattern)):
            digest.update(file.read_bytes())
    return digest.digest()


def salt(source: SourceFile, atlas: bytes) -> bytes:
    """What the marks of a source depend on beside its rows."""
    digest = hashlib.blake2b(rules(), digest_size=32)
    for part in (source.file, source.places):
        digest.update(b"" if part is None else part.model_dump_json().encode())
    digest.update(atlas)
    return digest.digest()


def marker(columns: frozenset[str], salted: bytes) -> Callable[[Row], str]:
    """What gives the mark of a row that has these columns."""
    names = sorted(columns)
    cells: Callable[[Row], object] = itemgetter(*names) if names else lambda row: ()
    packed = msgspec.msgpack.Encoder().encode
    digest = hashlib.blake2b

    def mark(row: Row) -> str:
        return digest(packed(cells(row)), digest_size=16, key=salted).hexdigest()

    return mark
