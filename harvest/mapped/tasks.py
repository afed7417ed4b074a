"""What the reading process does with a file once it has given its freedom away.

Places are read in two passes when the rows can be had twice: first for their ids and marks, then
those that the catalogue does not know as they are. Neither pass keeps rows.
"""

from collections.abc import Callable
from itertools import batched
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from catalog import office_lines
from config.errors import Invalid
from harvest.mapped import frames, marks, reading
from harvest.mapped.communes import Atlas, Gazetteer, Match
from harvest.mapped.declared import PlacesMapping
from harvest.mapped.fact_sieve import FactSieve
from harvest.mapped.first_pass import Bits, FirstPass
from harvest.mapped.place_reading import PlaceReader
from harvest.mapped.placing import Placer, Repeats, nowhere
from harvest.mapped.reading import OpenFile
from harvest.mapped.records import Homeless, Place, Refused, Summary, Told, refused, short
from harvest.mapped.sandboxed import First
from harvest.mapped.tables import Row
from harvest.source_files import SourceFile

CHUNK = 4096  # rows of one piece
_json = msgspec.json.encode


def records(source: SourceFile, file: Path, work: Path, out: BinaryIO) -> None:
    """Hand over what each row says, before anything is asked about communes."""
    for some in batched(reading.read(source, file, work), CHUNK):
        frames.write(
            out, frames.RECORDS, _json([one for one in some if not isinstance(one, Summary)])
        )
        for one in some:
            if isinstance(one, Summary):
                frames.write(out, frames.END, _json(Told(one.read, one.notes, {}, True)))


def facts(source: SourceFile, file: Path, work: Path, atlas: bytes, out: BinaryIO) -> None:
    """Hand over what the rows say of communes, once for each commune."""
    sieve = FactSieve(Gazetteer(msgspec.json.decode(atlas, type=Atlas)))
    said: Summary | None = None
    for one in reading.read(source, file, work):
        if isinstance(one, Summary):
            said = one
            continue
        sieve.take(one)
        if len(sieve.refused) >= CHUNK:
            frames.write(out, frames.REFUSED, _json(sieve.refused))
            sieve.refused.clear()
    assert said is not None  # noqa: S101 it is the last of what is read
    for kind, found in (
        (frames.REFUSED, sieve.refused), (frames.FACTS, sieve.facts()),
        (frames.AREAS, sieve.areas()),
    ):  # fmt: skip
        for some in batched(found, CHUNK):
            frames.write(out, kind, _json(some))
    frames.write(out, frames.END, _json(Told(said.read, said.notes, dict(sieve.how), True)))


class Places:
    """The places of one file, found and handed over."""

    def __init__(
        self, source: SourceFile, file: Path, work: Path, atlas: bytes, first: First, out: BinaryIO
    ) -> None:
        self._found = OpenFile(source, file, work)
        mapping = self._found.mapping
        assert isinstance(mapping, PlacesMapping)  # noqa: S101 the parent chose this task
        self._reader = PlaceReader(self._found.form, mapping)
        self._placer = Placer(Gazetteer(msgspec.json.decode(atlas, type=Atlas)))
        present = mapping.used & set(self._found.opened.columns)
        salt = marks.salt(source, atlas)
        self._mark = marks.marker(present, salt)
        self._cells_mark = marks.cells_marker(present, self._found.opened.columns, salt)
        self._first = first
        # Where nothing is said first of a file that can be read twice, the database finds repeats.
        self._repeats = Repeats(lambda _: first != "nothing" or not self._found.twice)
        self._out = out
        self._complete = True
        self._refused: list[Refused] = []
        self._unread: list[str] = []
        self._offices: list[str] = []
        self._versions: list[str] = []
        self._homeless: list[Homeless] = []

    def run(self, marked: bytes = b"") -> None:
        """Both passes; `marked` are the marks that the catalogue holds of this source."""
        if not self._found.twice or self._first == "nothing":
            if self._first == "marks":  # it is known when it is read
                frames.write(self._out, frames.LISTED, bytes(-(-len(marked) // marks.SIZE // 8)))
            broken = self._found.opened.refused
            for where, row in self._found.rows():
                if broken:
                    self._broken()
                self._take(where, row)
            self._broken()
        else:
            only = self._first_pass(marks.Known(marked))
            if only is None or only.any():
                self._second_pass(only)
        self._flush()
        if reason := self._reader.watch.drifted():
            raise Invalid(reason)
        said = self._found.summary()
        told = Told(said.read, said.notes, dict(self._placer.how), self._complete)
        frames.write(self._out, frames.END, _json(told))

    # ------------------------------------------------------------- which rows are to be read

    def _first_pass(self, known: marks.Known) -> Bits | None:
        """Tell the parent which places are known as they are; which rows are to be read then.
        None: all of them."""
        first = FirstPass(self._found, self._reader, self._cells_mark, known)
        for block in self._found.blocks():
            first.take(block)
            self._broken()
        self._broken()
        twice = first.repeats()
        self._repeats = Repeats(lambda remote_id: hash(remote_id) in twice)
        if self._first != "marks":
            return None
        listed, wanted = first.result()
        frames.write(self._out, frames.LISTED, np.packbits(listed).tobytes())
        return wanted

    # -------------------------------------------------------------------------- the rows

    def _second_pass(self, only: Bits | None) -> None:
        self._each(only, self._take)
        if only is None or self._reader.watch.drifted() is None:
            return
        # Most of the rows that were read are broken in a field: are most of all rows?
        self._each(~only, self._reader.read)

    def _each(self, only: Bits | None, take: Callable[[str, Row], object]) -> None:
        """Give the rows that are wanted (None: all of them), with their names for people."""
        start = 0
        for block in self._found.blocks_again():
            if only is not None:
                here = np.flatnonzero(only[start : start + len(block)])
                start += len(block)
                block = [block[k] for k in here.tolist()]
            for number, cells in block:
                take(f"line {number}", self._found.row(cells))

    def _broken(self) -> None:
        for one in self._found.refused():
            self._complete = False
            self._refused.append(one)
        if len(self._refused) >= CHUNK:
            self._list(frames.REFUSED, self._refused)

    def _take(self, where: str, row: Row) -> None:
        reader = self._reader
        try:
            place = reader.read(where, row)
        except Invalid as error:
            self._complete = False
            self._refused.append(refused(where, "row", str(error), short(row)))
            return
        if reader.refused:
            self._refused += reader.refused
            self._unread.append(reader.remote_id)
            self._complete = self._complete and all(
                one.field != "remote_id" for one in reader.refused
            )
        if place is not None:
            self._place(place, row)
        if len(self._offices) >= CHUNK or len(self._refused) >= CHUNK:
            self._flush()

    def _place(self, place: Place, row: Row) -> None:
        if (again := self._repeats.refused(place)) is not None:
            self._refused.append(again)
            return
        match = self._placer.gazetteer.match(place.said)
        if not isinstance(match, Match):
            if place.point and -180 <= place.point[0] <= 180 and -90 <= place.point[1] <= 90:
                self._homeless.append(Homeless(place, match))
            else:
                self._refused.append(nowhere(place, match))
                self._unread.append(place.remote_id)
            return
        office = self._placer.office(place, match)
        self._refused += self._placer.refused
        commune = self._placer.gazetteer.communes[match.code]
        # Marked are rows of which everything was believed: the others are listed each time.
        clean = match.how == "code" and not (self._reader.refused or self._placer.refused)
        name = office_lines.name_of(office, commune.name)
        read_as = self._mark(row) if clean and self._found.twice else None
        self._offices.append(
            office_lines.office(office, commune.number, name, office.fingerprint, read_as)
        )
        self._versions.append(office_lines.version(office, name))

    # ------------------------------------------------------------------------- handing over

    def _flush(self) -> None:
        self._lines(frames.OFFICES, self._offices)
        self._lines(frames.VERSIONS, self._versions)
        self._list(frames.HOMELESS, self._homeless)
        self._list(frames.REFUSED, self._refused)
        self._list(frames.UNREAD, self._unread)

    def _lines(self, kind: bytes, lines: list[str]) -> None:
        if lines:
            frames.write(self._out, kind, "\n".join(lines).encode())
            lines.clear()

    def _list[T](self, kind: bytes, some: list[T]) -> None:
        if some:
            frames.write(self._out, kind, _json(some))
            some.clear()
