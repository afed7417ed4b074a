"""Good practices: sheets, versions, adoptions, outcomes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0111"
down_revision: str | None = "0110"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")
FALSE = sa.text("false")
TABLES = ("practice_adoption", "practice_outcome", "practice_decision", "practice_origin",
          "practice_contact", "practice_words", "practice_version", "practice")  # fmt: skip


def number(table: str) -> tuple[sa.Column[int], sa.PrimaryKeyConstraint]:
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )


def belongs(table: str, *, dies: bool = False) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["practice_id"], ["crowd.practice.id"], name=f"fk_{table}_practice_id_practice",
        ondelete="CASCADE" if dies else None,
    )  # fmt: skip


def of_practice() -> sa.Column[int]:
    return sa.Column("practice_id", sa.BigInteger(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "practice",
        *number("practice"),
        sa.Column("reference", sa.Text(), nullable=False, comment="what people quote"),
        sa.Column("once", sa.LargeBinary(), nullable=False, comment="hash: one form, one row"),
        sa.Column(
            "token_hash", sa.LargeBinary(), nullable=False, comment="of the owner's link"
        ),
        sa.Column("commune_number", sa.Integer(), nullable=False, comment="where it is done"),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=False, comment="crowd.speakers.Kind"),
        sa.Column("mandate_id", sa.BigInteger(), comment="of an agent: which mandate spoke"),
        sa.Column(
            "account_id", sa.BigInteger(), comment="who was logged in; they never decide on it"
        ),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="crowd.practices.State"),
        sa.Column(
            "version", sa.Integer(), server_default=sa.text("1"), nullable=False,
            comment="of the state",
        ),
        sa.Column(
            "published_version", sa.BigInteger(), comment="the practice_version that readers see"
        ),
        sa.Column(
            "waiting_version", sa.BigInteger(), comment="the one that a moderator is to look at"
        ),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column(
            "published_at", MOMENT, comment="the last time that a version was published"
        ),
        sa.Column("confirmed_at", MOMENT, comment="the owner last said what became of it"),
        sa.Column("asked_at", MOMENT, comment="the owner was last asked what became of it"),
        sa.CheckConstraint(
            "state in ('waiting', 'held', 'asked', 'published', 'refused', 'withdrawn')",
            name="ck_practice_known_state",
        ),
        sa.UniqueConstraint("reference", name="uq_practice_reference"),
        sa.UniqueConstraint("once", name="uq_practice_once"),
        sa.UniqueConstraint("token_hash", name="uq_practice_token_hash"),
        schema="crowd",
    )  # fmt: skip
    op.create_index("ix_practice_state", "practice", ["state", "id"], schema="crowd")
    op.create_index("ix_practice_commune", "practice", ["commune_number"], schema="crowd")
    op.create_index("ix_practice_service", "practice", ["service"], schema="crowd")
    op.create_table(
        "practice_version",
        *number("practice_version"),
        of_practice(),
        sa.Column("once", sa.LargeBinary(), nullable=False, comment="hash: one form, one row"),
        sa.Column("supersedes", sa.BigInteger()),
        sa.Column("cost", sa.Integer(), comment="euros in all; null: not said"),
        sa.Column(
            "months", sa.SmallInteger(),
            comment="from the decision to the service; null: not said",
        ),
        sa.Column("url", sa.Text(), comment="where it can be seen"),
        sa.Column(
            "sha256", sa.Text(), nullable=False, comment="of its words: what a moderator saw"
        ),
        sa.Column("written_at", MOMENT, server_default=NOW, nullable=False),
        belongs("practice_version"),
        sa.ForeignKeyConstraint(
            ["supersedes"], ["crowd.practice_version.id"],
            name="fk_practice_version_supersedes_practice_version",
        ),
        sa.UniqueConstraint("once", name="uq_practice_version_once"),
        sa.UniqueConstraint("supersedes", name="uq_practice_version_supersedes"),
        schema="crowd",
    )  # fmt: skip
    op.create_table(
        "practice_words",
        sa.Column("version_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("partners", sa.Text(), nullable=False, comment="with whom"),
        sa.Column("wrong", sa.Text(), nullable=False, comment="what went wrong"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["crowd.practice_version.id"],
            name="fk_practice_words_version_id_practice_version",
        ),
        sa.PrimaryKeyConstraint("version_id", name="pk_practice_words"),
        schema="crowd",
    )  # fmt: skip
    for table, column, index in (
        ("practice_contact", sa.Column("email", sa.Text(), nullable=False), False),
        (
            "practice_origin",
            sa.Column(
                "network", sa.LargeBinary(), nullable=False,
                comment="keyed hash of a /24 or /48",
            ),
            True,
        ),
    ):  # fmt: skip
        op.create_table(
            table,
            sa.Column("practice_id", sa.BigInteger(), autoincrement=False, nullable=False),
            column,
            *([sa.Column("at", MOMENT, server_default=NOW, nullable=False)] if index else []),
            belongs(table, dies=True),
            sa.PrimaryKeyConstraint("practice_id", name=f"pk_{table}"),
            schema="crowd",
        )
    op.create_index(
        "ix_practice_origin_network", "practice_origin", ["network", "at"], schema="crowd"
    )
    op.create_table(
        "practice_decision",
        *number("practice_decision"),
        of_practice(),
        sa.Column("version_id", sa.BigInteger(), comment="the version that it is about"),
        sa.Column("at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="account:3, owner, policy"),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), comment="in the decider's words; for the owner"),
        belongs("practice_decision"),
        schema="crowd",
    )
    op.create_table(
        "practice_outcome",
        *number("practice_outcome"),
        of_practice(),
        sa.Column("outcome", sa.Text(), nullable=False, comment="crowd.practices.Outcome"),
        sa.Column("at", MOMENT, server_default=NOW, nullable=False),
        belongs("practice_outcome"),
        schema="crowd",
    )
    op.create_table(
        "practice_adoption",
        *number("practice_adoption"),
        of_practice(),
        sa.Column("commune_number", sa.Integer(), nullable=False),
        sa.Column("mandate_id", sa.BigInteger(), nullable=False),
        sa.Column("given_up", sa.Boolean(), server_default=FALSE, nullable=False),
        sa.Column("supersedes", sa.BigInteger()),
        sa.Column("at", MOMENT, server_default=NOW, nullable=False),
        belongs("practice_adoption"),
        sa.ForeignKeyConstraint(
            ["mandate_id"], ["crowd.mandate.id"], name="fk_practice_adoption_mandate_id_mandate"
        ),
        sa.ForeignKeyConstraint(
            ["supersedes"], ["crowd.practice_adoption.id"],
            name="fk_practice_adoption_supersedes_practice_adoption",
        ),
        sa.UniqueConstraint("supersedes", name="uq_practice_adoption_supersedes"),
        schema="crowd",
    )  # fmt: skip
    for table in ("practice_version", "practice_decision", "practice_outcome"):
        op.create_index(f"ix_{table}_practice_id", table, ["practice_id"], schema="crowd")
    op.create_index(
        "ix_practice_adoption_pair", "practice_adoption",
        ["practice_id", "commune_number", "id"], schema="crowd",
    )  # fmt: skip
    op.create_index(
        "ix_practice_adoption_commune", "practice_adoption", ["commune_number", "practice_id"],
        schema="crowd",
    )  # fmt: skip
    for table in ("practice_version", "practice_outcome", "practice_adoption"):
        op.execute(
            f"create trigger append_only before update or delete or truncate on crowd.{table} "
            "for each statement execute function catalog.refuse_change()"
        )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table, schema="crowd")
