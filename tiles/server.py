"""Tiles for visitors: from memory, from the archive, and only then from PostGIS.

Every process keeps some tiles in memory, reads the others from the memory-mapped archive of the
generation, and draws those that are too deep for the archive; however many visitors want the
same deep tile at once, it is drawn once.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from psycopg_pool import AsyncConnectionPool

from config.errors import NotFound
from config.settings import Settings
from geo.tile_address import TileAddress
from tiles import mvt, sealed
from tiles.archives import Archive

type Key = tuple[str, str, TileAddress]

EMPTY = mvt.pack(b"")
OPEN_ARCHIVES = 8  # generations whose archive is mapped at once
PACKED_HERE = 50_000  # bytes: about 1 ms
DRAWN_AT_ONCE = 2  # of the pool's connections: pages are served while deep tiles are drawn


@dataclass(frozen=True, slots=True)
class Tile:
    """`bytes` are gzip; `etag` is known without them; `immutable`: this URL never changes."""

    bytes: bytes
    etag: str
    immutable: bool


@dataclass(frozen=True)
class _Published:
    folder: Path
    geography: str
    edition: str

    @cached_property
    def archive(self) -> Archive:
        return Archive(self.folder / "communes.pmtiles")


class TileService:
    """The tiles of all kept generations, for one process."""

    def __init__(self, pool: AsyncConnectionPool, settings: Settings) -> None:
        self._pool = pool
        self._settings = settings.tiles
        self._publications = settings.paths.publications
        self._published: OrderedDict[int, _Published] = OrderedDict()
        self._held: OrderedDict[Key, bytes] = OrderedDict()
        self._held_bytes = 0
        self._drawing: dict[Key, asyncio.Task[bytes]] = {}
        self._drawers = asyncio.Semaphore(DRAWN_AT_ONCE)
        self.drawn = 0  # how many tiles PostGIS drew: told by tests and metrics

    def etag(self, generation: int, layer: str, address: TileAddress) -> str:
        """The ETag of a tile, known without the tile: no file of tiles, no query.

        Raises NotFound for a layer, a zoom or a generation that does not exist.
        """
        mvt.known(layer)
        settings = self._settings
        if not settings.min_zoom <= address.z <= settings.max_zoom:
            raise NotFound(
                f"This layer has zooms {settings.min_zoom} to {settings.max_zoom}, not {address.z}."
            )
        edition = self._of(generation).edition
        return f'"{edition}-{layer}-{address.z}-{address.x}-{address.y}"'

    async def tile(self, generation: int, layer: str, address: TileAddress) -> Tile:
        """One tile of one generation. Raises NotFound as `etag` does."""
        etag = self.etag(generation, layer, address)
        published = self._of(generation)
        key = (published.edition, layer, address)
        return Tile(await self._bytes(published, key), etag, immutable=True)

    def _of(self, generation: int) -> _Published:
        found = self._published.get(generation)
        if found is None:
            folder = self._publications / str(generation)
            seal = sealed.claimed(folder)
            if seal is None:
                raise NotFound(f"Generation {generation} is not kept.")
            found = _Published(folder, seal.geography, seal.edition)
            self._published[generation] = found
            while len(self._published) > OPEN_ARCHIVES:
                self._published.popitem(last=False)
        self._published.move_to_end(generation)
        return found

    async def _bytes(self, published: _Published, key: Key) -> bytes:
        if (held := self._held.get(key)) is not None:
            self._held.move_to_end(key)
            return held
        address = key[2]
        archive = published.archive
        if archive.holds_zoom(address.z):
            return self._keep(key, archive.tile(address.z, address.x, address.y) or EMPTY)
        # Deeper than the archive: no land in its ancestor means no land here, and no query.
        # (Archives made before the lowest zooms were published begin at zoom 5: those are drawn.)
        up = address.z - archive.max_zoom
        if up > 0 and archive.tile(archive.max_zoom, address.x >> up, address.y >> up) is None:
            return EMPTY
        if (drawing := self._drawing.get(key)) is None:
            drawing = asyncio.create_task(self._draw(published, key))
            self._drawing[key] = drawing
            drawing.add_done_callback(lambda done: self._drawn_one(key, done))
        # A visitor who leaves does not cancel the tile of the others.
        return await asyncio.shield(drawing)

    async def _draw(self, published: _Published, key: Key) -> bytes:
        async with self._drawers, self._pool.connection() as conn:
            self.drawn += 1
            tile = await mvt.draw(conn, key[1], key[2], published.geography)
        # Packing a usual tile takes less than handing it to a thread.
        heavy = len(tile) > PACKED_HERE
        return self._keep(key, await asyncio.to_thread(mvt.pack, tile) if heavy else mvt.pack(tile))

    def _drawn_one(self, key: Key, drawing: asyncio.Task[bytes]) -> None:
        self._drawing.pop(key, None)
        if not drawing.cancelled():
            drawing.exception()  # told to those who wait; nobody may be left to hear it

    def _keep(self, key: Key, packed: bytes) -> bytes:
        if key not in self._held:
            self._held[key] = packed
            self._held_bytes += len(packed)
            while self._held_bytes > self._settings.cache_bytes:
                _, dropped = self._held.popitem(last=False)
                self._held_bytes -= len(dropped)
        return packed
