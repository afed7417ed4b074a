"""Making one value of a row, as a mapping asks for it."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from harvest.mapped.declared import Only, Value
from harvest.mapped.tables import cell_text

type Row = Mapping[str, Any]


def text(value: Value | None, row: Row) -> str:
    """The text that a mapping makes of a row; empty when nothing is published."""
    if value is None:
        return ""
    found = _raw(value, row)
    if value.match and found:
        matched = _pattern(value.match).search(found)
        found = (matched[1] or "").strip() if matched else ""
    if value.map or value.otherwise is not None:
        found = _mapped(value, found)
    return found or (value.value or "")


def _raw(value: Value, row: Row) -> str:
    if value.column:
        return cell_text(row.get(value.column))
    if value.either:
        return next(filter(None, (cell_text(row.get(name)) for name in value.either)), "")
    return value.join.join(filter(None, (cell_text(row.get(name)) for name in value.columns)))


def _mapped(value: Value, found: str) -> str:
    if found in value.map:
        return value.map[found]
    return value.otherwise if value.otherwise is not None else found


def items(value: Value, row: Row) -> list[str]:
    """The list that a mapping makes of a row: separated texts, or columns that say yes."""
    if value.flags:
        return [
            item
            for name, item in value.flags.items()
            if cell_text(row.get(name)).casefold() in value.yes
        ]
    found = _raw(value, row) or (value.value or "")
    parts = re.split("|".join(map(re.escape, value.split)), found) if value.split else [found]
    listed = (" ".join(part.split()).strip(' "') for part in parts)
    said = (_mapped(value, part) if value.map or value.otherwise else part for part in listed)
    return [part for part in said if part]


def chosen(only: tuple[Only, ...], row: Row) -> bool:
    """Whether a row is one of those that the mapping speaks of."""
    for one in only:
        found = text(one.value, row)
        if one.among and found not in one.among:
            return False
        if found in one.never:
            return False
        if one.like is not None and _pattern(one.like).search(found) is None:
            return False
    return True


@cache
def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(source)


def filled(template: str, row: Row) -> str:
    """A text with {column} slots."""
    get: Callable[[re.Match[str]], str] = lambda found: cell_text(row.get(found[1]))  # noqa: E731
    return re.sub(r"\{([^{}]+)\}", get, template).strip()
