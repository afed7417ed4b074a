"""Offices open to the public: the nearest ones, those of a commune, and whether they are open."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from catalog.database.asking import Asking, ask
from catalog.database.queries import query
from catalog.office_kinds import office_kinds
from catalog.referential import current
from config.errors import Invalid
from geo import opening_hours
from geo.opening_hours import Hours, OpenState

MOST = 100  # offices in one answer
# Candidates read at each attempt; the next attempt is made only when the answer is not yet sure.
# At night nothing is open: the last number bounds what that costs.
ATTEMPTS = (64, 256, 640)
# The first attempt when whatever is near will do. A degree of longitude is shorter than one of
# latitude, so the nearest by metres are not all the nearest by degrees: in France, up to half as
# many again.
FEW_MORE = 8
# Metres in one radian of arc, from below: the smallest radius of curvature of WGS 84.
LEAST_RADIUS = 6_335_439.0
# An office that is open on another continent helps nobody; neither does one a day's walk away.
FARTHEST_OPEN_M = 100_000.0
NEAR_ANTIMERIDIAN = 90.0  # degrees; beyond, the short way may cross the 180th meridian
KIND = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NearOffice:
    """An office as seen from somewhere at some instant. `distance_m` is on the ellipsoid; `far`:
    the published point lies more than 5 km outside the office's own commune, so do not trust it."""

    id: int
    kind: str
    name: str
    commune_code: str | None
    commune_name: str | None
    address: str | None
    email: str | None
    phone: str | None
    website: str | None
    hours: Hours | None
    state: OpenState
    accessibility: str | None
    accessibility_details: str | None
    lat: float | None
    lon: float | None
    distance_m: float
    source_id: str
    observed_at: datetime
    sources: tuple[str, ...] = ()  # every source that describes this place
    unlisted_since: datetime | None = None  # no source lists it any more; None: one does
    helps_with: tuple[str, ...] = ()  # in the source's own words
    far: bool = False  # its published point lies far outside its commune
    phone_withheld_since: datetime | None = None  # the commune wants its number hidden; None: not


async def nearby(
    aconn: psycopg.AsyncConnection[Any],
    lat: float,
    lon: float,
    kind: str | None,
    open_now: bool,
    at: datetime,
    limit: int,
) -> list[NearOffice]:
    """The nearest offices to a point (degrees, WGS 84), by distance; only the open ones if asked.

    Opening is decided in the office's own time zone at the instant `at`. An office whose hours
    are unknown is not "open now", and is never said to be closed. Open offices are looked for
    within 100 km, among the 640 nearest whose hours are known. Empty: none is open near, or there
    is no such kind.
    Raises Invalid naming the parameter.
    """
    if not (math.isfinite(lat) and -90 <= lat <= 90):
        raise Invalid("A latitude is between -90 and 90.", parameter="lat")
    if not (math.isfinite(lon) and -180 <= lon <= 180):
        raise Invalid("A longitude is between -180 and 180.", parameter="lon")
    if not 1 <= limit <= MOST:
        raise Invalid(f"A limit is between 1 and {MOST}.", parameter="limit")
    if kind is not None and not KIND.fullmatch(kind):
        raise Invalid("A kind of office looks like `mairie`.", parameter="kind")
    longitudes = [lon]
    if abs(lon) > NEAR_ANTIMERIDIAN:
        longitudes.append(lon - math.copysign(360.0, lon))
    found: list[NearOffice] = []
    few = 0 if open_now else 2 * limit + FEW_MORE
    for candidates in sorted({few or ATTEMPTS[0], *(one for one in ATTEMPTS if one > few)}):
        cursor = await aconn.execute(
            query("catalog", "office_nearest"),
            {
                "lat": lat, "lon": lon, "longitudes": longitudes, "kind": kind,
                "with_hours": open_now, "candidates": candidates,
                # Whether one is open is only known once it is read.
                "keep": candidates if open_now else limit,
            },
        )  # fmt: skip
        nearest = await cursor.fetchall()
        # Those beyond `sure` may have a nearer neighbour among the offices not read.
        complete = not nearest or nearest[0][3] < candidates
        sure = math.inf if complete else metres_at_least(lat, nearest[0][2])
        near = [{"id": row[0], "distance_m": row[1]} for row in nearest]
        async with aconn.cursor(row_factory=dict_row) as read:
            await read.execute(query("catalog", "office_read"), {"near": Jsonb(near)})
            rows = await read.fetchall()
        found = []
        for row in rows:
            if open_now and row["distance_m"] > FARTHEST_OPEN_M:
                return found
            if row["distance_m"] > sure and candidates != ATTEMPTS[-1]:
                break
            office = _office(row, at)
            if not open_now or office.state.kind == "open":
                found.append(office)
                if len(found) == limit:
                    return found
        if complete:
            break
    return found


async def kinds_held(aconn: psycopg.AsyncConnection[Any]) -> list[str]:
    """The kinds of office that the catalogue holds, in the order of display."""
    cursor = await aconn.execute(
        query("catalog", "office_kinds_held"), {"kinds": list(office_kinds())}
    )
    return [str(kind) for (kind,) in await cursor.fetchall()]


def metres_at_least(latitude: float, degrees: float) -> float:
    """A lower bound, in metres, of the distance of any point at `degrees` or more (planar).

    A degree of longitude shrinks with the cosine of the latitude, so it is counted at the
    latitude nearest to a pole that the circle reaches. A circle half-way to the pole gives about
    the best bound, and what is true outside a circle is true outside a larger one.
    """
    radius = min(degrees, (90.0 - abs(latitude)) / 2)
    # A chord is shorter than its arc: the sine keeps the bound below on long distances.
    chord = 2 * math.sin(math.radians(radius) / 2)
    return LEAST_RADIUS * chord * math.cos(math.radians(abs(latitude) + radius))


async def of_commune(
    aconn: psycopg.AsyncConnection[Any], number: int, at: datetime | None = None
) -> list[NearOffice]:
    """The offices of a commune at the instant `at` (None: now), the mairie first.

    Their distance is 0. Empty: none is known.
    """
    instant = at or datetime.now(UTC)
    return await ask(aconn, asking_of_commune(number, instant))


def asking_of_commune(number: int, at: datetime) -> Asking[list[NearOffice]]:
    """`of_commune`, to be asked with other questions."""
    return Asking(
        query("catalog", "office_of_commune"),
        {"number": number},
        lambda rows: [_office(row, at) for row in rows],
        dict_row,
    )


def _office(row: Mapping[str, Any], at: datetime) -> NearOffice:
    try:
        hours = opening_hours.from_json(row["hours"])
    except Invalid:
        # One unreadable week must not hide the nine other offices: it is an unknown week.
        hours = None
    # Hours are believed as long as the referential believes published hours, then unknown again.
    believed = timedelta(days=current().services["opening-hours"].valid_for_days)
    if at.tzinfo is not None and at - row["observed_at"] > believed:
        hours = None
    state = opening_hours.state(
        hours, row["timezone"], at, departement=row["departement_code"] or ""
    )
    return NearOffice(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        commune_code=row["commune_code"],
        commune_name=row["commune_name"],
        address=row["address"],
        email=row["email"],
        phone=row["phone"],
        website=row["website"],
        hours=hours,
        state=state,
        accessibility=row["accessibility"],
        accessibility_details=row["accessibility_details"],
        lat=row["lat"],
        lon=row["lon"],
        distance_m=row["distance_m"],
        source_id=row["source_id"],
        observed_at=row["observed_at"],
        sources=tuple(row["sources"]),
        unlisted_since=row["unlisted_since"],
        helps_with=tuple(row["helps_with"]),
        far=row["far"],
        phone_withheld_since=row["phone_withheld_since"],
    )
