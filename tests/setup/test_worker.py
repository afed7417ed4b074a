"""The queue: jobs run, wait their turn, are tried again, and outlive a killed worker."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace

import psycopg
import pytest

import harvest as harvest_package
import tiles as tiles_package
from api import worker
from api.cli.worker import work
from catalog.database.locks import alone
from config.errors import Conflict, Unavailable
from config.settings import Settings

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
