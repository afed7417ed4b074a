"""Delivering to webhooks: who asked ends with the feed's own table."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api import webhook_delivery
from catalog import webhooks
from catalog.states import State
from config.settings import Settings
from crowd import retention
from harvest.outbound_guard import Guard

ROOT = Path(__file__).resolve().parents[3]
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


async def test_a_receiver_that_fails_at_random_converges(
    hub: Any, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST_CHANGES", 40)  # so that this small France is many of them
    chance = random.Random(6)
    table: dict[tuple[str, str], Any] = {}
    accepted: list[tuple[int, int]] = []
    fates: Counter[str] = Counter()

    def moody(body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        if body["type"] == "challenge":
            return receiver.polite(body)
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
    made = await hub.active(receiver, since=0)
    communes = [row[0] for row in hub.sql("select number from catalog.commune limit 30")]

    def edits() -> None:
        for turn in range(6):
            state = chance.choice([State.TWO_WAY, State.ABSENT])
            hub.edit(communes[turn], "nursery", state)

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


async def test_only_what_was_asked_for_is_told(hub: Any, receiver: Any) -> None:
    number = hub.sql(f"select number from catalog.commune where code = '{CODE}'")[0][0]
    place = hub.sql(f"select departement_code from catalog.commune where number = {number}")[0][0]
    whole, last = await hub.feed()
    for asked in (
        {"services": ["official-site"], "territory": f"DEP-{place}"},
        {"territory": f"COM-{CODE}"},
        {"services": ["nursery", "official-site"]},
    ):
        receiver.heard.clear()
        made = await hub.active(receiver, since=0, **asked)
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
    await asyncio.to_thread(hub.edit, number, "nursery", State.TWO_WAY)
    await hub.deliver()
    assert [one["service"] for body in receiver.deliveries() for one in body["changes"]] == (
        ["nursery", "nursery"]
    ), "of the three, the two that asked for this pair"


async def test_signatures_are_what_the_guide_verifies(hub: Any, receiver: Any) -> None:
    """The code of docs/api.md, as it is written there."""
    guide = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    code = next(
        one.partition("```")[0] for one in guide.split("```python\n")[1:] if "def verified(" in one
    )
    names: dict[str, Any] = {}
    exec(code, names)
    verified = names["verified"]

    _, last = await hub.feed()
    made = await hub.active(receiver, since=max(0, last - 3))
    await hub.deliver()
    headers, body, raw = receiver.heard[-1]
    assert body["type"] == "changes"
    assert verified(made["secret"], headers, raw)
    assert not verified(made["secret"], headers, raw + b" ")
    assert not verified("whsec_" + "A" * 43 + "=", headers, raw)
    old = headers | {"Webhook-Timestamp": str(int(headers["Webhook-Timestamp"]) - 3600)}
    assert not verified(made["secret"], old, raw)

    rotated = await hub.client.post(f"{made['manage']}/rotate", headers=hub.bearer(made))
    assert rotated.status_code == 200
    secret = rotated.json()["secret"]
    assert secret != made["secret"]
    assert (await hub.state(made))["rotating_until"] == rotated.json()["rotating_until"]
    await hub.client.post(f"{made['manage']}/test", headers=hub.bearer(made))
    await hub.deliver()
    headers, _, raw = receiver.heard[-1]
    assert verified(secret, headers, raw)
    assert verified(made["secret"], headers, raw), "during the rotation both are right"
    hub.sql("update catalog.webhook set old_until = now()")
    await hub.client.post(f"{made['manage']}/test", headers=hub.bearer(made))
    await hub.deliver()
    headers, _, raw = receiver.heard[-1]
    assert verified(secret, headers, raw)
    assert not verified(made["secret"], headers, raw), "and after it only the new one"


async def test_410_ends_it_and_days_of_failure_pause_it(hub: Any, receiver: Any) -> None:
    paused, ended = await hub.two_active(receiver)
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
        again = await hub.client.post(f"{ended['manage']}/{path}", headers=hub.bearer(ended))
        assert again.status_code == 409
    receiver.answer = receiver.polite
    await hub.client.post(f"{paused['manage']}/test", headers=hub.bearer(paused))
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
    hub: Any, receiver: Any
) -> None:
    hooks = hub.settings.webhooks.model_copy(update={"first_wait_seconds": 10})
    for attempt in (1, 2, 3, 40):
        whole = min(hooks.longest_wait_seconds, 10 * 2 ** (attempt - 1))
        waits = {webhook_delivery.wait_before(hooks, attempt) for _ in range(50)}
        assert len(waits) > 40
        assert whole / 2 <= min(waits) <= max(waits) <= whole
    made = await hub.active(receiver, since=0)
    receiver.answer = lambda body: (503, {"Retry-After": "7200"}, b"")
    await hub.deliver()
    waiting = hub.sql("select next_try_at - now() > interval '7190 s' from catalog.webhook")
    assert waiting == [(True,)]
    assert len(receiver.deliveries()) == 1
    assert (await hub.state(made))["next_try_at"]


async def test_a_slow_answer_is_cut(
    hub: Any, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = webhook_delivery.fetch.Limits(connect=5, silence=0.5, total=1)
    monkeypatch.setattr(webhook_delivery, "LIMITS", short)
    made = await hub.active(receiver, since=0)
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
    hub: Any, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST_CHANGES", 40)
    await hub.two_active(receiver)
    receiver.most_inside = 0

    def slowly(body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        time.sleep(0.02)
        return receiver.polite(body)

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
    hub: Any, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST_CHANGES", 40)
    made = await hub.active(receiver, since=0)
    reached, go_on = threading.Event(), threading.Event()

    def third_stalls(body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        if len(receiver.deliveries()) == 3:
            reached.set()
            go_on.wait(30)
        return receiver.polite(body)

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
    hub: Any, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await hub.active(receiver, since=0)
    monkeypatch.setattr(webhook_delivery, "GUARD", Guard(lambda host, port: ["127.0.0.1"]))
    hub.sql(f"update catalog.webhook set url = 'https://{HOST}/'")
    heard = len(receiver.heard)
    assert await asyncio.to_thread(webhook_delivery.deliver_next, hub.settings)
    assert len(receiver.heard) == heard
    assert "public internet" in (await hub.state(made))["last_error"]


async def test_a_worker_tells_an_edit_within_seconds_and_stops(hub: Any, receiver: Any) -> None:
    number = hub.sql(f"select number from catalog.commune where code = '{CODE}'")[0][0]
    worker = asyncio.create_task(webhook_delivery.run(hub.settings))
    try:
        made = await hub.register(receiver.url, territory=f"COM-{CODE}")
        begun = time.monotonic()
        while (await hub.state(made))["state"] != "active":
            assert time.monotonic() - begun < 30, "the challenge was not sent"
            await asyncio.sleep(0.1)
        await asyncio.to_thread(hub.edit, number, "canteen", State.ABSENT)
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
    await asyncio.to_thread(hub.edit, number, "canteen", State.TWO_WAY)
    await asyncio.sleep(hub.settings.webhooks.poll_seconds + 0.5)
    assert len(receiver.heard) == edits
