"""The first reading of a list of places: which rows the catalogue knows as they are, and which ids
come twice. A row costs its cells, its mark and a look at the marks that are known; none is kept.
"""

from array import array
from collections.abc import Callable
from typing import Any

import numpy as np

from harvest.mapped.declared import PlacesMapping, Value
from harvest.mapped.marks import Known
from harvest.mapped.place_reading import PlaceReader
from harvest.mapped.reading import OpenFile
from harvest.mapped.tables import Cells

type Bits = np.ndarray[Any, np.dtype[np.bool_]]
type Mark = Callable[[list[str]], bytes]


class FirstPass:
    """What is remembered of each row that says which place it is: 16 bytes."""

    def __init__(self, found: OpenFile, reader: PlaceReader, mark: Mark, known: Known) -> None:
        assert isinstance(found.mapping, PlacesMapping)  # noqa: S101 a list of places
        self._mark = mark
        self._known = known
        self._id_of = _ids(found, reader, found.mapping.remote_id)
        self._rows = 0
        self._numbers = array("i")
        self._hashes = array("q")
        self._matched = array("i")
        self._others = array("i")  # rows that are ours and say not which place they are

    def take(self, block: list[Cells]) -> None:
        """The next rows of the file."""
        start = self._rows
        self._rows += len(block)
        ids = self._id_of(block)
        if all(ids) and "\x00" not in "".join(ids):  # type: ignore[arg-type]
            self._numbers.extend(range(start, self._rows))
        else:
            good = [k for k, one in enumerate(ids) if one and "\x00" not in one]
            self._numbers.extend(start + k for k in good)
            self._others.extend(
                start + k
                for k, one in enumerate(ids)
                if one is not None and (not one or "\x00" in one)
            )
            block, ids = [block[k] for k in good], [ids[k] for k in good]
        self._hashes.extend(map(hash, ids))
        if len(self._known) and block:
            mark = self._mark
            found = self._known.find([mark(cells) for _, cells in block])
            self._matched.frombytes(found.tobytes())

    def repeats(self) -> frozenset[int]:
        """The hashes of the ids that may be given twice."""
        return frozenset(self._twice().tolist())

    def result(self) -> tuple[Bits, Bits]:
        """Of the marks that are known: those that one row has. Of the rows: those to read."""
        hashes, numbers = _array(self._hashes, np.int64), _array(self._numbers, np.int32)
        matched = _array(self._matched, np.int32)
        if not len(matched):
            matched = np.full(len(numbers), -1, np.int32)
        # Which of the rows of one id is the place is told by reading them all.
        passed = (matched >= 0) & ~np.isin(hashes, self._twice())
        listed = np.zeros(len(self._known), np.bool_)
        listed[matched[passed]] = True
        wanted = np.zeros(self._rows, np.bool_)
        wanted[numbers[~passed]] = True
        wanted[_array(self._others, np.int32)] = True
        return listed, wanted

    def _twice(self) -> "np.ndarray[Any, np.dtype[np.int64]]":
        ordered = np.sort(_array(self._hashes, np.int64))
        return np.unique(ordered[1:][ordered[1:] == ordered[:-1]])


def _array(values: "array[int]", kind: type[Any]) -> "np.ndarray[Any, Any]":
    return np.frombuffer(values, dtype=kind) if values else np.empty(0, kind)


def _ids(
    found: OpenFile, reader: PlaceReader, said: Value
) -> Callable[[list[Cells]], list[str | None]]:
    """What gives the id of each of some rows; None for one that is not ours."""
    if reader.chooses or said != Value(column=said.column) or said.column is None:
        chosen, identifier, row = reader.chosen, reader.identifier, found.row

        def by_row(block: list[Cells]) -> list[str | None]:
            rows = (row(cells) for _, cells in block)
            return [identifier(one) if chosen(one) else None for one in rows]

        return by_row
    at = found.opened.columns.index(said.column)
    return lambda block: [cells[at].strip() for _, cells in block]
