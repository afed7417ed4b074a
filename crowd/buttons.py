"""Whether the button of a procedure is on its page: what a page's source shows, and what was seen.

Only what was fetched and read says "seen" or "not seen". A page that could not be fetched says
nothing of its button: "unreachable", with the reason.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import psycopg

from catalog.database.queries import query

SCRIPT, ELEMENT = "/embed/avis.js", "guichet-avis"


class Outcome(StrEnum):
    SEEN = "seen"
    NOT_SEEN = "not-seen"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Look:
    """The last look at a page. `seen_at`: when the button was last seen; None: never."""

    outcome: Outcome
    at: datetime
    detail: str | None
    seen_at: datetime | None


class _Tags(HTMLParser):
    """The scripts and the buttons of a page; what stands in comments and in scripts is neither."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[str] = []
        self.procedures: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "script":
            self.scripts.append(found.get("src") or "")
        elif tag == ELEMENT:
            self.procedures.append(found.get("procedure") or "")


def button_is_on(page: str, url: str, procedure: str, origin: str) -> bool:
    """Whether a page's source loads our script and holds the element of this procedure.

    `origin` is ours; empty when it is not configured, and any host that serves the script will do.
    A button that a script of theirs adds later is not in the source, and is not seen.
    """
    tags = _Tags()
    tags.feed(page)
    tags.close()
    ours = urlsplit(origin).netloc

    def is_ours(src: str) -> bool:
        try:
            parts = urlsplit(urljoin(url, src))
        except ValueError:
            return False
        return parts.path == SCRIPT and (not ours or parts.netloc == ours)

    return procedure in tags.procedures and any(is_ours(src) for src in tags.scripts)


def remember(
    conn: psycopg.Connection[Any], procedure: str, outcome: Outcome, url: str, detail: str | None
) -> None:
    """Write down one look. The caller commits."""
    values = {"procedure": procedure, "outcome": outcome.value, "url": url,
              "detail": None if detail is None else detail[:300]}  # fmt: skip
    conn.execute(query("crowd", "button_look_add"), values)


def due(conn: psycopg.Connection[Any], hours: int, most: int) -> list[str]:
    """The procedures whose page should be looked at again."""
    values = {"hours": hours, "most": most}
    return [str(row[0]) for row in conn.execute(query("crowd", "button_due"), values)]


async def last(aconn: psycopg.AsyncConnection[Any], procedure: str) -> Look | None:
    """The last look at a procedure's page; None: nobody has looked yet."""
    cursor = await aconn.execute(query("crowd", "button_looks"), {"procedure": procedure})
    row = await cursor.fetchone()
    return None if row is None else Look(Outcome(row[0]), *row[1:])
