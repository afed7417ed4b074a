"""`guichet publish`: make what readers see, then switch to it in one transaction.

Files are made in a folder aside, flushed to the disk, and renamed; the generation is marked
published last. After kill -9 at any moment readers still see the former generation, and the
same command starts again from what is whole. Outlines that did not change cost nothing: their
files are hard links to the former generation's, and so are rasters of offices that did not.
"""

import hashlib
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
from tiles import archives, distance_files, distances, inspector, mvt, sealed

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
    recipe = recipe_of(settings)
    with pools.connect(settings, "publish") as conn:
        for left_over in root.glob(f"*{MAKING}"):
            shutil.rmtree(left_over)
        # One picture of the database: a harvest that ends meanwhile is the next generation's.
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        latest = generations.latest(conn)
        begun = generations.begin(conn)
        offices = distances.facts(conn, begun.geography)
        if (
            latest is not None
            and (latest.geography, latest.facts)
            == (
                begun.geography,
                begun.facts,
            )
            and _held(conn, "shapes_held", begun.geography)
        ):
            folder = root / str(latest.id)
            if (
                sealed.read(folder) == sealed.Seal(latest.geography, recipe, dict(latest.files))
                and distance_files.read(folder).version == offices.version
            ):
                conn.rollback()
                tell("Publishing", 1, 1)
                return latest
        folder = root / f"{begun.id}{MAKING}"
        folder.mkdir()
        _outlines(conn, begun.geography, tell)
        former = sealed.find(root, begun.geography, recipe)
        if former is not None:
            sealed.link(former, folder)
        else:
            _id_rasters(conn, folder, tell)
        distances.burn_land(conn, folder, tell)
        conn.commit()
        if former is None:
            _archive(settings, conn, folder, begun, tell)
        distances.make(offices, folder, tell)
        files = sealed.seal(folder, begun.geography, recipe)
        # A folder of a publication that was killed before it could say so has had its use.
        conn.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        for number in generations.unfinished(conn):
            shutil.rmtree(root / str(number), ignore_errors=True)
        conn.commit()
        target = root / str(begun.id)
        if target.exists():  # of a database that is no more
            shutil.rmtree(target)
        folder.rename(target)
        sealed.flush(root)
        published = generations.publish(conn, begun.id, files)
        conn.commit()
        tell("Publishing", 1, 1)
        return published


def recipe_of(settings: Settings) -> str:
    """A hash of everything but the geography that decides the bytes of a publication."""
    zooms = (settings.tiles.min_zoom, settings.tiles.archive_max_zoom)
    return hashlib.sha256(repr((mvt.recipe(), zooms, FRAMES)).encode()).hexdigest()


def _outlines(conn: Connection, geography: str, tell: Tell) -> None:
    """Keep the outlines and make the borders and polygons of a geography that is new."""
    steps: list[str] = []
    if not _held(conn, "outlines_held", geography):
        steps += ["outlines_keep", "areas_departements", "areas_regions", "areas_epci"]
    if not _held(conn, "shapes_held", geography):
        steps.append("shapes_make")
    for done, step in enumerate(steps):
        tell("Joining communes into départements", done, len(steps))
        conn.execute(query("tiles", step), {"geography": geography})
    if steps:
        tell("Joining communes into départements", len(steps), len(steps))


def _held(conn: Connection, question: str, geography: str) -> bool:
    row = conn.execute(query("tiles", question), {"geography": geography}).fetchone()
    return row is not None and bool(row[0])


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


def land_tiles(conn: Connection, geography: str, zooms: range) -> list[TileAddress]:
    """The tiles that may hold land, in the order of an archive."""
    boxes = conn.execute(query("tiles", "bounds"), {"geography": geography}).fetchall()
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
    addresses = land_tiles(conn, begun.geography, range(zooms[0], zooms[1] + 1))
    conn.rollback()
    file = folder / "communes.pmtiles"
    archives.write(
        file,
        _drawn(settings, addresses, begun.geography, tell),
        zooms,
        {
            "name": "Guichet: communes",
            "attribution": "IGN, INSEE, Etalab – Licence Ouverte 2.0",
            "geography": begun.geography,
            "vector_layers": [
                {"id": name, "minzoom": first, "fields": dict.fromkeys(mvt.fields(name), "String")}
                for name, first in mvt.first_zooms().items()
            ],
        },
    )
    tell("Inspecting tiles", 0, 1)
    row = conn.execute(query("tiles", "last_number"), {"geography": begun.geography}).fetchone()
    conn.rollback()
    if mistakes := inspector.inspect(file, (row and row[0]) or 0):
        raise Invalid("The archive is not fit to be published: " + "; ".join(mistakes[:10]))


def _drawn(
    settings: Settings, addresses: list[TileAddress], geography: str, tell: Tell
) -> Iterator[tuple[TileAddress, bytes]]:
    """Draw tiles on several connections; they come out in the order of `addresses`."""
    connections: Queue[Connection] = Queue()
    for _ in range(DRAWERS):
        connections.put(pools.connect(settings, "publish"))

    def draw(address: TileAddress) -> bytes:
        conn = connections.get()
        try:
            tile = mvt.draw_now(conn, "communes", address, geography)
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
