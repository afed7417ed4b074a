"""CSV that spreadsheets read as it was written: no cell is a formula, no code loses its zero.

Texts are quoted and numbers are not. A text that a spreadsheet would run begins with an apostrophe
in the file (OWASP's advice); international telephone numbers are not such texts.
"""

import csv
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Literal, TextIO

_RUN = ("=", "+", "-", "@", "\t", "\r", "\n")
_TELEPHONE = re.compile(r"\+\d[\d .()/-]{5,25}", re.ASCII)


def cell(value: Any) -> Any:
    """A value as its cell: None is empty, lists are joined by “|”, moments are in UTC."""
    match value:
        case str():
            runs = value.startswith(_RUN) and not _TELEPHONE.fullmatch(value)
            return f"'{value}" if runs else value
        case bool():
            return "true" if value else "false"
        case datetime():
            return moment(value)
        case date():
            return value.isoformat()
        case list() | tuple():
            return cell("|".join(map(str, value)))
        case _:
            return value


def moment(value: datetime) -> str:
    """An instant in UTC, as `2026-10-06T00:00:00Z`."""
    return value.isoformat().replace("+00:00", "Z")


def write(
    out: TextIO,
    header: Iterable[str],
    rows: Iterable[Iterable[Any]],
    *,
    quoting: Literal[0, 1, 2, 3, 4, 5] = csv.QUOTE_STRINGS,
) -> int:
    """Write a table (commas, CRLF, as RFC 4180); how many rows it had.

    `quoting`: that of tables released before this one, whose bytes stay as they are.
    """
    writer = csv.writer(out, lineterminator="\r\n", quoting=quoting)
    writer.writerow(header)
    count = 0
    for row in rows:
        writer.writerow([cell(value) for value in row])
        count += 1
    return count
