"""A published small France, and the rasters of distances that it holds."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from config.settings import Settings
from tiles import distance_files, publication
from tiles.distance_files import Distances


@pytest.fixture(scope="session")
def publication_folder(small_france_settings: Settings) -> Iterator[Path]:
    """The folder of a publication of the small France: read it, never write it."""
    with tempfile.TemporaryDirectory(prefix="guichet-rasters-") as var:
        paths = small_france_settings.paths.model_copy(update={"var": Path(var)})
        here = small_france_settings.model_copy(update={"paths": paths})
        generation = publication.publish(here)
        yield here.paths.publications / str(generation.id)


@pytest.fixture(scope="session")
def distances(publication_folder: Path) -> Distances:
    return distance_files.read(publication_folder)


@pytest.fixture
def france(small_france: str) -> Iterator[psycopg.Connection]:
    """The small France; whatever is written is rolled back."""
    with psycopg.connect(small_france) as conn:
        yield conn
        conn.rollback()


@pytest.fixture(scope="module")
def ogc(site: str) -> Iterator[httpx.Client]:
    """A client whose addresses begin at /ogc."""
    with httpx.Client(base_url=f"{site}/ogc", timeout=30) as found:
        yield found
