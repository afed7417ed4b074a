"""Batches that are too large to wait for: noted, computed by a worker, collected, erased.

The table holds no row of what was asked; rows and answers are files (`batch_files`) that go with
the batch. To compute one again from its beginning is always right: the same rows give the same
answers, and nothing is seen before it is whole.
"""

import asyncio
import json
import logging
import secrets
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row, dict_row

from catalog.database.queries import query
from config.errors import NotFound, Unavailable
from simulators import batch, batch_files
from simulators.contract.faults import Faulty
from simulators.contract.results import Outcome
from simulators.contract.simulator import Call, Model, Simulator
from simulators.openfisca_france.pool import Stuck

log = logging.getLogger("guichet.batches")

IDENTIFIER_BYTES = 16  # 128 random bits: nobody finds what somebody else simulated
TELL_SECONDS = 1.0  # between two words on how far a batch is
SILENT_SECONDS = 60.0  # a batch of which nobody spoke for this long is asked again
PATIENCE_SECONDS = 120.0  # for engines that start, or start again
MOST_ATTEMPTS = 20  # stops of a worker included
_INTERNAL = "The batch could not be computed; try again, or with fewer rows."


class Away(Exception):
    """No engine answers here, for too long: nothing is wrong with the batch."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch as its owner sees it."""

    number: int
    id: str
    simulator: str
    model: str
    law_date: date | None
    asked_type: str
    answer_type: str
    state: str
    rows_total: int
    rows_done: int
    rows_wrong: int
    problem: str | None
    recorded_at: datetime
    ended_at: datetime | None
    expires_at: datetime


async def note(
    conn: AsyncConnection[Any], simulator: str, model: str, law_date: date | None,
    asked_type: str, answer_type: str, rows: int, *, hours: int, most_waiting: int,
    door: str = "batch", listed: bool = False, subscriber: Mapping[str, str] | None = None,
) -> tuple[int, str]:  # fmt: skip
    """Note what comes in by a door; its number and its secret identifier. Raises Unavailable: too
    many wait there."""
    identifier = secrets.token_urlsafe(IDENTIFIER_BYTES)
    values = {
        "id": identifier, "simulator": simulator, "model": model, "law_date": law_date,
        "asked_type": asked_type, "answer_type": answer_type, "rows_total": rows, "hours": hours,
        "most_waiting": most_waiting, "door": door, "listed": listed,
        "subscriber": json.dumps(dict(subscriber)) if subscriber else None,
    }  # fmt: skip
    row = await (await conn.execute(query("simulators", "batch_new"), values)).fetchone()
    if row is None:
        raise Unavailable("Too many are waiting to be computed; try again later.")
    return int(row[0]), identifier


async def read(conn: AsyncConnection[Any], simulator: str, identifier: str) -> Batch:
    """One batch. Raises NotFound: unknown, or erased since its time passed."""
    async with conn.cursor(row_factory=class_row(Batch)) as cursor:
        values = {"id": identifier, "simulator": simulator}
        await cursor.execute(query("simulators", "batch_read"), values)
        found = await cursor.fetchone()
    if found is None:
        raise NotFound("There is no batch of this identifier; it may have been erased.")
    return found


async def cancel(conn: AsyncConnection[Any], where: Path, simulator: str, identifier: str) -> None:
    """Cancel a batch, and erase what it asked and was answered. Raises NotFound."""
    values = {"id": identifier, "simulator": simulator}
    row = await (await conn.execute(query("simulators", "batch_cancel"), values)).fetchone()
    if row is None:
        raise NotFound("There is no batch of this identifier; it may have been erased.")
    batch_files.erase(where, int(row[0]))


async def sweep(conn: AsyncConnection[Any], where: Path) -> list[tuple[int, str]]:
    """Erase what has expired; the batches that nobody computes any more (number, door)."""
    erased = await (await conn.execute(query("simulators", "batch_erase"))).fetchall()
    for row in erased:
        batch_files.erase(where, int(row[0]))
    living = await (await conn.execute(query("simulators", "batch_living"))).fetchall()
    an_hour_ago = time.time() - 3600
    others = batch_files.erase_others(where, {int(row[0]) for row in living}, an_hour_ago)
    if erased or others:
        log.info("%d batches are erased", len(erased) + len(set(others)))
    silent = await conn.execute(query("simulators", "batch_silent"), {"seconds": SILENT_SECONDS})
    return [(int(row[0]), str(row[1])) for row in await silent.fetchall()]


async def claim(conn: AsyncConnection[Any], number: int) -> dict[str, Any] | None:
    """Begin to compute a batch; None when there is nothing left to do for it."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query("simulators", "batch_claim"), {"number": number})
        return await cursor.fetchone()


async def compute(
    conn: AsyncConnection[Any], where: Path, number: int, claimed: Mapping[str, Any],
    simulators: Mapping[str, Simulator],
) -> str:  # fmt: skip
    """Compute a claimed batch; the state in which it ends. `conn` commits by itself.

    Nothing of what is wrong with a batch is raised: it is in the batch. What is raised is about
    this process or the database, and the batch can be computed again.
    """
    done = wrong = 0
    problem: str | None = None
    state = "failed"
    lease = {"number": number, "attempts": claimed["attempts"]}
    unfinished = batch_files.unfinished(where, number, claimed["attempts"])
    try:
        if claimed["attempts"] > MOST_ATTEMPTS:
            raise Unavailable(_INTERNAL)
        asked = simulators[claimed["simulator"]]
        model = Patient(asked.model(claimed["model"]))
        async with aclosing(_written(asked, model, where, number, claimed)) as chunks:
            told = time.monotonic()
            async for rows, faulty in chunks:
                done, wrong = done + rows, wrong + faulty
                if time.monotonic() - told >= TELL_SECONDS:
                    told = time.monotonic()
                    how_far = lease | {"done": done, "wrong": wrong}
                    cursor = await conn.execute(query("simulators", "batch_told"), how_far)
                    if await cursor.fetchone() is None:
                        return "cancelled"
        state = "done"
    except Faulty as refusal:
        problem = refusal.faults[0].message.en
    except FileNotFoundError:
        problem = "The rows of the batch are gone."
    except (KeyError, Unavailable) as error:
        problem = str(error) if isinstance(error, Unavailable) else _INTERNAL
    finally:
        if state != "done":
            unfinished.unlink(missing_ok=True)
    return await ended(
        conn, where, lease | {"state": state, "done": done, "wrong": wrong, "problem": problem}
    )


async def ended(conn: AsyncConnection[Any], where: Path, values: Mapping[str, Any]) -> str:
    """Note the end and give the answers their name; what became of it. Whoever lost the lease
    changes nothing."""
    number, state = values["number"], values["state"]
    if state == "done":
        # Whole, or not there at all: the name is given last.
        unfinished = batch_files.unfinished(where, number, values["attempts"])
        unfinished.replace(batch_files.answers(where, number))
    row = await (await conn.execute(query("simulators", "batch_end"), values)).fetchone()
    if row is not None:
        batch_files.asked(where, number).unlink(missing_ok=True)
        return str(state)
    living = await (await conn.execute(query("simulators", "batch_living"))).fetchall()
    if number not in {int(one[0]) for one in living}:
        batch_files.erase(where, number)
    return "cancelled"


async def _written(
    asked: Simulator, model: Model, where: Path, number: int, claimed: Mapping[str, Any]
) -> AsyncGenerator[tuple[int, int]]:
    """Write the answers, a chunk at a time; how many rows, and how many of them are wrong."""
    rows = batch_files.rows(batch_files.asked(where, number), claimed["asked_type"])
    writer = batch.Writer(claimed["answer_type"], await batch.figures(asked, model))
    unfinished = batch_files.unfinished(where, number, claimed["attempts"])
    found = batch.answers(asked, model, rows, claimed["law_date"])
    async with aclosing(found) as chunks:
        with unfinished.open("wb") as file:
            file.write(writer.head())
            async for answers in chunks:
                file.write(writer.chunk(answers))
                yield len(answers), sum(one.errors is not None for one in answers)
            file.write(writer.tail())


@dataclass(frozen=True)
class Patient:
    """A model that waits for its engines to start: nobody stands before a batch."""

    model: Model

    @property
    def version(self) -> str:
        return self.model.version

    async def compute(self, calls: Sequence[Call]) -> Sequence[Outcome | Faulty]:
        """Raises Stuck when engines die of this case, and Away when there are none."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await self.model.compute(calls)
            except Stuck:
                raise  # of this case, not of the moment
            except Unavailable as error:
                if time.monotonic() > until:
                    raise Away(str(error)) from error
                await asyncio.sleep(0.2)
