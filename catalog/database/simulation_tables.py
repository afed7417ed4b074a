"""The shape of what simulators keep for a while: batches that are computed behind the visitor."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Identity,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from catalog.database.tables import MOMENT, NOW, metadata

# No row of what was asked is here: rows and answers are files of var/batches, erased in time.
simulation_batch = Table(
    "batch",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True,
           comment="names the job and its files; tells nothing, and opens nothing"),
    Column("id", Text, nullable=False, unique=True,
           comment="128 random bits, base64url: the only way to the answers"),
    Column("simulator", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("law_date", Date, comment="as asked; null: the last one that is known"),
    Column("asked_type", Text, nullable=False, comment="media type of the rows"),
    Column("answer_type", Text, nullable=False, comment="media type of the answers"),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("rows_total", Integer, nullable=False),
    Column("rows_done", Integer, nullable=False, server_default="0"),
    Column("rows_wrong", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("problem", Text, comment="why the whole of it failed"),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    Column("told_at", MOMENT, nullable=False, server_default=NOW,
           comment="the last sign of life of whoever computes it"),
    Column("ended_at", MOMENT),
    Column("expires_at", MOMENT, nullable=False),
    Column("door", Text, nullable=False, server_default="batch",
           comment="batch: many rows, /api/v1; process: one execution, /ogc"),
    Column("listed", Boolean, nullable=False, server_default=text("false"),
           comment="whether anybody may see that it exists"),
    Column("subscriber", JSONB, comment="whom to call back"),
    Column("started_at", MOMENT),
    CheckConstraint("door in ('batch', 'process')", name="door"),
    CheckConstraint(
        "state in ('waiting', 'running', 'done', 'failed', 'cancelled')", name="state"
    ),
    schema="simulators",
)  # fmt: skip
