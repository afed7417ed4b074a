"""Tokens by which a program speaks for a commune."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0116"
down_revision: str | None = "0115"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "mandate_token",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False, comment="that of its session"),
        sa.Column("mandate_id", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False, comment="what its holder calls it"),
        sa.Column(
            "made_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["mandate_id"],
            ["crowd.mandate.id"],
            name="fk_mandate_token_mandate_id_mandate",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["token_hash"],
            ["crowd.mandate_session.token_hash"],
            name="fk_mandate_token_token_hash_mandate_session",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_mandate_token"),
        sa.UniqueConstraint("token_hash", name="uq_mandate_token_token_hash"),
        schema="crowd",
    )
    op.create_index("ix_mandate_token_mandate_id", "mandate_token", ["mandate_id"], schema="crowd")
