"""The shape of the communes' outlines: apart from `catalog.commune`, whose rows are read and
rewritten a thousand times more often than an outline changes."""

from geoalchemy2 import Geometry
from sqlalchemy import Column, Double, ForeignKey, Index, Integer, Table, Text

from catalog.database.tables import metadata

commune_outline = Table(
    "commune_outline",
    metadata,
    Column(
        "number",
        Integer,
        ForeignKey("catalog.commune.number"),
        primary_key=True,
        autoincrement=False,
        comment="catalog.commune.number",
    ),
    Column(
        "geometry",
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False),
        nullable=False,
        comment="as published",
    ),
    Column(
        "geometry_3857",
        Geometry("MULTIPOLYGON", srid=3857, spatial_index=False),
        nullable=False,
        comment="valid: what is drawn",
    ),
    Column(
        "centre",
        Geometry("POINT", srid=4326, spatial_index=False),
        nullable=False,
        comment="inside it",
    ),
    Column("area_km2", Double, nullable=False, comment="on the ellipsoid"),
    Column("fingerprint", Text, nullable=False, comment="of the published outline"),
    Index("ix_commune_outline_geometry", "geometry", postgresql_using="gist"),
    schema="catalog",
)
