"""Ten times the rows: what a tile, a page, an item and a deep page cost then.

`python -P tests/benchmarks/growth.py` with GUICHET_VAR of a published country (the arguments that
run.py gives are not used). It makes a database of its own on the same server, `guichet_growth`,
migrates it, and fills it with the real communes and nine copies of those of metropolitan France,
moved east and west by whole tiles: synthetic rows, that nobody is ever shown. It is dropped at the
end (`--keep` keeps it for the next run).

The same question is asked of both in turn, of the real communes and of any of the ten copies: what
is measured is our own statements by psycopg, answers fetched whole. HTTP would add the same to
both, and make the ratios smaller. Goals of issue 6: medians within 1.3 times; a page beyond
position 300,000 within 1.2 times of the first (both hold the same communes).
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from catalog.collections import COMMUNES
from catalog.database import migrate
from catalog.database.address import conninfo
from catalog.items import Question, statement
from config.settings import Settings, load
from geo import ogc_crs
from geo.tile_address import HALF_WORLD, tile_at
from tiles import mvt

DATABASE = "guichet_growth"
# Copies of metropolitan France, by steps of two tiles of zoom 5 (22.5 degrees): land nowhere twice.
STEPS = (0, -5, -4, -3, -2, -1, 1, 2, 3, 4)
DEGREES, METRES = 22.5, 4 * HALF_WORLD / 32
APART = 40_000  # between the numbers of a commune and of its copy
ROUNDS = 400
GOAL, GOAL_DEEP = 1.3, 1.2
GEOGRAPHY = "synthetic"
CONTEXT: dict[str, Any] = {"geography": "", "services": [], "full_levels": [], "origin": ""}
MOVED = {
    **{
        table: f"select * from {table}"
        for table in ("catalog.region", "catalog.departement", "catalog.epci", "catalog.commune",
                      "catalog.commune_outline")
    },
    "tiles.area": "select * from tiles.area where geography ="
                  " (select max(geography) from tiles.outline)",
}  # fmt: skip

COPY_COMMUNES = """
insert into catalog.commune
select number + %(apart)s, %(prefix)s || code, name, search_name, departement_code, region_code,
       epci_code, population, siren, postal_codes, timezone, fingerprint, valid_from, valid_to
from   catalog.commune where number in (select number from metropolitan)
"""
COPY_OUTLINES = """
insert into catalog.commune_outline
select number + %(apart)s, st_translate(geometry, %(degrees)s, 0),
       st_translate(geometry_3857, %(metres)s, 0), st_translate(centre, %(degrees)s, 0), area_km2,
       fingerprint
from   catalog.commune_outline where number in (select number from metropolitan)
"""
COPY_AREAS = """
insert into tiles.area (kind, code, border_3857, geography)
select kind, %(prefix)s || code, st_translate(border_3857, %(metres)s, 0), geography
from   metropolitan_area
"""
DRAWN = """
insert into tiles.outline (geography, number, code, name, geometry_3857)
select %(geography)s, number, code, name, geometry_3857
from   catalog.commune join catalog.commune_outline using (number)
"""


def main() -> int:
    reader = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    reader.add_argument("base", nargs="?")
    reader.add_argument("pid", nargs="?")
    reader.add_argument("--keep", action="store_true", help="leave the database for the next run")
    asked = reader.parse_args()
    settings = load()
    with psycopg.connect(conninfo(settings), autocommit=True) as real:
        held = real.execute("select from pg_database where datname = %s", [DATABASE]).rowcount
        whole = False
        if not held:
            real.execute(f"create database {DATABASE}")
        try:
            if not held:
                fill(settings, real)
            whole = True
            with psycopg.connect(conninfo(settings, database=DATABASE), autocommit=True) as grown:
                report = measure(real, grown)
        finally:
            if not (asked.keep and whole):
                real.execute(f"drop database {DATABASE}")
    print(json.dumps(report, indent=2))
    return 0 if all(one.get("reached", True) for one in report.values()) else 1


def fill(settings: Settings, real: psycopg.Connection[Any]) -> None:
    """The schema of this version, the real communes, and their nine copies."""
    url = conninfo(settings, database=DATABASE)
    migrate.upgrade(
        settings.model_copy(update={"database": settings.database.model_copy(update={"url": url})})
    )
    with psycopg.connect(url) as grown:
        for table, rows in MOVED.items():
            with (
                real.cursor().copy(f"copy ({rows}) to stdout (format binary)") as out,
                grown.cursor().copy(f"copy {table} from stdin (format binary)") as into,
            ):
                for part in out:
                    into.write(part)
        grown.execute(
            "create temporary table metropolitan as select number from catalog.commune_outline"
            " where st_x(centre) between -6 and 10"
        )
        grown.execute("update tiles.area set geography = %s", [GEOGRAPHY])
        grown.execute(
            "create temporary table metropolitan_area as select * from tiles.area"
            " where st_x(st_transform(st_pointn(st_geometryn(border_3857, 1), 1), 4326))"
            " between -6 and 10"
        )
        for nth, step in enumerate(STEPS):
            if nth:
                values = {"apart": nth * APART, "prefix": f"{nth}-", "degrees": step * DEGREES,
                          "metres": step * METRES}  # fmt: skip
                grown.execute(COPY_COMMUNES, values)
                grown.execute(COPY_OUTLINES, values)
                grown.execute(COPY_AREAS, values)
        grown.execute(DRAWN, {"geography": GEOGRAPHY})
        grown.commit()
        grown.autocommit = True
        grown.execute("vacuum analyze")


type Took = tuple[float, float]  # seconds by the clock, seconds of processor in PostgreSQL


def timed(conn: psycopg.Connection[Any], sql: Any, values: Any) -> tuple[list[Any], Took]:
    """The rows, fetched whole, and what they took."""
    used = Path(f"/proc/{conn.info.backend_pid}/schedstat")
    before, begun = int(used.read_text().split()[0]), time.perf_counter()
    rows = conn.execute(sql, values).fetchall()
    clock = time.perf_counter() - begun
    return rows, (clock, (int(used.read_text().split()[0]) - before) / 1e9)


def measure(real: psycopg.Connection[Any], grown: psycopg.Connection[Any]) -> dict[str, Any]:
    rows = real.execute(
        "select c.code, c.number, st_x(o.centre), st_y(o.centre), (select max(geography) from"
        " tiles.outline) from catalog.commune c join catalog.commune_outline o using (number)"
        " where st_x(o.centre) between -6 and 10 and c.valid_to is null"
    ).fetchall()
    geography = rows[0][4]

    def item(conn: psycopg.Connection[Any], chance: Random) -> Took:
        code, nth = chance.choice(rows)[0], copy(conn, chance)
        return features(conn, 1, limit=1, item=f"{nth}-{code}" if nth else code)

    def page(conn: psycopg.Connection[Any], chance: Random) -> Took:
        after = chance.choice(rows)[1] + copy(conn, chance) * APART
        return features(conn, None, limit=100, after=(after,))

    def box(conn: psycopg.Connection[Any], chance: Random) -> Took:
        _, _, x, y, _ = chance.choice(rows)
        x += STEPS[copy(conn, chance)] * DEGREES
        return features(conn, None, limit=100, box=wkb(x, y))

    def tile(conn: psycopg.Connection[Any], chance: Random) -> Took:
        (_, _, x, y, _), z = chance.choice(rows), chance.randint(9, 13)
        step = STEPS[copy(conn, chance)] * 2 << (z - 5)
        address = tile_at(x, y, z)
        question = mvt.question(
            "communes",
            type(address)(z, address.x + step, address.y),
            geography if conn is real else GEOGRAPHY,
        )
        drawn, took = timed(conn, *question)
        assert drawn[0][0]
        return took

    def copy(conn: psycopg.Connection[Any], chance: Random) -> int:
        nth = chance.randrange(len(STEPS))  # drawn for both, so that both ask at the same place
        return nth if conn is grown else 0

    report: dict[str, Any] = {"rows": {
        name: conn.execute("select count(*) from catalog.commune_outline").fetchone()[0]  # type: ignore[index]
        for name, conn in (("real", real), ("grown", grown))
    }}  # fmt: skip
    for name, ask in {"tile": tile, "page": page, "bbox page": box, "item": item}.items():
        report[name] = compared(
            lambda seed, ask=ask: ask(real, Random(seed)),  # type: ignore[misc]
            lambda seed, ask=ask: ask(grown, Random(seed)),  # type: ignore[misc]
            GOAL,
        )
    deep = APART * (len(STEPS) - 1)
    before = grown.execute("select count(*) from catalog.commune where number <= %s", [deep])
    report["deep page"] = compared(
        lambda _: features(grown, 100, limit=100),
        lambda _: features(grown, 100, limit=100, after=(deep,)),
        GOAL_DEEP,
    ) | {"position": before.fetchone()[0]}  # type: ignore[index]
    report["load of the machine"] = {"told": round(os.getloadavg()[0], 1)}
    return report


def features(conn: psycopg.Connection[Any], least: int | None, **asked: Any) -> Took:
    """What one page or item took, made and fetched."""
    found = statement(Question(of=COMMUNES, context=CONTEXT, **asked), "feature")
    rows, took = timed(conn, found.sql, found.parameters)
    assert least is None or len(rows) >= least
    return took


def wkb(x: float, y: float) -> bytes:
    return ogc_crs.box((x, y, x + 1, y + 0.7), ogc_crs.DEFAULT)


def compared(
    base: Callable[[int], Took], grown: Callable[[int], Took], goal: float
) -> dict[str, Any]:
    """Medians of both, asked in turn, and their ratios: by the clock, and of processor."""
    times: tuple[list[Took], list[Took]] = ([], [])
    for turn in range(ROUNDS + 50):
        took = (base(turn), grown(turn)) if turn % 2 else (grown(turn), base(turn))[::-1]
        if turn >= 50:  # the first ones read pages and prepare statements
            times[0].append(took[0])
            times[1].append(took[1])
    report: dict[str, Any] = {"goal": goal}
    for which, name in enumerate(("clock", "processor")):
        one, other = (statistics.median(took[which] for took in each) for each in times)
        report[name] = {"base_ms": round(one * 1000, 2), "grown_ms": round(other * 1000, 2),
                        "ratio": round(other / one, 2)}  # fmt: skip
    # The goal is told by the clock. On a machine that others load, the processor says more.
    report["reached"] = report["clock"]["ratio"] <= goal
    return report


if __name__ == "__main__":
    sys.exit(main())
