"""The shape of what we doubt in offices as they are published."""

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Table

from catalog.database.tables import metadata

# Offices whose published point lies far outside their commune: kept, and said wherever it is used.
office_far = Table(
    "office_far",
    metadata,
    Column(
        "office_id",
        BigInteger,
        ForeignKey("catalog.office.id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("metres", Double, nullable=False, comment="from its point to its commune's outline"),
    schema="catalog",
)
