"""Faces and difficulties that people tell of a procedure, and its owner's answers."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0070"
down_revision: str | None = "0060"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")
TABLES = ("voice_origin", "procedure_answer", "difficulty", "face_day", "face", "procedure")


def of_procedure(*, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column("procedure_id", sa.Text(), nullable=False, primary_key=primary_key)


def belongs(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["procedure_id"], ["crowd.procedure.id"], name=f"fk_{table}_procedure_id_procedure"
    )


def number(table: str) -> tuple[sa.Column[int], sa.PrimaryKeyConstraint]:
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )


def upgrade() -> None:
    op.create_table(
        "procedure",
        sa.Column(
            "id", sa.Text(), nullable=False, comment="in addresses and snippets; opens nothing"
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="site|commune|registered"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "owner", sa.Text(), nullable=False,
            comment="the body, as declared: nobody has checked it",
        ),
        sa.Column("url", sa.Text(), comment="null: this site"),
        sa.Column(
            "host", sa.Text(), comment="of url, without www.: where its button may send from"
        ),
        sa.Column("owner_hash", sa.LargeBinary(), comment="of the owner's private link"),
        sa.Column("once", sa.LargeBinary(), comment="one form, one procedure"),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint(
            "kind in ('site', 'commune', 'registered')", name="ck_procedure_known_kind"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_procedure"),
        sa.UniqueConstraint("owner_hash", name="uq_procedure_owner_hash"),
        sa.UniqueConstraint("once", name="uq_procedure_once"),
        schema="crowd",
    )  # fmt: skip
    op.create_table(
        "face",
        *number("face"),
        sa.Column(
            "once", sa.LargeBinary(), nullable=False, comment="hash: one click, one row"
        ),
        of_procedure(),
        sa.Column(
            "level", sa.SmallInteger(), nullable=False, comment="1 very unhappy ... 5 very happy"
        ),
        sa.Column("screen", sa.Text(), comment="which screen of the procedure, as its page says"),
        sa.Column("channel", sa.Text(), nullable=False, comment="page|embed|poster"),
        sa.Column("at", MOMENT, server_default=NOW, nullable=False),
        sa.Column(
            "held", sa.Text(),
            comment="why it is not counted: crowd.ratings.Stuffing; null: counted",
        ),
        sa.CheckConstraint("level between 1 and 5", name="ck_face_five_levels"),
        belongs("face"),
        sa.UniqueConstraint("once", name="uq_face_once"),
        schema="crowd",
    )  # fmt: skip
    op.create_index("ix_face_recent", "face", ["procedure_id", "at"], schema="crowd")
    op.create_table(
        "face_day",
        of_procedure(),
        sa.Column("day", sa.Date(), nullable=False, comment="in Paris"),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        belongs("face_day"),
        sa.PrimaryKeyConstraint("procedure_id", "day", "level", name="pk_face_day"),
        schema="crowd",
    )
    op.create_table(
        "difficulty",
        *number("difficulty"),
        sa.Column("reference", sa.Text(), nullable=False, comment="what people quote"),
        sa.Column("once", sa.LargeBinary(), nullable=False, comment="hash: one form, one row"),
        of_procedure(),
        sa.Column("kind", sa.Text(), nullable=False, comment="crowd.voices.Kind"),
        sa.Column("page", sa.Text(), comment="path of ours, or address without query"),
        sa.Column("screen", sa.Text()),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), comment="scrubbed; erased after its time"),
        sa.Column(
            "scrubbed", postgresql.ARRAY(sa.Text()), nullable=False,
            comment="kinds of what was taken out",
        ),
        sa.Column("channel", sa.Text(), nullable=False, comment="page|embed|poster"),
        sa.Column("state", sa.Text(), nullable=False, comment="new|held|seen|done"),
        sa.Column("at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("seen_at", MOMENT),
        sa.CheckConstraint(
            "state in ('new', 'held', 'seen', 'done')", name="ck_difficulty_known_state"
        ),
        belongs("difficulty"),
        sa.UniqueConstraint("reference", name="uq_difficulty_reference"),
        sa.UniqueConstraint("once", name="uq_difficulty_once"),
        schema="crowd",
    )  # fmt: skip
    op.create_index("ix_difficulty_list", "difficulty", ["state", "id"], schema="crowd")
    op.create_index("ix_difficulty_procedure", "difficulty", ["procedure_id", "id"], schema="crowd")
    op.create_table(
        "procedure_answer",
        *number("procedure_answer"),
        of_procedure(),
        sa.Column("once", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False, comment="owner, or account:12"),
        sa.Column("at", MOMENT, server_default=NOW, nullable=False),
        belongs("procedure_answer"),
        sa.UniqueConstraint("once", name="uq_procedure_answer_once"),
        schema="crowd",
    )
    op.create_index(
        "ix_procedure_answer_procedure_id", "procedure_answer", ["procedure_id"], schema="crowd"
    )
    op.create_table(
        "voice_origin",
        *number("voice_origin"),
        of_procedure(),
        sa.Column(
            "network", sa.LargeBinary(), nullable=False, comment="keyed hash of a /24 or /48"
        ),
        sa.Column("at", MOMENT, server_default=NOW, nullable=False),
        belongs("voice_origin"),
        schema="crowd",
    )
    op.create_index(
        "ix_voice_origin_recent", "voice_origin", ["procedure_id", "network", "at"],
        schema="crowd",
    )  # fmt: skip
    op.create_index("ix_voice_origin_at", "voice_origin", ["at"], schema="crowd")
    # This very site, of which people may speak from its first page on.
    op.execute(
        "insert into crowd.procedure (id, kind, name, owner) "
        "values ('guichet', 'site', 'Guichet', 'Guichet')"
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table, schema="crowd")
