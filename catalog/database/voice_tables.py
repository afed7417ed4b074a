"""The shapes of what people say of a procedure: faces, difficulties, and its owner's answers.

Nothing here names anybody: free words are scrubbed before they are written, and the network that
a voice came from is a keyed hash in a table of its own, forgotten within a day.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from catalog.database.tables import MOMENT, NOW, metadata

# An e-procedure that somebody registered, the online services of a commune, or this very site.
procedure = Table(
    "procedure",
    metadata,
    Column("id", Text, primary_key=True, comment="in addresses and snippets; opens nothing"),
    Column("kind", Text, nullable=False, comment="site|commune|registered"),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False, comment="the body, as declared: nobody has checked it"),
    Column("url", Text, comment="null: this site"),
    Column("host", Text, comment="of url, without www.: where its button may send from"),
    Column("owner_hash", LargeBinary, unique=True, comment="of the owner's private link"),
    Column("once", LargeBinary, unique=True, comment="one form, one procedure"),
    Column("created_at", MOMENT, nullable=False, server_default=NOW),
    Column("hidden_at", MOMENT, comment="a moderator hid it; null: shown"),
    Column("hidden_why", Text, comment="crowd.owners.REASONS"),
    Column("verified_at", MOMENT, comment="null: nobody has checked its owner"),
    Column("verified_by", Text, comment="mandate:12 or account:3"),
    Column("verified_commune", Integer, comment="number of the commune whose mandate it is"),
    CheckConstraint("kind in ('site', 'commune', 'registered')", name="known_kind"),
    schema="crowd",
)
face = Table(
    "face",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("once", LargeBinary, nullable=False, unique=True, comment="hash: one click, one row"),
    Column("procedure_id", Text, ForeignKey("crowd.procedure.id"), nullable=False),
    Column("level", SmallInteger, nullable=False, comment="1 very unhappy ... 5 very happy"),
    Column("screen", Text, comment="which screen of the procedure, as its page says"),
    Column("channel", Text, nullable=False, comment="page|embed|poster"),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    Column("held", Text, comment="why it is not counted: crowd.ratings.Stuffing; null: counted"),
    CheckConstraint("level between 1 and 5", name="five_levels"),
    Index("ix_face_recent", "procedure_id", "at"),
    schema="crowd",
)
# What is counted of them: the sum of a procedure's rows that are not held, kept in step by the
# statement that adds a row.
face_day = Table(
    "face_day",
    metadata,
    Column("procedure_id", Text, ForeignKey("crowd.procedure.id"), primary_key=True),
    Column("day", Date, primary_key=True, comment="in Paris"),
    Column("level", SmallInteger, primary_key=True),
    Column("n", Integer, nullable=False),
    schema="crowd",
)
difficulty = Table(
    "difficulty",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("reference", Text, nullable=False, unique=True, comment="what people quote"),
    Column("once", LargeBinary, nullable=False, unique=True, comment="hash: one form, one row"),
    Column("procedure_id", Text, ForeignKey("crowd.procedure.id"), nullable=False),
    Column("kind", Text, nullable=False, comment="crowd.voices.Kind"),
    Column("page", Text, comment="path of ours, or address without query"),
    Column("screen", Text),
    Column("language", Text, nullable=False),
    Column("comment", Text, comment="scrubbed; erased after its time"),
    Column("scrubbed", ARRAY(Text), nullable=False, comment="kinds of what was taken out"),
    Column("channel", Text, nullable=False, comment="page|embed|poster"),
    Column("state", Text, nullable=False, comment="new|held|seen|done"),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    Column("seen_at", MOMENT),
    CheckConstraint("state in ('new', 'held', 'seen', 'done')", name="known_state"),
    Index("ix_difficulty_list", "state", "id"),
    Index("ix_difficulty_procedure", "procedure_id", "id"),
    schema="crowd",
)
# What an owner answers publicly. Never changed: a new answer is a new row.
procedure_answer = Table(
    "procedure_answer",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("procedure_id", Text, ForeignKey("crowd.procedure.id"), nullable=False, index=True),
    Column("once", LargeBinary, nullable=False, unique=True),
    Column("text", Text, nullable=False),
    Column("by", Text, nullable=False, comment="owner, or account:12"),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    Column("hidden_at", MOMENT, comment="a moderator hid it"),
    Column("hidden_why", Text, comment="crowd.owners.REASONS"),
    schema="crowd",
)
# Each look at the page of a procedure: whether its button is there. Never changed.
button_look = Table(
    "button_look",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("procedure_id", Text, ForeignKey("crowd.procedure.id"), nullable=False),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    Column("outcome", Text, nullable=False, comment="crowd.buttons.Outcome"),
    Column("url", Text, nullable=False, comment="what was asked for"),
    Column("detail", Text, comment="why it could not be read"),
    CheckConstraint("outcome in ('seen', 'not-seen', 'unreachable')", name="known_outcome"),
    Index("ix_button_look_procedure", "procedure_id", "id"),
    schema="crowd",
)
# Where voices came from, for a day: what sees a burst from one network.
voice_origin = Table(
    "voice_origin",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("procedure_id", Text, ForeignKey("crowd.procedure.id"), nullable=False),
    Column("network", LargeBinary, nullable=False, comment="keyed hash of a /24 or /48"),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    Index("ix_voice_origin_recent", "procedure_id", "network", "at"),
    Index("ix_voice_origin_at", "at"),
    schema="crowd",
)
