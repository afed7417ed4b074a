"""What has no place: a box gives it too, and must not walk all that has one to find it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0170"
down_revision: str | None = "0145"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MISSING = (
    "insert into catalog.commune_unplaced (number) select number from {rows} "
    "where not exists (select from catalog.commune_outline o where o.number = {rows}.number) "
    "on conflict do nothing"
)
NAMED = "delete from catalog.commune_unplaced where number in (select number from moved)"
FUNCTIONS = {
    "commune_came": MISSING.format(rows="moved"),
    "commune_went": NAMED,
    "outline_came": NAMED,
    "outline_went": "insert into catalog.commune_unplaced (number) select c.number "
    "from catalog.commune c join moved using (number) on conflict do nothing",
    "communes_emptied": "delete from catalog.commune_unplaced",
    "outlines_emptied": "insert into catalog.commune_unplaced (number) "
    "select number from catalog.commune on conflict do nothing",
}
# (table, event, which rows, function): one statement moves thousands of rows, and is told once.
TRIGGERS = (
    ("commune", "insert", "new", "commune_came"),
    ("commune", "delete", "old", "commune_went"),
    ("commune", "truncate", None, "communes_emptied"),
    ("commune_outline", "insert", "new", "outline_came"),
    ("commune_outline", "delete", "old", "outline_went"),
    ("commune_outline", "truncate", None, "outlines_emptied"),
)


def upgrade() -> None:
    op.create_table(
        "commune_unplaced",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False,
                  comment="catalog.commune.number, without a row in commune_outline"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_commune_unplaced")),
        schema="catalog",
    )  # fmt: skip
    op.execute(MISSING.format(rows="catalog.commune"))
    # An index of places finds those that are null by reading half of its pages.
    op.create_index("ix_office_unplaced", "office", ["id"], schema="catalog",
                    postgresql_where=sa.text("point is null"))  # fmt: skip
    op.create_index("ix_record_unplaced", "record", ["id"], schema="catalog",
                    postgresql_where=sa.text("extent is null"))  # fmt: skip
    for name, sql in FUNCTIONS.items():
        op.execute(
            f"create function catalog.{name}() returns trigger language plpgsql as "
            f"$$ begin {sql}; return null; end $$"
        )
    for table, event, rows, function in TRIGGERS:
        told = f"referencing {rows} table as moved " if rows else ""
        op.execute(
            f"create trigger unplaced_{event} after {event} on catalog.{table} {told}"
            f"for each statement execute function catalog.{function}()"
        )
