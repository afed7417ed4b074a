"""Batches that are computed later: by the real worker and engines, over a database of their own."""

import asyncio
import contextlib
import io
import json
import logging
import os
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import procrastinate
import psycopg
import pyarrow as pa
import pytest
import pytest_asyncio
from procrastinate.exceptions import AlreadyEnqueued
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from api import batch_worker, worker
from api.app import make_app
from api.rate_budget import RateBudget
from api.site import open_site
from config.settings import Settings
from simulators import batch, batch_files, batch_jobs, calendar
from simulators.calendar import Period

ROOT = Path(__file__).resolve().parents[2]
TAX = "/api/v1/simulators/income-tax"
LATER = {"Prefer": "respond-async"}
ROWS: list[dict[str, Any]] = [
    {"situation": "single", "salary_1": 30000},
    {"situation": "couple", "salary_1": -5},
    {"situation": "couple", "salary_1": 40000, "children": 2},
]


# A worker in a process of its own, which can be killed; like `work`, it knows batches only.
WORKER = """
import asyncio
import procrastinate
from api import batch_worker, worker
from config.settings import load
async def main():
    settings = load()
    app = procrastinate.App(connector=worker.connector(settings))
    batch_worker.register(app, settings)
    async with app.open_async():
        await app.run_worker_async(wait=False)
asyncio.run(main())
"""


@dataclass
class Here:
    """A web process without engines, its settings, and a client of it."""

    settings: Settings
    client: httpx.AsyncClient

    @property
    def folder(self) -> Path:
        return batch_files.folder(self.settings.paths.var)

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.settings.database.url, autocommit=True) as conn:
            conn.execute("set search_path to procrastinate, public")
            cursor = conn.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    async def ask(self, rows: list[dict[str, Any]], **headers: str) -> httpx.Response:
        body = "\n".join(json.dumps(row) for row in rows).encode()
        kind = {"Content-Type": batch.NDJSON, **LATER, **headers}
        return await self.client.post(f"{TAX}/batch", content=body, headers=kind)


async def work(settings: Settings) -> None:
    """A worker that knows batches only, until none waits: the real one has a clock too, which
    would begin the harvests of the hour."""
    async with queue(settings).open_async() as app:
        await app.run_worker_async(
            wait=False, install_signal_handlers=False, delete_jobs="successful"
        )


def queue(settings: Settings) -> procrastinate.App:
    app = procrastinate.App(connector=worker.connector(settings))
    batch_worker.register(app, settings)
    return app


@pytest_asyncio.fixture
async def here(database_settings: Settings, tmp_path: Path) -> AsyncIterator[Here]:
    small = database_settings.simulators.model_copy(
        update={"most_batch_rows": 100, "most_later_rows": 50_000, "most_later": 3,
                "most_batch_bytes": 100_000, "most_later_bytes": 100_000_000}
    )  # fmt: skip
    paths = database_settings.paths.model_copy(update={"var": tmp_path})
    web = database_settings.web.model_copy(update={"rate_per_second": 0})
    settings = database_settings.model_copy(
        update={"simulators": small, "paths": paths, "web": web}
    )
    site = open_site(settings)
    await site.pool.open()
    sockets, port = bind_unused_port()
    server = HTTPServer(make_app(site), max_body_size=1 << 20, idle_connection_timeout=5)
    server.add_socket(sockets)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield Here(settings, client)
    server.stop()
    await server.close_all_connections()
    await site.simulators.close()
    await site.ogc.close()
    await site.pool.close()


async def test_a_batch_is_noted_computed_and_collected(here: Here) -> None:
    asked = await here.ask(ROWS)
    assert asked.status_code == 202, asked.text
    assert asked.headers["Preference-Applied"] == "respond-async"
    state = asked.json()
    assert state["url"] == asked.headers["Location"]
    assert (state["state"], state["rows_total"]) == ("waiting", 3)
    assert (await here.client.get(f"{state['url']}/result")).status_code == 409
    await work(here.settings)
    done = (await here.client.get(state["url"])).json()
    assert done["state"] == "done"
    assert (done["rows_done"], done["rows_wrong"]) == (3, 1)
    answer = await here.client.get(done["result"])
    assert answer.headers["Content-Type"] == batch.NDJSON
    assert answer.headers["Cache-Control"] == "no-store"
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [row["row"] for row in rows] == [0, 1, 2]
    assert rows[0]["value"] > 0
    assert rows[1]["errors"][0]["pointer"] == "/1/salary_1"
    # What was asked is erased as soon as it is answered.
    assert [name.rpartition(".")[2] for name in here.files()] == ["answers"]


async def test_every_media_type_gives_the_same_figures(here: Here) -> None:
    sink = io.BytesIO()
    table = pa.table({"situation": ["single", "couple", "couple"],
                      "salary_1": [30000.0, -5.0, 40000.0], "children": [0, 0, 2]})  # fmt: skip
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    lines = "situation;salary_1;children\nsingle;30000,0;\ncouple;-5;\ncouple;40000;2\n"
    bodies = {
        batch.JSON: json.dumps(ROWS).encode(),
        batch.CSV: lines.encode(),
        batch.ARROW: sink.getvalue(),
    }
    found = {}
    for kind, body in bodies.items():
        headers = {"Content-Type": kind, "Accept": batch.NDJSON, **LATER}
        asked = await here.client.post(f"{TAX}/batch", content=body, headers=headers)
        assert asked.status_code == 202, asked.text
        assert asked.json()["rows_total"] == 3
        found[kind] = asked.json()["url"]
    await work(here.settings)
    answers = []
    for url in found.values():
        state = (await here.client.get(url)).json()
        assert (state["state"], state["rows_wrong"]) == ("done", 1)
        answer = await here.client.get(state["result"])
        answers.append([json.loads(line).get("value") for line in answer.text.splitlines()])
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][1] is None


async def test_more_rows_than_are_answered_at_once_are_answered_later(here: Here) -> None:
    answer = await here.ask([ROWS[0]] * 101, Prefer="")
    assert answer.status_code == 202
    assert answer.json()["rows_total"] == 101
    too_many = await here.client.post(
        f"{TAX}/batch", content=b"{}\n" * 50_001, headers={"Content-Type": batch.NDJSON}
    )
    assert too_many.status_code == 413
    array = json.dumps([ROWS[0]] * 5000).encode()
    assert len(array) > 100_000
    assert (await here.client.post(f"{TAX}/batch", content=array)).status_code == 413
    for _ in range(2):
        assert (await here.ask(ROWS)).status_code == 202
    full = await here.ask(ROWS)
    assert full.status_code == 503
    assert full.headers["Retry-After"]
    assert len(here.files()) == 3, "what is refused leaves nothing"


async def test_a_large_body_is_in_a_file_and_not_in_memory(here: Here) -> None:
    row = json.dumps(ROWS[0]).encode().ljust(1599) + b"\n"

    async def body() -> AsyncIterator[bytes]:
        for _ in range(500):
            yield row * 100

    headers = {"Content-Type": batch.NDJSON}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = await here.client.post(f"{TAX}/batch", content=body(), headers=headers)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert answer.status_code == 202, answer.text
    assert answer.json()["rows_total"] == 50_000
    assert [path.stat().st_size for path in here.folder.iterdir()] == [80_000_000]
    assert after - before < 30_000, "kilobytes, of a body of 80,000"


async def test_a_batch_that_waits_is_cancelled(here: Here) -> None:
    url = (await here.ask(ROWS)).json()["url"]
    assert (await here.client.delete(url)).status_code == 204
    assert here.files() == []
    await work(here.settings)
    assert (await here.client.get(url)).json()["state"] == "cancelled"
    assert (await here.client.get(f"{url}/result")).status_code == 409
    assert here.files() == []


async def test_a_batch_at_work_is_cancelled(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_jobs, "TELL_SECONDS", 0.0)
    url = (await here.ask([ROWS[0]] * 30_000)).json()["url"]
    working = asyncio.create_task(work(here.settings))
    async with asyncio.timeout(60):
        while not (await here.client.get(url)).json()["rows_done"]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (await here.client.delete(url)).status_code == 204
    await working
    state = (await here.client.get(url)).json()
    assert state["state"] == "cancelled"
    assert state["rows_done"] < 30_000
    assert here.files() == []


async def test_a_batch_outlives_a_killed_worker(here: Here) -> None:
    url = (await here.ask([*ROWS, *[ROWS[0]] * 29_997])).json()["url"]
    environment = {
        **os.environ,
        "GUICHET_VAR": str(here.settings.paths.var),
        "GUICHET_DATABASE_URL": here.settings.database.url,
    }
    process = subprocess.Popen(  # noqa: ASYNC220 (it is awaited through what it writes)
        [sys.executable, "-c", WORKER], cwd=ROOT, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            while (await here.client.get(url)).json()["state"] != "running":  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    # A minute later: the queue sees a silent worker, the sweep a silent batch.
    here.execute(
        "update procrastinate.procrastinate_workers set last_heartbeat = now() - '1h'::interval"
    )
    here.execute("update simulators.batch set told_at = now() - '1h'::interval")
    async with queue(here.settings).open_async() as app:
        async with batch_worker.connection(here.settings) as conn:
            for number, _ in await batch_jobs.sweep(conn, here.folder):
                assert await batch_worker.known(app, number), "its job is there: not asked twice"
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=120):
            await app.job_manager.retry_job(job)
    await work(here.settings)
    state = (await here.client.get(url)).json()
    assert (state["state"], state["rows_done"], state["rows_wrong"]) == ("done", 30_000, 1)
    answer = await here.client.get(state["result"])
    assert len(answer.content.splitlines()) == 30_000


async def test_a_batch_whose_job_was_never_queued_is_found(here: Here) -> None:
    """What is left when a web process dies between the note and the queue."""
    url = (await here.ask(ROWS)).json()["url"]
    here.execute("delete from procrastinate_jobs")
    here.execute("update simulators.batch set told_at = now() - '1h'::interval")
    async with queue(here.settings).open_async() as app:
        with contextlib.suppress(AlreadyEnqueued):  # a clock may have
            await app.configure_task("sweep_batches").defer_async(timestamp=0)
    await work(here.settings)
    assert (await here.client.get(url)).json()["state"] == "done"


async def test_a_body_that_cannot_be_read_fails_with_its_reason(here: Here) -> None:
    body = b"situation;situation\nsingle;single\n"
    asked = await here.client.post(
        f"{TAX}/batch", content=body, headers={"Content-Type": batch.CSV, **LATER}
    )
    await work(here.settings)
    state = (await here.client.get(asked.json()["url"])).json()
    assert state["state"] == "failed"
    assert state["problem"] == "A column is repeated."
    assert "result" not in state
    assert here.files() == []


async def test_what_has_expired_is_erased(here: Here) -> None:
    url = (await here.ask(ROWS)).json()["url"]
    await work(here.settings)
    assert here.files() != []
    here.execute("update simulators.batch set expires_at = now()")
    assert (await here.client.get(url)).status_code == 404
    assert (await here.client.get(f"{url}/result")).status_code == 404
    stray = here.folder / "99.answers"
    stray.write_bytes(b"")
    os.utime(stray, (0, 0))
    async with batch_worker.connection(here.settings) as conn:
        assert await batch_jobs.sweep(conn, here.folder) == []
    assert here.files() == []
    assert here.execute("select count(*) from simulators.batch") == [(0,)]


async def test_the_identifier_is_in_no_log_and_no_job(
    here: Here, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    state = (await here.ask(ROWS)).json()
    await work(here.settings)
    await here.client.get(state["url"])
    await here.client.get(f"{state['url']}/result")
    ours = [one for one in caplog.records if not one.name.startswith(("httpx", "httpcore"))]
    assert any("{batch}" in one.getMessage() for one in ours)
    assert not any(state["id"] in one.getMessage() for one in ours)
    jobs = here.execute("select args::text from procrastinate.procrastinate_jobs")
    assert not any(state["id"] in args for (args,) in jobs)
    for wrong in ("A" * 22, "x", "%00"):
        assert (await here.client.get(f"{TAX}/batches/{wrong}")).status_code in (400, 404)
    # Another simulator does not open it either.
    other = state["url"].replace("income-tax", "hiring-cost")
    assert (await here.client.get(other)).status_code == 404


async def test_a_version_that_will_end_says_so_in_its_headers(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await here.ask(ROWS)
    assert not {"Deprecation", "Sunset", "Link"} & set(before.headers)
    known = before.json()["model"]
    ends = Period(
        version=known, since=date(2026, 1, 1), successor="next", deprecated=date(2027, 2, 1),
        sunset=date(2029, 1, 1),
    )  # fmt: skip
    monkeypatch.setattr(calendar, "published", lambda: {known: ends})
    after = await here.ask(ROWS)
    assert after.status_code == 202
    assert after.headers["Deprecation"] == "@1801440000"
    assert after.headers["Sunset"] == "Mon, 01 Jan 2029 00:00:00 GMT"
    assert "/en/simulators/method#versions" in after.headers["Link"]
    listed = (await here.client.get("/api/v1/simulators")).json()["simulators"]
    assert listed[0]["calendar"][0]["sunset"] == "2029-01-01"


async def test_a_broken_budget_of_batches_refuses_nobody(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: object, _peer: str) -> float:
        raise RuntimeError("the limiter is broken")

    monkeypatch.setattr(RateBudget, "wait", broken)
    assert (await here.ask(ROWS)).status_code == 202
