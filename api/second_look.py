"""A contested fact, looked at again now: by its source, by a visit, or by its page. Run by the
worker; wires the crowd, who contests, to the harvest, which looks."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from catalog import live
from catalog.database import pools
from catalog.observations import Nature
from config.errors import Conflict, GuichetError, Invalid, NotFound
from config.settings import Settings
from crowd import contests
from crowd.contests import PEOPLE, Fact, Looked, Outcome
from harvest import runs, second_look
from harvest.discover import observe
from harvest.discover import runs as visits

log = logging.getLogger("guichet.worker")
_ANSWERS = {"there": Outcome.ANSWERS, "gone": Outcome.GONE, "away": Outcome.AWAY,
            "refused": Outcome.REFUSED}  # fmt: skip


def look(
    settings: Settings,
    contest_id: int,
    harvest: Callable[..., Any] = runs.harvest,
    visit: Callable[..., Any] = visits.discover,
) -> Outcome | None:
    """Look again at what is contested, and keep what was found. None: nothing waits under this
    number. Raises Conflict while another process harvests the same source: the job comes back."""
    with pools.connect(settings, "harvest") as conn:
        about = contests.fact(conn, contest_id)
        conn.commit()
    if about is None:
        return None
    told: dict[str, Any] = {}
    outcome = _source(settings, about, told, harvest, visit)
    page = None
    if about.url and about.url.startswith(("http://", "https://")) and outcome not in (
        Outcome.CHANGED, Outcome.WITHDRAWN, Outcome.NOT_READY
    ):  # fmt: skip
        try:
            page = second_look.read(settings, about.url)
            told["page"] = page.told()
        except Invalid:
            told["page"] = {"answer": "not-ready"}
            outcome = Outcome.NOT_READY if outcome is Outcome.NOT_AGAIN else outcome
        else:
            # A page that is gone says more than a list that still names it.
            if outcome in (Outcome.NOT_AGAIN, Outcome.AWAY) or page.answer == "gone":
                outcome = _ANSWERS[page.answer]
    with pools.connect(settings, "harvest") as conn:
        evidence = None
        if page is not None:
            evidence = second_look.keep(conn, page, about.commune_code, datetime.now(UTC))
        contests.looked(conn, about, Looked(outcome, told, evidence))
        conn.commit()
    return outcome


def _source(
    settings: Settings,
    about: Fact,
    told: dict[str, Any],
    harvest: Callable[..., Any],
    visit: Callable[..., Any],
) -> Outcome:
    """Ask the fact's own source again, where a machine can."""
    if about.source_id in PEOPLE or about.nature is Nature.LAW:
        return Outcome.NOT_AGAIN
    try:
        if about.source_id == observe.SOURCE.id:
            reports = [one.report for one in visit(settings, [about.commune_code])]
        else:
            reports = harvest(settings, [about.source_id], False, _say)
            live.settle(settings)
    except Invalid as error:
        told["source"] = {"state": "not-ready", "message": str(error)[:300]}
        return Outcome.NOT_READY
    except NotFound:
        return Outcome.NOT_AGAIN  # a source that is read no more
    except Conflict:
        raise
    except (GuichetError, OSError) as error:
        told["source"] = {"state": "failed", "message": str(error)[:300]}
        return Outcome.AWAY
    last = reports[-1] if reports else None
    if last is not None:
        told["source"] = {"state": last.state, "release": last.release,
                          "message": last.message[:300]}  # fmt: skip
    if last is None or last.state == "failed":
        return Outcome.AWAY
    with pools.connect(settings, "harvest") as conn:
        _, outcome = contests.newer(conn, about)
    return outcome


def _say(what: str, done: int, total: int | None) -> None:
    if total is not None and done >= total:
        log.info("%s: %s", what, done)
