"""What people say of services, who decided what of it, and what it became."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0051"
down_revision: str | None = "0050"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "opened_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when its form was shown",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_draft")),
        schema="crowd",
    )
    op.create_index(
        op.f("ix_draft_created_at"), "draft", ["created_at"], unique=False, schema="crowd"
    )
    op.create_table(
        "voice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice")),
        schema="crowd",
    )
    op.create_table(
        "contribution",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False, comment="what people quote"),
        sa.Column("once", sa.LargeBinary(), nullable=False, comment="hash: one form, one row"),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False, comment="of the private link"),
        sa.Column("voice_id", sa.BigInteger(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=False, comment="crowd.speakers.Kind"),
        sa.Column("mandate", sa.Text(), nullable=True, comment="of an agent: which mandate spoke"),
        sa.Column(
            "account_id",
            sa.BigInteger(),
            nullable=True,
            comment="who was logged in; they never decide on it",
        ),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="crowd.claims.Kind"),
        sa.Column("commune_number", sa.Integer(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column(
            "claim",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="crowd.claims.Claim, nothing personal",
        ),
        sa.Column("print", sa.Text(), nullable=False, comment="same print: copies of one text"),
        sa.Column(
            "before",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what we said when it was sent",
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="crowd.contributions.State"),
        sa.Column(
            "why",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="policy's reasons",
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "seen_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="a moderator first opened it",
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "thanks_name",
            sa.Text(),
            nullable=True,
            comment="asked to be thanked by this name; erased on demand",
        ),
        sa.CheckConstraint(
            "state in ('waiting', 'asked', 'held', 'accepted', 'refused', 'reverted', 'withdrawn')",
            name=op.f("ck_contribution_known_state"),
        ),
        sa.ForeignKeyConstraint(
            ["voice_id"], ["crowd.voice.id"], name=op.f("fk_contribution_voice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contribution")),
        sa.UniqueConstraint("once", name=op.f("uq_contribution_once")),
        sa.UniqueConstraint("reference", name=op.f("uq_contribution_reference")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_contribution_token_hash")),
        schema="crowd",
    )
    op.create_index(
        "ix_contribution_accepted",
        "contribution",
        ["decided_at", "id"],
        unique=False,
        schema="crowd",
        postgresql_where=sa.text("state = 'accepted'"),
    )
    op.create_index(
        "ix_contribution_pair",
        "contribution",
        ["commune_number", "service", "kind", "id"],
        unique=False,
        schema="crowd",
    )
    op.create_index(
        "ix_contribution_print",
        "contribution",
        ["print", "created_at"],
        unique=False,
        schema="crowd",
    )
    op.create_index(
        "ix_contribution_voice", "contribution", ["voice_id", "id"], unique=False, schema="crowd"
    )
    op.create_index(
        "ix_contribution_waiting",
        "contribution",
        ["state", "id"],
        unique=False,
        schema="crowd",
        postgresql_where=sa.text("state in ('waiting', 'asked', 'held')"),
    )
    op.create_table(
        "contact",
        sa.Column("contribution_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("who", sa.LargeBinary(), nullable=False, comment="keyed hash of the address"),
        sa.Column(
            "confirmed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the link in the mail came back: it is theirs",
        ),
        sa.ForeignKeyConstraint(
            ["contribution_id"],
            ["crowd.contribution.id"],
            name=op.f("fk_contact_contribution_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("contribution_id", name=op.f("pk_contact")),
        schema="crowd",
    )
    op.create_index("ix_contact_who", "contact", ["who"], unique=False, schema="crowd")
    op.create_table(
        "decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contribution_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("actor", sa.Text(), nullable=False, comment="account:3, policy, author"),
        sa.Column("action", sa.Text(), nullable=False, comment="crowd.moderation.Action"),
        sa.Column(
            "reason", sa.Text(), nullable=False, comment="a code, in the texts of the interface"
        ),
        sa.Column(
            "text", sa.Text(), nullable=True, comment="in the decider's words; for the author"
        ),
        sa.ForeignKeyConstraint(
            ["contribution_id"], ["crowd.contribution.id"], name=op.f("fk_decision_contribution_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        schema="crowd",
    )
    op.create_index(
        op.f("ix_decision_contribution_id"),
        "decision",
        ["contribution_id"],
        unique=False,
        schema="crowd",
    )
    op.create_table(
        "origin",
        sa.Column("contribution_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("voice_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "network", sa.LargeBinary(), nullable=False, comment="keyed hash of a /24 or /48"
        ),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["contribution_id"],
            ["crowd.contribution.id"],
            name=op.f("fk_origin_contribution_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("contribution_id", name=op.f("pk_origin")),
        schema="crowd",
    )
    op.create_index("ix_origin_at", "origin", ["at"], unique=False, schema="crowd")
    op.create_index("ix_origin_network", "origin", ["network", "at"], unique=False, schema="crowd")
    op.create_index(
        "ix_origin_voice_id", "origin", ["voice_id", "at"], unique=False, schema="crowd"
    )
    op.create_table(
        "photo",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "draft_hash",
            sa.LargeBinary(),
            nullable=True,
            comment="of the draft that holds it, until it is sent",
        ),
        sa.Column("contribution_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "body", sa.LargeBinary(), nullable=False, comment="JPEG made by us, without metadata"
        ),
        sa.Column("width", sa.SmallInteger(), nullable=False),
        sa.Column("height", sa.SmallInteger(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["contribution_id"],
            ["crowd.contribution.id"],
            name=op.f("fk_photo_contribution_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")),
        schema="crowd",
    )
    op.create_index(
        op.f("ix_photo_contribution_id"), "photo", ["contribution_id"], unique=False, schema="crowd"
    )
    op.create_index("ix_photo_draft_hash", "photo", ["draft_hash"], unique=False, schema="crowd")
    op.create_table(
        "publication",
        sa.Column("observation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contribution_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the document: the evidence's"),
        sa.Column(
            "document", sa.Text(), nullable=False, comment="what was said, without who said it"
        ),
        sa.Column("confirms", sa.Boolean(), nullable=False, comment="a moderator's own look"),
        sa.Column(
            "reverted_by",
            sa.BigInteger(),
            nullable=True,
            comment="the observation that takes it back",
        ),
        sa.ForeignKeyConstraint(
            ["contribution_id"],
            ["crowd.contribution.id"],
            name=op.f("fk_publication_contribution_id"),
        ),
        sa.PrimaryKeyConstraint("observation_id", name=op.f("pk_publication")),
        schema="crowd",
    )
    op.create_index(
        op.f("ix_publication_contribution_id"),
        "publication",
        ["contribution_id"],
        unique=False,
        schema="crowd",
    )
    op.create_table(
        "words",
        sa.Column("contribution_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contribution_id"],
            ["crowd.contribution.id"],
            name=op.f("fk_words_contribution_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("contribution_id", name=op.f("pk_words")),
        schema="crowd",
    )
