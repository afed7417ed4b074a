"""How the harvests go, for people: each source's freshness and faults, each run's plan.

Questions only, asynchronous, for the pages; the command line asks the same ones.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog.database.queries import query
from config.errors import NotFound
from harvest.holds import Hold
from harvest.schedule import Schedule
from harvest.source_files import SourceFile, all_sources

type Connection = psycopg.AsyncConnection[Any]

SILENT = timedelta(minutes=2)  # a run beats every 10 s: silent for this long, its process is dead
MOST_REASONS = 50
PAGE = 5000  # rejected rows read at once


@dataclass(frozen=True, slots=True)
class Standing:
    """How the harvests of one source go. Dates are None when it never happened."""

    id: str
    title: str
    read_at: datetime | None  # read to the end for the last time
    published_on: date | None  # of the newest release that was read
    run_id: int | None
    release: str | None
    state: str | None
    started_at: datetime | None
    heartbeat_at: datetime | None
    counts: Mapping[str, int] | None
    message: str | None
    failures: int  # in a row, since it was read
    waiting: int  # things that a person has to decide on
    waiting_run: int | None  # the newest run that holds some
    orphans: int
    what: str | None
    done: int | None
    total: int | None
    said_at: datetime | None

    def runs(self, now: datetime) -> bool:
        """A living process is at it."""
        alive = self.heartbeat_at is not None and now - self.heartbeat_at < SILENT
        told = self.said_at is not None and now - self.said_at < SILENT
        return (self.state == "running" and alive) or told

    @property
    def file(self) -> SourceFile | None:
        """Its file; None: it was removed, or came by another way."""
        return next((one for one in all_sources() if one.id == self.id), None)

    @property
    def due(self) -> datetime | None:
        """When a worker looks again; None: nobody knows."""
        file = self.file
        if file is None or self.started_at is None:
            return None
        return Schedule(file.schedule).after(self.started_at)


@dataclass(frozen=True, slots=True)
class Described:
    """Who a source is."""

    id: str
    title: str
    publisher: str
    licence: str
    licence_url: str | None
    url: str
    nature: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One run in a list. `waiting`: things of it that a person has to decide on."""

    id: int
    source_id: str
    release: str | None
    state: str
    started_at: datetime
    ended_at: datetime | None
    heartbeat_at: datetime
    counts: Mapping[str, int]
    message: str | None
    dry_run: bool
    waiting: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run with its plan, in lines."""

    id: int
    source_id: str
    release: str | None
    state: str
    started_at: datetime
    ended_at: datetime | None
    heartbeat_at: datetime
    counts: Mapping[str, int]
    message: str | None
    dry_run: bool
    lines: list[str]


@dataclass(frozen=True, slots=True)
class Event:
    at: datetime
    level: str
    message: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why values were not believed, and how many."""

    field: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Rejected:
    id: int
    remote_id: str
    field: str | None
    reason: str
    value: str | None


async def _all[T](aconn: Connection, kind: type[T], name: str, **values: Any) -> list[T]:
    async with aconn.cursor(row_factory=class_row(kind)) as cursor:
        await cursor.execute(query("harvest", name), values)
        return await cursor.fetchall()


async def standings(aconn: Connection) -> list[Standing]:
    """Every source that was ever tried: first those that wait for a person, then the failed."""
    return await _all(aconn, Standing, "board_sources", source=None)


async def standing(aconn: Connection, source_id: str) -> tuple[Described, Standing]:
    """One source. Raises NotFound."""
    described = await _all(aconn, Described, "board_source", source=source_id)
    if not described:
        raise NotFound(f"There is no source {source_id!r}.", parameter="source")
    (found,) = await _all(aconn, Standing, "board_sources", source=source_id)
    return described[0], found


async def runs(aconn: Connection, source_id: str | None, limit: int) -> list[Listed]:
    """The newest runs, the newest first."""
    return await _all(aconn, Listed, "run_recent", source=source_id, limit=limit)


async def run(aconn: Connection, run_id: int) -> tuple[Run, list[Hold], list[Event]]:
    """One run, what the brake held of it, and what happened. Raises NotFound."""
    found = await _all(aconn, Run, "board_run", run=run_id)
    if not found:
        raise NotFound(f"There is no run {run_id}.", parameter="run")
    holds = await _all(aconn, Hold, "board_holds", run=run_id)
    return found[0], holds, await _all(aconn, Event, "board_events", run=run_id)


async def newest_read(aconn: Connection, source_id: str) -> tuple[int, str | None] | None:
    """The id and the release of the newest run that was read to its end; None: none was."""
    cursor = await aconn.execute(query("harvest", "board_last_rejecting"), {"source": source_id})
    row = await cursor.fetchone()
    return None if row is None else (row[0], row[1])


async def reasons(aconn: Connection, run_id: int) -> list[Reason]:
    """Why values of a run were not believed, the most frequent first."""
    return await _all(aconn, Reason, "board_reasons", run=run_id, limit=MOST_REASONS)


async def rejected(aconn: Connection, run_id: int) -> AsyncIterator[list[Rejected]]:
    """The values of a run that were not believed, page by page."""
    after = 0
    while rows := await _all(
        aconn, Rejected, "board_rejected", run=run_id, after=after, limit=PAGE
    ):
        yield rows
        after = rows[-1].id
