"""Official sites and accounts that mairies declare."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0110"
down_revision: str | None = "0105"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "official_space",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "once", sa.LargeBinary(), nullable=False, comment="hash: one form, one row"
        ),
        sa.Column("commune_number", sa.Integer(), nullable=False),
        sa.Column("mandate_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="site|account"),
        sa.Column(
            "url", sa.Text(), nullable=False, comment="as declared, without query or fragment"
        ),
        sa.Column(
            "label", sa.Text(), nullable=False,
            comment="what it is, in the mairie's words; scrubbed",
        ),
        sa.Column(
            "certified_url", sa.Text(), comment="where somebody else certifies it, says the mairie"
        ),
        sa.Column("withdrawn", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("supersedes", sa.BigInteger()),
        sa.Column(
            "declared_at", sa.DateTime(timezone=True), server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("kind in ('site', 'account')", name="ck_official_space_known_kind"),
        sa.ForeignKeyConstraint(
            ["mandate_id"], ["crowd.mandate.id"], name="fk_official_space_mandate_id_mandate"
        ),
        sa.ForeignKeyConstraint(
            ["supersedes"], ["crowd.official_space.id"],
            name="fk_official_space_supersedes_official_space",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_official_space"),
        sa.UniqueConstraint("once", name="uq_official_space_once"),
        sa.UniqueConstraint("supersedes", name="uq_official_space_supersedes"),
        schema="crowd",
    )  # fmt: skip
    op.create_index(
        "ix_official_space_mandate_id", "official_space", ["mandate_id"], schema="crowd"
    )
    op.create_index(
        "ix_official_space_commune", "official_space", ["commune_number", "id"], schema="crowd"
    )
    op.execute(
        "create trigger append_only before update or delete or truncate on crowd.official_space "
        "for each statement execute function catalog.refuse_change()"
    )
    # The list moved where « est-ce officiel ? » can read it too.
    op.alter_column(
        "editor_incident", "editor", schema="harvest", existing_type=sa.Text(),
        existing_nullable=False, comment="as in catalog/editors.toml",
        existing_comment="as in harvest/discover/editors.toml",
    )  # fmt: skip


def downgrade() -> None:
    op.alter_column(
        "editor_incident", "editor", schema="harvest", existing_type=sa.Text(),
        existing_nullable=False, comment="as in harvest/discover/editors.toml",
        existing_comment="as in catalog/editors.toml",
    )  # fmt: skip
    op.drop_table("official_space", schema="crowd")
