"""Ours, as people run it with two processes; and once more without any tile made beforehand."""

import json
import os
import re
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from peers.machine import Server, free_port, processor_seconds, started
from peers.places import Places

from catalog.database.address import conninfo
from catalog.generations import Generation
from config.settings import Settings
from tiles import archives, mvt, publication, sealed

ROOT = Path(__file__).resolve().parents[3]
ITEMS = "/ogc/collections/communes/items"
# Nothing is refused to the load, and simulators stay out of it.
CALM = {"GUICHET_WEB__RATE_PER_SECOND": "0", "GUICHET_SIMULATORS__ENGINE_WORKERS": "1",
        "GUICHET_ADMIN__PORT": "0"}  # fmt: skip


@contextmanager
def serve(
    generation: Generation, places: Places, name: str = "guichet", **environment: str
) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "api.cli.main", "--log-level", "warning", "serve",
               "--processes", 2, "--port", port]  # fmt: skip
    with started(command, "/readyz", port, CALM | environment, ROOT) as pid:
        settle(pid)
        tile = f"/tiles/{generation.id}/communes/{{a.z}}/{{a.x}}/{{a.y}}.mvt"
        pages = cursors(port) if name == "guichet" else [""]
        yield Server(name, port, pid, {
            "first page": lambda _: f"{ITEMS}?limit=100",
            "page by offset": lambda chance: f"{ITEMS}?limit=100&offset={places.offset(chance)}",
            "page anywhere": lambda chance: chance.choice(pages),
            "bbox page": lambda chance: f"{ITEMS}?bbox={places.box(chance)}&limit=100",
            "one item": lambda chance: f"{ITEMS}/{places.code(chance)}",
            "tile mix": lambda chance: tile.format(a=places.tile(chance)),
            "low tile": lambda chance: tile.format(a=places.low_tile(chance)),
            "nearest 20 offices": lambda chance: (
                "/api/v1/nearby?lon={:.5f}&lat={:.5f}&limit=20".format(*places.point(chance))
            ),
        })  # fmt: skip


def settle(pid: int) -> None:
    """Return when the simulators, which load behind a site that is ready, have loaded."""
    for _ in range(90):
        before = processor_seconds(pid)
        time.sleep(2)
        if processor_seconds(pid) - before < 0.1:
            return


def cursors(port: int) -> list[str]:
    """The address of every page of the collection: each is a `next` link of the one before."""
    found, path = [], f"{ITEMS}?limit=100"
    while path:
        found.append(path)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            links = json.load(answer)["links"]
        href = next((one["href"] for one in links if one["rel"] == "next"), "")
        path = re.sub("^https?://[^/]+", "", href)
    return found


@contextmanager
def without_archive(settings: Settings, generation: Generation) -> Iterator[dict[str, str]]:
    """The environment of a site that keeps no tile in memory and draws each from zoom 5 on.

    Its publication is the real one, with an archive that ends at zoom 4.
    """
    real = settings.paths.publications / str(generation.id)
    seal = sealed.claimed(real)
    assert seal is not None
    with tempfile.TemporaryDirectory(prefix="guichet-bench-") as scratch:
        var = Path(scratch)
        for one in settings.paths.var.resolve().iterdir():
            if one.name not in ("publications", "cluster"):
                (var / one.name).symlink_to(one)
        folder = var / "publications" / str(generation.id)
        shutil.copytree(real, folder, copy_function=os.symlink)
        (folder / "communes.pmtiles").unlink()
        with psycopg.connect(conninfo(settings)) as conn:
            wanted = publication.land_tiles(conn, generation.geography, range(mvt.COMMUNES_FROM))
            drawn = [(a, mvt.draw_now(conn, "communes", a, generation.geography)) for a in wanted]
        archives.write(
            folder / "communes.pmtiles",
            ((address, mvt.pack(tile)) for address, tile in drawn if tile),
            (0, mvt.COMMUNES_FROM - 1),
            {},
        )
        yield {
            "GUICHET_VAR": scratch,
            "GUICHET_DATABASE_URL": conninfo(settings),
            "GUICHET_TILES__CACHE_BYTES": "1",
            # Tiles of zoom 5 are not drawn for visitors, and take a second on a loaded machine.
            "GUICHET_DATABASE__STATEMENT_TIMEOUT_MS": "60000",
        }
