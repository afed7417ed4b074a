"""What Guichet adds to a tile: over a bare Tornado handler when warm, over psycopg when cold.

Run against a published var/: `GUICHET_VAR=var python -P tests/benchmarks/tiles.py`
(-P: beside this file lie names of packages). It starts two
servers of its own, as processes: the real application, and a Tornado handler that returns the
same bytes with the same headers from a dictionary. Rounds alternate between the two, so that a
slow moment of the machine touches both. The goals are those of issue 2: a warm tile of the
archive at 0.6 or more of the bare handler's rate; a cold tile of zooms 10 to 12 within 1.3 times
of psycopg sending the same SQL.

Cold means that no process has the tile in memory; the pages of PostgreSQL are warm for both.
"""

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from catalog import generations
from catalog.database import pools
from catalog.database.address import conninfo
from config.settings import Settings, load
from geo.tile_address import TileAddress, tile_at
from tiles import mvt
from tiles.archives import Archive
from tiles.server import TileService

ROOT = Path(__file__).resolve().parents[2]
GOAL_WARM = 0.6
GOAL_COLD = 1.3

BARE = """
import asyncio, json, sys
from tornado.web import Application, RequestHandler
from tornado.httpserver import HTTPServer
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
    HTTPServer(app).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()
asyncio.run(main())
"""


def places(archive: Archive, seed: int, count: int) -> list[TileAddress]:
    """Different tiles of the archive that a visitor of France may ask for."""
    chance = random.Random(seed)
    found: set[TileAddress] = set()
    while len(found) < count:
        z = chance.randint(6, archive.max_zoom)
        address = tile_at(chance.uniform(-1.0, 6.0), chance.uniform(43.5, 49.5), z)
        if archive.tile(address.z, address.x, address.y):
            found.add(address)
    return sorted(found)


async def rate(port: int, paths: list[str]) -> float:
    """Answers per second to 8 kept connections, read by as little code as will do."""
    left = list(paths)

    async def visitor() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while left:
            path = left.pop()
            writer.write(
                f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n".encode()
            )
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if not head.startswith(b"http/1.1 200"):
                raise SystemExit(f"{path} answered {head[:60]!r}")
            await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r")[0]))
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(visitor() for _ in range(8)))
    return len(paths) / (time.perf_counter() - started)


def processor_seconds(pid: int) -> float:
    """What a process has used of the processors since it began."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def ready(port: int, path: str) -> None:
    for _ in range(300):
        try:
            await rate(port, [path])
            return
        except OSError:
            await asyncio.sleep(0.1)
    raise SystemExit(f"nobody answers on {port}")


async def warm(settings: Settings, folder: Path, generation: int, rounds: int) -> dict[str, Any]:
    archive = Archive(folder / "communes.pmtiles")
    addresses = places(archive, 1, 60)
    paths = [f"/tiles/{generation}/communes/{a.z}/{a.x}/{a.y}.mvt" for a in addresses]
    with tempfile.TemporaryDirectory() as scratch:
        files = {}
        for number, (path, address) in enumerate(zip(paths, addresses, strict=True)):
            file = Path(scratch) / str(number)
            file.write_bytes(archive.tile(address.z, address.x, address.y) or b"")
            files[path] = str(file)
        listed = Path(scratch) / "files.json"
        listed.write_text(json.dumps(files))
        environment = {
            **os.environ,
            "GUICHET_WEB__RATE_PER_SECOND": "0",
            "PYTHONPATH": str(ROOT),
        }
        servers = []
        ports = {}
        for name in ("bare", "guichet"):
            port = ports[name] = free_port()
            command = {
                "bare": ["-c", BARE, str(port), str(listed)],
                "guichet": ["-m", "api.cli.main", "serve", "--port", str(port)],
            }[name]
            servers.append(
                subprocess.Popen(  # noqa: ASYNC220 - nothing runs beside it yet
                    [sys.executable, *command],
                    env=environment,
                    cwd=ROOT,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        try:
            rates: dict[str, list[float]] = {name: [] for name in ports}
            used = dict.fromkeys(ports, 0.0)
            for port in ports.values():
                await ready(port, paths[0])
                await rate(port, paths * 5)
            for _ in range(rounds):
                for server, (name, port) in zip(servers, ports.items(), strict=True):
                    before = processor_seconds(server.pid)
                    rates[name].append(await rate(port, paths * 10))
                    used[name] += processor_seconds(server.pid) - before
        finally:
            for server in servers:
                server.terminate()
                server.wait(20)
    share = statistics.median(rates["guichet"]) / statistics.median(rates["bare"])
    return {
        "bare_per_second": round(statistics.median(rates["bare"])),
        "guichet_per_second": round(statistics.median(rates["guichet"])),
        "bare_processor_us": round(used["bare"] / (rounds * len(paths) * 10) * 1e6),
        "guichet_processor_us": round(used["guichet"] / (rounds * len(paths) * 10) * 1e6),
        "share": round(share, 2),
        "goal": GOAL_WARM,
        "reached": share >= GOAL_WARM,
    }


async def cold(
    settings: Settings, folder: Path, generation: int, geography: str, count: int
) -> dict[str, Any]:
    """Milliseconds of one tile: the service over an empty memory, and psycopg alone."""
    addresses = [
        address for address in places(Archive(folder / "communes.pmtiles"), 2, 400)
        if address.z >= 10
    ][:count]  # fmt: skip
    deep = [TileAddress(12, a.x << (12 - a.z), a.y << (12 - a.z)) for a in addresses[::3]]
    addresses += deep
    # Zooms 10 and 11 are in the archive: they are drawn here as they are when it is shallower.
    times: dict[str, list[float]] = {"service": [], "psycopg": []}
    async with (
        pools.web_pool(settings) as pool,
        await psycopg.AsyncConnection.connect(conninfo(settings), autocommit=True) as conn,
    ):
        service = TileService(pool, settings)
        published = service._of(generation)
        for turn, address in enumerate(addresses):
            key = (published.edition, "communes", address)

            async def through_service(key: Any = key) -> None:
                await service._draw(published, key)

            async def through_psycopg(address: TileAddress = address) -> None:
                await (await conn.execute(*mvt.question("communes", address, geography))).fetchone()

            asked = [("service", through_service), ("psycopg", through_psycopg)]
            await through_service()  # pages of PostgreSQL are warm for both, and so are
            await through_psycopg()  # the two backends that answer
            for name, ask in asked if turn % 2 else reversed(asked):
                started = time.perf_counter()
                await ask()
                times[name].append((time.perf_counter() - started) * 1000)
    ratio = statistics.median(
        one / other for one, other in zip(times["service"], times["psycopg"], strict=True)
    )
    return {
        "tiles": len(addresses),
        "service_ms": round(statistics.median(times["service"]), 2),
        "psycopg_ms": round(statistics.median(times["psycopg"]), 2),
        "ratio": round(ratio, 2),
        "goal": GOAL_COLD,
        "reached": ratio <= GOAL_COLD,
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def main() -> None:
    reader = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    # Given to every script by run.py; this one starts sites of its own.
    reader.add_argument("base", nargs="?")
    reader.add_argument("pid", nargs="?")
    reader.add_argument("--rounds", type=int, default=9)
    reader.add_argument("--tiles", type=int, default=90)
    asked = reader.parse_args()
    settings = load()
    async with await psycopg.AsyncConnection.connect(conninfo(settings)) as conn:
        generation = await generations.current(conn)
    folder = settings.paths.publications / str(generation.id)
    report = {
        "warm": await warm(settings, folder, generation.id, asked.rounds),
        "cold": await cold(settings, folder, generation.id, generation.geography, asked.tiles),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    asyncio.run(main())
