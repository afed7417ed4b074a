"""Office telephones that a commune wants hidden: in every channel, with a trace, until it changes
its mind.

What is hidden is a number in a commune, not a field of an office: a harvest that brings it again, a
source that writes it otherwise, an office that is renamed or merged bring nothing back. Readers are
told that it is hidden at the commune's wish, which is neither unknown nor absent.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from catalog.database.queries import query
from config.errors import Invalid, NotFound


@dataclass(frozen=True, slots=True)
class Phone:
    """A number of offices of a commune. `since`: hidden since; None: it is shown."""

    digits: str
    shown_as: str  # as the first of its offices writes it
    offices: tuple[str, ...]
    since: datetime | None


def digits_of(text: str) -> str:
    """The last nine digits, as catalog.phone_digits. Raises Invalid for what is no number."""
    found = re.sub(r"[^0-9]", "", text)[-9:]
    if not found:
        raise Invalid("Not a telephone number.", parameter="phone")
    return found


async def of_commune(aconn: psycopg.AsyncConnection[Any], number: int) -> list[Phone]:
    """The telephones of a commune's offices, hidden ones included: for its own agent only."""
    rows = await (
        await aconn.execute(query("catalog", "withheld_of_commune"), {"number": number})
    ).fetchall()
    return [Phone(digits, text, tuple(names), since) for digits, text, names, since in rows]


async def decide(
    aconn: psycopg.AsyncConnection[Any], number: int, phone: str, *, hide: bool, who: str
) -> bool:
    """Hide a number of a commune, or show it again, in the caller's transaction. `who` is a
    pseudonym: it stays for ever. False: it was so. Raises NotFound for a number of no office."""
    digits = digits_of(phone)
    if hide and digits not in {one.digits for one in await of_commune(aconn, number)}:
        raise NotFound("No office of this commune has this number.", parameter="phone")
    values = {"number": number, "digits": digits}
    name = "withheld_add" if hide else "withheld_drop"
    row = await (await aconn.execute(query("catalog", name), values)).fetchone()
    if row is None:
        return False
    action = {"action": "withhold" if hide else "restore", "who": who}
    await aconn.execute(query("catalog", "withholding_add"), {**values, **action})
    return True


async def latest(aconn: psycopg.AsyncConnection[Any]) -> int:
    """The number of the last act that hid a number or showed one again; 0: none ever did."""
    row = await (await aconn.execute(query("catalog", "withholding_latest"))).fetchone()
    return int(row[0] or 0) if row else 0
