"""Offices open to the public: the nearest ones, those of a commune, and whether they are open."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from catalog.database.queries import query
from config.errors import Invalid
from geo import opening_hours
from geo.opening_hours import Hours, OpenState

BATCH = 50  # candidates read at once, nearest first
FARTHEST_BATCHES = 12  # 600 offices looked at before saying that nothing near is open


@dataclass(frozen=True, slots=True)
class NearOffice:
    """An office as seen from somewhere at some instant. `distance_m` is on the ellipsoid."""

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


async def nearby(
    aconn: psycopg.AsyncConnection[Any],
    lat: float,
    lon: float,
    kind: str | None,
    open_now: bool,
    at: datetime,
    limit: int,
) -> list[NearOffice]:
    """The nearest offices to a point (degrees), by distance; only the open ones if asked.

    Opening is decided in the office's own time zone at the instant `at`. An office whose hours
    are unknown is not "open now", and is never said to be closed. Empty: none (open) is near.
    """
    if not (math.isfinite(lat) and -90 <= lat <= 90):
        raise Invalid("A latitude is between -90 and 90.", parameter="lat")
    if not (math.isfinite(lon) and -180 <= lon <= 180):
        raise Invalid("A longitude is between -180 and 180.", parameter="lon")
    found: list[NearOffice] = []
    size = BATCH if open_now else limit
    for batch in range(FARTHEST_BATCHES if open_now else 1):
        async with aconn.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(
                query("catalog", "office_nearby"),
                {"lat": lat, "lon": lon, "kind": kind, "limit": size, "offset": batch * BATCH},
            )
            rows = await cursor.fetchall()
        offices = (_office(row, at) for row in rows)
        found.extend(one for one in offices if not open_now or one.state.kind == "open")
        if len(found) >= limit or len(rows) < size:
            break
    return sorted(found, key=lambda one: (one.distance_m, one.id))[:limit]


async def of_commune(
    aconn: psycopg.AsyncConnection[Any], number: int, at: datetime
) -> list[NearOffice]:
    """The offices of a commune, the mairie first; their distance is 0. Empty: none is known."""
    async with aconn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query("catalog", "office_of_commune"), {"number": number})
        return [_office(row, at) for row in await cursor.fetchall()]


def _office(row: Mapping[str, Any], at: datetime) -> NearOffice:
    hours = opening_hours.from_json(row["hours"])
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
    )
