"""Rows of text files and sheets: CSV, JSON lists, workbooks. One mapping of texts per row."""

import csv
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from catalog.ingest import Rejection
from config.errors import Invalid
from harvest.mapped import archives, encodings
from harvest.mapped.declared import FileForm

DELIMITERS = ";,\t|"
NUMBER = re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,4})?", re.ASCII)
LARGEST_JSON = 300 << 20  # bytes: a JSON document is in memory whole

BLOCK = 4096  # rows of a text file that are held at once

type Row = Mapping[str, Any]
type Cells = tuple[int, list[str]]  # a line's number, and as many texts as there are columns


@dataclass(slots=True)
class Opened:
    """A file being read: its columns, what was noticed, and rows that are no rows."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[str, Row]]  # (name of the row for people, its fields)
    notes: list[str] = field(default_factory=list)
    refused: list[Rejection] = field(default_factory=list)
    # The same rows as bare cells, for what is cheap to read several times: rows that are no rows
    # are put in the list that is given.
    blocks: Callable[[list[Rejection]], Iterator[list[Cells]]] | None = None


def open_csv(file: Path, form: FileForm) -> Opened:
    """A CSV file. Raises Invalid when it has no header or its letters cannot be read."""
    encoding = encodings.detect(file, form.encoding)
    csv.field_size_limit(1 << 24)
    delimiter = form.delimiter or _delimiter(file, encoding.name)
    with file.open(encoding=encoding.name, newline="") as lines:
        try:
            header = tuple(name.strip() for name in next(csv.reader(lines, delimiter=delimiter)))
        except (StopIteration, csv.Error) as error:
            raise Invalid(f"The file has no first line of column names: {error!r}.") from error
    opened = Opened(_columns(header), iter(()))
    if encoding.note:
        opened.notes.append(encoding.note)
    width = len(header)

    def bare(refused: list[Rejection]) -> Iterator[Cells]:
        with file.open(encoding=encoding.name, newline="") as lines:
            reader = csv.reader(lines, delimiter=delimiter)
            next(reader)
            try:
                for cells in reader:
                    if not any(cells):
                        continue
                    if len(cells) == width:
                        yield reader.line_num, cells
                        continue
                    reason = f"{len(cells)} cells, {width} columns"
                    broken = delimiter.join(cells)[:500]
                    refused.append(Rejection(f"line {reader.line_num}", "row", reason, broken))
            except csv.Error as error:
                raise Invalid(f"Line {reader.line_num} is no CSV: {error}.") from error

    def blocks(refused: list[Rejection]) -> Iterator[list[Cells]]:
        found = bare(refused)
        while block := list(islice(found, BLOCK)):
            yield block

    opened.rows = (
        (f"line {number}", dict(zip(header, cells)))  # noqa: B905 counted
        for number, cells in bare(opened.refused)
    )
    opened.blocks = blocks
    return opened


def _delimiter(file: Path, encoding: str) -> str:
    """What separates the names of the first line, outside of quotes."""
    with file.open(encoding=encoding, newline="") as opened:
        first = opened.readline(1 << 16)
    parts = {one: len(next(csv.reader([first], delimiter=one), [])) for one in DELIMITERS}
    return max(DELIMITERS, key=lambda one: parts[one])


def _columns(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise Invalid(f"The file has two columns called {', '.join(twice)}.")
    return names


def open_json(file: Path, form: FileForm) -> Opened:
    """A list of objects in a JSON document, nested objects as dotted names."""
    return listed(document(file, form), form.rows)


def document(file: Path, form: FileForm) -> Any:
    """A JSON document. NaN and 1e999 are let through here: the row that has them is refused."""
    if file.stat().st_size > LARGEST_JSON:
        raise Invalid(f"The document is larger than {LARGEST_JSON} bytes.")
    encoding = encodings.detect(file, form.encoding)
    try:
        return json.loads(file.read_text(encoding=encoding.name))
    except (ValueError, RecursionError) as error:
        raise Invalid(f"The document is not JSON: {str(error)[:200]}.") from error


def listed(value: Any, path: str) -> Opened:
    """The list at a dotted path of a document. Raises Invalid saying what is there instead."""
    for name in filter(None, path.split(".")):
        if not isinstance(value, Mapping) or name not in value:
            raise Invalid(f"The document has no list at {path!r}: its form has changed.")
        value = value[name]
    if not isinstance(value, list):
        raise Invalid(f"What is at {path or 'the top'!r} is no list: its form has changed.")
    opened = Opened((), iter(()))
    flat: list[tuple[str, Row]] = []
    columns: dict[str, None] = {}
    for number, item in enumerate(value, 1):
        if not isinstance(item, Mapping):
            opened.refused.append(
                Rejection(f"item {number}", "row", "not an object", str(item)[:500])
            )
            continue
        row = _flat(item)
        columns.update(dict.fromkeys(row))
        flat.append((f"item {number}", row))
    opened.columns = tuple(columns)
    opened.rows = iter(flat)
    return opened


def _flat(item: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in item.items():
        if isinstance(value, Mapping):
            row.update(_flat(value, f"{prefix}{name}."))
        else:
            row[f"{prefix}{name}"] = value
    return row


def open_xlsx(file: Path, form: FileForm) -> Opened:
    """A sheet of a workbook: values, never formulas. Raises Invalid for a bomb or a broken one."""
    from openpyxl.reader.excel import load_workbook  # here: other forms do not wait for it

    archives.check(file)  # a workbook is an archive too
    try:
        book: Any = load_workbook(file.open("rb"), read_only=True, data_only=True, keep_links=False)
        if form.sheet is not None and form.sheet not in book.sheetnames:
            raise Invalid(f"There is no sheet {form.sheet!r}; there are {book.sheetnames}.")
        sheet = book[form.sheet] if form.sheet else book.worksheets[0]
        lines = sheet.iter_rows(min_row=form.header, values_only=True)
        header = _columns(tuple(cell_text(cell) for cell in next(lines)))
    except StopIteration as error:
        raise Invalid("The sheet is empty.") from error
    except (KeyError, ValueError, OSError, TypeError) as error:
        raise Invalid(f"The workbook cannot be read: {error!r}.") from error

    def rows() -> Iterator[tuple[str, Row]]:
        for number, cells in enumerate(lines, form.header + 1):
            if any(cell is not None for cell in cells):
                yield f"line {number}", dict(zip(header, cells, strict=False))

    return Opened(header, rows())


def cell_text(value: Any) -> str:
    """A value as its file shows it: 75056.0 in a sheet is the code 75056; null is empty."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return str(int(value))
    if isinstance(value, list):
        return "|".join(cell_text(one) for one in value)
    return str(value)


def number(value: Any) -> float | None:
    """A number as files write it, the decimal comma included. None when it is empty.

    Raises Invalid for what is no finite number.
    """
    if type(value) is str and NUMBER.fullmatch(value) and math.isfinite(read := float(value)):
        return read
    text = cell_text(value).replace("\u202f", "").replace("\xa0", "")
    if not text:
        return None
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    if NUMBER.fullmatch(text) is None:
        raise Invalid("not a number")
    read = float(text)
    if not math.isfinite(read):
        raise Invalid("not a finite number")
    return read
