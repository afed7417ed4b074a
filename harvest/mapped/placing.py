"""From a place that a row says to an office of a commune, or the reason why there is none."""

from collections import Counter
from collections.abc import Callable
from functools import cache
from math import asin, cos, radians, sin, sqrt

from catalog.office_lines import Placed
from geo import french_crs
from geo.cog import departement_of, timezone_of
from harvest.mapped.communes import Gazetteer, Match
from harvest.mapped.records import Place, Refused, refused

FAR_KM = 100.0  # from the middle of its commune: the largest, in Guyane, are 150 km across
NEAR_DEGREES = 0.89  # of longitude and latitude together: 99 km at most, wherever it is
WORDS = {
    "swapped": "probably swapped: latitude and longitude fit the other way round",
    "lambert-93": "probably Lambert-93 metres, said to be degrees",
    "not-finite": "not a finite number",
    "out-of-range": "no degrees: beyond 180 or 90",
    "elsewhere": "not in its territory",
}


class Placer:
    """Finds the commune of each place. `refused` holds what of the last one is not believed, and
    `how` counts how the communes were found."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self.how: Counter[str] = Counter()
        self.refused: list[Refused] = []
        self._there = cache(self._ground)

    def _ground(self, code: str) -> tuple[str, str, tuple[float, float] | None]:
        """What each office of a commune shares: its clock, its département, its middle."""
        return timezone_of(code), departement_of(code), self.gazetteer.communes[code].centre

    def office(self, place: Place, match: Match) -> Placed:
        """The office that a place is, in its commune."""
        self.refused = []
        self.how[match.how] += 1
        timezone, departement, centre = self._there(match.code)
        return Placed(
            place.remote_id,
            place.kind,
            place.name,
            match.code,
            place.address,
            place.email,
            place.phone,
            place.website,
            place.hours,
            place.accessibility,
            place.accessibility_details,
            timezone,
            place.point and self._point(place, place.point, match.code, departement, centre),
            place.siret,
            place.identifiers,
            place.helps_with,
        )

    def _point(
        self,
        place: Place,
        point: tuple[float, float],
        code: str,
        departement: str,
        centre: tuple[float, float] | None,
    ) -> tuple[float, float] | None:
        """The point, unless it cannot be where it says: the office is kept without it."""
        longitude, latitude = point
        reason: str | None = french_crs.fault(longitude, latitude, departement)
        # Most points are so near that the way along two sides is short enough.
        if (
            reason is None
            and centre is not None
            and abs(longitude - centre[0]) + abs(latitude - centre[1]) > NEAR_DEGREES
        ):
            away = kilometres(point, centre)
            if away > FAR_KM:
                reason = f"{away:.0f} km from the middle of {code}"
        if reason is None:
            return point
        words = WORDS.get(reason, reason)
        self.refused.append(refused(place.remote_id, "point", words, f"{longitude} {latitude}"))
        return None


def nowhere(place: Place, reason: str) -> Refused:
    """A place whose commune is not known, for the list of what was left out."""
    at_sea = "" if place.point is None else ", and its point is in no commune"
    said = place.said
    written = " ".join(filter(None, (said.code, said.postcode, said.name, said.departement)))
    return refused(place.remote_id, "commune", reason + at_sea, written)


class Repeats:
    """Ids that a list gives twice: the first row is read, the others are refused."""

    def __init__(self, watched: Callable[[str], bool]) -> None:
        self._watched = watched
        self._first: dict[str, str] = {}

    def refused(self, place: Place) -> Refused | None:
        """Why a place is not read; None: it is the first of its id."""
        if not self._watched(place.remote_id):
            return None
        first = self._first.setdefault(place.remote_id, place.row)
        if first == place.row:
            return None
        return refused(place.remote_id, "remote_id", f"the same id as {first}", place.name)


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """On the sphere: a check of plausibility, not a distance that is shown."""
    (lon1, lat1), (lon2, lat2) = one, other
    a = sin(radians(lat2 - lat1) / 2) ** 2
    b = cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    return 12742.0 * asin(min(1.0, sqrt(a + b)))
