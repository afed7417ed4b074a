"""CQL2, the filter language of OGC API: a tree, its limits, and the reader of its text form.

A parser of our own, because what a visitor sends must be bounded before anything is built from
it: length, depth, vertices, names. `catalog.cql2_json` reads the JSON form to the same tree, and
`catalog.cql2_sql` turns a tree into SQL whose every value is bound.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import shapely
from shapely.errors import ShapelyError  # type: ignore[attr-defined]
from shapely.geometry.base import BaseGeometry

from config.errors import Invalid

LONGEST = 16_000  # characters of a filter
DEEPEST = 40  # operators inside operators
MOST_VERTICES = 5_000
MOST_NODES = 1_000

COMPARISONS = {"=", "<>", "<", ">", "<=", ">="}
ARITHMETIC = {"+", "-", "*", "/", "^", "%", "div"}
SPATIAL = {
    "s_intersects", "s_disjoint", "s_equals", "s_touches", "s_within", "s_overlaps", "s_crosses",
    "s_contains",
}  # fmt: skip
TEMPORAL = {
    "t_after", "t_before", "t_contains", "t_disjoint", "t_during", "t_equals", "t_finishedby",
    "t_finishes", "t_intersects", "t_meets", "t_metby", "t_overlappedby", "t_overlaps",
    "t_startedby", "t_starts",
}  # fmt: skip
ARRAYS = {"a_contains", "a_containedby", "a_equals", "a_overlaps"}
TEXT_FUNCTIONS = {"casei", "accenti"}
# What may be called by name: nothing of PostgreSQL's is reachable.
FUNCTIONS = SPATIAL | TEMPORAL | ARRAYS | TEXT_FUNCTIONS

type Scalar = str | int | float | bool | None
type Place = Callable[[BaseGeometry], BaseGeometry]  # from the filter's CRS to EPSG:4326, x first


@dataclass(frozen=True, slots=True)
class Literal:
    value: Scalar


@dataclass(frozen=True, slots=True)
class Moment:
    """A DATE or a TIMESTAMP, as written; ".." is open, in an interval."""

    text: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A geometry in EPSG:4326, x first, as WKB."""

    wkb: bytes


@dataclass(frozen=True, slots=True)
class Property:
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or a function, in lower case. `interval` and `array` are calls too."""

    name: str
    arguments: tuple["Node", ...]


type Node = Literal | Moment | Shape | Property | Call


def fault(message: str) -> Invalid:
    return Invalid(message, parameter="filter")


def walk(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Call):
        for one in node.arguments:
            yield from walk(one)


def names_of(node: Node) -> set[str]:
    """The properties that a tree names."""
    return {one.name for one in walk(node) if isinstance(one, Property)}


def shape_of(geometry: BaseGeometry, place: Place) -> Shape:
    """A geometry of a filter, once it is known to be harmless. Raises Invalid."""
    if shapely.get_num_coordinates(geometry) > MOST_VERTICES:
        raise fault(f"A geometry has at most {MOST_VERTICES} vertices.")
    if geometry.is_empty or not geometry.is_valid:
        raise fault("A geometry of the filter is empty or not valid.")
    placed = place(shapely.force_2d(geometry))
    if not all(abs(one) < 1e9 for one in placed.bounds):
        raise fault("A geometry of the filter has coordinates that do not exist.")
    return Shape(shapely.to_wkb(placed, byte_order=1))


def box_of(numbers: list[float], place: Place) -> Shape:
    """BBOX: four numbers, or six of which the heights are left out."""
    if len(numbers) == 6:
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    if len(numbers) != 4 or numbers[0] > numbers[2] or numbers[1] > numbers[3]:
        raise fault("BBOX has four numbers: least x, least y, greatest x, greatest y.")
    return shape_of(shapely.box(*numbers), place)


# ------------------------------------------------------------------------------- the text form

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<text>'(?:[^'\\]|''|\\.)*')
  | (?P<quoted>"(?:[^"\\]|""|\\.)*")
  | (?P<name>[A-Za-z_\u00c0-\u024f][\w.:]*)
  | (?P<sign><>|<=|>=|[=<>()+\-*/^%,])
    )""",
    re.X,
)
_WKT = {
    "POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON",
    "GEOMETRYCOLLECTION",
}  # fmt: skip
_RESERVED = {"AND", "OR", "NOT", "LIKE", "IN", "BETWEEN", "IS", "NULL", "DIV"}


def parse(text: str, place: Place = lambda one: one) -> Node:
    """Read CQL2 text. Raises Invalid, naming what cannot be read and where."""
    if len(text) > LONGEST:
        raise fault(f"A filter has at most {LONGEST} characters.")
    reader = _Reader(text, place)
    found = reader.either(0)
    if reader.kind != "end":
        raise reader.unexpected()
    return found


class _Reader:
    """A recursive descent; each method reads one level of precedence."""

    def __init__(self, text: str, place: Place) -> None:
        self.text, self.place = text, place
        self.nodes = 0
        self.start = self.end = 0
        self.kind, self.token = "end", ""
        self.next()

    def next(self) -> str:
        """Go to the next token; returns the one that was left."""
        left = self.token
        self.start = self.end
        rest = self.text[self.end :]
        if not rest.strip():
            self.kind, self.token = "end", ""
            return left
        found = _TOKEN.match(self.text, self.end)
        if found is None:
            raise fault(f"The filter cannot be read at character {self.end + 1}.")
        self.kind = str(found.lastgroup)
        self.token = found[self.kind]
        self.start, self.end = found.start(self.kind), found.end()
        return left

    def unexpected(self) -> Invalid:
        what = repr(self.token[:40]) if self.token else "the end"
        return fault(f"The filter has an unexpected {what} at character {self.start + 1}.")

    def word(self, *words: str) -> bool:
        return self.kind == "name" and self.token.upper() in words

    def sign(self, *signs: str) -> bool:
        return self.kind == "sign" and self.token in signs

    def expect(self, sign: str) -> None:
        if not self.sign(sign):
            raise self.unexpected()
        self.next()

    def made(self, name: str, *arguments: Node) -> Call:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise fault(f"A filter has at most {MOST_NODES} operators.")
        return Call(name, arguments)

    def either(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise fault(f"A filter has at most {DEEPEST} operators inside each other.")
        found = [self.both(depth)]
        while self.word("OR"):
            self.next()
            found.append(self.both(depth))
        return found[0] if len(found) == 1 else self.made("or", *found)

    def both(self, depth: int) -> Node:
        found = [self.negated(depth)]
        while self.word("AND"):
            self.next()
            found.append(self.negated(depth))
        return found[0] if len(found) == 1 else self.made("and", *found)

    def negated(self, depth: int) -> Node:
        if self.word("NOT"):
            self.next()
            if depth > DEEPEST:
                raise fault(f"A filter has at most {DEEPEST} operators inside each other.")
            return self.made("not", self.negated(depth + 1))
        return self.compared(depth)

    def compared(self, depth: int) -> Node:
        left = self.sum(depth)
        if self.kind == "sign" and self.token in COMPARISONS:
            return self.made(self.next(), left, self.sum(depth))
        if self.word("IS"):
            self.next()
            turned = self.turned()
            if not self.word("NULL"):
                raise self.unexpected()
            self.next()
            return self.turn(turned, self.made("isnull", left))
        turned = self.turned() if self.word("NOT") else False
        if self.word("LIKE"):
            self.next()
            return self.turn(turned, self.made("like", left, self.sum(depth)))
        if self.word("BETWEEN"):
            self.next()
            least = self.sum(depth)
            if not self.word("AND"):
                raise self.unexpected()
            self.next()
            return self.turn(turned, self.made("between", left, least, self.sum(depth)))
        if self.word("IN"):
            self.next()
            self.expect("(")
            return self.turn(turned, self.made("in", left, *self.listed(depth)))
        if turned:
            raise self.unexpected()
        return left

    def turned(self) -> bool:
        if self.word("NOT"):
            self.next()
            return True
        return False

    def turn(self, turned: bool, found: Call) -> Call:
        return self.made("not", found) if turned else found

    def sum(self, depth: int) -> Node:
        found = self.product(depth)
        while self.sign("+", "-"):
            found = self.made(self.next(), found, self.product(depth))
        return found

    def product(self, depth: int) -> Node:
        found = self.power(depth)
        while self.sign("*", "/", "%") or self.word("DIV"):
            found = self.made(self.next().lower(), found, self.power(depth))
        return found

    def power(self, depth: int) -> Node:
        found = self.one(depth)
        if self.sign("^"):
            self.next()
            return self.made("^", found, self.one(depth))
        return found

    def listed(self, depth: int) -> list[Node]:
        """What stands between an opening parenthesis, already read, and its closing one."""
        found: list[Node] = []
        if not self.sign(")"):
            found.append(self.either(depth + 1))
            while self.sign(","):
                self.next()
                found.append(self.either(depth + 1))
        self.expect(")")
        return found

    def one(self, depth: int) -> Node:
        match self.kind:
            case "number":
                return Literal(number(self.next()))
            case "text":
                return Literal(_unquoted(self.next()))
            case "quoted":
                return Property(_unquoted(self.next()))
            case "name":
                return self.named(depth)
        if self.sign("-", "+"):
            minus = self.next() == "-"
            if depth > DEEPEST:
                raise fault(f"A filter has at most {DEEPEST} operators inside each other.")
            found = self.one(depth + 1)
            if isinstance(found, Literal) and isinstance(found.value, int | float):
                return Literal(-found.value if minus else found.value)
            return self.made("-", Literal(0), found) if minus else found
        if self.sign("("):
            self.next()
            listed = self.listed(depth)
            return listed[0] if len(listed) == 1 else self.made("array", *listed)
        raise self.unexpected()

    def named(self, depth: int) -> Node:
        word = self.token.upper()
        if word in _RESERVED:
            raise self.unexpected()
        if word in _WKT:
            return self.geometry()
        name = self.next()
        if word in ("TRUE", "FALSE"):
            return Literal(word == "TRUE")
        if not self.sign("("):
            return Property(name)
        self.next()
        arguments = self.listed(depth)
        if word in ("DATE", "TIMESTAMP"):
            return _moment(arguments)
        if word == "INTERVAL":
            return self.made("interval", *interval(arguments))
        if word == "BBOX":
            return box_of([_plain(one) for one in arguments], self.place)
        if name.lower() not in FUNCTIONS:
            raise fault(f"There is no function {name[:40]!r}; there are: {', '.join(known())}.")
        return self.made(name.lower(), *arguments)

    def geometry(self) -> Shape:
        """WKT: from its name to the parenthesis that closes it."""
        open_at = self.text.find("(", self.start)
        depth, end = 0, open_at
        while 0 <= end < len(self.text):
            depth += {"(": 1, ")": -1}.get(self.text[end], 0)
            end += 1
            if not depth:
                break
        if open_at < 0 or depth:
            raise self.unexpected()
        try:
            found = shapely.from_wkt(self.text[self.start : end])
        except (ShapelyError, ValueError):
            raise fault(f"The geometry at character {self.start + 1} is not WKT.") from None
        self.end = end
        self.next()
        return shape_of(found, self.place)


def known() -> list[str]:
    return sorted({name.upper() for name in FUNCTIONS})


def number(text: str) -> int | float:
    """A finite number. Raises Invalid."""
    if len(text) > 40:
        raise fault("A number of the filter is too long.")
    found = int(text) if text.isdigit() else float(text)
    if not abs(found) < 1e300 or (isinstance(found, int) and abs(found) >= 2**63):
        raise fault("A number of the filter is too large.")
    return found


def interval(ends: list[Node]) -> list[Node]:
    """The two ends of an INTERVAL: moments, written as text, or properties. Raises Invalid."""
    if len(ends) != 2:
        raise fault("An INTERVAL has two ends.")
    return [Moment(one.value) if _is_text(one) else one for one in ends]  # type: ignore[union-attr,arg-type]


def _is_text(node: Node) -> bool:
    return isinstance(node, Literal) and isinstance(node.value, str)


def _moment(arguments: list[Node]) -> Moment:
    match arguments:
        case [Literal(str(text))]:
            return Moment(text)
    raise fault("A DATE or a TIMESTAMP holds one text, such as DATE('2024-05-01').")


def _plain(node: Node) -> float:
    if isinstance(node, Literal) and type(node.value) in (int, float):
        return float(node.value)  # type: ignore[arg-type]
    raise fault("BBOX holds numbers.")


def _unquoted(token: str) -> str:
    quote = token[0]
    return re.sub(r"\\(.)", r"\1", token[1:-1].replace(quote * 2, quote)) if quote == '"' else (
        token[1:-1].replace("''", "'").replace("\\'", "'")
    )  # fmt: skip
