"""How the catalogue takes in the outlines of communes, in the caller's transaction."""

from collections.abc import Iterable

from catalog.bulk import Connection, copy_in, first_load, staged, without_collector
from geo.outlines import Outline

KNOWN_OUTLINES = """
select c.code, c.number, o.fingerprint
from   catalog.commune c left join catalog.commune_outline o using (number)
"""
COLUMNS = {
    "number": "int4",
    "geometry": "geometry",
    "geometry_3857": "geometry",
    "centre": "geometry",
    "area_km2": "float8",
    "fingerprint": "text",
}
CHANGE_OUTLINES = """
update catalog.commune_outline o set
  geometry = s.geometry, geometry_3857 = s.geometry_3857, centre = s.centre,
  area_km2 = s.area_km2, fingerprint = s.fingerprint
from   staged_outline s
where  o.number = s.number
"""


@without_collector()
def save_outlines(conn: Connection, outlines: Iterable[Outline]) -> int:
    """Set the outlines of known communes; one whose fingerprint is known does not travel, and a
    commune without an outline keeps what it had. Returns how many are new or changed."""
    known = {code: (number, mark) for code, number, mark in conn.execute(KNOWN_OUTLINES)}
    changed: list[tuple[object, ...]] = []
    new = 0

    def fresh() -> Iterable[tuple[object, ...]]:
        nonlocal new
        for one in outlines:
            if one.code not in known:
                continue
            number, mark = known[one.code]
            if mark == one.fingerprint:
                continue
            row = (
                number, one.geometry, one.geometry_3857, one.centre, one.area_km2,
                one.fingerprint,
            )  # fmt: skip
            if mark is None:
                new += 1
                yield row
            else:
                changed.append(row)

    with first_load(conn, "catalog.commune_outline"):
        copy_in(conn, "catalog.commune_outline", COLUMNS, fresh())
    if changed:
        staged(conn, "staged_outline", COLUMNS, changed)
        conn.execute(CHANGE_OUTLINES)
        conn.execute("drop table staged_outline")
    return new + len(changed)
