"""How far the harvests are that run now; journals of offices no longer refer to their rows."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0032"
down_revision: str | None = "0050"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# As office_version: what is append-only must not stand in the way of emptying a table.
DROPPED = (
    ("office_merge", "fk_office_merge_kept_id"),
    ("office_merge", "fk_office_merge_merged_id"),
    ("office_correction", "fk_office_correction_office_id"),
)


def upgrade() -> None:
    for table, name in DROPPED:
        op.drop_constraint(name, table, schema="catalog")
    op.create_table(
        "progress",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), comment="null: nobody knows"),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("source_id", name="pk_progress"),
        schema="harvest",
    )
