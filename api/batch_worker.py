"""Batches of simulations and jobs of processes as background work.

Engines are started for one, and stopped after it, or as soon as it is dismissed: between two a
worker holds no engine and no memory of theirs. What lost its worker is found by the sweep and
computed again from its beginning.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import procrastinate
import psycopg
from procrastinate import RetryStrategy

from api import callbacks
from api.engine_limits import engine_limits
from api.lanes import BATCHES, SHORT
from catalog.database import address
from config.settings import Settings
from simulators import batch_files, batch_jobs, process_jobs
from simulators.registry import Simulators, open_simulators

log = logging.getLogger("guichet.batches")

# What a batch raises is about this process (it is being stopped) or the database (it is away).
AGAIN = RetryStrategy(max_attempts=50, wait=2)


def register(app: procrastinate.App, settings: Settings) -> None:
    """The tasks of batches and jobs."""
    callbacks.register(app, settings)

    @app.task(name="simulate_batch", retry=AGAIN)
    async def simulate_batch(number: int) -> None:
        """Compute one batch of simulations, or one job of a process."""
        where = batch_files.folder(settings.paths.var)
        async with connection(settings) as conn:
            if (claimed := await batch_jobs.claim(conn, number)) is None:
                return
            if claimed["subscriber"] is not None:
                await callbacks.ask(app, number, "inProgressUri")
            computing = process_jobs if claimed["door"] == "process" else batch_jobs
            async with engines(settings, claimed["simulator"]) as simulators:
                state = await computing.compute(conn, where, number, claimed, simulators.by_id)
            if claimed["subscriber"] is not None and state in callbacks.CALLED:
                await callbacks.ask(app, number, callbacks.CALLED[state])
        log.info("batch %d is %s", number, state)

    @app.periodic(cron="*/2 * * * *", periodic_id="sweep_batches")
    @app.task(name="sweep_batches", queueing_lock="sweep_batches")
    async def sweep_batches(timestamp: int) -> None:
        """Erase what has expired, and ask again for what nobody computes any more."""
        where = batch_files.folder(settings.paths.var)
        async with connection(settings) as conn:
            silent = await batch_jobs.sweep(conn, where)
        for number, door in silent:
            # One that waits its turn is not lost, nor one whose dead worker `retry_stalled` finds.
            if not await known(app, number):
                log.warning("batch %d lost its job: asked again", number)
                await ask(app, number, door)


async def ask(app: procrastinate.App, number: int, door: str) -> bool:
    """Put a batch in the queue; False when it waits there already."""
    try:
        await configured(app, number, door).defer_async(number=number)
    except procrastinate.exceptions.AlreadyEnqueued:
        return False
    return True


async def known(app: procrastinate.App, number: int) -> bool:
    """Whether the queue holds a job for this batch, waiting or at work."""
    jobs = await app.job_manager.list_jobs_async(
        task="simulate_batch", queueing_lock=f"simulate_batch:{number}"
    )
    return any(job.status in ("todo", "doing") for job in jobs)


def configured(app: procrastinate.App, number: int, door: str) -> Any:
    """The task of one batch: queued once, computed by one worker at a time.

    A job of a process is one execution: it does not wait behind a million rows."""
    key = f"simulate_batch:{number}"
    lane = SHORT if door == "process" else BATCHES
    return app.configure_task("simulate_batch", queue=lane, queueing_lock=key, lock=key)


@asynccontextmanager
async def connection(settings: Settings) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """A connection that commits by itself, for the length of a batch."""
    conn = await psycopg.AsyncConnection.connect(
        address.conninfo(settings), autocommit=True, application_name="guichet batch"
    )
    async with conn:
        yield conn


@asynccontextmanager
async def engines(settings: Settings, simulator: str) -> AsyncIterator[Simulators]:
    """The simulators, with engines of this worker's own when this one has some; who computes waits
    for them to start."""
    found = open_simulators(engine_limits(settings))
    if found.needs_engines(simulator):
        found.start()
    try:
        yield found
    finally:
        await found.close()
