"""The shapes of contributions: what people say, who decided what of it, what it became.

What is personal is in tables of its own (contact, origin, draft, photo, and the free text of
words), which erasure empties; a contribution, its decisions and its publications name nobody.
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
from sqlalchemy.dialects.postgresql import JSONB

from catalog.database.tables import MOMENT, NOW, metadata

# One author as far as we can tell: a confirmed address, or one network within a day. A number
# that leads to nobody once its origin is forgotten.
voice = Table(
    "voice",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("created_at", MOMENT, nullable=False, server_default=NOW),
    schema="crowd",
)
contribution = Table(
    "contribution",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("reference", Text, nullable=False, unique=True, comment="what people quote"),
    Column("once", LargeBinary, nullable=False, unique=True, comment="hash: one form, one row"),
    Column("token_hash", LargeBinary, nullable=False, unique=True, comment="of the private link"),
    Column("voice_id", BigInteger, ForeignKey("crowd.voice.id"), nullable=False),
    Column("speaker", Text, nullable=False, comment="crowd.speakers.Kind"),
    Column("mandate", Text, comment="of an agent: which mandate spoke"),
    Column("account_id", BigInteger, comment="who was logged in; they never decide on it"),
    Column("language", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="crowd.claims.Kind"),
    Column("commune_number", Integer, nullable=False),
    Column("service", Text, nullable=False),
    Column("claim", JSONB, nullable=False, comment="crowd.claims.Claim, nothing personal"),
    Column("print", Text, nullable=False, comment="same print: copies of one text"),
    Column("before", JSONB, nullable=False, comment="what we said when it was sent"),
    Column("state", Text, nullable=False, comment="crowd.contributions.State"),
    Column("why", JSONB, nullable=False, server_default=sql("'[]'"), comment="policy's reasons"),
    Column("version", Integer, nullable=False, server_default=sql("1")),
    Column("created_at", MOMENT, nullable=False, server_default=NOW),
    Column("seen_at", MOMENT, comment="a moderator first opened it"),
    Column("decided_at", MOMENT),
    Column("thanks_name", Text, comment="asked to be thanked by this name; erased on demand"),
    # The moderators' queue, oldest first, without what is decided or held.
    Index(
        "ix_contribution_waiting",
        "state",
        "id",
        postgresql_where=sql("state in ('waiting', 'asked', 'held')"),
    ),
    Index("ix_contribution_pair", "commune_number", "service", "kind", "id"),
    Index("ix_contribution_voice", "voice_id", "id"),
    Index("ix_contribution_print", "print", "created_at"),
    Index(
        "ix_contribution_accepted",
        "decided_at",
        "id",
        postgresql_where=sql("state = 'accepted'"),
    ),
    CheckConstraint(
        "state in ('waiting', 'asked', 'held', 'accepted', 'refused', 'reverted', 'withdrawn')",
        name="known_state",
    ),
    schema="crowd",
)
_OWNER = "crowd.contribution.id"
words = Table(
    "words",
    metadata,
    Column(
        "contribution_id", BigInteger, ForeignKey(_OWNER, ondelete="CASCADE"), primary_key=True,
        autoincrement=False,
    ),
    Column("comment", Text, nullable=False),
    schema="crowd",
)  # fmt: skip
contact = Table(
    "contact",
    metadata,
    Column(
        "contribution_id", BigInteger, ForeignKey(_OWNER, ondelete="CASCADE"), primary_key=True,
        autoincrement=False,
    ),
    Column("email", Text, nullable=False),
    Column("who", LargeBinary, nullable=False, comment="keyed hash of the address"),
    Column("confirmed_at", MOMENT, comment="the link in the mail came back: it is theirs"),
    Index("ix_contact_who", "who"),
    schema="crowd",
)  # fmt: skip
# Kept one day: which contributions came from one place, to see floods and false agreement.
origin = Table(
    "origin",
    metadata,
    Column(
        "contribution_id", BigInteger, ForeignKey(_OWNER, ondelete="CASCADE"), primary_key=True,
        autoincrement=False,
    ),
    Column("voice_id", BigInteger, nullable=False),
    Column("network", LargeBinary, nullable=False, comment="keyed hash of a /24 or /48"),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    Index("ix_origin_network", "network", "at"),
    Index("ix_origin_voice_id", "voice_id", "at"),
    Index("ix_origin_at", "at"),
    schema="crowd",
)  # fmt: skip
photo = Table(
    "photo",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("draft_hash", LargeBinary, comment="of the draft that holds it, until it is sent"),
    Column("contribution_id", BigInteger, ForeignKey(_OWNER, ondelete="CASCADE"), index=True),
    Column("body", LargeBinary, nullable=False, comment="JPEG made by us, without metadata"),
    Column("width", SmallInteger, nullable=False),
    Column("height", SmallInteger, nullable=False),
    Column("created_at", MOMENT, nullable=False, server_default=NOW),
    Index("ix_photo_draft_hash", "draft_hash"),
    schema="crowd",
)
draft = Table(
    "draft",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("fields", JSONB, nullable=False),
    Column("opened_at", MOMENT, nullable=False, comment="when its form was shown"),
    Column("created_at", MOMENT, nullable=False, server_default=NOW, index=True),
    schema="crowd",
)
# What was decided of a contribution, by whom, and why: what its author reads.
decision = Table(
    "decision",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column(
        "contribution_id", BigInteger, ForeignKey(_OWNER), nullable=False, index=True
    ),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    Column("actor", Text, nullable=False, comment="account:3, policy, author"),
    Column("action", Text, nullable=False, comment="crowd.moderation.Action"),
    Column("reason", Text, nullable=False, comment="a code, in the texts of the interface"),
    Column("text", Text, comment="in the decider's words; for the author"),
    schema="crowd",
)  # fmt: skip
# Which observations a contribution became. `document` is the evidence itself, word for word.
publication = Table(
    "publication",
    metadata,
    Column("observation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("contribution_id", BigInteger, ForeignKey(_OWNER), nullable=False, index=True),
    Column("sha256", Text, nullable=False, comment="of the document: the evidence's"),
    Column("document", Text, nullable=False, comment="what was said, without who said it"),
    Column("confirms", Boolean, nullable=False, comment="a moderator's own look"),
    Column("reverted_by", BigInteger, comment="the observation that takes it back"),
    schema="crowd",
)
