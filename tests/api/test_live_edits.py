"""An edit is in every channel of every process within a second, and touches nothing else."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest

from catalog import live
from catalog.observations import Nature, Observation
from catalog.states import State
from config.settings import Settings

CODE = "69143"
WITHIN = 1.0  # seconds


@pytest.fixture(scope="module")
def edited(
    copied_france: Callable[[], contextlib.AbstractContextManager[Settings]],
) -> Iterator[Settings]:
    """A published small France of our own, that we may write to."""
    with copied_france() as here:
        yield here


@pytest.fixture(scope="module")
def two_sites(edited: Settings, serve: Callable[..., Any]) -> Iterator[list[httpx.Client]]:
    with serve(edited) as one, serve(edited) as two:
        clients = [httpx.Client(base_url=base, timeout=10) for base in (one, two)]
        yield clients
        for client in clients:
            client.close()


def state_of(client: httpx.Client, number: int) -> int:
    return client.get("/api/v1/status/nursery.bin").content[number]


@pytest.mark.alone
async def test_an_edit_is_seen_everywhere_within_a_second(
    edited: Settings, two_sites: list[httpx.Client]
) -> None:
    one = two_sites[0]
    number = one.get(f"/api/v1/communes/{CODE}").json()["commune"]["number"]
    tile = one.get("/tiles/communes.json").json()["tiles"][0]
    tile_path = tile[tile.index("/tiles/") :].format(z=6, x=32, y=22)
    past = "/api/v1/status/nursery.bin?datetime=2024-12-31"
    before = {}
    for client in two_sites:
        assert state_of(client, number) == State.UNKNOWN
        before[client] = (
            client.get(tile_path).headers["Etag"], client.get(past).content,
            client.get("/api/v1/status/official-site.bin").headers["Etag"],
            client.get(f"/api/v1/territories/DEP-{CODE[:2]}/summary?service=nursery").json(),
            client.get("/api/v1/changes?since=4611686018427387904").json()["next"],
            client.get(past).headers["X-Guichet-Version"],
        )  # fmt: skip
    since = 0
    while (found := one.get(f"/api/v1/changes?since={since}&limit=1000").json())["changes"]:
        since = found["next"]

    async with await psycopg.AsyncConnection.connect(edited.database.url) as aconn:
        cursor = await aconn.execute("select id, source_id from catalog.evidence limit 1")
        evidence, source = (await cursor.fetchone()) or (0, "")
        said = Observation(
            service="nursery", state=State.TWO_WAY, nature=Nature.AGENT, source_id=source,
            evidence_id=evidence, seen="A test says it.", observed_at=datetime.now(UTC),
            commune_number=number, url="https://example.org/creche",
        )  # fmt: skip
        await live.append(aconn, [said])
        await aconn.commit()
    assert live.settle(edited) == 1
    committed = time.monotonic()

    for client in two_sites:
        while state_of(client, number) != State.TWO_WAY:
            assert time.monotonic() - committed < WITHIN, "not seen within a second"
            await asyncio.sleep(0.05)
    for client in two_sites:
        tag, then, other, summary, _, version = before[client]
        assert client.get(tile_path, headers={"If-None-Match": tag}).status_code == 304
        assert client.get(past).content == then
        assert client.get(past).headers["X-Guichet-Version"] != version
        unchanged = client.get("/api/v1/status/official-site.bin", headers={"If-None-Match": other})
        assert unchanged.status_code == 304
        now = client.get(f"/api/v1/territories/DEP-{CODE[:2]}/summary?service=nursery").json()
        counts, states = summary["whole"]["states"], now["whole"]["states"]
        assert states["two-way"] == counts["two-way"] + 1
        assert states["unknown"] == counts["unknown"] - 1
        assert sum(states.values()) == sum(counts.values())
        changed = client.get(f"/api/v1/changes?since={since}").json()["changes"]
        assert [(c["commune"], c["service"], c["state"]) for c in changed] == [
            (CODE, "nursery", "two-way")
        ]
        assert "https://example.org/creche" in client.get(f"/fr/commune/{CODE}").text
        today = datetime.now(UTC).date().isoformat()
        assert today in client.get("/fr/carte?service=nursery").text
