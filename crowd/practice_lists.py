"""Sheets as readers see them: by service, size and cost; adoptions; the mail after six months."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog import outbox
from catalog.database.asking import Asking, ask
from catalog.database.queries import query
from catalog.outbox import Mail
from config.errors import Conflict, Invalid, NotFound
from config.settings import PracticeSettings
from crowd import audit, signing
from crowd.contributions import MAIL_MARK
from crowd.mandate_sessions import Mandate
from crowd.practices import FOLLOW, Outcome, Sheet, Version

log = logging.getLogger("guichet.practices")
MOST_ASKED = 200  # owners that one run of the task asks
# Inhabitants and euros: (least, first above it).
SIZES: Mapping[str, tuple[int | None, int | None]] = MappingProxyType(
    {"500": (0, 500), "2000": (500, 2000), "10000": (2000, 10_000), "50000": (10_000, 50_000),
     "more": (50_000, None)}
)  # fmt: skip
COSTS: Mapping[str, tuple[int | None, int | None]] = MappingProxyType(
    {"free": (0, 1), "1000": (1, 1000), "10000": (1000, 10_000), "50000": (10_000, 50_000),
     "more": (50_000, None), "unsaid": (None, None)}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Search:
    """What readers look for; every part is optional."""

    service: str | None = None
    size: str | None = None
    cost: str | None = None
    words: str | None = None
    communes: tuple[int, ...] | None = None
    before: int | None = None
    limit: int = 50
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Adopter:
    number: int
    code: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Adopted:
    id: int
    title: str
    at: datetime


async def found(aconn: psycopg.AsyncConnection[Any], search: Search) -> list[Sheet]:
    """The published sheets, the latest first."""
    return await ask(aconn, asking(search))


def asking(search: Search) -> Asking[list[Sheet]]:
    """`found`, to be asked with other questions."""
    least, most = SIZES.get(search.size or "", (None, None))
    cheapest, dearest = COSTS.get(search.cost or "", (None, None))
    values = {
        **{key: value for key, value in asdict(search).items() if key not in ("size", "cost")},
        "communes": None if search.communes is None else list(search.communes),
        "least": least, "most": most, "cheapest": cheapest, "dearest": dearest,
        "unsaid": search.cost == "unsaid",
    }  # fmt: skip
    return Asking(query("crowd", "practice_list"), values, list, class_row(Sheet))


async def one(aconn: psycopg.AsyncConnection[Any], id_: int) -> Sheet:
    """Raises NotFound: none of that number is published."""
    sheets = await found(aconn, Search(id=id_, limit=1))
    if not sheets:
        raise NotFound("There is no such sheet, or it is not published.")
    return sheets[0]


async def versions(aconn: psycopg.AsyncConnection[Any], id_: int) -> list[Version]:
    rows = await aconn.execute(query("crowd", "practice_versions"), {"practice": id_})
    return [Version(*row) for row in await rows.fetchall()]


async def outcomes(aconn: psycopg.AsyncConnection[Any], id_: int) -> list[tuple[Outcome, datetime]]:
    rows = await aconn.execute(query("crowd", "practice_outcomes"), {"practice": id_})
    return [(Outcome(outcome), at) for outcome, at in await rows.fetchall()]


async def adopters(aconn: psycopg.AsyncConnection[Any], id_: int) -> list[Adopter]:
    rows = await aconn.execute(query("crowd", "practice_adopters"), {"practice": id_})
    return [Adopter(*row) for row in await rows.fetchall()]


async def adopted(aconn: psycopg.AsyncConnection[Any], commune: int) -> list[Adopted]:
    """What a commune adopted."""
    rows = await aconn.execute(query("crowd", "practice_adopted"), {"commune": commune})
    return [Adopted(*row) for row in await rows.fetchall()]


async def adopt(
    aconn: psycopg.AsyncConnection[Any], mandate: Mandate, id_: int, *, give_up: bool = False
) -> None:
    """A commune says that it adopts a sheet, or that it gives it up. Said twice, it is once.

    Raises NotFound, Invalid for its own sheet, Conflict when somebody of it was faster.
    """
    sheet = await one(aconn, id_)
    if sheet.commune_number == mandate.commune_number and not give_up:
        raise Invalid("This sheet is the commune's own.", parameter="id")
    number = mandate.commune_number
    async with aconn.transaction():
        await aconn.execute(query("crowd", "declaration_lock"), {"number": number})
        pair = {"practice": id_, "commune": number}
        row = await (await aconn.execute(query("crowd", "practice_adoption_last"), pair)).fetchone()
        holds = row is not None and not row[1]
        if holds is not give_up:
            return
        values = {**pair, "mandate": mandate.id, "given_up": give_up,
                  "supersedes": None if row is None else row[0]}  # fmt: skip
        made = await (
            await aconn.execute(query("crowd", "practice_adoption_add"), values)
        ).fetchone()
        if made is None:
            raise Conflict("Somebody of the mairie was faster.")
        action = "practice-give-up" if give_up else "practice-adopt"
        await audit.write(aconn, mandate.actor, action, f"practice:{id_}", commune=number)


# ------------------------------------------------------------------- six months later


@dataclass(frozen=True, slots=True)
class Due:
    """An owner to be asked what became of a sheet."""

    id: int
    reference: str
    email: str
    language: str
    title: str
    commune: str
    published_at: datetime


Ask = Callable[[Due, str], Mail]  # (what, sealed link) -> the mail


async def ask_owners(
    aconn: psycopg.AsyncConnection[Any], settings: PracticeSettings, letter: Ask
) -> int:
    """Put in the outbox a mail for each owner that is due, in one transaction; how many."""
    async with aconn.transaction():
        values = {"days": settings.ask_after_days, "most": MOST_ASKED}
        rows = await (await aconn.execute(query("crowd", "practice_due"), values)).fetchall()
        if not rows:
            return 0
        keys = await signing.believed(aconn)
        asked = []
        for due in (Due(*row) for row in rows):
            asked.append(due.id)
            try:
                await outbox.put(aconn, letter(due, MAIL_MARK + keys.seal(FOLLOW, due.id)))
            except Invalid:  # an address that cannot be one must not stop the others
                log.warning("the owner of sheet %s cannot be written to", due.reference)
        await aconn.execute(query("crowd", "practice_asked"), {"ids": asked})
    return len(asked)
