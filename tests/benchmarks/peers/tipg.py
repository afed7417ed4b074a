"""tipg 1.6, two workers of uvicorn. It counts all rows that match at each page."""

from collections.abc import Iterator
from contextlib import contextmanager

from peers.machine import Server, environment, free_port, started, url
from peers.places import SCHEMA, Places

PINS = (
    "tipg==1.6.1",
    "uvicorn==0.38.0",
    "fastapi==0.165.0",
    "starlette==1.10.0",
    "asyncpg==0.32.0",
)
ITEMS = f"/collections/{SCHEMA}.communes/items"


@contextmanager
def serve(address: str, places: Places) -> Iterator[Server]:
    programs = environment("tipg", PINS)
    port = free_port()
    told = {"DATABASE_URL": url(address), "TIPG_DB_SCHEMAS": f'["{SCHEMA}"]',
            "DB_MIN_CONN_SIZE": "4", "DB_MAX_CONN_SIZE": "4",  # as many as ours
            "TIPG_MAX_FEATURES_PER_TILE": "40000",  # the same rows
            "TIPG_ADD_TILES_VIEWER": "false"}  # fmt: skip
    command = [programs / "uvicorn", "tipg.main:app", "--workers", 2, "--port", port,
               "--log-level", "warning", "--no-access-log"]  # fmt: skip
    tile = f"/collections/{SCHEMA}.tiles/tiles/WebMercatorQuad/{{a.z}}/{{a.x}}/{{a.y}}"
    with started(command, f"{ITEMS}?limit=1&f=geojson", port, told) as pid:
        yield Server("tipg", port, pid, {
            "first page": lambda _: f"{ITEMS}?f=geojson&limit=100",
            "page by offset": lambda chance: (
                f"{ITEMS}?f=geojson&limit=100&offset={places.offset(chance)}"
            ),
            "page anywhere": lambda chance: (
                f"{ITEMS}?f=geojson&limit=100&offset={places.offset(chance)}"
            ),
            "bbox page": lambda chance: f"{ITEMS}?f=geojson&limit=100&bbox={places.box(chance)}",
            "one item": lambda chance: f"{ITEMS}/{places.code(chance)}?f=geojson",
            "tile mix": lambda chance: tile.format(a=places.tile(chance)),
            "low tile": lambda chance: tile.format(a=places.low_tile(chance)),
        })  # fmt: skip
