"""The parameters of rasters, read strictly: well-known text, boxes, subsets, sizes."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.errors import ShapelyError  # type: ignore[attr-defined]
from shapely.geometry.base import BaseGeometry

from api.ogc.grids import GridCollection
from api.ogc.questions import BBOX_CRS, CRS, read_box
from api.ogc.spans import read_span
from api.parameters import Parameter, choice, number, text
from catalog.items import Span
from config.errors import Invalid
from geo.crs import transformer
from geo.ogc_crs import DEFAULT, Crs
from geo.ogc_crs import read as read_crs
from tiles.distance_files import BANDS
from tiles.distance_reading import Box, box_of, to_grid

LONGEST = 8_000  # characters of well-known text: three times that, escaped, fits in an address
MOST_POINTS = 500
MOST_PIXELS = 4_194_304  # of a GeoTIFF or a picture
FARTHEST_KM = 200.0
_SUBSET = re.compile(
    r"(\w{1,10})\(\s*([+-]?[\d.]{1,30})\s*(?::\s*([+-]?[\d.]{1,30})\s*)?\)(?:,|$)", re.ASCII
)
_SIZE = re.compile(r"(\w{1,10})\(\s*(\d{1,7}(?:\.\d{1,9})?)\s*\)(?:,|$)", re.ASCII)
DEGREES = {"lon": "x", "long": "x", "longitude": "x", "lat": "y", "latitude": "y"}
METRES = {"e": "x", "x": "x", "easting": "x", "n": "y", "y": "y", "northing": "y"}


def _wkt(kinds: tuple[str, ...]) -> Parameter[BaseGeometry]:
    def read(value: str) -> BaseGeometry:
        if len(value) > LONGEST:
            raise Invalid(f"At most {LONGEST} characters.")
        try:
            found: BaseGeometry | None = shapely.force_2d(shapely.from_wkt(value))
        except (ShapelyError, ValueError):
            found = None
        if found is None or found.geom_type.upper() not in kinds or found.is_empty:
            raise Invalid(f"Well-known text of {' or '.join(kinds)} is expected.")
        if not all(math.isfinite(one) for one in found.bounds) or not found.is_valid:
            raise Invalid("The geometry is not valid, or not finite.")
        return found

    return Parameter(
        "coords", f"Well-known text of {' or '.join(kinds)}, in `crs`.", read,
        lambda: {"type": "string"}, required=True,
        example="POINT(4.84 45.76)" if "POINT" in kinds else
        "POLYGON((4.7 45.7,4.9 45.7,4.9 45.8,4.7 45.8,4.7 45.7))",
    )  # fmt: skip


def _names(value: str) -> tuple[str, ...]:
    asked = tuple(dict.fromkeys(one.strip() for one in value.split(",") if one.strip()))
    if not asked or set(asked) - set(BANDS):
        raise Invalid(f"Unknown; there are: {', '.join(BANDS)}.")
    return tuple(one for one in BANDS if one in asked)


def _text_schema() -> Mapping[str, Any]:
    return {"type": "string"}


POINT = _wkt(("POINT", "MULTIPOINT"))
ONE_POINT = _wkt(("POINT",))
POLYGON = _wkt(("POLYGON", "MULTIPOLYGON"))
WITHIN = number(
    "within", "The radius, in `within-units`.", minimum=0, maximum=FARTHEST_KM * 1000,
    required=True, example="5",
)  # fmt: skip
UNITS = choice("within-units", "Kilometres or metres.", lambda: ("km", "m"), required=True)
CUBE: Parameter[tuple[float, ...]] = Parameter(
    "bbox", "A box of 4 numbers in `crs`, or 6 with heights, which are left out.", read_box,
    _text_schema, required=True, example="4.7,45.7,4.9,45.8",
)  # fmt: skip
NAMES: Parameter[tuple[str, ...]] = Parameter(
    "parameter-name", f"Fields between commas: {', '.join(BANDS)}.", _names, _text_schema, BANDS
)
DATETIME: Parameter[Span] = Parameter(
    "datetime", "An instant or interval, RFC 3339. A raster tells what was known from its source "
    "date on: an end before it is refused. Other instances tell other days.",
    read_span, _text_schema,
)  # fmt: skip
EDR_CRS: Parameter[Crs] = Parameter(
    "crs", "The CRS of `coords` and of the answer.", lambda value: _edr_crs(value), _text_schema,
    DEFAULT,
)  # fmt: skip
COMMON = (NAMES, DATETIME, EDR_CRS)
FIELDS: Parameter[tuple[str, ...]] = Parameter(
    "properties", f"Fields between commas: {', '.join(BANDS)}.", _names, _text_schema, BANDS
)
BBOX: Parameter[tuple[float, ...]] = Parameter(
    "bbox", "A box of 4 numbers in `bbox-crs`.", read_box,
    lambda: {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
)  # fmt: skip
SUBSET = text(
    "subset", "Axis(low:high) between commas: E and N in metres of the storage CRS, or Lon and "
    "Lat in degrees.", max_length=200, example="Lat(45.6:45.9),Lon(4.7:5)",
)  # fmt: skip
SUBSET_CRS: Parameter[Crs] = Parameter(
    "subset-crs", "The CRS of `subset`; without it, the names of its axes tell.",
    lambda value: read_crs(value, "subset-crs"), lambda: {"type": "string", "format": "uri"},
)  # fmt: skip
SCALE_FACTOR = number(
    "scale-factor", "2: half as many rows and columns, averaged.", minimum=0.01, maximum=10_000,
    example="4",
)  # fmt: skip
SCALE_SIZE = text("scale-size", "Axis(count) between commas: E(100),N(100).", max_length=60)
SCALE_AXES = text("scale-axes", "Axis(factor) between commas: E(2),N(2).", max_length=60)


def _edr_crs(value: str) -> Crs:
    """As elsewhere, and the short names that readers of EDR write."""
    return DEFAULT if value in ("CRS84", "CRS:84") else read_crs(value, "crs")


def side(name: str) -> Parameter[int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"\d{1,5}", value, re.ASCII) or not 1 <= int(value) <= 4096:
            raise Invalid("A whole number of pixels from 1 to 4096 is expected.")
        return int(value)

    return Parameter(
        name, "Pixels; without it, as the box is shaped.", read,
        lambda: {"type": "integer", "minimum": 1, "maximum": 4096}, example="400",
    )  # fmt: skip


WIDTH, HEIGHT = side("width"), side("height")
TRANSPARENT = choice("transparent", "Whether the sea is.", lambda: ("true", "false"),
                     default="true")  # fmt: skip
THEME = choice("theme", "Colours for a light or a dark page.", lambda: ("light", "dark"),
               default="light")  # fmt: skip
COVERAGE = (BBOX, BBOX_CRS, SUBSET, SUBSET_CRS, SCALE_FACTOR, SCALE_SIZE, SCALE_AXES, FIELDS,
            DATETIME)  # fmt: skip
MAP = (BBOX, BBOX_CRS, CRS, WIDTH, HEIGHT, TRANSPARENT, THEME, DATETIME)


def in_time(grid: GridCollection, span: Span | None) -> None:
    """Refuse a time before anything of this raster was known. Raises Invalid."""
    if span is not None and span.end is not None:
        start = grid.interval[0]
        if span.end.isoformat() < start[:10]:
            raise Invalid(f"This raster tells what is known since {start[:10]}; see /instances.",
                          parameter="datetime")  # fmt: skip


def flip(shape: BaseGeometry, crs: Crs) -> BaseGeometry:
    """A shape with x first."""
    if not crs.flipped:
        return shape
    turned: BaseGeometry = shapely.transform(shape, lambda points: points[:, ::-1])
    return turned


def placed(shape: BaseGeometry, crs: Crs, grid: GridCollection, parameter: str) -> BaseGeometry:
    """A shape in the raster's projection. Raises Invalid when it leaves the area of its CRS.

    It goes by degrees and is cut to the raster there: a projection carries only what is near.
    """
    found = flip(shape, crs)
    if crs.epsg == grid.held.grid.epsg:
        return found
    west, south, east, north = found.bounds
    if crs.epsg not in (4326, 4258):
        step = max(east - west, north - south) / 100 or 1.0
        carry = transformer(crs.epsg, 4326).transform
        found = shapely.transform(
            shapely.segmentize(found, step), lambda x, y: carry(x, y), interleaved=False
        )
    elif min(west, south) < -180 or east > 180 or north > 90 or south < -90:
        raise Invalid("These are not degrees.", parameter=parameter)
    if not all(math.isfinite(one) for one in found.bounds) or not found.is_valid:
        raise Invalid("This shape leaves the area of its CRS.", parameter=parameter)
    found = shapely.intersection(found, shapely.box(*grid.held.grid.degrees()))
    if found.is_empty:
        return _nowhere()
    return to_grid(found, grid.held.grid, 4326, 0.1)


def degrees_of(shape: BaseGeometry, crs: Crs) -> tuple[list[float], list[float]]:
    """Longitudes and latitudes of the points of a shape."""
    points = shapely.get_coordinates(flip(shape, crs))
    if crs.epsg == 4326:
        return points[:, 0].tolist(), points[:, 1].tolist()
    longitudes, latitudes = transformer(crs.epsg, 4326).transform(points[:, 0], points[:, 1])
    return longitudes.tolist(), latitudes.tolist()


@dataclass(frozen=True, slots=True)
class Cut:
    """What of a raster a coverage holds, and on how many rows and columns."""

    box: Box
    size: tuple[int, int]


def cut_of(grid: GridCollection, asked: Mapping[str, Any], most: int) -> Cut | None:
    """The cells of a coverage; None when the subset has none. Raises Invalid."""
    bounds: tuple[float, float, float, float] = grid.held.grid.bounds
    if asked["bbox"] is not None:
        bounds = _met(bounds, _box(grid, asked["bbox"], asked["bbox-crs"], "bbox"))
    if asked["subset"] is not None:
        bounds = _met(bounds, _subset(grid, asked["subset"], asked["subset-crs"]))
    box = box_of(grid.held.grid, *bounds)
    if box is None:
        return None
    rows, columns = _size(asked, box)
    if rows * columns > most:
        raise Invalid(
            f"{rows * columns} cells, and at most {most} are given in this format: ask for a "
            "smaller box or a greater factor.",
            parameter="scale-factor",
        )
    return Cut(box, (rows, columns))


def _met(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    return (max(one[0], other[0]), max(one[1], other[1]),
            min(one[2], other[2]), min(one[3], other[3]))  # fmt: skip


def _box(
    grid: GridCollection, numbers: tuple[float, ...], crs: Crs, parameter: str
) -> tuple[float, float, float, float]:
    west, south, east, north = ordered(numbers, crs, parameter)
    return bounds_of(to_box(grid, west, south, east, north, crs, parameter))


def bounds_of(shape: BaseGeometry) -> tuple[float, float, float, float]:
    west, south, east, north = shape.bounds
    return west, south, east, north


def ordered(
    numbers: tuple[float, ...], crs: Crs, parameter: str
) -> tuple[float, float, float, float]:
    """West, south, east, north of a box. Raises Invalid for an empty or turned one."""
    if len(numbers) == 6:
        numbers = (numbers[0], numbers[1], numbers[3], numbers[4])
    west, south, east, north = numbers
    if crs.flipped:
        south, west, north, east = numbers
    if west >= east or south >= north:
        raise Invalid("The least of a box is not less than its greatest.", parameter=parameter)
    return west, south, east, north


def to_box(
    grid: GridCollection, west: float, south: float, east: float, north: float, crs: Crs,
    parameter: str,
) -> BaseGeometry:  # fmt: skip
    """A box (x first) as a shape of the projection, cut to what the grid may hold."""
    if crs.epsg in (4326, 4258):
        # A world is a fair box; a projection carries only its own surroundings.
        left, bottom, right, top = grid.held.grid.degrees()
        west, east = max(west, left), min(east, right)
        south, north = max(south, bottom), min(north, top)
        if west >= east or south >= north:
            return _nowhere()
    shape: BaseGeometry = shapely.box(west, south, east, north)
    return placed(shape, Crs(crs.uri, crs.epsg, flipped=False), grid, parameter)


def _nowhere() -> BaseGeometry:
    """A box that no grid touches."""
    far: BaseGeometry = shapely.box(-1e9, -1e9, -1e9 + 1, -1e9 + 1)
    return far


def _subset(grid: GridCollection, value: str, crs: Crs | None) -> tuple[float, float, float, float]:
    sides: dict[str, tuple[float, float]] = {}
    kinds: set[str] = set()
    end = 0
    for found in _SUBSET.finditer(value):
        if found.start() != end:
            break
        end = found.end()
        name = found[1].lower()
        kind = "degrees" if name in DEGREES else "metres" if name in METRES else ""
        axis = (DEGREES | METRES).get(name, "")
        try:
            low, high = float(found[2]), float(found[3] or found[2])
        except ValueError:
            low, high = 1.0, 0.0
        if not kind or axis in sides or low > high:
            raise Invalid("Axis(low:high), once per axis, low before high.", parameter="subset")
        sides[axis] = (low, high)
        kinds.add(kind)
    if end != len(value) or not sides or len(kinds) != 1:
        raise Invalid(
            "Axis(low:high) between commas is expected: E and N, or Lon and Lat.",
            parameter="subset",
        )
    if crs is None or crs.epsg == grid.held.grid.epsg:
        if kinds == {"metres"}:
            whole = grid.held.grid.bounds
            x, y = sides.get("x", whole[::2]), sides.get("y", whole[1::2])
            return x[0], y[0], x[1], y[1]
        crs = DEFAULT
    if ("degrees" in kinds) != (crs.epsg in (4326, 4258)):
        raise Invalid("These axes are not those of this CRS.", parameter="subset-crs")
    left, bottom, right, top = grid.held.grid.degrees()
    if "metres" in kinds:  # of another projection
        left, bottom, right, top = -2e7, -2e7, 2e7, 2e7
        if len(sides) != 2:
            raise Invalid("Both axes are needed in this CRS.", parameter="subset")
    x, y = sides.get("x", (left, right)), sides.get("y", (bottom, top))
    tiny = 1e-9 if "degrees" in kinds else 1e-3
    return bounds_of(to_box(grid, x[0], y[0], x[1] + tiny, y[1] + tiny, crs, "subset"))


def _size(asked: Mapping[str, Any], box: Box) -> tuple[int, int]:
    given = [one for one in ("scale-factor", "scale-size", "scale-axes") if asked[one] is not None]
    if len(given) > 1:
        raise Invalid("One way of scaling at a time.", parameter=given[1])
    if not given:
        return box.rows, box.columns
    (name,) = given
    if name == "scale-factor":
        factors = {"x": asked[name], "y": asked[name]}
    else:
        factors = _axes(asked[name], name)
    if name == "scale-size":
        columns, rows = factors.get("x", box.columns), factors.get("y", box.rows)
    else:
        columns = box.columns / factors.get("x", 1.0)
        rows = box.rows / factors.get("y", 1.0)
    return max(1, min(round(rows), 10**6)), max(1, min(round(columns), 10**6))


def _axes(value: str, parameter: str) -> dict[str, float]:
    found: dict[str, float] = {}
    end = 0
    for one in _SIZE.finditer(value):
        axis = (DEGREES | METRES).get(one[1].lower())
        if one.start() != end or axis is None or axis in found or float(one[2]) <= 0:
            break
        found[axis], end = float(one[2]), one.end()
    if end != len(value) or not found:
        raise Invalid("Axis(number) between commas is expected.", parameter=parameter)
    return found
