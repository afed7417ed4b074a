"""« This was not me, stop writing to us »: mailboxes that want no more of our mails on mandates.

Each such mail holds a link to a page; its button, not the link, stops them. Only a hash of the
mailbox is kept, and the same page lets its owner have our mails again.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import psycopg

from catalog.database.queries import query
from crowd import audit

PURPOSE = "mail-stop"


@dataclass(frozen=True, slots=True)
class Stop:
    """What a mailbox decided; `id` is sealed in the links of our mails to it."""

    id: int
    stopped: bool


def who(email: str) -> bytes:
    return hashlib.sha256(f"{PURPOSE}|{email.lower()}".encode()).digest()


async def of(aconn: psycopg.AsyncConnection[Any], email: str) -> Stop:
    """What a mailbox that we are about to write to decided; it is noted when it is new."""
    row = await (
        await aconn.execute(query("crowd", "mail_stop_note"), {"who": who(email)})
    ).fetchone()
    assert row is not None  # noqa: S101 (the statement always returns its row)
    return Stop(*row)


async def of_id(aconn: psycopg.AsyncConnection[Any], id_: int) -> Stop | None:
    row = await (await aconn.execute(query("crowd", "mail_stop_one"), {"id": id_})).fetchone()
    return None if row is None else Stop(*row)


async def decide(aconn: psycopg.AsyncConnection[Any], id_: int, *, stop: bool) -> None:
    """Stop our mails to a mailbox, or have them again. Codes and invitations that it holds and
    has not used open nothing any more."""
    async with aconn.transaction():
        values = {"id": id_, "stop": stop}
        row = await (await aconn.execute(query("crowd", "mail_stop_decide"), values)).fetchone()
        if row is None:
            return
        if stop:
            for question in ("mail_stop_codes", "mail_stop_agent_codes", "mail_stop_invitations"):
                await aconn.execute(query("crowd", question), {"who": row[0]})
        action = "mail-stop" if stop else "mail-again"
        await audit.write(aconn, "mailbox", action, f"mailbox:{id_}")
