"""OGC API EDR on our rasters: position, radius, area, cube, locations, instances.

Answers are in the CRS that was asked (CRS84 unless told otherwise). In the raster's own projection
areas are grids; in any other, the centres of its cells are points: no value is ever resampled.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from api.ogc import covjson
from api.ogc.base import GEOJSON, HTML, JSON, SCHEMA
from api.ogc.grid_questions import (
    COMMON,
    CUBE,
    FARTHEST_KM,
    MOST_POINTS,
    ONE_POINT,
    POINT,
    POLYGON,
    UNITS,
    WITHIN,
    degrees_of,
    in_time,
    ordered,
    placed,
    to_box,
)
from api.ogc.grids import (
    COVJSON,
    MOST_CELLS,
    GridHandler,
    described,
    instances_of,
    schema_of,
)
from api.parameters import Parameter
from config.errors import Invalid, NotFound
from geo import id_raster
from geo.crs import transformer
from geo.grids import CELL
from geo.ogc_crs import DEFAULT, Crs
from tiles import distance_reading, distances
from tiles.distance_files import NODATA
from tiles.distance_reading import Box, Cells, box_of

type Own = tuple[Parameter[Any], ...]

FORMATS = {"CoverageJSON": COVJSON, "GeoJSON": GEOJSON}


class GridOne(GridHandler):
    """A raster as a collection; in HTML, what it says and how to ask it."""

    async def get(self, grid: str) -> None:
        here = f"{self.base}/collections/{self.grid.id}"
        if self.format == "html":
            self.show(
                "ogc_grid.html",
                grid=self.grid,
                here_is=here,
                middle=self.grid.middle(),
                day=date.fromisoformat(self.grid.held.day or ""),
            )
            return
        if not self.kept():
            await self.answer(described(self, self.grid, here, alone=True))


class GridSchema(GridHandler):
    formats: ClassVar = {"json": SCHEMA, "html": HTML}

    async def get(self, grid: str) -> None:
        found = schema_of(self.grid, self.base, self.language)
        if self.format == "html":
            self.show("ogc_grid_schema.html", grid=self.grid, schema=found)
            return
        await self.answer(found, SCHEMA)


class Instances(GridHandler):
    """The generations that are kept: what was published on other days."""

    async def get(self, grid: str) -> None:
        here = f"{self.base}/collections/{self.grid.id}/instances"
        found = instances_of(self, grid)
        if self.format == "html":
            self.show("ogc_grid_instances.html", grid=self.grid, instances=found, here_is=here)
            return
        told = [described(self, one, f"{here}/{one.generation}") for one in found]
        await self.answer({"instances": told, "links": self.self_links()})


class Instance(GridHandler):
    formats: ClassVar = {"json": JSON}

    async def get(self, grid: str, instance: str) -> None:
        here = f"{self.base}/collections/{self.grid.id}/instances/{self.grid.generation}"
        await self.answer(described(self, self.grid, here, alone=True))


class DataQuery(GridHandler):
    """A query of data: `f` is a format of EDR."""

    formats: ClassVar = FORMATS
    own: ClassVar[Own] = COMMON

    @property
    def names(self) -> Sequence[str]:
        names: Sequence[str] = self.asked["parameter-name"]
        return names

    async def prepare(self) -> None:
        await super().prepare()
        if "datetime" in self.asked:
            in_time(self.grid, self.asked["datetime"])

    async def give(
        self, points: Sequence[Sequence[float]], values: NDArray[np.float32], crs: Crs
    ) -> None:
        """Points in the axis order of `crs`, with what the raster says there."""
        here = self.origin + self.request.path
        if self.format == "GeoJSON":
            body = covjson.features(self.grid, here, points, values, self.names, crs, self.language)
        elif not points:
            body = covjson.nothing(self.grid, self.names, self.language)
        else:
            body = covjson.scattered(self.grid, points, values, self.names, crs, self.language)
        self.set_header("Content-Crs", f"<{crs.uri}>")
        await self.answer(body, self.formats[self.format])

    async def give_cells(self, shape: BaseGeometry, crs: Crs, parameter: str) -> None:
        """The cells whose centre lies in a shape of the raster's projection."""
        held = self.grid.held
        box = box_of(held.grid, *shape.bounds)
        if box is None:
            await self.give([], np.zeros((2, 0), np.float32), crs)
            return
        if box.rows * box.columns > 4 * MOST_CELLS:
            raise too_many(parameter)
        found, inside = await self.site.ogc.run(lambda: _read(self.grid.folder, held, box, shape))
        await self.give_masked(found, inside, crs, parameter)

    async def give_masked(
        self, found: Cells, inside: NDArray[np.bool_], crs: Crs, parameter: str
    ) -> None:
        inside = inside & (found.bands[0] != NODATA)
        if int(inside.sum()) > MOST_CELLS:
            raise too_many(parameter)
        grid = self.grid.held.grid
        if crs.epsg == grid.epsg and self.format == "CoverageJSON" and inside.any():
            if inside.size > MOST_CELLS:
                raise too_many(parameter)
            bands = np.where(inside, found.bands, np.float32(NODATA))
            cells = Cells(bands, found.affine)
            self.set_header("Content-Crs", f"<{crs.uri}>")
            await self.answer(covjson.gridded(self.grid, cells, self.names, self.language), COVJSON)
            return
        rows, columns = np.nonzero(inside)
        x = found.affine.c + (columns.astype(np.float64) + 0.5) * CELL
        y = found.affine.f - (rows.astype(np.float64) + 0.5) * CELL
        await self.give(in_crs(x, y, grid.epsg, crs), found.bands[:, rows, columns], crs)


def too_many(parameter: str) -> Invalid:
    return Invalid(
        f"More than {MOST_CELLS} cells: ask for less, or for the coverage as GeoTIFF.",
        parameter=parameter,
    )


def in_crs(
    x: NDArray[np.float64], y: NDArray[np.float64], epsg: int, crs: Crs
) -> list[list[float]]:
    """Points of a projection, in the axis order of another CRS, to a decimetre or so."""
    if not len(x):
        return []
    if crs.epsg != epsg:
        x, y = transformer(epsg, crs.epsg).transform(x, y)
    digits = 6 if crs.epsg in (4326, 4258) else 1
    pairs = [y, x] if crs.flipped else [x, y]
    points: list[list[float]] = np.round(np.column_stack(pairs), digits).tolist()
    return points


def _read(folder: Any, held: Any, box: Box, shape: BaseGeometry) -> tuple[Cells, Any]:
    found = distance_reading.cells(folder, held, box)
    return found, distance_reading.within(found, shape)


class Position(DataQuery):
    """The cell that holds each point: its value is that of its centre. Out of the land: null."""

    own: ClassVar[Own] = (POINT, *COMMON)

    async def get(self, grid: str, instance: str | None = None) -> None:
        crs: Crs = self.asked["crs"]
        points = shapely.get_coordinates(self.asked["coords"]).tolist()
        if len(points) > MOST_POINTS:
            raise Invalid(f"At most {MOST_POINTS} points.", parameter="coords")
        longitudes, latitudes = degrees_of(self.asked["coords"], crs)
        values = await self.site.ogc.run(
            lambda: distance_reading.at(self.grid.folder, self.grid.held, longitudes, latitudes)
        )
        await self.give(points, values, crs)


class Radius(DataQuery):
    own: ClassVar[Own] = (ONE_POINT, WITHIN, UNITS, *COMMON)

    async def get(self, grid: str, instance: str | None = None) -> None:
        crs: Crs = self.asked["crs"]
        metres = self.asked["within"] * (1000 if self.asked["within-units"] == "km" else 1)
        if metres > FARTHEST_KM * 1000:
            raise Invalid(f"At most {FARTHEST_KM:g} km.", parameter="within")
        longitudes, latitudes = degrees_of(self.asked["coords"], crs)
        x, y, inside = self.grid.held.grid.place(np.array(longitudes), np.array(latitudes))
        if not inside[0]:
            raise Invalid("The point lies outside of this raster.", parameter="coords")
        circle = shapely.buffer(shapely.points(x[0], y[0]), max(metres, 1.0), quad_segs=64)
        await self.give_cells(circle, crs, "within")


class Area(DataQuery):
    own: ClassVar[Own] = (POLYGON, *COMMON)

    async def get(self, grid: str, instance: str | None = None) -> None:
        crs: Crs = self.asked["crs"]
        shape = placed(self.asked["coords"], crs, self.grid, "coords")
        await self.give_cells(shape, crs, "coords")


class Cube(DataQuery):
    own: ClassVar[Own] = (CUBE, *COMMON)

    async def get(self, grid: str, instance: str | None = None) -> None:
        crs: Crs = self.asked["crs"]
        box = to_box(self.grid, *ordered(self.asked["bbox"], crs, "bbox"), crs, "bbox")
        await self.give_cells(box, crs, "bbox")


class Locations(DataQuery):
    """The départements of the raster, each with its figures. A point of its land stands for it."""

    formats: ClassVar = {"GeoJSON": GEOJSON}
    own: ClassVar[Own] = ()

    async def get(self, grid: str, instance: str | None = None) -> None:
        places, numbers = await self.departements()
        here = self.origin + self.request.path
        codes = self.site.edition.geography
        names = dict(zip(codes.departements, codes.departement_names, strict=True))
        features = []
        for area in self.grid.held.areas:
            rows, columns = np.nonzero(numbers == places.get(area.departement, -1))
            if not len(rows):
                continue
            # The cell of land that is nearest to the middle of all of them.
            middle = np.hypot(rows - rows.mean(), columns - columns.mean()).argmin()
            x, y = self.grid.held.grid.centres(rows[middle : middle + 1],
                                               columns[middle : middle + 1])  # fmt: skip
            (point,) = in_crs(x, y, self.grid.held.grid.epsg, DEFAULT)
            features.append(
                {
                    "type": "Feature",
                    "id": f"{here}/{area.departement}",
                    "geometry": {"type": "Point", "coordinates": point},
                    "properties": {
                        "locId": area.departement,
                        "label": names.get(area.departement, area.departement),
                        "name": names.get(area.departement, area.departement),
                        "datetime": self.grid.interval[0],
                        "parameter-name": ["distance", "incomplete"],
                        "edrqueryendpoint": f"{here}/{area.departement}",
                        "cells": area.cells,
                        "meanMetres": area.mean,
                        "farthestMetres": area.farthest,
                        "meanMetresWeightedByInhabitants": area.weighted,
                        "communesKnownIncomplete": area.incomplete,
                    },
                }
            )
        await self.answer({"type": "FeatureCollection", "features": features}, GEOJSON)

    async def departements(self) -> tuple[dict[str, int], NDArray[np.int64]]:
        """Position of each département, and the position that owns each cell (0: none)."""
        geography = self.site.edition.geography
        file = distances.land_file(self.grid.folder, self.grid.held.grid)
        land = await self.site.ogc.run(lambda: id_raster.from_webp(file.read_bytes()))
        index = geography.departement_index.astype(np.int64)
        known = np.where(land < len(index), land, 0)
        places = {code: at for at, code in enumerate(geography.departements, start=1)}
        return places, index[known]


class Location(Locations):
    """The cells of one département."""

    formats: ClassVar = FORMATS
    own: ClassVar[Own] = COMMON

    async def get(self, grid: str, location: str, instance: str | None = None) -> None:  # type: ignore[override]
        places, owners = await self.departements()
        inside = owners == places.get(location, -1)
        if not inside.any():
            raise NotFound(f"There is no location {location[:20]!r}; see /locations.")
        rows, columns = np.nonzero(inside)
        box = Box(int(rows.min()), int(columns.min()), int(np.ptp(rows)) + 1,
                  int(np.ptp(columns)) + 1)  # fmt: skip
        held = self.grid.held
        found = await self.site.ogc.run(lambda: distance_reading.cells(self.grid.folder, held, box))
        part = inside[box.row : box.row + box.rows, box.column : box.column + box.columns]
        await self.give_masked(found, part, self.asked["crs"], "f")
