"""The outbox of mails, and who may decide: accounts, sessions, the audit log."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0050"
down_revision: str | None = "0041"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")

# The text that is hashed is made by PostgreSQL itself: a jsonb is written in one way only.
CHAIN = """
create function crowd.chain_audit() returns trigger language plpgsql as $body$
declare
    before crowd.audit%rowtype;
begin
    perform pg_advisory_xact_lock(7022367);
    select * into before from crowd.audit order by id desc limit 1;
    new.id := coalesce(before.id, 0) + 1;
    new.at := clock_timestamp();
    new.hash := sha256(coalesce(before.hash, ''::bytea) || convert_to(
        crowd.audit_text(new.id, new.at, new.actor, new.action, new.subject, new.details), 'UTF8'));
    return new;
end
$body$
"""
TEXT = """
create function crowd.audit_text(
    id bigint, at timestamptz, actor text, action text, subject text, details jsonb)
returns text language sql stable as $body$
    select jsonb_build_array(
        id, extract(epoch from at), actor, action, subject, details)::text
$body$
"""


def upgrade() -> None:
    op.execute("create schema if not exists crowd")
    _outbox()
    _accounts()
    _audit()


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column(
            "purpose",
            sa.Text(),
            nullable=False,
            comment="why it is sent: contribution-received...",
        ),
        sa.Column(
            "key",
            sa.Text(),
            comment="the same key is one mail, however often it is asked",
        ),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_try_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("failed_at", MOMENT, comment="given up; `guichet mail retry` takes it up again"),
        sa.Column("last_error", sa.Text(), comment="what the mail server said, without addresses"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
        schema="catalog",
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["next_try_at"],
        schema="catalog",
        postgresql_where=sa.text("sent_at is null and failed_at is null"),
    )
    op.create_table(
        "outbox_letter",
        sa.Column("mail_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text()),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("mail_id", name="pk_outbox_letter"),
        sa.ForeignKeyConstraint(
            ["mail_id"],
            ["catalog.outbox.id"],
            name="fk_outbox_letter_mail_id_outbox",
            ondelete="CASCADE",
        ),
        schema="catalog",
    )
    op.create_index("ix_outbox_letter_recipient", "outbox_letter", ["recipient"], schema="catalog")


def _accounts() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False, comment="in lower case; shown to nobody"),
        sa.Column("role", sa.Text(), nullable=False, comment="moderator|administrator"),
        sa.Column(
            "password_hash",
            sa.Text(),
            nullable=False,
            comment="argon2id, with its own parameters",
        ),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("disabled_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("email", name="uq_account_email"),
        sa.CheckConstraint(
            "role in ('moderator', 'administrator')", name=op.f("ck_account_known_role")
        ),
        schema="crowd",
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("seen_at", MOMENT, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_session"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["crowd.account.id"],
            name="fk_session_account_id_account",
            ondelete="CASCADE",
        ),
        schema="crowd",
    )
    op.create_index("ix_session_account_id", "session", ["account_id"], schema="crowd")
    op.create_table(
        "login_failure",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("who", sa.LargeBinary(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False, comment="/24 or /48"),
        sa.Column("at", MOMENT, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_login_failure"),
        schema="crowd",
    )
    op.create_index(
        "ix_login_failure_who", "login_failure", ["who", "network", "at"], schema="crowd"
    )
    op.create_index("ix_login_failure_network", "login_failure", ["network", "at"], schema="crowd")
    op.create_index("ix_login_failure_at", "login_failure", ["at"], schema="crowd")
    op.create_table(
        "signing_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("ends_at", MOMENT, comment="null: the current key"),
        sa.PrimaryKeyConstraint("id", name="pk_signing_key"),
        schema="crowd",
    )
    op.create_index(
        "uq_signing_key_current",
        "signing_key",
        [sa.text("(ends_at is null)")],
        unique=True,
        schema="crowd",
        postgresql_where=sa.text("ends_at is null"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column(
            "id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="set by the trigger",
        ),
        sa.Column("at", MOMENT, nullable=False, comment="set by the trigger"),
        sa.Column(
            "actor",
            sa.Text(),
            nullable=False,
            comment="account:12, cli, policy; never a name",
        ),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column(
            "subject",
            sa.Text(),
            nullable=False,
            comment="what it was done to: contribution:45...",
        ),
        sa.Column("details", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "hash",
            sa.LargeBinary(),
            nullable=False,
            comment="sha256 of the former hash and this row",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        schema="crowd",
    )
    op.create_index("ix_audit_subject", "audit", ["subject", "id"], schema="crowd")
    op.create_index("ix_audit_actor", "audit", ["actor", "id"], schema="crowd")
    op.execute(TEXT)
    op.execute(CHAIN)
    op.execute(
        "create trigger chain before insert on crowd.audit "
        "for each row execute function crowd.chain_audit()"
    )
    op.execute(
        "create trigger append_only before update or delete or truncate on crowd.audit "
        "for each statement execute function catalog.refuse_change()"
    )
