"""Dated characteristics of communes that are no service: zonings, rates."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0036"
down_revision: str | None = "0031"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "area_fact",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("commune_number", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="id in the source's mapping"),
        sa.Column("value", sa.Text(), nullable=False, comment="as published"),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("evidence_id", sa.BigInteger(), nullable=False),
        sa.Column("observed_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_number"], ["catalog.commune.number"], name="fk_area_fact_commune_number"
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["catalog.source.id"], name="fk_area_fact_source_id"
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["catalog.evidence.id"], name="fk_area_fact_evidence_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_area_fact"),
        schema="catalog",
    )  # fmt: skip
    op.create_index(
        "ix_area_fact_subject",
        "area_fact",
        ["commune_number", "subject", "observed_at"],
        schema="catalog",
    )
    op.create_index("ix_area_fact_source", "area_fact", ["source_id", "subject"], schema="catalog")
    op.create_table(
        "area_subject",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("title_fr", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["catalog.source.id"], name="fk_area_subject_source_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_area_subject"),
        schema="catalog",
    )
    op.execute(
        "create trigger append_only before update or delete or truncate on catalog.area_fact "
        "for each statement execute function catalog.refuse_change()"
    )
