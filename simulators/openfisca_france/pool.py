"""The engines as the web process sees them: started, fed, watched, and never waited for blindly.

Calls for the same program and date that arrive while engines are busy leave together as one
vectorised simulation: 128 households cost what one costs. When OpenFisca fails on one, it is
split in halves until the case at fault stands alone; when it kills its worker, each of its
callers is tried again alone. The others get their answer.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from config.errors import Unavailable
from simulators.openfisca_france.engine.framing import DONE, LENGTH, LONGEST, Answer

log = logging.getLogger("guichet.engines")

type Numbers = NDArray[np.float64]

RESTARTS = (0.5, 2.0, 10.0, 60.0)  # seconds before a program that ended is started again
LOOK_SECONDS = 2.0  # between two looks for an environment that is not installed yet
CONNECT_SECONDS = 0.1  # between two looks at a socket that is not there yet
KILL_SECONDS = 2.0  # given to the program to end by itself


class Starting(Unavailable):
    """The engines are being built; the same call works in some seconds."""


class Stuck(Unavailable):
    """An engine did not answer by the deadline, or died of this case."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Workers, bytes of memory for each, seconds for one simulation, rows waiting and together."""

    workers: int
    memory_bytes: int
    deadline_seconds: float
    most_waiting: int
    most_together: int


@dataclass(slots=True, eq=False)
class _Asked:
    """Rows of one caller, and where their answer goes."""

    program: int
    date: int
    rows: Numbers
    done: asyncio.Future[Numbers]
    until: float  # on the loop's clock
    alone: bool = False  # it was in a simulation that killed a worker


@dataclass(eq=False)
class EnginePool:
    """The engines of one model version.

    `command` is the program and its first arguments; it is not run before the file `needs` is
    there, since an environment may still be being installed.
    """

    command: Sequence[str]
    needs: Path
    widths: dict[int, tuple[int, int]]
    limits: Limits
    ready: bool = False
    _folder: Path | None = None
    _waiting: deque[_Asked] = field(default_factory=deque)
    _rows_waiting: int = 0
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _process: asyncio.subprocess.Process | None = None

    def start(self) -> None:
        """Start the program and the readers, without waiting for anything."""
        self._folder = Path(tempfile.mkdtemp(prefix="guichet-engines-"))
        path = self._folder / "engine.sock"
        keepers = [self._keep(path, number) for number in range(self.limits.workers)]
        self._tasks = [asyncio.create_task(task) for task in [self._supervise(path), *keepers]]

    async def close(self) -> None:
        """Stop the program by its process id, and refuse whoever still waits."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self.ready = False
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(KILL_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        while self._waiting:
            _refuse([self._waiting.popleft()], Starting("The engines are stopping."))
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def run(self, program: int, date: int, rows: Numbers) -> Numbers:
        """The outputs of each row. Raises Unavailable: starting, too many waiting, or stuck.

        A row whose case makes the engine fail comes back as NaN; the others are right.
        """
        if not self.ready:
            raise Starting("The simulators are starting; try again in some seconds.")
        if self._rows_waiting + len(rows) > self.limits.most_waiting:
            raise Unavailable("Too many simulations are waiting; try again in a moment.")
        loop = asyncio.get_running_loop()
        # One deadline to wait for an engine and one to compute.
        until = loop.time() + 2 * self.limits.deadline_seconds
        asked = _Asked(program, date, rows, loop.create_future(), until)
        async with self._news:
            self._waiting.append(asked)
            self._rows_waiting += len(rows)
            self._news.notify()
        try:
            async with asyncio.timeout_at(asked.until):
                return await asked.done
        except TimeoutError:
            raise Stuck("The simulation takes too long; try again in a moment.") from None

    # ------------------------------------------------------------------ one connection

    async def _keep(self, path: Path, number: int) -> None:
        """Hold one connection to one worker, for ever; connect again when it is lost."""
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(path)
            except OSError:
                await asyncio.sleep(CONNECT_SECONDS)
                continue
            self.ready = True
            try:
                await self._feed(reader, writer)
            except (OSError, EOFError, TimeoutError, msgspec.DecodeError) as error:
                log.warning("engine %d is lost (%s)", number, type(error).__name__)
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()

    async def _feed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send what waits, together, and hand the answers out. Raises when the worker is lost."""
        while True:
            together = await self._take()
            try:
                await self._answer(reader, writer, together)
            except BaseException:
                # The worker is lost with these cases: alone, each finds out about itself.
                await asyncio.shield(self._isolate(together))
                raise

    async def _take(self) -> list[_Asked]:
        """The first who waits, and those behind who ask the same program and date."""
        async with self._news:
            while not self._waiting:
                await self._news.wait()
            first = self._waiting.popleft()
            together, count = [first], len(first.rows)
            others: deque[_Asked] = deque()
            while self._waiting:
                asked = self._waiting.popleft()
                same = (asked.program, asked.date) == (first.program, first.date)
                company = not (first.alone or asked.alone)
                if same and company and count + len(asked.rows) <= self.limits.most_together:
                    together.append(asked)
                    count += len(asked.rows)
                else:
                    others.append(asked)
            self._waiting = others
            self._rows_waiting -= count
            if others:
                self._news.notify()
            return together

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, together: list[_Asked]
    ) -> None:
        wanted = [asked for asked in together if not asked.done.done()]  # callers may have left
        if not wanted:
            return
        rows = np.concatenate([asked.rows for asked in wanted])
        found = await self._compute(reader, writer, wanted[0].program, wanted[0].date, rows)
        start = 0
        for asked in wanted:
            end = start + len(asked.rows)
            if not asked.done.done():
                asked.done.set_result(found[start:end])
            start = end

    async def _compute(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
        program: int, date: int, rows: Numbers,
    ) -> Numbers:  # fmt: skip
        """One frame out, one back; halves, and halves of halves, when the engine fails on it."""
        body = msgspec.msgpack.encode((0, program, date, len(rows), rows.tobytes()))
        writer.write(LENGTH.pack(len(body)) + body)
        await writer.drain()
        async with asyncio.timeout(self.limits.deadline_seconds + 1.0):
            length = LENGTH.unpack(await reader.readexactly(LENGTH.size))[0]
            if length > LONGEST:
                raise EOFError("a frame of an impossible length")
            answer = msgspec.msgpack.decode(await reader.readexactly(length), type=Answer.__value__)
        _, status, count, cells = answer
        width = self.widths[program][1]
        if status == DONE and count == len(rows):
            return np.frombuffer(cells, dtype=np.float64).reshape(count, width)
        if len(rows) == 1:
            return np.full((1, width), np.nan)
        middle = len(rows) // 2
        return np.concatenate(
            [
                await self._compute(reader, writer, program, date, rows[:middle]),
                await self._compute(reader, writer, program, date, rows[middle:]),
            ]
        )

    async def _isolate(self, lost: list[_Asked]) -> None:
        """Each goes back to wait, in front and alone; who was alone already is refused."""
        living = [asked for asked in lost if not asked.done.done()]
        if len(living) == 1:
            _refuse(living, Stuck("The simulation could not be computed; try again in a moment."))
            return
        async with self._news:
            for asked in reversed(living):
                asked.alone = True
                self._waiting.appendleft(asked)
                self._rows_waiting += len(asked.rows)
            self._news.notify_all()

    # ------------------------------------------------------------------ the program

    async def _supervise(self, path: Path) -> None:
        """Run the program; start it again when it ends, later each time it ends young."""
        failures = 0
        while True:
            if not os.access(self.needs, os.R_OK):
                await asyncio.sleep(LOOK_SECONDS)
                continue
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)  # noqa: PTH108 (of one name in a folder of ours)
            began = time.monotonic()
            limits = self.limits
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self.command, str(path), str(limits.workers), str(limits.memory_bytes),
                    str(limits.deadline_seconds), str(os.getpid()),
                    stdin=asyncio.subprocess.DEVNULL, env=_environment(),
                )  # fmt: skip
                code = await self._process.wait()
            except OSError as error:  # no memory for a process, or an environment being replaced
                code = error.errno or 1
            self.ready = False
            failures = failures + 1 if time.monotonic() - began < RESTARTS[-1] else 0
            pause = RESTARTS[min(failures, len(RESTARTS) - 1)]
            log.error("the engines ended with %d: started again in %.1f s", code, pause)
            await asyncio.sleep(pause)


def _environment() -> dict[str, str]:
    """Nothing of ours but the path: no address of a database, no setting, one thread of BLAS."""
    names = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NUMEXPR_NUM_THREADS": "1"}


def _refuse(asked: list[_Asked], error: Exception) -> None:
    for one in asked:
        if not one.done.done():
            one.done.set_exception(error)
