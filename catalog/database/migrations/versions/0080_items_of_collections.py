"""Exact totals of what is listed, kept by triggers; areas as polygons."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision: str = "0080"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# (collection, table, what makes a row an item of it)
COUNTED = (
    ("communes", "commune", "valid_to is null"),
    ("offices", "office", "withdrawn_at is null"),
)
# One statement of the harvest changes thousands of rows: the total moves once for each.
EVENTS = {
    "insert": ("new table as added", "(select count(*) from added where {listed})"),
    "delete": ("old table as removed", "- (select count(*) from removed where {listed})"),
    "update": (
        "new table as added old table as removed",
        "(select count(*) from added where {listed})"
        " - (select count(*) from removed where {listed})",
    ),
}


def upgrade() -> None:
    op.create_table(
        "item_total",
        sa.Column("collection", sa.Text(), nullable=False, comment="communes|offices"),
        sa.Column("total", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("collection", name="pk_item_total"),
        schema="catalog",
    )
    for collection, table, listed in COUNTED:
        op.execute(
            f"insert into catalog.item_total (collection, total) "  # noqa: S608 (our constants)
            f"select '{collection}', count(*) from catalog.{table} where {listed}"
        )
        for event, (tables, difference) in EVENTS.items():
            name = f"total_{table}_{event}"
            op.execute(
                f"create function catalog.{name}() returns trigger language plpgsql as $$ "  # noqa: S608
                f"begin update catalog.item_total "
                f"set total = total + {difference.format(listed=listed)} "
                f"where collection = '{collection}'; return null; end $$"
            )
            op.execute(
                f"create trigger {name} after {event} on catalog.{table} "
                f"referencing {tables} for each statement execute function catalog.{name}()"
            )
        op.execute(
            f"create function catalog.total_{table}_truncate() returns trigger language plpgsql "  # noqa: S608
            f"as $$ begin update catalog.item_total set total = 0 "
            f"where collection = '{collection}'; return null; end $$"
        )
        op.execute(
            f"create trigger total_{table}_truncate after truncate on catalog.{table} "
            f"for each statement execute function catalog.total_{table}_truncate()"
        )
    op.create_table(
        "area_shape",
        sa.Column("geography", sa.Text(), nullable=False, comment="catalog.generation.geography"),
        sa.Column("kind", sa.Text(), nullable=False, comment="departements|regions|epci"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column(
            "geometry", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=False
        ),
        sa.PrimaryKeyConstraint("geography", "kind", "code", name="pk_area_shape"),
        schema="tiles",
    )
