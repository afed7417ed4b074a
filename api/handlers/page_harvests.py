"""How the harvests go, for those who look after the hub: progress, plans, losses to decide on."""

import asyncio
import json
import re
from typing import Any, get_args

from api import live_events
from api.forms import TOKEN_FIELD
from api.handlers.base import page_routes
from api.sessions import StaffPage
from api.worker import ask
from catalog import live
from catalog.database import pools
from config.errors import Invalid, NotFound, Refused
from crowd import audit
from crowd.accounts import Role
from harvest import board, holds, runs
from harvest.board import Standing

RUNS = 50
MOST_LINES = 1000  # of a plan, on one page
LONGEST_REASON = 500
_RUN = re.compile(r"[1-9]\d{0,17}", re.ASCII)


class _Harvests(StaffPage):
    """Moderators look; administrators decide."""

    def may_decide(self) -> bool:
        return self.staff.role.includes(Role.ADMINISTRATOR)

    def refuse_unless_administrator(self) -> None:
        if not self.may_decide():
            raise Refused("Only an administrator decides on harvests.")


class Harvests(_Harvests):
    async def get(self) -> None:
        await self.show()

    async def post(self) -> None:
        """Ask for a harvest now: a job for whichever worker is free."""
        self.refuse_unless_administrator()
        source_id = self.fields.get("source", "")
        if source_id not in runs.source_ids(self.site.settings):
            raise NotFound("There is no such source.", parameter="source")
        await asyncio.to_thread(ask, self.site.settings, "harvest_source", source_id=source_id)
        async with self.connection() as conn, conn.transaction():
            await audit.write(conn, self.staff.actor, "harvest-ask", f"source:{source_id}")
        self.see_other(self.url("harvests"))

    async def show(self) -> None:
        async with self.connection() as conn:
            standings = await board.standings(conn)
            listed = await board.runs(conn, None, RUNS)
        tried = {one.id for one in standings}
        self.render_page(
            "harvests.html",
            standings=standings,
            never=[one for one in runs.source_ids(self.site.settings) if one not in tried],
            runs=listed,
            may_decide=self.may_decide(),
            token_field=TOKEN_FIELD,
        )


class Run(_Harvests):
    """One run: its plan, and what of it waits for a decision."""

    async def get(self, run: str) -> None:
        await self.show(_number(run))

    async def post(self, run: str) -> None:
        self.refuse_unless_administrator()
        number = _number(run)
        decision = self.fields.get("decision", "")
        reason = self.fields.get("reason", "").strip()
        if decision not in get_args(holds.Decision.__value__):
            raise Invalid("A loss is released or dismissed.", parameter="decision")
        if not reason or len(reason) > LONGEST_REASON:
            self.set_status(422)
            await self.show(number, reason=reason, missing=True)
            return
        await asyncio.to_thread(self._decide, number, decision, reason)
        self.see_other(self.url("harvest-run", run=number))

    def _decide(self, number: int, decision: Any, reason: str) -> None:
        actor = self.staff.actor
        with pools.connect(self.site.settings, "harvest") as conn:
            holds.decide(
                conn, number, decision, actor, reason,
                lambda here: audit.write_now(here, actor, f"harvest-{decision}", f"run:{number}"),
            )  # fmt: skip
        live.settle(self.site.settings)

    async def show(self, number: int, *, reason: str = "", missing: bool = False) -> None:
        async with self.connection() as conn:
            found, held, events = await board.run(conn, number)
        self.render_page(
            "harvest_run.html",
            run=found,
            held=held,
            waiting=any(one.state == "open" for one in held),
            events=events,
            most=MOST_LINES,
            reason=reason,
            missing=missing,
            longest=LONGEST_REASON,
            may_decide=self.may_decide(),
            token_field=TOKEN_FIELD,
        )


class Progress(StaffPage):
    """What runs now: events for browsers that can listen, the same JSON for those that ask.

    It is read from the database, so it survives a restart of this process and shows what the
    workers of every machine do.
    """

    _gone = False

    async def get(self) -> None:
        await live_events.tell(self, self._now)

    async def _now(self) -> bytes:
        async with self.connection() as conn:
            standings = await board.standings(conn)
        found = [self._line(one) for one in standings]
        return json.dumps(found, ensure_ascii=False, sort_keys=True).encode()

    def _line(self, one: Standing) -> dict[str, Any]:
        """A source as its row of the table shows it, in the words of the page's language."""
        running = one.runs(self.now)
        return {
            "id": one.id,
            "running": running,
            "state": self.t(f"harvest.state_{'running' if running else stopped(one)}"),
            "what": one.what if running else None,
            "done": one.done if running else None,
            "total": one.total if running else None,
            "waiting": one.waiting,
        }

    def on_connection_close(self) -> None:
        self._gone = True


def stopped(one: Standing) -> str:
    """The state of a source that nobody is at: a run whose process died is interrupted."""
    return "interrupted" if one.state == "running" else one.state or "never"


def _number(run: str) -> int:
    if not _RUN.fullmatch(run):
        raise NotFound("A run is asked for by its number.", parameter="run")
    return int(run)


ROUTES: list[Any] = [
    *page_routes("harvests", Harvests),
    *page_routes("harvest-progress", Progress),
    *page_routes("harvest-run", Run),
]
