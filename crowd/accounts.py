"""Accounts of moderators and administrators, their sessions, and what wrong passwords cost.

Residents have no account. A commune's agent proves a mandate instead (crowd.speakers says who
may speak as what); these accounts decide on what others send.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import psycopg

from catalog.database.queries import query
from catalog.outbox import mailbox
from config.errors import Conflict, NotFound
from config.settings import AccountSettings
from crowd import audit, passwords
from crowd.passwords import Verifier
from crowd.signing import Keys

TOKEN_BYTES = 32  # 256 random bits in a cookie
TOUCH_SECONDS = 60  # a session's last use is written at most this often


class Role(StrEnum):
    """What an account may do. An administrator may all that a moderator may."""

    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"

    def includes(self, other: "Role") -> bool:
        return self is other or self is Role.ADMINISTRATOR


@dataclass(frozen=True, slots=True)
class Account:
    """Who is logged in."""

    id: int
    role: Role

    @property
    def actor(self) -> str:
        """How the audit log calls them: no name, no address."""
        return f"account:{self.id}"


@dataclass(frozen=True, slots=True)
class Wait:
    """Too many wrong passwords: not before this many seconds."""

    seconds: float


def wait_after(failures: int, free: int, since_last: float, longest: float) -> float:
    """Seconds still to wait after `failures` wrong passwords, `since_last` seconds ago.

    None while they are free; then 2, 4, 8... seconds, never more than `longest`.
    """
    if failures < free:
        return 0.0
    cost = min(longest, 2.0 ** min(failures - free + 1, 30))
    return max(0.0, cost - since_last)


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def log_in(
    aconn: psycopg.AsyncConnection[Any],
    verifier: Verifier,
    keys: Keys,
    settings: AccountSettings,
    *,
    email: str,
    password: str,
    network: str,
    former: str | None = None,
) -> str | Wait | None:
    """A new session's token; None: the pair is wrong; Wait: asked too often, nothing was tried.

    What is counted is (account, network) and network: whoever guesses waits, and the owner, from
    somewhere else, does not. The attempt is written before it is tried, so that a hundred at
    once count as a hundred. `former` is the session that the new one replaces.
    """
    who = keys.keyed("login", email.strip().lower())
    asked = {"who": who, "network": network, "window": settings.failure_window_seconds}
    row = await (await aconn.execute(query("crowd", "login_failures"), asked)).fetchone()
    assert row is not None  # noqa: S101 (an aggregate has one row)
    own, own_since, all_, all_since = row
    longest = settings.longest_wait_seconds
    seconds = max(
        wait_after(own, settings.free_failures, own_since, longest),
        wait_after(all_, settings.network_failures, all_since, longest),
    )
    if seconds:
        return Wait(seconds)
    cursor = await aconn.execute(query("crowd", "login_attempt"), {"who": who, "network": network})
    attempt = await cursor.fetchone()
    assert attempt is not None  # noqa: S101 (insert returning)
    cursor = await aconn.execute(
        query("crowd", "account_by_email"), {"email": email.strip().lower()}
    )
    found = await cursor.fetchone()
    right = await verifier.verify(None if found is None else found[2], password)
    if found is None or not right:
        return None
    account = Account(found[0], Role(found[1]))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    async with aconn.transaction():
        await aconn.execute(query("crowd", "login_forgive"), {"who": who, "network": network})
        if former is not None:
            await aconn.execute(query("crowd", "session_end"), {"hash": token_hash(former)})
        await aconn.execute(
            query("crowd", "session_begin"), {"hash": token_hash(token), "account": account.id}
        )
        await audit.write(aconn, account.actor, "log-in", account.actor)
    return token


async def of_session(
    aconn: psycopg.AsyncConnection[Any], token: str, settings: AccountSettings
) -> Account | None:
    """Whose session a cookie opens; None when it is not ours, too old, ended or disabled."""
    values = {
        "hash": token_hash(token),
        "idle": settings.idle_seconds,
        "longest": settings.longest_seconds,
        "touch": TOUCH_SECONDS,
    }
    row = await (await aconn.execute(query("crowd", "session_account"), values)).fetchone()
    return None if row is None else Account(row[0], Role(row[1]))


async def log_out(aconn: psycopg.AsyncConnection[Any], account: Account, token: str) -> None:
    """End a session."""
    async with aconn.transaction():
        await aconn.execute(query("crowd", "session_end"), {"hash": token_hash(token)})
        await audit.write(aconn, account.actor, "log-out", account.actor)


# ------------------------------------------------------------- commands of an administrator


@dataclass(frozen=True, slots=True)
class Listed:
    """An account as the command line lists it."""

    id: int
    email: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None


def add(conn: psycopg.Connection[Any], email: str, role: Role, password: str) -> int:
    """A new account; its id. Raises Conflict when the address has one, Invalid for a weak word."""
    address = mailbox(email).lower()
    values = {
        "email": address,
        "role": role.value,
        "password_hash": passwords.hashed(password, address),
    }
    row = conn.execute(query("crowd", "account_add"), values).fetchone()
    if row is None:
        raise Conflict("There is already an account with this address.")
    audit.write_now(conn, "cli", "account-add", f"account:{row[0]}", role=role.value)
    return int(row[0])


def set_password(conn: psycopg.Connection[Any], email: str, password: str) -> None:
    """Change a password; every session of the account ends. Raises NotFound."""
    address = email.strip().lower()
    values = {"email": address, "password_hash": passwords.hashed(password, address)}
    _changed(conn, "account_password", values, "account-password")


def disable(conn: psycopg.Connection[Any], email: str, *, disabled: bool = True) -> None:
    """Close an account, or open it again; its sessions end. Raises NotFound."""
    values = {"email": email.strip().lower(), "disabled": disabled}
    _changed(conn, "account_disable", values, "account-disable" if disabled else "account-enable")


def _changed(
    conn: psycopg.Connection[Any], question: str, values: dict[str, Any], action: str
) -> None:
    row = conn.execute(query("crowd", question), values).fetchone()
    if row is None:
        raise NotFound("There is no account with this address.")
    conn.execute(query("crowd", "session_end_all"), {"account": row[0]})
    audit.write_now(conn, "cli", action, f"account:{row[0]}")


def listed(conn: psycopg.Connection[Any]) -> list[Listed]:
    rows = conn.execute(query("crowd", "account_all")).fetchall()
    return [Listed(id_, email, Role(role), made, off) for id_, email, role, made, off in rows]


def sweep(conn: psycopg.Connection[Any], settings: AccountSettings) -> None:
    """Forget sessions that are over, and wrong passwords after a day."""
    day = timedelta(days=1)
    conn.execute(query("crowd", "login_sweep"), {"seconds": day.total_seconds()})
    values = {"idle": settings.idle_seconds, "longest": settings.longest_seconds}
    conn.execute(query("crowd", "session_sweep"), values)
