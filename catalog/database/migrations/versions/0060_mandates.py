"""Codes sent to mairies, the mandates that they open, and what communes declare."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0060"
down_revision: str | None = "0051"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "mandate",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("commune_number", sa.Integer(), nullable=False),
        sa.Column(
            "commune_code", sa.Text(), nullable=False, comment="then; it lapses when this changes"
        ),
        sa.Column(
            "proof",
            sa.Text(),
            nullable=False,
            comment="mailbox: the directory's; else who checked",
        ),
        sa.Column("made_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_mandate"),
        schema="crowd",
    )
    op.create_index("ix_mandate_commune_number", "mandate", ["commune_number"], schema="crowd")
    op.create_table(
        "mandate_holder",
        sa.Column("mandate_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("mandate_id", name="pk_mandate_holder"),
        sa.ForeignKeyConstraint(
            ["mandate_id"],
            ["crowd.mandate.id"],
            name="fk_mandate_holder_mandate_id_mandate",
            ondelete="CASCADE",
        ),
        schema="crowd",
    )
    _codes()
    op.create_table(
        "mandate_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mandate_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("seen_at", MOMENT, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_mandate_session"),
        sa.ForeignKeyConstraint(
            ["mandate_id"],
            ["crowd.mandate.id"],
            name="fk_mandate_session_mandate_id_mandate",
            ondelete="CASCADE",
        ),
        schema="crowd",
    )
    op.create_index(
        "ix_mandate_session_mandate_id", "mandate_session", ["mandate_id"], schema="crowd"
    )
    op.create_table(
        "declaration",
        sa.Column("observation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mandate_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the document: the evidence's"),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("observation_id", name="pk_declaration"),
        sa.ForeignKeyConstraint(
            ["mandate_id"], ["crowd.mandate.id"], name="fk_declaration_mandate_id_mandate"
        ),
        schema="crowd",
    )
    op.create_index("ix_declaration_mandate_id", "declaration", ["mandate_id"], schema="crowd")


def _codes() -> None:
    op.create_table(
        "mandate_code",
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("link_hash", sa.LargeBinary(), nullable=False, comment="of the mail's link"),
        sa.Column("commune_number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False, comment="sent, or why not"),
        sa.Column("proof", sa.Text(), nullable=False, comment="of the mandate that it opens"),
        sa.Column("email", sa.Text(), comment="where it was sent; erased after a day"),
        sa.Column("network", sa.Text(), comment="/24 or /48; erased after a day"),
        sa.Column("wrong", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("made_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.PrimaryKeyConstraint("request_hash", name="pk_mandate_code"),
        sa.UniqueConstraint("link_hash", name="uq_mandate_code_link_hash"),
        schema="crowd",
    )
    op.create_index(
        "ix_mandate_code_commune", "mandate_code", ["commune_number", "made_at"], schema="crowd"
    )
    op.create_index(
        "ix_mandate_code_network", "mandate_code", ["network", "made_at"], schema="crowd"
    )
