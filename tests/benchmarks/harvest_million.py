"""A million places by a CSV mapping: read, planned, applied and journalled, as any harvest is.

    python -P tests/benchmarks/harvest_million.py [rows]

The whole path of `guichet harvest`: the file is read in the sandbox, each place is matched with its
commune by code, the list is planned against what is stored, then written, journal and comparison
with other sources included. Rounds of one source, each after a bare binary COPY of the same rows
into a table without indexes, so that a loaded machine is seen: all new, the same list again (another
file, so that it is read), one place in ten changed, unchanged once more.
Needs a var/ that has harvested the territory (GUICHET_VAR); works in a database of its own.
Goals of issue 3: 40,000 rows/s all new, 120,000 unchanged, less than 400 MB of memory. Memory is the
peak of the harvesting process and, apart, of the largest sandbox; processor seconds are of that
process, of the sandbox and of the database's processes. Do not edit the code of the reader
meanwhile: the marks of the rows depend on it.
"""

import csv
import multiprocessing
import os
import resource
import struct
import sys
import tempfile
import time
import uuid
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from itertools import batched
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
from psycopg import sql

from catalog.database import address, migrate
from catalog.observations import Nature
from config.settings import Settings, load
from harvest import runs
from harvest.source_files import Release, SourceFile, all_sources

GOALS = {"all new": 40_000, "unchanged": 120_000}  # rows a second
MOST_MB = 400
WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
ROUNDS = ("all new", "unchanged", "one in 10 changed", "unchanged again")
COLUMNS = ("id", "name", "address", "insee", "phone", "lon", "lat")


def write(path: Path, codes: list[str], count: int, number: int) -> None:
    """Places unlike each other. A column that is not read makes each file another one."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([*COLUMNS, "round"])
        for n in range(count):
            changed = number >= 2 and n % 10 == 0
            rows.writerow(
                (
                    f"p{n}", f"Lieu {n}", f"{n % 200} rue {n // 200}", codes[n % len(codes)],
                    f"05 {n:08}" if changed else f"04 {n:08}", 2 + n % 1000 / 1000,
                    46 + n % 977 / 1000, number,
                )
            )  # fmt: skip


def source(files: list[str]) -> SourceFile:
    return SourceFile.model_validate(
        {
            "id": "million", "kind": "places-file", "order": 9, "title": "bench",
            "publisher": "bench", "licence": "none", "url": "https://bench.example/",
            "nature": Nature.REGISTER,
            "releases": [
                Release(version=str(n), published_on=date(2026, 1, 1 + n), file=file)
                for n, file in enumerate(files)
            ],
            "file": {"format": "csv", "encoding": "utf-8", "columns": [*COLUMNS, "round"]},
            "places": {
                "kind": {"value": "digital-help"}, "remote_id": "id", "name": "name",
                "address": "address", "phone": "phone",
                "where": {"code": "insee", "longitude": "lon", "latitude": "lat"},
            },
        }
    )  # fmt: skip


def bare_copy(url: str, path: Path) -> float:
    """Rows per second of a binary COPY of the same rows, packed before the clock starts."""
    with psycopg.connect(url) as conn, path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        columns = len(next(rows))
        names = ", ".join(f"c{n} text" for n in range(columns))
        conn.execute(f"create table bare ({names})".encode())
        packed, count = [], 0
        for some in batched(rows, 10_000):
            count += len(some)
            packed.append(b"".join(map(_packed, some)))
        began = time.perf_counter()
        with conn.cursor() as cursor, cursor.copy("copy bare from stdin (format binary)") as copy:
            copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
            for piece in packed:
                copy.write(piece)
            copy.write(b"\xff\xff")
        seconds = time.perf_counter() - began
        conn.rollback()
    return count / seconds


def _packed(cells: tuple[str, ...]) -> bytes:
    raw = [cell.encode() for cell in cells]
    return struct.pack(">h", len(raw)) + b"".join(struct.pack(">i", len(c)) + c for c in raw)


def one_round(here: Settings, files: list[str]) -> dict[str, Any]:
    """Harvest the newest of these files, in a process of its own: memory and processor are its."""
    one = source(files)
    before = {who: resource.getrusage(who) for who in WHO}
    with mock.patch.object(runs, "chosen", return_value=(one,)):
        began = time.perf_counter()
        *_, report = runs.harvest(here, ["million"])
        seconds = time.perf_counter() - began
    after = {who: resource.getrusage(who) for who in WHO}
    cpu = {
        who: after[who].ru_utime + after[who].ru_stime - before[who].ru_utime - before[who].ru_stime
        for who in WHO
    }
    return {
        "seconds": seconds, "report": str(report), "cpu": cpu[resource.RUSAGE_SELF],
        "sandbox": cpu[resource.RUSAGE_CHILDREN],
        "peak": peak_mb(),
        "sandbox_peak": after[resource.RUSAGE_CHILDREN].ru_maxrss / 1024,
    }  # fmt: skip


def database_cpu(url: str) -> float:
    """Processor seconds of all the database's processes that have ended; 0: it is elsewhere."""
    with psycopg.connect(url) as conn:
        (folder,) = conn.execute("show data_directory").fetchone() or ("",)
    try:
        server = Path(folder, "postmaster.pid").read_text().split()[0]
        fields = Path("/proc", server, "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def peak_mb() -> float:
    """The most memory that this process ever held. `ru_maxrss` would be that of whoever made it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def measure(here: Settings, count: int) -> bool:
    with psycopg.connect(here.database.url) as conn:
        codes = [code for (code,) in conn.execute("select code from catalog.commune order by 1")]
    folder = Path(here.harvest.given_folder)
    files: list[str] = []
    met = True
    for number, name in enumerate(ROUNDS):
        files.append(f"{number}.csv")
        write(folder / files[-1], codes, count, number)
        bare = bare_copy(here.database.url, folder / files[-1])
        before = database_cpu(here.database.url)
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
            said = alone.submit(one_round, here, files).result()
        database = database_cpu(here.database.url) - before
        rate = count / said["seconds"]
        goal = GOALS.get(name)
        met = met and (goal is None or rate >= goal) and said["peak"] < MOST_MB
        print(
            f"{name}: {rate:,.0f} rows/s ({said['seconds']:.1f} s), bare COPY {bare:,.0f} rows/s, "
            f"ratio {rate / bare:.2f}; processor: here {said['cpu']:.1f} s, sandbox "
            f"{said['sandbox']:.1f} s, database {database:.1f} s; peak {said['peak']:.0f} MB, sandbox "
            f"{said['sandbox_peak']:.0f} MB",
            flush=True,
        )
        print(f"  {said['report']}", flush=True)
    return met


def main() -> int:
    # `make bench` gives every script the site's address.
    count = next((int(one) for one in sys.argv[1:2] if one.isdigit()), 1_000_000)
    settings = load()
    name = f"bench_{uuid.uuid4().hex[:12]}"
    url = address.conninfo(settings, database=name)
    administration = address.conninfo(settings, database="postgres")
    with (
        psycopg.connect(administration, autocommit=True) as administrator,
        tempfile.TemporaryDirectory() as folder,
    ):
        Path(folder).chmod(0o755)
        here = settings.model_copy(
            update={
                "database": settings.database.model_copy(update={"url": url}),
                "harvest": settings.harvest.model_copy(update={"given_folder": folder}),
            }
        )
        administrator.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            migrate.upgrade(here)
            territory = [one for one in all_sources() if one.kind == "decoupage-administratif"]
            with mock.patch.object(runs, "chosen", return_value=tuple(territory)):
                print(*runs.harvest(here))
            met = measure(here, count)
        finally:
            drop = sql.SQL("drop database if exists {} with (force)")
            administrator.execute(drop.format(sql.Identifier(name)))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
