"""The journal of merges also holds who said that two offices are two places."""

from collections.abc import Sequence

from alembic import op

revision: str = "0140"
down_revision: str | None = "0135"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECK = "ck_office_merge_action_name"


def upgrade() -> None:
    op.drop_constraint(CHECK, "office_merge", schema="catalog")
    op.create_check_constraint(
        CHECK, "office_merge", "action in ('merge', 'split', 'apart', 'reopen')", schema="catalog"
    )
    op.alter_column("office_merge", "action", schema="catalog", comment="merge|split|apart|reopen")
