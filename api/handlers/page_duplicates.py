"""Offices that may be one place, for those who decide: why, side by side, and every way back.

What is decided here is reversible, so moderators decide too; each decision has a reason, a line in
the pair's own journal and a line in the audit log, in one transaction.
"""

import asyncio
import io
import re
from collections.abc import Callable
from typing import Any

from api.forms import TOKEN_FIELD
from api.handlers.base import page_routes
from api.parameters import choice, text
from api.sessions import StaffPage
from catalog import csv_cells, merges, pairs
from catalog.database import pools
from catalog.database.queries import query
from catalog.office_kinds import kind_name
from catalog.pairs import Pair, Side, State
from config.errors import Conflict, Invalid, NotFound
from crowd import audit

PAGE = 50
AT_ONCE = 2000  # lines of the table read by one question
LONGEST_REASON = 500
COMPARED = ("siret", "name", "address", "distance", "phone", "email")
STATE = choice("etat", "Which pairs.", lambda: tuple(State), default=State.OPEN.value)
AFTER = text(
    "apres", "After this line.", max_length=60, pattern=r"[01]\.\d{1,17}-\d{1,18}-\d{1,18}"
)
_PAIR = re.compile(r"([1-9]\d{0,17})-([1-9]\d{0,17})", re.ASCII)


class Duplicates(StaffPage):
    parameters = (STATE, AFTER)

    async def get(self) -> None:
        state = State(self.ask(STATE))
        async with self.connection() as conn:
            lines = await pairs.listed(conn, state, _after(self.ask(AFTER)), PAGE + 1)
            counts = await pairs.counts(conn)
        self.render_page(
            "duplicates.html",
            state=state,
            counts=counts,
            lines=lines[:PAGE],
            compared=COMPARED,
            kind_name=kind_name,
            following=_text(lines[PAGE - 1].key) if len(lines) > PAGE else None,
        )


class DuplicatesTable(StaffPage):
    """All pairs of one state as CSV: for those who read them in a spreadsheet."""

    parameters = (STATE,)

    async def get(self) -> None:
        state, out, after = State(self.ask(STATE)), io.StringIO(), None
        rows: list[tuple[Any, ...]] = []
        async with self.connection() as conn:
            while True:
                lines = await pairs.listed(conn, state, after, AT_ONCE)
                rows += [
                    (
                        one.score, *(one.value(what) for what in COMPARED),
                        *_cells(one.low), *_cells(one.high),
                        one.decided_by, one.reason, one.decided_at,
                    )
                    for one in lines
                ]  # fmt: skip
                if len(lines) < AT_ONCE:
                    break
                after = lines[-1].key
        sides = (
            "id",
            "source",
            "remote_id",
            "kind",
            "name",
            "commune",
            "address",
            "phone",
            "siret",
        )
        head = (
            "score", *(f"{what}_alike" for what in COMPARED), *(f"a_{one}" for one in sides),
            *(f"b_{one}" for one in sides), "decided_by", "reason", "decided_at",
        )  # fmt: skip
        csv_cells.write(out, head, rows)
        self.set_header("Content-Disposition", f'attachment; filename="doublons-{state.value}.csv"')
        await self.send_large(out.getvalue().encode(), "text/csv; charset=utf-8; header=present")


class Duplicate(StaffPage):
    """One pair: what was compared, what was decided, and what can be."""

    async def get(self, pair: str) -> None:
        await self.show(*_ids(pair))

    async def post(self, pair: str) -> None:
        low, high = _ids(pair)
        decision = self.fields.get("decision", "")
        if decision not in DECISIONS:
            raise Invalid("Not a decision on a pair.", parameter="decision")
        reason = self.fields.get("reason", "").strip()
        if not reason or len(reason) > LONGEST_REASON:
            self.set_status(422)
            await self.show(low, high, reason=reason, missing=True)
            return
        try:
            await asyncio.to_thread(self._decide, decision, low, high, reason)
        except Conflict:
            self.set_status(409)
            await self.show(low, high, reason=reason, conflict=True)
            return
        self.see_other(self.url("duplicate", pair=f"{low}-{high}"))

    def _decide(self, decision: str, low: int, high: int, reason: str) -> None:
        actor = self.staff.actor
        with pools.connect(self.site.settings, "harvest") as conn:
            DECISIONS[decision](conn, low, high, actor, reason)
            audit.write_now(conn, actor, f"office-{decision}", f"offices:{low}-{high}")

    async def show(
        self,
        low: int,
        high: int,
        *,
        reason: str = "",
        missing: bool = False,
        conflict: bool = False,
    ) -> None:
        async with self.connection() as conn:
            found = await pairs.one(conn, low, high)
        self.render_page(
            "duplicate.html",
            pair=found,
            decisions=_possible(found),
            kind_name=kind_name,
            reason=reason,
            missing=missing,
            conflict=conflict,
            longest=LONGEST_REASON,
            token_field=TOKEN_FIELD,
        )


def _split(conn: Any, low: int, high: int, who: str, reason: str) -> None:
    """Split the one of the two that is merged into the other."""
    row = conn.execute(query("catalog", "office_pair_one"), {"low": low, "high": high}).fetchone()
    if row[2] is None:
        raise Conflict(f"The offices {low} and {high} are not merged.")
    merges.split(conn, high if row[2] == low else low, who, reason)


type Decide = Callable[[Any, int, int, str, str], None]
DECISIONS: dict[str, Decide] = {
    "keep-first": lambda conn, low, high, who, why: merges.merge(conn, low, high, who, why),
    "keep-second": lambda conn, low, high, who, why: merges.merge(conn, high, low, who, why),
    "apart": merges.tell_apart,
    "split": _split,
    "reopen": merges.reopen,
}


def _possible(pair: Pair) -> tuple[str, ...]:
    """What may be decided on a pair as it stands. A merge needs two that stand."""
    if pair.state is State.MERGED:
        return ("split",)
    standing = pair.low.withdrawn_at is None and pair.high.withdrawn_at is None
    merge = ("keep-first", "keep-second") if standing else ()
    return (*merge, "reopen") if pair.state is State.APART else (*merge, "apart")


def _cells(side: Side) -> tuple[Any, ...]:
    return (
        side.id, side.source_id, side.remote_id, side.kind, side.name, side.commune, side.address,
        side.phone, side.siret,
    )  # fmt: skip


def _ids(pair: str) -> tuple[int, int]:
    found = _PAIR.fullmatch(pair)
    if not found or int(found[1]) >= int(found[2]):
        raise NotFound("A pair is asked for by its two numbers, the lower first.", parameter="pair")
    return int(found[1]), int(found[2])


def _text(key: tuple[float, int, int]) -> str:
    return f"{key[0]:.17f}-{key[1]}-{key[2]}"


def _after(said: str | None) -> tuple[float, int, int] | None:
    if not said:
        return None
    score, low, high = said.split("-")
    return float(score), int(low), int(high)


ROUTES: list[Any] = [
    *page_routes("duplicates", Duplicates),
    *page_routes("duplicates-table", DuplicatesTable),
    *page_routes("duplicate", Duplicate),
]
