"""The shapes of what a commune wants hidden: office telephones, with the trace of who decided."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Integer, Table, Text

from catalog.database.tables import MOMENT, NOW, metadata

# The numbers hidden now. A number, not an office: harvests, renames and merges change nothing.
withheld_phone = Table(
    "withheld_phone",
    metadata,
    Column("commune_number", Integer, primary_key=True, autoincrement=False),
    Column("digits", Text, primary_key=True, comment="catalog.phone_digits: the last nine"),
    Column("since", MOMENT, nullable=False, server_default=NOW),
    schema="catalog",
)
# Who hid and showed again. Append-only.
withholding = Table(
    "withholding",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("commune_number", Integer, nullable=False),
    Column("digits", Text, nullable=False),
    Column("action", Text, nullable=False, comment="withhold|restore"),
    Column("decided_by", Text, nullable=False, comment="mandate:3; never a name"),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    CheckConstraint("action in ('withhold', 'restore')", name="action_name"),
    Index("ix_withholding_commune_number", "commune_number", "id"),
    schema="catalog",
)
