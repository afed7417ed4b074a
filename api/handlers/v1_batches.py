"""`/api/v1/simulators/{id}/batch`: many rows at once, answered at once or later.

Up to a number of rows they are answered while they are read by who asked. Beyond, or when it is
preferred (RFC 7240, `Prefer: respond-async`), the answer is 202 and the address of a batch that
a worker computes: its state, then its answers, until it expires or is deleted.
"""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Awaitable
from contextlib import aclosing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, stream_request_body

from api import worker
from api.handlers.v1_simulators import LAW_DATE, MODEL, SimulatorHandler
from api.openapi import Operation, TemplateRoute
from config.errors import Conflict, NotFound
from config.memory import give_back
from simulators import batch, batch_files, batch_jobs
from simulators.contract.simulator import Model, Simulator

BODY_SECONDS = 60.0  # for a batch to arrive: 40 MB at 5 Mbit/s
IN_MEMORY = 1 << 20  # bytes of a body: beyond, it waits in a file and memory is given back after
BLOCK = 1 << 18  # bytes of a file that are sent together
POLL_SECONDS = 2
EXTENSIONS = {
    batch.JSON: ".json",
    batch.NDJSON: ".ndjson",
    batch.CSV: ".csv",
    batch.ARROW: ".arrow",
}
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


class BatchState(msgspec.Struct, omit_defaults=True):
    """`state`: waiting, running, done, failed or cancelled. `url` and `result` open what was
    asked and answered to whoever has them; both are erased at `expires_at`."""

    id: str
    url: str
    simulator: str
    model: str
    state: str
    rows_total: int
    rows_done: int
    rows_wrong: int
    media_type: str
    recorded_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    result: str | None = None
    problem: str | None = None


@stream_request_body
class Batch(SimulatorHandler):
    """Rows in, rows out. The body is larger than others: it has its own limit and time, and
    beyond a megabyte it waits in a file, not in memory."""

    post_operation = Operation(
        "simulate_batch", "Simulate many cases", "Simulators", media_type=batch.NDJSON,
        bodies=batch.MEDIA_TYPES, media_types=batch.MEDIA_TYPES, later=BatchState,
        refusals=("406",),
        description="A JSON array, NDJSON, CSV (the first line names the inputs) or an Arrow IPC "
        "stream. The answer is of the same media type, or of `Accept`; a row that is wrong says "
        "so at its own place. Above 100,000 rows or 40 MB, or with `Prefer: respond-async`, the "
        "answer is 202 with the state of a batch that is computed later, at `Location`.",
    )  # fmt: skip
    parameters = (LAW_DATE, MODEL)

    async def prepare(self) -> None:
        limits = self.site.settings.simulators
        self._size = 0
        self._body: Any = None
        # Of a JSON array the end must be read to know a row: it is never larger than memory.
        self._most = (
            limits.most_batch_bytes
            if self.media_type() == batch.JSON
            else limits.most_later_bytes
        )  # fmt: skip
        announced = int(self.request.headers.get("Content-Length", "0"))
        connection: Any = self.request.connection
        # Counted here, so that what is too large is answered and not only cut.
        connection.set_max_body_size(self._most * 2)
        share = max(1.0, min(announced, self._most) / limits.most_batch_bytes)
        connection.set_body_timeout(BODY_SECONDS * share)
        await super().prepare()
        if announced > self._most:
            raise HTTPError(413)
        if self.request.method == "POST":
            if self.media_type() not in batch.MEDIA_TYPES:
                raise HTTPError(415)
            self._folder = batch_files.folder(self.site.settings.paths.var)
            self._body = tempfile.SpooledTemporaryFile(  # noqa: SIM115 (on_finish closes it)
                IN_MEMORY, dir=str(self._folder)
            )

    def on_finish(self) -> None:
        super().on_finish()
        if getattr(self, "_body", None) is not None:
            self._body.close()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if getattr(self, "_body", None) is not None:
            self._body.close()

    def error_headers(self, status_code: int) -> None:
        super().error_headers(status_code)
        if status_code == 413:  # what is still being sent is not read
            self.set_header("Connection", "close")

    def data_received(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._body is not None and self._size <= self._most:
            self._body.write(chunk)

    async def post(self, simulator: str) -> None:
        if self._size > self._most:
            raise HTTPError(413)
        asked = self.simulator(simulator)
        model, law_date = self.pinned(asked)
        answer_type = self._answer_type()
        limits = self.site.settings.simulators
        if self._size > limits.most_batch_bytes or self._prefers_later():
            await self._later(asked, model, law_date, answer_type)
            return
        self._body.seek(0)
        body = self._body.read()
        try:
            rows = await asyncio.to_thread(
                batch.rows_of, body, self.media_type(), limits.most_batch_rows
            )
        except batch.TooMany:
            del body
            await self._later(asked, model, law_date, answer_type)
            return
        del body
        writer = batch.Writer(answer_type, await batch.figures(asked, model))
        self.set_header("Content-Type", answer_type)
        self.set_header("Cache-Control", "no-store")
        self.write(writer.head())
        try:
            async with aclosing(batch.answers(asked, model, rows, law_date)) as chunks:
                async for answers in chunks:
                    self.write(writer.chunk(answers))
                    await flushed(self, self.flush())
        except StreamClosedError:
            return  # the caller has gone: nothing more is computed
        finally:
            del rows
            if self._size >= IN_MEMORY:
                await asyncio.to_thread(give_back)
        await self.finish(writer.tail())

    async def _later(
        self, asked: Simulator, model: Model, law_date: date | None, answer_type: str
    ) -> None:
        """Keep the rows for a worker. Answers 202; raises 413 and 429."""
        self.spend(self.site.keeping, self.peer)
        limits = self.site.settings.simulators
        with tempfile.NamedTemporaryFile(dir=self._folder) as copy:
            path = Path(copy.name)
            await asyncio.to_thread(self._copied, path)
            rows = await asyncio.to_thread(batch_files.count, path, self.media_type())
            if rows > limits.most_later_rows:
                raise HTTPError(413)
            async with self.connection() as conn:
                number, identifier = await batch_jobs.note(
                    conn, asked.id, model.version, law_date, self.media_type(), answer_type, rows,
                    hours=limits.later_hours, most_waiting=limits.most_later,
                )  # fmt: skip
                # Named before the transaction ends: a batch that is seen has its rows.
                batch_files.asked(self._folder, number).hardlink_to(path)
        await asyncio.to_thread(worker.ask_batch, self.site.settings, number)
        async with self.connection() as conn:
            found = await batch_jobs.read(conn, asked.id, identifier)
        state = told(self.origin, found)
        self.set_status(202)
        self.set_header("Location", state.url)
        self.set_header("Retry-After", str(POLL_SECONDS))
        if self._prefers_later():
            self.set_header("Preference-Applied", "respond-async")
        self.private(msgspec.json.encode(state))

    def _copied(self, path: Path) -> None:
        self._body.seek(0)
        with path.open("wb") as file:
            shutil.copyfileobj(self._body, file, BLOCK)

    def _prefers_later(self) -> bool:
        wanted = ",".join(self.request.headers.get_list("Prefer"))[:200].lower()
        return "respond-async" in [one.split(";")[0].strip() for one in wanted.split(",")]

    def _answer_type(self) -> str:
        accepted = self.request.headers.get("Accept", "*/*")
        for media_type in batch.MEDIA_TYPES:
            if media_type in accepted:
                return media_type
        if "*/*" in accepted:
            return self.media_type()
        raise HTTPError(406)


class BatchHandler(SimulatorHandler):
    """What concerns one batch: its identifier is a secret of who asked."""

    secret_slots = ("batch",)

    async def found(self, simulator: str, identifier: str) -> batch_jobs.Batch:
        """Raises NotFound."""
        self.simulator(simulator)
        if not _IDENTIFIER.fullmatch(identifier):
            raise NotFound("There is no batch of this identifier.")
        async with self.connection() as conn:
            return await batch_jobs.read(conn, simulator, identifier)

    def options(self, *args: str, **kwargs: str) -> None:
        self.set_header("Access-Control-Allow-Methods", "GET, HEAD, DELETE, OPTIONS")
        self.set_header("Access-Control-Max-Age", "86400")
        self.set_status(204)
        self.finish()


class OneBatch(BatchHandler):
    operation = Operation(
        "simulation_batch", "How far a batch is", "Simulators", BatchState,
        description="Only who has the identifier finds it; `Retry-After` says when to ask again.",
    )  # fmt: skip
    delete_operation = Operation(
        "cancel_simulation_batch", "Cancel a batch", "Simulators", status=204,
        description="Its computation stops; what it asked and was answered is erased.",
    )  # fmt: skip

    async def get(self, simulator: str, batch: str) -> None:
        found = await self.found(simulator, batch)
        if found.state in ("waiting", "running"):
            self.set_header("Retry-After", str(POLL_SECONDS))
        self.private(msgspec.json.encode(told(self.origin, found)))

    async def delete(self, simulator: str, batch: str) -> None:
        found = await self.found(simulator, batch)
        folder = batch_files.folder(self.site.settings.paths.var)
        async with self.connection() as conn:
            await batch_jobs.cancel(conn, folder, simulator, found.id)
        self.set_header("Cache-Control", "no-store")
        self.set_status(204)
        self.finish()


class BatchResult(BatchHandler):
    operation = Operation(
        "simulation_batch_result", "The answers of a batch that is done", "Simulators",
        media_types=batch.MEDIA_TYPES, refusals=("409",),
        description="In the media type that was asked for; 409 until the batch is done.",
    )  # fmt: skip

    async def get(self, simulator: str, batch: str) -> None:
        found = await self.found(simulator, batch)
        if found.state != "done":
            raise Conflict(f"The batch is {found.state}: it has no answers.")
        folder = batch_files.folder(self.site.settings.paths.var)
        try:
            file = batch_files.answers(folder, found.number).open("rb")
        except FileNotFoundError:
            raise NotFound("The answers have been erased.") from None
        with file:
            size = file.seek(0, 2)
            file.seek(0)
            self.set_header("Content-Type", found.answer_type)
            self.set_header("Content-Length", str(size))
            self.set_header("Cache-Control", "no-store")
            name = f"{simulator}{EXTENSIONS[found.answer_type]}"
            self.set_header("Content-Disposition", f'attachment; filename="{name}"')
            if self.request.method == "HEAD":
                self.finish()
                return
            try:
                while block := await asyncio.to_thread(file.read, BLOCK):
                    self.write(block)
                    await flushed(self, self.flush())
            except StreamClosedError:
                return
        await self.finish()


def told(origin: str, found: batch_jobs.Batch) -> BatchState:
    """The state of a batch, with its addresses."""
    url = f"{origin}/api/v1/simulators/{found.simulator}/batches/{found.id}"
    return BatchState(
        id=found.id, url=url, simulator=found.simulator, model=found.model, state=found.state,
        rows_total=found.rows_total, rows_done=found.rows_done, rows_wrong=found.rows_wrong,
        media_type=found.answer_type, recorded_at=found.recorded_at, expires_at=found.expires_at,
        ended_at=found.ended_at, result=f"{url}/result" if found.state == "done" else None,
        problem=found.problem,
    )  # fmt: skip


async def flushed(handler: SimulatorHandler, sent: Awaitable[None]) -> None:
    """Wait for a reader, but not for ever."""
    try:
        async with asyncio.timeout(handler.site.settings.web.write_timeout_seconds):
            await sent
    except TimeoutError:
        stream: Any = getattr(handler.request.connection, "stream", None)
        if stream is not None:
            stream.close()
        raise StreamClosedError from None


ROUTES = [
    TemplateRoute("/api/v1/simulators/{simulator}/batch", Batch),
    TemplateRoute("/api/v1/simulators/{simulator}/batches/{batch}", OneBatch),
    TemplateRoute("/api/v1/simulators/{simulator}/batches/{batch}/result", BatchResult),
]
