"""100 durable contributions a second while the map is served, p99 < 500 ms.

    python -P tests/benchmarks/contributions.py BASE_URL WEB_PID

The site must believe our X-Forwarded-For (each submission comes from a network of its own, as in
life) and have no rate budget: GUICHET_WEB__TRUSTED_PROXIES=127.0.0.1
GUICHET_WEB__RATE_PER_SECOND=0 GUICHET_CROWD__SENT_PER_SECOND=0. Otherwise it says so and ends.

Arrivals follow a clock, not the answers (an open loop): a server that falls behind shows it in
the latencies. Each 201 is counted in the database afterwards: durable means that. Contributions
carry links to a host that no source knows, so none is published; they are removed at the end.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg

from catalog.database import address
from config.settings import load

RATE, SECONDS, MAP_CLIENTS = 100, 15, 4
GOAL_P99_MS = 500
HOST = "https://banc-d-essai.example"
SERVICES = ("nursery", "canteen", "library", "cemetery", "urban-planning", "halls-clubs")


@dataclass
class Measured:
    spent: list[float] = field(default_factory=list)
    codes: dict[int, int] = field(default_factory=dict)
    map_spent: list[float] = field(default_factory=list)
    map_refused: int = 0


async def one(
    client: httpx.AsyncClient, number: int, token: str, code: str, into: Measured
) -> None:
    network = f"10.{number // 250 % 250}.{number % 250}.1"
    sent = {
        "jeton": token, "cle": uuid.uuid4().hex, "commune": code, "sujet": "exists",
        "service": SERVICES[number % len(SERVICES)], "url": f"{HOST}/{number}",
    }  # fmt: skip
    began = time.perf_counter()
    answer = await client.post(
        "/fr/contribuer/envoi", data=sent, headers={"X-Forwarded-For": network}
    )
    into.spent.append(time.perf_counter() - began)
    into.codes[answer.status_code] = into.codes.get(answer.status_code, 0) + 1


async def read_the_map(client: httpx.AsyncClient, end: float, into: Measured) -> None:
    turn = 0
    while time.perf_counter() < end:
        service = SERVICES[turn % len(SERVICES)]
        began = time.perf_counter()
        for path in (f"/api/v1/status/{service}.bin", f"/fr/carte?service={service}"):
            into.map_refused += (await client.get(path)).status_code != 200
        into.map_spent.append((time.perf_counter() - began) / 2)
        turn += 1
        await asyncio.sleep(0.05)


async def measure(base: str) -> Measured:
    into = Measured()
    limits = httpx.Limits(max_connections=400, max_keepalive_connections=400)
    async with httpx.AsyncClient(
        base_url=base, headers={"Origin": base}, timeout=60, limits=limits
    ) as client:
        with psycopg.connect(address.conninfo(load())) as conn:
            codes = [
                row[0]
                for row in conn.execute(
                    "select code from catalog.commune order by number limit 5000"
                )
            ]
        token = (await client.get("/fr/contribuer/envoi")).json()["jeton"]
        await asyncio.sleep(2.5)  # read the form
        began = time.perf_counter()
        end = began + SECONDS
        readers = [asyncio.create_task(read_the_map(client, end, into)) for _ in range(MAP_CLIENTS)]
        running = []
        for number in range(RATE * SECONDS):
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            code = codes[number % len(codes)]
            running.append(asyncio.create_task(one(client, number, token, code, into)))
        await asyncio.gather(*running, *readers)
    return into


def p(values: list[float], share: float) -> float:
    return 1000 * sorted(values)[min(len(values) - 1, int(share * len(values)))]


def processor_seconds(pid: str | None) -> float:
    """What the web process has spent: it means something on a loaded machine too."""
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def stored() -> int:
    with psycopg.connect(address.conninfo(load())) as conn:
        row = conn.execute(
            "select count(*) from crowd.contribution where claim ->> 'url' like %s", [f"{HOST}%"]
        ).fetchone()
        return int(row[0]) if row else 0


def remove() -> None:
    with psycopg.connect(address.conninfo(load())) as conn:
        conn.execute("delete from crowd.contribution where claim ->> 'url' like %s", [f"{HOST}%"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base")
    parser.add_argument("pid", nargs="?")
    asked = parser.parse_args()
    base, pid = asked.base.rstrip("/"), asked.pid
    before, spent = stored(), processor_seconds(pid)
    found = asyncio.run(measure(base))
    spent = processor_seconds(pid) - spent
    accepted, kept = found.codes.get(201, 0), stored() - before
    remove()
    p99 = p(found.spent, 0.99)
    print(f"{len(found.spent)} submissions at {RATE}/s for {SECONDS} s, answers {found.codes}")
    print(
        f"  median {p(found.spent, 0.5):.0f} ms, p95 {p(found.spent, 0.95):.0f} ms, p99 {p99:.0f} ms (goal {GOAL_P99_MS})"
    )
    print(f"  durable: {accepted} were answered 201, {kept} rows are in the database")
    print(
        f"  the map meanwhile: {len(found.map_spent)} readings, mean {1000 * statistics.mean(found.map_spent):.0f} ms, p95 {p(found.map_spent, 0.95):.0f} ms, {found.map_refused} refused"
    )
    print(
        f"  the web process spent {1000 * spent / len(found.spent):.1f} ms of processor for each, "
        "reading the map included"
    )
    if 429 in found.codes or 403 in found.codes:
        print("  the site has a rate budget, or does not believe us: see the head of this file")
    return 0 if p99 < GOAL_P99_MS and accepted == kept == RATE * SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
