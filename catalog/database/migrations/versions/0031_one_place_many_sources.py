"""Pairs that may be one place, merges, corrections of people, and how far harvests are."""

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
# What readers see of offices: those that stand, one for each place whatever the number of sources.
# What the kept office does not say is filled from those merged into it; `sources` names them all.
# An office whose keeper was withdrawn is seen again.
PUB_OFFICE = """
create view catalog.pub_office as
select o.id, o.source_id, o.remote_id, o.kind, o.name, o.commune_number,
       coalesce(o.address, same.address) as address, coalesce(o.email, same.email) as email,
       coalesce(o.phone, same.phone) as phone, coalesce(o.website, same.website) as website,
       coalesce(o.hours, same.hours) as hours,
       coalesce(o.accessibility, same.accessibility) as accessibility, o.accessibility_details,
       o.timezone, o.point, coalesce(o.siret, same.siret) as siret, o.identifiers, o.helps_with,
       o.evidence_id, o.observed_at,
       array_prepend(o.source_id, coalesce(same.sources, '{}')) as sources,
       case when same.listed then null else p.since end as unlisted_since
from   catalog.office o
left   join catalog.office_orphan p on p.office_id = o.id
left   join lateral (
  with recursive merged (id) as (
    select r.old_id from catalog.office_redirect r where r.new_id = o.id
    union
    select r.old_id from catalog.office_redirect r join merged on r.new_id = merged.id
  )
  select array_agg(distinct m.source_id) filter (where m.source_id <> o.source_id) as sources,
         bool_or(n.office_id is null) as listed,
         (array_agg(m.address order by m.id) filter (where m.address is not null))[1] as address,
         (array_agg(m.email order by m.id) filter (where m.email is not null))[1] as email,
         (array_agg(m.phone order by m.id) filter (where m.phone is not null))[1] as phone,
         (array_agg(m.website order by m.id) filter (where m.website is not null))[1] as website,
         (array_agg(m.hours order by m.id) filter (where m.hours is not null))[1] as hours,
         (array_agg(m.accessibility order by m.id) filter (where m.accessibility is not null))[1]
           as accessibility,
         (array_agg(m.siret order by m.id) filter (where m.siret is not null))[1] as siret
  from   merged
  join   catalog.office m on m.id = merged.id and m.withdrawn_at is null
  left   join catalog.office_orphan n on n.office_id = m.id
) same on true
where  o.withdrawn_at is null
  and  not exists (
    select from catalog.office_redirect r
    join   catalog.office keeper on keeper.id = r.new_id
    where  r.old_id = o.id and keeper.withdrawn_at is null
  )
"""
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
        sa.Column("value", JSONB(), comment="{value: ...}; null: the correction ends"),
        sa.Column("nature", sa.Text(), nullable=False, comment="see catalog.observations.Nature"),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False, comment="what was seen or said, verbatim"),
        sa.Column("evidence_id", sa.BigInteger()),
        sa.Column("observed_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("supersedes", sa.BigInteger()),
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
    op.create_table(
        "progress",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), comment="null: nobody knows"),
        sa.Column("at", MOMENT, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("source_id", name="pk_progress"),
        schema="harvest",
    )
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function catalog.refuse_change()"
        )
    op.execute(PUB_OFFICE)
