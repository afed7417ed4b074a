"""The shape of webhooks: who asked to be told of changes, and how far they have been told.

An address may be somebody's: it is here and nowhere else, and a row that is deleted leaves nothing.
No journal of deliveries is kept, only what came of the last one.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY

from catalog.database.tables import MOMENT, NOW, metadata

webhook = Table(
    "webhook",
    metadata,
    Column("id", Text, primary_key=True, comment="128 random bits, base64url; opens nothing"),
    Column("token_hash", LargeBinary, nullable=False, comment="of what manages it, shown once"),
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False, comment="of the address: how many there are of one host"),
    Column("services", ARRAY(Text), comment="null: all of them"),
    Column("territory", Text, nullable=False, server_default="FR"),
    Column("position", BigInteger, nullable=False,
           comment="of the feed: all up to here was answered 2xx, or was not asked for"),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("secret", LargeBinary, nullable=False, comment="signs; must be read to sign"),
    Column("old_secret", LargeBinary, comment="signs too, during a rotation"),
    Column("old_until", MOMENT),
    Column("challenge_due", Boolean, nullable=False, server_default=sql("true")),
    Column("challenged_at", MOMENT, nullable=False, server_default=NOW,
           comment="when a challenge was last asked for"),
    Column("made_at", MOMENT, nullable=False, server_default=NOW),
    Column("ended_at", MOMENT, comment="since when it is paused or ended"),
    Column("attempts", Integer, nullable=False, server_default="0",
           comment="failures in a row"),
    Column("failing_since", MOMENT),
    Column("next_try_at", MOMENT, nullable=False, server_default=NOW),
    Column("delivered_at", MOMENT, comment="the last delivery that was answered 2xx"),
    Column("last_status", SmallInteger),
    Column("last_error", Text, comment="in words, without the address"),
    Column("lease", Text, comment="of the worker that is at it: no other one touches it"),
    Column("leased_until", MOMENT),
    CheckConstraint("state in ('pending', 'active', 'paused', 'ended')", name="state"),
    Index("ix_webhook_next_try_at", "next_try_at"),
    schema="catalog",
)  # fmt: skip
