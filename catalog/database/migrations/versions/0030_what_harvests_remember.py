"""Offices that vanished, ids that were renamed, losses that wait for a person, and plans."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision: str = "0030"
down_revision: str | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "office_orphan",
        sa.Column("office_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", MOMENT, nullable=False, comment="day of the first list without it"),
        sa.Column("evidence_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", MOMENT, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id"], ["catalog.office.id"], name="fk_office_orphan_office_id"
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["catalog.evidence.id"], name="fk_office_orphan_evidence_id"
        ),
        sa.PrimaryKeyConstraint("office_id", name="pk_office_orphan"),
        schema="catalog",
    )
    op.create_table(
        "office_alias",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False, comment="the source's former id"),
        sa.Column("office_id", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False, comment="0..1, catalog.likeness"),
        sa.Column(
            "explained", JSONB(), nullable=False, comment="what was compared, and how alike it is"
        ),
        sa.Column("recorded_at", MOMENT, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["catalog.source.id"], name="fk_office_alias_source_id"
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["catalog.office.id"], name="fk_office_alias_office_id"
        ),
        sa.PrimaryKeyConstraint("source_id", "remote_id", name="pk_office_alias"),
        schema="catalog",
    )
    op.create_index("ix_office_alias_office_id", "office_alias", ["office_id"], schema="catalog")
    op.create_table(
        "hold",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="facts|offices|records"),
        sa.Column(
            "cause", sa.Text(), nullable=False, comment="why the brake held, in one sentence"
        ),
        sa.Column("evidence_id", sa.BigInteger()),
        sa.Column("observed_at", MOMENT, nullable=False, comment="when the source was so"),
        sa.Column(
            "items", JSONB(), nullable=False, comment="what would be withdrawn, item by item"
        ),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("recorded_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("decided_at", MOMENT),
        sa.Column("decided_by", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.CheckConstraint(
            "state in ('open', 'released', 'dismissed', 'superseded')", name="ck_hold_state_name"
        ),
        sa.CheckConstraint(
            "state not in ('released', 'dismissed') or (decided_by <> '' and reason <> '')",
            name="ck_hold_decided_with_a_reason",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["harvest.run.id"], name="fk_hold_run_id"),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["catalog.evidence.id"], name="fk_hold_evidence_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_hold"),
        schema="harvest",
    )
    op.create_index("ix_hold_run_id", "hold", ["run_id"], schema="harvest")
    op.create_index(
        "ix_hold_source_id", "hold", ["source_id", "subject", "state"], schema="harvest"
    )
    op.create_table(
        "run_plan",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lines", ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["harvest.run.id"], name="fk_run_plan_run_id"),
        sa.PrimaryKeyConstraint("run_id", name="pk_run_plan"),
        schema="harvest",
    )
