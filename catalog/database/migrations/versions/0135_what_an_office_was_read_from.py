"""What each office was read from: unchanged rows of a file are recognised before they are read."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0135"
down_revision: str | None = "0116"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "office",
        sa.Column(
            "read_as",
            sa.Text(),
            comment="digest of the cells and rules it was read from; null: read it again",
        ),
        schema="catalog",
    )
