"""Jobs of OGC processes: kept as batches are, computed by the same workers."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0115"
down_revision: str | None = "0111"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "batch",
        sa.Column(
            "door",
            sa.Text(),
            server_default="batch",
            nullable=False,
            comment="batch: many rows, /api/v1; process: one execution, /ogc",
        ),
        schema="simulators",
    )
    op.add_column(
        "batch",
        sa.Column(
            "listed",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="whether anybody may see that it exists",
        ),
        schema="simulators",
    )
    op.add_column(
        "batch",
        sa.Column("subscriber", sa.dialects.postgresql.JSONB(), comment="whom to call back"),
        schema="simulators",
    )
    op.add_column(
        "batch",
        sa.Column("started_at", sa.DateTime(timezone=True)),
        schema="simulators",
    )
    op.create_check_constraint(
        "ck_batch_door", "batch", "door in ('batch', 'process')", schema="simulators"
    )
