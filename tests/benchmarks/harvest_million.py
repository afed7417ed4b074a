"""A million places by a CSV mapping: read, planned, applied and journalled, as any harvest is.

    python -P tests/benchmarks/harvest_million.py [rows]

The whole path of `guichet harvest`: the file is read in the sandbox, each place is matched with its
commune by code, the list is planned against what is stored, then written. Three rounds of one
source: all new, the same list again (another file, so that it is read), one place in ten changed.
Needs a var/ that has harvested the territory (GUICHET_VAR); works in a database of its own.
Goals of issue 3: 40,000 rows/s all new, 120,000 unchanged, less than 400 MB of memory.
Peak memory is that of this process: the sandbox has its own limit.

First measure (50,000 rows, 2 cores at a load of 12): 2,000 rows/s new, 3,700 unchanged, 2,400 with
one in ten changed, 255 MB. Far from the goals, which a quiet machine has not yet been asked for.
"""

import csv
import resource
import sys
import tempfile
import time
import uuid
from datetime import date
from pathlib import Path
from unittest import mock

import psycopg
from psycopg import sql

from catalog.database import address, migrate
from catalog.observations import Nature
from config.settings import Settings, load
from harvest import runs
from harvest.source_files import Release, SourceFile, all_sources

ROUNDS = ("all new", "unchanged", "one in 10 changed")
COLUMNS = ("id", "name", "address", "insee", "phone", "lon", "lat")


def write(path: Path, codes: list[str], count: int, number: int) -> None:
    """Places unlike each other. A column that is not read makes each file another one."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([*COLUMNS, "round"])
        for n in range(count):
            changed = number == 2 and n % 10 == 0
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


def measure(here: Settings, count: int) -> None:
    with psycopg.connect(here.database.url) as conn:
        codes = [code for (code,) in conn.execute("select code from catalog.commune order by 1")]
    folder = Path(here.harvest.given_folder)
    files: list[str] = []
    for number, name in enumerate(ROUNDS):
        files.append(f"{number}.csv")
        write(folder / files[-1], codes, count, number)
        one = source(files)
        with mock.patch.object(runs, "chosen", return_value=(one,)):
            began = time.perf_counter()
            *_, report = runs.harvest(here, ["million"])
            seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{name}: {count / seconds:,.0f} rows/s ({seconds:.1f} s), peak {peak:.0f} MB")
        print(f"  {report}")


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
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
            measure(here, count)
        finally:
            drop = sql.SQL("drop database if exists {} with (force)")
            administrator.execute(drop.format(sql.Identifier(name)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
