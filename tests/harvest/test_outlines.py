"""Outlines are derived outside the database: each value is held to what PostGIS makes of it."""

from pathlib import Path

import psycopg
import pytest

from catalog import bulk
from geo import outlines

PUBLISHED = """
select c.code, encode(st_asbinary(o.geometry), 'hex')
from   catalog.commune_outline o join catalog.commune c using (number) order by c.code
"""
SQUARE = "POLYGON((2 48,3 48,3 49,2 49,2 48),(2.4 48.4,2.4 48.6,2.6 48.6,2.6 48.4,2.4 48.4))"
BOW_TIE = "POLYGON((2 48,3 49,3 48,2 49,2 48))"  # published so: kept, and drawn valid
AS_POSTGIS = """
select st_equals(st_setsrid(%(drawn)s::geometry, 3857), mine) or
       st_hausdorffdistance(st_setsrid(%(drawn)s::geometry, 3857), mine) < 1e-6,
       st_isvalid(%(drawn)s::geometry) and st_srid(%(drawn)s::geometry) = 3857,
       st_asewkb(st_multi(st_setsrid(%(wkb)s::geometry, 4326))) = %(kept)s,
       st_intersects(st_makevalid(st_setsrid(%(wkb)s::geometry, 4326)), %(centre)s::geometry),
       st_area(st_setsrid(%(wkb)s::geometry, 4326)::geography) / 1e6
from (select st_multi(st_collectionextract(
        case when st_isvalid(%(wkb)s::geometry)
             then st_transform(st_setsrid(%(wkb)s::geometry, 4326), 3857)
             else st_makevalid(st_transform(st_setsrid(%(wkb)s::geometry, 4326), 3857)) end, 3))
      as mine) derived
"""


def wkb(conn: psycopg.Connection, text: str) -> str:
    row = conn.execute("select encode(st_asbinary(st_geomfromtext(%s)), 'hex')", (text,)).fetchone()
    assert row is not None
    return str(row[0])


def test_what_is_derived_is_what_postgis_derives(small_france: str) -> None:
    with psycopg.connect(small_france) as conn:
        published = [*conn.execute(PUBLISHED).fetchall(),
                     ("square", wkb(conn, SQUARE)), ("bow-tie", wkb(conn, BOW_TIE))]  # fmt: skip
        derived, refused = outlines.derive(published)
        assert refused == []
        assert [one.code for one in derived] == [code for code, _ in published]
        for one, (code, text) in zip(derived, published, strict=True):
            same, valid, kept, inside, area = conn.execute(
                AS_POSTGIS,
                {
                    "wkb": bytes.fromhex(text),
                    "kept": one.geometry,
                    "drawn": one.geometry_3857,
                    "centre": one.centre,
                },
            ).fetchone()  # type: ignore[misc]
            assert (same, valid, kept, inside) == (True, True, True, True), code
            if code != "bow-tie":  # a crossed ring has no area that two programs agree on
                assert one.area_km2 == pytest.approx(area, rel=1e-9), code


def test_the_file_between_two_processes_loses_nothing(small_france: str, tmp_path: Path) -> None:
    with psycopg.connect(small_france) as conn:
        derived, _ = outlines.derive(conn.execute(PUBLISHED).fetchall())
    outlines.write(derived, tmp_path / "outlines")
    assert list(outlines.read(tmp_path / "outlines")) == derived


def test_what_is_no_surface_in_degrees_is_refused_by_itself(conn: psycopg.Connection) -> None:
    bad = {
        "metres": wkb(
            conn, "POLYGON((652000 6862000,653000 6862000,653000 6863000,652000 6862000))"
        ),
        "point": wkb(conn, "POINT(2 48)"),
        "empty": wkb(conn, "POLYGON EMPTY"),
        "nan": wkb(conn, "POLYGON((2 48,3 48,3 49,2 48))").replace(
            wkb(conn, "POINT(3 49)")[10:26], "000000000000f87f"
        ),
        "cut": "0106",
        "no": "not hexadecimal",
    }
    derived, refused = outlines.derive([*bad.items(), ("good", wkb(conn, SQUARE))])
    assert refused == list(bad)
    assert [one.code for one in derived] == ["good"]


SHAPE = """
select indexname, indexdef from pg_indexes where tablename = 'commune_outline'
union all
select conname, pg_get_constraintdef(oid) from pg_constraint
where  conrelid = 'catalog.commune_outline'::regclass order by 1
"""


def test_a_first_load_makes_again_what_it_took_away(conn: psycopg.Connection) -> None:
    before = conn.execute(SHAPE).fetchall()
    with bulk.first_load(conn, "catalog.commune_outline"):
        assert len(conn.execute(SHAPE).fetchall()) < len(before)
    assert conn.execute(SHAPE).fetchall() == before


def test_a_first_load_still_refuses_what_breaks_a_reference(conn: psycopg.Connection) -> None:
    derived, _ = outlines.derive([("x", wkb(conn, SQUARE))])
    row = (1, derived[0].geometry, derived[0].geometry_3857, derived[0].centre, 1.0, "")
    columns = {"number": "int4", "geometry": "geometry", "geometry_3857": "geometry",
               "centre": "geometry", "area_km2": "float8", "fingerprint": "text"}  # fmt: skip
    with (
        pytest.raises(psycopg.errors.ForeignKeyViolation),
        bulk.first_load(conn, "catalog.commune_outline"),
    ):
        bulk.copy_in(conn, "catalog.commune_outline", columns, [row])


def test_a_first_load_still_refuses_what_repeats_a_key(conn: psycopg.Connection) -> None:
    conn.execute("insert into catalog.source values ('s', 's', 's', 's', null, 's', 'law')")
    row = ("c", "delegated", "n", "n", 1, "s")
    columns = dict.fromkeys(("code", "kind", "name", "search_name"), "text") | {
        "commune_number": "int4", "source_id": "text"
    }  # fmt: skip
    with (
        pytest.raises(psycopg.errors.UniqueViolation, match="pk_former_code"),
        bulk.first_load(conn, "catalog.former_code"),
    ):
        bulk.copy_in(conn, "catalog.former_code", columns, [row, row])


def test_a_first_load_keeps_the_key_that_others_refer_to(conn: psycopg.Connection) -> None:
    """Without it, whoever refers to offices would have to be locked and checked again."""
    question = "select conname from pg_constraint where conrelid = 'catalog.office'::regclass"
    with bulk.first_load(conn, "catalog.office"):
        assert conn.execute(question + " and contype in ('p', 'u')").fetchall() == [("pk_office",)]


@pytest.mark.parametrize("values", [(), ("a",), ("é", "", "x, y", '"{}"')])
def test_texts_arrive_as_they_were(values: tuple[str, ...], conn: psycopg.Connection) -> None:
    bulk.staged(
        conn, "t", {"a": "text[]", "j": "jsonb"}, [(bulk.texts(values), bulk.jsonb(values))]
    )
    assert conn.execute("select a, j from t").fetchone() == (list(values), list(values))
