"""A fact that a commune's agent contests: somebody looks again now, and both proofs are kept.

Contesting changes nothing by itself: the first proof stands beside what the second look found, on
the page of proofs and at the moderators' desk. What cannot be looked at again by a machine says so,
and a person does it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog.database.asking import Asking, ask
from catalog.database.queries import query
from catalog.observations import Nature
from config.errors import Conflict, Invalid, NotFound, Refused
from config.settings import MandateSettings
from crowd import audit
from crowd.mandate_sessions import Mandate

# Who said it in our own house: no machine can look again at what a person saw.
PEOPLE = ("residents", "moderation", "communes")


class Reason(StrEnum):
    """What is wrong with the fact, for its agent."""

    OUTDATED = "outdated"
    WRONG_PAGE = "wrong-page"
    NOT_OURS = "not-ours"
    NEVER_SO = "never-so"


class State(StrEnum):
    WAITING = "waiting"
    LOOKED = "looked"
    PERSON = "person"  # no machine can look: a moderator does


class Outcome(StrEnum):
    """What the second look gave."""

    SAME = "same"  # the source, or the page, still says so
    CHANGED = "changed"  # the source says something else now
    WITHDRAWN = "withdrawn"  # the source says it no more
    ANSWERS = "answers"  # the page is there; a machine cannot tell whether it says so
    GONE = "gone"  # the page answers that there is nothing
    AWAY = "away"  # it could not be reached: nothing is proved
    REFUSED = "refused"  # an address that we do not visit
    NOT_AGAIN = "not-again"  # nothing can be read again: a legal text, a person's word
    NOT_READY = "not-ready"  # this instance visits no site: whoever runs it did not set a contact


@dataclass(frozen=True, slots=True)
class Contest:
    """A contested fact, for pages: nobody is named, but by the role of who contests."""

    id: int
    observation_id: int
    commune_number: int
    service: str
    role: str
    reason: str
    state: str
    outcome: str | None
    details: Mapping[str, Any]
    evidence_id: int | None
    newer_id: int | None
    made_at: datetime
    looked_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fact:
    """What the second look reads of what is contested."""

    contest_id: int
    observation_id: int
    commune_number: int
    commune_code: str
    service: str
    state: int | None
    url: str | None
    page: str | None  # of a probe: where the link was found
    nature: Nature
    source_id: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What a second look gave: the second proof, kept beside the first."""

    outcome: Outcome
    details: Mapping[str, Any]
    evidence_id: int | None = None

    @property
    def state(self) -> State:
        by_person = (Outcome.NOT_AGAIN, Outcome.NOT_READY, Outcome.REFUSED)
        return State.PERSON if self.outcome in by_person else State.LOOKED


async def contest(
    aconn: psycopg.AsyncConnection[Any],
    settings: MandateSettings,
    mandate: Mandate,
    observation_id: int,
    reason: str,
) -> int:
    """Contest a fact of one's own commune; the contest's number.

    Raises NotFound for a fact of another commune or that nobody states now, Invalid for a reason
    that is none, Conflict when it is contested already and waits, Refused beyond a day's number.
    """
    try:
        why = Reason(reason)
    except ValueError:
        raise Invalid("Choose what is wrong.", parameter="reason") from None
    async with aconn.transaction():
        asked = {"observation": observation_id, "commune": mandate.commune_number,
                 "mandate": mandate.id}  # fmt: skip
        row = await (await aconn.execute(query("crowd", "contest_about"), asked)).fetchone()
        if row is None:
            raise NotFound("No such fact is stated of this commune.")
        service, today = row
        if not mandate.covers(service):
            raise Refused(f"This mandate does not cover {service}.")
        if today >= settings.contests_per_day:
            raise Refused("Too many contested facts today: try again tomorrow.")
        values = {**asked, "service": service, "reason": why.value}
        made = await (await aconn.execute(query("crowd", "contest_add"), values)).fetchone()
        if made is None:
            raise Conflict("This fact is contested already, and is about to be looked at again.")
        subject = f"commune:{mandate.commune_number}"
        await audit.write(
            aconn, mandate.actor, "contest", subject, contest=made[0],
            observation=observation_id, reason=why.value,
        )  # fmt: skip
    return int(made[0])


async def of_commune(
    aconn: psycopg.AsyncConnection[Any], number: int, service: str | None = None
) -> list[Contest]:
    """The contested facts of a commune, the latest first."""
    return await ask(aconn, asking_of_commune(number, service))


def asking_of_commune(number: int, service: str | None = None) -> Asking[list[Contest]]:
    """`of_commune`, to be asked with other questions."""
    values = {"number": number, "service": service}
    return Asking(query("crowd", "contests_of_commune"), values, list, class_row(Contest))


def fact(conn: psycopg.Connection[Any], contest_id: int) -> Fact | None:
    """What is to be looked at again; None: it was, or there is no such contest."""
    row = conn.execute(query("crowd", "contest_fact"), {"id": contest_id}).fetchone()
    if row is None:
        return None
    observation, commune, code, service, state, url, page, nature, source = row
    return Fact(
        contest_id, observation, commune, code, service, state, url, page, Nature(nature), source
    )


def looked(conn: psycopg.Connection[Any], about: Fact, found: Looked) -> None:
    """Keep what the second look gave, in the caller's transaction. What the same source says since
    the contest, if anything, is named by its number."""
    values = {
        "id": about.contest_id,
        "state": found.state.value,
        "outcome": found.outcome.value,
        "details": json.dumps(dict(found.details), ensure_ascii=False),
        "evidence": found.evidence_id,
    }
    conn.execute(query("crowd", "contest_looked"), values)
    subject = f"commune:{about.commune_number}"
    audit.write_now(
        conn, "worker", "contest-look", subject, contest=about.contest_id,
        outcome=found.outcome.value,
    )  # fmt: skip


def newer(conn: psycopg.Connection[Any], about: Fact) -> tuple[int | None, Outcome]:
    """What the same source says now of the same pair, against what is contested."""
    values = {"observation": about.observation_id}
    row = conn.execute(query("crowd", "contest_newer"), values).fetchone()
    if row is None:
        return None, Outcome.SAME
    id_, state, same = row
    if state is None:
        return int(id_), Outcome.WITHDRAWN
    return int(id_), Outcome.SAME if same else Outcome.CHANGED


async def unread(aconn: psycopg.AsyncConnection[Any], after: int, limit: int) -> list[Contest]:
    """The contested facts that no moderator has read, the oldest first."""
    async with aconn.cursor(row_factory=class_row(Contest)) as cursor:
        await cursor.execute(query("crowd", "contests_unread"), {"after": after, "limit": limit})
        return await cursor.fetchall()


async def close(aconn: psycopg.AsyncConnection[Any], actor: str, contest_id: int) -> None:
    """A moderator has read it. Raises Conflict when another one has."""
    async with aconn.transaction():
        row = await (
            await aconn.execute(query("crowd", "contest_close"), {"id": contest_id})
        ).fetchone()
        if row is None:
            raise Conflict("It was read before, or nobody looked yet.")
        await audit.write(aconn, actor, "contest-close", f"contest:{contest_id}")


def late(conn: psycopg.Connection[Any]) -> list[int]:
    """The contests that wait for longer than a job in the queue should."""
    return [int(number) for (number,) in conn.execute(query("crowd", "contests_late"))]
