"""Fifty sources side by side, against the slowest host's own time.

    python -P tests/benchmarks/fifty_hosts.py

Fifty portals that answer after 200 ms: ten of one host, which is asked by one source at a time, and
forty of hosts of their own. First the ten alone, which is the slowest host's own time; then all
fifty, under the global limit (SIDE_BY_SIDE) and the limit of each host (1). The whole path of
`guichet harvest`: turns, guarded client, pages, plan, records, journal. In a database of its own.
Goal of issue 3: at most 1.5 times the slowest host's own time. Nobody is asked twice at once.
"""

import json
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import psycopg
from psycopg import sql

from catalog.database import address, migrate
from catalog.observations import Nature
from config.settings import Settings, load
from harvest import portals, runs
from harvest.outbound_guard import Guard
from harvest.source_files import Portal, SourceFile

LATENCY = 0.2  # seconds
DATASETS, PAGE = 50, 10  # five pages a source
SLOW, OTHERS = 10, 40  # sources of the slow host, and of hosts of their own
SIDE_BY_SIDE = 8
MOST = 1.5  # times the slowest host's own time


class Portals(BaseHTTPRequestHandler):
    """Any OpenDataSoft portal, by the name that it is called by."""

    now: ClassVar[Counter[str]] = Counter()
    most: ClassVar[Counter[str]] = Counter()
    lock = threading.Lock()

    def do_GET(self) -> None:
        host = self.headers["Host"].partition(":")[0]
        with self.lock:
            self.now[host] += 1
            self.most[host] = max(self.most[host], self.now[host])
        time.sleep(LATENCY)
        asked = parse_qs(urlsplit(self.path).query)
        start = int(asked["offset"][0])
        found = [
            {"dataset_id": f"d{n}", "metas": {"default": {"title": f"{host} {n}"}}}
            for n in range(start, min(start + PAGE, DATASETS))
        ]
        body = json.dumps({"total_count": DATASETS, "results": found}).encode()
        with self.lock:
            self.now[host] -= 1
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def source(name: str, host: str, port: int) -> SourceFile:
    url = f"http://{host}.example:{port}"
    return SourceFile(
        id=name, kind="opendatasoft", order=50, title=name, publisher="bench", licence="none",
        url=url, nature=Nature.REGISTER, portal=Portal(url=url, page_size=PAGE),
    )  # fmt: skip


def seconds(here: Settings, sources: list[SourceFile]) -> float:
    with mock.patch.object(runs, "chosen", return_value=tuple(sources)):
        began = time.perf_counter()
        reports = runs.harvest(here)
        took = time.perf_counter() - began
    wrong = [report for report in reports if report.counts.get("records_new") != DATASETS]
    if wrong:
        raise SystemExit(f"not read whole: {wrong[0]}")
    return took


def measure(here: Settings, port: int) -> bool:
    alone = seconds(here, [source(f"alone-{n}", "slow", port) for n in range(SLOW)])
    every = [source(f"slow-{n}", "slow", port) for n in range(SLOW)]
    every += [source(f"own-{n}", f"host-{n}", port) for n in range(OTHERS)]
    together = seconds(here, every)
    most = max(Portals.most.values())
    print(
        f"the slow host's {SLOW} sources alone: {alone:.1f} s; with {OTHERS} others, "
        f"{SIDE_BY_SIDE} at once: {together:.1f} s, {together / alone:.2f} times; "
        f"at most {most} request at once at one host"
    )
    return together <= MOST * alone and most == 1


def main() -> int:
    settings = load()
    name = f"bench_{uuid.uuid4().hex[:12]}"
    administration = address.conninfo(settings, database="postgres")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Portals)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    guard = Guard(lambda host, port: ["127.0.0.1"], frozenset({("127.0.0.1", port)}))
    own = settings.harvest.model_copy(update={"side_by_side": SIDE_BY_SIDE, "per_host": 1})
    url = address.conninfo(settings, database=name)
    with (
        psycopg.connect(administration, autocommit=True) as administrator,
        tempfile.TemporaryDirectory() as var,
    ):
        here = settings.model_copy(
            update={
                "database": settings.database.model_copy(update={"url": url}),
                "harvest": own,
                "paths": settings.paths.model_copy(update={"var": Path(var)}),
            }
        )
        administrator.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            migrate.upgrade(here)
            with mock.patch.object(portals, "GUARD", guard):
                return 0 if measure(here, port) else 1
        finally:
            server.shutdown()
            drop = sql.SQL("drop database if exists {} with (force)")
            administrator.execute(drop.format(sql.Identifier(name)))


if __name__ == "__main__":
    sys.exit(main())
