"""Finding a commune by what people type: a name, a former name, a postal code, a code, a typo."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog.database.queries import query
from catalog.naming import fold
from config.errors import Invalid

LONGEST = 200  # characters of a question; the longest name of a commune has 45
MOST = 100  # results in one answer
CODE = re.compile(r"[0-9]{2,5}|2[ABab][0-9]{0,3}", re.ASCII)
POSTCODE = re.compile(r"[0-9]{5}", re.ASCII)
DEPARTEMENT = re.compile(r"0[1-9]|[1-8][0-9]|9[0-5]|2[ab]|97[1-8]", re.ASCII)
# Shorter words resemble everything, and three good answers need no guesses beside them.
FEWEST_LETTERS_FOR_TYPOS = 4
ENOUGH = 3
FEWEST_LETTERS_FOR_WORDS = 3
# What a name may begin with and people leave out; none first.
ARTICLES = ("", "l ", "le ", "la ", "les ", "los ", "las ", "lo ")

__all__ = ["Found", "fold", "search"]


@dataclass(frozen=True, slots=True)
class Found:
    """A commune, and what of it was recognised.

    `match` is code, postcode, name, start, word, former or typo; `matched` is the former name or
    the postal code that was recognised, None otherwise.
    """

    number: int
    code: str
    name: str
    departement_code: str
    departement: str
    population: int | None
    match: str
    matched: str | None


async def search(aconn: psycopg.AsyncConnection[Any], q: str, limit: int = 10) -> list[Found]:
    """The communes that `q` may mean: by class of match (exact first), then by population.

    A postal code or a département's number beside the name keeps the communes there (« Saint-Denis
    974 »). An empty list: nothing resembles it. Raises Invalid for an empty, too long or
    unreadable question, and for a limit out of 1 to 100.
    """
    if not q.strip() or len(q) > LONGEST:
        raise Invalid(f"A search has 1 to {LONGEST} characters.", parameter="q")
    if "\x00" in q or any(0xD800 <= ord(letter) <= 0xDFFF for letter in q):
        raise Invalid("The search holds characters that are not text.", parameter="q")
    if not 1 <= limit <= MOST:
        raise Invalid(f"A limit is between 1 and {MOST}.", parameter="limit")
    folded = fold(q)
    if CODE.fullmatch(folded.replace(" ", "")):  # also « 42 000 » and « 2A 004 »
        code = folded.replace(" ", "").upper()
        return await _ask(
            aconn, "search_code", {"code": code, "postcodes": _postcodes(code), "limit": limit}
        )
    if not folded:
        return []
    for name, departement, postcode, guess in _readings(folded):
        place = {"departement": departement, "postcode": postcode, "limit": limit}
        found = await _ask(aconn, "search_name", _patterns(name) | place)
        if (
            guess
            and len(found) < min(ENOUGH, limit)
            and len(name) >= FEWEST_LETTERS_FOR_TYPOS
            and not any(_sure(one, name) for one in found)
        ):
            known = {one.number for one in found}
            guesses = await _ask(aconn, "search_typo", {"name": name} | place)
            found += [one for one in guesses if one.number not in known]
        if found:
            return found[:limit]
    return []


def _sure(one: Found, name: str) -> bool:
    """Whether the typed name is this one's, whole: guesses beside it would only be noise."""
    return one.match == "name" or (one.matched is not None and fold(one.matched) == name)


def _patterns(name: str) -> dict[str, Any]:
    """The parameters of `search_name`. Only letters, digits and spaces: LIKE reads nothing else."""
    beginnings = [f"{article}{name}%" for article in ARTICLES]
    # One or two letters begin a word of half the communes, and nobody means a former name.
    short = len(name) < FEWEST_LETTERS_FOR_WORDS
    patterns = beginnings if short else [f"{name}%", f"% {name}%"]
    return {
        "name": name,
        "wholes": [f"{article}{name}" for article in ARTICLES],
        "beginnings": beginnings,
        "patterns": patterns,
        "former_patterns": [] if short else patterns,
    }


def _readings(folded: str) -> Iterable[tuple[str, str | None, str | None, bool]]:
    """What a folded question may mean, in the order to try.

    (name, département, postal code, whether to guess at misspellings).
    """
    words = folded.split()
    for place, rest in ((words[-1], words[:-1]), (words[0], words[1:])):
        if rest and POSTCODE.fullmatch(place):
            yield " ".join(rest), None, place, True
        elif rest and DEPARTEMENT.fullmatch(place):
            # « Paris 15 » names an arrondissement; « Saint-Denis 93 » a département. The whole
            # text is tried first, as the beginning of a name.
            yield folded, None, None, False
            yield " ".join(rest), place.upper(), None, True
    yield folded, None, None, True


def _postcodes(beginning: str) -> list[str]:
    """Every postal code that may begin so: 1 for five digits, at most 1,000. None for letters."""
    if not beginning.isdigit():
        return []
    missing = 5 - len(beginning)
    if not missing:
        return [beginning]
    return [f"{beginning}{end:0{missing}d}" for end in range(10**missing)]


async def _ask(
    aconn: psycopg.AsyncConnection[Any], name: str, parameters: dict[str, Any]
) -> list[Found]:
    async with aconn.cursor(row_factory=class_row(Found)) as cursor:
        await cursor.execute(query("catalog", name), parameters)
        return await cursor.fetchall()
