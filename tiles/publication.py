"""`guichet publish`: make what readers see, then switch to it in one transaction.

Files are made in a folder aside, flushed to the disk, and renamed; the generation is marked
published last. After kill -9 at any moment readers still see the former generation, and the
same command starts again from what is whole. Outlines that did not change cost nothing: their
files are hard links to the former generation's.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import Any

import psycopg

from catalog import generations
from catalog.database import pools
from catalog.database.queries import query
from catalog.generations import Generation
from config.errors import Invalid
from config.settings import Settings
from geo import id_raster
from geo.frames import FRAMES, OVERSEAS
from geo.tile_address import HALF_WORLD, TileAddress
from tiles import archives, inspector, mvt

type Tell = Callable[[str, int, int | None], None]
type Connection = psycopg.Connection[Any]

DRAWERS = 2  # connections that draw tiles at once: one per core of the smallest machine
MAKING = ".making"


def silent(what: str, done: int, total: int | None) -> None:
    """Tell nobody."""


def publish(settings: Settings, tell: Tell = silent) -> Generation:
    """Publish the catalogue as it is now; the current generation when nothing changed.

    Raises NotFound when nothing was harvested, Unavailable when the database is away, Invalid
    when the inspector finds a bad tile (nothing is published then).
    """
    root = settings.paths.publications
    root.mkdir(parents=True, exist_ok=True)
    with pools.connect(settings, "publish") as conn:
        latest = generations.latest(conn)
        for left_over in root.glob(f"*{MAKING}"):
            shutil.rmtree(left_over)
        begun = generations.begin(conn)
        whole = latest is not None and (root / str(latest.id) / "publication.json").exists()
        if latest is not None and whole and _same(latest, begun):
            conn.rollback()
            tell("Publishing", 1, 1)
            return latest
        conn.commit()
        folder = root / f"{begun.id}{MAKING}"
        folder.mkdir()
        former = root / str(latest.id) if latest is not None and whole else None
        if former is not None and latest is not None and latest.geography == begun.geography:
            tell("Publishing", 0, 1)
            shutil.copytree(former, folder, copy_function=os.link, dirs_exist_ok=True)
            (folder / "publication.json").unlink()
        else:
            _borders(conn, begun.geography, tell)
            _id_rasters(conn, folder, tell)
            _archive(settings, conn, folder, begun, tell)
        files = _seal(folder, begun, settings)
        target = root / str(begun.id)
        if target.exists():  # renamed by a publication that was killed before it could say so
            shutil.rmtree(target)
        folder.rename(target)
        _flush(root)
        published = generations.publish(conn, begun.id, files)
        conn.commit()
        tell("Publishing", 1, 1)
        return published


def _same(one: Generation, other: Generation) -> bool:
    return (one.geography, one.facts) == (other.geography, other.facts)


def _borders(conn: Connection, geography: str, tell: Tell) -> None:
    """Borders of départements and régions, when the outlines changed."""
    held = [row[0] for row in conn.execute(query("tiles", "areas_held"))]
    if held == [geography]:
        conn.rollback()
        return
    tell("Joining communes into départements", 0, 2)
    conn.execute(query("tiles", "areas_empty"))
    conn.execute(query("tiles", "areas_departements"), {"geography": geography})
    tell("Joining communes into départements", 1, 2)
    conn.execute(query("tiles", "areas_regions"), {"geography": geography})
    conn.commit()
    tell("Joining communes into départements", 2, 2)


def _id_rasters(conn: Connection, folder: Path, tell: Tell) -> None:
    (folder / "ids").mkdir()
    elsewhere = [code for frame in OVERSEAS for code in frame.departements]
    for done, frame in enumerate(FRAMES):
        tell("Drawing id rasters", done, len(FRAMES))
        metropolitan = not frame.departements
        rows = conn.execute(
            query("tiles", "outlines"),
            {
                "departements": elsewhere if metropolitan else list(frame.departements),
                "others": metropolitan,
            },
        )
        ids = id_raster.burn(((number, bytes(wkb)) for number, wkb in rows), frame)
        (folder / "ids" / f"{frame.id}.webp").write_bytes(id_raster.to_webp(ids))
    tell("Drawing id rasters", len(FRAMES), len(FRAMES))
    conn.rollback()


def land_tiles(conn: Connection, zooms: range) -> list[TileAddress]:
    """The tiles that may hold land, in the order of an archive."""
    boxes = conn.execute(query("tiles", "bounds")).fetchall()
    found: set[TileAddress] = set()
    for z in zooms:
        size = 2 * HALF_WORLD / (1 << z)
        last = (1 << z) - 1
        for west, south, east, north in boxes:
            columns = range(_step(west, size, last), _step(east, size, last) + 1)
            rows = range(_step(-north, size, last), _step(-south, size, last) + 1)
            found |= {TileAddress(z, x, y) for x in columns for y in rows}
    return sorted(found, key=archives.order)


def _step(metres: float, size: float, last: int) -> int:
    return max(0, min(last, int((metres + HALF_WORLD) // size)))


def _archive(
    settings: Settings, conn: Connection, folder: Path, begun: Generation, tell: Tell
) -> None:
    zooms = (settings.tiles.min_zoom, settings.tiles.archive_max_zoom)
    addresses = land_tiles(conn, range(zooms[0], zooms[1] + 1))
    conn.rollback()
    file = folder / "communes.pmtiles"
    archives.write(
        file,
        _drawn(settings, addresses, tell),
        zooms,
        {
            "name": "Guichet: communes",
            "attribution": "IGN, INSEE, Etalab – Licence Ouverte 2.0",
            "geography": begun.geography,
            "vector_layers": [
                {"id": "communes", "fields": {"name": "String", "code": "String"}},
                {"id": "departements", "fields": {"code": "String"}},
                {"id": "regions", "fields": {"code": "String"}},
            ],
        },
    )
    if mistakes := inspector.inspect(file):
        raise Invalid("The archive is not fit to be published: " + "; ".join(mistakes[:10]))


def _drawn(
    settings: Settings, addresses: list[TileAddress], tell: Tell
) -> Iterator[tuple[TileAddress, bytes]]:
    """Draw tiles on several connections; they come out in the order of `addresses`."""
    connections: Queue[Connection] = Queue()
    for _ in range(DRAWERS):
        connections.put(pools.connect(settings, "publish"))

    def draw(address: TileAddress) -> bytes:
        conn = connections.get()
        try:
            tile = mvt.draw_now(conn, "communes", address)
            conn.rollback()
        finally:
            connections.put(conn)
        return mvt.pack(tile) if tile else b""

    try:
        with ThreadPoolExecutor(DRAWERS) as drawers:
            for done, (address, tile) in enumerate(
                zip(addresses, drawers.map(draw, addresses), strict=True), 1
            ):
                if done % 50 == 0 or done == len(addresses):
                    tell("Drawing tiles", done, len(addresses))
                if tile:
                    yield address, tile
    finally:
        while not connections.empty():
            connections.get().close()


def _seal(folder: Path, begun: Generation, settings: Settings) -> dict[str, str]:
    """Flush every file to the disk; their sha256 by name, also kept beside them."""
    files: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as opened:
                files[str(path.relative_to(folder))] = hashlib.file_digest(
                    opened, "sha256"
                ).hexdigest()
                os.fsync(opened.fileno())
    described = {
        "generation": begun.id,
        "geography": begun.geography,
        "zooms": [settings.tiles.min_zoom, settings.tiles.archive_max_zoom],
        "files": files,
    }
    with (folder / "publication.json").open("w", encoding="utf-8") as out:
        json.dump(described, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    _flush(folder)
    return files


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
