"""The 1 km grids of rasters: one per territory, in its legal projection, on whole kilometres.

Like the grids of INSEE, the lines of a grid fall on whole kilometres of its projection, so that a
cell has the same address in every raster of ours and in those of others.
"""

from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from config.errors import NotFound
from geo.crs import transformer
from geo.frames import FRAMES, METROPOLE, Frame

CELL = 1000  # metres
EDGE = 33  # points on each side of a grid that is carried to degrees: sides become curves


@dataclass(frozen=True, slots=True)
class Grid:
    """The grid of a frame. Rows go down from the north, columns to the east."""

    frame: Frame

    @property
    def id(self) -> str:
        return self.frame.id

    @property
    def epsg(self) -> int:
        return self.frame.epsg

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """West, south, east and north in metres: the frame's, which are whole kilometres."""
        west, south, east, north = self.frame.bounds
        return int(west), int(south), int(east), int(north)

    @property
    def columns(self) -> int:
        return (self.bounds[2] - self.bounds[0]) // CELL

    @property
    def rows(self) -> int:
        return (self.bounds[3] - self.bounds[1]) // CELL

    @property
    def affine(self) -> Affine:
        return Affine(CELL, 0, self.bounds[0], 0, -CELL, self.bounds[3])

    @property
    def pixels(self) -> Frame:
        """The same window with one pixel per cell, for `geo.id_raster.burn`."""
        frame = self.frame
        return Frame(frame.id, frame.name_fr, frame.name_en, frame.departements, frame.epsg,
                     frame.bounds, self.columns)  # fmt: skip

    def centres(
        self, rows: NDArray[np.intp], columns: NDArray[np.intp]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """x and y of the centres of cells."""
        x = self.bounds[0] + (columns.astype(np.float64) + 0.5) * CELL
        y = self.bounds[3] - (rows.astype(np.float64) + 0.5) * CELL
        return x, y

    def degrees(self) -> tuple[float, float, float, float]:
        """West, south, east and north of the grid in degrees, rounded outwards."""
        west, south, east, north = self.bounds
        x, y = np.linspace(west, east, EDGE), np.linspace(south, north, EDGE)
        side_x = np.concatenate([x, x, np.full(EDGE, west), np.full(EDGE, east)])
        side_y = np.concatenate([np.full(EDGE, south), np.full(EDGE, north), y, y])
        lon, lat = transformer(self.epsg, 4326).transform(side_x, side_y)
        return (
            float(np.floor(lon.min() * 1e4) / 1e4), float(np.floor(lat.min() * 1e4) / 1e4),
            float(np.ceil(lon.max() * 1e4) / 1e4), float(np.ceil(lat.max() * 1e4) / 1e4),
        )  # fmt: skip

    def place(
        self, longitudes: NDArray[np.float64], latitudes: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """x, y of points in degrees, and which of them lie on this grid."""
        west, south, east, north = self.degrees()
        near = (
            (longitudes >= west) & (longitudes <= east)
            & (latitudes >= south) & (latitudes <= north)
        )  # fmt: skip
        # Far points are not carried: a projection gives coordinates of its own to the antipodes.
        x = np.full(longitudes.shape, np.inf)
        y = np.full(longitudes.shape, np.inf)
        if near.any():
            x[near], y[near] = transformer(4326, self.epsg).transform(
                longitudes[near], latitudes[near]
            )
        left, bottom, right, top = self.bounds
        return x, y, (x >= left) & (x < right) & (y > bottom) & (y <= top)


GRIDS: tuple[Grid, ...] = tuple(Grid(frame) for frame in FRAMES)
MAINLAND = Grid(METROPOLE)


def grid_by_id(identifier: str) -> Grid:
    """Raises NotFound listing the grids."""
    for grid in GRIDS:
        if grid.id == identifier:
            return grid
    known = ", ".join(grid.id for grid in GRIDS)
    raise NotFound(f"There is no grid {identifier!r}; these exist: {known}.")
