"""Addresses of tiles in WebMercatorQuad (OGC Two Dimensional Tile Matrix Set, EPSG:3857)."""

import math
from dataclasses import dataclass

from config.errors import NotFound

# Half the side of the WebMercatorQuad square, in metres: pi times the radius of WGS 84.
HALF_WORLD = math.pi * 6378137.0
DEEPEST = 30


@dataclass(frozen=True, slots=True, order=True)
class TileAddress:
    """One tile: zoom, column from the west, row from the north. Raises NotFound when impossible."""

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        side = 1 << self.z if 0 <= self.z <= DEEPEST else 0
        if not (0 <= self.x < side and 0 <= self.y < side):
            raise NotFound(f"There is no tile {self.z}/{self.x}/{self.y}.")

    def bounds_3857(self) -> tuple[float, float, float, float]:
        """West, south, east, north in EPSG:3857 metres."""
        size = 2 * HALF_WORLD / (1 << self.z)
        west = -HALF_WORLD + self.x * size
        north = HALF_WORLD - self.y * size
        return west, north - size, west + size, north


def tile_at(longitude: float, latitude: float, z: int) -> TileAddress:
    """The tile of zoom `z` that holds a point given in degrees (EPSG:4326)."""
    side = 1 << z
    latitude = max(-85.0511287798066, min(85.0511287798066, latitude))
    x = int((longitude + 180.0) / 360.0 * side)
    y = int((1.0 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2.0 * side)
    return TileAddress(z, max(0, min(side - 1, x)), max(0, min(side - 1, y)))
