"""Pairs that may be one place, merges and splits, and what people corrected."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0031"
down_revision: str | None = "0030"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")
APPEND_ONLY = ("catalog.office_merge", "catalog.office_correction")


def upgrade() -> None:
    op.create_index("ix_office_redirect_new_id", "office_redirect", ["new_id"], schema="catalog")
    op.create_table(
        "office_pair",
        sa.Column("low_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("high_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("score", sa.Double(), nullable=False, comment="0..1, catalog.likeness"),
        sa.Column(
            "explained", JSONB(), nullable=False, comment="what was compared, and how alike it is"
        ),
        sa.Column("different", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("recorded_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("low_id < high_id", name="ck_office_pair_low_first"),
        sa.ForeignKeyConstraint(["low_id"], ["catalog.office.id"], name="fk_office_pair_low_id"),
        sa.ForeignKeyConstraint(["high_id"], ["catalog.office.id"], name="fk_office_pair_high_id"),
        sa.PrimaryKeyConstraint("low_id", "high_id", name="pk_office_pair"),
        schema="catalog",
    )
    op.create_index("ix_office_pair_high_id", "office_pair", ["high_id"], schema="catalog")
    op.create_table(
        "office_merge",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False, comment="merge|split"),
        sa.Column("kept_id", sa.BigInteger(), nullable=False),
        sa.Column("merged_id", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Double(), comment="0..1; null: a person decided without one"),
        sa.Column("explained", JSONB()),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("action in ('merge', 'split')", name="ck_office_merge_action_name"),
        sa.ForeignKeyConstraint(["kept_id"], ["catalog.office.id"], name="fk_office_merge_kept_id"),
        sa.ForeignKeyConstraint(
            ["merged_id"], ["catalog.office.id"], name="fk_office_merge_merged_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_office_merge"),
        schema="catalog",
    )
    op.create_index("ix_office_merge_kept_id", "office_merge", ["kept_id"], schema="catalog")
    op.create_index("ix_office_merge_merged_id", "office_merge", ["merged_id"], schema="catalog")
    op.create_table(
        "office_correction",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("office_id", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", JSONB(), comment="null: the correction ends, the source speaks again"),
        sa.Column("nature", sa.Text(), nullable=False, comment="see catalog.observations.Nature"),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False, comment="what was seen or said, verbatim"),
        sa.Column("evidence_id", sa.BigInteger()),
        sa.Column("observed_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("supersedes", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["office_id"], ["catalog.office.id"], name="fk_office_correction_office_id"
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["catalog.evidence.id"], name="fk_office_correction_evidence_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_office_correction"),
        schema="catalog",
    )
    op.create_index(
        "ix_office_correction_subject",
        "office_correction",
        ["office_id", "field", "id"],
        schema="catalog",
    )
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function catalog.refuse_change()"
        )
