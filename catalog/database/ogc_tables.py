"""The shapes that OGC API readers need: whether a count still holds, and areas as polygons."""

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, Column, Table, Text, text

from catalog.database.tables import metadata

# A number that grows, in the transaction that does it, each time that a collection may have gained
# or lost items: who counted at this version need not count 35,000 rows again for each page.
item_version = Table(
    "item_version",
    metadata,
    Column("collection", Text, primary_key=True, comment="communes|offices"),
    Column("version", BigInteger, nullable=False, server_default=text("0")),
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
