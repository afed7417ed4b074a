"""Delegations, drafts, contested facts, mails not wanted, and telephones that communes hide."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0100"
down_revision: str | None = "0090"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")
DIGITS = """
create function catalog.phone_digits(phone text) returns text
language sql immutable parallel safe as
$$ select right(regexp_replace(phone, '[^0-9]', '', 'g'), 9) $$
"""
# The view of migration 0031, which no telephone passes that its commune wants hidden.
PUB_OFFICE = """
create or replace view catalog.pub_office as
select seen.id, seen.source_id, seen.remote_id, seen.kind, seen.name, seen.commune_number,
       seen.address, seen.email,
       case when hidden.digits is null then seen.phone end as phone, seen.website, seen.hours,
       seen.accessibility, seen.accessibility_details, seen.timezone, seen.point, seen.siret,
       seen.identifiers, seen.helps_with, seen.evidence_id, seen.observed_at, seen.sources,
       seen.unlisted_since, hidden.since as phone_withheld_since
from (
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
) seen
left   join catalog.withheld_phone hidden on hidden.commune_number = seen.commune_number
       and hidden.digits = catalog.phone_digits(seen.phone)
"""


def upgrade() -> None:
    op.create_table(
        "withheld_phone",
        sa.Column("commune_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "digits", sa.Text(), nullable=False, comment="catalog.phone_digits: the last nine"
        ),
        sa.Column("since", MOMENT, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("commune_number", "digits", name="pk_withheld_phone"),
        schema="catalog",
    )
    op.create_table(
        "withholding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("commune_number", sa.Integer(), nullable=False),
        sa.Column("digits", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False, comment="withhold|restore"),
        sa.Column("decided_by", sa.Text(), nullable=False, comment="mandate:3; never a name"),
        sa.Column("recorded_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("action in ('withhold', 'restore')", name="ck_withholding_action_name"),
        sa.PrimaryKeyConstraint("id", name="pk_withholding"),
        schema="catalog",
    )
    op.create_index(
        "ix_withholding_commune_number",
        "withholding",
        ["commune_number", "id"],
        unique=False,
        schema="catalog",
    )
    op.create_table(
        "agent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agent"),
        schema="crowd",
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("link_hash", sa.LargeBinary(), nullable=False, comment="of the mail's link"),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False, comment="salted by the link"),
        sa.Column(
            "email",
            sa.Text(),
            nullable=True,
            comment="whom it was sent to; erased once answered or late",
        ),
        sa.Column("role", sa.Text(), nullable=False, comment="crowd.delegations.Role"),
        sa.Column(
            "parents",
            sa.ARRAY(sa.BigInteger()),
            nullable=False,
            comment="a mandate for each commune",
        ),
        sa.Column(
            "services", sa.ARRAY(sa.Text()), nullable=True, comment="null: all those of the parents"
        ),
        sa.Column(
            "ends_at", MOMENT, nullable=False, comment="of what it opens, the parents' at most"
        ),
        sa.Column("answer_by", MOMENT, nullable=False),
        sa.Column("wrong", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("made_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("accepted_at", MOMENT, nullable=True),
        sa.Column(
            "refused_at", MOMENT, nullable=True, comment="by whom it was sent to, or taken back"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("link_hash", name="uq_invitation_link_hash"),
        schema="crowd",
    )
    op.create_index(
        "ix_invitation_parents",
        "invitation",
        ["parents"],
        unique=False,
        schema="crowd",
        postgresql_using="gin",
    )
    op.create_table(
        "mail_stop",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="sealed in the mails' links",
        ),
        sa.Column("who", sa.LargeBinary(), nullable=False, comment="hash of the address"),
        sa.Column("stopped_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mail_stop"),
        sa.UniqueConstraint("who", name="uq_mail_stop_who"),
        schema="crowd",
    )
    op.create_table(
        "agent_code",
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "code_hash", sa.LargeBinary(), nullable=False, comment="salted by the page's secret"
        ),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("network", sa.Text(), nullable=True, comment="/24 or /48; erased after a day"),
        sa.Column("wrong", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("made_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["crowd.agent.id"], name="fk_agent_code_agent_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("request_hash", name="pk_agent_code"),
        schema="crowd",
    )
    op.create_index(
        "ix_agent_code_agent_id", "agent_code", ["agent_id"], unique=False, schema="crowd"
    )
    op.create_index(
        "ix_agent_code_network", "agent_code", ["network", "made_at"], unique=False, schema="crowd"
    )
    op.create_table(
        "agent_contact",
        sa.Column("agent_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("email", sa.Text(), nullable=False, comment="in lower case"),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["crowd.agent.id"], name="fk_agent_contact_agent_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("agent_id", name="pk_agent_contact"),
        sa.UniqueConstraint("email", name="uq_agent_contact_email"),
        schema="crowd",
    )
    op.create_table(
        "contest",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("observation_id", sa.BigInteger(), nullable=False, comment="what is contested"),
        sa.Column("commune_number", sa.Integer(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("mandate_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="crowd.contests.Reason"),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column(
            "outcome",
            sa.Text(),
            nullable=True,
            comment="crowd.contests.Outcome; null: nobody looked yet",
        ),
        sa.Column(
            "details",
            JSONB(),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="the second proof: url, status, sha256, run, message",
        ),
        sa.Column(
            "evidence_id",
            sa.BigInteger(),
            nullable=True,
            comment="of the second look; null: it gave none",
        ),
        sa.Column(
            "newer_id",
            sa.BigInteger(),
            nullable=True,
            comment="what the same source says since; null: nothing new",
        ),
        sa.Column("made_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("looked_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True, comment="a moderator read it"),
        sa.CheckConstraint(
            "state in ('waiting', 'looked', 'person')", name="ck_contest_known_state"
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["catalog.evidence.id"], name="fk_contest_evidence_id"
        ),
        sa.ForeignKeyConstraint(["mandate_id"], ["crowd.mandate.id"], name="fk_contest_mandate_id"),
        sa.PrimaryKeyConstraint("id", name="pk_contest"),
        schema="crowd",
    )
    op.create_index(
        "ix_contest_mandate_id", "contest", ["mandate_id"], unique=False, schema="crowd"
    )
    op.create_index(
        "ix_contest_pair",
        "contest",
        ["commune_number", "service", "id"],
        unique=False,
        schema="crowd",
    )
    op.create_index(
        "ix_contest_unread",
        "contest",
        ["id"],
        unique=False,
        schema="crowd",
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_index(
        "uq_contest_open",
        "contest",
        ["observation_id"],
        unique=True,
        schema="crowd",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "desk_draft",
        sa.Column("mandate_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column(
            "fields",
            JSONB(),
            nullable=False,
            comment="as the form sends them",
        ),
        sa.Column(
            "base", sa.BigInteger(), nullable=False, comment="the declaration that its author saw"
        ),
        sa.Column("saved_at", MOMENT, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["mandate_id"],
            ["crowd.mandate.id"],
            name="fk_desk_draft_mandate_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("mandate_id", "service", name="pk_desk_draft"),
        schema="crowd",
    )
    op.create_table(
        "session_mandate",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mandate_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["mandate_id"],
            ["crowd.mandate.id"],
            name="fk_session_mandate_mandate_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["token_hash"],
            ["crowd.mandate_session.token_hash"],
            name="fk_session_mandate_token_hash",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", "mandate_id", name="pk_session_mandate"),
        schema="crowd",
    )
    op.create_index(
        "ix_session_mandate_mandate_id",
        "session_mandate",
        ["mandate_id"],
        unique=False,
        schema="crowd",
    )
    op.add_column(
        "mandate",
        sa.Column(
            "parent_id",
            sa.BigInteger(),
            nullable=True,
            comment="the mandate that delegated it; null: the commune's own",
        ),
        schema="crowd",
    )
    op.add_column(
        "mandate",
        sa.Column(
            "role",
            sa.Text(),
            server_default=sa.text("'mairie'"),
            nullable=False,
            comment="crowd.delegations.Role: as what its holder speaks",
        ),
        schema="crowd",
    )
    op.add_column(
        "mandate",
        sa.Column(
            "services",
            sa.ARRAY(sa.Text()),
            nullable=True,
            comment="those that it covers; null: all",
        ),
        schema="crowd",
    )
    op.add_column(
        "mandate",
        sa.Column(
            "agent_id",
            sa.BigInteger(),
            nullable=True,
            comment="whom it was delegated to; null: whoever opens the official mailbox",
        ),
        schema="crowd",
    )
    op.create_index("ix_mandate_agent_id", "mandate", ["agent_id"], unique=False, schema="crowd")
    op.create_index("ix_mandate_parent_id", "mandate", ["parent_id"], unique=False, schema="crowd")
    op.create_foreign_key(
        "fk_mandate_agent_id",
        "mandate",
        "agent",
        ["agent_id"],
        ["id"],
        source_schema="crowd",
        referent_schema="crowd",
    )
    op.create_foreign_key(
        "fk_mandate_parent_id",
        "mandate",
        "mandate",
        ["parent_id"],
        ["id"],
        source_schema="crowd",
        referent_schema="crowd",
    )
    op.add_column(
        "mandate_session",
        sa.Column(
            "agent_id",
            sa.BigInteger(),
            nullable=True,
            comment="who proved their own mailbox in it; null: nobody did",
        ),
        schema="crowd",
    )
    op.execute(
        "insert into crowd.session_mandate (token_hash, mandate_id) "
        "select token_hash, mandate_id from crowd.mandate_session"
    )
    op.drop_index("ix_mandate_session_mandate_id", table_name="mandate_session", schema="crowd")
    op.create_index(
        "ix_mandate_session_agent_id", "mandate_session", ["agent_id"], unique=False, schema="crowd"
    )
    op.drop_constraint(
        "fk_mandate_session_mandate_id_mandate",
        "mandate_session",
        schema="crowd",
        type_="foreignkey",
    )
    op.create_foreign_key(
        "fk_mandate_session_agent_id",
        "mandate_session",
        "agent",
        ["agent_id"],
        ["id"],
        source_schema="crowd",
        referent_schema="crowd",
        ondelete="CASCADE",
    )
    op.drop_column("mandate_session", "mandate_id", schema="crowd")
    op.execute(
        "create trigger append_only before update or delete or truncate on catalog.withholding "
        "for each statement execute function catalog.refuse_change()"
    )
    op.execute(DIGITS)
    op.execute(PUB_OFFICE)
    # Hiding a number changes items: what tells whether their collection still holds moves.
    for event, rows in (("insert", "new"), ("update", "new"), ("delete", "old")):
        op.execute(
            f"create trigger items_{event} after {event} on catalog.withheld_phone "
            f"referencing {rows} table as moved for each statement "
            "execute function catalog.items_moved('offices')"
        )
