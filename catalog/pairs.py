"""Pairs of offices that may be one place, as people who decide on them see them: questions only.

`catalog.merges` finds, merges and splits; here is what a page and a table show of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog.database.queries import query
from catalog.likeness import CANDIDATE, WEIGHTS, Likeness, Place
from catalog.merges import OTHER_KIND, compared
from config.errors import NotFound

type Connection = psycopg.AsyncConnection[Any]


class State(StrEnum):
    """What became of a pair."""

    OPEN = "open"
    MERGED = "merged"
    APART = "apart"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two offices, as its source lists it."""

    id: int
    kind: str
    name: str
    source_id: str
    source: str
    remote_id: str
    commune_code: str | None
    commune: str | None
    address: str | None
    phone: str | None
    email: str | None
    siret: str | None
    longitude: float | None
    latitude: float | None
    hours: bool
    withdrawn_at: datetime | None

    @property
    def place(self) -> Place:
        point = None
        if self.longitude is not None and self.latitude is not None:
            point = (self.longitude, self.latitude)
        return Place(
            self.kind, self.name, self.commune_code, self.address, self.phone, self.email,
            self.siret, point,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of a list. `decided_by` None: nobody decided."""

    low: Side
    high: Side
    score: float | None
    explained: Sequence[Mapping[str, Any]]
    decided_by: str | None
    reason: str | None
    decided_at: datetime | None

    def value(self, what: str) -> float | None:
        """One comparison's value; None: one of the two sources does not say."""
        return next((float(one["value"]) for one in self.explained if one["what"] == what), None)

    @property
    def key(self) -> tuple[float, int, int]:
        """Where a list goes on after this line."""
        return (1.0 if self.score is None else self.score, self.low.id, self.high.id)


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of the journal of a pair."""

    action: str
    kept_id: int
    merged_id: int
    score: float | None
    decided_by: str
    reason: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Pair:
    """Two offices side by side, how alike they are now, and what was decided."""

    low: Side
    high: Side
    alike: Likeness
    state: State
    kept: int | None  # of a merged pair: the one that readers see
    journal: tuple[Decision, ...]

    @property
    def weights(self) -> Mapping[str, float]:
        return WEIGHTS

    @property
    def lowered(self) -> float | None:
        """What the score was multiplied by because the kinds differ; None: they do not."""
        return None if self.low.kind == self.high.kind else OTHER_KIND

    @property
    def candidate(self) -> float:
        return CANDIDATE


async def counts(aconn: Connection) -> dict[State, int]:
    """How many pairs there are of each state."""
    row = await (await aconn.execute(query("catalog", "office_pair_counts"))).fetchone()
    assert row is not None  # noqa: S101 counts are always one row
    return dict(zip(State, row, strict=True))


async def listed(
    aconn: Connection, state: State, after: tuple[float, int, int] | None, limit: int
) -> list[Listed]:
    """Pairs of one state after a line (`Listed.key`): the open ones most alike first, the others
    by their ids. Empty: no more of them."""
    score, low, high = after or (2.0, 0, 0)
    values = {"after_score": score, "after_low": low, "after_high": high, "limit": limit}
    question = query("catalog", f"office_pairs_{state.value}")
    rows = await (await aconn.execute(question, values)).fetchall()
    sides = await _sides(aconn, {one for row in rows for one in row[:2]})
    return [Listed(sides[row[0]], sides[row[1]], *row[2:]) for row in rows]


async def one(aconn: Connection, low: int, high: int) -> Pair:
    """Two offices, compared as they are now. Raises NotFound when one does not exist."""
    sides = await _sides(aconn, {low, high})
    if low >= high or {low, high} - sides.keys():
        raise NotFound("There is no such pair of offices.", parameter="pair")
    values = {"low": low, "high": high}
    row = await (await aconn.execute(query("catalog", "office_pair_one"), values)).fetchone()
    assert row is not None  # noqa: S101 the question makes its own row
    _, different, kept = row
    async with aconn.cursor(row_factory=class_row(Decision)) as cursor:
        await cursor.execute(query("catalog", "office_pair_journal"), values)
        journal = tuple(await cursor.fetchall())
    state = State.MERGED if kept is not None else State.APART if different else State.OPEN
    alike = compared(sides[low].place, sides[high].place)
    return Pair(sides[low], sides[high], alike, state, kept, journal)


async def _sides(aconn: Connection, ids: set[int]) -> dict[int, Side]:
    async with aconn.cursor(row_factory=class_row(Side)) as cursor:
        await cursor.execute(query("catalog", "office_sides"), {"ids": list(ids)})
        return {side.id: side for side in await cursor.fetchall()}
