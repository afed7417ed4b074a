"""What servers said of the files that are asked for again and again."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0141"
down_revision: str | None = "0140"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "polled",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), comment="as the server wrote it"),
        sa.Column("modified", sa.Text(), comment="Last-Modified, as the server wrote it"),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False, comment="the day that it speaks of"),
        sa.Column("looked_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_polled")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["catalog.source.id"], name=op.f("fk_polled_source_id")
        ),
        schema="harvest",
    )
