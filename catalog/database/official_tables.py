"""The shape of what mairies declare as theirs: sites and accounts, each statement kept."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)
from sqlalchemy import text as sql

from catalog.database.tables import MOMENT, NOW, metadata

# Append-only (a trigger refuses the rest): a correction and a withdrawal are rows that supersede
# another one, each of which has one successor at most.
official_space = Table(
    "official_space",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("once", LargeBinary, nullable=False, unique=True, comment="hash: one form, one row"),
    Column("commune_number", Integer, nullable=False),
    Column("mandate_id", BigInteger, ForeignKey("crowd.mandate.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False, comment="site|account"),
    Column("url", Text, nullable=False, comment="as declared, without query or fragment"),
    Column("label", Text, nullable=False, comment="what it is, in the mairie's words; scrubbed"),
    Column("certified_url", Text, comment="where somebody else certifies it, says the mairie"),
    Column("withdrawn", Boolean, nullable=False, server_default=sql("false")),
    Column("supersedes", BigInteger, ForeignKey("crowd.official_space.id"), unique=True),
    Column("declared_at", MOMENT, nullable=False, server_default=NOW),
    CheckConstraint("kind in ('site', 'account')", name="known_kind"),
    Index("ix_official_space_commune", "commune_number", "id"),
    schema="crowd",
)
