"""Communes: who answers for a code of any vintage, and which communes are like this one."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog.database.queries import query
from config.errors import Invalid, NotFound
from geo.cog import is_code

type Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Commune:
    """A current commune. `area_km2` and the point are None for the 8 without an outline."""

    number: int
    code: str
    name: str
    departement_code: str
    departement: str
    region_code: str
    region: str
    epci_code: str | None
    epci: str | None
    population: int | None
    siren: str | None
    postal_codes: list[str]
    timezone: str
    area_km2: float | None
    longitude: float | None
    latitude: float | None

    @property
    def density(self) -> float | None:
        """Inhabitants per km²; None when either is not known."""
        if self.population is None or not self.area_km2:
            return None
        return self.population / self.area_km2


@dataclass(frozen=True, slots=True)
class Resolved:
    """How a code leads to a commune.

    `kind` is current, merged, delegated, associated, district or sector; `name` is the asked
    place's own name; the dates are those of a merged code: the last vintage that had it, and the
    first that did not.
    """

    asked: str
    kind: str
    name: str
    commune: Commune
    last_seen: date | None = None
    gone_by: date | None = None


@dataclass(frozen=True, slots=True)
class Similar:
    """A commune like another one, and why: same EPCI, same département, or size and density."""

    code: str
    name: str
    number: int
    departement_code: str
    population: int
    reason: str  # epci | departement | size


async def resolve(aconn: Connection, code: str) -> Resolved:
    """The current commune that answers for a code of any vintage.

    Raises Invalid when it cannot be a code, NotFound when nobody answers for it.
    """
    asked = code.strip().upper()
    if not is_code(asked):
        raise Invalid(
            f"{code[:20]!r} is not the code of a commune: five characters such as 01001, 2A004 "
            "or 97411.",
            parameter="code",
        )
    cursor = await aconn.execute(query("catalog", "commune_resolve"), {"code": asked})
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"There is no commune with the code {asked}.", parameter="code")
    number, kind, name, last_seen, gone_by = row
    commune = await by_number(aconn, number)
    return Resolved(asked, kind, name or commune.name, commune, last_seen, gone_by)


async def by_number(aconn: Connection, number: int) -> Commune:
    """Raises NotFound."""
    async with aconn.cursor(row_factory=class_row(Commune)) as cursor:
        await cursor.execute(query("catalog", "commune_by_number"), {"number": number})
        commune = await cursor.fetchone()
    if commune is None:
        raise NotFound(f"There is no commune of number {number}.", parameter="number")
    return commune


async def similar(aconn: Connection, commune: Commune, limit: int = 6) -> list[Similar]:
    """Communes of about the same size, the nearest in institution first.

    Size is compared as a ratio (half to double). Those of the same EPCI come first, then those
    of the same département, then any commune of close size and density. Empty when the
    population is not known: there is nothing to compare.
    """
    if not commune.population:
        return []
    async with aconn.cursor(row_factory=class_row(Similar)) as cursor:
        await cursor.execute(
            query("catalog", "commune_similar"),
            {"number": commune.number, "limit": limit},
        )
        return await cursor.fetchall()
