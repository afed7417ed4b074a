"""A CQL2 tree as SQL: names are looked up, types are checked, values are bound.

Nothing of the tree is ever text of the question: a property is one of the collection's queryables,
an operator is one of the tables below, and every literal is a parameter.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Double,
    LargeBinary,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    not_,
    or_,
)

from catalog.collections import Collection
from catalog.cql2 import (
    ARITHMETIC,
    ARRAYS,
    COMPARISONS,
    SPATIAL,
    TEMPORAL,
    Call,
    Literal,
    Moment,
    Node,
    Property,
    Shape,
    fault,
)

GEOMETRY_NAMES = ("geometry", "geom")
_KINDS = {
    "string": "text", "integer": "number", "number": "number", "date": "date",
    "date-time": "moment", "array": "array",
}  # fmt: skip
_ZONED = DateTime(timezone=True)
_LAST = time(23, 59, 59, 999999, tzinfo=UTC)
_SPATIAL = {
    "s_intersects": func.ST_Intersects, "s_disjoint": func.ST_Disjoint,
    "s_equals": func.ST_Equals, "s_touches": func.ST_Touches, "s_within": func.ST_Within,
    "s_overlaps": func.ST_Overlaps, "s_crosses": func.ST_Crosses,
    "s_contains": func.ST_Contains,
}  # fmt: skip
type Typed = tuple[str, Any]
type Ends = tuple[ColumnElement[Any], ColumnElement[Any]]


def condition(tree: Node, of: Collection) -> ColumnElement[bool]:
    """The condition of a tree. Raises Invalid for a property, operator or type that cannot be."""
    kind, found = _Writer(of).value(tree)
    if kind != "truth":
        raise fault("A filter is a condition, such as population > 1000.")
    return found  # type: ignore[no-any-return]


class _Writer:
    def __init__(self, of: Collection) -> None:
        self.of = of

    def value(self, node: Node) -> Typed:
        """(kind, expression). Kinds: truth text number date moment interval array shape null."""
        match node:
            case Literal(value):
                return _literal(value)
            case Moment(text):
                return _moment(text)
            case Shape(wkb):
                return "shape", func.ST_GeomFromWKB(bindparam(None, wkb, LargeBinary), 4326)
            case Property(name):
                return self.property(name)
            case Call(name, arguments):
                return self.call(name, arguments)

    def property(self, name: str) -> Typed:
        if name in GEOMETRY_NAMES:
            return "shape", self.of.geometry
        field = self.of.queryables.get(name)
        if field is None:
            known = ", ".join(self.of.queryables)
            raise fault(f"There is no queryable {name[:40]!r}; there are: {known}, geometry.")
        return _KINDS[field.kind], field.column

    def call(self, name: str, arguments: tuple[Node, ...]) -> Typed:
        if name in ("and", "or"):
            _least(name, arguments, 1)
            joined = and_ if name == "and" else or_
            return "truth", joined(*(self.truth(one) for one in arguments))
        if name == "not":
            return "truth", not_(self.truth(*_count(name, arguments, 1)))
        if name in COMPARISONS:
            return "truth", self.compare(name, *_count(name, arguments, 2))
        if name == "isnull":
            _, found = self.value(*_count(name, arguments, 1))
            return "truth", found.is_(None)
        if name == "like":
            left, pattern = (self.of_kind("text", one) for one in _count(name, arguments, 2))
            return "truth", left.like(pattern)
        if name == "between":
            return "truth", self.between(*_count(name, arguments, 3))
        if name == "in":
            return "truth", self.among(*_least(name, arguments, 2))
        if name in ARITHMETIC:
            return "number", self.arithmetic(name, *_count(name, arguments, 2))
        if name in ("casei", "accenti"):
            text = self.of_kind("text", *_count(name, arguments, 1))
            return "text", func.lower(text) if name == "casei" else func.unaccent(text)
        if name in SPATIAL:
            left, right = (self.of_kind("shape", one) for one in _count(name, arguments, 2))
            return "truth", _SPATIAL[name](left, right)
        if name in TEMPORAL:
            left_ends, right_ends = (self.ends(one) for one in _count(name, arguments, 2))
            return "truth", _TEMPORAL[name](*left_ends, *right_ends)
        if name in ARRAYS:
            return "truth", self.arrays(name, *_count(name, arguments, 2))
        if name == "array":
            return "array", self.array(arguments)
        raise fault(f"{name.upper()[:40]} cannot be used here.")

    def truth(self, node: Node) -> ColumnElement[bool]:
        return self.of_kind("truth", node)  # type: ignore[no-any-return]

    def of_kind(self, wanted: str, node: Node) -> Any:
        kind, found = self.value(node)
        if kind != wanted:
            raise fault(f"A {wanted} is expected where the filter has a {kind}.")
        return found

    def alike(self, *nodes: Node) -> list[Any]:
        """Expressions that can be compared: of one kind, dates becoming moments beside them."""
        found = [self.value(one) for one in nodes]
        kinds = {kind for kind, _ in found}
        if kinds == {"date", "moment"}:
            return [
                func.timezone("UTC", cast(value, DateTime)) if kind == "date" else value
                for kind, value in found
            ]
        if len(kinds) != 1 or kinds & {"null", "interval", "shape"}:
            shown = " with a ".join(sorted(kinds))
            raise fault(f"The filter compares a {shown}: that has no answer.")
        return [value for _, value in found]

    def compare(self, name: str, left: Node, right: Node) -> ColumnElement[bool]:
        a, b = self.alike(left, right)
        match name:
            case "=":
                return a == b  # type: ignore[no-any-return]
            case "<>":
                return a != b  # type: ignore[no-any-return]
            case "<":
                return a < b  # type: ignore[no-any-return]
            case ">":
                return a > b  # type: ignore[no-any-return]
            case "<=":
                return a <= b  # type: ignore[no-any-return]
        return a >= b  # type: ignore[no-any-return]

    def between(self, one: Node, least: Node, most: Node) -> ColumnElement[bool]:
        a, b, c = self.alike(one, least, most)
        return and_(a >= b, a <= c)

    def among(self, one: Node, *listed: Node) -> ColumnElement[bool]:
        a, *others = self.alike(one, *listed)
        return or_(*(a == other for other in others))

    def arithmetic(self, name: str, left: Node, right: Node) -> ColumnElement[Any]:
        # In double precision: no integer that a visitor writes can overflow.
        a, b = (cast(self.of_kind("number", one), Double) for one in (left, right))
        match name:
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "/":
                return a / b
            case "^":
                return func.power(a, b)
            case "div":
                return func.trunc(a / b)
        return a - b * func.trunc(a / b)

    def array(self, items: tuple[Node, ...]) -> Any:
        found = [self.of_kind("text", one) for one in items]
        return func.array_cat(cast([], ARRAY(Text)), _array_of(found)) if found else (
            cast([], ARRAY(Text))
        )  # fmt: skip

    def arrays(self, name: str, left: Node, right: Node) -> ColumnElement[bool]:
        a, b = (cast(self.array_of(one), ARRAY(Text)) for one in (left, right))
        match name:
            case "a_contains":
                return a.op("@>")(b)
            case "a_containedby":
                return a.op("<@")(b)
            case "a_overlaps":
                return a.op("&&")(b)
        return and_(a.op("@>")(b), a.op("<@")(b))

    def array_of(self, node: Node) -> Any:
        # ('69001') is text in parentheses until an array is expected.
        kind, found = self.value(node)
        if kind == "text" and isinstance(node, Literal):
            return _array_of([found])
        if kind != "array":
            raise fault(f"An array is expected where the filter has a {kind}.")
        return found

    def ends(self, node: Node) -> Ends:
        """The first and last moments of what a temporal operator compares."""
        if isinstance(node, Call) and node.name == "interval":
            start, end = node.arguments
            return self.end(start, "-infinity", first=True), self.end(end, "infinity", first=False)
        kind, found = self.value(node)
        if kind not in ("date", "moment"):
            raise fault(f"A date, a moment or an interval is expected, not a {kind}.")
        return _instants(kind, found)

    def end(self, node: Node, open_end: str, *, first: bool) -> ColumnElement[Any]:
        if isinstance(node, Moment) and node.text == "..":
            return cast(literal(open_end, Text), _ZONED)
        kind, found = self.value(node)
        if kind not in ("date", "moment"):
            raise fault("An INTERVAL holds dates, moments, '..' or properties that are dates.")
        chosen = _instants(kind, found)[0 if first else 1]
        return func.coalesce(chosen, cast(literal(open_end, Text), _ZONED))


def _array_of(items: list[Any]) -> Any:
    found = func.array_append(cast([], ARRAY(Text)), items[0])
    for one in items[1:]:
        found = func.array_append(found, one)
    return found


def _instants(kind: str, found: Any) -> Ends:
    if kind == "moment":
        return found, found
    midnight = cast(found, DateTime)
    return (
        func.timezone("UTC", midnight),
        func.timezone("UTC", midnight + literal(_LAST_OF_DAY)),
    )


_LAST_OF_DAY = datetime.combine(date.min, _LAST) - datetime.combine(date.min, time(0, tzinfo=UTC))


def _literal(value: object) -> Typed:
    match value:
        case bool():
            return "truth", cast(bindparam(None, value, Boolean), Boolean)
        case str():
            return "text", bindparam(None, value, Text)
        case int():
            return "number", bindparam(None, value, BigInteger)
        case float():
            return "number", bindparam(None, value, Double)
    return "null", None


def _moment(text: str) -> Typed:
    """DATE and TIMESTAMP are told apart by what they hold, as the two forms of CQL2 do."""
    try:
        if len(text) == 10:
            return "date", bindparam(None, date.fromisoformat(text), Date)
        found = datetime.fromisoformat(text.upper())
        if found.tzinfo is None or not 1 < found.year < 9999:
            raise ValueError
    except (ValueError, OverflowError):
        raise fault("A moment is written 2024-05-01 or 2024-05-01T09:00:00Z.") from None
    return "moment", bindparam(None, found.astimezone(UTC), _ZONED)


def _count(name: str, arguments: tuple[Node, ...], wanted: int) -> tuple[Node, ...]:
    if len(arguments) != wanted:
        raise fault(f"{name.upper()} has {wanted} arguments, not {len(arguments)}.")
    return arguments


def _least(name: str, arguments: tuple[Node, ...], wanted: int) -> tuple[Node, ...]:
    if len(arguments) < wanted:
        raise fault(f"{name.upper()} has at least {wanted} arguments.")
    return arguments


type Relation = Callable[[Any, Any, Any, Any], ColumnElement[bool]]
# a..b against c..d, as CQL2 defines them; instants have equal ends.
_TEMPORAL: dict[str, Relation] = {
    "t_after": lambda a, b, c, d: a > d,
    "t_before": lambda a, b, c, d: b < c,
    "t_contains": lambda a, b, c, d: and_(a < c, b > d),
    "t_disjoint": lambda a, b, c, d: or_(b < c, a > d),
    "t_during": lambda a, b, c, d: and_(a > c, b < d),
    "t_equals": lambda a, b, c, d: and_(a == c, b == d),
    "t_finishedby": lambda a, b, c, d: and_(a < c, b == d),
    "t_finishes": lambda a, b, c, d: and_(a > c, b == d),
    "t_intersects": lambda a, b, c, d: and_(a <= d, b >= c),
    "t_meets": lambda a, b, c, d: b == c,
    "t_metby": lambda a, b, c, d: a == d,
    "t_overlappedby": lambda a, b, c, d: and_(a > c, a < d, b > d),
    "t_overlaps": lambda a, b, c, d: and_(a < c, b > c, b < d),
    "t_startedby": lambda a, b, c, d: and_(a == c, b > d),
    "t_starts": lambda a, b, c, d: and_(a == c, b < d),
}
