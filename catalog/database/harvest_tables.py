"""The shapes of what harvests remember: vanished offices, former ids, losses to look at.

Its own file so that tables.py stays the catalogue's; `catalog.database.migrate` imports it, and
the drift check then compares it too.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from catalog.database.tables import MOMENT, NOW, metadata

# An office that its source no longer lists. It is still shown, with the date, until the grace
# period is over; listed again, it has the same id and loses this row. A withdrawn one keeps it.
office_orphan = Table(
    "office_orphan",
    metadata,
    Column(
        "office_id",
        BigInteger,
        ForeignKey("catalog.office.id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("since", MOMENT, nullable=False, comment="day of the first list without it"),
    Column("evidence_id", BigInteger, ForeignKey("catalog.evidence.id"), nullable=False),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    schema="catalog",
)
# The ids that a source gave to an office before it renamed it: they find the same office.
office_alias = Table(
    "office_alias",
    metadata,
    Column("source_id", Text, ForeignKey("catalog.source.id"), primary_key=True),
    Column("remote_id", Text, primary_key=True, comment="the source's former id"),
    Column("office_id", BigInteger, ForeignKey("catalog.office.id"), nullable=False, index=True),
    Column("score", Double, nullable=False, comment="0..1, catalog.likeness"),
    Column("explained", JSONB, nullable=False, comment="what was compared, and how alike it is"),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    schema="catalog",
)
# Two offices of different sources that may be one place, with why. A person's `different` is never
# asked again, nor merged by the machine.
office_pair = Table(
    "office_pair",
    metadata,
    Column(
        "low_id",
        BigInteger,
        ForeignKey("catalog.office.id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column(
        "high_id",
        BigInteger,
        ForeignKey("catalog.office.id"),
        primary_key=True,
        autoincrement=False,
        index=True,
    ),
    Column("score", Double, nullable=False, comment="0..1, catalog.likeness"),
    Column("explained", JSONB, nullable=False, comment="what was compared, and how alike it is"),
    Column("different", Boolean, nullable=False, server_default=text("false")),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    CheckConstraint("low_id < high_id", name="low_first"),
    schema="catalog",
)
# The journal of what was decided on pairs: merges and splits, « two places » and its withdrawal.
# Append-only; catalog.office_redirect holds what is merged now, office_pair.different the rest.
office_merge = Table(
    "office_merge",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("action", Text, nullable=False, comment="merge|split|apart|reopen"),
    Column("kept_id", BigInteger, nullable=False, index=True),
    Column("merged_id", BigInteger, nullable=False, index=True),
    Column("score", Double, comment="0..1; null: a person decided without one"),
    Column("explained", JSONB),
    Column("decided_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    CheckConstraint("action in ('merge', 'split', 'apart', 'reopen')", name="action_name"),
    schema="catalog",
)
# What people corrected, field by field. Append-only: the newest row of a field counts, and a
# harvest never overwrites it. `decided_by` is a pseudonym: who it is lives in crowd, and there it
# can be erased.
office_correction = Table(
    "office_correction",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("office_id", BigInteger, nullable=False),
    Column("field", Text, nullable=False),
    Column("value", JSONB, comment="{value: ...}; null: the correction ends"),
    Column("nature", Text, nullable=False, comment="see catalog.observations.Nature"),
    Column("decided_by", Text, nullable=False),
    Column("seen", Text, nullable=False, comment="what was seen or said, verbatim"),
    Column("evidence_id", BigInteger, ForeignKey("catalog.evidence.id")),
    Column("observed_at", MOMENT, nullable=False),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    Column("supersedes", BigInteger),
    Index("ix_office_correction_subject", "office_id", "field", "id"),
    schema="catalog",
)
# What the brake did not believe, whole, until a person releases or dismisses it with a reason.
hold = Table(
    "hold",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("run_id", BigInteger, ForeignKey("harvest.run.id"), nullable=False, index=True),
    Column("source_id", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="facts|offices|records"),
    Column("cause", Text, nullable=False, comment="why the brake held, in one sentence"),
    Column("evidence_id", BigInteger, ForeignKey("catalog.evidence.id")),
    Column("observed_at", MOMENT, nullable=False, comment="when the source was so"),
    Column("items", JSONB, nullable=False, comment="what would be withdrawn, item by item"),
    Column("state", Text, nullable=False, server_default=text("'open'")),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    Column("decided_at", MOMENT),
    Column("decided_by", Text),
    Column("reason", Text),
    CheckConstraint("state in ('open', 'released', 'dismissed', 'superseded')", name="state_name"),
    CheckConstraint(
        "state not in ('released', 'dismissed') or (decided_by <> '' and reason <> '')",
        name="decided_with_a_reason",
    ),
    Index("ix_hold_source_id", "source_id", "subject", "state"),
    schema="harvest",
)
# An editor whose doors did not answer when a commune's site was visited: one line for the editor,
# however many communes send their residents there, and none of them loses anything by it.
editor_incident = Table(
    "editor_incident",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("editor", Text, nullable=False, comment="as in catalog/editors.toml"),
    Column("message", Text, nullable=False),
    Column("opened_at", MOMENT, nullable=False, server_default=NOW),
    Column("closed_at", MOMENT, comment="null: its doors do not answer now"),
    Index(
        "uq_editor_incident_open", "editor", unique=True, postgresql_where=text("closed_at is null")
    ),
    schema="harvest",
)
# The plan of a run in lines that people read, whether it was applied, held or only printed.
run_plan = Table(
    "run_plan",
    metadata,
    Column(
        "run_id",
        BigInteger,
        ForeignKey("harvest.run.id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("lines", ARRAY(Text), nullable=False),
    schema="harvest",
)
# How far the harvests are that run now, for people who watch. A row whose process died stays until
# the next harvest of its source; `at` says how old it is.
progress = Table(
    "progress",
    metadata,
    Column("source_id", Text, primary_key=True),
    Column("what", Text, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, comment="null: nobody knows"),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    schema="harvest",
)
# What the server said of a file that is polled, and which bytes were applied.
polled = Table(
    "polled",
    metadata,
    Column("source_id", Text, ForeignKey("catalog.source.id"), primary_key=True),
    Column("url", Text, nullable=False),
    Column("etag", Text, comment="as the server wrote it"),
    Column("modified", Text, comment="Last-Modified, as the server wrote it"),
    Column("sha256", Text, nullable=False),
    Column("applied_on", Date, nullable=False, comment="the day that it speaks of"),
    Column("looked_at", MOMENT, nullable=False, server_default=NOW),
    schema="harvest",
)
