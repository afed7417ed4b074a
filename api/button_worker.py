"""Looks at the pages of registered procedures, for their button: each week, and when asked.

One page of a site, by the guarded client, as a visitor would: no robots.txt is read, because one
page a week is no crawl, and its owner asked for it. Wires harvest's client to crowd's memory.
"""

import logging
import tempfile
from pathlib import Path

import procrastinate

from catalog.database import pools
from catalog.database.queries import query
from config.errors import GuichetError, Invalid, Refused, Unavailable
from config.settings import Settings
from crowd import buttons
from crowd.buttons import Outcome
from harvest import fetch
from harvest.outbound_guard import Guard

log = logging.getLogger("guichet.buttons")
PAGE_BYTES = 3_000_000
LIMITS = fetch.Limits(connect=10, silence=20, total=40, sent=PAGE_BYTES, unpacked=PAGE_BYTES)
MOST_AN_HOUR = 100  # pages looked at by the clock: a week is 16,800
EVERY_HOURS = 168


def register(app: procrastinate.App, settings: Settings) -> None:
    """The two tasks of buttons."""

    @app.task(name="look_for_button", queueing_lock="look_for_button")
    def look_for_button(procedure: str) -> None:
        """Look at one page now: its owner asked."""
        log.info("button of %s: %s", procedure, look(settings, procedure))

    @app.periodic(cron="23 * * * *", periodic_id="look_for_buttons")
    @app.task(name="look_for_buttons", lock="look_for_buttons", queueing_lock="look_for_buttons")
    def look_for_buttons(timestamp: int = 0) -> None:
        """Each hour, those whose page nobody looked at for a week."""
        with pools.connect(settings, "cli") as conn:
            found = buttons.due(conn, EVERY_HOURS, MOST_AN_HOUR)
        for procedure in found:
            log.info("button of %s: %s", procedure, look(settings, procedure))


def look(settings: Settings, procedure: str, guard: Guard | None = None) -> Outcome | None:
    """Look at a procedure's page and write down what was seen; None: it has no page."""
    with pools.connect(settings, "cli") as conn:
        row = conn.execute(query("crowd", "procedure_one"), {"id": procedure}).fetchone()
    if row is None or row[4] is None:
        return None
    url, detail = str(row[4]), None
    try:
        page, there = read(url, guard)
    except (Unavailable, Refused, Invalid, OSError) as error:
        outcome, detail = Outcome.UNREACHABLE, _why(error)
    else:
        on_it = buttons.button_is_on(page, there, procedure, settings.web.public_url)
        outcome = Outcome.SEEN if on_it else Outcome.NOT_SEEN
    with pools.connect(settings, "cli") as conn:
        buttons.remember(conn, procedure, outcome, url, detail)
        conn.commit()
    return outcome


def read(url: str, guard: Guard | None) -> tuple[str, str]:
    """A page's source, and the address where it was found in the end. Raises what fetch raises."""
    with tempfile.TemporaryDirectory(prefix="guichet-button-") as folder:
        file = Path(folder) / "page"
        found = fetch.fetch(url, file, LIMITS, guard, accept="text/html", agent=fetch.AGENT)
        body = fetch.unpacked(file, PAGE_BYTES) if found.gzipped else file.read_bytes()
        return body.decode("utf-8", "replace"), found.url


def _why(error: Exception) -> str:
    """One line; an error of the system is named without what this machine says of it."""
    return str(error) if isinstance(error, GuichetError) else type(error).__name__
