"""The shapes of an agent's work: invitations, codes, drafts, contested facts, mails not wanted."""

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
from sqlalchemy.dialects.postgresql import JSONB

from catalog.database.tables import MOMENT, NOW, metadata

# A delegation that was offered. The address is personal: forgotten once it is answered or late.
invitation = Table(
    "invitation",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("link_hash", LargeBinary, nullable=False, unique=True, comment="of the mail's link"),
    Column("code_hash", LargeBinary, nullable=False, comment="salted by the link"),
    Column("email", Text, comment="whom it was sent to; erased once answered or late"),
    Column("role", Text, nullable=False, comment="crowd.delegations.Role"),
    Column("parents", ARRAY(BigInteger), nullable=False, comment="a mandate for each commune"),
    Column("services", ARRAY(Text), comment="null: all those of the parents"),
    Column("ends_at", MOMENT, nullable=False, comment="of what it opens, the parents' at most"),
    Column("answer_by", MOMENT, nullable=False),
    Column("wrong", SmallInteger, nullable=False, server_default=sql("0")),
    Column("made_at", MOMENT, nullable=False, server_default=NOW),
    Column("accepted_at", MOMENT),
    Column("refused_at", MOMENT, comment="by whom it was sent to, or taken back"),
    Index("ix_invitation_parents", "parents", postgresql_using="gin"),
    schema="crowd",
)
# A code sent to an agent's own address; agent null: nobody has it, and nothing was sent.
agent_code = Table(
    "agent_code",
    metadata,
    Column("request_hash", LargeBinary, primary_key=True),
    Column("code_hash", LargeBinary, nullable=False, comment="salted by the page's secret"),
    Column("agent_id", BigInteger, ForeignKey("crowd.agent.id", ondelete="CASCADE"), index=True),
    Column("network", Text, comment="/24 or /48; erased after a day"),
    Column("wrong", SmallInteger, nullable=False, server_default=sql("0")),
    Column("made_at", MOMENT, nullable=False, server_default=NOW),
    Column("expires_at", MOMENT, nullable=False),
    Column("used_at", MOMENT),
    Index("ix_agent_code_network", "network", "made_at"),
    schema="crowd",
)
# Mailboxes that we wrote to about mandates, as a hash; `stopped_at`: they want no more of it.
mail_stop = Table(
    "mail_stop",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True, comment="sealed in the mails' links"),
    Column("who", LargeBinary, nullable=False, unique=True, comment="hash of the address"),
    Column("stopped_at", MOMENT),
    schema="crowd",
)
# What an agent prepared and did not publish. Nobody else sees it but who holds the same mandate.
desk_draft = Table(
    "desk_draft",
    metadata,
    Column(
        "mandate_id", BigInteger, ForeignKey("crowd.mandate.id", ondelete="CASCADE"),
        primary_key=True, autoincrement=False,
    ),
    Column("service", Text, primary_key=True),
    Column("fields", JSONB, nullable=False, comment="as the form sends them"),
    Column("base", BigInteger, nullable=False, comment="the declaration that its author saw"),
    Column("saved_at", MOMENT, nullable=False, server_default=NOW),
    schema="crowd",
)  # fmt: skip
# A fact that an agent contests: looked at again, and both proofs are kept.
contest = Table(
    "contest",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("observation_id", BigInteger, nullable=False, comment="what is contested"),
    Column("commune_number", Integer, nullable=False),
    Column("service", Text, nullable=False),
    Column("mandate_id", BigInteger, ForeignKey("crowd.mandate.id"), nullable=False, index=True),
    Column("reason", Text, nullable=False, comment="crowd.contests.Reason"),
    Column("state", Text, nullable=False, server_default=sql("'waiting'")),
    Column("outcome", Text, comment="crowd.contests.Outcome; null: nobody looked yet"),
    Column("details", JSONB, nullable=False, server_default=sql("'{}'"),
           comment="the second proof: url, status, sha256, run, message"),
    Column("evidence_id", BigInteger, ForeignKey("catalog.evidence.id"),
           comment="of the second look; null: it gave none"),
    Column("newer_id", BigInteger, comment="what the same source says since; null: nothing new"),
    Column("made_at", MOMENT, nullable=False, server_default=NOW),
    Column("looked_at", MOMENT),
    Column("closed_at", MOMENT, comment="a moderator read it"),
    CheckConstraint("state in ('waiting', 'looked', 'person')", name="known_state"),
    Index("ix_contest_pair", "commune_number", "service", "id"),
    Index("uq_contest_open", "observation_id", unique=True,
          postgresql_where=sql("state = 'waiting'")),
    Index("ix_contest_unread", "id", postgresql_where=sql("closed_at is null")),
    schema="crowd",
)  # fmt: skip
