"""Drafts of a commune's table: kept on the server for a mandate, shown to nobody else.

A draft remembers the declaration that its author had before them. When the commune said something
else since, both are shown and the draft is kept: its author decides.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from catalog import row_numbers
from catalog.database.queries import query

FIELDS = ("choice", "url", "attributes", "provider")
EMPTY = ("", "same")


@dataclass(frozen=True, slots=True)
class Draft:
    """One line of the table as it was left: what the form sends, word for word."""

    service: str
    fields: Mapping[str, str]
    base: int
    saved_at: datetime


async def of_mandate(aconn: psycopg.AsyncConnection[Any], mandate_id: int) -> dict[str, Draft]:
    """The drafts of a mandate, by service."""
    rows = await (
        await aconn.execute(query("crowd", "desk_drafts"), {"mandate": mandate_id})
    ).fetchall()
    return {service: Draft(service, fields, base, at) for service, fields, base, at in rows}


async def save(
    aconn: psycopg.AsyncConnection[Any],
    mandate_id: int,
    lines: Mapping[str, Mapping[str, str]],
) -> int:
    """Keep lines as they are, mistakes included; a line put back to « change nothing » is dropped.
    How many lines are drafts now."""
    async with aconn.transaction():
        empty = [one for one, sent in lines.items() if (sent.get("choice") or "same") in EMPTY]
        await drop(aconn, mandate_id, empty)
        for service, sent in lines.items():
            if service in empty:
                continue
            kept = {name: sent[name][:2000] for name in FIELDS if sent.get(name)}
            values = {
                "mandate": mandate_id,
                "service": service,
                "fields": json.dumps(kept, ensure_ascii=False),
                "base": row_numbers.read(sent.get("base", "")) or 0,
            }
            await aconn.execute(query("crowd", "desk_draft_save"), values)
    return len(await of_mandate(aconn, mandate_id))


async def drop(
    aconn: psycopg.AsyncConnection[Any], mandate_id: int, services: Sequence[str]
) -> None:
    """Forget drafts, in the caller's transaction."""
    values = {"mandate": mandate_id, "services": list(services)}
    await aconn.execute(query("crowd", "desk_draft_drop"), values)
