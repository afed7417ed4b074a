"""100 durable contributions a second while the map is served, p99 < 500 ms.

    python -P tests/benchmarks/contributions.py BASE_URL WEB_PID

The site must believe our X-Forwarded-For (each submission comes from a network of its own, as in
life) and have no rate budget: GUICHET_WEB__TRUSTED_PROXIES=127.0.0.1
GUICHET_WEB__RATE_PER_SECOND=0 GUICHET_CROWD__SENT_PER_SECOND=0. Otherwise it says so and ends.

Arrivals follow a clock, not the answers (an open loop): a server that falls behind shows it in
the latencies. Each 201 is counted in the database afterwards: durable means that. Contributions
carry links to a host that no source knows, so none is published; they are removed at the end.

The peer is the least that a durable form can cost: a bare Tornado handler that inserts the form's
fields as one row and commits, without a token, a policy or a check (`--bare`, in a process of its
own). Rounds alternate, the same clock and the same readers of our map in both, so that what else
the machine does weighs on both.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psycopg

from catalog.database import address
from config.settings import load

RATE, SECONDS, ROUNDS, MAP_CLIENTS = 100, 10, 2, 4
GOAL_P99_MS = 500
HOST = "https://banc-d-essai.example"
SERVICES = ("nursery", "canteen", "library", "cemetery", "urban-planning", "halls-clubs")
PATH = "/fr/contribuer/envoi"


class Wire:
    """HTTP/1.1 over kept connections, and nothing else: the load must not cost what it measures."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        self.base, self.host, self.port = base, parts.hostname or "", parts.port or 80
        self._idle: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = deque()

    async def ask(
        self, path: str, form: dict[str, str] | None, **headers: str
    ) -> tuple[int, bytes]:
        body = b"" if form is None else urlencode(form).encode()
        lines = [f"{'GET' if form is None else 'POST'} {path} HTTP/1.1", f"Host: {self.host}:{self.port}",
                 f"Origin: {self.base}", *(f"{k}: {v}" for k, v in headers.items())]  # fmt: skip
        if form is not None:
            lines += [
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}",
            ]
        request = "\r\n".join([*lines, "", ""]).encode() + body
        while True:
            kept = bool(self._idle)
            reader, writer = (
                self._idle.pop() if kept else await asyncio.open_connection(self.host, self.port)
            )
            try:
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()
                if kept:  # closed by the server while it was idle
                    continue
                raise
            break
        names = dict(
            line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line
        )
        answer = await reader.readexactly(int(names.get(b"content-length", b"0")))
        self._idle.append((reader, writer))
        return int(head[9:12]), answer

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()


@dataclass
class Measured:
    spent: list[float] = field(default_factory=list)
    codes: dict[int, int] = field(default_factory=dict)
    map_spent: list[float] = field(default_factory=list)
    map_refused: int = 0
    web: float = 0.0  # seconds of processor of the process that received
    database: float = 0.0  # of PostgreSQL, the map's questions included


async def one(wire: Wire, number: int, token: str, code: str, into: Measured) -> None:
    network = f"10.{number // 250 % 250}.{number % 250}.1"
    sent = {
        "jeton": token, "cle": uuid.uuid4().hex, "commune": code, "sujet": "exists",
        "service": SERVICES[number % len(SERVICES)], "url": f"{HOST}/{number}",
    }  # fmt: skip
    began = time.perf_counter()
    status, _ = await wire.ask(PATH, sent, **{"X-Forwarded-For": network})
    into.spent.append(time.perf_counter() - began)
    into.codes[status] = into.codes.get(status, 0) + 1


async def read_the_map(wire: Wire, end: float, into: Measured) -> None:
    turn = 0
    while time.perf_counter() < end:
        service = SERVICES[turn % len(SERVICES)]
        began = time.perf_counter()
        for path in (f"/api/v1/status/{service}.bin", f"/fr/carte?service={service}"):
            status, _ = await wire.ask(path, None, **{"Accept-Encoding": "gzip"})
            into.map_refused += status != 200
        into.map_spent.append((time.perf_counter() - began) / 2)
        turn += 1
        await asyncio.sleep(0.05)


async def round_of(
    base: str, target: str, pid: int | None, codes: list[str], first: int, into: Measured
) -> None:
    """One round: RATE submissions a second to `target` while the map of `base` is read."""
    ours, wire = Wire(base), Wire(target)
    token = json.loads((await ours.ask(PATH, None))[1])["jeton"]
    await asyncio.sleep(2.5)  # read the form
    web, database = processor(pid), database_processor()
    began = time.perf_counter()
    readers = [
        asyncio.create_task(read_the_map(ours, began + SECONDS, into)) for _ in range(MAP_CLIENTS)
    ]
    running = []
    for number in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        code = codes[(first + number) % len(codes)]
        running.append(asyncio.create_task(one(wire, first + number, token, code, into)))
    await asyncio.gather(*running, *readers)
    into.web += processor(pid) - web
    into.database += database_processor() - database
    ours.close()
    wire.close()


def p(values: list[float], share: float) -> float:
    return 1000 * sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _ticks(pid: int, *places: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[place]) for place in places) / os.sysconf("SC_CLK_TCK")


def processor(pid: int | None) -> float:
    """What a process has spent: it means something on a loaded machine too."""
    return 0.0 if pid is None else _ticks(pid, 11, 12)


def database_processor() -> float:
    """What PostgreSQL's processes have spent, those that ended included."""
    with psycopg.connect(address.conninfo(load())) as conn:
        row = conn.execute("select pg_backend_pid()").fetchone()
        backend = int(row[0]) if row else 0
        parent = int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
    total = _ticks(parent, 11, 12, 13, 14)
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        try:
            total += _ticks(int(child), 11, 12)
        except OSError:
            continue  # it ended meanwhile
    return total


def stored() -> int:
    with psycopg.connect(address.conninfo(load())) as conn:
        row = conn.execute(
            "select count(*) from crowd.contribution where claim ->> 'url' like %s", [f"{HOST}%"]
        ).fetchone()
        return int(row[0]) if row else 0


def remove() -> None:
    with psycopg.connect(address.conninfo(load()), autocommit=True) as conn:
        conn.execute("delete from crowd.contribution where claim ->> 'url' like %s", [f"{HOST}%"])
        conn.execute("drop table if exists public.bench_bare")


# ------------------------------------------------------------------ the peer


async def bare(port: int) -> None:
    """A Tornado handler that inserts one row and commits, over a pool of four."""
    from psycopg_pool import AsyncConnectionPool
    from tornado.httpserver import HTTPServer
    from tornado.web import Application, RequestHandler

    pool = AsyncConnectionPool(
        address.conninfo(load()), kwargs={"autocommit": True}, min_size=4, max_size=4, open=False
    )
    await pool.open()
    async with pool.connection() as conn:
        await conn.execute(
            "create table if not exists public.bench_bare (id bigint generated always as identity "
            "primary key, cle text unique, commune text, sujet text, service text, url text, "
            "at timestamptz default now())"
        )

    class Form(RequestHandler):
        async def post(self) -> None:
            values = [
                self.get_body_argument(one) for one in ("cle", "commune", "sujet", "service", "url")
            ]
            async with pool.connection() as conn:
                await conn.execute(
                    "insert into public.bench_bare (cle, commune, sujet, service, url) "
                    "values (%s, %s, %s, %s, %s)", values,
                )  # fmt: skip
            self.set_status(201)
            self.finish(b"{}")

    HTTPServer(Application([(PATH, Form)], log_function=lambda _: None)).listen(port, "127.0.0.1")
    print("ready", flush=True)
    await asyncio.Event().wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base")
    parser.add_argument("pid", nargs="?", type=int)
    parser.add_argument("--bare", type=int)
    asked = parser.parse_args()
    if asked.bare:
        asyncio.run(bare(asked.bare))
        return 0
    base = asked.base.rstrip("/")
    with psycopg.connect(address.conninfo(load())) as conn:
        question = "select code from catalog.commune where valid_to is null order by number"
        codes = [row[0] for row in conn.execute(f"{question} limit 5000")]
    port = 20000 + os.getpid() % 20000
    peer = subprocess.Popen(
        [sys.executable, "-P", __file__, "-", "--bare", str(port)], stdout=subprocess.PIPE
    )
    assert peer.stdout is not None
    peer.stdout.readline()
    ours, theirs, before = Measured(), Measured(), stored()
    load_before = os.getloadavg()[0]
    try:
        for turn in range(ROUNDS):
            first = turn * RATE * SECONDS
            asyncio.run(round_of(base, base, asked.pid, codes, first, ours))
            asyncio.run(round_of(base, f"http://127.0.0.1:{port}", peer.pid, codes, first, theirs))
    finally:
        peer.terminate()
        peer.wait(10)
    accepted, kept = ours.codes.get(201, 0), stored() - before
    remove()
    print(f"load average {load_before:.1f} before, {os.getloadavg()[0]:.1f} after (1 min)")
    for name, found in (("ours", ours), ("bare insert", theirs)):
        n = len(found.spent)
        print(f"{name}: {n} submissions at {RATE}/s, {ROUNDS} rounds of {SECONDS} s, answers {found.codes}")  # fmt: skip
        print(
            f"  median {p(found.spent, 0.5):.0f} ms, p95 {p(found.spent, 0.95):.0f} ms, p99 {p(found.spent, 0.99):.0f} ms"
        )
        print(
            f"  the map meanwhile: {len(found.map_spent)} readings, mean {1000 * statistics.mean(found.map_spent):.0f} ms, p95 {p(found.map_spent, 0.95):.0f} ms, {found.map_refused} refused"
        )
        print(
            f"  processor for each: {1000 * found.web / n:.1f} ms in the process that received"
            f"{', reading the map included' if found is ours else ''}; PostgreSQL {1000 * found.database / n:.1f} ms"
        )
    p99 = p(ours.spent, 0.99)
    print(f"p99 {p99:.0f} ms, goal {GOAL_P99_MS}; {p99 / p(theirs.spent, 0.99):.1f} times the bare insert's")  # fmt: skip
    print(f"durable: {accepted} were answered 201, {kept} rows are in the database")
    if 429 in ours.codes or 403 in ours.codes:
        print("  the site has a rate budget, or does not believe us: see the head of this file")
    return 0 if p99 < GOAL_P99_MS and accepted == kept == RATE * SECONDS * ROUNDS else 1


if __name__ == "__main__":
    sys.exit(main())
