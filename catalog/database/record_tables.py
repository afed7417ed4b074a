"""The shape of harvested records: descriptions of datasets and services that portals publish.

A record is what one source says of one thing. The same thing described by several portals is
several records with one `group_id`: nothing is lost by grouping, and it can be undone.
"""

from geoalchemy2 import Geometry
from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from catalog.database.tables import MOMENT, NOW, metadata

record = Table(
    "record",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True, comment="stable hub id"),
    Column("source_id", Text, ForeignKey("catalog.source.id"), nullable=False),
    Column("remote_id", Text, nullable=False, comment="the portal's own id, as of now"),
    Column("type", Text, nullable=False, comment="dataset|service"),
    Column("title", Text, nullable=False),
    Column("description", Text, comment="plain text; null: none published"),
    Column("keywords", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("themes", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("publisher", Text),
    Column("licence", Text),
    Column("language", Text, comment="two letters where it could be read"),
    Column("landing_page", Text),
    Column("distributions", JSONB, nullable=False, server_default=text("'[]'")),
    Column("extent", Geometry("POLYGON", srid=4326, spatial_index=False), comment="null: unknown"),
    Column("temporal_start", Date),
    Column("temporal_end", Date),
    Column("source_created", MOMENT, comment="as the portal says"),
    Column("source_updated", MOMENT, comment="as the portal says"),
    Column("group_id", BigInteger, nullable=False, comment="smallest id among its duplicates"),
    Column("fingerprint", Text, nullable=False),
    Column("evidence_id", BigInteger, ForeignKey("catalog.evidence.id"), nullable=False),
    Column("page_sha256", Text, nullable=False, comment="the raw answer that holds it"),
    Column("first_seen", MOMENT, nullable=False, server_default=NOW),
    Column("observed_at", MOMENT, nullable=False, comment="when it last said something new"),
    Column("orphan_since", MOMENT, comment="missing from whole readings since; null: there"),
    Column("withdrawn_at", MOMENT, comment="missing for too long; null: published"),
    Column("words", TSVECTOR, nullable=False),
    UniqueConstraint("source_id", "remote_id"),
    Index("ix_record_words", "words", postgresql_using="gin"),
    Index("ix_record_extent", "extent", postgresql_using="gist"),
    Index("ix_record_unplaced", "id", postgresql_where=text("extent is null")),
    Index("ix_record_keywords", "keywords", postgresql_using="gin"),
    Index("ix_record_group_id", "group_id"),
    CheckConstraint("type in ('dataset', 'service')", name="type_known"),
    schema="catalog",
)
# Every name that a record has or had at its source: a portal that renames its ids makes no
# duplicate, and an old address of ours still finds the record.
record_alias = Table(
    "record_alias",
    metadata,
    Column("source_id", Text, primary_key=True),
    Column("name", Text, primary_key=True, comment="remote id, DOI, URI, landing page"),
    Column("record_id", BigInteger, ForeignKey("catalog.record.id"), nullable=False, index=True),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    schema="catalog",
)
# What two records of different portals must share to be called the same thing.
record_key = Table(
    "record_key",
    metadata,
    Column("record_id", BigInteger, ForeignKey("catalog.record.id"), primary_key=True),
    Column("key", Text, primary_key=True, comment="doi:, uri:, page:, same:"),
    Index("ix_record_key_key", "key"),
    schema="catalog",
)
# What a source said of a record, each time it said something new. Append-only.
record_version = Table(
    "record_version",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("record_id", BigInteger, nullable=False, index=True),
    Column("event", Text, nullable=False, comment="new|changed|renamed|orphan|withdrawn|back"),
    Column("fields", JSONB, comment="null: nothing was said, it is missing"),
    Column("evidence_id", BigInteger, ForeignKey("catalog.evidence.id"), nullable=False),
    Column("observed_at", MOMENT, nullable=False),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    schema="catalog",
)
