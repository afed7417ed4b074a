"""Finding a commune by what people type: a name, a former name, a postal code, a code, a typo."""

import re
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog.database.queries import query
from catalog.naming import fold
from config.errors import Invalid
from geo.cog import is_code

LONGEST = 200  # characters of a question; the longest name of a commune has 45
DIGITS = re.compile(r"[0-9]{2,5}", re.ASCII)
FEWEST_FOR_TYPOS = 4  # letters: shorter words resemble everything

__all__ = ["Found", "fold", "search"]


@dataclass(frozen=True, slots=True)
class Found:
    """A commune, and what of it was recognised.

    `match` is code, postcode, name, start, word, former or typo; `matched` is the former name or
    the postal code that was recognised, None otherwise.
    """

    code: str
    name: str
    departement_code: str
    population: int | None
    match: str
    matched: str | None


async def search(aconn: psycopg.AsyncConnection[Any], q: str, limit: int = 10) -> list[Found]:
    """The communes that `q` may mean: exact before prefix before typo, then by population.

    An empty list: nothing resembles it. Raises Invalid for an empty or an unreadable question.
    """
    if not q.strip() or len(q) > LONGEST:
        raise Invalid(f"A search has 1 to {LONGEST} characters.", parameter="q")
    if "\x00" in q or any(0xD800 <= ord(letter) <= 0xDFFF for letter in q):
        raise Invalid("The search holds characters that are not text.", parameter="q")
    bare = q.strip().upper()
    if is_code(bare) or DIGITS.fullmatch(bare):
        return await _ask(aconn, "search_code", {"code": bare, "limit": limit})
    folded = fold(q)
    if not folded:
        return []
    escaped = folded  # only letters, digits and spaces are left: nothing LIKE would read
    found = await _ask(aconn, "search_name", {"name": escaped, "limit": limit})
    if not found and len(folded) >= FEWEST_FOR_TYPOS:
        found = await _ask(aconn, "search_typo", {"name": folded, "limit": limit})
    return found


async def _ask(
    aconn: psycopg.AsyncConnection[Any], name: str, parameters: dict[str, Any]
) -> list[Found]:
    async with aconn.cursor(row_factory=class_row(Found)) as cursor:
        await cursor.execute(query("catalog", name), parameters)
        return await cursor.fetchall()
