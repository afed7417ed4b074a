"""In what order items come, and where a walk through them goes on: the values of a cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    literal_column,
    or_,
)

from catalog.collections import Collection
from config.errors import Invalid


@dataclass(frozen=True, slots=True)
class Order:
    """One member of `sortby`."""

    name: str
    descending: bool = False


def searched() -> tuple[Any, Any]:
    """Both configurations, as the search of records has them: with and without word forms."""
    asked = bindparam("asked_words", type_=Text)
    return (
        func.websearch_to_tsquery(literal_column("'catalog.french'::regconfig"), asked),
        func.websearch_to_tsquery(literal_column("'catalog.plain'::regconfig"), asked),
    )


def _rank(words: ColumnElement[Any]) -> ColumnElement[int]:
    """How well an item answers the words: as catalog/sql/record_search.sql ranks."""
    french, plain = searched()
    rank = func.ts_rank(words, french.op("||")(plain), literal_column("1"))
    return cast(rank * literal_column("1e9"), BigInteger)


@dataclass(frozen=True, slots=True)
class Ordered:
    column: ColumnElement[Any]
    descending: bool
    nullable: bool


def ordering(of: Collection, order: Sequence[Order], *, ranked: bool) -> list[Ordered]:
    """What was asked, ended by the keys so that no two items are equal.

    Words that are indexed put the best answer first, unless another order is asked.
    """
    if ranked and of.words is not None and not order:
        best = Ordered(_rank(of.words), True, nullable=False)
        return [best] + [Ordered(one, False, nullable=False) for one in of.keys]
    # A join may give null where the column's own table never does.
    found = [Ordered(of.by_name[one.name].column, one.descending, nullable=True) for one in order]
    return found + [Ordered(one, False, nullable=False) for one in of.keys]


def by(ordered: Sequence[Ordered]) -> list[Any]:
    """Nulls last both ways; keys are never null, so that an index gives their order by itself."""
    found: list[Any] = []
    for one in ordered:
        directed = one.column.desc() if one.descending else one.column.asc()
        found.append(directed.nulls_last() if one.nullable else directed)
    return found


def beyond(ordered: Sequence[Ordered], nulls: Sequence[bool]) -> ColumnElement[bool]:
    """What comes after the cursor, in the order of `by`."""
    rest: ColumnElement[bool] = false()
    for i in reversed(range(len(ordered))):
        one = ordered[i]
        column, value = one.column, bindparam(f"after{i}", type_=one.column.type)
        if nulls[i]:
            rest = and_(column.is_(None), rest)
            continue
        further = column < value if one.descending else column > value
        if one.nullable:
            rest = or_(further, column.is_(None), and_(column == value, rest))
        elif i == len(ordered) - 1:
            rest = further
        else:
            # `>=` alone is what an index can start from.
            edge = column <= value if one.descending else column >= value
            rest = and_(edge, or_(further, rest))
    return rest


def cursor_values(
    of: Collection, order: Sequence[Order], sent: Sequence[Any], *, ranked: bool
) -> tuple[Any, ...]:
    """The values of a cursor as they can be bound. Raises Invalid when they are not ours."""
    ordered = ordering(of, order, ranked=ranked)
    if len(sent) != len(ordered):
        raise Invalid("This cursor belongs to another question.", parameter="cursor")
    return tuple(_bound(one, value) for one, value in zip(ordered, sent, strict=True))


def _bound(one: Ordered, value: Any) -> Any:
    if value is None and one.nullable:
        return None
    wanted = one.column.type.python_type
    try:
        if wanted is datetime and isinstance(value, str):
            return datetime.fromisoformat(value)
        if wanted is date and isinstance(value, str):
            return date.fromisoformat(value)
    except ValueError:
        raise Invalid("This cursor cannot be read.", parameter="cursor") from None
    if wanted is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    largest = 2**63 if isinstance(one.column.type, BigInteger) else 2**31
    if type(value) is not wanted or (wanted is int and not 0 <= value < largest):
        raise Invalid("This cursor cannot be read.", parameter="cursor")
    return value
