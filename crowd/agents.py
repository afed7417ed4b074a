"""Somebody to whom communes delegated: they come back with a code sent to their own mailbox.

The address is typed by its owner, and a code leaves only when a commune delegated to it; the
answer is the same in words and in time when it does not.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from catalog import outbox
from catalog.database.queries import query
from catalog.outbox import Mail
from config.settings import MandateSettings
from crowd import audit, mail_stops, mandate_sessions
from crowd.mandate_sessions import TOKEN_BYTES, Mandate, hashed
from crowd.mandates import Tried, code_hash, new_code


async def ask(
    aconn: psycopg.AsyncConnection[Any],
    settings: MandateSettings,
    typed: str,
    network: str,
    letter: Callable[[str, str, int], Mail],
) -> str:
    """Ask for a code; the secret of the page where it is typed, whatever came of it.

    `letter` makes the mail of (mailbox, code, number that stops our mails). Raises Invalid for
    what is no address at all.
    """
    email = outbox.mailbox(typed).lower()
    request, code = secrets.token_urlsafe(TOKEN_BYTES), new_code()
    async with aconn.transaction():
        await aconn.execute(query("crowd", "mandate_code_lock"))
        asked = {"email": email, "network": network}
        row = await (await aconn.execute(query("crowd", "agent_code_counts"), asked)).fetchone()
        assert row is not None  # noqa: S101 (a select without from has one row)
        agent, sent, from_network = row
        if from_network >= settings.codes_per_network:
            return request  # a flood writes nothing
        stop = await mail_stops.of(aconn, email if agent else "personne@guichet.invalid")
        mail = letter(email, code, stop.id)
        goes = agent is not None and sent < settings.codes_per_commune and not stop.stopped
        if goes:
            await outbox.put(aconn, mail)
        values = {
            "request": hashed(request),
            "code": code_hash(request, code),
            "agent": agent if goes else None,
            "network": network,
            "minutes": settings.code_minutes,
        }
        await aconn.execute(query("crowd", "agent_code_add"), values)
    return request


async def try_code(
    aconn: psycopg.AsyncConnection[Any],
    settings: MandateSettings,
    request: str,
    typed: str,
    former: str | None,
) -> str | Tried:
    """A session's token for a right code, or what became of it."""
    values = {"request": hashed(request), "code": code_hash(request, typed),
              "most": settings.wrong_tries}  # fmt: skip
    async with aconn.transaction():
        row = await (await aconn.execute(query("crowd", "agent_code_try"), values)).fetchone()
        if row is not None and row[0] and row[1] is not None:
            token = await mandate_sessions.begin(aconn, former, agent_id=row[1])
            await audit.write(aconn, f"agent:{row[1]}", "agent-login", f"agent:{row[1]}")
            return token
    if row is not None:
        return Tried.WRONG
    state = await aconn.execute(query("crowd", "agent_code_state"), {"request": hashed(request)})
    found = await state.fetchone()
    if found is None:
        return Tried.WRONG  # refused without a trace: like one whose mail is late
    used, expired, wrong = found
    if not used and not expired and wrong >= settings.wrong_tries:
        return Tried.LOCKED
    return Tried.GONE


async def email_of(aconn: psycopg.AsyncConnection[Any], agent_id: int) -> str | None:
    row = await (await aconn.execute(query("crowd", "agent_email"), {"agent": agent_id})).fetchone()
    return None if row is None else str(row[0])


async def erase(aconn: psycopg.AsyncConnection[Any], agent_id: int) -> None:
    """Forget an agent's address and end what was delegated to them; what they published stays,
    in the name of the commune."""
    async with aconn.transaction():
        email = await email_of(aconn, agent_id)
        if email is not None:
            await outbox.erase(aconn, email)
        rows = await aconn.execute(query("crowd", "agent_mandates"), {"agent": agent_id})
        for (mandate,) in await rows.fetchall():
            await aconn.execute(query("crowd", "mandate_revoke"), {"mandate": mandate})
        await aconn.execute(query("crowd", "agent_erase"), {"agent": agent_id})
        await audit.write(aconn, f"agent:{agent_id}", "agent-erase", f"agent:{agent_id}")


async def erase_mailbox(aconn: psycopg.AsyncConnection[Any], mandate: Mandate) -> None:
    """Forget the official mailbox that opened a mandate, and our letters to it. The mandate goes
    on to its end: the directory publishes the same address, and a code opens it again."""
    async with aconn.transaction():
        cursor = await aconn.execute(
            query("crowd", "mandate_holder_erase"), {"mandate": mandate.id}
        )
        for (email,) in await cursor.fetchall():
            await outbox.erase(aconn, email)
        subject = f"commune:{mandate.commune_number}"
        await audit.write(aconn, mandate.actor, "mailbox-erase", subject)


async def exported(
    aconn: psycopg.AsyncConnection[Any], agent_id: int | None, held: Sequence[Mandate]
) -> dict[str, Any]:
    """All that is kept of who holds these mandates. The addresses of those whom they invited are
    those persons', and are not in it."""
    values = {"ids": [one.id for one in held]}
    row = await (await aconn.execute(query("crowd", "agent_export"), values)).fetchone()
    boxes, drafts, contests, invitations = row if row is not None else ([], [], [], [])
    return {
        "email": None if agent_id is None else await email_of(aconn, agent_id),
        "official_mailboxes": boxes or [],
        "mandates": [
            {
                "mandate": one.id,
                "commune": one.commune_code,
                "role": one.role.value,
                "chain": [role.value for role in one.chain],
                "services": None if one.services is None else sorted(one.services),
                "expires_at": one.expires_at.isoformat(),
            }
            for one in held
        ],
        "drafts": drafts or [],
        "contested_facts": contests or [],
        "invitations_made": invitations or [],
    }
