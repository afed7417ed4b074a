"""Tiles for visitors: from memory, from the archive, and only then from PostGIS.

Every process keeps some tiles in memory, reads the others from the memory-mapped archive of the
generation, and draws those that are too deep for the archive; however many visitors want the
same deep tile at once, it is drawn once.
"""

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from psycopg_pool import AsyncConnectionPool

from config.errors import NotFound
from config.settings import Settings
from geo.tile_address import TileAddress
from tiles import mvt
from tiles.archives import Archive

type Key = tuple[str, str, TileAddress]

EMPTY = mvt.pack(b"")
OPEN_ARCHIVES = 8  # generations whose archive is mapped at once


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
        self.drawn = 0  # how many tiles PostGIS drew: told by tests and metrics

    async def tile(self, generation: int, layer: str, address: TileAddress) -> Tile:
        """One tile of one generation. Raises NotFound for what was never published."""
        mvt.known(layer)
        settings = self._settings
        if not settings.min_zoom <= address.z <= settings.max_zoom:
            raise NotFound(
                f"This layer has zooms {settings.min_zoom} to {settings.max_zoom}, not {address.z}."
            )
        published = self._of(generation)
        key = (published.geography, layer, address)
        etag = f'"{published.geography[:16]}-{layer}-{address.z}-{address.x}-{address.y}"'
        return Tile(await self._bytes(published, key), etag, immutable=True)

    def _of(self, generation: int) -> _Published:
        found = self._published.get(generation)
        if found is None:
            folder = self._publications / str(generation)
            try:
                described = json.loads((folder / "publication.json").read_bytes())
            except FileNotFoundError:
                raise NotFound(f"Generation {generation} is not kept.") from None
            found = _Published(folder, described["geography"])
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
        up = address.z - archive.max_zoom
        if archive.tile(archive.max_zoom, address.x >> up, address.y >> up) is None:
            return EMPTY
        if (drawing := self._drawing.get(key)) is None:
            drawing = asyncio.create_task(self._draw(published, key))
            self._drawing[key] = drawing
            drawing.add_done_callback(lambda _: self._drawing.pop(key, None))
        # A visitor who leaves does not cancel the tile of the others.
        return await asyncio.shield(drawing)

    async def _draw(self, published: _Published, key: Key) -> bytes:
        async with self._pool.connection() as conn:
            self.drawn += 1
            tile = await mvt.draw(conn, key[1], key[2])
        return self._keep(key, await asyncio.to_thread(mvt.pack, tile))

    def _keep(self, key: Key, packed: bytes) -> bytes:
        if key not in self._held:
            self._held[key] = packed
            self._held_bytes += len(packed)
            while self._held_bytes > self._settings.cache_bytes:
                _, dropped = self._held.popitem(last=False)
                self._held_bytes -= len(dropped)
        return packed
