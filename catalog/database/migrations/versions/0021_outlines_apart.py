"""Outlines in a table of their own: a commune whose population changes no longer drags its outline
and two spatial indexes along, and the index of the drawn copy, which nothing asks, goes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "commune_outline",
        sa.Column(
            "number",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="catalog.commune.number",
        ),
        sa.Column(
            "geometry",
            Geometry("MULTIPOLYGON", srid=4326, spatial_index=False),
            nullable=False,
            comment="as published",
        ),
        sa.Column(
            "geometry_3857",
            Geometry("MULTIPOLYGON", srid=3857, spatial_index=False),
            nullable=False,
            comment="valid: what is drawn",
        ),
        sa.Column(
            "centre",
            Geometry("POINT", srid=4326, spatial_index=False),
            nullable=False,
            comment="inside it",
        ),
        sa.Column("area_km2", sa.Double(), nullable=False, comment="on the ellipsoid"),
        sa.Column("fingerprint", sa.Text(), nullable=False, comment="of the published outline"),
        sa.ForeignKeyConstraint(
            ["number"], ["catalog.commune.number"], name=op.f("fk_commune_outline_number")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_commune_outline")),
        schema="catalog",
    )
    # The published bytes are not here any more: '' makes the next harvest send them once.
    op.execute(
        "insert into catalog.commune_outline "
        "select number, geometry, geometry_3857, centre, area_km2, '' from catalog.commune "
        "where geometry is not null order by number"
    )
    op.create_index(
        "ix_commune_outline_geometry",
        "commune_outline",
        ["geometry"],
        schema="catalog",
        postgresql_using="gist",
    )
    for column in ("geometry", "geometry_3857", "centre", "area_km2"):
        op.drop_column("commune", column, schema="catalog")  # its indexes go with it
