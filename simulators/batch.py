"""Many cases at once: rows of JSON, NDJSON, CSV or Arrow in, a short answer per row out.

A row that is wrong says so at its own place; the others are answered. Only the figures come
back: whoever wants a breakdown asks for that case alone.
"""

import asyncio
import contextlib
import csv
import io
import itertools
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from config.errors import Unavailable
from simulators.contract import strict_json
from simulators.contract.faults import Fault, Faulty, pointer
from simulators.contract.results import Outcome
from simulators.contract.simulator import Call, Model, Simulator
from simulators.contract.texts import Text

# Rows computed together, twice that with those of the marginal rates: just under the most that an
# engine takes at once ([simulators] most_together_rows). A simulation of 2,000 rows costs 21 ms
# where one of 1,000 costs 17, so that small chunks waste the processor.
CHUNK = 1000
AHEAD = 2  # chunks with the engines at once: they compute while this process reads and writes
JSON, NDJSON, CSV, ARROW = (
    "application/json", "application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream",
)  # fmt: skip
MEDIA_TYPES = (JSON, NDJSON, CSV, ARROW)


class RowAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of one row, numbered from 0; either figures or errors."""

    row: int
    value: float | None = None
    marginal_rate: float | None = None
    law_date: date | None = None
    figures: dict[str, float | None] | None = None
    errors: tuple[Fault, ...] | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """What was sent, row by row, not yet read. `texts`: cells of CSV."""

    members: Iterable[Any]
    texts: bool = False


class TooMany(Exception):
    """More rows than a batch may have."""


def rows_of(body: bytes, media_type: str, most: int) -> Rows:
    """Cut a body into rows. Raises Faulty when it is not of its media type, and TooMany."""
    if media_type == ARROW:
        return Rows(_capped(arrow_rows(io.BytesIO(body)), most))
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise whole("Le texte n'est pas en UTF-8.", "The text is not UTF-8.") from None
    if media_type == CSV:
        return Rows(_capped(csv_rows(io.StringIO(text, newline="")), most), texts=True)
    if media_type == NDJSON:
        lines = (line for line in text.split("\n") if line.strip())
        return Rows(_capped(lines, most))
    return Rows(_capped(array(text), most))


def array(text: str) -> list[Any]:
    """The members of a JSON array. Raises Faulty."""
    members = strict_json.read(text)
    if not isinstance(members, list):
        raise whole("Un tableau JSON est attendu.", "A JSON array is expected.")
    return members


def _capped(rows: Iterable[Any], most: int) -> list[Any]:
    found: list[Any] = []
    for row in rows:
        if len(found) >= most:
            raise TooMany
        found.append(row)
    return found


@contextlib.contextmanager
def reading_arrow() -> Iterator[None]:
    """What Arrow raises of a wrong stream, as a fault of the whole body."""
    # Arrow is loaded by those who speak it: 30 MB that most web processes never need.
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, UnicodeDecodeError):
        raise whole(
            "Ceci n'est pas un flux Arrow IPC.", "This is not an Arrow IPC stream."
        ) from None


def arrow_rows(source: Any) -> Iterator[dict[str, Any]]:
    """The rows of an Arrow IPC stream, some at a time. Raises Faulty."""
    import pyarrow as pa

    with reading_arrow(), pa.ipc.open_stream(source) as reader:
        if len(set(reader.schema.names)) != len(reader.schema.names):
            raise whole("Une colonne est répétée.", "A column is repeated.")
        for record_batch in reader:
            for start in range(0, record_batch.num_rows, CHUNK):
                for row in record_batch.slice(start, CHUNK).to_pylist():
                    yield {name: value for name, value in row.items() if value is not None}


def csv_rows(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """Rows of a table whose first line names the inputs; comma or semicolon. Raises Faulty."""
    every = iter(lines)
    first = next(every, "")
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(itertools.chain([first], every), delimiter=separator, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if len(set(header)) != len(header):
            raise whole("Une colonne est répétée.", "A column is repeated.")
        for cells in reader:
            if cells:
                row = dict(zip(header, cells, strict=False))
                if len(cells) != len(header):  # refused by name, like any unknown input
                    row["(columns)"] = str(len(cells))
                yield row
    except csv.Error:
        raise whole("Ceci n'est pas du CSV.", "This is not CSV.") from None


def whole(fr: str, en: str) -> Faulty:
    """A fault of the body as a whole."""
    return Faulty([Fault(pointer="", code="not-json", message=Text(fr, en))])


def _read(simulator: Simulator, rows: Rows, row: Any, law_date: date | None) -> Call | Faulty:
    try:
        if rows.texts:
            return simulator.read_texts(row, law_date)
        members = strict_json.read(row) if isinstance(row, str) else row
        return simulator.read(members, law_date)
    except Faulty as refusal:
        return refusal


async def figures(simulator: Simulator, model: Model) -> tuple[str, ...]:
    """The figures of a simulator, which are columns of CSV and Arrow. Raises Unavailable."""
    call = simulator.read(simulator.example(), None)
    outcome = (await model.compute([call]))[0]
    if not isinstance(outcome, Outcome):
        raise Unavailable("The simulator does not answer its own example.")
    return tuple(figure.id for figure in outcome.figures)


async def answers(
    simulator: Simulator, model: Model, rows: Rows, law_date: date | None
) -> AsyncGenerator[list[RowAnswer]]:
    """The answers in the order of the rows, a chunk at a time. Close it (`aclosing`): what is
    being computed for a caller who has gone ends with it."""
    chunks = enumerate(itertools.batched(rows.members, CHUNK))
    ahead: deque[asyncio.Task[list[RowAnswer]]] = deque()
    try:
        for number, here in chunks:
            calls = [_read(simulator, rows, row, law_date) for row in here]
            ahead.append(asyncio.create_task(_answered(model, calls, number * CHUNK)))
            if len(ahead) < AHEAD:
                await asyncio.sleep(0)  # the chunk leaves for the engines before the next is read
            else:
                yield await ahead.popleft()
        while ahead:
            yield await ahead.popleft()
    finally:
        for task in ahead:  # the caller has gone, or a chunk cannot be read
            task.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)


async def _answered(model: Model, calls: Sequence[Call | Faulty], start: int) -> list[RowAnswer]:
    """The answers of one chunk, whose first row is number `start`."""
    right = [call for call in calls if isinstance(call, Call)]
    outcomes = iter(await _compute(model, right) if right else ())
    found: list[RowAnswer] = []
    for number, call in enumerate(calls, start):
        outcome = call if isinstance(call, Faulty) else next(outcomes)
        if isinstance(outcome, Faulty):
            found.append(RowAnswer(row=number, errors=_located(outcome, number)))
        else:
            found.append(_short(number, outcome, call))
    return found


async def _compute(model: Model, calls: Sequence[Call]) -> Sequence[Outcome | Faulty]:
    """The outcomes of a chunk; in halves when engines cannot answer it whole."""
    try:
        return await model.compute(calls)
    except Unavailable as error:
        if len(calls) > 1:
            middle = len(calls) // 2
            return [
                *await _compute(model, calls[:middle]),
                *await _compute(model, calls[middle:]),
            ]
        text = Text("Le moteur n'a pas répondu pour cette ligne.", str(error))
        return [Faulty([Fault(pointer="", code="unavailable", message=text)])]


def _located(refusal: Faulty, row: int) -> tuple[Fault, ...]:
    """The same faults, whose pointers begin with the row."""
    return tuple(
        msgspec.structs.replace(fault, pointer=pointer(row) + fault.pointer)
        for fault in refusal.faults
    )


def _short(row: int, outcome: Outcome, call: Call | Faulty) -> RowAnswer:
    return RowAnswer(
        row=row,
        value=outcome.value,
        marginal_rate=outcome.marginal_rate,
        law_date=call.law_date if isinstance(call, Call) else None,
        figures={figure.id: figure.value for figure in outcome.figures},
    )


class Writer:
    """Answers in one media type: `head`, then each chunk, then `tail`."""

    def __init__(self, media_type: str, figures: Sequence[str]) -> None:
        self.media_type, self.figures = media_type, tuple(figures)
        self._encoder = msgspec.json.Encoder()
        self._first = True
        self._sink = io.BytesIO()
        self._names = ("row", "value", "marginal_rate", "law_date", *self.figures,
                       "error_pointer", "error_code", "error_message")  # fmt: skip
        self._schema: Any = None
        self._arrow: Any = None

    def head(self) -> bytes:
        if self.media_type == JSON:
            return b"["
        if self.media_type == CSV:
            return (",".join(self._names) + "\r\n").encode()
        if self.media_type == ARROW:
            self._arrow = self._stream()
            return self._drained()
        return b""

    def _stream(self) -> Any:
        import pyarrow as pa

        kinds = {"row": pa.int64(), "law_date": pa.date32(), "error_pointer": pa.string(),
                 "error_code": pa.string(), "error_message": pa.string()}  # fmt: skip
        self._schema = pa.schema([(name, kinds.get(name, pa.float64())) for name in self._names])
        return pa.ipc.new_stream(self._sink, self._schema)

    def chunk(self, rows: Sequence[RowAnswer]) -> bytes:
        if self.media_type == NDJSON:
            return b"".join(self._encoder.encode(row) + b"\n" for row in rows)
        if self.media_type == JSON:
            joined = b",\n".join(self._encoder.encode(row) for row in rows)
            before, self._first = (b"" if self._first else b",\n"), False
            return before + joined if rows else b""
        cells = [self._cells(row) for row in rows]
        if self.media_type == CSV:
            text = io.StringIO()
            csv.writer(text).writerows(cells)
            return text.getvalue().encode()
        import pyarrow as pa

        columns = [
            pa.array(column, type=kind)
            for column, kind in zip(zip(*cells, strict=True), self._schema.types, strict=True)
        ]
        self._arrow.write_batch(pa.record_batch(columns, schema=self._schema))
        return self._drained()

    def tail(self) -> bytes:
        if self.media_type == JSON:
            return b"]\n"
        if self.media_type == ARROW:
            self._arrow.close()
            return self._drained()
        return b""

    def _cells(self, row: RowAnswer) -> list[Any]:
        figures = row.figures or {}
        fault = row.errors[0] if row.errors else None
        said = (
            (None, None, None) if fault is None else (fault.pointer, fault.code, fault.message.en)
        )
        return [row.row, row.value, row.marginal_rate, row.law_date,
                *(figures.get(name) for name in self.figures), *said]  # fmt: skip

    def _drained(self) -> bytes:
        found = self._sink.getvalue()
        self._sink.seek(0)
        self._sink.truncate()
        return found
