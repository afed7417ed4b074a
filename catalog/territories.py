"""Territories and who is in them: France, régions, départements, EPCI, communes.

`Geography` holds the membership of every commune in memory, so that a count over any
territory is arithmetic on arrays and no question to the database.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.rows import class_row

from catalog.database.queries import query
from config.errors import Invalid, NotFound

KINDS = ("france", "region", "departement", "epci", "commune")
_PREFIXES = {"REG": "region", "DEP": "departement", "EPCI": "epci", "COM": "commune"}
_CODE = re.compile(r"(?:FR|(?:REG|DEP|EPCI|COM)-[0-9A-Z]{1,9})", re.ASCII)
# What the parts of a territory are, when nobody asks for another kind.
PARTS = {
    "france": "region",
    "region": "departement",
    "departement": "epci",
    "epci": "commune",
    "commune": "commune",
}
NO_EPCI = "NO-EPCI"  # the part that gathers the communes without EPCI, so that parts sum


@dataclass(frozen=True, slots=True)
class Territory:
    """Something one can ask a summary for.

    `parent` is the territory that the breadcrumb leads back to; an EPCI that straddles
    départements has the one where most of its communes are.
    """

    code: str  # FR, REG-84, DEP-69, EPCI-200046977, COM-69123
    kind: str  # one of KINDS
    name: str
    parent: str | None
    communes: int
    population: int  # inhabitants, of the communes whose population is published
    subkind: str | None = None  # of an EPCI: CC, CA, CU, ME...

    @property
    def id(self) -> str:
        """The code without its prefix: a COG code or a SIREN; "FR" for France."""
        return self.code.partition("-")[2] or self.code


def parse(code: str) -> tuple[str, str]:
    """("departement", "69") for DEP-69. Raises NotFound when it is not a territory code."""
    if not _CODE.fullmatch(code):
        raise NotFound(
            f"There is no territory {code[:40]!r}; codes look like FR, REG-84, DEP-69, "
            "EPCI-200046977 or COM-69123.",
            parameter="territory",
        )
    if code == "FR":
        return "france", "FR"
    prefix, _, rest = code.partition("-")
    return _PREFIXES[prefix], rest


async def get(aconn: psycopg.AsyncConnection[Any], code: str) -> Territory:
    """One territory. Raises NotFound."""
    kind, rest = parse(code)
    async with aconn.cursor(row_factory=class_row(Territory)) as cursor:
        await cursor.execute(query("catalog", "territory_one"), {"kind": kind, "id": rest})
        found = await cursor.fetchone()
    if found is None:
        raise NotFound(f"There is no territory {code!r}.", parameter="territory")
    return found


async def children(
    aconn: psycopg.AsyncConnection[Any], code: str, kind: str | None = None
) -> list[Territory]:
    """The parts of a territory, by name; of `kind`, or of the kind just below.

    Counts of an EPCI that straddles the territory's border are those of the part inside it.
    Raises NotFound for an unknown territory, Invalid for a kind that is not below it.
    """
    parent = await get(aconn, code)
    wanted = kind_below(parent.kind, kind)
    if parent.kind == "commune":
        return []
    async with aconn.cursor(row_factory=class_row(Territory)) as cursor:
        await cursor.execute(
            query("catalog", f"territory_{wanted}s"), {"kind": parent.kind, "id": parent.id}
        )
        return await cursor.fetchall()


def kind_below(kind: str, wanted: str | None) -> str:
    """The kind of the parts of a territory of `kind`. Raises Invalid when it is not below."""
    if wanted is None:
        return PARTS[kind]
    if wanted not in KINDS or KINDS.index(wanted) <= KINDS.index(kind):
        below = ", ".join(KINDS[KINDS.index(kind) + 1 :]) or "none"
        raise Invalid(
            f"The parts of this territory may be: {below}; not {wanted[:40]!r}.", parameter="level"
        )
    return wanted


@dataclass(frozen=True, slots=True)
class Geography:
    """Who is where, for one vintage, as arrays by commune number (item 0 is nobody).

    `*_index` hold the position, from 1, in the tuple of the same name; 0 means none. A number
    whose commune is gone has an empty code and belongs to nothing. Names are by position too,
    so `names[number]`, and `departement_names[index - 1]`.
    """

    vintage: str  # hash of numbers, codes, names, memberships and geometries
    codes: tuple[str, ...]
    names: tuple[str, ...]
    population: NDArray[np.int64]  # inhabitants; 0 where not published
    exists: NDArray[np.bool_]
    region_index: NDArray[np.uint16]
    departement_index: NDArray[np.uint16]
    epci_index: NDArray[np.uint16]
    regions: tuple[str, ...]
    departements: tuple[str, ...]
    epcis: tuple[str, ...]
    region_names: tuple[str, ...]
    departement_names: tuple[str, ...]
    epci_names: tuple[str, ...]
    number_of: Mapping[str, int]  # by COG code

    @classmethod
    async def load(cls, aconn: psycopg.AsyncConnection[Any]) -> "Geography":
        """Read the current vintage: some 35,000 rows, about 0.3 s."""
        areas = {}
        for kind in ("region", "departement", "epci"):
            cursor = await aconn.execute(query("catalog", f"territory_names_of_{kind}"))
            areas[kind] = await cursor.fetchall()
        cursor = await aconn.execute(query("catalog", "territory_membership"))
        rows = await cursor.fetchall()
        cursor = await aconn.execute(query("catalog", "territory_vintage"))
        vintage = await cursor.fetchone()
        length = (rows[-1][0] if rows else 0) + 1
        codes, names = [""] * length, [""] * length
        population = np.zeros(length, np.int64)
        exists = np.zeros(length, np.bool_)
        indexes = {kind: np.zeros(length, np.uint16) for kind in areas}
        positions = {
            kind: {code: i for i, (code, _) in enumerate(found, start=1)}
            for kind, found in areas.items()
        }
        for number, code, name, people, region, departement, epci, still in rows:
            if not still:
                continue
            codes[number], names[number] = code, name
            population[number] = people or 0
            exists[number] = True
            indexes["region"][number] = positions["region"][region]
            indexes["departement"][number] = positions["departement"][departement]
            indexes["epci"][number] = positions["epci"].get(epci, 0)
        for array in (population, exists, *indexes.values()):
            array.flags.writeable = False
        return cls(
            vintage=vintage[0] if vintage else "",
            codes=tuple(codes),
            names=tuple(names),
            population=population,
            exists=exists,
            region_index=indexes["region"],
            departement_index=indexes["departement"],
            epci_index=indexes["epci"],
            regions=tuple(code for code, _ in areas["region"]),
            departements=tuple(code for code, _ in areas["departement"]),
            epcis=tuple(code for code, _ in areas["epci"]),
            region_names=tuple(name for _, name in areas["region"]),
            departement_names=tuple(name for _, name in areas["departement"]),
            epci_names=tuple(name for _, name in areas["epci"]),
            number_of={code: number for number, code in enumerate(codes) if code},
        )

    @property
    def length(self) -> int:
        """Of every array: the highest number, plus one."""
        return len(self.codes)

    def index_of(self, kind: str) -> tuple[NDArray[np.uint16], tuple[str, ...], tuple[str, ...]]:
        """(positions by number, codes, names) of the régions, départements or EPCI."""
        match kind:
            case "region":
                return self.region_index, self.regions, self.region_names
            case "departement":
                return self.departement_index, self.departements, self.departement_names
            case "epci":
                return self.epci_index, self.epcis, self.epci_names
        raise Invalid(f"There is no membership of kind {kind!r}.", parameter="level")

    def within(self, code: str) -> NDArray[np.bool_]:
        """A mask by number: True for the communes of the territory. Raises NotFound."""
        kind, rest = parse(code)
        if kind == "france":
            return self.exists
        if kind == "commune":
            mask = np.zeros(self.length, np.bool_)
            if rest not in self.number_of:
                raise NotFound(f"There is no territory {code!r}.", parameter="territory")
            mask[self.number_of[rest]] = True
            return mask
        index, codes, _ = self.index_of(kind)
        try:
            position = codes.index(rest) + 1
        except ValueError:
            raise NotFound(f"There is no territory {code!r}.", parameter="territory") from None
        found: NDArray[np.bool_] = index == position
        return found

    def members(self, code: str) -> NDArray[np.intp]:
        """Numbers of the communes of a territory, in order. Raises NotFound."""
        return np.flatnonzero(self.within(code))

    def name_of(self, code: str) -> str:
        """The name of a territory. Raises NotFound."""
        kind, rest = parse(code)
        if kind == "france":
            return "France"
        if kind == "commune":
            if rest in self.number_of:
                return self.names[self.number_of[rest]]
        else:
            _, codes, names = self.index_of(kind)
            if rest in codes:
                return names[codes.index(rest)]
        raise NotFound(f"There is no territory {code!r}.", parameter="territory")
