"""Borders of départements and régions, made at publication and drawn in vector tiles."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "area",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column(
            "border_3857",
            Geometry("MULTILINESTRING", srid=3857, spatial_index=False),
            nullable=False,
        ),
        sa.Column("geography", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "code", name="pk_area"),
        schema="tiles",
    )
    op.create_index(
        "ix_area_border_3857", "area", ["border_3857"], schema="tiles", postgresql_using="gist"
    )
