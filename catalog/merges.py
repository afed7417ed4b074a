"""One place in several sources: found with an explained score, merged, and split again at will.

A merge changes no office: it adds one line that sends readers of one to the other, and a split
takes that line away. So merge then split leaves everything as it was, whatever came in between.
The machine merges alone only what is of the same kind and nearly certain.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

from catalog.database.queries import query
from catalog.likeness import CANDIDATE, Likeness, Place, likeness, sure
from config.errors import Conflict, Invalid, NotFound

type Connection = psycopg.Connection[Any]

MACHINE = "guichet"
OTHER_KIND = 0.8  # two kinds under one SIRET: a France services in a town hall is two offices


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two offices that may be one place."""

    low_id: int
    low_name: str
    low_source: str
    high_id: int
    high_name: str
    high_source: str
    score: float
    explained: list[dict[str, Any]]

    def __str__(self) -> str:
        parts = ", ".join(f"{one['what']} {one['value']:.2f}" for one in self.explained)
        return (
            f"{self.score:.2f}  {self.low_id} {self.low_name} [{self.low_source}]"
            f"  =  {self.high_id} {self.high_name} [{self.high_source}]  ({parts})"
        )


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of looking for duplicates."""

    compared: int
    candidates: int
    merged: int


@dataclass(frozen=True, slots=True)
class _Pair:
    mine: int
    other: int
    other_source: str
    alike: Likeness
    sure: bool


def look(conn: Connection, source_id: str) -> Looked:
    """Compare the offices of one source with those of all others; note candidates, merge the sure.

    In the caller's transaction, one at a time on all machines.
    """
    conn.execute("select pg_advisory_xact_lock(hashtextextended('guichet duplicates', 0))")
    if not _has_others(conn, source_id):
        return Looked(0, 0, 0)
    # A list of a million may just have been written: nobody has counted it yet, and the pairs of
    # a table that is thought to be small are looked for one by one.
    conn.execute("analyze catalog.office")
    rows = conn.execute(query("catalog", "office_pairs"), {"source": source_id}).fetchall()
    ids = {identifier for row in rows for identifier in row[:2]}
    places, with_hours = _places(conn, ids)
    pairs: list[_Pair] = []
    for mine, other, other_source, different in rows:
        alike = compared(places[mine], places[other])
        if different or alike.score < CANDIDATE:
            continue
        _note(conn, mine, other, alike)
        is_sure = sure(places[mine], places[other], alike)
        pairs.append(_Pair(mine, other, other_source, alike, is_sure))
    merged = 0
    for pair in _one_to_one(pairs):
        # The one whose hours are known is kept, then the one that we have known for longer.
        first, second = sorted(
            (pair.mine, pair.other), key=lambda one: (one not in with_hours, one)
        )
        if _root(conn, first) == _root(conn, second):
            continue
        if _merge(conn, first, second, MACHINE, f"alike: {pair.alike}", pair.alike):
            merged += 1
    return Looked(len(rows), len(pairs), merged)


def _has_others(conn: Connection, source_id: str) -> bool:
    row = conn.execute(
        "select exists (select from catalog.office where source_id <> %s)", (source_id,)
    ).fetchone()
    return row is not None and bool(row[0])


def candidates(conn: Connection, limit: int = 100) -> list[Candidate]:
    """Pairs on which nobody decided yet, the most alike first. Empty: none is known."""
    values = {"after_score": 2.0, "after_low": 0, "after_high": 0, "limit": limit}
    rows = conn.execute(query("catalog", "office_pairs_open"), values).fetchall()
    ids = list({identifier for row in rows for identifier in row[:2]})
    sides = {
        row[0]: (row[0], row[2], row[3])  # id, name, source
        for row in conn.execute(query("catalog", "office_sides"), {"ids": ids})
    }
    return [Candidate(*sides[row[0]], *sides[row[1]], row[2], row[3]) for row in rows]


def merge(conn: Connection, kept: int, merged: int, who: str, reason: str) -> None:
    """Make `merged` lead to `kept` for every reader, in the caller's transaction.

    Raises NotFound for an office that does not exist, Conflict when they are one already or
    `merged` leads elsewhere, Invalid without a name and a reason.
    """
    _signed(who, reason)
    if kept == merged or _root(conn, kept) == _root(conn, merged):
        raise Conflict(f"The offices {kept} and {merged} are one already.")
    places, _ = _places(conn, (kept, merged))
    alike = likeness(places[kept], places[merged])
    if not _merge(conn, _root(conn, kept), merged, who, reason, alike):
        raise Conflict(f"The office {merged} is merged into another one: split it first.")


def split(conn: Connection, merged: int, who: str, reason: str) -> int:
    """Undo the merge of `merged`: it is seen by itself again. The office that it was merged into.

    The machine does not merge the two again. Raises NotFound when it is not merged.
    """
    _signed(who, reason)
    row = conn.execute(
        query("catalog", "office_merge_undo"), {"merged": merged, "who": who, "reason": reason}
    ).fetchone()
    if row is None:
        raise NotFound(f"The office {merged} is not merged into another one.")
    for other in {int(row[0]), _root(conn, row[0])}:  # the journal says it: they were split
        low, high = sorted((merged, other))
        conn.execute(query("catalog", "office_pair_different"), {"low": low, "high": high})
    return int(row[0])


def tell_apart(conn: Connection, one: int, other: int, who: str, reason: str) -> None:
    """A person says that two offices are two places: nothing merges them by itself any more.

    Raises NotFound for an office that does not exist, Conflict when they are merged or when that
    was said before, Invalid without a name and a reason.
    """
    _signed(who, reason)
    low, high = sorted((one, other))
    if low == high or _root(conn, low) == _root(conn, high):
        raise Conflict(f"The offices {low} and {high} are one: split them first.")
    places, _ = _places(conn, (low, high))
    _note(conn, low, high, compared(places[low], places[high]))
    if not _mark(conn, low, high, different=True):
        raise Conflict(f"The offices {low} and {high} are known to be two places.")
    _journal(conn, "apart", low, high, who, reason)


def reopen(conn: Connection, one: int, other: int, who: str, reason: str) -> None:
    """Take back that two offices are two places: the pair is shown to people again, and the
    machine may merge it again.

    Raises Conflict when nobody said so, Invalid without a name and a reason.
    """
    _signed(who, reason)
    low, high = sorted((one, other))
    if not _mark(conn, low, high, different=False):
        raise Conflict(f"Nobody said that the offices {low} and {high} are two places.")
    _journal(conn, "reopen", low, high, who, reason)


def _mark(conn: Connection, low: int, high: int, *, different: bool) -> bool:
    """Whether it changed."""
    values = {"low": low, "high": high, "different": different}
    return conn.execute(query("catalog", "office_pair_mark"), values).fetchone() is not None


def _journal(conn: Connection, action: str, low: int, high: int, who: str, reason: str) -> None:
    values = {"action": action, "kept": low, "merged": high, "who": who, "reason": reason}
    conn.execute(query("catalog", "office_pair_decided"), values)


def _signed(who: str, reason: str) -> None:
    if not who.strip() or not reason.strip():
        raise Invalid("Who decides, and why, is kept in the journal: give both.")


def _root(conn: Connection, office_id: int) -> int:
    row = conn.execute(query("catalog", "office_root"), {"id": office_id}).fetchone()
    if row is None:
        raise NotFound(f"There is no office {office_id}.")
    return int(row[0])


def _merge(
    conn: Connection, kept: int, merged: int, who: str, reason: str, alike: Likeness
) -> bool:
    row = conn.execute(
        query("catalog", "office_merge_add"),
        {
            "kept": kept, "merged": merged, "who": who, "reason": reason, "score": alike.score,
            "explained": json.dumps(alike.json(), ensure_ascii=False),
        },
    ).fetchone()  # fmt: skip
    return row is not None


def compared(a: Place, b: Place) -> Likeness:
    """How alike two offices are, as pairs are judged: less when they are of two kinds."""
    alike = likeness(a, b)
    return alike if a.kind == b.kind else Likeness(alike.score * OTHER_KIND, alike.parts)


def _note(conn: Connection, one: int, other: int, alike: Likeness) -> None:
    low, high = sorted((one, other))
    conn.execute(
        query("catalog", "office_pair_note"),
        {
            "low": low, "high": high, "score": alike.score,
            "explained": json.dumps(alike.json(), ensure_ascii=False),
        },
    )  # fmt: skip


def _one_to_one(pairs: Iterable[_Pair]) -> list[_Pair]:
    """The sure pairs in which each office is like one office of the other source only: a choice
    between two is for people."""
    chosen = [pair for pair in pairs if pair.sure]
    mine = Counter((pair.mine, pair.other_source) for pair in chosen)
    other = Counter(pair.other for pair in chosen)
    return [
        pair
        for pair in chosen
        if mine[pair.mine, pair.other_source] == 1 and other[pair.other] == 1
    ]


def _places(conn: Connection, ids: Collection[int]) -> tuple[dict[int, Place], set[int]]:
    """What is compared of each office, and those whose hours are known. Raises NotFound."""
    places: dict[int, Place] = {}
    with_hours: set[int] = set()
    rows = conn.execute(query("catalog", "office_places"), {"ids": list(ids)})
    for identifier, kind, name, commune, address, phone, email, siret, lon, lat, hours in rows:
        point = None if lon is None or lat is None else (lon, lat)
        places[identifier] = Place(kind, name, commune, address, phone, email, siret, point)
        if hours:
            with_hours.add(identifier)
    if missing := set(ids) - places.keys():
        raise NotFound(f"There is no office {min(missing)}.")
    return places, with_hours
