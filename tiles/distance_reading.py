"""Reading rasters of distances: cells, windows and pictures of a file that we made.

Synchronous, for threads. A file is named by `Distances.one`, never by a visitor, and GDAL looks
at nothing beside it.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import rasterio.features
import rasterio.warp
import shapely
from affine import Affine
from numpy.typing import NDArray
from PIL import Image
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from geo.crs import transformer
from geo.grids import CELL, Grid
from tiles.distance_files import BANDS, FOLDER, NODATA, STEPS, Held
from tiles.pictures import HATCH, HATCH_STEP, PAPER, Theme

type Bands = NDArray[np.float32]

# Nearer is closer to the paper: what is far stands out.
COLOURS: dict[Theme, tuple[str, ...]] = {
    "light": ("#E3EEF7", "#B4D2EA", "#7FB2DC", "#4389C4", "#1D5C99", "#0B3560"),
    "dark": ("#1D3A52", "#285C86", "#3A82B8", "#68A9D6", "#A5CFEB", "#E3F1FB"),
}
# Averages are of the cells themselves: overviews begin where the grid does, not where a box does.
EXACT = {"overview_level": "NONE"}
QUIET_GDAL = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}


@dataclass(frozen=True, slots=True)
class Cells:
    """A rectangle of cells: `bands` are (2, rows, columns), NODATA where it is not land."""

    bands: Bands
    affine: Affine

    @property
    def width(self) -> int:
        return int(self.bands.shape[2])

    @property
    def height(self) -> int:
        return int(self.bands.shape[1])


@dataclass(frozen=True, slots=True)
class Box:
    """Whole cells of a grid: first row and column, and how many."""

    row: int
    column: int
    rows: int
    columns: int


def box_of(grid: Grid, west: float, south: float, east: float, north: float) -> Box | None:
    """The cells that a rectangle of the projection touches; None when it touches none."""
    left, bottom, right, top = grid.bounds
    west, east = max(west, left), min(east, right)
    south, north = max(south, bottom), min(north, top)
    if west > east or south > north:
        return None
    column = min(int((west - left) // CELL), grid.columns - 1)
    row = min(int((top - north) // CELL), grid.rows - 1)
    columns = max(1, int(-((east - left) // -CELL)) - column)
    rows = max(1, int(-((top - south) // -CELL)) - row)
    return Box(row, column, rows, columns)


def path_of(folder: Path, held: Held) -> Path:
    assert held.file is not None  # noqa: S101 `Distances.one` gives only those that have one
    return folder / FOLDER / held.file


def cells(folder: Path, held: Held, box: Box, size: tuple[int, int] | None = None) -> Cells:
    """A box of cells, resampled to `size` (rows, columns): averaged when smaller."""
    rows, columns = size or (box.rows, box.columns)
    shrunk = rows < box.rows or columns < box.columns
    with rasterio.Env(**QUIET_GDAL), rasterio.open(path_of(folder, held), **EXACT) as opened:
        bands = opened.read(
            window=Window(box.column, box.row, box.columns, box.rows),
            out_shape=(len(BANDS), rows, columns),
            resampling=Resampling.average if shrunk else Resampling.nearest,
        )
    affine = (
        held.grid.affine
        @ Affine.translation(box.column, box.row)
        @ Affine.scale(box.columns / columns, box.rows / rows)
    )
    return Cells(bands, affine)


def at(folder: Path, held: Held, longitudes: Sequence[float], latitudes: Sequence[float]) -> Bands:
    """The values of both bands at points in degrees, (2, points); NODATA out of the land."""
    x, y, inside = held.grid.place(np.array(longitudes, float), np.array(latitudes, float))
    found = np.full((len(BANDS), len(x)), NODATA, np.float32)
    with rasterio.Env(**QUIET_GDAL), rasterio.open(path_of(folder, held)) as opened:
        for index in np.flatnonzero(inside):
            box = box_of(held.grid, x[index], y[index], x[index], y[index])
            if box is not None:
                found[:, index] = opened.read(window=Window(box.column, box.row, 1, 1))[:, 0, 0]
    return found


def within(cells: Cells, shape: BaseGeometry) -> NDArray[np.bool_]:
    """Which cells have their centre in a shape of the projection."""
    burnt = rasterio.features.rasterize(
        [(shape, 1)], out_shape=(cells.height, cells.width), transform=cells.affine, dtype="uint8"
    )
    inside: NDArray[np.bool_] = burnt == 1
    return inside


def geotiff(held: Held, found: Cells, names: Sequence[str]) -> bytes:
    """The bands of these names as a GeoTIFF."""
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=found.width, height=found.height, count=len(names),
            dtype="float32", crs=CRS.from_epsg(held.grid.epsg), transform=found.affine,
            nodata=NODATA, compress="DEFLATE", predictor=3, tiled=True, blockxsize=256,
            blockysize=256,
        ) as out:  # fmt: skip
            for band, name in enumerate(names, start=1):
                out.write(found.bands[BANDS.index(name)], band)
                out.set_band_description(band, name)
            out.update_tags(
                TIFFTAG_COPYRIGHT="; ".join(held.licences),
                GUICHET_VERSION=held.version,
                GUICHET_SOURCE_DATE=held.day or "",
            )
        return bytes(memory.read())


def picture(
    folder: Path, held: Held, bounds: tuple[float, float, float, float], epsg: int,
    size: tuple[int, int], theme: Theme, *, transparent: bool,
) -> bytes:  # fmt: skip
    """A paletted PNG of `size` (width, height) over bounds (x first) of a CRS."""
    width, height = size
    west, south, east, north = bounds
    target = Affine((east - west) / width, 0, west, 0, (south - north) / height, north)
    drawn = np.full((len(BANDS), height, width), NODATA, np.float32)
    box = _needed(held.grid, bounds, epsg)
    if box is not None:
        found = cells(folder, held, box)
        for band in range(len(BANDS)):
            rasterio.warp.reproject(
                found.bands[band], drawn[band], src_transform=found.affine,
                src_crs=CRS.from_epsg(held.grid.epsg), dst_transform=target,
                dst_crs=CRS.from_epsg(epsg), src_nodata=NODATA, dst_nodata=NODATA,
                resampling=Resampling.nearest,
            )  # fmt: skip
    return painted(drawn, theme, transparent=transparent)


def _needed(grid: Grid, bounds: tuple[float, float, float, float], epsg: int) -> Box | None:
    """The cells that a picture over these bounds may show."""
    west, south, east, north = bounds
    x, y = np.meshgrid(np.linspace(west, east, 21), np.linspace(south, north, 21))
    if epsg != grid.epsg:
        lon, lat = (x, y) if epsg == 4326 else transformer(epsg, 4326).transform(x, y)
        left, bottom, right, top = grid.degrees()
        lon, lat = np.asarray(lon, float), np.asarray(lat, float)
        if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
            return Box(0, 0, grid.rows, grid.columns)
        if lon.max() < left or lon.min() > right or lat.max() < bottom or lat.min() > top:
            return None
        # A little more than the grid at most: projections are sane near their own land.
        x, y = transformer(4326, grid.epsg).transform(
            np.clip(lon, left - 1, right + 1), np.clip(lat, bottom - 1, top + 1)
        )
    step = 2 * CELL
    return box_of(grid, x.min() - step, y.min() - step, x.max() + step, y.max() + step)


def painted(bands: Bands, theme: Theme, *, transparent: bool) -> bytes:
    """A PNG: one colour per class of distance, hatched where the list is known incomplete."""
    land = bands[0] != NODATA
    classes = np.where(land, 1 + np.digitize(bands[0], STEPS), 0).astype(np.uint8)
    rows, columns = np.indices(land.shape)
    hatched = (bands[1] > 0) & ((rows + columns) % HATCH_STEP == 0)
    classes[hatched] = len(STEPS) + 2
    image = Image.fromarray(classes)
    colours = (PAPER[theme], *COLOURS[theme], HATCH[theme])
    image.putpalette([int(one[at : at + 2], 16) for one in colours for at in (1, 3, 5)])
    out = io.BytesIO()
    if transparent:
        image.save(out, "PNG", transparency=0, optimize=True)
    else:
        image.save(out, "PNG", optimize=True)
    return out.getvalue()


def to_grid(shape: BaseGeometry, grid: Grid, epsg: int, step: float) -> BaseGeometry:
    """A shape (x first) carried to a grid's projection; long sides are cut in `step`s first."""
    if epsg == grid.epsg:
        return shape
    project = transformer(epsg, grid.epsg).transform
    moved: BaseGeometry = shapely.transform(
        shapely.segmentize(shape, step), lambda x, y: project(x, y), interleaved=False
    )
    return moved
