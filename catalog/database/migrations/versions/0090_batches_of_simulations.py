"""Batches of simulations that are computed behind the visitor."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0090"
down_revision: str | None = "0081"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column(
            "number",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="names the job and its files; tells nothing, and opens nothing",
        ),
        sa.Column(
            "id",
            sa.Text(),
            nullable=False,
            comment="128 random bits, base64url: the only way to the answers",
        ),
        sa.Column("simulator", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("law_date", sa.Date(), comment="as asked; null: the last one that is known"),
        sa.Column("asked_type", sa.Text(), nullable=False, comment="media type of the rows"),
        sa.Column("answer_type", sa.Text(), nullable=False, comment="media type of the answers"),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_wrong", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("problem", sa.Text(), comment="why the whole of it failed"),
        sa.Column("recorded_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "told_at",
            MOMENT,
            server_default=sa.text("now()"),
            nullable=False,
            comment="the last sign of life of whoever computes it",
        ),
        sa.Column("ended_at", MOMENT),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_batch"),
        sa.UniqueConstraint("id", name="uq_batch_id"),
        sa.CheckConstraint(
            "state in ('waiting', 'running', 'done', 'failed', 'cancelled')", name="ck_batch_state"
        ),
        schema="simulators",
    )
