"""Webhooks: nobody is told who did not ask, and who asked ends with the feed's own table."""

import asyncio
import json
import os
import random
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
from api.openapi import document
from api.rate_budget import RateBudget
from api.site import Site, open_site
from catalog import live, webhooks
from catalog.observations import Nature, Observation
from catalog.states import State
from config.settings import Settings
from crowd import retention
from harvest.outbound_guard import Guard

ROOT = Path(__file__).resolve().parents[2]
HOST = "receiver.example"
CODE = "69143"
KILLED = """
import sys
from api import webhook_delivery
from catalog import webhooks
from config.settings import load
from harvest.outbound_guard import Guard
webhooks.MOST_CHANGES = 40
port = int(sys.argv[1])
webhook_delivery.GUARD = Guard(lambda host, p: ["127.0.0.1"], frozenset({("127.0.0.1", port)}))
print("ready", flush=True)
webhook_delivery.deliver_waiting(load())
"""


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

    def deliveries(self) -> list[dict[str, Any]]:
        return [body for _, body, _ in self.heard if body["type"] == "changes"]


def polite(body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    return (200, {}, body["challenge"].encode()) if body["type"] == "challenge" else (204, {}, b"")


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
    found = Receiver(answer=polite)

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
    own_france: Callable[[], AbstractContextManager[Settings]],
) -> Iterator[Settings]:
    """A small France of our own, that we may write to; failures are tried again at once."""
    with own_france() as settings:
        web = settings.web.model_copy(update={"rate_per_second": 0})
        hooks = settings.webhooks.model_copy(
            update={"first_wait_seconds": 0, "registered_per_day": 0, "test_seconds": 0}
        )
        yield settings.model_copy(update={"web": web, "webhooks": hooks})


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

    async def state(self, made: dict[str, Any]) -> dict[str, Any]:
        answer = await self.client.get(made["manage"], headers=bearer(made))
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


def bearer(made: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {made['token']}"}


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


def edit(settings: Settings, number: int, service: str, state: State) -> None:
    """A person's statement, as publishing a contribution makes one."""

    async def append() -> None:
        async with await psycopg.AsyncConnection.connect(settings.database.url) as aconn:
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
    live.settle(settings)


# ------------------------------------------------------------------------------- registering


async def test_one_network_registers_so_many_in_a_day(hub: Hub, receiver: Receiver) -> None:
    hub.site.hooking = RateBudget(2 / 86400, 2)
    for _ in range(2):
        await hub.register(receiver.url)
    refused = await hub.client.post("/api/v1/webhooks", json={"url": receiver.url})
    assert refused.status_code == 429
    assert 40_000 < int(refused.headers["Retry-After"]) <= 43_200


async def test_nothing_is_told_until_the_challenge_is_answered(
    hub: Hub, receiver: Receiver
) -> None:
    receiver.answer = lambda body: (200, {}, json.dumps(body).encode())  # an echo is no answer
    made = await hub.register(receiver.url, since=0)
    assert made["state"] == "pending"
    await hub.deliver()
    assert {body["type"] for _, body, _ in receiver.heard} == {"challenge"}
    assert 1 <= len(receiver.heard) <= 5
    state = await hub.state(made)
    assert (state["state"], state["position"], state["testing"]) == ("pending", 0, False)
    assert "challenge" in state["last_error"]
    assert receiver.url not in state["last_error"]

    receiver.answer = polite
    asked = await hub.client.post(f"{made['manage']}/test", headers=bearer(made))
    assert (asked.status_code, asked.json()["testing"]) == (202, True)
    await hub.deliver()
    state = await hub.state(made)
    assert (state["state"], state["last_error"]) == ("active", None)
    assert receiver.deliveries()[0]["since"] == 0


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://receiver.example/", "/url"),
        ("https://127.0.0.1/", "public internet"),
        ("https://[::1]/", "public internet"),
        ("https://169.254.169.254/latest", "public internet"),
        ("https://inside.example/", "public internet"),
        ("https://user:word@receiver.example/", "user name"),
        ("https://receiver.example:22/", "Port 22"),
        ("https://2130706433/", ""),
    ],
)
async def test_only_https_on_the_public_internet(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    monkeypatch.setattr(webhook_delivery, "GUARD", Guard(lambda host, port: ["10.0.0.7"]))
    answer = await hub.client.post("/api/v1/webhooks", json={"url": url})
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == "/url"
    assert words in answer.text
    assert hub.sql("select count(*) from catalog.webhook") == [(0,)]


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        (b"{", 400, None),
        (b"[]", 422, [""]),
        (b"{}", 422, ["/url"]),
        (b'{"url": 3}', 422, ["/url"]),
        (b'{"url": "https://a.example/", "colour": 1}', 422, ["/colour"]),
        (b'{"url": "https://a.example/", "services": ["nursery", 2]}', 422, ["/services/1"]),
        (b'{"url": "https://a.example/", "services": []}', 422, ["/services"]),
        (b'{"url": "https://a.example/", "since": -1}', 422, ["/since"]),
        (b'{"url": "https://a.example/", "since": 99999999999, "services": ["nursery", "nurserie"],'
         b' "territory": "DEP-00"}', 422, ["/services/1", "/since", "/territory"]),
        (b'{"url": "https://a.example/", "territory": "\\u0000"}', 422, ["/territory"]),
    ],
)  # fmt: skip
async def test_a_body_that_is_wrong_is_told_where(
    hub: Hub, body: bytes, status: int, pointers: list[str] | None
) -> None:
    answer = await hub.client.post(
        "/api/v1/webhooks", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status, answer.text
    if pointers is not None:
        assert [one["pointer"] for one in answer.json()["errors"]] == pointers


async def test_other_ways_to_ask_wrongly(hub: Hub) -> None:
    post = hub.client.post
    assert (await post("/api/v1/webhooks", content=b"{}")).status_code == 415
    large = {"url": "https://a.example/", "x": "y" * 20_000}
    assert (await post("/api/v1/webhooks", json=large)).status_code == 413
    assert (await post("/api/v1/webhooks?a=b", json={})).status_code == 400
    assert (await hub.client.get("/api/v1/webhooks")).status_code == 405
    preflight = await hub.client.options("/api/v1/webhooks")
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]


async def test_only_its_token_manages_a_webhook(hub: Hub, receiver: Receiver) -> None:
    made, other = await hub.register(receiver.url), await hub.register(receiver.url)
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/rotate")):
        without = await hub.client.request(method, made["manage"] + path)
        assert without.status_code == 401
        assert without.headers["WWW-Authenticate"].startswith("Bearer")
        wrong = await hub.client.request(method, made["manage"] + path, headers=bearer(other))
        assert wrong.status_code == 404, (method, path)
    stored = hub.sql("select w::text from catalog.webhook w")
    assert all(made["token"] not in row[0] for row in stored)
    gone = await hub.client.delete(made["manage"], headers=bearer(made))
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await hub.client.get(made["manage"], headers=bearer(made))).status_code == 404
    assert hub.sql("select id from catalog.webhook") == [(other["id"],)]


async def test_there_are_limits(hub: Hub, receiver: Receiver) -> None:
    hooks = hub.settings.webhooks
    for _ in range(hooks.most_per_host):
        await hub.register(receiver.url)
    refused = await hub.client.post("/api/v1/webhooks", json={"url": receiver.url})
    assert (refused.status_code, refused.json()["parameter"]) == (409, "url")
    hub.sql(
        "insert into catalog.webhook (id, token_hash, url, host, position, secret) "
        f"select i::text, '', 'u', i::text, 0, '' from generate_series(1, {hooks.most}) i"
    )
    full = await hub.client.post(
        "/api/v1/webhooks", json={"url": receiver.url.replace(HOST, "other.example")}
    )
    assert full.status_code == 503


# --------------------------------------------------------------------------------- delivering


async def active(hub: Hub, receiver: Receiver, **more: Any) -> dict[str, Any]:
    """A webhook whose challenge was answered, and to which nothing was delivered yet."""
    made = await hub.register(receiver.url, **more)
    assert await asyncio.to_thread(webhook_delivery.deliver_next, hub.settings)
    assert (await hub.state(made))["state"] == "active"
    return made


async def two_active(hub: Hub, receiver: Receiver) -> list[dict[str, Any]]:
    made = [await hub.register(receiver.url, since=0) for _ in range(2)]
    await hub.deliver(2)  # both challenges were due before any delivery
    assert [(await hub.state(one))["state"] for one in made] == ["active", "active"]
    return made


async def test_a_receiver_that_fails_at_random_converges(
    hub: Hub, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST_CHANGES", 40)  # so that this small France is many of them
    chance = random.Random(6)
    table: dict[tuple[str, str], Any] = {}
    accepted: list[tuple[int, int]] = []
    fates: Counter[str] = Counter()

    def moody(body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        if body["type"] == "challenge":
            return polite(body)
        assert len(body["changes"]) <= 40
        fate = chance.choice(["ok", "ok", "500", "cut", "applied, then cut", "later", "moved"])
        fates[fate] += 1
        if fate in ("ok", "applied, then cut"):
            for one in body["changes"]:
                table[one["commune"], one["service"]] = (one["state"], one["level"])
        if fate == "ok":
            accepted.append((body["since"], body["next"]))
            return 200, {}, b"x" * 100_000
        if fate == "later":
            return 429, {"Retry-After": "0"}, b""
        if fate == "moved":
            return 307, {"Location": f"https://{HOST}:{receiver.port}/elsewhere"}, b""
        return (500, {}, b"") if fate == "500" else (0, {}, b"")

    receiver.answer = moody
    made = await active(hub, receiver, since=0)
    communes = [row[0] for row in hub.sql("select number from catalog.commune limit 30")]

    def edits() -> None:
        for turn in range(6):
            state = chance.choice([State.TWO_WAY, State.ABSENT])
            edit(hub.settings, communes[turn], "nursery", state)

    meanwhile = asyncio.create_task(asyncio.to_thread(edits))
    while not meanwhile.done():
        await hub.deliver(5)
        await asyncio.sleep(0.05)
    await meanwhile
    await hub.deliver()

    expected, last = await hub.feed()
    assert len(expected) > 500
    assert table == expected
    assert (await hub.state(made))["position"] == last
    assert len(fates) == 6, "each fate was met"
    # In order, nothing skipped: each accepted delivery begins where the former ended.
    assert [since for since, _ in accepted] == [0, *(upto for _, upto in accepted[:-1])]
    ids = {headers["Webhook-Id"] for headers, body, _ in receiver.heard if "next" in body}
    assert len(ids) <= len({(one["since"], one["next"]) for one in receiver.deliveries()})


async def test_only_what_was_asked_for_is_told(hub: Hub, receiver: Receiver) -> None:
    number = hub.sql(f"select number from catalog.commune where code = '{CODE}'")[0][0]
    place = hub.sql(f"select departement_code from catalog.commune where number = {number}")[0][0]
    whole, last = await hub.feed()
    for asked in (
        {"services": ["official-site"], "territory": f"DEP-{place}"},
        {"territory": f"COM-{CODE}"},
        {"services": ["nursery", "official-site"]},
    ):
        receiver.heard.clear()
        made = await active(hub, receiver, since=0, **asked)
        await hub.deliver()
        told = {
            (one["commune"], one["service"]): (one["state"], one["level"])
            for body in receiver.deliveries() for one in body["changes"]
        }  # fmt: skip
        code = asked.get("territory", "")
        expected = {
            pair: said
            for pair, said in whole.items()
            if pair[1] in asked.get("services", [pair[1]])
            and (not code or pair[0] == CODE or (code.startswith("DEP") and pair[0][:2] == place))
        }
        assert told == expected
        assert expected
        # What was not for it is passed over too: it is up to date.
        assert (await hub.state(made))["position"] == last
    receiver.heard.clear()
    await asyncio.to_thread(edit, hub.settings, number, "nursery", State.TWO_WAY)
    await hub.deliver()
    assert [one["service"] for body in receiver.deliveries() for one in body["changes"]] == (
        ["nursery", "nursery"]
    ), "of the three, the two that asked for this pair"


async def test_signatures_are_what_the_guide_verifies(hub: Hub, receiver: Receiver) -> None:
    """The code of docs/api.md, as it is written there."""
    guide = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    code = next(
        one.partition("```")[0] for one in guide.split("```python\n")[1:] if "def verified(" in one
    )
    names: dict[str, Any] = {}
    exec(code, names)
    verified = names["verified"]

    _, last = await hub.feed()
    made = await active(hub, receiver, since=max(0, last - 3))
    await hub.deliver()
    headers, body, raw = receiver.heard[-1]
    assert body["type"] == "changes"
    assert verified(made["secret"], headers, raw)
    assert not verified(made["secret"], headers, raw + b" ")
    assert not verified("whsec_" + "A" * 43 + "=", headers, raw)
    old = headers | {"Webhook-Timestamp": str(int(headers["Webhook-Timestamp"]) - 3600)}
    assert not verified(made["secret"], old, raw)

    rotated = await hub.client.post(f"{made['manage']}/rotate", headers=bearer(made))
    assert rotated.status_code == 200
    secret = rotated.json()["secret"]
    assert secret != made["secret"]
    assert (await hub.state(made))["rotating_until"] == rotated.json()["rotating_until"]
    await hub.client.post(f"{made['manage']}/test", headers=bearer(made))
    await hub.deliver()
    headers, _, raw = receiver.heard[-1]
    assert verified(secret, headers, raw)
    assert verified(made["secret"], headers, raw), "during the rotation both are right"
    hub.sql("update catalog.webhook set old_until = now()")
    await hub.client.post(f"{made['manage']}/test", headers=bearer(made))
    await hub.deliver()
    headers, _, raw = receiver.heard[-1]
    assert verified(secret, headers, raw)
    assert not verified(made["secret"], headers, raw), "and after it only the new one"


async def test_410_ends_it_and_days_of_failure_pause_it(hub: Hub, receiver: Receiver) -> None:
    paused, ended = await two_active(hub, receiver)
    receiver.answer = lambda body: (410 if body["webhook"] == ended["id"] else 503, {}, b"")
    assert await asyncio.to_thread(webhook_delivery.deliver_next, hub.settings)
    assert await asyncio.to_thread(webhook_delivery.deliver_next, hub.settings)
    state = await hub.state(paused)
    assert (state["state"], state["last_status"], state["position"]) == ("active", 503, 0)
    assert state["failures"] >= 1
    hub.sql("update catalog.webhook set failing_since = now() - interval '6 days'")
    await hub.deliver()
    heard = len(receiver.heard)
    await hub.deliver()
    assert len(receiver.heard) == heard, "neither is told any more"
    state = await hub.state(paused)
    assert (state["state"], state["position"]) == ("paused", 0)
    assert "503" in state["last_error"]
    assert (await hub.state(ended))["state"] == "ended"
    for path in ("test", "rotate"):
        again = await hub.client.post(f"{ended['manage']}/{path}", headers=bearer(ended))
        assert again.status_code == 409
    receiver.answer = polite
    await hub.client.post(f"{paused['manage']}/test", headers=bearer(paused))
    await hub.deliver()
    _, last = await hub.feed()
    state = await hub.state(paused)
    assert (state["state"], state["position"], state["failures"]) == ("active", last, 0)
    hub.sql(
        "update catalog.webhook set ended_at = now() - interval '31 days' where state = 'ended'"
    )
    with psycopg.connect(hub.settings.database.url) as conn:
        retention.sweep(conn, hub.settings)
    assert hub.sql("select id from catalog.webhook") == [(paused["id"],)]


async def test_waits_grow_and_a_receiver_that_names_a_time_is_obeyed(
    hub: Hub, receiver: Receiver
) -> None:
    hooks = hub.settings.webhooks.model_copy(update={"first_wait_seconds": 10})
    for attempt in (1, 2, 3, 40):
        whole = min(hooks.longest_wait_seconds, 10 * 2 ** (attempt - 1))
        waits = {webhook_delivery.wait_before(hooks, attempt) for _ in range(50)}
        assert len(waits) > 40
        assert whole / 2 <= min(waits) <= max(waits) <= whole
    made = await active(hub, receiver, since=0)
    receiver.answer = lambda body: (503, {"Retry-After": "7200"}, b"")
    await hub.deliver()
    waiting = hub.sql("select next_try_at - now() > interval '7190 s' from catalog.webhook")
    assert waiting == [(True,)]
    assert len(receiver.deliveries()) == 1
    assert (await hub.state(made))["next_try_at"]


async def test_a_slow_answer_is_cut(
    hub: Hub, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = webhook_delivery.fetch.Limits(connect=5, silence=0.5, total=1)
    monkeypatch.setattr(webhook_delivery, "LIMITS", short)
    made = await active(hub, receiver, since=0)
    done = threading.Event()

    def slow(body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        done.wait(20)
        return 200, {}, b""

    receiver.answer = slow
    begun = time.monotonic()
    assert await asyncio.to_thread(webhook_delivery.deliver_next, hub.settings)
    assert time.monotonic() - begun < 15
    done.set()
    state = await hub.state(made)
    assert (state["position"], state["last_status"]) == (0, None)
    assert state["last_error"]


async def test_two_workers_never_speak_to_one_receiver_together(
    hub: Hub, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST_CHANGES", 40)
    await two_active(hub, receiver)
    receiver.most_inside = 0

    def slowly(body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        time.sleep(0.02)
        return polite(body)

    receiver.answer = slowly
    with ThreadPoolExecutor(4) as workers:
        jobs = [
            workers.submit(webhook_delivery.deliver_waiting, hub.settings) for _ in range(4)
        ]  # fmt: skip
        await asyncio.to_thread(lambda: [job.result(120) for job in jobs])
    assert receiver.most_inside == 1
    assert len({body["webhook"] for body in receiver.deliveries()}) == 2
    places = Counter((body["webhook"], body["since"]) for body in receiver.deliveries())
    assert max(places.values()) == 1, "nothing was said twice"


def killed_worker(settings: Settings, port: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "GUICHET_DATABASE_URL": settings.database.url,
        "GUICHET_VAR": str(settings.paths.var),
    }
    command = [sys.executable, "-c", KILLED, str(port)]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


async def test_a_killed_worker_loses_nothing(
    hub: Hub, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST_CHANGES", 40)
    made = await active(hub, receiver, since=0)
    reached, go_on = threading.Event(), threading.Event()

    def third_stalls(body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        if len(receiver.deliveries()) == 3:
            reached.set()
            go_on.wait(30)
        return polite(body)

    receiver.answer = third_stalls
    worker = killed_worker(hub.settings, receiver.port)
    assert await asyncio.to_thread(reached.wait, 60)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    go_on.set()
    second = receiver.deliveries()[1]["next"]
    assert (await hub.state(made))["position"] == second
    assert not await asyncio.to_thread(webhook_delivery.deliver_next, hub.settings), "still held"
    hub.sql("update catalog.webhook set leased_until = now()")  # what 90 s do
    await hub.deliver()
    _, last = await hub.feed()
    assert (await hub.state(made))["position"] == last
    sinces = [body["since"] for body in receiver.deliveries()]
    assert sinces[2] == sinces[3] == second, "what nobody confirmed is said again"


async def test_the_guard_judges_again_when_it_delivers(
    hub: Hub, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await active(hub, receiver, since=0)
    monkeypatch.setattr(webhook_delivery, "GUARD", Guard(lambda host, port: ["127.0.0.1"]))
    hub.sql(f"update catalog.webhook set url = 'https://{HOST}/'")
    heard = len(receiver.heard)
    assert await asyncio.to_thread(webhook_delivery.deliver_next, hub.settings)
    assert len(receiver.heard) == heard
    assert "public internet" in (await hub.state(made))["last_error"]


async def test_a_worker_tells_an_edit_within_seconds_and_stops(
    hub: Hub, receiver: Receiver
) -> None:
    number = hub.sql(f"select number from catalog.commune where code = '{CODE}'")[0][0]
    worker = asyncio.create_task(webhook_delivery.run(hub.settings))
    try:
        made = await hub.register(receiver.url, territory=f"COM-{CODE}")
        begun = time.monotonic()
        while (await hub.state(made))["state"] != "active":
            assert time.monotonic() - begun < 30, "the challenge was not sent"
            await asyncio.sleep(0.1)
        await asyncio.to_thread(edit, hub.settings, number, "canteen", State.ABSENT)
        begun = time.monotonic()
        while not receiver.deliveries():
            assert time.monotonic() - begun < 10, "not told within seconds"
            await asyncio.sleep(0.05)
        (said,) = receiver.deliveries()[0]["changes"]
        assert (said["commune"], said["service"], said["state"]) == (CODE, "canteen", "absent")
        assert said["position"] == receiver.deliveries()[0]["next"]
        feed = await hub.client.get("/api/v1/changes", params={"since": said["position"] - 1})
        assert feed.json()["changes"][0] == said, "the very object of the feed"
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    edits = len(receiver.heard)
    await asyncio.to_thread(edit, hub.settings, number, "canteen", State.TWO_WAY)
    await asyncio.sleep(hub.settings.webhooks.poll_seconds + 0.5)
    assert len(receiver.heard) == edits


def test_every_answer_is_declared() -> None:
    from api.app import routes

    paths = document(routes(), "0", "http://localhost")["paths"]
    base = "/api/v1/webhooks"
    made = paths[base]["post"]["responses"]
    assert {"201", "400", "409", "413", "415", "422", "429", "503"} <= set(made)
    one = f"{base}/{{webhook}}"
    for path, method, status in ((one, "get", "200"), (one, "delete", "204"),
                                 (f"{one}/test", "post", "202"),
                                 (f"{one}/rotate", "post", "200")):  # fmt: skip
        found = paths[path][method]
        assert found["security"] == [{"token": []}]
        assert {status, "401", "404", "429"} <= set(found["responses"])
        assert "requestBody" not in found
    assert set(paths[base]["post"]["callbacks"]) == {"challenge", "changes"}
