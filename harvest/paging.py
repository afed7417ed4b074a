"""Reading a catalogue page by page without being fooled.

A page that fails ends the reading: nothing of it is published. A total that changes while we read
means that records moved between pages: the reading begins again once, and is called partial if it
happens again. A page that repeats, and a catalogue without an end, are refused.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from config.errors import Invalid

MOST_PAGES = 3000
MOST_ITEMS = 300_000


@dataclass(frozen=True, slots=True)
class Turn:
    """One page: its items as (id, item), what it announces in all, and where the next one is."""

    items: Sequence[tuple[str, Any]]
    sha256: str
    total: int | None = None
    following: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """Everything that was read. `whole` is False when something may be missing, `note` says why."""

    items: tuple[tuple[Any, str], ...]  # (item, sha256 of its page)
    whole: bool
    note: str = ""


class _TotalChanged(Exception):
    pass


def read_pages(
    ask: Callable[[str], Turn], first: str, pages: int = MOST_PAGES, items: int = MOST_ITEMS
) -> Read:
    """Every item from the position `first` on. Raises what `ask` raises, and Invalid."""
    try:
        return _read(ask, first, pages, items, strict=True)
    except _TotalChanged:
        return _read(ask, first, pages, items, strict=False)


def _read(
    ask: Callable[[str], Turn], first: str, most_pages: int, most_items: int, *, strict: bool
) -> Read:
    found: list[tuple[Any, str]] = []
    ids: set[str] = set()
    positions: set[str] = set()
    notes: list[str] = []
    total: int | None = None
    position: str | None = first
    while position is not None:
        if position in positions:
            raise Invalid(f"the catalogue turns round: {position[:200]} comes twice")
        if len(positions) >= most_pages:
            raise Invalid(f"the catalogue does not end after {most_pages} pages")
        positions.add(position)
        turn = ask(position)
        if total is not None and turn.total is not None and turn.total != total:
            if strict:
                raise _TotalChanged
            notes.append(f"it changed while it was read ({total} records, then {turn.total})")
        total = turn.total if turn.total is not None else total
        fresh = [(identifier, item) for identifier, item in turn.items if identifier not in ids]
        if turn.items and not fresh:
            raise Invalid(f"page {len(positions)} only repeats what earlier pages held")
        # The same id twice within a page is the plan's to judge, not ours.
        found.extend(
            (item, turn.sha256) for identifier, item in turn.items if identifier not in ids
        )
        ids.update(identifier for identifier, _ in turn.items)
        if len(found) > most_items:
            raise Invalid(f"the catalogue has more than {most_items} records")
        position = turn.following if turn.items else None
    if total is not None and len(ids) < total:
        notes.append(f"it announces {total} records and gives {len(ids)}")
    return Read(tuple(found), not notes, "; ".join(dict.fromkeys(notes)))
