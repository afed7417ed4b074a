"""The shape of the communes' outlines: apart from `catalog.commune`, whose rows are read and
rewritten a thousand times more often than an outline changes. The few communes without an outline
are a list of its own, kept by triggers (migration 0170): to look for them costs a walk of both."""

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
commune_unplaced = Table(
    "commune_unplaced",
    metadata,
    Column(
        "number",
        Integer,
        primary_key=True,
        autoincrement=False,
        comment="catalog.commune.number, without a row in commune_outline",
    ),
    schema="catalog",
)
