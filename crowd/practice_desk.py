"""Moderation of good practices: the same desk, roles and audit log as contributions.

A decision is one transaction, made from the state that the moderator saw: the sheet, the reason
for its owner, the mail, and the audit row last.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import psycopg

from catalog import outbox
from catalog.database.queries import query
from catalog.outbox import Mail
from config.errors import Conflict, Invalid, Refused
from crowd import audit, practices
from crowd.accounts import Account
from crowd.moderation import LONGEST_TEXT
from crowd.practices import Practice, State


class Action(StrEnum):
    PUBLISH = "publish"
    REFUSE = "refuse"
    ASK = "ask"
    TAKE_BACK = "take-back"


# Why, as the owner reads it: `practices.reason_<code>` in the interface's texts.
REASONS: dict[Action, tuple[str, ...]] = {
    Action.PUBLISH: ("read",),
    Action.REFUSE: ("not-a-practice", "advertising", "names-somebody", "duplicate", "abuse"),
    Action.ASK: ("say-more", "names-somebody"),
    Action.TAKE_BACK: ("was-wrong", "advertising", "abuse"),
}
_NEXT = {Action.PUBLISH: State.PUBLISHED, Action.REFUSE: State.REFUSED, Action.ASK: State.ASKED}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the queue. `corrects`: readers see an earlier version meanwhile."""

    id: int
    reference: str
    commune: str
    commune_code: str
    service: str
    state: str
    title: str | None
    corrects: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a moderator decided. `version` is the one that was seen."""

    action: Action
    version: int
    reason: str
    text: str = ""

    def __post_init__(self) -> None:
        if self.reason not in REASONS[self.action]:
            raise Invalid("Choose a reason.", parameter="reason")
        if len(self.text) > LONGEST_TEXT:
            raise Invalid(f"At most {LONGEST_TEXT} characters.", parameter="text")
        if self.action is Action.ASK and not self.text:
            raise Invalid("Write the question.", parameter="text")


async def queue(aconn: psycopg.AsyncConnection[Any], limit: int) -> list[Line]:
    """What waits, oldest first; what looks like a flood last."""
    rows = await aconn.execute(query("crowd", "practice_queue"), {"limit": limit})
    return [Line(*row) for row in await rows.fetchall()]


async def is_own(aconn: psycopg.AsyncConnection[Any], account: Account, one: Practice) -> bool:
    """Whether a sheet comes from the very person who would decide on it."""
    if one.account_id == account.id:
        return True
    if one.email is None:
        return False
    row = await (
        await aconn.execute(query("crowd", "account_email"), {"id": account.id})
    ).fetchone()
    return row is not None and str(row[0]).lower() == one.email.lower()


Letter = Callable[[Practice, Action, str], Mail | None]


async def decide(
    aconn: psycopg.AsyncConnection[Any],
    account: Account,
    id_: int,
    ruling: Ruling,
    letter: Letter | None = None,
) -> None:
    """Raises Conflict when it is not what was seen any more, Refused for one's own."""
    async with aconn.transaction():
        one = await practices.of_id(aconn, id_)
        if await is_own(aconn, account, one):
            raise Refused("Nobody decides on what they sent themselves.")
        if ruling.action is Action.TAKE_BACK:
            name = "practice_unpublish"
            values: dict[str, Any] = {"practice": id_, "version": ruling.version}
            about = one.published_version
        else:
            name = "practice_decided"
            values = {"practice": id_, "version": ruling.version,
                      "state": _NEXT[ruling.action].value,
                      "publish": ruling.action is Action.PUBLISH}  # fmt: skip
            about = one.waiting_version
        row = await (await aconn.execute(query("crowd", name), values)).fetchone()
        if row is None:
            raise Conflict("Somebody decided on this in the meantime.")
        decision = {"practice": id_, "version": about, "actor": account.actor,
                    "action": ruling.action.value, "reason": ruling.reason,
                    "text": ruling.text or None}  # fmt: skip
        await aconn.execute(query("crowd", "practice_decision_add"), decision)
        if letter is not None and (mail := letter(one, ruling.action, ruling.text)):
            await outbox.put(aconn, mail, f"practice-{id_}-{row[0]}")
        await audit.write(
            aconn, account.actor, f"practice-{ruling.action.value}", f"practice:{id_}",
            reason=ruling.reason, version=about, reference=one.reference,
        )  # fmt: skip
