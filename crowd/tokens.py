"""Tokens of mandates: how a program of a commune declares what its agents would.

A token is a session that does not end by idling. It is shown once, kept as a hash, named by its
holder, revoked at will, and lapses with its mandate.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from catalog.database.queries import query
from config.errors import Conflict, Invalid, NotFound
from config.settings import MandateSettings
from crowd import audit, mandate_sessions
from crowd.mandate_sessions import Mandate

PREFIX = "gm_"  # so that a token that leaks is recognised for what it is
MOST = 5  # living tokens of one mandate
LONGEST_LABEL = 60


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its commune sees it: not the token itself, which nobody has but its holder."""

    id: int
    label: str
    made_at: datetime
    mandate_id: int


async def issue(aconn: psycopg.AsyncConnection[Any], mandate: Mandate, label: str) -> str:
    """A new token of a mandate, whole: it is told now and never again.

    Raises Invalid for a name that is none, Conflict when there are enough of them.
    """
    name = " ".join(label.split())
    if not name or len(name) > LONGEST_LABEL or not name.isprintable():
        raise Invalid("A token has a name, on one line.", parameter="label")
    token = PREFIX + secrets.token_urlsafe(mandate_sessions.TOKEN_BYTES)
    values = {
        "hash": mandate_sessions.hashed(token),
        "mandate": mandate.id, "label": name, "most": MOST,
    }  # fmt: skip
    async with aconn.transaction():
        row = await (await aconn.execute(query("crowd", "token_add"), values)).fetchone()
        if row is None:
            raise Conflict(f"A mandate has at most {MOST} tokens: revoke one.")
        subject = f"commune:{mandate.commune_number}"
        await audit.write(aconn, mandate.actor, "token-issue", subject, token=row[0])
    return token


async def listed(aconn: psycopg.AsyncConnection[Any], commune_number: int) -> list[Token]:
    """The tokens that speak for a commune, whoever made them."""
    cursor = await aconn.execute(query("crowd", "token_list"), {"commune": commune_number})
    return [Token(*row) for row in await cursor.fetchall()]


async def revoke(aconn: psycopg.AsyncConnection[Any], mandate: Mandate, token_id: int) -> None:
    """End a token of the mandate's commune. Raises NotFound."""
    values = {"id": token_id, "commune": mandate.commune_number}
    async with aconn.transaction():
        row = await (await aconn.execute(query("crowd", "token_revoke"), values)).fetchone()
        if row is None:
            raise NotFound("There is no such token.")
        subject = f"commune:{mandate.commune_number}"
        await audit.write(aconn, mandate.actor, "token-revoke", subject, token=token_id)


async def mandate_of(
    aconn: psycopg.AsyncConnection[Any], token: str, settings: MandateSettings
) -> Mandate | None:
    """The mandate that a token opens; None: it is none of ours, was revoked, or has lapsed."""
    if not token.startswith(PREFIX) or len(token) > 100:
        return None  # nor is the cookie of a browser a token
    found = await mandate_sessions.held(aconn, token, settings)
    return found[0] if found else None
