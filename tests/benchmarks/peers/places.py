"""What is asked: the same rows, in the same tables, at the same places, of every server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import psycopg

from geo.tile_address import TileAddress, tile_at

SCHEMA = "bench_ogc"
# Everything that an item of our collection tells, for those that make items of a table...
ITEMS = f"""
create table {SCHEMA}.communes as
select c.code, c.name, c.departement_code as departement, c.region_code as region,
       c.epci_code as epci, c.population, o.area_km2, c.siren, c.postal_codes::text, c.timezone,
       c.number, c.valid_from, c.valid_to, o.geometry
from   catalog.commune c left join catalog.commune_outline o using (number)
where  c.valid_to is null
"""
# ... and what a feature of our tiles tells, in the projection of tiles as their docs advise.
TILES = f"""
create table {SCHEMA}.tiles as
select number, code, name, geometry_3857 as geometry from tiles.outline
where  geography = %(geography)s::text
"""
KEYS = (
    f"alter table {SCHEMA}.communes add primary key (code)",
    f"create index on {SCHEMA}.communes using gist (geometry)",
    f"alter table {SCHEMA}.tiles add primary key (number)",
    f"create index on {SCHEMA}.tiles using gist (geometry)",
    f"analyze {SCHEMA}.communes",
    f"analyze {SCHEMA}.tiles",
)
# How often each zoom is asked, out of 100: a visitor sees few tiles of a country, many of a town.
MIX = {5: 1, 6: 1, 7: 2, 8: 4, 9: 8, 10: 16, 11: 20, 12: 24, 13: 24}


@dataclass(frozen=True)
class Places:
    """Where questions are asked. Two servers given one seed are asked the same."""

    codes: list[str]
    points: list[tuple[float, float]]

    def code(self, chance: Random) -> str:
        return chance.choice(self.codes)

    def offset(self, chance: Random) -> int:
        return chance.randrange(len(self.codes) - 100)

    def box(self, chance: Random) -> str:
        x, y = chance.uniform(-1, 6), chance.uniform(43.5, 49.5)
        return f"{x:.3f},{y:.3f},{x + 1:.3f},{y + 0.7:.3f}"

    def point(self, chance: Random) -> tuple[float, float]:
        return chance.choice(self.points)

    def tile(self, chance: Random) -> TileAddress:
        (z,) = chance.choices(list(MIX), list(MIX.values()))
        return tile_at(*chance.choice(self.points), z)

    def low_tile(self, chance: Random) -> TileAddress:
        return tile_at(*chance.choice(self.points), chance.randrange(5))


@contextmanager
def tables(conn: psycopg.Connection[Any], geography: str) -> Iterator[Places]:
    """The tables of the peers, in a schema that is dropped at the end."""
    conn.execute(f"drop schema if exists {SCHEMA} cascade")
    conn.execute(f"create schema {SCHEMA}")
    try:
        conn.execute(ITEMS)
        conn.execute(TILES, {"geography": geography})
        for key in KEYS:
            conn.execute(key)
        codes = [row[0] for row in conn.execute(f"select code from {SCHEMA}.communes order by 1")]
        points = conn.execute(
            f"select st_x(p), st_y(p) from (select st_pointonsurface(geometry) as p"
            f" from {SCHEMA}.communes where geometry is not null order by code) found"
        ).fetchall()
        yield Places(codes, points)
    finally:
        conn.execute(f"drop schema {SCHEMA} cascade")
