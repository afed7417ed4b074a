"""A publication is whole or it is not there, whatever stops it."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from catalog.database.pools import web_pool
from catalog.generations import Generation
from config.errors import Invalid, NotFound
from config.settings import Settings
from geo.tile_address import TileAddress, tile_at
from tiles import inspector, mvt, publication, sealed
from tiles.server import TileService

ROOT = Path(__file__).resolve().parents[2]
LYON = (4.8357, 45.7640)

# Publishes, and kills itself -9 at the first word of a stage, or just before the switch.
KILLED = """
import os, sys
from catalog import generations
from config.settings import load
from tiles import publication
def die(*_):
    os.kill(os.getpid(), 9)
def tell(what, done, total):
    if what == sys.argv[1]:
        die()
if sys.argv[1] == "switch":
    generations.publish = die
publication.publish(load(), tell)
"""


def killed_at(stage: str, settings: Settings) -> None:
    environment = {
        **os.environ,
        "GUICHET_VAR": str(settings.paths.var),
        "GUICHET_DATABASE_URL": settings.database.url,
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", KILLED, stage],
        env=environment, cwd=ROOT, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr.decode()


def inodes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.stat().st_ino
        for path in folder.rglob("*")
        if path.is_file() and path.name != sealed.SEAL
    }


def published_ids(settings: Settings) -> list[int]:
    with psycopg.connect(settings.database.url) as conn:
        return [
            row[0]
            for row in conn.execute(
                "select id from catalog.generation where published_at is not null order by id"
            )
        ]


def new_fact(settings: Settings) -> None:
    """Observe again what was observed once."""
    with psycopg.connect(settings.database.url) as conn:
        conn.execute(
            """insert into catalog.observation (commune_number, service, state, nature, source_id,
                      evidence_id, seen, observed_at)
               select commune_number, service, state, nature, source_id, evidence_id, seen, now()
               from catalog.observation order by id limit 1"""
        )


def test_nothing_harvested_is_nothing_to_publish(
    database_settings: Settings, tmp_path: Path
) -> None:
    paths = database_settings.paths.model_copy(update={"var": tmp_path})
    with pytest.raises(NotFound, match="harvest"):
        publication.publish(database_settings.model_copy(update={"paths": paths}))


def test_kill_9_at_any_moment_then_carry_on(
    own: Settings, published: tuple[Settings, Generation]
) -> None:
    root = own.paths.publications
    for stage in (
        "Joining communes into départements",
        "Drawing id rasters",
        "Drawing tiles",
        "Inspecting tiles",
        "switch",
    ):
        killed_at(stage, own)
        assert published_ids(own) == []
    left = [folder for folder in root.iterdir() if sealed.read(folder)]
    assert len(left) == 1, "the last one was killed when its files were whole"
    before = inodes(left[0])
    generation = publication.publish(own)
    assert published_ids(own) == [generation.id]
    assert [folder.name for folder in root.iterdir()] == [str(generation.id)], (
        "nothing is left over"
    )
    assert inodes(root / str(generation.id)) == before, "what was whole is not made again"
    # And it is, byte for byte, what a publication that nobody killed has made.
    other = published[1]
    assert dict(generation.files) == dict(other.files)
    assert sealed.read(root / str(generation.id)) == sealed.Seal(
        generation.geography, publication.recipe_of(own), dict(generation.files)
    )


@pytest.mark.alone
def test_publishing_twice(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = publication.publish(own)
    root = own.paths.publications
    started = time.monotonic()
    assert publication.publish(own).id == first.id, "nothing changed: nothing is made"
    assert time.monotonic() - started < 2
    assert published_ids(own) == [first.id]

    def never(*_: Any) -> bytes:
        raise AssertionError("a tile was drawn")

    new_fact(own)
    with monkeypatch.context() as patched:
        patched.setattr(mvt, "draw_now", never)
        second = publication.publish(own)
    assert second.id > first.id
    assert second.geography == first.geography
    assert inodes(root / str(first.id)) == inodes(root / str(second.id)), "hard links"

    # A damaged file is seen, and remade from a folder that is whole.
    damaged = root / str(second.id) / "communes.pmtiles"
    content = damaged.read_bytes()
    damaged.unlink()
    damaged.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    third = publication.publish(own)
    assert third.id > second.id
    assert dict(third.files) == dict(first.files)
    assert inodes(root / str(third.id)) == inodes(root / str(first.id))


def test_another_recipe_is_another_archive(own: Settings) -> None:
    shallow = own.model_copy(update={"tiles": own.tiles.model_copy(update={"archive_max_zoom": 8})})
    first = publication.publish(shallow)
    deeper = publication.publish(
        own.model_copy(update={"tiles": own.tiles.model_copy(update={"archive_max_zoom": 9})})
    )
    assert deeper.id > first.id
    assert deeper.files["communes.pmtiles"] != first.files["communes.pmtiles"]


def test_the_inspector_refuses_and_readers_see_nothing_of_it(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publication.mvt, "LABELS_FROM", 6)  # words on tiles that must have none
    monkeypatch.setattr(inspector, "wrong_with", wrong_below(monkeypatch))
    with pytest.raises(Invalid, match="attributes"):
        publication.publish(own)
    assert published_ids(own) == []
    assert not [folder for folder in own.paths.publications.iterdir() if sealed.read(folder)]


def wrong_below(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The inspector with its own idea of where words begin."""
    real = inspector.wrong_with

    def wrong_with(packed: bytes, z: int, last_number: int) -> list[str]:
        with monkeypatch.context() as patched:
            patched.setattr(mvt, "LABELS_FROM", 9)
            return real(packed, z, last_number)

    return wrong_with


async def test_a_former_generation_stays_itself(own: Settings) -> None:
    """Archive and deep tiles alike: the outlines of Lyon change, its old tiles do not."""
    addresses = [tile_at(*LYON, z) for z in (9, 11, 13)]
    first = await asyncio.to_thread(publication.publish, own)
    before = await asked(own, first.id, addresses)
    with psycopg.connect(own.database.url) as conn:
        conn.execute(
            """update catalog.commune_outline
               set geometry = st_translate(geometry, 0.01, 0),
                   geometry_3857 = st_transform(st_translate(geometry, 0.01, 0), 3857)
               where number = (select number from catalog.commune where code = '69123')"""
        )
    assert await asked(own, first.id, addresses) == before, "harvested, not yet published"
    second = await asyncio.to_thread(publication.publish, own)
    assert second.geography != first.geography
    after = await asked(own, second.id, addresses)
    assert all(new[0] != old[0] for new, old in zip(after, before, strict=True))
    assert all(new[1] != old[1] for new, old in zip(after, before, strict=True)), "and ETags"
    assert await asked(own, first.id, addresses) == before


async def asked(
    settings: Settings, generation: int, addresses: list[TileAddress]
) -> list[tuple[bytes, str]]:
    async with web_pool(settings) as pool:
        service = TileService(pool, settings)
        tiles = [await service.tile(generation, "communes", address) for address in addresses]
        return [(tile.bytes, tile.etag) for tile in tiles]
