"""A published small France to read, and one that a test may publish, break and kill."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from catalog.database.pools import web_pool
from catalog.generations import Generation
from config.settings import Settings
from geo import id_raster
from geo.frames import FRAMES
from geo.id_raster import Ids
from tiles import publication
from tiles.archives import Archive
from tiles.server import TileService


def beside(settings: Settings, var: Path) -> Settings:
    """The same database, publishing elsewhere: folders are named after a database's numbers."""
    return settings.model_copy(update={"paths": settings.paths.model_copy(update={"var": var})})


@pytest.fixture(scope="session")
def published(small_france_settings: Settings) -> Iterator[tuple[Settings, Generation]]:
    """Settings and generation of the small France, published: read it, never write it."""
    with tempfile.TemporaryDirectory(prefix="guichet-tiles-") as folder:
        here = beside(small_france_settings, Path(folder))
        yield here, publication.publish(here)


@pytest.fixture(scope="session")
def folder(published: tuple[Settings, Generation]) -> Path:
    settings, generation = published
    return settings.paths.publications / str(generation.id)


@pytest.fixture(scope="session")
def archive(folder: Path) -> Archive:
    return Archive(folder / "communes.pmtiles")


@pytest.fixture(scope="session")
def rasters(folder: Path) -> dict[str, Ids]:
    return {
        frame.id: id_raster.from_webp((folder / "ids" / f"{frame.id}.webp").read_bytes())
        for frame in FRAMES
    }


@pytest.fixture
def france(small_france: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(small_france) as conn:
        yield conn


@pytest.fixture
async def pool(published: tuple[Settings, Generation]) -> AsyncIterator[AsyncConnectionPool]:
    async with web_pool(published[0]) as opened:
        yield opened


@pytest.fixture
def service(pool: AsyncConnectionPool, published: tuple[Settings, Generation]) -> TileService:
    return TileService(pool, published[0])


@pytest.fixture
def own(
    settings: Settings,
    fresh_database: Callable[..., AbstractContextManager[str]],
    loaded_france: str,
    tmp_path: Path,
) -> Iterator[Settings]:
    """A small France of this test alone, not yet published."""
    with fresh_database(loaded_france) as conninfo:
        database = settings.database.model_copy(update={"url": conninfo})
        yield beside(settings.model_copy(update={"database": database}), tmp_path)
