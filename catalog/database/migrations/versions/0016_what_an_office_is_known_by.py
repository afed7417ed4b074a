"""What an office is known by elsewhere, and what it helps with."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    for column in (
        sa.Column("siret", sa.Text(), comment="as published; null: unknown"),
        sa.Column(
            "identifiers",
            JSONB(),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="scheme: id in other registers (osm, dila, data-inclusion...)",
        ),
        sa.Column(
            "helps_with",
            ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="what people come for, in the source's words",
        ),
    ):
        op.add_column("office", column, schema="catalog")
