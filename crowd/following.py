"""What the author of a contribution sees and may do: follow, answer, confirm, take away, erase."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog import outbox
from catalog.database.queries import query
from catalog.referential import Service
from config.errors import Conflict
from crowd.contributions import Contribution, State
from crowd.receiving import reconsider

LONGEST_ANSWER = 1000


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was decided, asked or answered. `text` is None when there was none, or once
    it was erased."""

    id: int
    at: datetime
    actor: str
    action: str
    reason: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Delay:
    """How long decisions took: the median in seconds, None below the threshold; of how many."""

    median: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A contribution that changed what the map says: nothing personal but a name, if asked for."""

    id: int
    commune_code: str
    commune: str
    service: str
    kind: str
    decided_at: datetime
    before: int
    after: int | None
    thanks_name: str | None
    speaker: str


async def steps(aconn: psycopg.AsyncConnection[Any], id_: int) -> list[Step]:
    """What happened to a contribution, oldest first."""
    async with aconn.cursor(row_factory=class_row(Step)) as cursor:
        await cursor.execute(query("crowd", "decisions"), {"id": id_})
        return await cursor.fetchall()


async def on_the_map(aconn: psycopg.AsyncConnection[Any], id_: int) -> tuple[bool, datetime | None]:
    """Whether what a contribution became is scored (what readers see now counts it), and when it
    was published."""
    row = await (await aconn.execute(query("crowd", "on_the_map"), {"id": id_})).fetchone()
    return (False, None) if row is None else (bool(row[0]), row[1])


async def delay(
    aconn: psycopg.AsyncConnection[Any], commune_number: int | None, fewest: int
) -> Delay:
    """The median delay of the last year's decisions; said only with enough of them."""
    values = {"commune": commune_number}
    row = await (await aconn.execute(query("crowd", "median_delay"), values)).fetchone()
    median, n = row if row is not None else (None, 0)
    return Delay(float(median) if median is not None and n >= fewest else None, n)


async def delays(
    aconn: psycopg.AsyncConnection[Any], fewest: int, most: int = 200
) -> list[tuple[str, str, Delay]]:
    """(code, name, delay) of the communes that have enough decisions, most decisions first."""
    values = {"fewest": fewest, "most": most}
    cursor = await aconn.execute(query("crowd", "median_delays"), values)
    return [(code, name, Delay(float(m), n)) for code, name, m, n in await cursor.fetchall()]


async def changed(
    aconn: psycopg.AsyncConnection[Any],
    before: int | None,
    limit: int,
    commune_number: int | None = None,
) -> list[Changed]:
    """What changed thanks to people, the latest first, below an id; in one commune or anywhere."""
    values = {"before": before, "limit": limit, "commune": commune_number}
    async with aconn.cursor(row_factory=class_row(Changed)) as cursor:
        await cursor.execute(query("crowd", "changed"), values)
        return await cursor.fetchall()


async def has_photo(aconn: psycopg.AsyncConnection[Any], id_: int) -> bool:
    row = await (await aconn.execute(query("crowd", "photo_of"), {"id": id_})).fetchone()
    return row is not None


async def photo(aconn: psycopg.AsyncConnection[Any], id_: int) -> bytes | None:
    row = await (await aconn.execute(query("crowd", "photo_of"), {"id": id_})).fetchone()
    return None if row is None else bytes(row[0])


async def answer(aconn: psycopg.AsyncConnection[Any], one: Contribution, text: str) -> None:
    """The author answers what a moderator asked. Raises Conflict when nothing is asked now."""
    async with aconn.transaction():
        values = {"id": one.id, "version": one.version}
        row = await (await aconn.execute(query("crowd", "answered"), values)).fetchone()
        if row is None:
            raise Conflict("Nothing is asked about this contribution any more.")
        decision = {"contribution": one.id, "actor": "author", "action": "answer",
                    "reason": "answer", "text": text[:LONGEST_ANSWER]}  # fmt: skip
        await aconn.execute(query("crowd", "decision_add"), decision)


async def confirm(
    aconn: psycopg.AsyncConnection[Any], one: Contribution, service: Service, now: datetime
) -> bool:
    """The link of a mail came back: the address is its author's. True: something was published.

    What one address confirms has one voice and a track record, so the policy judges again.
    """
    async with aconn.transaction():
        row = await (await aconn.execute(query("crowd", "confirm"), {"id": one.id})).fetchone()
        if row is None:
            return False
        await aconn.execute(query("crowd", "confirmed_voice"), {"id": one.id})
        return await reconsider(aconn, one.id, service, now)


async def erase(aconn: psycopg.AsyncConnection[Any], one: Contribution) -> None:
    """Forget who said it and in which words. A fact that was published stays, anonymous."""
    async with aconn.transaction():
        if one.email is not None:
            await outbox.erase(aconn, one.email)
        await aconn.execute(query("crowd", "erase"), {"id": one.id})


def exported(one: Contribution, happened: list[Step], photo_bytes: int) -> bytes:
    """All that is kept of a contribution, in JSON, for its author."""
    content = {
        "reference": one.reference,
        "state": one.state,
        "sent_at": one.created_at.isoformat(),
        "commune_number": one.commune_number,
        "service": one.service,
        "claim": one.claim,
        "comment": one.comment,
        "email": one.email,
        "email_confirmed_at": one.confirmed_at and one.confirmed_at.isoformat(),
        "thanks_name": one.thanks_name,
        "photo_bytes": photo_bytes,
        "what_happened": [
            {"at": step.at.isoformat(), "action": step.action, "reason": step.reason,
             "text": step.text, "by": step.actor.split(":")[0]}
            for step in happened
        ],
    }  # fmt: skip
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def may_answer(one: Contribution) -> bool:
    return one.state == State.ASKED
