"""The CRS that OGC API readers may ask for, their axis order, and boxes and shapes in them.

Nothing outside this list is ever looked up: a CRS is a name of the list, never an address.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from config.errors import Invalid
from geo.crs import north_first, transformer

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
# WGS 84, Web Mercator, ETRS89, Lambert-93, then what each overseas territory is surveyed in:
# Antilles (5490), Guyane (2972), La Réunion (2975), Mayotte (4471), Saint-Pierre (4467).
CODES = (4326, 3857, 4258, 2154, 5490, 2972, 2975, 4471, 4467)
EDGE = 21  # points on each side of a box that is carried to another CRS: sides become curves


@dataclass(frozen=True, slots=True)
class Crs:
    """A CRS of the list. `flipped`: coordinates are written north first."""

    uri: str
    epsg: int
    flipped: bool


DEFAULT = Crs(CRS84, 4326, flipped=False)
_BY_NAME: dict[str, Crs] = {CRS84: DEFAULT, "[OGC:CRS84]": DEFAULT, "OGC:CRS84": DEFAULT}
for _code in CODES:
    _found = Crs(f"{_EPSG}{_code}", _code, north_first(_code))
    for _name in (_found.uri, f"[EPSG:{_code}]", f"EPSG:{_code}"):
        _BY_NAME[_name] = _found
URIS: tuple[str, ...] = (CRS84, *(f"{_EPSG}{code}" for code in CODES))


def read(text: str, parameter: str) -> Crs:
    """Raises Invalid, listing what may be asked."""
    try:
        return _BY_NAME[text]
    except KeyError:
        raise Invalid(
            f"This CRS is not served; there are: {', '.join(URIS)}.", parameter=parameter
        ) from None


def placer(crs: Crs) -> Callable[[BaseGeometry], BaseGeometry]:
    """What carries a geometry from `crs`, in its own axis order, to EPSG:4326 with x first."""

    def place(geometry: BaseGeometry) -> BaseGeometry:
        def move(points: np.ndarray) -> np.ndarray:
            xy = points[:, ::-1] if crs.flipped else points
            if crs.epsg == 4326:
                return xy
            x, y = transformer(crs.epsg, 4326).transform(xy[:, 0], xy[:, 1])
            return np.column_stack([x, y])

        moved: BaseGeometry = shapely.transform(geometry, move)
        return moved

    return place


def box(numbers: Sequence[float], crs: Crs) -> bytes:
    """The WKB, EPSG:4326, of a bbox of 4 numbers (or 6, whose heights are left out).

    In degrees, a west that is greater than the east crosses the 180th meridian.
    Raises Invalid for what is not a box.
    """
    if len(numbers) == 6:
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    if len(numbers) != 4 or not all(math.isfinite(one) for one in numbers):
        raise Invalid("A bbox has 4 finite numbers, or 6 with heights.", parameter="bbox")
    west, south, east, north = numbers
    if crs.flipped:
        south, west, north, east = numbers
    if south > north:
        raise Invalid("The least y of a bbox is greater than its greatest.", parameter="bbox")
    if crs.epsg in (4326, 4258):
        # Degrees need no curve: a box stays a box (ETRS89 and WGS 84 are one for this use).
        if west <= east:
            found: BaseGeometry = shapely.box(west, south, east, north)
        else:
            found = MultiPolygon(
                [shapely.box(west, south, 180.0, north), shapely.box(-180.0, south, east, north)]
            )
        return bytes(shapely.to_wkb(found, byte_order=1))
    if west > east:
        raise Invalid("The least x of a bbox is greater than its greatest.", parameter="bbox")
    x, y = np.linspace(west, east, EDGE), np.linspace(south, north, EDGE)
    ring_x = np.concatenate([x, np.full(EDGE, east), x[::-1], np.full(EDGE, west)])
    ring_y = np.concatenate([np.full(EDGE, south), y, np.full(EDGE, north), y[::-1]])
    longitudes, latitudes = transformer(crs.epsg, 4326).transform(ring_x, ring_y)
    if not (np.isfinite(longitudes).all() and np.isfinite(latitudes).all()):
        raise Invalid("This bbox leaves the area of its CRS.", parameter="bbox")
    found = Polygon(np.column_stack([longitudes, latitudes]))
    if not found.is_valid:
        found = shapely.make_valid(found)
    return bytes(shapely.to_wkb(found, byte_order=1))
