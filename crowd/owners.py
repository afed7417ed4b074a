"""Who answers for a procedure: what is checked of its owner, and what moderators hide of it.

A registration is published at once, "not verified": what it says is its owner's word. The mandate
of a commune, or a moderator who checked, marks the owner verified, with the date and by whom. A
moderator hides a procedure or an answer, with a reason that its owner reads, and shows it again;
each is a row of the audit log. The private link is 256 bits that nobody can compute; its holder
replaces it, a moderator ends it.
"""

import secrets
from typing import Any

import psycopg

from catalog.database.queries import query
from config.errors import Conflict, Invalid, NotFound
from crowd import audit
from crowd.mandate_sessions import Mandate
from crowd.procedures import Procedure, owner_hash

# Why, as the owner and everybody read it: `voices.hidden_<code>` in the interface's texts.
REASONS = ("not-a-procedure", "not-the-owner", "advertising", "personal", "abuse")


def reason(text: str) -> str:
    """One of the reasons. Raises Invalid."""
    if text not in REASONS:
        raise Invalid("Choose a reason.", parameter="motif")
    return text


async def hide(
    aconn: psycopg.AsyncConnection[Any], procedure: str, why: str | None, actor: str
) -> None:
    """Hide a procedure for a reason, or show it again. Raises Conflict when it is so already."""
    async with aconn.transaction():
        values = {"id": procedure, "why": None if why is None else reason(why)}
        row = await (await aconn.execute(query("crowd", "procedure_hide"), values)).fetchone()
        if row is None:
            raise Conflict("Somebody decided on this in the meantime.")
        action = "procedure-show" if why is None else "procedure-hide"
        await audit.write(aconn, actor, action, f"procedure:{procedure}", reason=why)


async def hide_answer(
    aconn: psycopg.AsyncConnection[Any], procedure: str, answer: int, why: str | None, actor: str
) -> None:
    """Hide an answer for a reason, or show it again. Raises Conflict when it is so already."""
    async with aconn.transaction():
        values = {"id": answer, "procedure": procedure,
                  "why": None if why is None else reason(why)}  # fmt: skip
        row = await (await aconn.execute(query("crowd", "answer_hide"), values)).fetchone()
        if row is None:
            raise Conflict("Somebody decided on this in the meantime.")
        action = "answer-show" if why is None else "answer-hide"
        subject = f"procedure:{procedure}"
        await audit.write(aconn, actor, action, subject, answer=answer, reason=why)


async def verify(aconn: psycopg.AsyncConnection[Any], procedure: Procedure, by: Mandate) -> None:
    """The holder of a commune's mandate says that this procedure is the commune's own."""
    async with aconn.transaction():
        await _verified(aconn, procedure.id, by.actor, by.commune_number)
        subject = f"procedure:{procedure.id}"
        await audit.write(aconn, by.actor, "procedure-verify", subject, commune=by.commune_number)


async def check(
    aconn: psycopg.AsyncConnection[Any], procedure: str, right: bool, actor: str
) -> None:
    """A moderator checked the owner, or takes back what was said of them."""
    async with aconn.transaction():
        await _verified(aconn, procedure, actor if right else None, None)
        action = "procedure-verify" if right else "procedure-unverify"
        await audit.write(aconn, actor, action, f"procedure:{procedure}")


async def _verified(
    aconn: psycopg.AsyncConnection[Any], procedure: str, by: str | None, commune: int | None
) -> None:
    values = {"id": procedure, "by": by, "commune": commune}
    row = await (await aconn.execute(query("crowd", "procedure_verify"), values)).fetchone()
    if row is None:
        raise NotFound("There is no such registered procedure.")


async def replace_link(aconn: psycopg.AsyncConnection[Any], procedure: str) -> str:
    """A new private link, drawn at random; the former one opens nothing from now on."""
    token = secrets.token_urlsafe(32)
    async with aconn.transaction():
        await _linked(aconn, procedure, owner_hash(token))
        await audit.write(aconn, "owner", "procedure-link-replace", f"procedure:{procedure}")
    return token


async def end_link(aconn: psycopg.AsyncConnection[Any], procedure: str, actor: str) -> None:
    """Nobody holds the private link any more: it leaked, or its holder was not the owner."""
    async with aconn.transaction():
        await _linked(aconn, procedure, None)
        await audit.write(aconn, actor, "procedure-link-end", f"procedure:{procedure}")


async def _linked(aconn: psycopg.AsyncConnection[Any], procedure: str, hash_: bytes | None) -> None:
    values = {"id": procedure, "owner_hash": hash_}
    row = await (await aconn.execute(query("crowd", "procedure_link"), values)).fetchone()
    if row is None:
        raise NotFound("There is no such registered procedure.")
