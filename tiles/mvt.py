"""Vector tiles drawn by PostGIS: geometry and integer ids; status travels apart.

The same tile always has the same bytes: features are ordered by id, and coordinates snap to a
grid of the zoom. Coarser grids at low zooms bound the size of a tile without tearing the border
that two communes share, as simplifying each polygon by itself would.
"""

import gzip
from typing import Any

import psycopg

from catalog.database.queries import query
from config.errors import NotFound
from geo.tile_address import TileAddress

LAYERS = ("communes",)
LABELS_FROM = 9  # below, a name would be longer than its commune
# (first zoom, grid of the tile's side). MapLibre draws a tile on 512 pixels: 1024 is half a pixel.
GRIDS = ((0, 1024), (8, 2048), (10, 4096))


def grid(z: int) -> int:
    """The extent of a tile of zoom `z`: how many steps its side has."""
    return [extent for first, extent in GRIDS if z >= first][-1]


def _parameters(address: TileAddress) -> dict[str, Any]:
    extent = grid(address.z)
    buffer = extent // 64  # eight pixels: wide enough for the outlines of neighbours
    return {
        "z": address.z,
        "x": address.x,
        "y": address.y,
        "extent": extent,
        "buffer": buffer,
        "margin": buffer / extent,
        "labels": address.z >= LABELS_FROM,
    }


def known(layer: str) -> None:
    """Raises NotFound for a layer that does not exist, naming those that do."""
    if layer not in LAYERS:
        raise NotFound(f"There is no layer {layer[:40]!r}; these exist: {', '.join(LAYERS)}.")


def _parts(layer: str, address: TileAddress) -> list[tuple[str, dict[str, Any]]]:
    known(layer)
    parameters = _parameters(address)
    return [
        (query("tiles", "tile_communes"), parameters),
        (query("tiles", "tile_areas"), {**parameters, "kind": "departements"}),
        (query("tiles", "tile_areas"), {**parameters, "kind": "regions"}),
    ]


async def draw(aconn: psycopg.AsyncConnection[Any], layer: str, address: TileAddress) -> bytes:
    """One tile, uncompressed; empty bytes where there is no land. Raises NotFound.

    A vector tile is a sequence of layers, so the answers of several questions are one tile.
    """
    drawn = b""
    for text, parameters in _parts(layer, address):
        row = await (await aconn.execute(text, parameters)).fetchone()
        drawn += bytes(row[0]) if row else b""
    return drawn


def draw_now(conn: psycopg.Connection[Any], layer: str, address: TileAddress) -> bytes:
    """The same, for the publication."""
    drawn = b""
    for text, parameters in _parts(layer, address):
        row = conn.execute(text, parameters).fetchone()
        drawn += bytes(row[0]) if row else b""
    return drawn


def pack(tile: bytes) -> bytes:
    """A tile as it is stored and sent. Without a date in it: the same bytes each time."""
    return gzip.compress(tile, 9, mtime=0)
