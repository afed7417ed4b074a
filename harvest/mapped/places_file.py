"""The kind `places-file`: any file whose rows are offices, by the mapping of its source file."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import asin, cos, radians, sin, sqrt
from pathlib import Path

from catalog.ingest import OfficeRow, Rejection
from geo import french_crs
from geo.cog import departement_of, timezone_of
from harvest import journal, office_runs
from harvest.apply import Context, Said
from harvest.journal import RunReport
from harvest.mapped import communes, sandbox
from harvest.mapped.communes import Gazetteer, Match
from harvest.mapped.records import Place, Record, Refused, records
from harvest.office_runs import OfficesSaid
from harvest.source_files import Release, SourceFile

FAR_KM = 100.0  # from the middle of its commune: the largest, in Guyane, are 150 km across


def parse(source: SourceFile, release: Release, file: Path) -> sandbox.Output:
    """The records of a file, left in a file beside the raw ones."""
    return sandbox.read(source, file, file.parents[1])


def apply(context: Context, output: sandbox.Output) -> RunReport:
    """Find each place's commune, then hand all of them to the catalogue."""
    context.numbers()  # refuses before the territory was read
    evidence_id = context.evidence()
    gazetteer = communes.gazetteer(context.conn)
    try:
        # Before the offices are copied: the connection can do one thing at a time.
        first = _first_look(gazetteer, output.file)
        points = communes.by_points(context.conn, first.homeless)
        sieve = _Sieve(gazetteer, points)
        said = office_runs.offer(
            context,
            evidence_id,
            sieve.offices(records(output.file)),
            unread=sieve.unread,
            complete=first.complete,
        )
    finally:
        output.file.unlink(missing_ok=True)
    context.reject(sieve.rejections)
    rejected = len(sieve.rejections) + len(said.rejections)
    return finish(context, output, sieve.how, said.counts(), rejected, said)


@dataclass(slots=True)
class _FirstLook:
    """What must be known of all the records before the first one is handed over."""

    homeless: dict[str, tuple[float, float]] = field(default_factory=dict)
    complete: bool = True  # every row could be read so far that it says which place it is


def _first_look(gazetteer: Gazetteer, file: Path) -> _FirstLook:
    """The points of the places that say no sure commune (outlines may tell), and whether some
    row is lost: then nobody knows which places the list no longer holds."""
    look = _FirstLook()
    for record in records(file):
        if isinstance(record, Refused):
            look.complete = look.complete and record.field not in ("row", "remote_id")
        elif (
            isinstance(record, Place)
            and record.point is not None
            and -180 <= record.point[0] <= 180
            and -90 <= record.point[1] <= 90
            and not isinstance(gazetteer.match(record.said), Match)
        ):
            look.homeless[record.remote_id] = record.point
    return look


def finish(
    context: Context,
    output: sandbox.Output,
    how: Counter[str],
    counts: dict[str, int],
    rejected: int,
    said: Said | OfficesSaid,
) -> RunReport:
    """The report of a file, and what was noticed of it in the journal."""
    for note in output.summary.notes:
        journal.event(context.conn, context.run_id, "warning", note)
    if matched := communes.explained(how):
        journal.event(context.conn, context.run_id, "info", matched)
    total = {"read": output.summary.read, "valid": sum(how.values()), **counts}
    total |= {
        f"by_{name.replace('-', '_')}": n for name, n in sorted(how.items()) if name != "code"
    }
    total["rejected"] = rejected
    message = "; ".join(filter(None, (said.message, *output.summary.notes)))
    return context.report(said.held, total, message, said.details)


class _Sieve:
    """Offices out of records, without asking the database anything."""

    def __init__(self, gazetteer: Gazetteer, points: Mapping[str, Match]) -> None:
        self.gazetteer = gazetteer
        self.points = points
        self.how: Counter[str] = Counter()
        self.rejections: list[Rejection] = []
        self.unread: set[str] = set()  # ids that are listed, though not published: not lost
        self._listed: dict[str, str] = {}

    def offices(self, found: Iterable[Record]) -> Iterator[OfficeRow]:
        """The offices that can be published; the others are in `rejections` at the end."""
        for record in found:
            if isinstance(record, Refused):
                self.rejections.append(record.rejection)
                self.unread.add(record.remote_id)
            elif isinstance(record, Place):
                match = self._match(record)
                if match is not None:
                    yield self._office(record, match)

    def _match(self, place: Place) -> Match | None:
        first = self._listed.setdefault(place.remote_id, place.row)
        if first != place.row:
            self._reject(place, "remote_id", f"the same id as {first}", place.name)
            return None
        match = self.gazetteer.match(place.said)
        if isinstance(match, Match):
            return match
        if place.remote_id in self.points:
            return self.points[place.remote_id]
        nowhere = "" if place.point is None else ", and its point is in no commune"
        self._reject(place, "commune", match + nowhere, _said(place))
        self.unread.add(place.remote_id)
        return None

    def _office(self, place: Place, match: Match) -> OfficeRow:
        self.how[match.how] += 1
        return OfficeRow(
            remote_id=place.remote_id,
            kind=place.kind,
            name=place.name,
            commune_code=match.code,
            address=place.address,
            email=place.email,
            phone=place.phone,
            website=place.website,
            hours=place.hours,
            accessibility=place.accessibility,
            accessibility_details=place.accessibility_details,
            timezone=timezone_of(match.code),
            point=self._point(place, match),
            siret=place.siret,
            identifiers=place.identifiers,
            helps_with=tuple(place.helps_with),
        )

    def _point(self, place: Place, match: Match) -> tuple[float, float] | None:
        """The point, unless it cannot be where it says: the office is kept without it."""
        if place.point is None:
            return None
        longitude, latitude = place.point
        reason: str | None = french_crs.fault(longitude, latitude, departement_of(match.code))
        centre = self.gazetteer.communes[match.code].centre
        if reason is None and centre is not None:
            away = kilometres(place.point, centre)
            if away > FAR_KM:
                reason = f"{away:.0f} km from the middle of {match.code}"
        if reason is None:
            return place.point
        words = WORDS.get(reason, reason)
        self._reject(place, "point", words, f"{longitude} {latitude}")
        return None

    def _reject(self, place: Place, name: str, reason: str, value: str) -> None:
        self.rejections.append(Rejection(place.remote_id, name, reason, value[:500]))


WORDS = {
    "swapped": "probably swapped: latitude and longitude fit the other way round",
    "lambert-93": "probably Lambert-93 metres, said to be degrees",
    "not-finite": "not a finite number",
    "out-of-range": "no degrees: beyond 180 or 90",
    "elsewhere": "not in its territory",
}


def _said(place: Place) -> str:
    said = place.said
    return " ".join(filter(None, (said.code, said.postcode, said.name, said.departement)))


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """On the sphere: a check of plausibility, not a distance that is shown."""
    (lon1, lat1), (lon2, lat2) = one, other
    a = sin(radians(lat2 - lat1) / 2) ** 2
    b = cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    return 12742.0 * asin(min(1.0, sqrt(a + b)))
