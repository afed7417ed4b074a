"""The rasters of distances as files: GeoTIFFs of one publication, and the list that says what they
hold.

`grids/distances.json` is the only way to a file: a path never comes from a visitor. The same
offices make the same bytes, whatever the day or the generation.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS

from config.errors import NotFound
from geo.grids import Grid, grid_by_id

FOLDER = "grids"
LIST = "distances.json"
NODATA = -9999.0
BANDS = ("distance", "incomplete")
# Metres that part the classes of distance: what a person tells apart (on foot, by bicycle, by car).
STEPS = (2_000, 5_000, 10_000, 20_000, 30_000)

type Metres = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Area:
    """What the raster says of one département. `classes` counts its cells between the STEPS.

    `weighted` is the mean distance of its communes' centres, each counting as its inhabitants;
    None when no commune has both. Metres, whole.
    """

    departement: str
    cells: int
    classes: tuple[int, ...]
    mean: int
    farthest: int
    weighted: int | None
    population: int  # inhabitants of the communes that `weighted` counts
    incomplete: int  # communes where an office of the kind has no believed place


@dataclass(frozen=True, slots=True)
class Held:
    """The distances to one kind of office over one territory.

    `file` is None when no office of the kind is placed there: the distance is unknown, and
    nothing is drawn. `unplaced` offices are listed by a source without a place, `doubted` ones
    with a place that is far from their commune: neither is counted in `offices`.
    """

    kind: str
    territory: str
    version: str  # of what it was made from
    file: str | None
    offices: int
    unplaced: int
    doubted: int
    incomplete: int  # communes known to have an office of the kind whose place is not
    day: str | None  # of the latest statement about these offices
    sources: tuple[str, ...]
    licences: tuple[str, ...]
    areas: tuple[Area, ...]

    @property
    def grid(self) -> Grid:
        return grid_by_id(self.territory)

    @property
    def known_incomplete(self) -> bool:
        return bool(self.unplaced or self.doubted or self.incomplete)

    @property
    def cells(self) -> int:
        return sum(area.cells for area in self.areas)


@dataclass(frozen=True, slots=True)
class Distances:
    """All that a publication holds. `version` names the facts that it was made from."""

    version: str
    held: tuple[Held, ...]

    def one(self, kind: str, territory: str) -> Held:
        """Raises NotFound."""
        for found in self.held:
            if (found.kind, found.territory) == (kind, territory) and found.file:
                return found
        raise NotFound(f"There is no raster of distances to {kind[:40]!r} in {territory[:40]!r}.")

    def kinds(self) -> tuple[str, ...]:
        """The kinds that have a raster somewhere, in the order of display."""
        return tuple(dict.fromkeys(one.kind for one in self.held if one.file))


NOTHING = Distances("", ())


def read(folder: Path) -> Distances:
    """What a publication's folder holds; NOTHING when it has no rasters."""
    try:
        told = json.loads((folder / FOLDER / LIST).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return NOTHING
    return Distances(told["version"], tuple(_held(one) for one in told["held"]))


def _held(told: Mapping[str, Any]) -> Held:
    areas = tuple(Area(**{**one, "classes": tuple(one["classes"])}) for one in told["areas"])
    lists = {name: tuple(told[name]) for name in ("sources", "licences")}
    return Held(**{**told, **lists, "areas": areas})


def write_list(folder: Path, distances: Distances) -> None:
    replaced(folder / FOLDER / LIST).write_text(
        json.dumps(asdict(distances), ensure_ascii=False, indent=1), encoding="utf-8"
    )


def replaced(file: Path) -> Path:
    """The file, free to be written: it may be a link to a former publication's, left as it is."""
    file.unlink(missing_ok=True)
    return file


def write(file: Path, grid: Grid, bands: tuple[Metres, Metres], tags: Mapping[str, str]) -> None:
    """A cloud-optimised GeoTIFF with averaged overviews. It holds no time of writing."""
    with rasterio.open(
        replaced(file), "w", driver="COG", width=grid.columns, height=grid.rows, count=len(bands),
        dtype="float32", crs=CRS.from_epsg(grid.epsg), transform=grid.affine, nodata=NODATA,
        compress="DEFLATE", predictor="FLOATING_POINT", blocksize=256,
        overview_resampling="AVERAGE",
    ) as out:  # fmt: skip
        for band, (name, values) in enumerate(zip(BANDS, bands, strict=True), start=1):
            out.write(values, band)
            out.set_band_description(band, name)
        out.set_band_unit(1, "metre")
        out.update_tags(**tags)
