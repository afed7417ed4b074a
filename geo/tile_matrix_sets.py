"""WebMercatorQuad as OGC's Two Dimensional Tile Matrix Set standard writes it, and its limits."""

from functools import lru_cache
from typing import Any

from geo.tile_address import HALF_WORLD, TileAddress, tile_at

ID = "WebMercatorQuad"
URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{ID}"
CRS = "http://www.opengis.net/def/crs/EPSG/0/3857"
TILE = 256  # pixels of a side, of 0.28 mm each
PIXEL = 0.00028  # metres


def definition(deepest: int) -> dict[str, Any]:
    """The tile matrix set, zooms 0 to `deepest`."""
    return {
        "id": ID,
        "title": "Google Maps Compatible for the World",
        "uri": URI,
        "crs": CRS,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [_matrix(z) for z in range(deepest + 1)],
    }


def _matrix(z: int) -> dict[str, Any]:
    side = 1 << z
    cell = 2 * HALF_WORLD / (TILE * side)
    return {
        "id": str(z),
        "scaleDenominator": cell / PIXEL,
        "cellSize": cell,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-HALF_WORLD, HALF_WORLD],
        "tileWidth": TILE,
        "tileHeight": TILE,
        "matrixWidth": side,
        "matrixHeight": side,
    }


def limits(bounds: tuple[float, float, float, float], zooms: range) -> list[dict[str, Any]]:
    """The rows and columns that a box in degrees covers at each zoom."""
    found = []
    for z in zooms:
        first, last = _corners(bounds, z)
        found.append(
            {
                "tileMatrix": str(z),
                "minTileRow": first.y,
                "maxTileRow": last.y,
                "minTileCol": first.x,
                "maxTileCol": last.x,
            }
        )
    return found


@lru_cache(maxsize=64)
def _corners(bounds: tuple[float, float, float, float], z: int) -> tuple[TileAddress, TileAddress]:
    west, south, east, north = bounds
    return tile_at(west, north, z), tile_at(east, south, z)


def inside(bounds: tuple[float, float, float, float], tile: TileAddress) -> bool:
    """Whether a tile lies within the limits that `limits` tells for its zoom."""
    first, last = _corners(bounds, tile.z)
    return first.x <= tile.x <= last.x and first.y <= tile.y <= last.y
