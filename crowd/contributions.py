"""Contributions: what is kept of each, its states, and the links that open it.

`crowd.receiving` receives them.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog.database.queries import query
from config.errors import NotFound
from crowd.claims import Claim
from crowd.publishing import Said
from crowd.signing import Keys
from crowd.speakers import Kind as Speaking

FOLLOW = "follow"  # the purpose of the links that mails hold
MAIL_MARK = "m."  # what those begin with
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is read for something else


class State(StrEnum):
    """Where a contribution is."""

    WAITING = "waiting"
    ASKED = "asked"  # a moderator asked its author something
    HELD = "held"  # looks like a flood, a copy or a robot: apart, for a batch decision
    ACCEPTED = "accepted"
    REFUSED = "refused"
    REVERTED = "reverted"  # accepted, and taken back since
    WITHDRAWN = "withdrawn"  # erased by its author before anything was published

    @property
    def open(self) -> bool:
        return self in (State.WAITING, State.ASKED, State.HELD)


@dataclass(frozen=True, slots=True)
class Contribution:
    """A contribution and what is personal of it, None when there is none or it was erased."""

    id: int
    reference: str
    voice_id: int
    speaker: str
    mandate: str | None
    account_id: int | None
    language: str
    kind: str
    commune_number: int
    service: str
    claim: dict[str, Any]
    before: dict[str, Any]
    state: str
    why: list[str]
    version: int
    created_at: datetime
    seen_at: datetime | None
    decided_at: datetime | None
    thanks_name: str | None
    comment: str | None
    who: bytes | None
    confirmed_at: datetime | None
    email: str | None

    @property
    def said(self) -> Said:
        return Said(
            self.id,
            self.reference,
            self.voice_id,
            Speaking(self.speaker),
            self.commune_number,
            self.service,
            Claim.of(self.claim),
            self.created_at,
        )


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What somebody else said of the same pair."""

    id: int
    voice_id: int
    claim: Claim
    state: State
    confirmed: bool
    network: bytes | None


def independent(voice: int, confirmed: bool, network: bytes | None, other: Neighbour) -> bool:
    """Whether two authors are two people, as far as anybody can tell without keeping addresses.

    Two confirmed addresses, or two networks within the day in which we remember them. When one of
    the two was forgotten nobody can tell, and they do not count as two.
    """
    if voice == other.voice_id:
        return False
    if confirmed and other.confirmed:
        return True
    return network is not None and other.network is not None and network != other.network


def new_reference() -> str:
    """What people quote to us: eight letters and figures, none of which looks like another."""
    letters = [secrets.choice(_ALPHABET) for _ in range(8)]
    return f"{''.join(letters[:4])}-{''.join(letters[4:])}"


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def follow_token(secret: str) -> str:
    """The private link of what was sent with this secret: the same each time it is sent."""
    return hashlib.sha256(f"follow|{secret}".encode()).hexdigest()[:43]


async def of_id(aconn: psycopg.AsyncConnection[Any], id_: int) -> Contribution:
    """Raises NotFound."""
    async with aconn.cursor(row_factory=class_row(Contribution)) as cursor:
        await cursor.execute(query("crowd", "contribution_one"), {"id": id_})
        found = await cursor.fetchone()
    if found is None:
        raise NotFound("There is no such contribution.")
    return found


async def of_token(
    aconn: psycopg.AsyncConnection[Any], keys: Keys, token: str
) -> tuple[Contribution, bool]:
    """What a private link opens, and whether it is the link of a mail. Raises NotFound."""
    if token.startswith(MAIL_MARK):
        number = keys.unseal(FOLLOW, token.removeprefix(MAIL_MARK))
        if number is None:
            raise NotFound("This link opens nothing.")
        return await of_id(aconn, number), True
    values = {"token_hash": token_hash(token)}
    row = await (await aconn.execute(query("crowd", "contribution_by_token"), values)).fetchone()
    if row is None:
        raise NotFound("This link opens nothing.")
    return await of_id(aconn, int(row[0])), False
