"""Good practices: sheets that tell how a commune did it, with what went wrong.

A sheet is written in the owner's words, so a moderator reads each version before readers do. A
correction is a version that supersedes the one before; readers keep the published one meanwhile.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog import outbox
from catalog.database.queries import query
from catalog.outbox import Mail
from config.errors import Conflict, Invalid, NotFound, Unavailable
from config.settings import PracticeSettings
from crowd import contributions
from crowd.claims import link
from crowd.contributions import MAIL_MARK, token_hash
from crowd.scrubbing import scrub
from crowd.signing import Keys
from crowd.speakers import RESIDENT, Speaker

FOLLOW = "practice"  # the purpose of the links that mails hold
LONGEST = {"title": 120, "what": 3000, "partners": 600, "wrong": 2000}  # characters
MOST_EUROS, MOST_MONTHS = 100_000_000, 240
FASTEST_SECONDS = 5.0  # a person cannot write a sheet sooner


class State(StrEnum):
    WAITING = "waiting"
    HELD = "held"  # looks like a flood or a robot: at the end of the queue
    ASKED = "asked"  # a moderator asked for a correction
    PUBLISHED = "published"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """What became of it, as its owner says."""

    KEPT = "kept"
    GROWN = "grown"
    CHANGED = "changed"
    NOT_YET = "not-yet"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Words:
    """One version, as it is written. `cost` in euros and `months` None: not said."""

    title: str
    what: str
    partners: str
    wrong: str
    cost: int | None
    months: int | None
    url: str | None

    @property
    def sha256(self) -> str:
        text = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Reading:
    """A form that was read: `mistakes` maps a field to the code of what is wrong with it."""

    words: Words | None
    mistakes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """A form to be kept. `token` is the owner's private link; `once` the form's own number."""

    commune_number: int
    service: str
    words: Words
    language: str
    network: str
    once: bytes
    token: str
    seconds: float
    trapped: bool = False
    email: str | None = None
    speaker: Speaker = RESIDENT
    mandate_id: int | None = None
    draft_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Practice:
    """A sheet as its owner and moderators see it, with its last version. Words are None once they
    were erased."""

    id: int
    reference: str
    commune_number: int
    commune_code: str
    commune: str
    service: str
    speaker: str
    mandate_id: int | None
    account_id: int | None
    language: str
    state: str
    version: int
    published_version: int | None
    waiting_version: int | None
    created_at: datetime
    published_at: datetime | None
    confirmed_at: datetime | None
    asked_at: datetime | None
    email: str | None
    version_id: int
    cost: int | None
    months: int | None
    url: str | None
    written_at: datetime
    title: str | None
    what: str | None
    partners: str | None
    wrong: str | None
    latest: int  # the last version, whatever became of it: the one that a correction supersedes


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as readers see it."""

    id: int
    reference: str
    commune_number: int
    commune_code: str
    commune: str
    departement_code: str
    population: int | None
    service: str
    speaker: str
    title: str
    what: str
    partners: str
    wrong: str
    cost: int | None
    months: int | None
    url: str | None
    version_id: int
    written_at: datetime
    published_at: datetime
    confirmed_at: datetime | None
    outcome: str | None
    versions: int
    adopted: int

    @property
    def last_sign(self) -> datetime:
        """When somebody last said that it is so."""
        return max(self.published_at, self.confirmed_at or self.published_at)

    def stale(self, now: datetime, settings: PracticeSettings) -> bool:
        return now - self.last_sign > timedelta(days=settings.stale_days)


@dataclass(frozen=True, slots=True)
class Version:
    """A version that was published. Words are None once they were erased."""

    id: int
    at: datetime
    title: str | None
    what: str | None
    partners: str | None
    wrong: str | None
    cost: int | None
    months: int | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    actor: str
    action: str
    reason: str
    text: str | None


def read(sent: Mapping[str, str]) -> Reading:
    """Read the fields of the form, all mistakes at once. Never raises."""
    mistakes: dict[str, str] = {}
    texts: dict[str, str] = {}
    for field, longest in LONGEST.items():
        text = sent.get(field, "").strip()
        texts[field] = " ".join(text.split()) if field == "title" else text
        if not text:
            mistakes[field] = "needed"
        elif len(text) > longest:
            mistakes[field] = "too-long"
        elif scrub(text).kinds:
            mistakes[field] = "private"
    numbers: dict[str, int | None] = {}
    for field, most in (("cost", MOST_EUROS), ("months", MOST_MONTHS)):
        typed = "".join(sent.get(field, "").split()).removesuffix("€")
        numbers[field] = None
        if typed:
            plain = typed.isascii() and typed.isdecimal() and len(typed) < 12
            if not plain or int(typed) > most:
                mistakes[field] = "not-a-number"
            else:
                numbers[field] = int(typed)
    url: str | None = None
    if sent.get("url", "").strip():
        try:
            url = link(sent["url"])
        except Invalid:
            mistakes["url"] = "not-a-link"
    if mistakes:
        return Reading(None, mistakes)
    return Reading(Words(**texts, cost=numbers["cost"], months=numbers["months"], url=url), {})


Letter = Callable[[str, str], Mail]  # (reference, sealed link) -> the mail


async def submit(
    aconn: psycopg.AsyncConnection[Any],
    keys: Keys,
    sent: Sent,
    settings: PracticeSettings,
    letter: Letter | None = None,
) -> None:
    """Receive a new sheet, once whatever the number of clicks. Raises Unavailable when too many
    wait: they are read by people."""
    network = keys.keyed("network", sent.network)
    async with aconn.transaction():
        number = int.from_bytes(network[:8], signed=True)
        await aconn.execute("select pg_advisory_xact_lock(%s::bigint)", [number])
        once = {"once": sent.once}
        if await (await aconn.execute(query("crowd", "practice_once"), once)).fetchone():
            return
        values = {"network": network, "most": settings.most_open}
        row = await (await aconn.execute(query("crowd", "practice_flood"), values)).fetchone()
        assert row is not None  # noqa: S101 (a list of counts is one row)
        today, waiting = row
        if waiting >= settings.most_open:
            raise Unavailable("Too many sheets wait for a moderator; try again later.")
        odd = (sent.trapped or sent.seconds < FASTEST_SECONDS
               or today >= settings.most_network_day)  # fmt: skip
        reference = contributions.new_reference()
        made = await (
            await aconn.execute(
                query("crowd", "practice_add"),
                {
                    "reference": reference,
                    "once": sent.once,
                    "token_hash": token_hash(sent.token),
                    "commune": sent.commune_number,
                    "service": sent.service,
                    "speaker": sent.speaker.kind.value,
                    "mandate": sent.mandate_id,
                    "account": sent.speaker.account_id,
                    "language": sent.language,
                    "state": (State.HELD if odd else State.WAITING).value,
                    "email": sent.email,
                    "network": network,
                    "draft": sent.draft_hash,
                },
            )
        ).fetchone()
        if made is None:
            return
        await _write(aconn, int(made[0]), None, sent.words, sent.once)
        if letter is not None and not sent.trapped:
            link_ = MAIL_MARK + keys.seal(FOLLOW, int(made[0]))
            await outbox.put(aconn, letter(reference, link_), f"practice-{made[0]}-received")


async def _write(
    aconn: psycopg.AsyncConnection[Any],
    practice: int,
    supersedes: int | None,
    words: Words,
    once: bytes,
) -> int | None:
    values = {**asdict(words), "practice": practice, "supersedes": supersedes, "once": once,
              "sha256": words.sha256}  # fmt: skip
    made = await (await aconn.execute(query("crowd", "practice_version_add"), values)).fetchone()
    return None if made is None else int(made[0])


async def revise(
    aconn: psycopg.AsyncConnection[Any], one: Practice, base: int, words: Words, once: bytes
) -> None:
    """A new version, which waits for a moderator; readers keep the published one.

    `base` is the version that its author had before them. Raises Conflict for a later one.
    """
    if one.state == State.WITHDRAWN:
        raise Conflict("This sheet was taken away.")
    async with aconn.transaction():
        values = {"practice": one.id}
        row = await (await aconn.execute(query("crowd", "practice_latest"), values)).fetchone()
        latest = None if row is None else int(row[0])
        if latest == base and await _write(aconn, one.id, base, words, once) is not None:
            return
    seen = await (
        await aconn.execute("select 1 from crowd.practice_version where once = %s::bytea", [once])
    ).fetchone()
    if seen is None:
        raise Conflict("Another version was written in the meantime.")


async def of_id(aconn: psycopg.AsyncConnection[Any], id_: int) -> Practice:
    """Raises NotFound."""
    return await _one(aconn, {"id": id_, "token_hash": None})


async def of_token(aconn: psycopg.AsyncConnection[Any], keys: Keys, token: str) -> Practice:
    """What the owner's private link opens, or the link of a mail. Raises NotFound."""
    if token.startswith(MAIL_MARK):
        number = keys.unseal(FOLLOW, token.removeprefix(MAIL_MARK))
        if number is None:
            raise NotFound("This link opens nothing.")
        return await of_id(aconn, number)
    return await _one(aconn, {"id": None, "token_hash": token_hash(token)})


async def _one(aconn: psycopg.AsyncConnection[Any], values: Mapping[str, Any]) -> Practice:
    async with aconn.cursor(row_factory=class_row(Practice)) as cursor:
        await cursor.execute(query("crowd", "practice_one"), values)
        found = await cursor.fetchone()
    if found is None:
        raise NotFound("There is no such sheet.")
    return found


async def steps(aconn: psycopg.AsyncConnection[Any], id_: int) -> list[Step]:
    rows = await aconn.execute(query("crowd", "practice_decisions"), {"practice": id_})
    return [Step(*row) for row in await rows.fetchall()]


async def say_outcome(aconn: psycopg.AsyncConnection[Any], one: Practice, outcome: str) -> None:
    """The owner says what became of it. Raises Invalid, Conflict."""
    try:
        said = Outcome(outcome)
    except ValueError:
        raise Invalid("Choose what became of it.", parameter="outcome") from None
    values = {"practice": one.id, "outcome": said.value}
    row = await (await aconn.execute(query("crowd", "practice_outcome_add"), values)).fetchone()
    if row is None:
        raise Conflict("This sheet is not published.")


async def withdraw(aconn: psycopg.AsyncConnection[Any], one: Practice) -> None:
    """Take a sheet away and forget its words and its owner's address."""
    async with aconn.transaction():
        if one.email is not None:
            await outbox.erase(aconn, one.email)
        await aconn.execute(query("crowd", "practice_withdraw"), {"practice": one.id})


def exported(one: Practice, happened: list[Step]) -> bytes:
    """All that is kept of a sheet, in JSON, for its owner."""
    content = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(one).items()
        if name not in ("mandate_id", "account_id", "version", "version_id", "latest")
    }
    content["what_happened"] = [
        {"at": step.at.isoformat(), "by": step.actor.split(":")[0], "action": step.action,
         "reason": step.reason, "text": step.text}
        for step in happened
    ]  # fmt: skip
    return json.dumps(content, ensure_ascii=False, indent=1).encode()
