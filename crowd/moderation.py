"""Moderation: a queue, one case, decisions that are made once, and the way back.

A decision is one transaction: the contribution's new state (only from the one that the moderator
saw), what is published, the reason for the author, the mail, and the audit row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog import outbox
from catalog.database.queries import query
from catalog.outbox import Mail
from catalog.referential import Referential
from catalog.states import State as Fact
from config.errors import Conflict, Invalid, Refused
from crowd import audit, contributions, publishing
from crowd.accounts import Account
from crowd.contributions import Contribution, State
from crowd.signing import Keys

LONGEST_TEXT = 1000
MOST_TOGETHER = 100  # similar reports that one decision takes along
MOST_COUNTED = 1000  # a tab says "1000+" beyond: counting more would slow the queue


class Action(StrEnum):
    """What a moderator does with a contribution."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    ASK = "ask"
    REVERT = "revert"


class Outcome(StrEnum):
    """What is published when a contribution is accepted."""

    AS_SAID = "as-said"
    ABSENT = "absent"  # the moderator found that it does not exist
    NOTED = "noted"  # right, and nothing of it is a fact of the map


# Why, as the author reads it: `moderation.reason_<code>` in the interface's texts.
REASONS: dict[Action, tuple[str, ...]] = {
    Action.ACCEPT: ("checked", "obvious"),
    Action.REFUSE: ("not-found", "wrong-page", "not-a-service", "other-body", "duplicate", "abuse"),
    Action.ASK: ("which-page", "more-details"),
    Action.REVERT: ("was-wrong", "abuse"),
}
_NEXT = {
    Action.ACCEPT: State.ACCEPTED,
    Action.REFUSE: State.REFUSED,
    Action.ASK: State.ASKED,
    Action.REVERT: State.REVERTED,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the queue."""

    id: int
    reference: str
    voice_id: int
    kind: str
    commune_number: int
    commune_code: str
    commune: str
    service: str
    state: str
    why: list[str]
    created_at: datetime
    speaker: str
    similar: int  # others that wait on the same pair and say the same kind of thing


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a moderator decided. `version` is the one that was seen."""

    action: Action
    version: int
    reason: str
    text: str = ""
    outcome: Outcome = Outcome.AS_SAID

    def __post_init__(self) -> None:
        if self.reason not in REASONS[self.action]:
            raise Invalid("Choose a reason.", parameter="reason")
        if len(self.text) > LONGEST_TEXT:
            raise Invalid(f"At most {LONGEST_TEXT} characters.", parameter="text")
        if self.action is Action.ASK and not self.text:
            raise Invalid("Write the question.", parameter="text")


async def queue(
    aconn: psycopg.AsyncConnection[Any], state: State, after: int, limit: int
) -> list[Line]:
    """What waits in a state, oldest first, after an id."""
    async with aconn.cursor(row_factory=class_row(Line)) as cursor:
        values = {"state": state.value, "after": after, "limit": limit}
        await cursor.execute(query("crowd", "queue"), values)
        return await cursor.fetchall()


async def counts(aconn: psycopg.AsyncConnection[Any]) -> dict[State, int]:
    """How many wait in each open state, counted up to MOST_COUNTED + 1."""
    cursor = await aconn.execute(query("crowd", "queue_counts"), {"most": MOST_COUNTED + 1})
    return {State(state): count for state, count in await cursor.fetchall()}


async def similar(aconn: psycopg.AsyncConnection[Any], one: Contribution) -> list[Line]:
    """What waits on the same pair and says the same kind of thing, oldest first."""
    async with aconn.cursor(row_factory=class_row(Line)) as cursor:
        values = {"id": one.id, "commune": one.commune_number, "service": one.service,
                  "kind": one.kind, "limit": MOST_TOGETHER}  # fmt: skip
        await cursor.execute(query("crowd", "queue_similar"), values)
        return await cursor.fetchall()


async def seen(aconn: psycopg.AsyncConnection[Any], id_: int) -> None:
    """A moderator opened it: its author is told that somebody looked."""
    await aconn.execute(query("crowd", "seen"), {"id": id_})


async def is_own(
    aconn: psycopg.AsyncConnection[Any], keys: Keys, account: Account, one: Contribution
) -> bool:
    """Whether a contribution comes from the very person who would decide on it."""
    if one.account_id == account.id:
        return True
    if one.who is None:
        return False
    cursor = await aconn.execute(query("crowd", "account_email"), {"id": account.id})
    row = await cursor.fetchone()
    return row is not None and keys.keyed("email", row[0]) == bytes(one.who)


Letter = Callable[[Contribution, Action, str], Mail | None]


async def decide(
    aconn: psycopg.AsyncConnection[Any],
    keys: Keys,
    account: Account,
    book: Referential,
    id_: int,
    ruling: Ruling,
    now: datetime,
    *,
    letter: Letter | None = None,
    together: tuple[int, ...] = (),
) -> bool:
    """Decide on a contribution, and on similar ones along with it; True: something was published.

    Raises Conflict when it is not in the state that was seen any more (the first of two moderators
    wins), Refused for one's own.
    """
    published = False
    async with aconn.transaction():
        for position, number in enumerate((id_, *together[:MOST_TOGETHER])):
            one = await contributions.of_id(aconn, number)
            version = ruling.version if position == 0 else one.version
            if await is_own(aconn, keys, account, one):
                if position:
                    continue  # their own among the similar ones waits for somebody else
                raise Refused("Nobody decides on what they sent themselves.")
            if not await _move(aconn, one, ruling.action, version):
                if position:
                    continue
                raise Conflict("Somebody decided on this in the meantime.")
            published |= await _apply(aconn, account, book, one, ruling, now)
            if letter is not None and (mail := letter(one, ruling.action, ruling.text)):
                await outbox.put(aconn, mail, f"contribution-{one.id}-{one.version + 1}")
    return published


async def _move(
    aconn: psycopg.AsyncConnection[Any], one: Contribution, action: Action, version: int
) -> bool:
    values = {
        "id": one.id,
        "version": version,
        "state": _NEXT[action].value,
        "from": [State.ACCEPTED.value]
        if action is Action.REVERT
        else [State.WAITING.value, State.ASKED.value, State.HELD.value],
        "decided": action is not Action.ASK,
    }
    return await (await aconn.execute(query("crowd", "moved"), values)).fetchone() is not None


async def _apply(
    aconn: psycopg.AsyncConnection[Any],
    account: Account,
    book: Referential,
    one: Contribution,
    ruling: Ruling,
    now: datetime,
) -> bool:
    """Publish or take back, tell the author, and write the audit row last."""
    touched = 0
    if ruling.action is Action.ACCEPT and ruling.outcome is not Outcome.NOTED:
        service = book.service(one.service)
        said = one.said
        fact = Fact.ABSENT if ruling.outcome is Outcome.ABSENT else said.claim.fact(service)
        if fact is None:
            raise Invalid("Say what is so: this contribution only says what is not.",
                          parameter="outcome")  # fmt: skip
        touched = len(await publishing.publish(aconn, said, service, fact, confirmed=True, now=now))
    elif ruling.action is Action.REVERT:
        why = "Repris par un modérateur : la contribution a été reconnue inexacte."
        touched = await publishing.take_back(aconn, [one.id], why, now)
    decision = {"contribution": one.id, "actor": account.actor, "action": ruling.action.value,
                "reason": ruling.reason, "text": ruling.text or None}  # fmt: skip
    await aconn.execute(query("crowd", "decision_add"), decision)
    await audit.write(
        aconn, account.actor, ruling.action.value, f"contribution:{one.id}",
        reason=ruling.reason, outcome=ruling.outcome.value, observations=touched,
        reference=one.reference,
    )  # fmt: skip
    return touched > 0


MOST_DROPPED = 5000  # held contributions that one click refuses: under a second


async def last_held(aconn: psycopg.AsyncConnection[Any]) -> int | None:
    """The id of the latest contribution that is held apart; None: none is."""
    row = await (await aconn.execute(query("crowd", "held_last"))).fetchone()
    return None if row is None else row[0]


async def drop_held(aconn: psycopg.AsyncConnection[Any], account: Account, upto: int) -> int:
    """Refuse what is held apart, up to the last one that the moderator saw; how many.

    `upto` is an id: what arrived since is for another look. Their own are left to another.
    """
    async with aconn.transaction():
        values = {"upto": upto, "account": account.id, "most": MOST_DROPPED}
        cursor = await aconn.execute(query("crowd", "held_upto"), values)
        ids = [int(row[0]) for row in await cursor.fetchall()]
        await aconn.execute(
            query("crowd", "dropped"),
            {"ids": ids, "state": State.REFUSED.value, "actor": account.actor,
             "action": Action.REFUSE.value, "reason": "abuse"},
        )  # fmt: skip
        await audit.write(
            aconn, account.actor, "drop-held", "contributions", refused=len(ids), upto=upto
        )
    return len(ids)


@dataclass(frozen=True, slots=True)
class Dropped:
    """What dropping an author did."""

    refused: int
    reverted: int
    observations: int


async def drop_author(
    aconn: psycopg.AsyncConnection[Any],
    keys: Keys,
    account: Account,
    voice_id: int,
    reason: str,
    now: datetime,
) -> Dropped:
    """Refuse all that one author has waiting, and take back all that was published of them.

    One transaction, whatever their number. Raises Invalid for no reason of REASONS, and Refused
    when one of them is the moderator's own.
    """
    if reason not in REASONS[Action.REVERT]:
        raise Invalid("Choose a reason.", parameter="reason")
    async with aconn.transaction():
        cursor = await aconn.execute(query("crowd", "of_voice"), {"voice": voice_id})
        rows = await cursor.fetchall()
        for id_, _, account_id in rows:
            if account_id == account.id:
                raise Refused("Nobody decides on what they sent themselves.")
            if await is_own(aconn, keys, account, await contributions.of_id(aconn, id_)):
                raise Refused("Nobody decides on what they sent themselves.")
        open_ = [id_ for id_, state, _ in rows if State(state).open]
        accepted = [id_ for id_, state, _ in rows if state == State.ACCEPTED]
        why = "Repris par un modérateur : toutes les contributions de cet auteur sont retirées."
        observations = await publishing.take_back(aconn, accepted, why, now)
        for ids, state, action in (
            (open_, State.REFUSED, Action.REFUSE),
            (accepted, State.REVERTED, Action.REVERT),
        ):
            values = {"ids": ids, "state": state.value, "actor": account.actor,
                      "action": action.value, "reason": reason}  # fmt: skip
            await aconn.execute(query("crowd", "dropped"), values)
        dropped = Dropped(len(open_), len(accepted), observations)
        await audit.write(
            aconn, account.actor, "drop-author", f"voice:{voice_id}",
            reason=reason, refused=dropped.refused, reverted=dropped.reverted,
            observations=observations,
        )  # fmt: skip
    return dropped
