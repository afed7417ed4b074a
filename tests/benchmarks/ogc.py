"""Our items and tiles against the servers made for them, and against the bare SQL.

`python -P tests/benchmarks/ogc.py` with GUICHET_VAR of a published country (the arguments that
run.py gives are not used: two processes of our own are started, as many as the peers have).
GUICHET_BENCH_BUILD=1 also builds the peer that takes long; `--only items`, `--only tiles` for half,
`--work "bbox page"` for one kind of work. Nothing else may use that PostgreSQL meanwhile: the
processor that a kind of work takes is all that the server and PostgreSQL use.

One run, alternating rounds, the same rows with the same attributes, 16 connections, one load for
all. Count policy: ours tells `numberMatched` from a version kept by triggers, and counts what a box
holds; pygeoapi and tipg count at each page, as they are shipped; pg_featureserv never counts; the
bare SQL is our own statements by psycopg on 8 connections, without HTTP. Only ratios count, and a
difference under 20 % (items) or 5 % (tiles) is none. A peer that cannot be installed is named with
the reason; none is imitated. How each is started is in the folder `peers`.
"""

import argparse
import asyncio
import json
import os
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

# Last of all: beside this file lie names of packages.
sys.path.append(str(Path(__file__).resolve().parent))

from peers import crunchy, guichet, limits, martin, pygeoapi, tipg
from peers.load import ROUNDS, alternate, over_http, told
from peers.machine import Absent, Server, postmaster
from peers.places import Places, tables

from catalog import generations
from catalog.database.address import conninfo
from catalog.generations import Generation
from config.settings import Settings, load

# Of issue 6, on a machine of its own: told beside what this one does.
GOALS = {
    "page anywhere": "1,500/s", "bbox page": "1,600/s", "one item": "6,000/s",
    "nearest 20 offices": "3,000/s", "tile mix, each tile drawn": "1.1 times pg_tileserv",
    "tile mix, as served": "0.6 of the bare Tornado", "zooms 0 to 4, cold": "200/s, 500 kB",
}  # fmt: skip
COUNTS = {
    "guichet": "numberMatched by version, boxes counted to 10,000",
    "tipg": "numberMatched counted at each page",
    "pygeoapi": "numberMatched counted at each page",
    "pg_featureserv": "no numberMatched",
    "bare SQL": "as guichet",
}
ITEMS = ("first page", "page anywhere", "page by offset", "bbox page", "one item")
OURS = "guichet"


class Run:
    """What every part of the benchmark needs, and the report that they write."""

    def __init__(
        self,
        settings: Settings,
        generation: Generation,
        places: Places,
        database: int,
        wanted: list[str] | None,
    ) -> None:
        self.wanted = wanted
        self.rounds = ROUNDS
        self.settings, self.generation = settings, generation
        self.places, self.database = places, database
        self.address = conninfo(settings)
        self.sql = limits.statements(places, generation.geography)
        self.report: dict[str, Any] = {}
        self.skipped: dict[str, str] = {}

    @contextmanager
    def servers(self, **peers: Any) -> Iterator[list[Server]]:
        """Those that start; the others are said."""
        with ExitStack() as stack:
            found = []
            for name, peer in peers.items():
                if self.skipped.get(name) == "left out":
                    continue
                try:
                    found.append(stack.enter_context(peer))
                except Absent as reason:
                    if name not in self.skipped:
                        print(f"{name}: SKIPPED, {reason}", file=sys.stderr, flush=True)
                    self.skipped[name] = str(reason)
            yield found

    def wants(self, title: str) -> bool:
        return not self.wanted or title in self.wanted

    async def compare(
        self, title: str, work: str, servers: list[Server], *, sql: bool = True, encoding: str = ""
    ) -> None:
        if not self.wants(title):
            return
        works = {
            one.name: over_http(one, work, self.database, encoding)
            for one in servers
            if work in one.asks
        }
        begun = os.getloadavg()[0]
        async with AsyncConnectionPool(
            self.address, min_size=limits.CONNECTIONS, max_size=limits.CONNECTIONS,
            kwargs={"autocommit": True, "options": "-c jit=off"},
        ) as pool:  # fmt: skip
            await pool.wait()
            if sql:
                works["bare SQL"] = limits.sql(pool, self.sql[work], self.database)
            found = told(await alternate(works, self.rounds), OURS)
        found["load of the machine"] = [round(begun, 1), round(os.getloadavg()[0], 1)]
        if title in GOALS:
            found["goal"] = GOALS[title]
        self.report[title] = found
        print(json.dumps({title: found}), file=sys.stderr, flush=True)


def items(run: Run) -> None:
    places, address = run.places, run.address
    with run.servers(
        guichet=guichet.serve(run.generation, places),
        tipg=tipg.serve(address, places),
        pygeoapi=pygeoapi.serve(address, places),
        pg_featureserv=crunchy.featureserv(address, places),
    ) as servers:
        for work in ITEMS:
            asyncio.run(run.compare(work, work, servers))
        asyncio.run(run.compare("nearest 20 offices", "nearest 20 offices", servers[:1]))
        if run.wants("export of all"):
            run.report["export of all"] = exports(servers)
    run.report["count policy"] = COUNTS


def tiles(run: Run) -> None:
    places, address = run.places, run.address
    with (
        guichet.without_archive(run.settings, run.generation) as drawing,
        run.servers(
            guichet=guichet.serve(run.generation, places, **drawing),
            tipg=tipg.serve(address, places),
            pygeoapi=pygeoapi.serve(address, places),
            martin=martin.serve(address, places, cache=0),
            pg_tileserv=crunchy.tileserv(address, places),
        ) as servers,
    ):
        asyncio.run(run.compare("tile mix, each tile drawn", "tile mix", servers, encoding="gzip"))
        asyncio.run(run.compare("zooms 0 to 4, cold", "low tile", servers, encoding="gzip"))
    with (
        run.servers(
            guichet=guichet.serve(run.generation, places),
            martin=martin.serve(address, places, cache=512),
        ) as servers,
        limits.bare_tornado(servers[0], "tile mix") as bare,
    ):
        few = [limits.few(one, "tile mix") for one in servers]
        asyncio.run(
            run.compare("tile mix, as served", "tile mix", [*few, bare], sql=False, encoding="gzip")
        )


def exports(servers: list[Server]) -> dict[str, Any]:
    """Seconds for the whole collection, the best of three in turn. Pages where there is no export."""
    asked = {
        "guichet": [f"{guichet.ITEMS}?f=geojsonseq"],
        "tipg": [f"{tipg.ITEMS}?f=geojson&limit=10000&offset={at}" for at in range(0, 40_000, 10_000)],
        "pygeoapi": [
            f"{pygeoapi.ITEMS}?f=json&limit=10000&offset={at}" for at in range(0, 40_000, 10_000)
        ],
        "pg_featureserv": ["/collections/bench_ogc.communes/items.json?limit=40000"],
    }  # fmt: skip
    found: dict[str, Any] = {}
    for _ in range(3):
        for one in servers:
            begun, size = time.perf_counter(), 0
            for path in asked[one.name]:
                size += read(f"http://127.0.0.1:{one.port}{path}")
            took = round(time.perf_counter() - begun, 2)
            if one.name not in found or took < found[one.name]["seconds"]:
                found[one.name] = {"seconds": took, "MB": round(size / 1e6)}
            found[one.name]["memory, MB"] = memory(one.pid)
    return found


def read(url: str) -> int:
    size = 0
    with urllib.request.urlopen(url, timeout=300) as answer:
        while part := answer.read(1 << 20):
            size += len(part)
    return size


def memory(root: int) -> int:
    """The most that a process of the server has held so far."""
    found = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                fields = dict(
                    line.split(":", 1) for line in (folder / "status").read_text().splitlines()
                )
            except (OSError, ValueError):
                continue
            if str(root) in (folder.name, fields["PPid"].strip()) and "VmHWM" in fields:
                found = max(found, int(fields["VmHWM"].split()[0]) // 1000)
    return found


async def current(address: str) -> Generation:
    async with await psycopg.AsyncConnection.connect(address) as conn:
        return await generations.current(conn)


def main() -> int:
    reader = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    reader.add_argument("base", nargs="?")  # given to every script by run.py
    reader.add_argument("pid", nargs="?")
    reader.add_argument("--only", choices=("items", "tiles"))
    reader.add_argument("--without", action="append", default=[], help="a peer to leave out")
    reader.add_argument("--rounds", type=int, default=ROUNDS)
    reader.add_argument("--work", action="append", help="one title of the report; may be repeated")
    asked = reader.parse_args()
    settings = load()
    address = conninfo(settings)
    generation = asyncio.run(current(address))
    with (
        psycopg.connect(address, autocommit=True) as conn,
        tables(conn, generation.geography) as places,
    ):
        run = Run(settings, generation, places, postmaster(conn), asked.work)
        run.rounds, run.skipped = asked.rounds, dict.fromkeys(asked.without, "left out")
        for name, part in (("items", items), ("tiles", tiles)):
            if asked.only in (None, name):
                part(run)
    run.report["communes"] = len(places.codes)
    run.report["skipped"] = run.skipped
    print(json.dumps(run.report, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
