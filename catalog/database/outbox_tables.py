"""The shape of the outbox: the journal of what was sent, and apart from it the letters.

A letter holds what is personal (an address, a private link); it is erased some days after it
was sent, or at once when somebody asks. The journal that stays names nobody.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, SmallInteger, Table, Text
from sqlalchemy import text as sql

from catalog.database.tables import MOMENT, NOW, metadata

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("purpose", Text, nullable=False, comment="why it is sent: contribution-received..."),
    Column("key", Text, unique=True, comment="the same key is one mail, however often it is asked"),
    Column("created_at", MOMENT, nullable=False, server_default=NOW),
    Column("attempts", SmallInteger, nullable=False, server_default=sql("0")),
    Column("next_try_at", MOMENT, nullable=False, server_default=NOW),
    Column("sent_at", MOMENT),
    Column("failed_at", MOMENT, comment="given up; `guichet mail retry` takes it up again"),
    Column("last_error", Text, comment="what the mail server said, without addresses"),
    Index(
        "ix_outbox_waiting",
        "next_try_at",
        postgresql_where=sql("sent_at is null and failed_at is null"),
    ),
    schema="catalog",
)
outbox_letter = Table(
    "outbox_letter",
    metadata,
    Column(
        "mail_id",
        BigInteger,
        ForeignKey("catalog.outbox.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("recipient", Text, nullable=False),
    Column("reply_to", Text),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_outbox_letter_recipient", "recipient"),
    schema="catalog",
)
