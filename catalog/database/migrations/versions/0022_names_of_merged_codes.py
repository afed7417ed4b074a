"""Forget the names that no source gave: merged codes bore their successor's."""

from collections.abc import Sequence

from alembic import op

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.alter_column("former_code", "name", comment="'': no source says it", schema="catalog")
    # A name with a date comes from a directory that listed the commune, and is its own.
    op.execute(
        "update catalog.former_code f set name = '', search_name = '' "
        "from catalog.commune c where c.number = f.commune_number and f.kind = 'merged' "
        "and f.name = c.name and f.last_seen is null and not exists (select from "
        "catalog.former_code d where d.code = f.code and d.kind <> 'merged' and d.name = f.name)"
    )
