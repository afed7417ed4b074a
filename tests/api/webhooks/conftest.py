"""A receiver of webhooks over TLS, and a hub of our own that tells it."""

import asyncio
import json
import shutil
import ssl
import subprocess
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from api import webhook_delivery
from api.app import make_app
from api.site import Site, open_site
from catalog import live
from catalog.observations import Nature, Observation
from catalog.states import State
from config.settings import Settings
from harvest.outbound_guard import Guard

HOST = "receiver.example"


# ---------------------------------------------------------------------- a receiver, over TLS


@dataclass
class Receiver:
    """Somebody's server on the loopback. `answer` decides: (status, headers, body)."""

    port: int = 0
    heard: list[tuple[dict[str, str], dict[str, Any], bytes]] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], tuple[int, dict[str, str], bytes]] | None = None
    inside: Counter[str] = field(default_factory=Counter)
    most_inside: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}/hook"

    @property
    def guard(self) -> Guard:
        return Guard(lambda host, port: ["127.0.0.1"], frozenset({("127.0.0.1", self.port)}))

    @staticmethod
    def polite(body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        return (
            (200, {}, body["challenge"].encode()) if body["type"] == "challenge" else (204, {}, b"")
        )

    def deliveries(self) -> list[dict[str, Any]]:
        return [body for _, body, _ in self.heard if body["type"] == "changes"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, made = folder / "key", folder / "certificate"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", made,
         "-days", "1", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"],
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key


@pytest.fixture
def receiver(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    found = Receiver(answer=Receiver.polite)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            body = json.loads(raw)
            with found.lock:
                found.heard.append((dict(self.headers), body, raw))
                found.inside[body["webhook"]] += 1
                found.most_inside = max(found.most_inside, found.inside[body["webhook"]])
            try:
                assert found.answer is not None
                status, headers, said = found.answer(body)
            finally:
                with found.lock:
                    found.inside[body["webhook"]] -= 1
            if status == 0:  # nothing is answered: the connection is cut
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in {"Content-Length": str(len(said)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    found.port = server.server_address[1]
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    monkeypatch.setattr(webhook_delivery, "GUARD", found.guard)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


# --------------------------------------------------------------------------------- the hub


@pytest.fixture(scope="module")
def hub_settings(
    settings: Settings,
    fresh_database: Callable[[], AbstractContextManager[str]],
    load_small_france: Callable[[Settings], None],
) -> Iterator[Settings]:
    """A small France of our own, that we may write to; failures are tried again at once."""
    with fresh_database() as conninfo:
        database = settings.database.model_copy(update={"url": conninfo})
        web = settings.web.model_copy(update={"rate_per_second": 0})
        hooks = settings.webhooks.model_copy(
            update={"first_wait_seconds": 0, "registered_per_day": 0, "test_seconds": 0}
        )
        here = settings.model_copy(update={"database": database, "web": web, "webhooks": hooks})
        load_small_france(here)
        yield here


@dataclass
class Hub:
    settings: Settings
    client: httpx.AsyncClient
    site: Site

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.settings.database.url, autocommit=True) as conn:
            cursor = conn.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    async def register(self, url: str, **more: Any) -> dict[str, Any]:
        made = await self.client.post("/api/v1/webhooks", json={"url": url, **more})
        assert made.status_code == 201, made.text
        assert made.headers["Cache-Control"] == "no-store"
        assert made.headers["Location"] == made.json()["manage"]
        found: dict[str, Any] = made.json()
        return found

    @staticmethod
    def bearer(made: dict[str, Any]) -> dict[str, str]:
        return {"Authorization": f"Bearer {made['token']}"}

    async def state(self, made: dict[str, Any]) -> dict[str, Any]:
        answer = await self.client.get(made["manage"], headers=self.bearer(made))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def deliver(self, most: int = 10_000) -> None:
        for _ in range(most):
            if not await asyncio.to_thread(webhook_delivery.deliver_next, self.settings):
                return

    async def feed(self, since: int = 0) -> tuple[dict[tuple[str, str], Any], int]:
        table = {}
        while True:
            asked = {"since": since, "limit": 1000}
            page = (await self.client.get("/api/v1/changes", params=asked)).json()
            for one in page["changes"]:
                table[one["commune"], one["service"]] = (one["state"], one["level"])
            if not page["changes"]:
                return table, since
            since = page["next"]

    async def active(self, receiver: Receiver, **more: Any) -> dict[str, Any]:
        """A webhook whose challenge was answered, and to which nothing was delivered yet."""
        made = await self.register(receiver.url, **more)
        assert await asyncio.to_thread(webhook_delivery.deliver_next, self.settings)
        assert (await self.state(made))["state"] == "active"
        return made

    async def two_active(self, receiver: Receiver) -> list[dict[str, Any]]:
        made = [await self.register(receiver.url, since=0) for _ in range(2)]
        await self.deliver(2)  # both challenges were due before any delivery
        assert [(await self.state(one))["state"] for one in made] == ["active", "active"]
        return made

    def edit(self, number: int, service: str, state: State) -> None:
        """A person's statement, as publishing a contribution makes one."""

        async def append() -> None:
            async with await psycopg.AsyncConnection.connect(self.settings.database.url) as aconn:
                cursor = await aconn.execute("select id, source_id from catalog.evidence limit 1")
                evidence, source = (await cursor.fetchone()) or (0, "")
                said = Observation(
                    service=service, state=state, nature=Nature.AGENT, source_id=source,
                    evidence_id=evidence, seen="A test says it.", observed_at=datetime.now(UTC),
                    commune_number=number, url="https://example.org/",
                )  # fmt: skip
                await live.append(aconn, [said])
                await aconn.commit()

        asyncio.run(append())
        live.settle(self.settings)


@pytest_asyncio.fixture
async def hub(hub_settings: Settings) -> AsyncIterator[Hub]:
    site = open_site(hub_settings)
    await site.pool.open()
    sockets, port = bind_unused_port()
    server = HTTPServer(make_app(site))
    server.add_sockets(sockets) if isinstance(sockets, list) else server.add_socket(sockets)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        found = Hub(hub_settings, client, site)
        yield found
        found.sql("delete from catalog.webhook")
    server.stop()
    await server.close_all_connections()
    await site.simulators.close()
    await site.ogc.close()
    await site.pool.close()
