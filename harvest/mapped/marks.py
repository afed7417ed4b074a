"""Recognising a row that was read before, without reading it again.

The mark of a row is a digest of the cells that its mapping reads, under a salt: of the mapping, of
the communes that rows are matched with and of the code that reads. So a row whose mark is known
says what it said, and whoever changes a rule of reading has nothing to remember.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from harvest.mapped.tables import Row
from harvest.source_files import SourceFile

SIZE = 16  # bytes of a mark
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


def marker(columns: Collection[str], salted: bytes) -> Callable[[Row], str]:
    """What gives the mark of a row that has these columns."""
    cells, digest = _getter(sorted(columns)), _digest(salted)
    return lambda row: digest(cells(row)).hex()


def cells_marker(
    columns: Collection[str], header: Sequence[str], salted: bytes
) -> Callable[[list[str]], bytes]:
    """The same, as bytes, of the bare cells of a row under that header."""
    cells, digest = _getter([header.index(name) for name in sorted(columns)]), _digest(salted)
    return lambda found: digest(cells(found))


def _getter(keys: Sequence[Any]) -> Callable[[Any], object]:
    return itemgetter(*keys) if keys else lambda row: ()


def _digest(salted: bytes) -> Callable[[object], bytes]:
    packed = msgspec.msgpack.Encoder().encode
    # A copy of what has heard the salt costs half of hearing it for each of a million rows.
    begun = hashlib.blake2b(salted, digest_size=SIZE)

    def digest(cells: object) -> bytes:
        made = begun.copy()
        made.update(packed(cells))
        return made.digest()

    return digest


class Known:
    """The marks that the catalogue holds of a source, to look rows up in: 20 bytes for each."""

    def __init__(self, marks: bytes) -> None:
        """`marks`: one after the other, in the order in which whoever asks counts them."""
        halves = np.frombuffer(marks, dtype="<u8").reshape(-1, 2)
        self._order = np.argsort(halves[:, 0], kind="stable").astype(np.int32)
        self._first = halves[:, 0][self._order]
        self._second = halves[:, 1][self._order]

    def __len__(self) -> int:
        return len(self._order)

    def find(self, marks: Sequence[bytes]) -> "np.ndarray[Any, np.dtype[np.int32]]":
        """The number of each mark, -1 for one that is not known. Of two that begin alike, which
        chance makes of one list in ten million, one may pass for unknown: it is read."""
        if not len(self):
            return np.full(len(marks), -1, np.int32)
        asked = np.frombuffer(b"".join(marks), dtype="<u8").reshape(-1, 2)
        at = np.minimum(np.searchsorted(self._first, asked[:, 0]), len(self) - 1)
        same = (self._first[at] == asked[:, 0]) & (self._second[at] == asked[:, 1])
        return np.where(same, self._order[at], np.int32(-1))
