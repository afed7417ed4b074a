"""The shapes of `crowd`: who moderates, their sessions, and what they did."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from catalog.database.tables import MOMENT, NOW, metadata

# ------------------------------------------------------------------------ who may decide

account = Table(
    "account",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("email", Text, nullable=False, unique=True, comment="in lower case; shown to nobody"),
    Column("role", Text, nullable=False, comment="moderator|administrator"),
    Column("password_hash", Text, nullable=False, comment="argon2id, with its own parameters"),
    Column("created_at", MOMENT, nullable=False, server_default=NOW),
    Column("disabled_at", MOMENT),
    CheckConstraint("role in ('moderator', 'administrator')", name="known_role"),
    schema="crowd",
)
# A cookie is 256 random bits; only their SHA-256 is here, so that a copy of the database opens
# no session.
session = Table(
    "session",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column(
        "account_id",
        BigInteger,
        ForeignKey("crowd.account.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("created_at", MOMENT, nullable=False, server_default=NOW),
    Column("seen_at", MOMENT, nullable=False, server_default=NOW),
    schema="crowd",
)
# Wrong passwords of the last day: who is tried is a keyed hash, from where is a truncated address.
login_failure = Table(
    "login_failure",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("who", LargeBinary, nullable=False),
    Column("network", Text, nullable=False, comment="/24 or /48"),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    Index("ix_login_failure_who", "who", "network", "at"),
    Index("ix_login_failure_network", "network", "at"),
    Index("ix_login_failure_at", "at"),
    schema="crowd",
)
# What signs form tokens. Made at random by the first process that needs one; an old key is
# believed until its end, so that a form that is open while a key changes still works.
signing_key = Table(
    "signing_key",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("key", LargeBinary, nullable=False),
    Column("created_at", MOMENT, nullable=False, server_default=NOW),
    Column("ends_at", MOMENT, comment="null: the current key"),
    Index(
        "uq_signing_key_current",
        sql("(ends_at is null)"),
        unique=True,
        postgresql_where=sql("ends_at is null"),
    ),
    schema="crowd",
)
# Every action of a person with a role, in the transaction of the action. Append-only (a trigger
# refuses the rest), numbered without gaps and chained: a row that was altered, removed or slipped
# in by other means breaks the chain from there on.
audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, comment="set by the trigger"),
    Column("at", MOMENT, nullable=False, comment="set by the trigger"),
    Column("actor", Text, nullable=False, comment="account:12, cli, policy; never a name"),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="what it was done to: contribution:45..."),
    Column("details", JSONB, nullable=False, server_default=sql("'{}'")),
    Column("hash", LargeBinary, nullable=False, comment="sha256 of the former hash and this row"),
    Index("ix_audit_subject", "subject", "id"),
    Index("ix_audit_actor", "actor", "id"),
    schema="crowd",
)
