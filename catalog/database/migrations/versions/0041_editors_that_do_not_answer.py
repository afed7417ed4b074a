"""Incidents of software editors, seen while communes' sites are visited."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0041"
down_revision: str | None = "0040"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "editor_incident",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "editor",
            sa.Text(),
            nullable=False,
            comment="as in harvest/discover/editors.toml",
        ),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column(
            "opened_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "closed_at",
            sa.DateTime(timezone=True),
            comment="null: its doors do not answer now",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_editor_incident"),
        schema="harvest",
    )
    op.create_index(
        "uq_editor_incident_open",
        "editor_incident",
        ["editor"],
        unique=True,
        schema="harvest",
        postgresql_where=sa.text("closed_at is null"),
    )
