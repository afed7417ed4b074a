"""A published small France, and the rasters of distances that it holds."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from config.settings import Settings
from tiles import distance_files
from tiles.distance_files import Distances


@pytest.fixture(scope="session")
def publication_folder(site: str, small_france_settings: Settings) -> Path:
    """The folder of the publication that `site` serves: read it, never write it."""
    folders = small_france_settings.paths.publications.iterdir()
    return max((one for one in folders if one.name.isdecimal()), key=lambda one: int(one.name))


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
