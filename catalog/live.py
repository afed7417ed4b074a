"""Edits that readers see within a second: statements that people make one at a time.

A harvest appends by the million and is scored at its end. A person's statement is appended in the
transaction of the decision that believes it, with a note that its pair waits for a score; then
`score`, in a transaction of its own, refreshes these pairs alone. A process that is killed between
the two loses nothing: whoever calls `score` next (every worker does, each minute) does it.

Web processes follow `catalog.change` (`latest`, `between`) and drop what they hold of the services
that it names.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

from catalog import materialise
from catalog.database import pools
from catalog.database.queries import query
from catalog.observations import Observation
from config.settings import Settings


@dataclass(frozen=True, slots=True)
class Touched:
    """What changed between two numbers: the services, and the communes (by their number)."""

    services: frozenset[str]
    communes: frozenset[int]


async def append(
    aconn: psycopg.AsyncConnection[Any], observations: Iterable[Observation]
) -> list[int]:
    """Append statements about communes in the caller's transaction; their ids, in order.

    The caller commits, then has `score` run. Raises ValueError for a statement about all of
    France: those are the law's, and are harvested.
    """
    ids = []
    for one in observations:
        if one.commune_number is None:
            raise ValueError("A live statement is about one commune.")
        cursor = await aconn.execute(query("catalog", "observation_append"), _values(one))
        row = await cursor.fetchone()
        assert row is not None  # noqa: S101 the statement always returns its row
        ids.append(int(row[0]))
        pair = {"service": one.service, "commune_number": one.commune_number}
        await aconn.execute(query("catalog", "unscored_add"), pair)
    return ids


def score(conn: psycopg.Connection[Any]) -> int:
    """Score the pairs that wait, and commit; how many there were.

    Waits for a refresh that is under way. Pairs are refreshed service by service, so that one
    busy commune does not have all its services compared.
    """
    conn.execute("select pg_advisory_xact_lock(%s)", (materialise.LOCK,))
    waiting: dict[str, list[int]] = {}
    for service, number in conn.execute(query("catalog", "unscored_take")):
        waiting.setdefault(service, []).append(number)
    for service, numbers in sorted(waiting.items()):
        materialise.refresh(conn, [service], numbers)
    conn.commit()
    return sum(len(numbers) for numbers in waiting.values())


def settle(settings: Settings) -> int:
    """`score` on a connection of its own: what a handler runs in a thread after its commit."""
    with pools.connect(settings, "harvest") as conn:
        return score(conn)


async def latest(aconn: psycopg.AsyncConnection[Any]) -> int:
    """The number of the latest change that readers can see; 0 before the first."""
    cursor = await aconn.execute(query("catalog", "change_latest"))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def between(aconn: psycopg.AsyncConnection[Any], since: int, upto: int) -> Touched:
    """What changed after number `since`, up to `upto`."""
    cursor = await aconn.execute(query("catalog", "change_between"), {"since": since, "upto": upto})
    rows = await cursor.fetchall()
    return Touched(
        frozenset(service for service, _ in rows),
        frozenset(number for _, communes in rows for number in communes),
    )


def _values(one: Observation) -> dict[str, Any]:
    return {
        "commune_number": one.commune_number,
        "service": one.service,
        "state": None if one.state is None else int(one.state),
        "attributes": json.dumps(one.attributes, ensure_ascii=False, sort_keys=True),
        "url": one.url,
        "provider": one.provider,
        "nature": one.nature.value,
        "source_id": one.source_id,
        "evidence_id": one.evidence_id,
        "seen": one.seen,
        "observed_at": one.observed_at,
        "valid_until": one.valid_until,
        "supersedes": one.supersedes,
    }
