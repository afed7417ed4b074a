"""OGC API Coverages (a draft still) and Maps on our rasters.

A coverage keeps the projection of its grid: whole cells, averaged when fewer are asked for. A map
is a picture in any CRS of the list, with its legend as words and numbers.
"""

import itertools
import math
from typing import ClassVar

from api.formats import Formats
from api.ogc import covjson
from api.ogc.base import HTML, JSON
from api.ogc.grid_questions import (
    COVERAGE,
    MAP,
    MOST_PIXELS,
    cut_of,
    in_time,
    ordered,
)
from api.ogc.grids import COVJSON, GEOTIFF, LICENCE, MOST_CELLS, PNG, GridHandler
from config.errors import Invalid
from geo.crs import transformer
from geo.ogc_crs import DEFAULT, Crs
from tiles import distance_reading
from tiles.distance_files import STEPS
from tiles.distance_reading import COLOURS, Cells
from tiles.pictures import HATCH

WIDEST = 800  # pixels of a map whose size is not asked


class Coverage(GridHandler):
    formats: ClassVar = {"GeoTIFF": GEOTIFF, "CoverageJSON": COVJSON}
    own: ClassVar = COVERAGE

    async def get(self, grid: str) -> None:
        in_time(self.grid, self.asked["datetime"])
        most = MOST_PIXELS if self.format == "GeoTIFF" else MOST_CELLS
        cut = cut_of(self.grid, self.asked, most)
        if cut is None:  # the standard's answer for a subset where there is nothing
            self.set_status(204)
            self.finish()
            return
        if self.kept():
            return
        held, folder, names = self.grid.held, self.grid.folder, self.asked["properties"]

        def made() -> tuple[Cells, bytes]:
            found = distance_reading.cells(folder, held, cut.box, cut.size)
            tiff = self.format == "GeoTIFF"
            return found, distance_reading.geotiff(held, found, names) if tiff else b""

        found, body = await self.site.ogc.run(made)
        self.set_header("Content-Crs", f"<{self.grid.storage_crs}>")
        west, north = found.affine.c, found.affine.f
        east, south = west + found.affine.a * found.width, north + found.affine.e * found.height
        self.set_header("Content-Bbox", f"{west:.0f},{south:.0f},{east:.0f},{north:.0f}")
        if self.format == "GeoTIFF":
            name = f"{self.grid.id}-{held.version[:8]}.tif"
            self.set_header("Content-Disposition", f'attachment; filename="{name}"')
            await self.send_body(body, GEOTIFF)
        else:
            await self.answer(covjson.gridded(self.grid, found, names, self.language), COVJSON)


class Map(GridHandler):
    formats: ClassVar = {"png": PNG}
    own: ClassVar = MAP

    async def get(self, grid: str) -> None:
        in_time(self.grid, self.asked["datetime"])
        crs, bounds = self._bounds()
        size = self._size(bounds)
        if self.kept():
            return
        held, folder = self.grid.held, self.grid.folder
        theme, transparent = self.asked["theme"], self.asked["transparent"] == "true"
        body = await self.site.ogc.run(
            lambda: distance_reading.picture(
                folder, held, bounds, crs.epsg, size, theme, transparent=transparent
            )
        )
        told = (bounds[1], bounds[0], bounds[3], bounds[2]) if crs.flipped else bounds
        self.set_header("Content-Crs", f"<{crs.uri}>")
        self.set_header("Content-Bbox", ",".join(f"{one:.8g}" for one in told))
        self.set_header("Access-Control-Expose-Headers", "ETag, Content-Crs, Content-Bbox")
        await self.send_body(body, PNG)

    def _bounds(self) -> tuple[Crs, tuple[float, float, float, float]]:
        """The CRS and the bounds (x first) of the picture: without a crs, the raster's own."""
        own = Crs(self.grid.storage_crs, self.grid.held.grid.epsg, flipped=False)
        asked: Crs = self.asked["crs"]
        crs = asked if "crs" in self.request.query_arguments else own
        if self.asked["bbox"] is None:
            if crs.epsg == own.epsg:
                return crs, self.grid.held.grid.bounds
            bounds, box_crs = self.grid.held.grid.degrees(), DEFAULT
        else:
            box_crs = self.asked["bbox-crs"]
            bounds = ordered(self.asked["bbox"], box_crs, "bbox")
        if box_crs.epsg != crs.epsg:
            if box_crs.epsg in (4326, 4258):
                left, bottom, right, top = self.grid.held.grid.degrees()
                bounds = (max(bounds[0], left - 5), max(bounds[1], bottom - 5),
                          min(bounds[2], right + 5), min(bounds[3], top + 5))  # fmt: skip
            if bounds[0] < bounds[2] and bounds[1] < bounds[3]:
                bounds = transformer(box_crs.epsg, crs.epsg).transform_bounds(*bounds, 21)
        if not all(math.isfinite(one) for one in bounds) or not (
            bounds[0] < bounds[2] and bounds[1] < bounds[3]
        ):
            raise Invalid("This bbox leaves the area of this CRS.", parameter="bbox")
        return crs, bounds

    def _size(self, bounds: tuple[float, float, float, float]) -> tuple[int, int]:
        width, height = self.asked["width"], self.asked["height"]
        ratio = (bounds[3] - bounds[1]) / (bounds[2] - bounds[0])
        if width is None and height is None:
            width = WIDEST if ratio <= 1 else round(WIDEST / ratio)
        if width is None:
            width = round(height / ratio)
        if height is None:
            height = round(width * ratio)
        width, height = max(1, min(width, 4096)), max(1, min(height, 4096))
        if width * height > MOST_PIXELS:
            raise Invalid(f"At most {MOST_PIXELS} pixels in all.", parameter="width")
        return width, height


class Legend(GridHandler):
    """What the colours of the map mean, as words and numbers."""

    formats: ClassVar = {"json": JSON}

    async def get(self, grid: str) -> None:
        rows = legend_rows(self.language)
        await self.answer(
            {
                "title": self.grid.title(self.language),
                "unit": "m",
                "classes": [
                    {"from": low, "to": high, "label": words,
                     "colour": {theme: COLOURS[theme][at] for theme in ("light", "dark")}}
                    for at, (low, high, words) in enumerate(rows)
                ],
                "hatch": {"label": self.t("distance.legend_hatch"), "colour": dict(HATCH)},
                "transparent": self.t("distance.legend_none"),
                "links": [*self.self_links(), self.link("license", HTML, LICENCE)],
            }
        )  # fmt: skip


def legend_rows(language: str) -> list[tuple[int, int | None, str]]:
    """From and to (None: no end) in metres of each class, and its words."""
    show = Formats(language).number
    edges: list[int | None] = [0, *STEPS, None]
    french = language == "fr"
    rows: list[tuple[int, int | None, str]] = []
    for low, high in itertools.pairwise(edges):
        assert low is not None  # noqa: S101 only the last edge is open
        start, end = show(low // 1000), show((high or 0) // 1000)
        if high is None:
            words = f"{start} km ou plus" if french else f"{start} km or more"
        elif low == 0:
            words = f"moins de {end} km" if french else f"less than {end} km"
        else:
            words = f"{start} à {end} km" if french else f"{start} to {end} km"
        rows.append((low, high, words))
    return rows
