"""Telling whoever asked to be told how a job ends: only through the guarded client.

An address is judged when it is given and again when it is called, as the very address that is
connected to: nobody is called back on our own network. A call that fails is tried again, then
given up: the job itself can always be asked.
"""

import asyncio
from typing import Any

import msgspec
import procrastinate
from procrastinate import RetryStrategy

from api.ogc.job_answers import told
from catalog.database import address
from config.errors import Invalid, Refused, Unavailable
from config.settings import Settings
from harvest import fetch
from harvest.outbound_guard import Guard
from simulators import batch_files, process_jobs

GUARD = Guard()  # what a test replaces, to let its own server through
LIMITS = fetch.Limits(connect=5, silence=10, total=20, sent=1 << 16, unpacked=1 << 16)
CALLED = {"done": "successUri", "failed": "failedUri"}
AGAIN = RetryStrategy(max_attempts=6, exponential_wait=10, retry_exceptions=(Unavailable,))


def register(app: procrastinate.App, settings: Settings) -> None:
    """The task that calls back."""

    @app.task(name="call_back", retry=AGAIN)
    async def call_back(number: int, call: str) -> None:
        """Tell one subscriber of one job."""
        async with await _connected(settings) as conn:
            found = await process_jobs.to_call(conn, number)
        if found is None or call not in found[1]:
            return
        job, subscriber = found
        body: Any
        if call == "successUri":
            if job.state != "done":
                return
            folder = batch_files.folder(settings.paths.var)
            body = process_jobs.results(folder, number).outputs
        else:
            # Without addresses: whoever is called knows where it asked.
            body = told("", job)
        packed = msgspec.json.encode(body)
        await asyncio.to_thread(
            fetch.post, subscriber[call], packed, "application/json", LIMITS, GUARD
        )


async def ask(app: procrastinate.App, number: int, call: str) -> None:
    """Have a subscriber told."""
    await app.configure_task("call_back").defer_async(number=number, call=call)


async def _connected(settings: Settings) -> Any:
    import psycopg

    return await psycopg.AsyncConnection.connect(
        address.conninfo(settings), autocommit=True, application_name="guichet call back"
    )


async def judge(uri: str) -> None:
    """Raises Invalid when an address may not be called back."""

    def look() -> None:
        target = GUARD.target(uri)
        GUARD.addresses(target.host, target.port)

    try:
        await asyncio.to_thread(look)
    except (Refused, Unavailable) as error:
        raise Invalid(str(error), parameter="subscriber") from None
