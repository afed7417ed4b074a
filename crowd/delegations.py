"""Delegation: who holds a mandate lets another person speak for the commune, within its own limits.

A mail goes to the address that the delegator gives; its code, typed by whoever reads that mailbox,
opens a mandate for each commune. None covers more, lasts longer or outlives the one it comes from.
"""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from catalog import outbox
from catalog.database.queries import query
from catalog.mail_providers import open_to_anybody
from catalog.outbox import Mail
from config.errors import Conflict, Invalid, NotFound, Refused
from config.settings import MandateSettings
from crowd import audit, mail_stops, mandate_sessions, mandates
from crowd.mandate_sessions import TOKEN_BYTES, Mandate, hashed
from crowd.mandates import Tried, code_hash, new_code
from crowd.roles import DELEGATED, Role


@dataclass(frozen=True, slots=True)
class Offer:
    """A delegation that somebody is about to make, read and within its maker's own mandates."""

    email: str
    role: Role
    parents: tuple[Mandate, ...]
    services: tuple[str, ...] | None
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation as its reader sees it: no address in it."""

    id: int
    role: Role
    services: tuple[str, ...] | None
    ends_at: datetime
    communes: tuple[tuple[str, str], ...]  # (code, name)
    roles: tuple[Role, ...]  # of those who delegate
    open: bool
    mine: tuple[int, ...] = ()  # numbers of the communes


@dataclass(frozen=True, slots=True)
class Held:
    """A mandate below another one, or an invitation that waits (`id` None), for the delegator."""

    id: int | None
    invitation_id: int | None
    role: Role
    email: str | None
    services: tuple[str, ...] | None
    made_at: datetime
    ends_at: datetime
    chain: tuple[Role, ...]
    depth: int


def read(
    sent: Mapping[str, str],
    held: Sequence[Mandate],
    services: Collection[str],
    settings: MandateSettings,
    now: datetime,
) -> Offer | Mapping[str, str]:
    """What a form offers (email, role, communes, services, days), or its mistakes. Pure."""
    mistakes: dict[str, str] = {}
    email = ""
    try:
        email = outbox.mailbox(sent.get("email", ""))
    except Invalid:
        mistakes["email"] = "email"
    try:
        role = Role(sent.get("role", ""))
        if role not in DELEGATED:
            raise ValueError
    except ValueError:
        role = Role.SECRETARY
        mistakes["role"] = "choose"
    if email and role.organisation and open_to_anybody(email):
        mistakes["email"] = "public"
    codes = set(sent.get("communes", "").split())
    # One mandate for each commune: the commune's own, else the first (the widest) of those held.
    chosen: dict[str, Mandate] = {}
    for one in held:
        if one.commune_code in codes and len(one.chain) < settings.longest_chain:
            chosen.setdefault(one.commune_code, one)
    if not codes or set(chosen) != codes:
        mistakes["communes"] = "communes"
    ticked = tuple(one for one in sent.get("services", "").split() if one in services)
    wanted: tuple[str, ...] | None = ticked or None
    scopes = [one.services for one in chosen.values() if one.services is not None]
    if scopes:
        common = frozenset.intersection(*scopes)
        if (
            wanted is None
            and all(scope == common for scope in scopes)
            and (len(scopes) == len(chosen))
        ):
            wanted = tuple(sorted(common))
        elif wanted is None or not set(wanted) <= common:
            mistakes["services"] = "services"
    try:
        days = int(sent.get("days") or settings.mandate_days)
        if not 1 <= days <= settings.mandate_days:
            raise ValueError
    except ValueError:
        days = settings.mandate_days
        mistakes["days"] = "days"
    if mistakes:
        return mistakes
    parents = tuple(chosen.values())
    ends = min(now + timedelta(days=days), *(one.expires_at for one in parents))
    return Offer(email, role, parents, wanted, ends)


async def invite(
    aconn: psycopg.AsyncConnection[Any],
    settings: MandateSettings,
    offer: Offer,
    now: datetime,
    letter: Callable[[str, str, int], Mail],
) -> None:
    """Write to whom it is offered. `letter` makes the mail of (code, link's secret, number that
    stops our mails). Raises Refused beyond a day's invitations.

    To a mailbox that wants no mail of ours nothing leaves, and the delegator is told the same.
    """
    link, code = secrets.token_urlsafe(TOKEN_BYTES), new_code()
    ids = [one.id for one in offer.parents]
    async with aconn.transaction():
        await aconn.execute(query("crowd", "mandate_code_lock"))
        row = await (
            await aconn.execute(query("crowd", "invitation_count"), {"ids": ids})
        ).fetchone()
        assert row is not None  # noqa: S101 (an aggregate has one row)
        if row[0] >= settings.invitations_per_day:
            raise Refused("Too many invitations today for these mandates: try again tomorrow.")
        values = {
            "link": hashed(link),
            "code": code_hash(link, code),
            "email": offer.email,
            "role": offer.role.value,
            "parents": ids,
            "services": None if offer.services is None else list(offer.services),
            "ends": offer.ends_at,
            "days": settings.invitation_days,
        }
        await aconn.execute(query("crowd", "invitation_add"), values)
        stop = await mail_stops.of(aconn, offer.email)
        if not stop.stopped:
            await outbox.put(aconn, letter(code, link, stop.id))
        for one in offer.parents:
            await audit.write(
                aconn, one.actor, "delegation-offer", f"commune:{one.commune_number}",
                role=offer.role.value, services=values["services"],
                until=offer.ends_at.date().isoformat(),
            )  # fmt: skip


async def of_link(aconn: psycopg.AsyncConnection[Any], link: str) -> Invitation:
    """The invitation of a mail's link, without answering it. Raises NotFound."""
    values = {"link": hashed(link)}
    row = await (await aconn.execute(query("crowd", "invitation_one"), values)).fetchone()
    if row is None:
        raise NotFound("There is no such invitation.")
    id_, role, services, ends_at, is_open, codes, names, numbers, roles = row
    return Invitation(
        id_, Role(role), None if services is None else tuple(services), ends_at,
        tuple(zip(codes, names, strict=True)), tuple(Role(one) for one in roles), is_open,
        tuple(numbers),
    )  # fmt: skip


async def accept(
    aconn: psycopg.AsyncConnection[Any],
    settings: MandateSettings,
    link: str,
    typed: str,
    former: str | None,
    notice: Callable[[str, str, str, Role, int], Mail],
) -> str | Tried:
    """Accept by the code of the mail: a session's token, or what became of the code.

    Each commune whose parent mandate still stands gets a mandate. `notice` makes the mail that
    tells a commune's official mailbox: (mailbox, commune's code, its name, role, stop number).
    """
    values = {"link": hashed(link), "code": code_hash(link, typed), "most": settings.wrong_tries}
    async with aconn.transaction():
        row = await (await aconn.execute(query("crowd", "invitation_try"), values)).fetchone()
        if row is not None and row[0]:
            _, id_, email, role = row
            agent = await _agent(aconn, email)
            made = {"invitation": id_, "agent": agent}
            opened = await aconn.execute(query("crowd", "delegated_add"), made)
            rows = await opened.fetchall()
            if not rows:
                return Tried.GONE  # all the mandates it came from are over
            await aconn.execute(query("crowd", "invitation_answered"), {"id": id_})
            token = await mandate_sessions.begin(aconn, former, agent_id=agent)
            for mandate, number, code, name, parent, box in rows:
                if box is not None:
                    stop = await mail_stops.of(aconn, box)
                    if not stop.stopped:
                        await outbox.put(aconn, notice(box, code, name, Role(role), stop.id))
                await audit.write(
                    aconn, f"agent:{agent}", "delegation-accept", f"commune:{number}",
                    mandate=mandate, parent=parent, role=role,
                )  # fmt: skip
            return token
    if row is not None:
        return Tried.WRONG
    state = await aconn.execute(query("crowd", "invitation_state"), values)
    found = await state.fetchone()
    if found is None:
        raise NotFound("There is no such invitation.")
    return Tried.LOCKED if found[0] and found[1] >= settings.wrong_tries else Tried.GONE


async def _agent(aconn: psycopg.AsyncConnection[Any], email: str) -> int:
    """The agent who reads a mailbox: the same person for all that is delegated to it."""
    row = await (
        await aconn.execute(query("crowd", "agent_by_email"), {"email": email.lower()})
    ).fetchone()
    if row is None:
        row = await (await aconn.execute(query("crowd", "agent_add"))).fetchone()
        assert row is not None  # noqa: S101 (insert returning)
        values = {"agent": row[0], "email": email.lower()}
        await aconn.execute(query("crowd", "agent_contact_add"), values)
    return int(row[0])


async def refuse(aconn: psycopg.AsyncConnection[Any], link: str) -> None:
    """Refuse an invitation; its address is forgotten at once. Raises Conflict when it is over."""
    async with aconn.transaction():
        values = {"link": hashed(link)}
        row = await (await aconn.execute(query("crowd", "invitation_refuse"), values)).fetchone()
        if row is None:
            raise Conflict("This invitation is over.")
        await audit.write(aconn, "invited", "delegation-refuse", f"invitation:{row[0]}")


async def below(aconn: psycopg.AsyncConnection[Any], mandate: Mandate) -> list[Held]:
    """What hangs on a mandate, in the order of the tree: for a commune's own, all of the commune's;
    then the invitations that wait."""
    values = {"mandate": mandate.id, "commune": mandate.commune_number, "all": mandate.own}
    rows = await (await aconn.execute(query("crowd", "delegated_below"), values)).fetchall()
    return [
        Held(
            id_, invitation, Role(role), email, None if services is None else tuple(services),
            made_at, ends_at, tuple(Role(one) for one in chain), depth,
        )
        for id_, invitation, role, email, services, made_at, ends_at, chain, depth in rows
    ]  # fmt: skip


async def revoke(aconn: psycopg.AsyncConnection[Any], mandate: Mandate, target: int) -> bool:
    """Revoke what hangs on a mandate, and all below. Raises NotFound for what does not."""
    if target not in {one.id for one in await below(aconn, mandate) if one.id is not None}:
        raise NotFound("No such delegation hangs on this mandate.")
    return await mandates.revoke(aconn, target, mandate.actor)


async def take_back(aconn: psycopg.AsyncConnection[Any], mandate: Mandate, invitation: int) -> None:
    """Take back an invitation that waits. Raises NotFound for one of others."""
    waiting = {one.invitation_id for one in await below(aconn, mandate) if one.id is None}
    if invitation not in waiting:
        raise NotFound("No such invitation waits.")
    async with aconn.transaction():
        await aconn.execute(query("crowd", "invitation_take_back"), {"id": invitation})
        await audit.write(aconn, mandate.actor, "delegation-take-back", f"invitation:{invitation}")
