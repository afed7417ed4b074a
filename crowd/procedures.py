"""Procedures that people rate: a registered e-procedure, a commune's services, this very site.

Whoever registers one gets a private link, of which only a hash is kept: it opens the owner's page.
What they declare (a name, a body) is shown as declared until `crowd.owners` says who checked it.
`of_owner` is the only door of that page.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg.rows import class_row

from catalog.communes import Commune
from catalog.database.queries import query
from config.errors import Invalid, NotFound
from crowd.claims import host_of, link
from crowd.scrubbing import scrub

SITE = "guichet"  # this very site
LONGEST_NAME, LONGEST_OWNER = 120, 120  # characters
_MOST = 5000
_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"


class Kind(StrEnum):
    SITE = "site"
    COMMUNE = "commune"
    REGISTERED = "registered"


@dataclass(frozen=True, slots=True)
class Procedure:
    """What may be shown of it to everybody."""

    id: str
    kind: str
    name: str
    owner: str
    url: str | None
    host: str | None
    created_at: datetime
    hidden_at: datetime | None = None
    hidden_why: str | None = None
    verified_at: datetime | None = None
    verified_name: str | None = None  # of the commune whose mandate verified it; None: a moderator

    def may_send(self, host: str | None) -> bool:
        """Whether a page of this host may speak of it: its own host, or one below."""
        if self.host is None or host is None:
            return False
        return host == self.host or host.removeprefix("www.") == self.host or (
            host.endswith("." + self.host)
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """A registration that was read. `mistakes` maps a field to the code of what is wrong."""

    name: str
    owner: str
    url: str
    mistakes: Mapping[str, str]


def read(sent: Mapping[str, str]) -> Form:
    """Read the fields of the registration form. Never raises."""
    mistakes: dict[str, str] = {}
    name, owner = (" ".join(sent.get(field, "").split()) for field in ("name", "owner"))
    for field, value, longest in (
        ("name", name, LONGEST_NAME),
        ("owner", owner, LONGEST_OWNER),
    ):
        if not value:
            mistakes[field] = "needed"
        elif len(value) > longest:
            mistakes[field] = "too-long"
        elif scrub(value).kinds:
            mistakes[field] = "private"
    url = ""
    try:
        url = _bare(link(sent.get("url", "")))
    except Invalid:
        mistakes["url"] = "not-a-link"
    return Form(name, owner, url, mistakes)


def _bare(url: str) -> str:
    """A link without its query, which may hold what opens somebody's file."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def owner_hash(token: str) -> bytes:
    return hashlib.sha256(f"procedure-owner|{token}".encode()).digest()


def owner_token(nonce: bytes, key: bytes) -> str:
    """The private link of a registration: the same when the form is sent twice."""
    return hashlib.sha256(b"procedure|" + key + nonce).hexdigest()[:43]


async def register(
    aconn: psycopg.AsyncConnection[Any], form: Form, token: str, once: bytes
) -> Procedure:
    """Register a procedure; the same form again is the same one. Raises Invalid for mistakes."""
    if form.mistakes:
        raise Invalid("The registration is not complete: " + ", ".join(form.mistakes))
    values = {
        "id": "".join(secrets.choice(_ALPHABET) for _ in range(10)),
        "kind": Kind.REGISTERED.value,
        "name": form.name,
        "owner": form.owner,
        "url": form.url,
        "host": host_of(form.url),
        "owner_hash": owner_hash(token),
        "once": once,
    }
    async with aconn.transaction():
        await aconn.execute(query("crowd", "procedure_add"), values)
        found = await _one(aconn, "procedure_once", {"once": once})
    if found is None:
        raise Invalid("This form cannot be registered: open it again.")
    return found


def id_of_commune(code: str) -> str:
    """The procedure that stands for the online services of a commune."""
    return f"commune-{code}"


async def of_commune(aconn: psycopg.AsyncConnection[Any], commune: Commune) -> Procedure:
    """The online services of a commune, as something that people rate; made when it is missing."""
    values = {
        "id": id_of_commune(commune.code), "kind": Kind.COMMUNE.value, "name": commune.name,
        "owner": commune.name, "url": None, "host": None, "owner_hash": None, "once": None,
    }  # fmt: skip
    await aconn.execute(query("crowd", "procedure_add"), values)
    return await of_id(aconn, str(values["id"]))


async def of_id(aconn: psycopg.AsyncConnection[Any], id_: str) -> Procedure:
    """Raises NotFound."""
    found = await _one(aconn, "procedure_one", {"id": id_})
    if found is None:
        raise NotFound("There is no such procedure.")
    return found


async def of_owner(aconn: psycopg.AsyncConnection[Any], token: str) -> Procedure:
    """The procedure that a private link opens. Raises NotFound."""
    found = await _one(aconn, "procedure_by_owner", {"owner_hash": owner_hash(token)})
    if found is None:
        raise NotFound("This link opens nothing.")
    return found


async def shown(aconn: psycopg.AsyncConnection[Any], id_: str) -> Procedure:
    """A procedure that everybody may see. Raises NotFound, also for one that was hidden."""
    found = await of_id(aconn, id_)
    if found.hidden_at is not None:
        raise NotFound("A moderator hid this procedure.")
    return found


async def every(aconn: psycopg.AsyncConnection[Any], *, hidden: bool = False) -> list[Procedure]:
    """All that people may have rated, by name; or those that moderators hid, instead."""
    async with aconn.cursor(row_factory=class_row(Procedure)) as cursor:
        await cursor.execute(query("crowd", "procedures"), {"most": _MOST, "hidden": hidden})
        return await cursor.fetchall()


async def _one(
    aconn: psycopg.AsyncConnection[Any], name: str, values: Mapping[str, Any]
) -> Procedure | None:
    async with aconn.cursor(row_factory=class_row(Procedure)) as cursor:
        await cursor.execute(query("crowd", name), values)
        return await cursor.fetchone()
