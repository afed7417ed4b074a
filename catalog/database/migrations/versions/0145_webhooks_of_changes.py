"""Webhooks on the changes feed: who is told, and up to where."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0145"
down_revision: str | None = "0141"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.Text(), nullable=False,
                  comment="128 random bits, base64url; opens nothing"),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False,
                  comment="of what manages it, shown once"),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False,
                  comment="of the address: how many there are of one host"),
        sa.Column("services", postgresql.ARRAY(sa.Text()), comment="null: all of them"),
        sa.Column("territory", sa.Text(), server_default="FR", nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False,
                  comment="of the feed: all up to here was answered 2xx, or was not asked for"),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False,
                  comment="signs; must be read to sign"),
        sa.Column("old_secret", sa.LargeBinary(), comment="signs too, during a rotation"),
        sa.Column("old_until", MOMENT),
        sa.Column("challenge_due", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("challenged_at", MOMENT, server_default=NOW, nullable=False,
                  comment="when a challenge was last asked for"),
        sa.Column("made_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("ended_at", MOMENT, comment="since when it is paused or ended"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False,
                  comment="failures in a row"),
        sa.Column("failing_since", MOMENT),
        sa.Column("next_try_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("delivered_at", MOMENT, comment="the last delivery that was answered 2xx"),
        sa.Column("last_status", sa.SmallInteger()),
        sa.Column("last_error", sa.Text(), comment="in words, without the address"),
        sa.Column("lease", sa.Text(),
                  comment="of the worker that is at it: no other one touches it"),
        sa.Column("leased_until", MOMENT),
        sa.CheckConstraint(
            "state in ('pending', 'active', 'paused', 'ended')", name=op.f("ck_webhook_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        schema="catalog",
    )  # fmt: skip
    op.create_index("ix_webhook_next_try_at", "webhook", ["next_try_at"], schema="catalog")
