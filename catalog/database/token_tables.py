"""The shape of tokens: how a program speaks for a commune."""

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, LargeBinary, Table, Text

from catalog.database.tables import MOMENT, NOW, metadata

# A token is a session of its mandate that does not end by idling: it lapses with the mandate, and
# whatever makes a session void makes it void. Here is only how its holder finds it again.
mandate_token = Table(
    "mandate_token",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column(
        "token_hash",
        LargeBinary,
        ForeignKey("crowd.mandate_session.token_hash", ondelete="CASCADE"),
        nullable=False,
        unique=True,
        comment="that of its session",
    ),
    Column(
        "mandate_id",
        BigInteger,
        ForeignKey("crowd.mandate.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("label", Text, nullable=False, comment="what its holder calls it"),
    Column("made_at", MOMENT, nullable=False, server_default=NOW),
    schema="crowd",
)
