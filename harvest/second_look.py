"""The page of a contested fact, read again: what it answers now, kept as a proof of its own.

A machine can tell that a page is there, or is gone; not whether it says what somebody contests.
Nothing here changes what is scored.
"""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from catalog.ingest import EvidenceRow, SourceRow, save_evidence, save_source
from catalog.observations import Nature
from config.errors import Invalid, Refused, Unavailable
from config.settings import Settings
from harvest import fetch
from harvest.discover.runs import PAGE_BYTES, agent
from harvest.outbound_guard import Guard
from harvest.raw import RawStore

GUARD = Guard()
GONE = frozenset({404, 410})
LONGEST = 300  # characters of what went wrong
SOURCE = SourceRow(
    "second-look",
    "Pages relues à la demande des communes",
    "Guichet",
    "Licence Ouverte 2.0",
    "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
    "/fr/methode",
    Nature.PROBE.value,
)


@dataclass(frozen=True, slots=True)
class Page:
    """What a page answers: `answer` is there, gone, away or refused."""

    answer: str
    url: str
    status: int | None = None
    sha256: str | None = None
    size: int = 0
    message: str = ""

    def told(self) -> dict[str, Any]:
        """What is kept of it beside the first proof."""
        return {name: value for name in ("answer", "url", "status", "sha256", "message")
                if (value := getattr(self, name))}  # fmt: skip


def read(settings: Settings, url: str, guard: Guard | None = None) -> Page:
    """Read a page again with the guarded client; its bytes are kept. Never raises for the page's
    own faults. Raises Invalid when nobody set under which name sites are visited."""
    name = agent(settings)
    store = RawStore(settings.paths.raw)
    store.check_room()
    limits = fetch.Limits(connect=10, silence=20, total=60, sent=PAGE_BYTES, unpacked=PAGE_BYTES)
    shown = urlsplit(url)._replace(fragment="").geturl()
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=store.folder) as folder:
        into = Path(folder) / "page"
        try:
            got = fetch.fetch(url, into, limits, guard or GUARD, agent=name)
        except fetch.Answered as error:
            answer = "gone" if error.status in GONE else "away"
            return Page(answer, shown, error.status, message=str(error)[:LONGEST])
        except Refused as error:
            return Page("refused", shown, message=str(error)[:LONGEST])
        except (Unavailable, Invalid, OSError) as error:
            return Page("away", shown, message=str(error)[:LONGEST])
        size = into.stat().st_size
        return Page("there", got.url, got.status, store.keep(into), size)


def keep(conn: psycopg.Connection[Any], page: Page, commune_code: str, at: datetime) -> int | None:
    """The evidence of a page that was read, in the caller's transaction; None when it was not."""
    if page.sha256 is None:
        return None
    save_source(conn, SOURCE)
    release = f"{commune_code} {at:%Y-%m-%dT%H:%M:%SZ}"
    row = EvidenceRow(SOURCE.id, release, at.date(), page.sha256, page.size, page.url)
    return save_evidence(conn, row)
