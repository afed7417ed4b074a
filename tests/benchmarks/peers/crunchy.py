"""pg_tileserv and pg_featureserv (Go, one process each), where the machine's registry gives them.

They are asked of the Go proxy once a run, by their own module paths. Neither was given to the
machines of 2026-12-01 (the proxy refused the modules), so that what follows an installation is
written from their documentation and has never run: correct it on the first machine where it does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peers.machine import FOLDER, Server, free_port, run, started, url
from peers.places import SCHEMA, Places

TILES = "github.com/CrunchyData/pg_tileserv"
FEATURES = "github.com/CrunchyData/pg_featureserv"


def program(module: str) -> Path:
    """The executable of a Go module. Raises Absent with what the proxy said."""
    built = FOLDER / "go" / module.rpartition("/")[2]
    if not built.exists():
        run(["nice", "-n", "10", "go", "install", f"{module}@latest"], GOBIN=str(built.parent))
    return built


@contextmanager
def tileserv(address: str, places: Places) -> Iterator[Server]:
    command = program(TILES)
    port = free_port()
    told = {"DATABASE_URL": url(address), "TS_HTTPHOST": "127.0.0.1", "TS_HTTPPORT": str(port),
            "TS_DBPOOLMAXCONNS": "8", "TS_MAXFEATURESPERTILE": "-1"}  # fmt: skip
    tile = f"/{SCHEMA}.tiles/{{a.z}}/{{a.x}}/{{a.y}}.pbf"
    with started([command], "/index.json", port, told, FOLDER) as pid:
        yield Server("pg_tileserv", port, pid, {
            "tile mix": lambda chance: tile.format(a=places.tile(chance)),
            "low tile": lambda chance: tile.format(a=places.low_tile(chance)),
        })  # fmt: skip


@contextmanager
def featureserv(address: str, places: Places) -> Iterator[Server]:
    """It never tells numberMatched."""
    command = program(FEATURES)
    port = free_port()
    told = {"DATABASE_URL": url(address), "PGFS_SERVER_HTTPHOST": "127.0.0.1",
            "PGFS_SERVER_HTTPPORT": str(port), "PGFS_DATABASE_DBPOOLMAXCONNS": "8",
            "PGFS_PAGING_LIMITMAX": "40000"}  # fmt: skip
    items = f"/collections/{SCHEMA}.communes/items"
    with started([command], "/index.json", port, told, FOLDER) as pid:
        yield Server("pg_featureserv", port, pid, {
            "first page": lambda _: f"{items}.json?limit=100",
            "page by offset": lambda chance: (
                f"{items}.json?limit=100&offset={places.offset(chance)}"
            ),
            "page anywhere": lambda chance: (
                f"{items}.json?limit=100&offset={places.offset(chance)}"
            ),
            "bbox page": lambda chance: f"{items}.json?limit=100&bbox={places.box(chance)}",
            "one item": lambda chance: f"{items}/{places.code(chance)}.json",
        })  # fmt: skip
