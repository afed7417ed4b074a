"""What the reading process does with a file once it has given its freedom away.

Places are read in two passes when the rows can be had twice: first only their ids and marks, then
those that the catalogue does not know as they are. Neither pass keeps rows.
"""

from array import array
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
from harvest.mapped.place_reading import PlaceReader
from harvest.mapped.placing import Placer, Repeats, nowhere
from harvest.mapped.reading import OpenFile
from harvest.mapped.records import Homeless, Listed, Place, Refused, Summary, Told, refused, short
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
        self._mark = marks.marker(frozenset(present), marks.salt(source, atlas))
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

    def run(self, wanted: Callable[[], bytes]) -> None:
        """Both passes; `wanted` gives, after the first, one bit for each row to read."""
        if not self._found.twice or self._first == "nothing":
            if self._first == "marks":
                frames.write(self._out, frames.LISTED, _json(Listed(0, 0, [])))
                wanted()
            for where, row in self._found.rows():
                self._broken()
                self._take(where, row)
            self._broken()
        else:
            only = self._first_pass(wanted)
            if only is None or any(only):
                self._second_pass(only)
        self._flush()
        if reason := self._reader.watch.drifted():
            raise Invalid(reason)
        said = self._found.summary()
        told = Told(said.read, said.notes, dict(self._placer.how), self._complete)
        frames.write(self._out, frames.END, _json(told))

    # ----------------------------------------------------------------------- ids and marks

    def _first_pass(self, wanted: Callable[[], bytes]) -> bytearray | None:
        """Tell the parent the id and the mark of each place; which rows are to be read then. None:
        all of them."""
        numbers, hashes, others = array("q"), array("q"), array("q")
        chosen, identifier, mark = self._reader.chosen, self._reader.identifier, self._mark
        line = office_lines.line
        lines: list[str] = []
        number = 0
        for number, (_, row) in enumerate(self._found.rows(), 1):
            if number % CHUNK == 0:
                self._lines(frames.MARKS, lines)
                self._broken()
            if not chosen(row):
                continue
            remote_id = identifier(row)
            if not remote_id or "\x00" in remote_id:
                others.append(number)
                continue
            numbers.append(number)
            hashes.append(hash(remote_id))
            if self._first != "marks":
                continue
            if remote_id.isalnum():
                lines.append(f"{number}\t{remote_id}\t{mark(row)}")
            else:
                lines.append(line(str(number), remote_id, mark(row)))
        self._lines(frames.MARKS, lines)
        self._broken()
        repeated = self._watch_repeats(numbers, hashes)
        if self._first != "marks":
            return None
        frames.write(self._out, frames.LISTED, _json(Listed(number, len(numbers), repeated)))
        only = bytearray(wanted())
        only.extend(bytes(number // 8 + 1 - len(only)))
        for one in (*others, *repeated):
            only[one >> 3] |= 1 << (one & 7)
        return only

    def _watch_repeats(self, numbers: "array[int]", hashes: "array[int]") -> list[int]:
        """Remember which ids may be given twice; the numbers of their rows."""
        every = np.frombuffer(hashes, dtype=np.int64) if hashes else np.empty(0, np.int64)
        ordered = np.sort(every)
        twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        watched = frozenset(twice.tolist())
        self._repeats = Repeats(lambda remote_id: hash(remote_id) in watched)
        if not watched:
            return []
        rows = np.frombuffer(numbers, dtype=np.int64)
        found: list[int] = rows[np.isin(every, twice)].tolist()
        return found

    # -------------------------------------------------------------------------- the rows

    def _second_pass(self, only: bytearray | None) -> None:
        for number, (where, row) in enumerate(self._found.rows_again(), 1):
            if only is None or only[number >> 3] & (1 << (number & 7)):
                self._take(where, row)
        if only is None or self._reader.watch.drifted() is None:
            return
        # Most of the rows that were read are broken in a field: are most of all rows?
        for number, (where, row) in enumerate(self._found.rows_again(), 1):
            if not only[number >> 3] & (1 << (number & 7)):
                self._reader.read(where, row)

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
