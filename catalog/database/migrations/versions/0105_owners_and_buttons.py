"""Who answers for a procedure, what a moderator hid of it, whether its button is on its page."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0105"
down_revision: str | None = "0100"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    add = op.add_column
    add("procedure", sa.Column("hidden_at", MOMENT, comment="a moderator hid it; null: shown"),
        schema="crowd")  # fmt: skip
    add("procedure", sa.Column("hidden_why", sa.Text(), comment="crowd.owners.REASONS"),
        schema="crowd")  # fmt: skip
    add("procedure", sa.Column("verified_at", MOMENT, comment="null: nobody has checked its owner"),
        schema="crowd")  # fmt: skip
    add("procedure", sa.Column("verified_by", sa.Text(), comment="mandate:12 or account:3"),
        schema="crowd")  # fmt: skip
    commune = "number of the commune whose mandate it is"
    add("procedure", sa.Column("verified_commune", sa.Integer(), comment=commune),
        schema="crowd")  # fmt: skip
    add("procedure_answer", sa.Column("hidden_at", MOMENT, comment="a moderator hid it"),
        schema="crowd")  # fmt: skip
    add("procedure_answer", sa.Column("hidden_why", sa.Text(), comment="crowd.owners.REASONS"),
        schema="crowd")  # fmt: skip
    op.create_table(
        "button_look",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("procedure_id", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False, comment="crowd.buttons.Outcome"),
        sa.Column("url", sa.Text(), nullable=False, comment="what was asked for"),
        sa.Column("detail", sa.Text(), comment="why it could not be read"),
        sa.CheckConstraint(
            "outcome in ('seen', 'not-seen', 'unreachable')", name="ck_button_look_known_outcome"
        ),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["crowd.procedure.id"], name="fk_button_look_procedure_id_procedure"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_button_look"),
        schema="crowd",
    )
    op.create_index(
        "ix_button_look_procedure", "button_look", ["procedure_id", "id"], schema="crowd"
    )


def downgrade() -> None:
    op.drop_table("button_look", schema="crowd")
    for table, columns in (
        ("procedure_answer", ("hidden_why", "hidden_at")),
        ("procedure",
         ("verified_commune", "verified_by", "verified_at", "hidden_why", "hidden_at")),
    ):  # fmt: skip
        for column in columns:
            op.drop_column(table, column, schema="crowd")
