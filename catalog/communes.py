"""Communes: who answers for a code of any vintage, and which communes are like this one."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog.database.queries import query
from config.errors import Invalid, NotFound
from geo.cog import is_code

type Connection = psycopg.AsyncConnection[Any]

# The population classes that the State uses for communal finances (DGCL, "strates"), the small
# ones split again: half of the communes have fewer than 500 inhabitants.
SIZE_STEPS = (
    100, 200, 500, 1_000, 2_000, 3_500, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000,
)  # fmt: skip
REASONS = {
    "epci": {"fr": "Même intercommunalité", "en": "Same intermunicipal body"},
    "departement": {"fr": "Même département", "en": "Same département"},
    "region": {"fr": "Même région", "en": "Same region"},
    "size": {"fr": "Taille et densité proches", "en": "Similar size and density"},
}
# Subjects of catalog.area_fact that are zonings: communes in the same ones are more alike.
ZONINGS = {
    "density": {"fr": "même densité", "en": "same density class"},
    "centrality": {"fr": "même centralité", "en": "same centrality"},
    "rurality": {"fr": "même ruralité", "en": "same rurality"},
}
# What a zoning says of those that it leaves out: sharing it is sharing nothing.
SAYS_NOTHING = (
    "Hors champ : DOM ou commune urbaine",
    "Commune dont le périmètre a changé depuis la réalisation de la typologie",
)
ENOUGH_NEAR = 4  # comparable communes of the same région: more of them from far tell no more
LONGEST_CHAIN = 5  # mergers of mergers; more would be a loop in the data


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

    `kind` is current, merged, delegated, associated, district, sector or ended; `name` is the asked
    place's own name, None when no source says it; the dates are those of a merged code: the last
    vintage that had it, and the first that did not.
    """

    asked: str
    kind: str
    name: str | None
    commune: Commune
    last_seen: date | None = None
    gone_by: date | None = None


@dataclass(frozen=True, slots=True)
class Similar:
    """A commune like another one, and why.

    `reason` is the closest thing that they share beside their size class: epci, departement,
    region, or size alone. `density` is in inhabitants per km², None without an outline. `shared`:
    the zonings that both are in, among those that were loaded (keys of ZONINGS).
    """

    number: int
    code: str
    name: str
    departement_code: str
    departement: str
    population: int
    density: float | None
    reason: str  # a key of REASONS
    shared: Sequence[str] = ()

    def explained(self, language: str) -> str:
        """Why it is shown, for people: « même intercommunalité, 1 240 habitants »."""
        why = ", ".join(
            [REASONS[self.reason][language], *(ZONINGS[one][language] for one in self.shared)]
        )
        density = None if self.density is None else round(self.density)
        if language == "en":
            size = f"{self.population:,} inhabitant{'s' if self.population > 1 else ''}"
            return f"{why}, {size}" + ("" if density is None else f" ({density:,} per km²)")
        # French groups thousands with a narrow no-break space.
        size = f"{self.population:,}".replace(",", "\u202f")
        size += "\u00a0habitants" if self.population > 1 else "\u00a0habitant"
        per_km2 = "" if density is None else f" ({density:,} par km²)".replace(",", "\u202f")
        return f"{why}, {size}{per_km2}"


def size_class(population: int) -> tuple[int, int | None]:
    """The class of a population: (least, first above it); None above the last step."""
    steps = (*SIZE_STEPS, None)
    place = bisect_right(SIZE_STEPS, population)
    return SIZE_STEPS[place - 1] if place else 0, steps[place]


async def resolve(aconn: Connection, code: str) -> Resolved:
    """The current commune that answers for a code of any vintage, also after several mergers.

    Raises Invalid when it cannot be a code, NotFound when nobody answers for it.
    """
    asked = code.strip().upper()
    if not is_code(asked):
        raise Invalid(
            f"{code[:20]!r} is not the code of a commune: five characters such as 01001, 2A004 "
            "or 97411.",
            parameter="code",
        )
    # Nearly everybody asks for a commune that is one: one trip instead of two.
    if (current := await _one(aconn, code=asked)) is not None:
        return Resolved(asked, "current", current.name, current)
    answer = await _who_answers(aconn, asked)
    if answer is None:
        raise NotFound(f"There is no commune with the code {asked}.", parameter="code")
    number, kind, name, last_seen, gone_by, ended = answer
    for _ in range(LONGEST_CHAIN):
        if ended is None:
            break
        following = await _who_answers(aconn, ended)
        if following is None:
            break
        number, ended = following[0], following[-1]
    commune = await by_number(aconn, number)
    return Resolved(asked, kind, name, commune, last_seen, gone_by)


async def _who_answers(aconn: Connection, code: str) -> tuple[Any, ...] | None:
    cursor = await aconn.execute(query("catalog", "commune_resolve"), {"code": code})
    return await cursor.fetchone()


async def by_number(aconn: Connection, number: int) -> Commune:
    """Raises NotFound."""
    commune = await _one(aconn, number=number)
    if commune is None:
        raise NotFound(f"There is no commune of number {number}.", parameter="number")
    return commune


async def _one(
    aconn: Connection, *, number: int | None = None, code: str | None = None
) -> Commune | None:
    async with aconn.cursor(row_factory=class_row(Commune)) as cursor:
        await cursor.execute(query("catalog", "commune_one"), {"number": number, "code": code})
        return await cursor.fetchone()


async def similar(aconn: Connection, commune: Commune, limit: int = 6) -> list[Similar]:
    """Communes of the same size class, the nearest in institution first.

    Those of the same EPCI come first, then of the same département, of the same région, then any;
    inside each, those of the closest population and density, and in the same zonings when
    these were loaded. Four from the région are enough: all
    of France is searched only when there are fewer. Empty when the population is not known.
    """
    if not commune.population:
        return []
    least, most = size_class(commune.population)
    found: list[Similar] = []
    # The EPCI alone answers for most, the région for all but the largest communes: each many times
    # sooner than what is around it. What is nearest comes first, so no answer changes by it.
    epci, departement, region = commune.epci_code, commune.departement_code, commune.region_code
    for within, enough in (
        ((epci, None, None), limit),
        ((epci, departement, None), limit),
        ((epci, departement, region), min(limit, ENOUGH_NEAR)),
        (None, 0),
    ):
        of_epci, of_departement, of_region = within or (None, None, None)
        async with aconn.cursor(row_factory=class_row(Similar)) as cursor:
            await cursor.execute(
                query("catalog", "commune_similar"),
                {
                    "number": commune.number, "least": least, "most": most, "limit": limit,
                    "zonings": list(ZONINGS), "silent": list(SAYS_NOTHING),
                    "anywhere": within is None, "epci": of_epci, "departement": of_departement,
                    "region": of_region,
                },
            )  # fmt: skip
            found = await cursor.fetchall()
        if len(found) >= enough:
            break
    return found
