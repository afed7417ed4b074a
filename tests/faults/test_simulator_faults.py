"""The simulators when things go wrong around them: starting, no database, a broken limiter, a
crowd. Rows D5, D9 and D10 of the list of faults."""

import asyncio
import statistics
import time

import httpx
import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from api.app import make_app
from api.site import Site, open_site
from config.settings import Settings

TAX = "/api/v1/simulators/income-tax"
SINGLE = {"situation": "single", "salary_1": 30000}
UNLIMITED = {"GUICHET_WEB__RATE_PER_SECOND": "0"}


def wait_for_engines(client: httpx.Client) -> None:
    end = time.monotonic() + 60
    while client.post(TAX, json=SINGLE).status_code == 503:
        assert time.monotonic() < end, "the engines do not start"
        time.sleep(0.2)


def test_while_engines_start_the_site_answers_and_simulations_say_when(alone) -> None:
    with alone(**UNLIMITED) as url, httpx.Client(base_url=url, timeout=10) as client:
        began = time.monotonic()
        early = client.post(TAX, json=SINGLE)
        assert client.get("/healthz").status_code == 200
        assert time.monotonic() - began < 2, "nothing waits for the engines"
        assert early.status_code == 503
        assert early.headers["Retry-After"] == "5"
        # A wrong input is told at once: it needs no engine.
        assert client.post(TAX, json={"situation": "x"}).status_code == 422
        wait_for_engines(client)


def test_two_processes_without_a_database_give_the_same_bytes(alone) -> None:
    with alone(
        **UNLIMITED, GUICHET_WEB__PROCESSES="2", GUICHET_SIMULATORS__ENGINE_WORKERS="1"
    ) as url:
        answers: set[bytes] = set()
        for _ in range(20):  # a new connection each time: either process
            with httpx.Client(base_url=url, timeout=30) as client:
                wait_for_engines(client)
                answers.add(client.post(TAX, json=SINGLE).content)
        assert len(answers) == 1
        # What needs the database says so, and only that.
        with httpx.Client(base_url=url, timeout=30) as client:
            assert client.post(f"{TAX}/answers", json=SINGLE).status_code == 503


def test_five_hundred_at_once_are_answered_right_or_told_to_come_back(alone) -> None:
    async def one(client: httpx.AsyncClient, salary: int) -> tuple[int, float | None, float]:
        began = time.monotonic()
        answer = await client.post(TAX, json={"situation": "single", "salary_1": salary})
        value = answer.json()["value"] if answer.status_code == 200 else None
        if value is None:
            assert answer.headers["Retry-After"]
        return answer.status_code, value, time.monotonic() - began

    async def crowd(url: str) -> list[tuple[int, float | None, float]]:
        limits = httpx.Limits(max_connections=500)
        async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as client:
            return await asyncio.gather(*[one(client, 20_000 + 10 * n) for n in range(500)])

    with alone(**UNLIMITED) as url:
        with httpx.Client(base_url=url, timeout=30) as client:
            wait_for_engines(client)
            rows = [{"situation": "single", "salary_1": 20_000 + 10 * n} for n in range(500)]
            right = [row["value"] for row in client.post(f"{TAX}/batch", json=rows).json()]
        found = asyncio.run(crowd(url))
    assert {status for status, _, _ in found} <= {200, 503}
    for expected, (status, value, _) in zip(right, found, strict=True):
        assert status == 503 or value == expected
    assert sum(status == 200 for status, _, _ in found) > 250
    # 500 clients in this one process wait for each other too: the median shows the server.
    assert statistics.median(seconds for _, _, seconds in found) < 5


def test_the_budget_is_told_and_spent(alone) -> None:
    with (
        alone(GUICHET_WEB__RATE_PER_SECOND="1", GUICHET_WEB__RATE_BURST="5") as url,
        httpx.Client(base_url=url, timeout=10) as client,
    ):
        answers = [client.post(TAX, json={"situation": "x"}) for _ in range(8)]
    assert [one.status_code for one in answers[-2:]] == [429, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"address";q=5;w=5'
    assert answers[0].headers["RateLimit"].startswith('"address";r=')
    assert int(answers[-1].headers["Retry-After"]) >= 1


class Broken:
    """A limiter whose every question fails."""

    def wait(self, _peer: str) -> float:
        raise RuntimeError("the limiter is broken")

    left = wait


@pytest.fixture
def site_without_limits(settings: Settings) -> Site:
    site = open_site(settings)
    site.budget = Broken()  # type: ignore[assignment]
    return site


async def test_a_broken_limiter_refuses_nobody(site_without_limits: Site) -> None:
    sockets, port = bind_unused_port()
    server = HTTPServer(make_app(site_without_limits))
    server.add_socket(sockets)
    try:
        answer = await AsyncHTTPClient().fetch(
            f"http://127.0.0.1:{port}/api/v1/simulators/hiring-cost/schema", raise_error=False
        )
    finally:
        server.stop()
        await site_without_limits.simulators.close()
    assert answer.code == 200
    assert "RateLimit" not in answer.headers
