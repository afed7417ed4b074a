"""Webhooks on the changes feed: who is told of changes, and how far each has been told.

A webhook is a position in the feed that we keep for somebody. It moves only when what lies before
it was answered 2xx, by the one worker that holds its lease: whatever is killed, nothing is
skipped, and what may be said twice only says the present again. Nothing here speaks to the
outside; `api.webhook_delivery` does, through the guarded client.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog.changes import Change
from catalog.database.queries import query
from catalog.states import State
from catalog.territories import parse
from catalog.webhook_signatures import new_secret
from config.errors import Conflict, NotFound, Unavailable
from config.settings import WebhookSettings

TOKEN_PREFIX = "gw_"  # noqa: S105 so that a token that leaks is recognised for what it is
MOST_CHANGES = 500  # of one delivery: some 150 kB
WINDOW = 50_000  # positions that one question looks through for what a filter lets through
CHALLENGES = 5  # sent to an address that does not answer them


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook as its owner sees it."""

    id: str
    url: str
    services: list[str] | None
    territory: str
    position: int
    state: str  # pending, active, paused, ended
    made_at: datetime
    ended_at: datetime | None
    attempts: int
    failing_since: datetime | None
    next_try_at: datetime | None
    delivered_at: datetime | None
    last_status: int | None
    last_error: str | None
    challenge_due: bool
    old_until: datetime | None


@dataclass(frozen=True, slots=True)
class Made:
    """A new webhook, with what is told once."""

    id: str
    token: str
    secret: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """A webhook that a worker holds: nobody else speaks to its address meanwhile."""

    lease: str
    id: str
    url: str
    services: list[str] | None
    territory: str
    position: int
    state: str
    challenge_due: bool
    attempts: int
    secret: bytes
    old_secret: bytes | None

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """What signs now, the newest first."""
        return (self.secret, self.old_secret) if self.old_secret else (self.secret,)


@dataclass(frozen=True, slots=True)
class Batch:
    """The next changes of a webhook; with all of them applied, one is at `upto`."""

    changes: list[Change]
    upto: int


# ------------------------------------------------------------------------------- its owner


async def register(
    aconn: psycopg.AsyncConnection[Any],
    url: str,
    host: str,
    services: Sequence[str] | None,
    territory: str,
    position: int,
    settings: WebhookSettings,
) -> Made:
    """A new webhook that waits for its challenge. The address has been judged.

    Raises Conflict when enough of them name its host, Unavailable when there are enough in all.
    """
    made = Made(secrets.token_urlsafe(16), TOKEN_PREFIX + secrets.token_urlsafe(32), new_secret())
    values = {
        "id": made.id, "token_hash": hashed(made.token), "secret": made.secret, "url": url,
        "host": host, "services": None if services is None else sorted(set(services)),
        "territory": territory, "position": position, "most": settings.most,
        "most_per_host": settings.most_per_host,
    }  # fmt: skip
    cursor = await aconn.execute(query("catalog", "webhook_add"), values)
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 the statement always returns its row
    _, of_host, added = row
    if added:
        return made
    if of_host >= settings.most_per_host:
        raise Conflict(
            f"{settings.most_per_host} webhooks name this host already: delete one.",
            parameter="url",
        )
    raise Unavailable("There are too many webhooks for now.")


async def one(aconn: psycopg.AsyncConnection[Any], id_: str, token: str) -> Webhook:
    """Raises NotFound: there is none of this id, or the token is another one's."""
    async with aconn.cursor(row_factory=class_row(Webhook)) as cursor:
        await cursor.execute(query("catalog", "webhook_one"), _key(id_, token))
        found = await cursor.fetchone()
    if found is None:
        raise NotFound("There is no webhook of this id and token.")
    return found


async def delete(aconn: psycopg.AsyncConnection[Any], id_: str, token: str) -> None:
    """Erase a webhook whole. Raises NotFound."""
    cursor = await aconn.execute(query("catalog", "webhook_delete"), _key(id_, token))
    if await cursor.fetchone() is None:
        raise NotFound("There is no webhook of this id and token.")


async def challenge(
    aconn: psycopg.AsyncConnection[Any], id_: str, token: str, settings: WebhookSettings
) -> int:
    """Have a challenge sent; seconds to wait first, 0 when it is asked.

    Raises NotFound, and Conflict when the webhook is ended.
    """
    values = _key(id_, token) | {"seconds": settings.test_seconds}
    cursor = await aconn.execute(query("catalog", "webhook_challenge"), values)
    if (row := await cursor.fetchone()) is not None:
        return int(row[0])
    await one(aconn, id_, token)
    raise Conflict("The receiver answered 410: this webhook is ended. Register another one.")


async def rotate(
    aconn: psycopg.AsyncConnection[Any], id_: str, token: str, settings: WebhookSettings
) -> tuple[bytes, datetime]:
    """A new secret, and until when the former signs beside it.

    Raises NotFound, and Conflict when the webhook is ended.
    """
    secret = new_secret()
    values = _key(id_, token) | {"secret": secret, "hours": settings.rotation_hours}
    cursor = await aconn.execute(query("catalog", "webhook_rotate"), values)
    if (row := await cursor.fetchone()) is not None:
        return secret, row[0]
    await one(aconn, id_, token)
    raise Conflict("The receiver answered 410: this webhook is ended. Register another one.")


def hashed(token: str) -> bytes:
    """Tokens are random: a plain hash is enough, and whoever reads the table opens nothing."""
    return hashlib.sha256(token.encode()).digest()


def _key(id_: str, token: str) -> dict[str, Any]:
    return {"id": id_, "token_hash": hashed(token)}


# -------------------------------------------------------------------------------- a worker


def take(conn: psycopg.Connection[Any], seconds: float) -> Taken | None:
    """Hold the webhook that has waited longest, for `seconds`, and commit; None: nothing is due."""
    lease = secrets.token_urlsafe(12)
    values = {"lease": lease, "seconds": seconds}
    row = conn.execute(query("catalog", "webhook_take"), values).fetchone()
    conn.commit()
    return None if row is None else Taken(lease, *row)


def batch(conn: psycopg.Connection[Any], taken: Taken, since: int, at: datetime) -> Batch:
    """What comes after position `since` for this webhook, with what is said at `at`.

    Positions are given and committed in one order: what is up to the latest can all be read.
    """
    row = conn.execute(query("catalog", "change_latest")).fetchone()
    latest = int(row[0]) if row else 0
    kind, code = parse(taken.territory)
    all_of_it = taken.services is None and kind == "france"
    upto = min(latest, since + (MOST_CHANGES if all_of_it else WINDOW))
    values = {
        "since": since, "upto": upto, "services": taken.services, "kind": kind, "code": code,
        "limit": MOST_CHANGES, "at": at,
    }  # fmt: skip
    rows = conn.execute(query("catalog", "webhook_changes"), values).fetchall()
    conn.commit()  # nobody waits on a receiver with a transaction open
    found = [
        Change(position, commune, service, State(state or 0), *rest)
        for position, commune, service, state, *rest in rows
    ]
    # A full batch may have left some behind; otherwise everything up to there was looked at.
    return Batch(found, found[-1].position if len(found) == MOST_CHANGES else max(upto, since))


def told(
    conn: psycopg.Connection[Any], taken: Taken, position: int, seconds: float, status: int | None
) -> bool:
    """Move the position, and commit; False when the webhook is no longer ours to speak to.

    `status`: what the receiver answered; None: it was not spoken to, nothing was for it.
    """
    return _write(
        conn, "webhook_told", taken, position=position, seconds=seconds, status=status,
        delivered=status is not None,
    )  # fmt: skip


def answered(conn: psycopg.Connection[Any], taken: Taken, status: int) -> bool:
    """The challenge was answered; False when the webhook is no longer ours."""
    return _write(conn, "webhook_answered", taken, status=status)


def failed(
    conn: psycopg.Connection[Any],
    taken: Taken,
    wait: float,
    status: int | None,
    error: str,
    settings: WebhookSettings,
) -> None:
    """Write a failure down, and give the webhook back. A 410 ends it."""
    _write(
        conn, "webhook_failed", taken, wait=wait, status=status, error=error[:300],
        gone=status == 410, challenges=CHALLENGES, days=settings.pause_after_days,
    )  # fmt: skip


def release(conn: psycopg.Connection[Any], taken: Taken) -> None:
    """Give a webhook back, and commit."""
    conn.execute(query("catalog", "webhook_release"), {"id": taken.id, "lease": taken.lease})
    conn.commit()


def sweep(conn: psycopg.Connection[Any], settings: WebhookSettings) -> None:
    """Erase what nobody confirmed, and what ended long enough ago. The caller commits."""
    values = {"hours": settings.unanswered_hours, "days": settings.keep_ended_days}
    conn.execute(query("catalog", "webhook_sweep"), values)


def _write(conn: psycopg.Connection[Any], name: str, taken: Taken, **values: Any) -> bool:
    cursor = conn.execute(query("catalog", name), {"id": taken.id, "lease": taken.lease, **values})
    found = cursor.fetchone() is not None
    conn.commit()
    return found
