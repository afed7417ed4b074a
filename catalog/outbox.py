"""Mails to be sent: put here in the transaction of what they tell of, sent later by the worker.

So a mail server that is down loses nothing, and nothing is told that was not done. The letters
are apart from the journal because they are personal: `sweep` and `erase` remove them.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from catalog.database.queries import query
from config.errors import Invalid

LEASE_SECONDS = 300.0  # a sender that took mails and died gives them back after this
_LONGEST_SUBJECT, _LONGEST_BODY = 300, 100_000  # characters; far beyond what we write
_LONGEST_ADDRESS = 254  # RFC 5321
# What people really have, and nothing that a header could be made of. Quoted local parts and
# addresses without a dot in the domain exist in the RFC and in no mailbox that we write to.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])",
    re.ASCII,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def mailbox(text: str, *, parameter: str = "email") -> str:
    """An e-mail address that can be written to; its domain in lower case. Raises Invalid."""
    found = text.strip(" ")
    local, _, domain = found.rpartition("@")
    if len(found) > _LONGEST_ADDRESS or len(local) > 64 or not _ADDRESS.fullmatch(found):
        raise Invalid("This is not an e-mail address that can be written to.", parameter=parameter)
    return f"{local}@{domain.lower()}"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, in plain text. One that exists can be sent: addresses and subject are checked."""

    to: str
    subject: str
    text: str
    purpose: str
    reply_to: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "to", mailbox(self.to, parameter="to"))
        if self.reply_to is not None:
            object.__setattr__(self, "reply_to", mailbox(self.reply_to, parameter="reply_to"))
        if not 0 < len(self.subject) <= _LONGEST_SUBJECT or _CONTROL.search(self.subject):
            raise Invalid("The subject of a mail is one line of text.", parameter="subject")
        if not 0 < len(self.text) <= _LONGEST_BODY or "\x00" in self.text:
            raise Invalid("The text of a mail is too long, or empty.", parameter="text")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail that a sender has taken; `attempt` counts from 1."""

    id: int
    attempt: int
    created_at: datetime
    mail: Mail


@dataclass(frozen=True, slots=True)
class Counts:
    """How the outbox is. `oldest` is when the mail that waits longest was put in it."""

    waiting: int
    given_up: int
    sent: int
    oldest: datetime | None
    last_error: str | None


def _values(mail: Mail, key: str | None) -> dict[str, Any]:
    return {
        "purpose": mail.purpose,
        "key": key,
        "recipient": mail.to,
        "reply_to": mail.reply_to,
        "subject": mail.subject,
        "body": mail.text,
    }


async def put(aconn: psycopg.AsyncConnection[Any], mail: Mail, key: str | None = None) -> bool:
    """Put a mail in the outbox, in the caller's transaction.

    False: a mail with this `key` is already there, and this one is not sent a second time.
    """
    cursor = await aconn.execute(query("catalog", "outbox_add"), _values(mail, key))
    return await cursor.fetchone() is not None


def put_now(conn: psycopg.Connection[Any], mail: Mail, key: str | None = None) -> bool:
    """The synchronous twin of `put`, for tasks and commands."""
    return conn.execute(query("catalog", "outbox_add"), _values(mail, key)).fetchone() is not None


def take(conn: psycopg.Connection[Any], most: int, lease: float = LEASE_SECONDS) -> list[Waiting]:
    """Take up to `most` mails that are due; commit before sending, so that others see it."""
    rows = conn.execute(query("catalog", "outbox_take"), {"most": most, "lease": lease}).fetchall()
    return [
        Waiting(id_, attempt, created, Mail(to, subject, body, "outbox", reply_to))
        for id_, attempt, created, to, reply_to, subject, body in rows
    ]


def sent(conn: psycopg.Connection[Any], ids: list[int]) -> None:
    """A server accepted these mails."""
    conn.execute(query("catalog", "outbox_sent"), {"ids": ids})


def not_sent(
    conn: psycopg.Connection[Any], id_: int, error: str, *, wait: float, give_up: bool
) -> None:
    """This mail could not be sent: try again after `wait` seconds, or give up and keep it."""
    values = {"id": id_, "error": error, "wait": wait, "give_up": give_up}
    conn.execute(query("catalog", "outbox_not_sent"), values)


def retry(conn: psycopg.Connection[Any]) -> int:
    """Take up again what was given up; how many."""
    return conn.execute(query("catalog", "outbox_retry")).rowcount


def sweep(conn: psycopg.Connection[Any], days: int) -> int:
    """Erase the letters that were sent more than `days` days ago; how many."""
    return conn.execute(query("catalog", "outbox_sweep"), {"days": days}).rowcount


async def erase(aconn: psycopg.AsyncConnection[Any], address: str) -> None:
    """Erase every letter to an address, in the caller's transaction."""
    await aconn.execute(query("catalog", "outbox_erase"), {"recipient": mailbox(address)})


def counts(conn: psycopg.Connection[Any]) -> Counts:
    """How many wait, were given up, were sent."""
    row = conn.execute(query("catalog", "outbox_counts")).fetchone()
    assert row is not None  # noqa: S101 (an aggregate without groups has one row)
    return Counts(*row)


async def acounts(aconn: psycopg.AsyncConnection[Any]) -> Counts:
    """The asynchronous twin of `counts`, for the administrators' page."""
    row = await (await aconn.execute(query("catalog", "outbox_counts"))).fetchone()
    assert row is not None  # noqa: S101 (as above)
    return Counts(*row)
