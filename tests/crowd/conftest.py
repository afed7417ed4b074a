"""The web site in this very process, over a database of the test's own."""

import contextlib
import re
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from api.app import make_app
from api.site import Site, open_site
from catalog.database import address, migrate
from catalog.database.cluster import Cluster
from catalog.states import State as Fact
from config.settings import Settings

FRANCE = "crowd_france"


@dataclass(frozen=True)
class Running:
    """A site that answers, and a browser that opened it: cookies kept, Origin sent."""

    site: Site
    base: str
    browser: httpx.AsyncClient

    def another_browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.base, headers={"Origin": self.base}, follow_redirects=False, timeout=30
        )

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.site.settings.database.url) as conn:
            return conn.execute(statement, values).fetchall()

    async def known(self, service: str = "nursery", code: str = "69143") -> Fact:
        """What the map's byte says, as a reader gets it."""
        await self.site.refresh()
        number = (await self.browser.get(f"/api/v1/communes/{code}")).json()["commune"]["number"]
        return Fact((await self.browser.get(f"/api/v1/status/{service}.bin")).content[number])

    async def decide(
        self, number: int, browser: httpx.AsyncClient | None = None, **fields: Any
    ) -> httpx.Response:
        browser = browser or self.browser
        page = await browser.get(f"/fr/moderation/cas/{number}")
        assert page.status_code == 200, page.text
        gate = (
            await browser.get("/fr/deconnexion")
        ).text  # of the session, also where no form is shown
        proof = re.search(r'name="jeton" value="([0-9a-f]{64})"', gate)
        version = re.search(r'name="version" value="(\d+)"', page.text)
        assert proof
        sent = {"jeton": proof[1], "version": version[1] if version else "1", **fields}
        return await browser.post(f"/fr/moderation/cas/{number}", data=sent)


@contextlib.asynccontextmanager
async def running(settings: Settings, *, refresh: bool = False) -> AsyncIterator[Running]:
    web = settings.web.model_copy(update={"rate_per_second": 0, "trusted_proxies": ("127.0.0.1",)})
    site = open_site(settings.model_copy(update={"web": web}))
    await site.pool.open()
    if refresh:
        await site.refresh()
    server = HTTPServer(make_app(site), max_body_size=settings.web.max_body_bytes)
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    base = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    found = Running(site, base, httpx.AsyncClient())
    try:
        async with found.another_browser() as browser:
            yield Running(site, base, browser)
    finally:
        await found.browser.aclose()
        server.stop()
        await server.close_all_connections()
        site.verifier.close()
        await site.intake.close()
        await site.pool.close()


@pytest.fixture
async def empty_site(database_settings: Settings) -> AsyncIterator[Running]:
    """The site over an empty migrated database."""
    async with running(database_settings) as found:
        yield found


def _execute(settings: Settings, statement: sql.Composable) -> None:
    url = address.conninfo(settings, database="postgres")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(statement)


@pytest.fixture(scope="session")
def crowd_france(
    settings: Settings, cluster: Cluster, load_small_france: Callable[[Settings], None]
) -> Iterator[str]:
    """The name of a published small France that nobody is connected to: a template."""
    from tiles import publication

    _execute(settings, sql.SQL("create database {}").format(sql.Identifier(FRANCE)))
    url = address.conninfo(settings, database=FRANCE)
    here = settings.model_copy(
        update={"database": settings.database.model_copy(update={"url": url})}
    )
    migrate.upgrade(here)
    load_small_france(here)
    publication.publish(here, lambda *_: None)
    yield FRANCE
    drop = sql.SQL("drop database if exists {} with (force)")
    _execute(settings, drop.format(sql.Identifier(FRANCE)))


@pytest.fixture
def france_settings(settings: Settings, crowd_france: str) -> Iterator[Settings]:
    """Settings whose database is a published small France of this test's own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    copy = sql.SQL("create database {} template {} strategy file_copy")
    _execute(settings, copy.format(sql.Identifier(name), sql.Identifier(crowd_france)))
    url = address.conninfo(settings, database=name)
    yield settings.model_copy(
        update={"database": settings.database.model_copy(update={"url": url})}
    )
    drop = sql.SQL("drop database if exists {} with (force)")
    _execute(settings, drop.format(sql.Identifier(name)))


@pytest.fixture
async def france_site(france_settings: Settings) -> AsyncIterator[Running]:
    """The site over a published small France of this test's own."""
    async with running(france_settings, refresh=True) as found:
        yield found


def _hidden(html: str, name: str) -> str:
    import re

    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', html)
    assert found, f"no hidden field {name} in the page"
    return found[1]


@pytest.fixture(scope="session")
def hidden() -> Callable[[str, str], str]:
    """A function (html, name): the value of a hidden field."""
    return _hidden


@pytest.fixture(scope="session")
def staff_login() -> Callable[..., Any]:
    """A function: makes an account when there is none, and logs a browser in."""
    from crowd import accounts
    from crowd.accounts import Role

    async def log_in(
        found: Running,
        email: str = "modo@hub.example",
        role: Role = Role.MODERATOR,
        browser: httpx.AsyncClient | None = None,
    ) -> int:
        word = "une phrase assez longue"
        with psycopg.connect(found.site.settings.database.url) as conn:
            number = accounts.add(conn, email, role, word)
        browser = browser or found.browser
        page = await browser.get("/fr/connexion")
        sent = {"jeton": _hidden(page.text, "jeton"), "email": email, "password": word}
        answer = await browser.post("/fr/connexion", data=sent)
        assert answer.status_code == 303, answer.text
        return number

    return log_in
