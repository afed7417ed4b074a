"""What people say of a procedure: a face, a difficulty. Received once, scrubbed, counted honestly.

A voice that looks like stuffing is received as the others are, and not counted: its sender is told
the same, and the pages say how many were left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog.database.queries import query
from config.errors import Invalid, NotFound
from config.settings import VoiceSettings
from crowd import ratings
from crowd.contributions import new_reference
from crowd.ratings import Rating, Stuffing
from crowd.scrubbing import Scrubbed, scrub
from crowd.signing import Keys

LONGEST_COMMENT, LONGEST_SCREEN, LONGEST_PAGE, LONGEST_ANSWER = 1000, 60, 500, 2000  # characters


class Kind(StrEnum):
    """The three kinds of difficulties, in the order of the form."""

    UNCLEAR = "unclear"
    BROKEN = "broken"
    IDEA = "idea"


class Channel(StrEnum):
    PAGE = "page"
    EMBED = "embed"
    POSTER = "poster"


@dataclass(frozen=True, slots=True)
class From:
    """Where a voice comes from. `once` is its form's own number; `trapped`: a robot's field."""

    network: str
    once: bytes
    channel: Channel
    screen: str | None = None
    trapped: bool = False


@dataclass(frozen=True, slots=True)
class Difficulty:
    """As moderators and owners read it."""

    id: int
    reference: str
    kind: str
    page: str | None
    screen: str | None
    language: str
    comment: str | None
    scrubbed: list[str]
    channel: str
    state: str
    at: datetime
    procedure_id: str
    procedure: str


@dataclass(frozen=True, slots=True)
class Told:
    """What anybody who has a reference may know."""

    reference: str
    kind: str
    state: str
    at: datetime
    seen_at: datetime | None
    procedure_id: str
    procedure: str
    procedure_kind: str


@dataclass(frozen=True, slots=True)
class PublicAnswer:
    """`hidden_at`: a moderator hid it; only moderators and its owner see it since."""

    id: int
    text: str
    by: str
    at: datetime
    hidden_at: datetime | None
    hidden_why: str | None


def level(text: str) -> int:
    """One of the five faces. Raises Invalid."""
    if text not in ("1", "2", "3", "4", "5"):
        raise Invalid("A face is a level from 1 to 5.", parameter="niveau")
    return int(text)


def kind(text: str) -> Kind:
    """Raises Invalid."""
    try:
        return Kind(text)
    except ValueError:
        raise Invalid("Not a kind of difficulty.", parameter="genre") from None


def words(text: str) -> Scrubbed:
    """A comment as it may be kept. Raises Invalid when it is too long."""
    found = scrub(text.strip())
    if len(found.text) > LONGEST_COMMENT:
        raise Invalid(f"At most {LONGEST_COMMENT} characters.", parameter="commentaire")
    return found


async def add_face(
    aconn: psycopg.AsyncConnection[Any],
    keys: Keys,
    procedure: str,
    level: int,
    came: From,
    settings: VoiceSettings,
) -> bool:
    """Receive one face; whether it is new. The same click again is one row.

    The caller holds no transaction.
    """
    network = keys.keyed("network", came.network)
    async with aconn.transaction():
        await _alone(aconn, network)
        seen = await (
            await aconn.execute(query("crowd", "face_once"), {"once": came.once})
        ).fetchone()
        if seen is not None:
            return False
        held = await _stuffing(aconn, procedure, network, came, settings)
        values = {
            "once": came.once, "procedure": procedure, "level": level,
            "screen": screen(came.screen), "channel": came.channel.value,
            "held": None if held is None else held.value,
        }  # fmt: skip
        made = await (await aconn.execute(query("crowd", "face_add"), values)).fetchone()
        if made is None:
            return False
        origin = {"procedure": procedure, "network": network}
        await aconn.execute(query("crowd", "voice_origin_add"), origin)
    return True


async def add_difficulty(
    aconn: psycopg.AsyncConnection[Any],
    keys: Keys,
    procedure: str,
    kind: Kind,
    said: Scrubbed,
    page: str | None,
    language: str,
    came: From,
    settings: VoiceSettings,
) -> str:
    """Receive one difficulty; its reference. The same form again has the same one.

    The caller holds no transaction.
    """
    network = keys.keyed("network", came.network)
    async with aconn.transaction():
        await _alone(aconn, network)
        seen = await (
            await aconn.execute(query("crowd", "difficulty_once"), {"once": came.once})
        ).fetchone()
        if seen is not None:
            return str(seen[0])
        held = await _stuffing(aconn, procedure, network, came, settings)
        values = {
            "reference": new_reference(), "once": came.once, "procedure": procedure,
            "kind": kind.value, "page": page, "screen": screen(came.screen), "language": language,
            "comment": said.text or None, "scrubbed": list(said.kinds),
            "channel": came.channel.value,
            "state": "held" if held is not None else "new",
        }  # fmt: skip
        made = await (await aconn.execute(query("crowd", "difficulty_add"), values)).fetchone()
        if made is None:  # from another network, at the same instant
            seen = await (
                await aconn.execute(query("crowd", "difficulty_once"), {"once": came.once})
            ).fetchone()
            if seen is None:
                raise Invalid("This form cannot be received: open it again.")
            return str(seen[0])
        origin = {"procedure": procedure, "network": network}
        await aconn.execute(query("crowd", "voice_origin_add"), origin)
    return str(made[0])


def screen(text: str | None) -> str | None:
    """A screen's name as it may be kept."""
    tidy = scrub(" ".join((text or "").split())).text[:LONGEST_SCREEN]
    return tidy or None


async def _alone(aconn: psycopg.AsyncConnection[Any], network: bytes) -> None:
    """One network at a time: its voices are counted exactly."""
    number = int.from_bytes(network[:8], signed=True)
    await aconn.execute("select pg_advisory_xact_lock(%s::bigint)", [number])


async def _stuffing(
    aconn: psycopg.AsyncConnection[Any],
    procedure: str,
    network: bytes,
    came: From,
    settings: VoiceSettings,
) -> Stuffing | None:
    values = {"procedure": procedure, "network": network}
    row = await (await aconn.execute(query("crowd", "voice_recent"), values)).fetchone()
    of_network, in_minute = row or (0, 0)
    return ratings.stuffing(
        of_network,
        in_minute,
        most_network=settings.most_network_day,
        most_minute=settings.most_minute,
        trapped=came.trapped,
    )


async def told(aconn: psycopg.AsyncConnection[Any], reference: str) -> Told:
    """What became of a difficulty. Raises NotFound."""
    values = {"reference": reference}
    row = await (await aconn.execute(query("crowd", "difficulty_told"), values)).fetchone()
    if row is None:
        raise NotFound("There is no such reference.")
    return Told(*row)


async def listed(
    aconn: psycopg.AsyncConnection[Any],
    state: str,
    procedure: str | None = None,
    before: int = 0,
    most: int = 50,
) -> list[Difficulty]:
    """The difficulties of a state, newest first."""
    values = {"state": state, "procedure": procedure, "before": before, "most": most}
    async with aconn.cursor(row_factory=class_row(Difficulty)) as cursor:
        await cursor.execute(query("crowd", "difficulties"), values)
        return await cursor.fetchall()


async def move(
    aconn: psycopg.AsyncConnection[Any], id_: int, state: str, procedure: str | None = None
) -> None:
    """Say that a difficulty was seen or dealt with. Raises NotFound, Invalid."""
    if state not in ("seen", "done", "held"):
        raise Invalid("Not a state of a difficulty.", parameter="action")
    values = {"id": id_, "state": state, "procedure": procedure}
    row = await (await aconn.execute(query("crowd", "difficulty_move"), values)).fetchone()
    if row is None:
        raise NotFound("There is no such difficulty.")


async def kinds(aconn: psycopg.AsyncConnection[Any], procedure: str) -> dict[Kind, int]:
    """How many difficulties of each kind a procedure has."""
    cursor = await aconn.execute(query("crowd", "difficulty_counts"), {"procedure": procedure})
    found = {str(name): int(n) for name, n in await cursor.fetchall()}
    return {one: found.get(one.value, 0) for one in Kind}


type Alarm = tuple[Stuffing, int, datetime]  # why voices were left out, how many, the last one


async def rated(
    aconn: psycopg.AsyncConnection[Any], threshold: int, procedure: str | None = None
) -> Mapping[str, Rating]:
    """The ratings of all procedures that have a face, or of one."""
    found, _ = await rated_with_alarms(aconn, threshold, procedure)
    return found


async def rated_with_alarms(
    aconn: psycopg.AsyncConnection[Any], threshold: int, procedure: str | None = None
) -> tuple[Mapping[str, Rating], Mapping[str, list[Alarm]]]:
    """`rated` and `alarms` together: what was left out is in both."""
    levels: dict[str, dict[int, int]] = {}
    cursor = await aconn.execute(query("crowd", "face_counts"), {"procedure": procedure})
    for id_, one, n in await cursor.fetchall():
        levels.setdefault(id_, {})[int(one)] = int(n)
    left_out = await alarms(aconn, procedure)
    held = {id_: sum(n for _, n, _ in told) for id_, told in left_out.items()}
    found = {
        id_: ratings.rate(levels.get(id_, {}), held.get(id_, 0), threshold)
        for id_ in {*levels, *held, *([procedure] if procedure else [])}
    }
    return found, left_out


async def alarms(
    aconn: psycopg.AsyncConnection[Any], procedure: str | None = None
) -> dict[str, list[Alarm]]:
    """Why voices were left out, by procedure: of all that have an alarm, or of one."""
    found: dict[str, list[Alarm]] = {}
    cursor = await aconn.execute(query("crowd", "face_held"), {"procedure": procedure})
    for id_, why, n, last in await cursor.fetchall():
        found.setdefault(id_, []).append((Stuffing(why), int(n), last))
    return found


async def days(
    aconn: psycopg.AsyncConnection[Any], procedure: str
) -> list[tuple[date, dict[int, int]]]:
    """The counts of the last days, newest first."""
    found: dict[date, dict[int, int]] = {}
    cursor = await aconn.execute(query("crowd", "face_days"), {"procedure": procedure})
    for day, one, n in await cursor.fetchall():
        found.setdefault(day, {})[int(one)] = int(n)
    return [*found.items()][:30]


async def answer(
    aconn: psycopg.AsyncConnection[Any], procedure: str, text: str, by: str, once: bytes
) -> None:
    """Publish an owner's answer, dated. The same form again is one answer. Raises Invalid."""
    tidy = scrub(text.strip()).text
    if not 0 < len(tidy) <= LONGEST_ANSWER:
        raise Invalid(f"An answer has 1 to {LONGEST_ANSWER} characters.", parameter="reponse")
    values = {"procedure": procedure, "once": once, "text": tidy, "by": by}
    await aconn.execute(query("crowd", "procedure_answer_add"), values)


async def answers(
    aconn: psycopg.AsyncConnection[Any], procedure: str, *, hidden_too: bool = False
) -> list[PublicAnswer]:
    """What the owner answered, newest first."""
    async with aconn.cursor(row_factory=class_row(PublicAnswer)) as cursor:
        values = {"procedure": procedure, "all": hidden_too}
        await cursor.execute(query("crowd", "procedure_answers"), values)
        return await cursor.fetchall()
