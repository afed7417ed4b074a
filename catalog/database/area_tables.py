"""The shape of area facts: dated characteristics of communes that are no service."""

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Integer, Table, Text

from catalog.database.tables import MOMENT, NOW, metadata

# Append-only, like observations: a value that changes is a new row with its own day. A commune
# that a later file leaves out keeps its last value, which always shows its day.
area_fact = Table(
    "area_fact",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("commune_number", Integer, ForeignKey("catalog.commune.number"), nullable=False),
    Column("subject", Text, nullable=False, comment="id in the source's mapping"),
    Column("value", Text, nullable=False, comment="as published"),
    Column("source_id", Text, ForeignKey("catalog.source.id"), nullable=False),
    Column("evidence_id", BigInteger, ForeignKey("catalog.evidence.id"), nullable=False),
    Column("observed_at", MOMENT, nullable=False),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    Index("ix_area_fact_subject", "commune_number", "subject", "observed_at"),
    Index("ix_area_fact_source", "source_id", "subject"),
    schema="catalog",
)
area_subject = Table(
    "area_subject",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source_id", Text, ForeignKey("catalog.source.id"), nullable=False),
    Column("title_fr", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("unit", Text, nullable=False),
    schema="catalog",
)
