"""What changed, in the order in which we learnt it: a feed that a reader can resume."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from catalog.database.queries import query
from catalog.states import State


@dataclass(frozen=True, slots=True)
class Change:
    """A commune's service entered a state at `valid_from`, by observation `id`."""

    id: int
    commune_code: str
    service: str
    state: State
    level: int | None
    valid_from: datetime
    source_id: str
    seen: str
    recorded_at: datetime


async def read(
    aconn: psycopg.AsyncConnection[Any], since: int, upto: int, limit: int
) -> list[Change]:
    """Changes after observation `since`, up to `upto`, in the order of their observation.

    `upto` is the highest observation of the published generation: identifiers above it may
    still be committed out of order, and a reader who resumes would miss some.
    """
    cursor = await aconn.execute(
        query("catalog", "changes"), {"since": since, "upto": upto, "limit": limit}
    )
    return [
        Change(id_, code, service, State(state), level, start, source, seen, recorded)
        for id_, code, service, state, level, start, source, seen, recorded in (
            await cursor.fetchall()
        )
    ]
