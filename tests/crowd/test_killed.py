"""kill -9 of the real web process, at any instant: nothing that was answered is lost, nothing is
there twice, and what was believed and not yet shown is shown."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from catalog import live, materialise
from catalog.states import State

ROOT = Path(__file__).resolve().parents[2]
CODE, SERVICE = "69143", "nursery"
SITE = "https://www.mairie-neuvillesursaone.fr"
FORM = "/fr/contribuer/envoi"


class Killed:
    """`guichet serve` as a process that a test kills and starts again."""

    def __init__(self, settings: Any, port: int) -> None:
        self.settings, self.port = settings, port
        self.base = f"http://127.0.0.1:{port}"
        self.process: subprocess.Popen[bytes] | None = None

    def open(self) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "GUICHET_VAR": str(self.settings.paths.var),
            "GUICHET_DATABASE_URL": self.settings.database.url,
            "GUICHET_WEB__RATE_PER_SECOND": "0",
            "GUICHET_WEB__TRUSTED_PROXIES": "127.0.0.1",
            "GUICHET_CROWD__SENT_PER_SECOND": "0",
            "GUICHET_ADMIN__PORT": "0",
        }
        command = [sys.executable, "-m", "api.cli.main", "--log-level", "warning", "serve"]
        return subprocess.Popen([*command, "--port", str(self.port)], cwd=ROOT, env=environment)

    async def start(self) -> None:
        self.process = self.open()
        end = time.monotonic() + 120
        async with httpx.AsyncClient() as client:
            while time.monotonic() < end:
                assert self.process.poll() is None
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(f"{self.base}/readyz", timeout=5)).status_code == 200:
                        return
                await asyncio.sleep(0.1)
        raise AssertionError("the web site is not ready")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait(30) == -signal.SIGKILL

    @contextlib.asynccontextmanager
    async def browser(self) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(
            base_url=self.base, headers={"Origin": self.base}, timeout=60
        ) as found:
            yield found

    def rows(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.settings.database.url) as conn:
            return conn.execute(question.encode(), values).fetchall()


@pytest.fixture
def site(france_settings: Any, free_port: Any) -> Iterator[Killed]:
    found = Killed(france_settings, free_port())
    yield found
    if found.process is not None and found.process.poll() is None:
        found.kill()


async def send(
    browser: httpx.AsyncClient, token: str, key: str, number: int, url: str
) -> tuple[int, str] | None:
    """(status, reference) of one form; None when no answer came."""
    sent = {"jeton": token, "cle": key, "commune": CODE, "sujet": "exists", "service": SERVICE,
            "url": url}  # fmt: skip
    network = {"X-Forwarded-For": f"10.{number // 250}.{number % 250}.1"}
    try:
        answer = await browser.post(FORM, data=sent, headers=network)
    except httpx.HTTPError:
        return None
    assert answer.status_code in (200, 201), answer.text
    return answer.status_code, str(answer.json()["reference"])


async def test_what_was_answered_survives_kills_and_nothing_is_twice(
    site: Killed,
) -> None:
    """F5, for contributions."""
    keys = [uuid.uuid4().hex for _ in range(90)]
    told: dict[str, str] = {}
    rounds = [(keys[:30], 0.15), (keys[30:60], 0.5), (keys[60:], None)]
    for forms, seconds in rounds:
        await site.start()
        async with site.browser() as browser:
            token = (await browser.get(FORM)).json()["jeton"]
            running = [
                asyncio.create_task(send(browser, token, key, n, f"{SITE}/{keys.index(key)}"))
                for n, key in enumerate(forms)
            ]
            if seconds is not None:
                await asyncio.sleep(seconds)
                site.kill()
            for key, answer in zip(forms, await asyncio.gather(*running), strict=True):
                if answer is not None:
                    told[key] = answer[1]
    held = dict(site.rows("select claim ->> 'url', reference from crowd.contribution"))
    for key, reference in told.items():
        assert held[f"{SITE}/{keys.index(key)}"] == reference, "answered, and lost"
    async with site.browser() as browser:  # as browsers do with what was not answered
        token = (await browser.get(FORM)).json()["jeton"]
        for n, key in enumerate(keys):
            answer = await send(browser, token, key, n, f"{SITE}/{n}")
            assert answer is not None
            assert told.setdefault(key, answer[1]) == answer[1]
    site.kill()
    found = site.rows("select claim ->> 'url', count(*) from crowd.contribution group by 1")
    assert dict(found) == {f"{SITE}/{n}": 1 for n in range(len(keys))}
    assert len(set(told.values())) == len(keys)


async def test_killed_between_accept_and_publish(site: Killed, france_settings: Any) -> None:
    """Two residents agree; the process dies after the commit and before the map is scored."""
    await site.start()
    with psycopg.connect(france_settings.database.url) as scoring:
        # Whoever scores waits for this: the process cannot get past its commit.
        scoring.execute("select pg_advisory_lock(%s)", [materialise.LOCK])
        async with site.browser() as browser:
            token = (await browser.get(FORM)).json()["jeton"]
            await asyncio.sleep(2.1)  # a form that is sent sooner is a robot's
            forms = [(uuid.uuid4().hex, n) for n in (1, 2)]
            first = await send(browser, token, *forms[0], f"{SITE}/creche")
            assert first is not None
            second = asyncio.create_task(send(browser, token, *forms[1], f"{SITE}/creche"))
            accepted = "select count(*) from crowd.contribution where state = 'accepted'"
            for _ in range(300):
                if site.rows(accepted) == [(2,)]:
                    break
                await asyncio.sleep(0.1)
            assert site.rows(accepted) == [(2,)]
            assert not second.done(), "it waits for the score"
            site.kill()
            assert await second is None
        scoring.execute("select pg_advisory_unlock(%s)", [materialise.LOCK])
    state = (
        "select s.state from catalog.status s join catalog.commune c on c.number = s.commune_number "
        "where c.code = %s and s.service = %s and now() >= s.valid_from and now() < s.valid_to"
    )
    assert site.rows(state, CODE, SERVICE) == []
    # The worker does this each minute.
    assert await asyncio.to_thread(live.settle, france_settings) == 1
    assert site.rows(state, CODE, SERVICE) == [(int(State.INFORMATION),)]
    await site.start()
    async with site.browser() as browser:
        token = (await browser.get(FORM)).json()["jeton"]
        again = [await send(browser, token, *form, f"{SITE}/creche") for form in forms]
    site.kill()
    assert [one and one[0] for one in again] == [200, 200], "received before"
    assert again[0] == (200, first[1])
    assert site.rows("select count(*), count(distinct reference) from crowd.contribution") == [
        (2, 2)
    ]
    published = "select contribution_id, count(*) from crowd.publication group by 1 order by 1"
    assert [n for _, n in site.rows(published)] == [1, 1]
    assert site.rows("select count(*) from catalog.unscored") == [(0,)]
