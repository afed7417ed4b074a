"""The audit log: what people with a role did, written in the transaction of the action.

PostgreSQL numbers the rows without gaps and chains their hashes; `verify` says where the chain
breaks. Details hold no personal data, because nothing here can ever be erased.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from catalog.database.queries import query


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the log."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]


def _values(actor: str, action: str, subject: str, details: Mapping[str, Any]) -> dict[str, Any]:
    text = json.dumps(details, ensure_ascii=False, sort_keys=True)
    return {"actor": actor, "action": action, "subject": subject, "details": text}


async def write(
    aconn: psycopg.AsyncConnection[Any], actor: str, action: str, subject: str, **details: Any
) -> None:
    """Add a row, in the caller's transaction: the action and its trace stand or fall together.

    Call it last: until the transaction ends, other actions wait for their number.
    """
    await aconn.execute(query("crowd", "audit_add"), _values(actor, action, subject, details))


def write_now(
    conn: psycopg.Connection[Any], actor: str, action: str, subject: str, **details: Any
) -> None:
    """The synchronous twin of `write`, for commands and tasks."""
    conn.execute(query("crowd", "audit_add"), _values(actor, action, subject, details))


async def latest(
    aconn: psycopg.AsyncConnection[Any], before: int | None, limit: int, subject: str | None = None
) -> list[Entry]:
    """The rows below number `before` (None: from the last one), newest first."""
    values = {"before": before, "limit": limit, "subject": subject}
    cursor = await aconn.execute(query("crowd", "audit_latest"), values)
    return [Entry(*row) for row in await cursor.fetchall()]


def verify(conn: psycopg.Connection[Any]) -> int | None:
    """The number of the first row where the chain breaks; None: it holds from end to end.

    Rows cut off at the end leave no trace in the chain itself: compare the last number with a
    copy kept elsewhere, such as a backup.
    """
    row = conn.execute(query("crowd", "audit_verify")).fetchone()
    return None if row is None else int(row[0])
