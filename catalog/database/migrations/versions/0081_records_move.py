"""Tell when records come and go, as for communes and offices."""

from collections.abc import Sequence

from alembic import op

revision: str = "0081"
down_revision: str | None = "0080"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("insert into catalog.item_version (collection) values ('records')")
    for event, rows in (("insert", "new"), ("update", "new"), ("delete", "old")):
        op.execute(
            f"create trigger items_{event} after {event} on catalog.record "
            f"referencing {rows} table as moved for each statement "
            "execute function catalog.items_moved('records')"
        )
    op.execute(
        "create trigger items_truncate after truncate on catalog.record "
        "for each statement execute function catalog.items_emptied('records')"
    )
