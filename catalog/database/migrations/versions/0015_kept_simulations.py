"""Answers of simulators that somebody asked to keep: a permalink replays their bytes for ever."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("create schema if not exists simulators")
    op.create_table(
        "answer",
        sa.Column("id", sa.Text(), nullable=False, comment="128 random bits, base64url"),
        sa.Column("simulator", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the JSON answer, gzip"),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_answer"),
        schema="simulators",
    )
