"""Outlines and borders are kept per geography, so that a former generation's tiles stay its own."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # Borders without the outlines that they came from: the next publication makes both.
    op.execute("delete from tiles.area")
    op.create_table(
        "outline",
        sa.Column("geography", sa.Text(), nullable=False, comment="catalog.generation.geography"),
        sa.Column("number", sa.Integer(), nullable=False, comment="catalog.commune.number"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "geometry_3857",
            Geometry("MULTIPOLYGON", srid=3857, spatial_index=False),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("geography", "number", name="pk_outline"),
        schema="tiles",
    )
    op.create_index(
        "ix_outline_geometry_3857",
        "outline",
        ["geometry_3857"],
        schema="tiles",
        postgresql_using="gist",
    )
    op.drop_constraint("pk_area", "area", schema="tiles", type_="primary")
    op.create_primary_key("pk_area", "area", ["kind", "code", "geography"], schema="tiles")
    op.alter_column(
        "area",
        "kind",
        existing_type=sa.Text(),
        existing_nullable=False,
        schema="tiles",
        comment="departements|regions|epci",
    )
