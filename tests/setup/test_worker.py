"""The queue: jobs run, wait their turn, are tried again, and outlive a killed worker."""

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

import harvest as harvest_package
import tiles as tiles_package
from api import batch_worker, lanes, worker
from api.cli.worker import work
from catalog.database.locks import alone
from config.errors import Conflict, Unavailable
from config.settings import Settings
from simulators import batch_jobs

Fake = Callable[..., list[SimpleNamespace]]


def jobs(settings: Settings) -> list[tuple[str, str, int]]:
    with psycopg.connect(settings.database.url) as conn:
        return conn.execute(
            "select task_name, status::text, attempts from procrastinate.procrastinate_jobs "
            "where task_name in ('harvest_source', 'publish') order by id"
        ).fetchall()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The two entry points replaced by notes of their calls: the queue is what is tested."""
    made: list[str] = []

    def harvest(_settings: Settings, ids: list[str], _dry: bool, _tell: object) -> list[object]:
        made.append(f"harvest {ids[0]}")
        if ids[0] == "away":
            raise Unavailable("away does not answer")
        return [SimpleNamespace(state="done", message=None)]

    def publish(_settings: Settings, _tell: object) -> SimpleNamespace:
        made.append("publish")
        return SimpleNamespace(id=1)

    monkeypatch.setattr(harvest_package, "runs", SimpleNamespace(harvest=harvest), raising=False)
    monkeypatch.setattr(
        tiles_package, "publication", SimpleNamespace(publish=publish), raising=False
    )
    return made


async def test_a_harvest_is_followed_by_a_publication(
    database_settings: Settings, calls: list[str]
) -> None:
    assert await asyncio.to_thread(
        worker.ask, database_settings, "harvest_source", source_id="annuaire"
    )
    assert not await asyncio.to_thread(
        worker.ask, database_settings, "harvest_source", source_id="annuaire"
    ), "the same job does not wait twice"
    await work(database_settings, 1, True)
    assert calls == ["harvest annuaire", "publish"]


async def test_a_source_that_is_away_is_tried_again_later(
    database_settings: Settings, calls: list[str]
) -> None:
    await asyncio.to_thread(worker.ask, database_settings, "harvest_source", source_id="away")
    await work(database_settings, 1, True)
    assert calls == ["harvest away"]
    assert jobs(database_settings) == [("harvest_source", "todo", 1)]


async def test_a_harvest_that_fails_while_another_waits_leaves_nothing_stuck(
    database_settings: Settings, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job left at work for ever would keep its lock, and every later harvest of the source."""
    asked = []

    def harvest(settings: Settings, ids: list[str], _dry: bool, _tell: object) -> list[object]:
        if not asked:
            asked.append(worker.ask(settings, "harvest_source", source_id=ids[0]))
            raise Unavailable("away does not answer")
        return [SimpleNamespace(state="skipped", message=None)]

    monkeypatch.setattr(harvest_package, "runs", SimpleNamespace(harvest=harvest), raising=False)
    await asyncio.to_thread(worker.ask, database_settings, "harvest_source", source_id="away")
    await work(database_settings, 1, True)
    assert asked == [True]
    assert jobs(database_settings) == [("harvest_source", "failed", 1)]


async def test_the_job_of_a_dead_worker_is_taken_up(
    database_settings: Settings, calls: list[str]
) -> None:
    """What kill -9 leaves: a job that is being done, by a worker whose heart stopped."""
    await asyncio.to_thread(worker.ask, database_settings, "publish")
    with psycopg.connect(database_settings.database.url) as conn:
        conn.execute("set search_path to procrastinate, public")
        dead = conn.execute(
            "insert into procrastinate_workers (last_heartbeat) "
            "values (now() - interval '1 hour') returning id"
        ).fetchone()
        assert dead is not None
        conn.execute("select * from procrastinate_fetch_job_v2(null, %s)", [dead[0]])
    assert jobs(database_settings) == [("publish", "doing", 0)]
    app = worker.make_app(database_settings)
    async with app.open_async():
        await app.configure_task("retry_stalled").defer_async(timestamp=0)
    await work(database_settings, 1, True)
    await work(database_settings, 1, True)
    assert calls == ["publish"]


async def test_a_short_job_is_done_while_long_ones_work(
    database_settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A harvest of minutes, another behind it, and a batch of a million rows before the job."""
    begun, end, done = [threading.Event(), threading.Event()], threading.Event(), threading.Event()

    def harvest(*_: object) -> list[object]:
        begun[0].set()
        end.wait(60)
        return [SimpleNamespace(state="skipped", message=None)]

    async def batch(*_: object) -> None:
        begun[1].set()
        await asyncio.to_thread(end.wait, 60)

    async def compute(*_: object) -> str:
        done.set()
        return "done"

    monkeypatch.setattr(harvest_package, "runs", SimpleNamespace(harvest=harvest), raising=False)
    monkeypatch.setattr(batch_worker.batch_jobs, "compute", batch)
    monkeypatch.setattr(batch_worker.process_jobs, "compute", compute)
    paths = database_settings.paths.model_copy(update={"var": tmp_path})
    settings = database_settings.model_copy(update={"paths": paths})
    numbers = {}
    async with batch_worker.connection(settings) as conn:
        for door in ("batch", "process"):
            numbers[door], _ = await batch_jobs.note(
                conn, "echo", "1", None, "application/json", "application/json", 1, hours=1,
                most_waiting=9, door=door,
            )  # fmt: skip
    working = asyncio.create_task(work(settings, concurrency=1, once=False))
    try:
        for source_id in ("one", "two"):
            await asyncio.to_thread(worker.ask, settings, "harvest_source", source_id=source_id)
        await asyncio.to_thread(worker.ask_batch, settings, numbers["batch"], "batch")
        for event in begun:
            assert await asyncio.to_thread(event.wait, 30)
        asked = time.monotonic()
        await asyncio.to_thread(worker.ask_batch, settings, numbers["process"], "process")
        assert await asyncio.to_thread(done.wait, 30), "it waits behind what takes minutes"
        assert time.monotonic() - asked < 5 * lanes.GRACE_SECONDS / 30
        assert [state for _, state, _ in jobs(settings)] == ["doing", "todo"], "one harvest at once"
    finally:
        end.set()
        working.cancel()
        await asyncio.wait([working])


def test_every_task_of_minutes_is_in_the_long_lane(database_settings: Settings) -> None:
    tasks = worker.make_app(database_settings).tasks
    long = {name for name, task in tasks.items() if task.queue == lanes.LONG}
    assert long == {"harvest_source", "discover", "second_look", "publish", "bulk"}
    app = worker.make_app(database_settings)
    for door, lane in (("batch", lanes.BATCHES), ("process", lanes.SHORT)):
        assert batch_worker.configured(app, 1, door).job.queue == lane
    lanes_of_ours = {task.queue for task in tasks.values()} - {"builtin"}  # procrastinate's own
    assert lanes_of_ours <= set(lanes.places(1)), "a lane nobody works"


def test_turns_are_one_at_a_time_and_end_with_their_process(database_settings: Settings) -> None:
    with alone(database_settings, "harvest"):
        with alone(database_settings, "publish"):
            pass
        with (
            pytest.raises(Conflict, match="turn of harvest"),
            alone(database_settings, "harvest"),
        ):
            pass
    with alone(database_settings, "harvest"):
        pass
