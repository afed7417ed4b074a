"""Tiles for visitors: what is asked of the archive, of PostGIS, and of nobody."""

import asyncio
import gzip
from typing import Any

import mapbox_vector_tile
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from catalog.generations import Generation
from config.errors import NotFound
from config.settings import Settings
from geo.tile_address import TileAddress, tile_at
from tiles import mvt, server
from tiles.archives import Archive
from tiles.server import TileService

LYON = (4.8357, 45.7640)
type Published = tuple[Settings, Generation]


class NoPool:
    """A pool that nobody may use."""

    def connection(self) -> Any:
        raise AssertionError("a query was sent")


@pytest.fixture
def alone(published: Published) -> TileService:
    """A service that fails when it asks the database anything."""
    return TileService(NoPool(), published[0])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("z", "x", "y"), [(99, 0, 0), (-1, 0, 0), (32, 0, 0), (5, 99, 0), (5, 0, 32), (5, -1, 0)]
)
async def test_impossible_tiles_are_refused_without_a_query(
    alone: TileService, published: Published, z: int, x: int, y: int
) -> None:
    with pytest.raises(NotFound):
        await alone.tile(published[1].id, "communes", TileAddress(z, x, y))


@pytest.mark.parametrize("z", [15, 22, 30])
async def test_zooms_that_we_do_not_draw_are_refused_without_a_query(
    alone: TileService, published: Published, z: int
) -> None:
    with pytest.raises(NotFound, match="zooms 0 to 14"):
        await alone.tile(published[1].id, "communes", TileAddress(z, 0, 0))


async def test_unknown_generations_and_layers_are_refused_without_a_query(
    alone: TileService, published: Published
) -> None:
    address = tile_at(*LYON, 12)
    for generation in (0, -1, published[1].id + 1, 10**17):
        with pytest.raises(NotFound, match="not kept"):
            await alone.tile(generation, "communes", address)
    with pytest.raises(NotFound, match="no layer"):
        await alone.tile(published[1].id, "../../etc", address)


async def test_tiles_of_the_archive_need_no_query(
    alone: TileService, published: Published, archive: Archive
) -> None:
    address = tile_at(*LYON, 10)
    for _ in range(2):  # from the archive, then from memory
        tile = await alone.tile(published[1].id, "communes", address)
        assert tile.bytes == archive.tile(address.z, address.x, address.y)
        assert tile.immutable


@pytest.mark.parametrize("z", [5, 8, 12, 14])
async def test_the_sea_is_empty_without_a_query(
    alone: TileService, published: Published, z: int
) -> None:
    tile = await alone.tile(published[1].id, "communes", tile_at(-30.0, 30.0, z))
    assert gzip.decompress(tile.bytes) == b""


@pytest.mark.parametrize("z", range(5))
async def test_the_lowest_zooms_of_an_old_archive_are_drawn(
    service: TileService,
    published: Published,
    archive: Archive,
    monkeypatch: pytest.MonkeyPatch,
    z: int,
) -> None:
    """Publications made before they were archived begin at zoom 5, and stay what they are."""
    generation, address = published[1].id, tile_at(*LYON, z)
    old = service._of(generation).archive
    monkeypatch.setattr(old, "min_zoom", 5)
    tile = await service.tile(generation, "communes", address)
    assert (service.drawn, tile.bytes) == (1, archive.tile(address.z, address.x, address.y))
    sea = await service.tile(generation, "communes", tile_at(-170.0, -60.0, 4))
    assert gzip.decompress(sea.bytes) == b""


async def test_etags_are_known_without_the_tile(
    alone: TileService, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("the archive was opened")

    monkeypatch.setattr(server, "Archive", never)
    addresses = [tile_at(*LYON, z) for z in range(5, 15)]
    etags = [alone.etag(published[1].id, "communes", address) for address in addresses]
    assert len(set(etags)) == len(addresses)
    assert all(etag[0] == etag[-1] == '"' for etag in etags)
    again = TileService(NoPool(), published[0])  # type: ignore[arg-type]
    assert [again.etag(published[1].id, "communes", a) for a in addresses] == etags


async def test_fifty_visitors_are_one_query(service: TileService, published: Published) -> None:
    address = tile_at(*LYON, 13)
    tiles = await asyncio.gather(
        *(service.tile(published[1].id, "communes", address) for _ in range(50))
    )
    assert service.drawn == 1
    assert len({tile.bytes for tile in tiles}) == 1
    layers = mapbox_vector_tile.decode(gzip.decompress(tiles[0].bytes))
    assert "Lyon" in {f["properties"]["name"] for f in layers["communes"]["features"]}
    await service.tile(published[1].id, "communes", address)
    assert service.drawn == 1, "kept in memory"


async def test_a_visitor_who_leaves_takes_no_tile_away(
    service: TileService, published: Published
) -> None:
    address = tile_at(*LYON, 12)
    gone = asyncio.create_task(service.tile(published[1].id, "communes", address))
    stays = asyncio.create_task(service.tile(published[1].id, "communes", address))
    await asyncio.sleep(0)
    gone.cancel()
    tile = await stays
    assert gzip.decompress(tile.bytes)
    assert service.drawn == 1


async def test_a_failure_is_told_and_not_kept(
    service: TileService, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = mvt.draw

    async def broken(*_: Any) -> bytes:
        raise psycopg.OperationalError("gone")

    address = tile_at(*LYON, 12)
    monkeypatch.setattr(mvt, "draw", broken)
    with pytest.raises(psycopg.OperationalError):
        await service.tile(published[1].id, "communes", address)
    monkeypatch.setattr(mvt, "draw", real)
    assert gzip.decompress((await service.tile(published[1].id, "communes", address)).bytes)


async def test_memory_is_bounded(pool: AsyncConnectionPool, published: Published) -> None:
    settings = published[0]
    budget = 20_000
    small = settings.model_copy(
        update={"tiles": settings.tiles.model_copy(update={"cache_bytes": budget})}
    )
    service = TileService(pool, small)
    for z in range(5, 12):
        middle = tile_at(*LYON, z)
        for east in range(-3, 4):
            address = TileAddress(z, middle.x + east, middle.y)
            await service.tile(published[1].id, "communes", address)
            held = sum(len(packed) for packed in service._held.values())
            assert held == service._held_bytes <= budget
    assert service._held
