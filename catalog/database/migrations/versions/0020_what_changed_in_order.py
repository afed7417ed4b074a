"""What changed in the order in which readers could see it, and statements that wait for a score."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision: str = "0020"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    now = sa.text("now()")
    op.create_table(
        "change",
        sa.Column("first", sa.BigInteger(), nullable=False, comment="position of its first pair"),
        sa.Column(
            "upto",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="position of its last pair",
        ),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column(
            "communes", ARRAY(sa.Integer()), nullable=False, comment="their numbers, in order"
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("upto", name="pk_change"),
        schema="catalog",
    )
    op.create_table(
        "unscored",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("commune_number", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("service", "commune_number", name="pk_unscored"),
        schema="catalog",
    )
    # Everything that is known when this is applied is the first change.
    op.execute(
        "insert into catalog.change (first, upto, service, communes) "
        "select upto - cardinality(communes) + 1, upto, service, communes "
        "from (select service, communes, "
        "sum(cardinality(communes)) over (order by service) as upto "
        "from (select service, "
        "array_agg(distinct commune_number order by commune_number) as communes "
        "from catalog.status group by service) touched) counted"
    )
