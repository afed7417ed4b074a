"""Vector tiles drawn by PostGIS: geometry and integer ids; status travels apart.

The same tile always has the same bytes: features are ordered by id, and coordinates snap to a
grid of the zoom. Coarser grids at low zooms bound the size of a tile without tearing the border
that two communes share, as simplifying each polygon by itself would.
"""

import gzip
import hashlib
from typing import Any

import psycopg

from catalog.database.queries import query
from config.errors import NotFound
from geo.tile_address import TileAddress

LAYERS = ("communes",)  # what a URL may name: a tile of it also holds the borders
# Below, a tile would hold tens of thousands of communes smaller than a pixel (10 MB at zoom 0), and
# leaving some out would show them as if they were not there: the borders alone are drawn.
COMMUNES_FROM = 5
LABELS_FROM = 9  # below, a name would be longer than its commune
EPCI_FROM = 7  # below, their borders would weigh more than they would show
# (first zoom, grid of the tile's side). MapLibre draws a tile on 512 pixels: 1024 is half a pixel.
GRIDS = ((0, 1024), (8, 2048), (10, 4096))
BUFFER = 64  # a tile reaches beyond its side by 1/64: eight pixels, for the outlines' width


def grid(z: int) -> int:
    """The extent of a tile of zoom `z`: how many steps its side has."""
    return [extent for first, extent in GRIDS if z >= first][-1]


def kinds(z: int) -> list[str]:
    """The layers of borders in a tile of zoom `z`, in their order."""
    return ["departements", "regions", *(["epci"] if z >= EPCI_FROM else [])]


def first_zooms() -> dict[str, int]:
    """The first zoom of each layer, for those who describe the tiles."""
    return {"communes": COMMUNES_FROM, "departements": 0, "regions": 0, "epci": EPCI_FROM}


def fields(layer: str) -> tuple[str, ...]:
    """What a feature of a layer may hold beside its geometry and id: all of it is text."""
    return ("name", "code") if layer == "communes" else ("code",)


def recipe() -> str:
    """A hash of how tiles are drawn: other drawings of one geography are other files."""
    texts = [query("tiles", name) for name in ("tile", "areas_departements", "areas_epci")]
    described = repr((texts, query("tiles", "areas_regions"), GRIDS, BUFFER))
    described += repr((COMMUNES_FROM, LABELS_FROM, EPCI_FROM))
    return hashlib.sha256(described.encode()).hexdigest()


def known(layer: str) -> None:
    """Raises NotFound for a layer that does not exist, naming those that do."""
    if layer not in LAYERS:
        raise NotFound(f"There is no layer {layer[:40]!r}; these exist: {', '.join(LAYERS)}.")


def question(layer: str, address: TileAddress, geography: str) -> tuple[str, dict[str, Any]]:
    """The statement that draws one tile, and its parameters. Raises NotFound."""
    known(layer)
    extent = grid(address.z)
    return query("tiles", "tile"), {
        "z": address.z,
        "x": address.x,
        "y": address.y,
        "extent": extent,
        "buffer": extent // BUFFER,
        "margin": 1 / BUFFER,
        "communes": address.z >= COMMUNES_FROM,
        "labels": address.z >= LABELS_FROM,
        "kinds": kinds(address.z),
        "geography": geography,
    }


async def draw(
    aconn: psycopg.AsyncConnection[Any], layer: str, address: TileAddress, geography: str
) -> bytes:
    """One tile of a published geography, uncompressed; empty bytes where there is no land.

    Raises NotFound for an unknown layer.
    """
    asked = await aconn.execute(*question(layer, address, geography), binary=True)
    row = await asked.fetchone()
    return bytes(row[0]) if row else b""


def draw_now(
    conn: psycopg.Connection[Any], layer: str, address: TileAddress, geography: str
) -> bytes:
    """The same, for the publication."""
    row = conn.execute(*question(layer, address, geography), binary=True).fetchone()
    return bytes(row[0]) if row else b""


def pack(tile: bytes) -> bytes:
    """A tile as it is stored and sent. Without a date in it: the same bytes each time."""
    return gzip.compress(tile, 9, mtime=0)
