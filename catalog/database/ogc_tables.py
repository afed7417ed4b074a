"""The shapes that OGC API readers need: how many items there are, and areas as polygons."""

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, Column, Table, Text, text

from catalog.database.tables import metadata

# How many items a collection holds, kept by triggers in the transaction that changes them: a page
# can say `numberMatched` without counting 35,000 rows each time, and is never wrong.
item_total = Table(
    "item_total",
    metadata,
    Column("collection", Text, primary_key=True, comment="communes|offices"),
    Column("total", BigInteger, nullable=False, server_default=text("0")),
    schema="catalog",
)
# Départements, régions and EPCI as polygons, made at publication from the borders in tiles.area:
# joining 2,000 communes takes a second, reading the result a millisecond.
area_shape = Table(
    "area_shape",
    metadata,
    Column("geography", Text, primary_key=True, comment="catalog.generation.geography"),
    Column("kind", Text, primary_key=True, comment="departements|regions|epci"),
    Column("code", Text, primary_key=True),
    Column("geometry", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=False),
    schema="tiles",
)
