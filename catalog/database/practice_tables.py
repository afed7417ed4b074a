"""The shapes of good practices: sheets, their versions, who adopted them, what became of them.

Words and addresses of people are in tables of their own (practice_words, practice_contact,
practice_origin), which erasure empties; the rest names nobody.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy import text as sql

from catalog.database.tables import MOMENT, NOW, metadata

practice = Table(
    "practice",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("reference", Text, nullable=False, unique=True, comment="what people quote"),
    Column("once", LargeBinary, nullable=False, unique=True, comment="hash: one form, one row"),
    Column("token_hash", LargeBinary, nullable=False, unique=True, comment="of the owner's link"),
    Column("commune_number", Integer, nullable=False, comment="where it is done"),
    Column("service", Text, nullable=False),
    Column("speaker", Text, nullable=False, comment="crowd.speakers.Kind"),
    Column("mandate_id", BigInteger, comment="of an agent: which mandate spoke"),
    Column("account_id", BigInteger, comment="who was logged in; they never decide on it"),
    Column("language", Text, nullable=False),
    Column("state", Text, nullable=False, comment="crowd.practices.State"),
    Column("version", Integer, nullable=False, server_default=sql("1"), comment="of the state"),
    Column("published_version", BigInteger, comment="the practice_version that readers see"),
    Column("waiting_version", BigInteger, comment="the one that a moderator is to look at"),
    Column("created_at", MOMENT, nullable=False, server_default=NOW),
    Column("published_at", MOMENT, comment="the last time that a version was published"),
    Column("confirmed_at", MOMENT, comment="the owner last said what became of it"),
    Column("asked_at", MOMENT, comment="the owner was last asked what became of it"),
    CheckConstraint(
        "state in ('waiting', 'held', 'asked', 'published', 'refused', 'withdrawn')",
        name="known_state",
    ),
    Index("ix_practice_state", "state", "id"),
    Index("ix_practice_commune", "commune_number"),
    Index("ix_practice_service", "service"),
    schema="crowd",
)
_OWNER = "crowd.practice.id"
# Append-only: a correction is a version that supersedes the one before.
practice_version = Table(
    "practice_version",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("practice_id", BigInteger, ForeignKey(_OWNER), nullable=False, index=True),
    Column("once", LargeBinary, nullable=False, unique=True, comment="hash: one form, one row"),
    Column("supersedes", BigInteger, ForeignKey("crowd.practice_version.id"), unique=True),
    Column("cost", Integer, comment="euros in all; null: not said"),
    Column("months", SmallInteger, comment="from the decision to the service; null: not said"),
    Column("url", Text, comment="where it can be seen"),
    Column("sha256", Text, nullable=False, comment="of its words: what a moderator saw"),
    Column("written_at", MOMENT, nullable=False, server_default=NOW),
    schema="crowd",
)
practice_words = Table(
    "practice_words",
    metadata,
    Column(
        "version_id", BigInteger, ForeignKey("crowd.practice_version.id"), primary_key=True,
        autoincrement=False,
    ),
    Column("title", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("partners", Text, nullable=False, comment="with whom"),
    Column("wrong", Text, nullable=False, comment="what went wrong"),
    schema="crowd",
)  # fmt: skip
practice_contact = Table(
    "practice_contact",
    metadata,
    Column(
        "practice_id", BigInteger, ForeignKey(_OWNER, ondelete="CASCADE"), primary_key=True,
        autoincrement=False,
    ),
    Column("email", Text, nullable=False),
    schema="crowd",
)  # fmt: skip
practice_origin = Table(
    "practice_origin",
    metadata,
    Column(
        "practice_id", BigInteger, ForeignKey(_OWNER, ondelete="CASCADE"), primary_key=True,
        autoincrement=False,
    ),
    Column("network", LargeBinary, nullable=False, comment="keyed hash of a /24 or /48"),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    Index("ix_practice_origin_network", "network", "at"),
    schema="crowd",
)  # fmt: skip
practice_decision = Table(
    "practice_decision",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("practice_id", BigInteger, ForeignKey(_OWNER), nullable=False, index=True),
    Column("version_id", BigInteger, comment="the version that it is about"),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    Column("actor", Text, nullable=False, comment="account:3, owner, policy"),
    Column("action", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("text", Text, comment="in the decider's words; for the owner"),
    schema="crowd",
)
# What became of a sheet, as its owner says. Append-only.
practice_outcome = Table(
    "practice_outcome",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("practice_id", BigInteger, ForeignKey(_OWNER), nullable=False, index=True),
    Column("outcome", Text, nullable=False, comment="crowd.practices.Outcome"),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    schema="crowd",
)
# Which communes adopt it, by their mandate. Append-only: giving it up is a row.
practice_adoption = Table(
    "practice_adoption",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("practice_id", BigInteger, ForeignKey(_OWNER), nullable=False),
    Column("commune_number", Integer, nullable=False),
    Column("mandate_id", BigInteger, ForeignKey("crowd.mandate.id"), nullable=False),
    Column("given_up", Boolean, nullable=False, server_default=sql("false")),
    Column("supersedes", BigInteger, ForeignKey("crowd.practice_adoption.id"), unique=True),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    Index("ix_practice_adoption_pair", "practice_id", "commune_number", "id"),
    Index("ix_practice_adoption_commune", "commune_number", "practice_id"),
    schema="crowd",
)
