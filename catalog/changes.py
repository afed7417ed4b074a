"""What changed, in the order in which readers could see it: a feed that one can resume.

An entry says *that* a pair changed, and what is said of it now. A reader who applies them in order
ends with what the hub says, wherever they began and however often they were cut off: an entry read
twice, or overtaken by a later one, only says the present again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from catalog.database.queries import query
from catalog.states import State


@dataclass(frozen=True, slots=True)
class Change:
    """What is said now of a pair that was touched at `position`.

    `valid_from` and what follows are None for a pair of which nothing is said.
    """

    position: int
    commune_code: str
    service: str
    state: State
    level: int | None
    reason: str | None
    valid_from: datetime | None
    valid_to: datetime | None
    source_id: str | None
    seen: str | None
    recorded_at: datetime


async def read(
    aconn: psycopg.AsyncConnection[Any], since: int, limit: int, at: datetime
) -> list[Change]:
    """The changes after position `since`, at most `limit`, with what is said at `at`.

    Positions are given and committed in the same order: a reader who resumes misses none.
    """
    # Positions stay within 63 bits, whatever was asked.
    since = min(since, 2**62)
    cursor = await aconn.execute(
        query("catalog", "changes"), {"since": since, "limit": limit, "at": at}
    )
    return [
        Change(position, code, service, State(state or 0), *rest)
        for position, code, service, state, *rest in await cursor.fetchall()
    ]
