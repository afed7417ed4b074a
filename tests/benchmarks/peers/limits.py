"""The limits: our own SQL by psycopg without HTTP, and a bare Tornado that returns our bytes."""

import asyncio
import json
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from peers.load import SECONDS, Round, Work
from peers.machine import Server, free_port, processor_seconds, started
from peers.places import Places
from psycopg_pool import AsyncConnectionPool

from catalog.collections import COMMUNES
from catalog.database.queries import query
from catalog.items import Question, statement
from geo import ogc_crs
from tiles import mvt

CONNECTIONS = 8  # as many as two processes of ours have
KEPT = 300  # addresses of the cached mix
CONTEXT: dict[str, Any] = {"geography": "", "services": [], "full_levels": [], "origin": ""}

type Sent = tuple[bytes | str, Any]

TORNADO = """
import asyncio, json, sys
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.process import fork_processes
from tornado.web import Application, RequestHandler
held = {path: open(file, "rb").read() for path, file in json.load(open(sys.argv[2])).items()}
class Bare(RequestHandler):
    def get(self):
        self.set_header("Content-Type", "application/vnd.mapbox-vector-tile")
        self.set_header("Content-Encoding", "gzip")
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.finish(held[self.request.path])
    def compute_etag(self):
        return None
async def main():
    app = Application([(r"/.*", Bare)], log_function=lambda handler: None)
    HTTPServer(app).add_sockets(sockets)
    await asyncio.Event().wait()
sockets = bind_sockets(int(sys.argv[1]), "127.0.0.1")
fork_processes(2)
asyncio.run(main())
"""


def few(server: Server, work: str) -> Server:
    """The same server asked a few hundred addresses only: the same tiles whoever it is."""
    chance = Random(7)
    paths = list(dict.fromkeys(server.asks[work](chance) for _ in range(KEPT)))
    return replace(server, asks={work: lambda chance: chance.choice(paths)})


@contextmanager
def bare_tornado(ours: Server, work: str) -> Iterator[Server]:
    """A bare Tornado of two processes that returns what ours answered at those addresses."""
    asked = few(ours, work)
    chance, files, port = Random(8), {}, free_port()
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(KEPT * 20):
            path = asked.asks[work](chance)
            if path not in files:
                files[path] = str(Path(scratch) / str(number))
                Path(files[path]).write_bytes(packed(f"http://127.0.0.1:{ours.port}{path}"))
        listed = Path(scratch) / "files.json"
        listed.write_text(json.dumps(files))
        with started([sys.executable, "-c", TORNADO, port, listed], path, port) as pid:
            yield Server("bare Tornado", port, pid, asked.asks)


def packed(url: str) -> bytes:
    asked = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return bytes(answer.read())


def sql(pool: AsyncConnectionPool, ask: Callable[[Random], list[Sent]], database: int) -> Work:
    """The statements of one answer, fetched whole, on as many connections as our processes have."""

    async def once(seed: int) -> Round:
        before = time.process_time() + processor_seconds(database)
        end = time.perf_counter() + SECONDS
        times: list[float] = []
        size = 0

        async def one(which: int) -> None:
            nonlocal size
            chance = Random(seed * 1000 + which)
            async with pool.connection() as conn:
                while (begun := time.perf_counter()) < end:
                    for text, values in ask(chance):
                        rows = await (await conn.execute(text, values, binary=True)).fetchall()
                        size += sum(len(v) for r in rows for v in r if isinstance(v, str | bytes))
                    times.append(time.perf_counter() - begun)

        await asyncio.gather(*(one(i) for i in range(CONNECTIONS)))
        return Round(times, time.process_time() + processor_seconds(database) - before, size)

    return once


def statements(places: Places, geography: str) -> dict[str, Callable[[Random], list[Sent]]]:
    """What our handlers send for each kind of work, count included where they send one."""

    def items(**asked: Any) -> Sent:
        found = statement(Question(of=COMMUNES, context=CONTEXT, **asked), "feature")
        return found.sql, found.parameters

    def box(chance: Random) -> list[Sent]:
        corners = ogc_crs.box(tuple(map(float, places.box(chance).split(","))), ogc_crs.DEFAULT)
        counted = statement(Question(of=COMMUNES, context=CONTEXT, box=corners), "count")
        return [(counted.sql, counted.parameters), items(limit=100, box=corners)]

    def nearest(chance: Random) -> list[Sent]:
        """Which they are and how far: what is told of each is read by a second statement."""
        lon, lat = places.point(chance)
        return [(query("catalog", "office_nearest"), {
            "lat": lat, "lon": lon, "longitudes": [lon], "kind": None, "with_hours": False,
            "candidates": 64, "keep": 20,
        })]  # fmt: skip

    return {
        "first page": lambda _: [items(limit=100)],
        "page by offset": lambda chance: [items(limit=100, offset=places.offset(chance) or 1)],
        "page anywhere": lambda chance: [items(limit=100, after=(chance.randrange(34_000),))],
        "bbox page": box,
        "one item": lambda chance: [items(limit=1, item=places.code(chance))],
        "nearest 20 offices": nearest,
        "tile mix": lambda chance: [mvt.question("communes", places.tile(chance), geography)],
        "low tile": lambda chance: [mvt.question("communes", places.low_tile(chance), geography)],
    }
