"""Jobs of processes: noted, computed by a worker, watched, dismissed, erased.

They are batches of one execution: the same table, files, lease and sweep (`batch_jobs`). What is
their own is that somebody may watch one or take it back while it is computed.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import class_row, dict_row

from catalog.database.queries import query
from config.errors import GuichetError, NotFound, Unavailable
from simulators import batch_files, batch_jobs, echo, executions
from simulators.batch_jobs import MOST_ATTEMPTS, Patient
from simulators.contract import strict_json
from simulators.contract.faults import Faulty
from simulators.contract.simulator import Simulator
from simulators.executions import Execution

log = logging.getLogger("guichet.jobs")

LOOK_SECONDS = 0.25  # between two looks whether a job was dismissed: two indexed rows each
LISTED = frozenset({echo.ID})  # the processes whose jobs anybody may see
JSON = "application/json"
_INTERNAL = "The job could not be computed; try again."


@dataclass(frozen=True, slots=True)
class Job:
    """One job as whoever has its identifier sees it."""

    number: int
    id: str
    process: str
    model: str
    state: str
    rows_done: int
    rows_total: int
    problem: str | None
    recorded_at: datetime
    started_at: datetime | None
    told_at: datetime
    ended_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs of a list. None: all of them."""

    processes: list[str] | None = None
    states: list[str] | None = None
    start: datetime | None = None
    end: datetime | None = None
    least: float | None = None
    most: float | None = None


class Outputs(msgspec.Struct):
    """What a job's file of answers holds."""

    outputs: dict[str, Any]
    response: str


async def note(
    conn: AsyncConnection[Any], where: Path, asked: Execution, version: str, *, hours: int,
    most_waiting: int,
) -> tuple[int, str]:  # fmt: skip
    """Note a job in the caller's transaction; its number and its secret identifier.

    Raises Unavailable: too many wait.
    """
    number, identifier = await batch_jobs.note(
        conn, asked.process, version, None, JSON, JSON, 1,
        hours=hours, most_waiting=most_waiting, door="process", listed=asked.process in LISTED,
        subscriber=asked.subscriber,
    )  # fmt: skip
    # Before the transaction ends: a job that is seen has what it asks.
    await asyncio.to_thread(batch_files.asked(where, number).write_bytes, asked.stored())
    return number, identifier


async def read(conn: AsyncConnection[Any], identifier: str) -> Job:
    """One job. Raises NotFound: unknown, or erased since its time passed."""
    async with conn.cursor(row_factory=class_row(Job)) as cursor:
        await cursor.execute(query("simulators", "job_read"), {"id": identifier})
        found = await cursor.fetchone()
    if found is None:
        raise NotFound("There is no job of this identifier; it may have been erased.")
    return found


async def listed(
    conn: AsyncConnection[Any], wanted: Wanted, *, limit: int, offset: int
) -> list[Job]:
    """The jobs that anybody may see, the latest first."""
    values = {
        "processes": wanted.processes, "states": wanted.states, "start": wanted.start,
        "end": wanted.end, "least": wanted.least, "most": wanted.most, "take": limit,
        "skip": offset,
    }  # fmt: skip
    async with conn.cursor(row_factory=class_row(Job)) as cursor:
        await cursor.execute(query("simulators", "job_list"), values)
        return await cursor.fetchall()


async def dismiss(conn: AsyncConnection[Any], where: Path, identifier: str) -> bool:
    """Dismiss a job and erase what it asked and was answered; False: it was dismissed already.

    Raises NotFound.
    """
    await read(conn, identifier)
    cursor = await conn.execute(query("simulators", "job_dismiss"), {"id": identifier})
    row = await cursor.fetchone()
    if row is None:
        return False
    batch_files.erase(where, int(row[0]))
    return True


def results(where: Path, number: int) -> Outputs:
    """What a job gave. Raises NotFound once it is erased."""
    try:
        return msgspec.json.decode(batch_files.answers(where, number).read_bytes(), type=Outputs)
    except FileNotFoundError:
        raise NotFound("The results have been erased.") from None


async def to_call(conn: AsyncConnection[Any], number: int) -> tuple[Job, Mapping[str, str]] | None:
    """A job and whom to call back about it; None: nobody."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query("simulators", "job_subscriber"), {"number": number})
        found = await cursor.fetchone()
    if found is None:
        return None
    subscriber = found.pop("subscriber")
    return Job(**found), subscriber


async def compute(
    conn: AsyncConnection[Any], where: Path, number: int, claimed: Mapping[str, Any],
    simulators: Mapping[str, Simulator],
) -> str:  # fmt: skip
    """Compute a claimed job; the state in which it ends. `conn` commits by itself.

    A job that is dismissed meanwhile is dropped where it stands: the caller stops the engines.
    """
    lease = {"number": number, "attempts": claimed["attempts"]}
    problem: str | None = None
    state = "failed"
    try:
        if claimed["attempts"] > MOST_ATTEMPTS:
            raise Unavailable(_INTERNAL)
        body = strict_json.read(batch_files.asked(where, number).read_bytes())
        asked = executions.read(claimed["simulator"], body, simulators)
        found = await _watched(conn, lease, asked, claimed, simulators)
        if found is None:
            return "cancelled"
        text = msgspec.json.encode(Outputs(found, asked.response))
        batch_files.unfinished(where, number, claimed["attempts"]).write_bytes(text)
        state = "done"
    except Faulty as refusal:
        problem = refusal.faults[0].message.en
    except FileNotFoundError:
        problem = "What the job asked is gone."
    except (KeyError, GuichetError) as error:
        problem = str(error) if isinstance(error, GuichetError) else _INTERNAL
    done = int(state == "done")
    return await batch_jobs.ended(
        conn, where, lease | {"state": state, "done": done, "wrong": 0, "problem": problem}
    )


async def _watched(
    conn: AsyncConnection[Any],
    lease: Mapping[str, int],
    asked: Execution,
    claimed: Mapping[str, Any],
    simulators: Mapping[str, Simulator],
) -> dict[str, Any] | None:
    """The outputs; None when the job was dismissed, or another worker has it, before the end."""
    held = simulators.get(asked.process)
    model = Patient(held.model(claimed["model"])) if held is not None else None
    work = asyncio.create_task(executions.run(asked, simulators, model))
    try:
        while True:
            done, _ = await asyncio.wait([work], timeout=LOOK_SECONDS)
            if done:
                return work.result()
            alive = {**lease, "done": 0, "wrong": 0}
            cursor = await conn.execute(query("simulators", "batch_told"), alive)
            if await cursor.fetchone() is None:
                return None
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await work
