"""Distances to the nearest office of each kind, on the 1 km grids, made by a publication.

A cell of land holds the distance in metres, in the plane of the territory's legal projection, from
its centre to the nearest office *that a source places*: a nearer one may exist that no source
lists, so every value is at most known. The second band is 1 in the communes that are known to have
an office of the kind whose place is not, where that is not a mere possibility.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from catalog.database.queries import query
from catalog.office_kinds import kind_name, office_kinds
from config.errors import NotFound
from geo import id_raster
from geo.distances import nearest
from geo.frames import OVERSEAS, frame_of
from geo.grids import GRIDS, Grid
from tiles import distance_files
from tiles.distance_files import BANDS, NODATA, STEPS, Area, Distances, Held

type Connection = psycopg.Connection[Any]
type Tell = Callable[[str, int, int | None], None]

RECIPE = "1"  # raised when the same facts are to make other bytes
EVERYWHERE = "mairie"  # the kind that the law gives to every commune
WHAT = "Measuring distances"


@dataclass(frozen=True)
class Offices:
    """The offices of one kind. `x` and `y` are degrees, of those that are placed."""

    kind: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    placed: frozenset[int]  # numbers of the communes of those
    homeless: Mapping[int, tuple[int, int]]  # commune number -> (unplaced, doubted)
    days: tuple[date, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """What the rasters are made from, read in one picture of the database."""

    version: str
    offices: tuple[Offices, ...]
    number: NDArray[np.int64]
    departement: tuple[str, ...]
    frames: NDArray[np.str_]  # the grid of each commune; empty: none
    population: NDArray[np.int64]  # -1: not published
    x: NDArray[np.float64]  # degrees of a point inside; nan: not published
    y: NDArray[np.float64]
    licences: Mapping[str, tuple[str, str]]  # source -> title and licence


def facts(conn: Connection, geography: str) -> Facts:
    """Read the offices and the communes. Nothing is written."""
    rows = conn.execute(query("tiles", "distance_offices")).fetchall()
    communes = conn.execute(query("tiles", "distance_communes")).fetchall()
    known = conn.execute(query("tiles", "distance_sources")).fetchall()
    version = hashlib.sha256(repr((RECIPE, STEPS, geography, rows, communes, known)).encode())
    by_kind: dict[str, list[tuple[Any, ...]]] = {kind: [] for kind in office_kinds()}
    for row in rows:
        by_kind.setdefault(row[1], []).append(row)
    number, departement, population, x, y = zip(*communes, strict=True) if communes else [()] * 5
    return Facts(
        version=version.hexdigest(),
        offices=tuple(_offices(kind, found) for kind, found in by_kind.items() if found),
        number=np.array(number, np.int64),
        departement=tuple(departement),
        frames=frames_of(tuple(departement)),
        population=np.array([-1 if one is None else one for one in population], np.int64),
        x=np.array(x, np.float64),
        y=np.array(y, np.float64),
        licences={id: (title, licence) for id, title, licence in known},
    )


def _offices(kind: str, rows: list[tuple[Any, ...]]) -> Offices:
    placed = [row for row in rows if row[3] is not None]
    homeless: dict[int, tuple[int, int]] = {}
    for _, _, commune, longitude, _, doubted, _, _ in rows:
        if longitude is None and commune is not None:
            unplaced, doubts = homeless.get(commune, (0, 0))
            homeless[commune] = (unplaced + (not doubted), doubts + doubted)
    return Offices(
        kind=kind,
        x=np.array([row[3] for row in placed], np.float64),
        y=np.array([row[4] for row in placed], np.float64),
        placed=frozenset(row[2] for row in placed if row[2] is not None),
        homeless=homeless,
        days=tuple(row[6] for row in placed),
        sources=tuple(sorted({source for row in rows for source in row[7]})),
    )


def burn_land(conn: Connection, folder: Path, tell: Tell) -> None:
    """The commune of each cell of each grid, where the folder does not have it yet."""
    (folder / distance_files.FOLDER).mkdir(exist_ok=True)
    elsewhere = [code for frame in OVERSEAS for code in frame.departements]
    for done, grid in enumerate(GRIDS):
        file = land_file(folder, grid)
        if file.exists():
            continue
        tell("Drawing grids", done, len(GRIDS))
        codes = grid.frame.departements
        rows = conn.execute(
            query("tiles", "outlines"),
            {"departements": list(codes) if codes else elsewhere, "others": not codes},
        )
        ids = id_raster.burn(((number, bytes(wkb)) for number, wkb in rows), grid.pixels)
        file.write_bytes(id_raster.to_webp(ids))
    tell("Drawing grids", len(GRIDS), len(GRIDS))


def land_file(folder: Path, grid: Grid) -> Path:
    return folder / distance_files.FOLDER / f"land-{grid.id}.webp"


def make(found: Facts, folder: Path, tell: Tell) -> Distances:
    """Make the rasters of these facts, but those that the folder already has."""
    former = distance_files.read(folder)
    if former.version == found.version:
        return former
    known = {(one.kind, one.territory): one for one in former.held}
    lands = [(grid, id_raster.from_webp(land_file(folder, grid).read_bytes())) for grid in GRIDS]
    lands = [(grid, land) for grid, land in lands if land.any()]
    total = len(lands) * len(found.offices)
    held: list[Held] = []
    for offices in found.offices:
        for grid, land in lands:
            tell(WHAT, len(held), total)
            one = _Territory(found, offices, grid, land)
            old = known.get((offices.kind, grid.id))
            same = old is not None and old.version == one.version
            held.append(old if old is not None and same else one.make(folder))
    for gone in known.values():
        if gone.file and gone.file not in {one.file for one in held}:
            (folder / distance_files.FOLDER / gone.file).unlink()
    distances = Distances(found.version, tuple(held))
    distance_files.write_list(folder, distances)
    tell(WHAT, total, total)
    return distances


class _Territory:
    """One kind over one territory."""

    def __init__(
        self, found: Facts, offices: Offices, grid: Grid, land: NDArray[np.uint16]
    ) -> None:
        self._facts, self._offices, self._grid, self._land = found, offices, grid, land
        x, y, inside = grid.place(offices.x, offices.y)
        self._x, self._y = x[inside], y[inside]
        self._days = [day for day, here in zip(offices.days, inside, strict=True) if here]
        self._here = found.frames == grid.id
        mine = set(found.number[self._here].tolist())
        self._homeless = {one: counts for one, counts in offices.homeless.items() if one in mine}
        # The law gives each commune a town hall: one that is not placed is missing.
        without = mine - offices.placed if offices.kind == EVERYWHERE else set()
        self._incomplete = set(self._homeless) | without
        told = (
            RECIPE, STEPS, offices.kind, grid.id, grid.bounds, self._x.tobytes(),
            self._y.tobytes(), self._days, sorted(self._homeless.items()),
            sorted(self._incomplete), hashlib.sha256(land.tobytes()).hexdigest(),
            found.population[self._here].tobytes(), found.x[self._here].tobytes(),
            [found.licences.get(one) for one in offices.sources],
        )  # fmt: skip
        self.version = hashlib.sha256(repr(told).encode()).hexdigest()

    def make(self, folder: Path) -> Held:
        offices, grid = self._offices, self._grid
        file = f"distance-{offices.kind}-{grid.id}.tif" if len(self._x) else None
        counts = np.array([*self._homeless.values(), (0, 0)]).sum(axis=0)
        licences = {self._facts.licences[one][1] for one in offices.sources
                    if one in self._facts.licences}  # fmt: skip
        values = np.full(self._land.shape, NODATA, np.float32)
        areas: tuple[Area, ...] = ()
        if file:
            rows, columns = np.nonzero(self._land)
            x, y = grid.centres(rows, columns)
            metres = np.round(nearest(x, y, self._x, self._y))
            values[rows, columns] = metres
            areas = self._areas(metres, self._land[rows, columns])
        held = Held(
            kind=offices.kind, territory=grid.id, version=self.version, file=file,
            offices=len(self._x), unplaced=int(counts[0]), doubted=int(counts[1]),
            incomplete=len(self._incomplete),
            day=max(self._days).isoformat() if self._days else None,
            sources=offices.sources, licences=tuple(sorted(licences)), areas=areas,
        )  # fmt: skip
        if file:
            target = folder / distance_files.FOLDER / file
            distance_files.write(target, grid, (values, self._flags()), self._tags(held))
        return held

    def _flags(self) -> distance_files.Metres:
        """1 where the cell's commune is known to miss one, 0 elsewhere on land."""
        by_number = np.zeros(int(self._land.max()) + 1, np.float32)
        by_number[[one for one in self._incomplete if one < len(by_number)]] = 1
        flags = by_number[self._land]
        flags[self._land == 0] = NODATA
        return flags

    def _areas(self, metres: NDArray[np.float64], numbers: NDArray[np.uint16]) -> tuple[Area, ...]:
        """The figures of each département, from the cells and from its communes' centres."""
        found = self._facts
        position = {code: i for i, code in enumerate(sorted(set(found.departement)))}
        code_of = np.full(max(int(found.number.max()), int(numbers.max())) + 1, -1)
        code_of[found.number] = [position[code] for code in found.departement]
        counted = self._here & (found.population >= 0) & np.isfinite(found.x)
        x, y, _ = self._grid.place(found.x[counted], found.y[counted])
        away = nearest(x, y, self._x, self._y)
        people = found.population[counted]
        owner = code_of[found.number[counted]]
        area_of_cell = code_of[numbers]
        missing = code_of[np.array(sorted(self._incomplete), np.int64)]
        areas = []
        for code, index in position.items():
            cells = metres[area_of_cell == index]
            if not len(cells):
                continue
            mine = owner == index
            inhabitants = int(people[mine].sum())
            weighted = None
            if inhabitants:
                weighted = round(float((away[mine] * people[mine]).sum()) / inhabitants)
            classes = np.bincount(np.digitize(cells, STEPS), minlength=len(STEPS) + 1)
            areas.append(
                Area(code, len(cells), tuple(map(int, classes)), round(float(cells.mean())),
                     int(cells.max()), weighted, inhabitants, int((missing == index).sum()))
            )  # fmt: skip
        return tuple(areas)

    def _tags(self, held: Held) -> dict[str, str]:
        titles = [self._facts.licences[one][0] for one in held.sources
                  if one in self._facts.licences]  # fmt: skip
        return {
            "TIFFTAG_IMAGEDESCRIPTION": (
                f"Guichet (independent site): metres to the nearest office that a source places, "
                f"{kind_name(held.kind, 'en')}, {self._grid.frame.name_en}. Nearer ones may exist "
                "that no source lists. nodata: not land."
            ),
            "TIFFTAG_COPYRIGHT": "; ".join(held.licences),
            "TIFFTAG_DOCUMENTNAME": f"distance-{held.kind}-{held.territory}",
            "GUICHET_BANDS": ", ".join(BANDS),
            "GUICHET_KIND": held.kind,
            "GUICHET_OFFICES": str(held.offices),
            "GUICHET_OFFICES_WITHOUT_PLACE": str(held.unplaced),
            "GUICHET_OFFICES_OF_DOUBTFUL_PLACE": str(held.doubted),
            "GUICHET_COMMUNES_KNOWN_INCOMPLETE": str(held.incomplete),
            "GUICHET_SOURCES": "; ".join(titles),
            "GUICHET_SOURCE_DATE": held.day or "",
            "GUICHET_VERSION": held.version,
        }


def frames_of(departements: tuple[str, ...]) -> NDArray[np.str_]:
    """The id of the grid of each département of a list; empty where there is none."""
    known: dict[str, str] = {}
    for code in set(departements):
        try:
            known[code] = frame_of(code).id
        except NotFound:
            known[code] = ""
    return np.array([known[code] for code in departements], np.str_)
