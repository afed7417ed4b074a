"""Contributions that arrive in one process, written together: one transaction, one wait for the
disk, for all that came within a few milliseconds.

Each sender waits for the commit of their own: what is answered is durable. The writing has a
thread, an event loop and a connection of its own, so that it does not take its turn behind pages
that are being drawn, and so that a flood leaves the site's connections to readers of the map.
"""

import asyncio
import concurrent.futures
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
import psycopg_pool

from catalog.database.pools import web_pool
from config.errors import Unavailable
from config.settings import Settings
from crowd import receiving
from crowd.receiving import Arrival, Receipt
from crowd.signing import Keyring

MOST_TOGETHER = 256  # forms of one transaction: some 50 ms of locks
LOOK_SECONDS = 1.0  # between two counts of the moderators' queue
log = logging.getLogger("guichet.intake")
# One of a batch may be to blame, and the others are tried without it.
_OF_ONE = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)


@dataclass(slots=True)
class _Waiting:
    arrival: Arrival
    marks: frozenset[str]
    receipt: "concurrent.futures.Future[Receipt]"

    # A sender who went away cancelled its future: it is received all the same.
    def succeed(self, receipt: Receipt) -> None:
        if self.receipt.set_running_or_notify_cancel():
            self.receipt.set_result(receipt)

    def fail(self, error: BaseException) -> None:
        if self.receipt.set_running_or_notify_cancel():
            self.receipt.set_exception(error)


class Intake:
    """The line in which contributions wait for the next transaction of this process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._line: deque[_Waiting] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        # What follows belongs to the thread.
        self._pool: psycopg_pool.AsyncConnectionPool | None = None
        self._keyring = Keyring()
        self._writer: asyncio.Task[None] | None = None
        self._full = False
        self._looked = -LOOK_SECONDS

    async def submit(self, arrival: Arrival) -> Receipt:
        """Receive one form; its receipt, once it is durable. Raises Unavailable when too many wait,
        here for the disk or there for a moderator."""
        if len(self._line) >= self._settings.crowd.most_in_line:
            raise Unavailable("Too many contributions arrive at once; send this one in a moment.")
        one = _Waiting(arrival, receiving.marks(arrival.sent), concurrent.futures.Future())
        self._line.append(one)
        self._start().call_soon_threadsafe(self._wake)
        return await asyncio.wrap_future(one.receipt)

    async def close(self) -> None:
        """End the thread, when there is one. Nobody waits in the line any more."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            await asyncio.to_thread(self._thread.join)
            self._loop = self._thread = None

    def _start(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=self._run, args=(self._loop,), name="intake", daemon=True
            )
            self._thread.start()
        return self._loop

    # ------------------------------------------------------------------ in the thread

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            if self._pool is not None:
                loop.run_until_complete(self._pool.close())
        finally:
            loop.close()

    def _wake(self) -> None:
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._line:
                if len(self._line) < MOST_TOGETHER:
                    await asyncio.sleep(self._settings.crowd.gather_ms / 1000)
                await self._receive(take_apart(self._line, MOST_TOGETHER))
        finally:
            self._writer = None

    async def _receive(self, batch: Sequence[_Waiting]) -> None:
        """Write a batch; when one of it cannot be, each alone. Never raises."""
        try:
            await self._together(batch)
        except Exception as error:
            away = isinstance(error, (psycopg.OperationalError, OSError))
            away = away or isinstance(error, psycopg_pool.PoolTimeout)
            if len(batch) == 1 or (away and not isinstance(error, _OF_ONE)):
                for one in batch:
                    one.fail(error)
                return
            log.warning("%d contributions are received one by one", len(batch), exc_info=True)
            for one in batch:
                await self._receive([one])

    async def _together(self, batch: Sequence[_Waiting]) -> None:
        if self._pool is None:
            self._pool = web_pool(self._settings, size=1)
            await self._pool.open()
        async with self._pool.connection() as conn:
            if time.monotonic() - self._looked >= LOOK_SECONDS:
                most = self._settings.crowd.most_open
                self._full = await receiving.queue_is_full(conn, most)
                self._looked = time.monotonic()
            keys = await self._keyring.keys(conn)
            arrivals = [one.arrival for one in batch]
            receipts = await receiving.submit_together(conn, keys, arrivals, full=self._full)
        for one, receipt in zip(batch, receipts, strict=True):
            if receipt is None:
                one.fail(receiving.too_many())
            else:
                one.succeed(receipt)


def take_apart(line: "deque[_Waiting]", most: int) -> list[_Waiting]:
    """Take from a line, in its order, those that share no mark with one taken or left before them.

    What is left keeps its order: two of one author are received in the order in which they came.
    """
    taken: list[_Waiting] = []
    left: list[_Waiting] = []
    known: set[str] = set()
    while line and len(taken) < most:
        one = line.popleft()
        (taken if known.isdisjoint(one.marks) else left).append(one)
        known |= one.marks
    line.extendleft(reversed(left))
    return taken
