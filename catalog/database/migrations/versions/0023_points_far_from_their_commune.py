"""Offices whose published point lies far outside their commune are noted."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "office_far",
        sa.Column("office_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "metres",
            sa.Double(),
            nullable=False,
            comment="from its point to its commune's outline",
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["catalog.office.id"], name=op.f("fk_office_far_office_id")
        ),
        sa.PrimaryKeyConstraint("office_id", name=op.f("pk_office_far")),
        schema="catalog",
    )
    op.execute(
        "insert into catalog.office_far select id, metres from ("
        "select o.id, st_distance(o.point::geography, l.geometry::geography) as metres "
        "from catalog.office o join catalog.commune_outline l on l.number = o.commune_number "
        "where o.withdrawn_at is null and not st_dwithin(o.point, l.geometry, 0.03)) far "
        "where metres > 5000"
    )
