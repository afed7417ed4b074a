"""Jobs of processes: by the real worker, over a database of their own."""

import asyncio
import http.server
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import procrastinate
import psycopg
import pytest
import pytest_asyncio
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from api import batch_worker, callbacks, worker
from api.app import make_app
from api.ogc import references
from api.site import open_site
from config.settings import Settings
from harvest.outbound_guard import Guard
from simulators import batch_files, batch_jobs, process_jobs

ROOT = Path(__file__).resolve().parents[2]
ASYNC = {"Prefer": "respond-async"}
EXCEPTION = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"
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
    settings: Settings
    client: httpx.AsyncClient

    def files(self) -> list[str]:
        folder = batch_files.folder(self.settings.paths.var)
        return sorted(path.name for path in folder.iterdir())

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.settings.database.url, autocommit=True) as conn:
            cursor = conn.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    async def ask(self, inputs: dict[str, Any], process: str = "echo", **more: Any) -> str:
        """Create a job; its address."""
        answer = await self.client.post(
            f"/ogc/processes/{process}/execution", json={"inputs": inputs, **more}, headers=ASYNC
        )
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"]


def queue(settings: Settings) -> procrastinate.App:
    app = procrastinate.App(connector=worker.connector(settings))
    batch_worker.register(app, settings)
    return app


async def work(settings: Settings) -> None:
    """A worker that knows batches and jobs only, until none waits."""
    async with queue(settings).open_async() as app:
        await app.run_worker_async(
            wait=False, install_signal_handlers=False, delete_jobs="successful"
        )


@pytest_asyncio.fixture
async def here(database_settings: Settings, tmp_path: Path) -> AsyncIterator[Here]:
    paths = database_settings.paths.model_copy(update={"var": tmp_path})
    web = database_settings.web.model_copy(update={"rate_per_second": 0})
    jobs = database_settings.jobs.model_copy(update={"most_waiting": 4, "sent_per_second": 0})
    settings = database_settings.model_copy(update={"paths": paths, "web": web, "jobs": jobs})
    site = open_site(settings)
    await site.pool.open()
    sockets, port = bind_unused_port()
    server = HTTPServer(make_app(site))
    server.add_socket(sockets)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield Here(settings, client)
    server.stop()
    await server.close_all_connections()
    await site.simulators.close()
    await site.ogc.close()
    await site.pool.close()


async def test_a_job_is_created_watched_and_collected(here: Here) -> None:
    body = {"inputs": {"message": "bonjour", "number": 2.5}}
    made = await here.client.post("/ogc/processes/echo/execution", json=body, headers=ASYNC)
    assert made.status_code == 201
    assert made.headers["Preference-Applied"] == "respond-async"
    url = made.headers["Location"]
    status = made.json()
    assert (status["status"], status["type"], status["processID"]) == (
        "accepted", "process", "echo")  # fmt: skip
    assert status["jobID"] in url
    early = await here.client.get(f"{url}/results")
    assert early.status_code == 404
    assert early.json()["type"] == EXCEPTION + "result-not-ready"
    await work(here.settings)
    done = await here.client.get(url)
    assert done.headers["Cache-Control"] == "no-store"
    assert (done.json()["status"], done.json()["progress"]) == ("successful", 100)
    assert done.json()["started"] <= done.json()["finished"]
    (results,) = (one["href"] for one in done.json()["links"] if one["rel"].endswith("/results"))
    accepted = await here.client.get(results, headers={"Accept": "application/json"})
    assert accepted.json() == {"message": "bonjour", "number": 2.5}
    parts = await here.client.get(results, headers={"Accept": "*/*"})
    assert parts.headers["Content-Type"].startswith("multipart/related; boundary=")
    # What was asked is erased as soon as it is answered.
    assert [name.rpartition(".")[2] for name in here.files()] == ["answers"]
    for language in ("fr", "en"):
        for path in (url, results, f"{here.client.base_url}/ogc/jobs"):
            page = await here.client.get(path, params={"f": "html", "lang": language})
            assert page.status_code == 200, path
            assert page.headers["Content-Type"].startswith("text/html")


async def test_a_job_of_a_simulator_says_what_an_immediate_one_says(here: Here) -> None:
    inputs = {"birth_date": "1963-02-14", "liquidation_date": "2026-05-01",
              "average_salary": 30000, "quarters": 172, "contributed_quarters": 172,
              "points": 5000, "points_through": 2025}  # fmt: skip
    at_once = await here.client.post(
        "/ogc/processes/retirement/execution", json={"inputs": inputs}
    )  # fmt: skip
    url = await here.ask(inputs, "retirement")
    assert at_once.status_code == 200, at_once.text
    await work(here.settings)
    later = await here.client.get(f"{url}/results")
    assert later.json() == at_once.json()
    assert later.content == at_once.content


async def test_what_cannot_be_run_is_refused_when_it_is_sent(here: Here) -> None:
    for process, inputs, status in (
        ("retirement", {"birth_date": "x"}, 422), ("echo", {"message": 3}, 400),
        ("echo", {}, 400), ("echo", {"message": {"href": "http://127.0.0.1:8080/"}}, 400),
    ):  # fmt: skip
        answer = await here.client.post(
            f"/ogc/processes/{process}/execution", json={"inputs": inputs}, headers=ASYNC
        )
        assert answer.status_code == status, answer.text
    assert here.files() == []
    assert here.execute("select count(*) from simulators.batch") == [(0,)]


async def test_a_full_queue_says_when_to_come_back(here: Here) -> None:
    for _ in range(4):
        await here.ask({"message": "x"})
    body = {"inputs": {"message": "x"}}
    full = await here.client.post("/ogc/processes/echo/execution", json=body, headers=ASYNC)
    assert full.status_code == 503
    assert full.headers["Retry-After"]
    assert len(here.files()) == 4, "what is refused leaves nothing"


async def test_nobody_is_told_of_the_jobs_of_others(here: Here, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    private = await here.ask({"birth_date": "1963-02-14", "liquidation_date": "2026-05-01",
                              "average_salary": 30000, "quarters": 172}, "retirement")  # fmt: skip
    public = await here.ask({"message": "x"})
    await work(here.settings)
    listed = (await here.client.get("/ogc/jobs")).json()["jobs"]
    assert [one["jobID"] for one in listed] == [public.rpartition("/")[2]]
    secret = private.rpartition("/")[2]
    ours = [one for one in caplog.records if not one.name.startswith(("httpx", "httpcore"))]
    await here.client.get(private)
    assert not any(secret in one.getMessage() for one in ours)
    for wrong in ("A" * 22, "x", "%00", secret[:-1] + "_"):
        answer = await here.client.get(f"/ogc/jobs/{wrong}")
        assert answer.status_code in (400, 404)
        if answer.status_code == 404:
            assert answer.json()["type"] == EXCEPTION + "no-such-job"
    # Nor does the door of batches open a job, nor the other way round.
    assert (await here.client.get(f"/api/v1/simulators/retirement/batches/{secret}")
            ).status_code == 404  # fmt: skip


async def test_the_list_is_filtered_and_paged(here: Here) -> None:
    urls = [await here.ask({"message": str(n)}) for n in range(3)]
    await work(here.settings)
    dismissed = await here.client.delete(urls[0])
    assert dismissed.json()["status"] == "dismissed"

    async def ids(**params: Any) -> list[str]:
        answer = await here.client.get("/ogc/jobs", params=params)
        assert answer.status_code == 200, answer.text
        return [one["jobID"] for one in answer.json()["jobs"]]

    first, second, third = (url.rpartition("/")[2] for url in urls)
    assert await ids() == [third, second, first]
    assert await ids(status="successful") == [third, second]
    assert await ids(status="dismissed,failed") == [first]
    assert await ids(processID="echo", type="process") == [third, second, first]
    assert await ids(datetime="2020-01-01T00:00:00Z/2021-01-01T00:00:00Z") == []
    assert await ids(datetime="2020-01-01T00:00:00Z/..") == [third, second, first]
    assert await ids(minDuration="3600") == []
    assert await ids(maxDuration="3600", limit="1") == [third]
    page = (await here.client.get("/ogc/jobs?limit=2")).json()
    (following,) = (one["href"] for one in page["links"] if one["rel"] == "next")
    assert [one["jobID"] for one in (await here.client.get(following)).json()["jobs"]] == [first]
    for wrong in ({"status": "succesful"}, {"processID": "retirement"}, {"minDuration": "x"},
                  {"limit": "0"}, {"nope": "1"}, {"datetime": "x"}):  # fmt: skip
        answer = await here.client.get("/ogc/jobs", params=wrong)
        assert answer.status_code == 400
        assert answer.json()["parameter"] == next(iter(wrong))
    near = await here.client.get("/ogc/jobs", params={"status": "succesful"})
    assert "Did you mean successful?" in near.json()["detail"]


async def test_a_dismissed_job_stops_at_once_and_twice_is_gone(here: Here) -> None:
    url = await here.ask({"message": "x", "pause": 60})
    working = asyncio.create_task(work(here.settings))
    async with asyncio.timeout(30):
        while (await here.client.get(url)).json()["status"] != "running":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    began = time.monotonic()
    assert (await here.client.delete(url)).json()["status"] == "dismissed"
    async with asyncio.timeout(10):
        await working
    assert time.monotonic() - began < 5, "not the minute that it would have taken"
    assert (await here.client.get(url)).json()["status"] == "dismissed"
    results = await here.client.get(f"{url}/results")
    assert (results.status_code, results.json()["type"]) == (404, EXCEPTION + "no-such-job")
    assert (await here.client.delete(url)).status_code == 410
    assert here.files() == []
    # One that waits is not even begun.
    waiting = await here.ask({"message": "x", "pause": 60})
    await here.client.delete(waiting)
    async with asyncio.timeout(10):
        await work(here.settings)
    assert here.files() == []


async def test_dismissing_stops_the_engine(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engines of a job are its worker's own, and end with it: by their process, not by luck."""
    pids: list[int] = []
    real = asyncio.create_subprocess_exec

    async def noted(*command: Any, **more: Any) -> Any:
        process = await real(*command, **more)
        pids.append(process.pid)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    url = await here.ask({"situation": "single", "salary_1": 30000}, "income-tax")
    working = asyncio.create_task(work(here.settings))
    async with asyncio.timeout(60):
        while not pids:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    os.kill(pids[0], 0)  # it is there
    await here.client.delete(url)
    async with asyncio.timeout(15):
        await working
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


async def test_a_job_outlives_a_killed_worker_and_a_new_web_process(here: Here) -> None:
    url = await here.ask({"message": "still here", "pause": 2}, response="document")
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
            while (await here.client.get(url)).json()["status"] != "running":  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    here.execute(
        "update procrastinate.procrastinate_workers set last_heartbeat = now() - '1h'::interval"
    )
    async with queue(here.settings).open_async() as app:
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=120):
            await app.job_manager.retry_job(job)
    await work(here.settings)
    assert (await here.client.get(url)).json()["status"] == "successful"
    assert (await here.client.get(f"{url}/results")).json() == {"message": "still here"}


async def test_a_worker_that_lost_its_lease_changes_nothing(here: Here) -> None:
    url = await here.ask({"message": "x"})
    folder = batch_files.folder(here.settings.paths.var)
    async with batch_worker.connection(here.settings) as conn:
        (number,) = here.execute("select number from simulators.batch")[0]
        slow = await batch_jobs.claim(conn, number)
        quick = await batch_jobs.claim(conn, number)
        assert slow is not None
        assert quick is not None
        assert await process_jobs.compute(conn, folder, number, quick, {}) == "done"
        # What was asked is erased: whoever was slow finds nothing, and says nothing.
        assert await process_jobs.compute(conn, folder, number, slow, {}) == "cancelled"
    assert (await here.client.get(url)).json()["status"] == "successful"
    assert (await here.client.get(f"{url}/results")).text == "x"


async def test_what_has_expired_is_erased(here: Here) -> None:
    url = await here.ask({"message": "x"})
    await work(here.settings)
    here.execute("update simulators.batch set expires_at = now()")
    assert (await here.client.get(url)).status_code == 404
    async with batch_worker.connection(here.settings) as conn:
        await batch_jobs.sweep(conn, batch_files.folder(here.settings.paths.var))
    assert here.files() == []
    assert here.execute("select count(*) from simulators.batch") == [(0,)]


# ------------------------------------------------------------------------------- callbacks


@dataclass
class Subscriber:
    port: int = 0
    heard: list[tuple[str, Any]] = field(default_factory=list)
    failures: int = 0


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    """A server on the loopback that notes what it is told."""
    made = Subscriber()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = {
                "/text": ("text/plain; charset=utf-8", "bonjour é".encode()),
                "/json": ("application/json", b'{"a": [1, null]}'),
                "/large": ("text/plain", b"x" * 100_001),
                "/bytes": ("image/png", b"\xff\xd8"),
                "/wrong": ("application/json", b"{"),
            }.get(self.path, ("text/plain", b""))
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if made.failures:
                made.failures -= 1
                self.send_response(500)
            else:
                made.heard.append((self.path, json.loads(body)))
                self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()


async def test_a_subscriber_is_told_through_the_guard(
    here: Here, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Guard(doors=frozenset({("127.0.0.1", subscriber.port)}),
                 resolve=lambda host, port: ["127.0.0.1"])  # fmt: skip
    monkeypatch.setattr(callbacks, "GUARD", door)
    base = f"http://their.example:{subscriber.port}"
    uris = {"successUri": f"{base}/done", "inProgressUri": f"{base}/begun",
            "failedUri": f"{base}/failed"}  # fmt: skip
    await here.ask({"message": "hello"}, subscriber=uris)
    await work(here.settings)
    heard = dict(subscriber.heard)
    assert set(heard) == {"/begun", "/done"}
    assert heard["/done"] == {"message": "hello"}
    assert heard["/begun"]["processID"] == "echo"


@pytest.mark.parametrize(
    "uri",
    ["http://127.0.0.1:8080/", "http://localhost:8080/", "http://10.0.0.1/", "http://[::1]/",
     "http://169.254.169.254/latest", "http://2130706433/", "ftp://example.org/", "file:///etc",
     "http://user:x@example.org/", "http://example.org:22/", "x", "", "http://127.1/"],
)  # fmt: skip
async def test_a29_no_private_address_is_ever_called(here: Here, uri: str) -> None:
    body = {"inputs": {"message": "x"}, "subscriber": {"successUri": uri}}
    answer = await here.client.post("/ogc/processes/echo/execution", json=body, headers=ASYNC)
    assert answer.status_code == 400, answer.text
    assert answer.json()["parameter"] == "subscriber"
    assert here.files() == []


async def test_a_name_that_moves_to_our_network_is_not_called(
    here: Here, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: public when it is judged, ours when it is called."""
    monkeypatch.setattr(callbacks, "GUARD", Guard(resolve=lambda host, port: ["9.9.9.9"]))
    uri = {"successUri": "http://their.example:8080/"}
    url = await here.ask({"message": "x"}, subscriber=uri)
    monkeypatch.setattr(callbacks, "GUARD", Guard(resolve=lambda host, port: ["127.0.0.1"]))
    await work(here.settings)
    assert subscriber.heard == []
    assert (await here.client.get(url)).json()["status"] == "successful"


async def test_a_subscriber_is_for_a_job_only(here: Here) -> None:
    for subscriber in ({"successUri": "http://example.org/"}, {}, [], {"nope": "x"}):
        body = {"inputs": {"message": "x"}, "subscriber": subscriber}
        answer = await here.client.post("/ogc/processes/echo/execution", json=body)
        assert answer.status_code == 400
        assert answer.json()["parameter"] == "subscriber"


async def test_an_input_by_reference_is_fetched_through_the_guard(
    here: Here, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Guard(doors=frozenset({("127.0.0.1", subscriber.port)}),
                 resolve=lambda host, port: ["127.0.0.1"])  # fmt: skip
    monkeypatch.setattr(references, "GUARD", door)
    base = f"http://their.example:{subscriber.port}"

    async def run(**inputs: Any) -> httpx.Response:
        return await here.client.post(
            "/ogc/processes/echo/execution", json={"inputs": inputs},
            headers={"Accept": "application/json"},
        )  # fmt: skip

    both = await run(message={"href": f"{base}/text"}, object={"href": f"{base}/json"})
    assert both.json() == {
        "message": "bonjour é", "object": {"value": {"a": [1, None]},
                                           "mediaType": "application/json"}}  # fmt: skip
    for path, status in (("large", 400), ("bytes", 400), ("nothing", 400), ("wrong", 422)):
        answer = await run(message={"href": f"{base}/{path}"})
        assert answer.status_code == status, (path, answer.text)
        if status == 400:
            assert answer.json()["parameter"] == "message"
    for wrong in (
        "http://127.0.0.1:8080/",
        "http://169.254.169.254/",
        "file:///etc/passwd",
        "x",
        3,
    ):
        answer = await run(message={"href": wrong})
        assert (answer.status_code, answer.json()["parameter"]) == (400, "message"), answer.text
    many = {name: {"href": f"{base}/text"} for name in ("message", "mixed", "binary", "a", "b")}
    assert (await run(**many)).status_code == 400
