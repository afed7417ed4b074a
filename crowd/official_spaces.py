"""Official sites and accounts of communes: what a mairie declares, beside what directories say.

A statement is never changed: a withdrawal supersedes it. A moderator may withdraw one too, and the
audit log says who did. `Shelf` keeps the book that « est-ce officiel ? » asks, and remembers
nothing of who asked or what.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from catalog.database.asking import Asking, ask, ask_all
from catalog.database.queries import query
from catalog.official import Book, Proof, Space, account_of
from catalog.official_address import read as read_address
from catalog.web_hosts import is_shared, network_at
from config.errors import Conflict, Invalid, NotFound
from config.settings import OfficialSettings
from crowd import audit
from crowd.claims import link
from crowd.mandate_sessions import Mandate
from crowd.scrubbing import scrub

LONGEST_LABEL = 80  # characters
MOST = 60  # sites and accounts of one commune
_EVERY = 1_000_000


@dataclass(frozen=True, slots=True)
class Form:
    """A declaration that was read. `mistakes` maps a field to the code of what is wrong."""

    kind: str
    url: str
    label: str
    certified_url: str | None
    mistakes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of a commune's history."""

    id: int
    kind: str
    url: str
    label: str
    withdrawn: bool
    supersedes: int | None
    declared_at: datetime


@dataclass(frozen=True, slots=True)
class Declared:
    """What a mairie declares now. `stale`: so long ago that it counts as said no more."""

    space: Space
    stale: bool
    mandate_id: int


def read(sent: Mapping[str, str]) -> Form:
    """Read the fields of the form. Never raises."""
    mistakes: dict[str, str] = {}
    label = " ".join(sent.get("label", "").split())
    if not label:
        mistakes["label"] = "needed"
    elif len(label) > LONGEST_LABEL:
        mistakes["label"] = "too-long"
    elif scrub(label).kinds:
        mistakes["label"] = "private"
    url, kind = "", "site"
    try:
        url = link(sent.get("url", ""))
    except Invalid:
        mistakes["url"] = "not-a-link"
    else:
        url, kind, wrong = _scope(url)
        if wrong:
            mistakes["url"] = wrong
    certified: str | None = None
    if sent.get("certified", "").strip():
        try:
            certified = _bare(link(sent["certified"]))
        except Invalid:
            mistakes["certified"] = "not-a-link"
    return Form(kind, url, label, certified, mistakes)


def _scope(url: str) -> tuple[str, str, str]:
    """What is declared by a link: its address, site or account, and what is wrong with it."""
    name = read_address(url).name
    network = network_at(name)
    if network is None:
        bare = _bare(url)
        wide = is_shared(name) and urlsplit(bare).path in ("", "/")
        return bare, "site", "too-wide" if wide else ""
    kept = url if "profile.php" in url else _bare(url)
    return kept, "account", "" if account_of(network, kept) else "no-account"


def _bare(url: str) -> str:
    cut = urlsplit(url)
    return urlunsplit((cut.scheme, cut.netloc, cut.path, "", ""))


# ------------------------------------------------------------------------------- what is said


async def declared(
    aconn: psycopg.AsyncConnection[Any],
    settings: OfficialSettings,
    commune: int | None = None,
    most: int = _EVERY,
) -> list[Declared]:
    """What mairies declare now, the latest first."""
    return await ask(aconn, _asking_declared(settings, commune, most))


def _asking_declared(
    settings: OfficialSettings, commune: int | None, most: int = _EVERY
) -> Asking[list[Declared]]:
    values = {"commune": commune, "days": settings.valid_days, "most": most}
    return Asking(query("crowd", "official_declared"), values, _declared)


def _declared(rows: list[Any]) -> list[Declared]:
    now = datetime.now(UTC)
    return [
        Declared(
            Space(
                number, code, name, kind, url, label,
                (Proof("mandate", f"mandate:{mandate}", at, certified, role, until, ended),),
                id_,
            ),
            until < now,
            mandate,
        )
        for id_, number, code, name, kind, url, label, certified, at, mandate, role, until, ended
        in rows
    ]  # fmt: skip


async def published(aconn: psycopg.AsyncConnection[Any], commune: int | None = None) -> list[Space]:
    """The addresses of sites that directories give, and mairies as the address of a service."""
    return await ask(aconn, _asking_published(commune))


def _asking_published(commune: int | None) -> Asking[list[Space]]:
    return Asking(query("catalog", "official_published"), {"commune": commune}, _published)


def _published(rows: list[Any]) -> list[Space]:
    return [
        Space(number, code, name, "site", url, "",
              (Proof("mandate" if nature == "agent" else "directory", source, at),))
        for number, code, name, source, nature, url, at in rows
    ]  # fmt: skip


def merged(spaces: Iterable[Space]) -> list[Space]:
    """One space for each address of a commune, with all its proofs, the mairie's own first."""
    found: dict[tuple[int, str], Space] = {}
    for space in spaces:
        try:
            address = read_address(space.url)
        except Invalid:
            continue
        if "://" not in space.url:  # as some sources write it; a link of ours needs its scheme
            space = replace(space, url=f"{address.scheme}://{space.url.lstrip('/')}")
        key = (space.commune_number, f"{address.name}:{address.port}{address.path.rstrip('/')}")
        held = found.get(key)
        if held is None:
            found[key] = space
        else:
            proofs = tuple(sorted({*held.proofs, *space.proofs}, key=_first))
            found[key] = replace(held, proofs=proofs)
    return list(found.values())


def _first(proof: Proof) -> tuple[bool, float]:
    return proof.kind != "mandate", -proof.at.timestamp()


async def of_commune(
    aconn: psycopg.AsyncConnection[Any], settings: OfficialSettings, commune: int
) -> list[Space]:
    """A commune's official sites and accounts, with their proofs; sites first."""
    return of_both(*await ask_all(aconn, *asking_of_commune(settings, commune)))


def asking_of_commune(
    settings: OfficialSettings, commune: int
) -> tuple[Asking[list[Declared]], Asking[list[Space]]]:
    """What `of_both` is made of, to be asked with other questions."""
    return _asking_declared(settings, commune), _asking_published(commune)


def of_both(declared: list[Declared], published: list[Space]) -> list[Space]:
    """A commune's spaces, of what it declares and of what directories say; sites first."""
    own = [one.space for one in declared if not one.stale]
    found = merged([*own, *published])
    return sorted(found, key=lambda one: (one.kind != "site", one.id is None, one.url))


async def history(aconn: psycopg.AsyncConnection[Any], commune: int) -> list[Statement]:
    """All that a mairie declared and withdrew, the latest first."""
    rows = await aconn.execute(query("crowd", "official_history"), {"commune": commune})
    return [Statement(*row) for row in await rows.fetchall()]


# ------------------------------------------------------------------------------ declaring


async def declare(
    aconn: psycopg.AsyncConnection[Any],
    settings: OfficialSettings,
    mandate: Mandate,
    form: Form,
    once: bytes,
) -> None:
    """Publish a declaration at once. The same address again renews it: it supersedes the former.

    The same form twice is one row. Raises Invalid for mistakes and too many.
    """
    if form.mistakes:
        raise Invalid("The declaration is not complete: " + ", ".join(form.mistakes))
    number = mandate.commune_number
    async with aconn.transaction():
        await aconn.execute(query("crowd", "declaration_lock"), {"number": number})
        former: int | None = None
        for one in await declared(aconn, settings, number):
            if one.space.url == form.url:
                former = one.space.id
        if former is None:
            row = await (
                await aconn.execute(query("crowd", "official_count"), {"commune": number})
            ).fetchone()
            if row is not None and row[0] >= MOST:
                raise Invalid(f"At most {MOST} sites and accounts.", parameter="url")
        values = {
            "once": once, "commune": number, "mandate": mandate.id, "kind": form.kind,
            "url": form.url, "label": form.label, "certified": form.certified_url,
            "withdrawn": False, "supersedes": former,
        }  # fmt: skip
        made = await (await aconn.execute(query("crowd", "official_add"), values)).fetchone()
        if made is not None:
            await audit.write(
                aconn, mandate.actor, "official-declare", f"commune:{number}",
                statement=made[0], url=form.url,
            )  # fmt: skip


async def withdraw(
    aconn: psycopg.AsyncConnection[Any],
    id_: int,
    actor: str,
    once: bytes,
    commune: int | None = None,
) -> None:
    """Withdraw a statement: of this commune, or of any (`commune` None: a moderator's act).

    Raises NotFound, and Conflict when somebody was faster.
    """
    async with aconn.transaction():
        row = await (await aconn.execute(query("crowd", "official_one"), {"id": id_})).fetchone()
        if row is None or (commune is not None and row[0] != commune):
            raise NotFound("There is no such statement, or it was withdrawn.")
        number, mandate, kind, url, label, certified = row
        await aconn.execute(query("crowd", "declaration_lock"), {"number": number})
        values = {
            "once": once, "commune": number, "mandate": mandate, "kind": kind, "url": url,
            "label": label, "certified": certified, "withdrawn": True, "supersedes": id_,
        }  # fmt: skip
        made = await (await aconn.execute(query("crowd", "official_add"), values)).fetchone()
        if made is None:
            raise Conflict("Somebody changed this in the meantime.")
        await audit.write(
            aconn, actor, "official-withdraw", f"commune:{number}", statement=id_, url=url
        )


# ---------------------------------------------------------------------------------- asking


type Connect = Callable[[], AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]]


class Shelf:
    """The book of all official spaces, in this process's memory.

    A mairie's statement is in it at once; what a harvest brings, within `refresh_seconds`.
    """

    def __init__(self) -> None:
        self._book: Book | None = None
        self._version: tuple[tuple[int, ...], int] = ((), -1)
        self._read_at = 0.0
        self._alone = asyncio.Lock()

    async def book(self, connect: Connect, settings: OfficialSettings) -> Book:
        """The book, made anew when it is not fresh. Who waits for it holds no connection."""
        async with connect() as aconn:
            version = await _version(aconn, settings)
        if (held := self._fresh(version, settings)) is not None:
            return held
        async with self._alone:
            async with connect() as aconn:
                version = await _version(aconn, settings)
                if (held := self._fresh(version, settings)) is not None:
                    return held
                own = [one.space for one in await declared(aconn, settings) if not one.stale]
                spaces = [*own, *await published(aconn)]
                cursor = await aconn.execute(query("catalog", "official_names"))
                rows = await cursor.fetchall()
            names = [str(row[0]) for row in rows]
            self._book = await asyncio.to_thread(lambda: Book.of(merged(spaces), names))
            self._version, self._read_at = version, time.monotonic()
            return self._book

    def _fresh(
        self, version: tuple[tuple[int, ...], int], settings: OfficialSettings
    ) -> Book | None:
        young = time.monotonic() - self._read_at < settings.refresh_seconds
        statements, observations = version
        if statements == self._version[0] and (young or observations == self._version[1]):
            return self._book
        return None


async def _version(
    aconn: psycopg.AsyncConnection[Any], settings: OfficialSettings
) -> tuple[tuple[int, ...], int]:
    """What mairies said and what has become of it; what anybody saw."""
    values = {"days": settings.valid_days}
    row = await (await aconn.execute(query("crowd", "official_version"), values)).fetchone()
    return ((), 0) if row is None else (tuple(row[:3]), int(row[3]))
