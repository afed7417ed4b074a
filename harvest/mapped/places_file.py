"""The kind `places-file`: any file whose rows are offices, by the mapping of its source file.

The rows are read in the sandbox and pass through here as lines, which the database compares; this
process never holds more of them than one piece.
"""

from array import array
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import msgspec
import psycopg

from catalog import office_lines, office_lists, office_marks
from catalog.office_lists import FirstList, OfficeList
from harvest import journal, office_runs
from harvest.apply import Context, Said
from harvest.journal import RunReport
from harvest.mapped import communes, frames, sandbox
from harvest.mapped.communes import Atlas, Gazetteer
from harvest.mapped.placing import Placer, nowhere
from harvest.mapped.records import Homeless, Refused, Told
from harvest.mapped.sandbox import Reader
from harvest.mapped.sandboxed import First
from harvest.office_runs import OfficesSaid
from harvest.source_files import Release, SourceFile


def parse(source: SourceFile, release: Release, file: Path) -> Path:
    """The file itself: it is read while its rows are written, and never kept as a whole."""
    return file


def apply(context: Context, file: Path) -> RunReport:
    """Read the places, find the commune of each, and bring the catalogue to what they say."""
    context.numbers()  # refuses before the territory was read
    conn, source = context.conn, context.source
    evidence_id = context.evidence()
    atlas = communes.atlas(conn)
    read = partial(
        sandbox.reader, "places", source, file, context.settings.paths.raw,
        atlas=msgspec.json.encode(atlas),
    )  # fmt: skip
    if not office_lists.holds(conn, source.id):
        return _first_list(context, evidence_id, atlas, read)
    with read(first="marks") as reader:
        listing = OfficeList(conn, source.id)
        heard = _Heard(context, atlas, listing)
        passed = heard.known(reader, listing)
        heard.all(reader)
    said = office_runs.settled(
        context, evidence_id, listing, passed,
        complete=reader.told.complete, same_ground=passed > 0,
    )  # fmt: skip
    how = heard.how + Counter(reader.told.how) + Counter(code=passed)
    return finish(context, reader.told, how, said.counts(), heard.rejected, said)


def _first_list(
    context: Context,
    evidence_id: int,
    atlas: Atlas,
    read: Callable[..., AbstractContextManager[Reader]],
) -> RunReport:
    """Copy the places where they will live. A list that repeats an id is found out by the
    database, and read again with that known: few do."""
    conn = context.conn
    first: First = "nothing"
    while True:
        written = FirstList(conn, context.source.id, evidence_id, context.observed_at)
        heard = _Heard(context, atlas, written)
        try:
            with read(first=first) as reader, conn.transaction(), written.loading():
                heard.all(reader)
            break
        except psycopg.errors.UniqueViolation:
            if first == "ids":
                raise
            first = "ids"
    said = office_runs.settled_first(context, written.written)
    how = heard.how + Counter(reader.told.how)
    return finish(context, reader.told, how, said.counts(), heard.rejected, said)


class _Heard:
    """What the reading process finds, written as it comes."""

    def __init__(self, context: Context, atlas: Atlas, target: FirstList | OfficeList) -> None:
        self.how: Counter[str] = Counter()
        self.rejected = 0
        self._context = context
        self._atlas = atlas
        self._target = target

    def known(self, reader: Reader, listing: OfficeList) -> int:
        """The first pass: tell the reading process which rows it need not read. How many it has
        found to be known as they are."""
        ids = array("q")
        for some, marks in office_marks.known(self._context.conn, self._context.source.id):
            ids.frombytes(some)
            reader.say(frames.KNOWN, marks)
        reader.say(frames.KNOWN, b"")
        bits = b""
        for kind, piece in reader.pieces(frames.LISTED):
            match kind:
                case frames.REFUSED:
                    self._reject(msgspec.json.decode(piece, type=list[Refused]))
                case frames.LISTED:
                    bits = piece
        return listing.recognised(ids, bits)

    def all(self, reader: Reader) -> None:
        """Everything that comes after, to the end."""
        offices = b""
        for kind, piece in reader.pieces():
            match kind:
                case frames.OFFICES:
                    offices = piece
                case frames.VERSIONS:
                    self._target.offer(offices, piece)
                case frames.REFUSED:
                    self._reject(msgspec.json.decode(piece, type=list[Refused]))
                case frames.UNREAD:
                    self._target.unread(msgspec.json.decode(piece, type=list[str]))
                case frames.HOMELESS:
                    self._find(msgspec.json.decode(piece, type=list[Homeless]))

    def _reject(self, some: list[Refused]) -> None:
        self.rejected += len(some)
        self._context.reject(one.rejection for one in some)

    def _find(self, homeless: list[Homeless]) -> None:
        """The communes in whose outlines these places lie."""
        points = {one.place.remote_id: one.place.point for one in homeless if one.place.point}
        found = communes.by_points(self._context.conn, points)
        placer = Placer(Gazetteer(self._atlas))
        refused: list[Refused] = []
        offices: list[str] = []
        versions: list[str] = []
        for one in homeless:
            match = found.get(one.place.remote_id)
            if match is None:
                refused.append(nowhere(one.place, one.reason))
                continue
            office = placer.office(one.place, match)
            refused += placer.refused
            commune = placer.gazetteer.communes[match.code]
            name = office_lines.name_of(office, commune.name)
            offices.append(
                office_lines.office(office, commune.number, name, office.fingerprint, None)
            )
            versions.append(office_lines.version(office, name))
        if offices:
            self._target.offer("\n".join(offices).encode(), "\n".join(versions).encode())
        self.how.update(placer.how)
        self._reject(refused)
        self._target.unread(
            one.place.remote_id for one in homeless if one.place.remote_id not in found
        )


def finish(
    context: Context,
    told: Told,
    how: Counter[str],
    counts: dict[str, int],
    rejected: int,
    said: Said | OfficesSaid,
) -> RunReport:
    """The report of a file, and what was noticed of it in the journal."""
    for note in told.notes:
        journal.event(context.conn, context.run_id, "warning", note)
    if matched := communes.explained(how):
        journal.event(context.conn, context.run_id, "info", matched)
    total = {"read": told.read, "valid": how.total(), **counts}
    total |= {
        f"by_{name.replace('-', '_')}": n for name, n in sorted(how.items()) if name != "code"
    }
    total["rejected"] = rejected
    message = "; ".join(filter(None, (said.message, *told.notes)))
    return context.report(said.held, total, message, said.details)
