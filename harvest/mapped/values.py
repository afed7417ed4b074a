"""Making one value of a row, as a mapping asks for it.

A mapping is made into functions once, before the first of what may be a million rows.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from harvest.mapped.declared import Only, Value
from harvest.mapped.tables import cell_text

type Row = Mapping[str, Any]
type Text = Callable[[Row], str]


def text(value: Value | None) -> Text:
    """What gives the text that a mapping makes of a row; empty when nothing is published."""
    if value is None:
        return lambda row: ""
    constant = value.value or ""
    said = _raw(value)
    if value.match:
        said = _matched(said, re.compile(value.match))
    if value.map or value.otherwise is not None:
        return lambda row: _mapped(value, said(row)) or constant
    if not any(value.used):
        return lambda row: constant
    return (lambda row: said(row) or constant) if constant else said


def _raw(value: Value) -> Text:
    if value.column:
        name = value.column

        def cell(row: Row) -> str:
            found = row.get(name)
            return found.strip() if type(found) is str else cell_text(found)

        return cell
    if value.either:
        either = value.either
        return lambda row: next(filter(None, (cell_text(row.get(name)) for name in either)), "")
    join, columns = value.join.join, value.columns
    return lambda row: join(filter(None, (cell_text(row.get(name)) for name in columns)))


def _matched(raw: Text, pattern: re.Pattern[str]) -> Text:
    def first_group(row: Row) -> str:
        found = raw(row)
        if not found:
            return ""
        matched = pattern.search(found)
        return (matched[1] or "").strip() if matched else ""

    return first_group


def _mapped(value: Value, found: str) -> str:
    if found in value.map:
        return value.map[found]
    return value.otherwise if value.otherwise is not None else found


def items(value: Value) -> Callable[[Row], list[str]]:
    """What gives the list that a mapping makes of a row: separated texts, or columns that say
    yes."""
    if value.flags:
        flags = tuple(value.flags.items())
        return lambda row: [
            item for name, item in flags if cell_text(row.get(name)).casefold() in value.yes
        ]
    raw = _raw(value)
    separators = re.compile("|".join(map(re.escape, value.split))) if value.split else None

    def listed(row: Row) -> list[str]:
        found = raw(row) or (value.value or "")
        parts = separators.split(found) if separators else [found]
        bare = (" ".join(part.split()).strip(' "') for part in parts)
        said = (_mapped(value, part) if value.map or value.otherwise else part for part in bare)
        return [part for part in said if part]

    return listed


def chosen(only: tuple[Only, ...]) -> Callable[[Row], bool]:
    """What tells whether a row is one of those that the mapping speaks of."""
    if not only:
        return lambda row: True
    rules = [
        (text(one.value), one.among, one.never, None if one.like is None else re.compile(one.like))
        for one in only
    ]

    def is_ours(row: Row) -> bool:
        for said, among, never, like in rules:
            found = said(row)
            if among and found not in among:
                return False
            if found in never:
                return False
            if like is not None and like.search(found) is None:
                return False
        return True

    return is_ours


def filled(template: str) -> Text:
    """What gives a text with {column} slots."""
    slots = re.compile(r"\{([^{}]+)\}")
    return lambda row: slots.sub(lambda found: cell_text(row.get(found[1])), template).strip()
