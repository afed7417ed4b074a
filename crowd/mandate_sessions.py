"""Who holds which mandates in a browser: a cookie of 256 random bits, kept as a hash only.

A session holds the mandates that official mailboxes opened in it, and those delegated to the
person who proved their own mailbox in it. Somebody who works for several communes sees them all.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from catalog.database.queries import query
from config.settings import MandateSettings
from crowd.roles import Role

TOKEN_BYTES = 32
TOUCH_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Mandate:
    """A mandate of a session that is alive. `services`: those that it covers; None: all."""

    id: int
    commune_number: int
    expires_at: datetime
    commune_code: str = ""
    commune: str = ""
    role: Role = Role.MAIRIE
    services: frozenset[str] | None = None
    parent_id: int | None = None
    agent_id: int | None = None
    chain: tuple[Role, ...] = (Role.MAIRIE,)  # from the commune to this one

    @property
    def actor(self) -> str:
        return f"mandate:{self.id}"

    @property
    def own(self) -> bool:
        """It is the commune's own, opened by its official mailbox."""
        return self.parent_id is None

    def covers(self, service: str) -> bool:
        return self.services is None or service in self.services


def hashed(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


async def begin(
    aconn: psycopg.AsyncConnection[Any],
    former: str | None,
    *,
    mandate_id: int | None = None,
    agent_id: int | None = None,
) -> str:
    """A new session's token, in the caller's transaction; what the former one held goes with it."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    values = {"hash": hashed(token), "agent": agent_id,
              "former": None if former is None else hashed(former)}  # fmt: skip
    await aconn.execute(query("crowd", "mandate_session_begin"), values)
    if mandate_id is not None:
        held = {"hash": hashed(token), "mandate": mandate_id}
        await aconn.execute(query("crowd", "session_mandate_add"), held)
    if former is not None:
        await aconn.execute(query("crowd", "session_mandate_move"), values)
        await log_out(aconn, former)
    return token


async def held(
    aconn: psycopg.AsyncConnection[Any], token: str, settings: MandateSettings
) -> list[Mandate]:
    """The mandates that a cookie opens, a commune's own first; none: not ours, idle for too
    long, or all over. A mandate lapses with its commune, and with the one that delegated it."""
    values = {"hash": hashed(token), "idle": settings.idle_seconds, "touch": TOUCH_SECONDS}
    rows = await (await aconn.execute(query("crowd", "mandate_session_of"), values)).fetchall()
    return [of_row(row) for row in rows]


def of_row(row: Sequence[Any]) -> Mandate:
    """A mandate from a row of `mandate_session_of`."""
    id_, number, expires_at, code, name, role, services, parent, agent, chain = row
    return Mandate(
        id_, number, expires_at, code, name, Role(role),
        None if services is None else frozenset(services), parent, agent,
        tuple(Role(one) for one in chain),
    )  # fmt: skip


async def agent_of(
    aconn: psycopg.AsyncConnection[Any], token: str, settings: MandateSettings
) -> int | None:
    """Who proved their own mailbox in a session; None: nobody did."""
    values = {"hash": hashed(token), "idle": settings.idle_seconds}
    row = await (await aconn.execute(query("crowd", "session_agent"), values)).fetchone()
    return None if row is None else row[0]


async def log_out(aconn: psycopg.AsyncConnection[Any], token: str) -> None:
    """End a session; its mandates stay."""
    await aconn.execute(query("crowd", "mandate_session_end"), {"hash": hashed(token)})
