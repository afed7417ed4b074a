"""The shapes of mandates: codes sent to mairies, what they open, and what is declared by it."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
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

# Somebody to whom communes delegated, as a number; their address is agent_contact.
agent = Table(
    "agent",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("created_at", MOMENT, nullable=False, server_default=NOW),
    schema="crowd",
)
# Personal, and erasable.
agent_contact = Table(
    "agent_contact",
    metadata,
    Column(
        "agent_id", BigInteger, ForeignKey("crowd.agent.id", ondelete="CASCADE"), primary_key=True,
        autoincrement=False,
    ),
    Column("email", Text, nullable=False, unique=True, comment="in lower case"),
    schema="crowd",
)  # fmt: skip
# What lets somebody speak for one commune. It never says who they are: that is mandate_holder.
mandate = Table(
    "mandate",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("commune_number", Integer, nullable=False),
    Column("commune_code", Text, nullable=False, comment="then; it lapses when this changes"),
    Column("proof", Text, nullable=False, comment="mailbox: the directory's; else who checked"),
    Column("made_at", MOMENT, nullable=False, server_default=NOW),
    Column("expires_at", MOMENT, nullable=False),
    Column("revoked_at", MOMENT),
    Column("parent_id", BigInteger, ForeignKey("crowd.mandate.id"), index=True,
           comment="the mandate that delegated it; null: the commune's own"),
    Column("role", Text, nullable=False, server_default=sql("'mairie'"),
           comment="crowd.delegations.Role: as what its holder speaks"),
    Column("services", ARRAY(Text), comment="those that it covers; null: all"),
    Column("agent_id", BigInteger, ForeignKey("crowd.agent.id"), index=True,
           comment="whom it was delegated to; null: whoever opens the official mailbox"),
    CheckConstraint("(parent_id is null) = (role = 'mairie')", name="delegated_role"),
    Index("ix_mandate_commune_number", "commune_number"),
    schema="crowd",
)  # fmt: skip
# Personal, and erasable: the mailbox that proved it. Swept when the mandate is over.
mandate_holder = Table(
    "mandate_holder",
    metadata,
    Column(
        "mandate_id",
        BigInteger,
        ForeignKey("crowd.mandate.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("email", Text, nullable=False),
    schema="crowd",
)
# A request for a code. The page's own secret salts the code's hash, so that a copy of the
# database tells no code. Rows whose code was sent to nobody look and answer like the others.
mandate_code = Table(
    "mandate_code",
    metadata,
    Column("request_hash", LargeBinary, primary_key=True),
    Column("code_hash", LargeBinary, nullable=False),
    Column("link_hash", LargeBinary, nullable=False, unique=True, comment="of the mail's link"),
    Column("commune_number", Integer, nullable=False),
    Column("outcome", Text, nullable=False, comment="sent, or why not"),
    Column("proof", Text, nullable=False, comment="of the mandate that it opens"),
    Column("email", Text, comment="where it was sent; erased after a day"),
    Column("network", Text, comment="/24 or /48; erased after a day"),
    Column("wrong", SmallInteger, nullable=False, server_default=sql("0")),
    Column("made_at", MOMENT, nullable=False, server_default=NOW),
    Column("expires_at", MOMENT, nullable=False),
    Column("used_at", MOMENT),
    Index("ix_mandate_code_commune", "commune_number", "made_at"),
    Index("ix_mandate_code_network", "network", "made_at"),
    schema="crowd",
)
# A cookie is 256 random bits; only their SHA-256 is here.
mandate_session = Table(
    "mandate_session",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("agent_id", BigInteger, ForeignKey("crowd.agent.id", ondelete="CASCADE"), index=True,
           comment="who proved their own mailbox in it; null: nobody did"),
    Column("created_at", MOMENT, nullable=False, server_default=NOW),
    Column("seen_at", MOMENT, nullable=False, server_default=NOW),
    schema="crowd",
)  # fmt: skip
# The mandates that official mailboxes opened in a session. Those of its agent are theirs besides.
session_mandate = Table(
    "session_mandate",
    metadata,
    Column(
        "token_hash",
        LargeBinary,
        ForeignKey("crowd.mandate_session.token_hash", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column(
        "mandate_id",
        BigInteger,
        ForeignKey("crowd.mandate.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    ),
    schema="crowd",
)
# What a commune declared, word for word: the evidence of an observation.
declaration = Table(
    "declaration",
    metadata,
    Column("observation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("mandate_id", BigInteger, ForeignKey("crowd.mandate.id"), nullable=False, index=True),
    Column("sha256", Text, nullable=False, comment="of the document: the evidence's"),
    Column("document", Text, nullable=False),
    schema="crowd",
)
