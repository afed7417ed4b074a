"""What tells whether a collection's count still holds; areas as polygons."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision: str = "0080"
down_revision: str | None = "0070"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# (table, the collection whose items it may add or remove)
WATCHED = (
    ("commune", "communes"),
    ("office", "offices"),
    ("office_redirect", "offices"),
)


def upgrade() -> None:
    op.create_table(
        "item_version",
        sa.Column("collection", sa.Text(), nullable=False, comment="communes|offices"),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("collection", name="pk_item_version"),
        schema="catalog",
    )
    op.execute("insert into catalog.item_version (collection) values ('communes'), ('offices')")
    # One statement changes thousands of rows: the version moves once for each. A statement that
    # touched no row leaves it alone, so that a harvest without news disturbs nobody.
    op.execute(
        "create function catalog.items_moved() returns trigger language plpgsql as $$ "
        "begin if exists (select from moved) then "
        "update catalog.item_version set version = version + 1 where collection = tg_argv[0]; "
        "end if; return null; end $$"
    )
    op.execute(
        "create function catalog.items_emptied() returns trigger language plpgsql as $$ "
        "begin update catalog.item_version set version = version + 1 "
        "where collection = tg_argv[0]; return null; end $$"
    )
    for table, collection in WATCHED:
        for event, rows in (("insert", "new"), ("update", "new"), ("delete", "old")):
            op.execute(
                f"create trigger items_{event} after {event} on catalog.{table} "
                f"referencing {rows} table as moved for each statement "
                f"execute function catalog.items_moved('{collection}')"
            )
        op.execute(
            f"create trigger items_truncate after truncate on catalog.{table} "
            f"for each statement execute function catalog.items_emptied('{collection}')"
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
