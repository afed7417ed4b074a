"""Questions about items, composed from what a visitor asked: the one place where SQL is built.

The OGC handlers, the exports and the pygeoapi provider share it. A question has a *shape* (which
clauses it has) and *values*; the SQL of a shape is compiled once by SQLAlchemy and kept, values
are always bound, so nothing that a visitor writes becomes SQL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Double,
    Integer,
    LargeBinary,
    Select,
    SmallInteger,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from catalog.collections import Collection, Field, collection, jsonable
from catalog.cql2 import Node, names_of
from catalog.cql2_sql import condition
from catalog.states import State
from catalog.status import Reason
from config.errors import Invalid

MOST = 10_000  # items of one page
COUNTED = 10_000  # with conditions, items are counted up to this, and "more" is said beyond
UNSAID = (State.UNKNOWN.slug, Reason.NO_OBSERVATION.value)  # told of what has no row
DEGREES, METRES = 7, 2  # decimals: a centimetre
IN_DEGREES = (4326, 4258)
_DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]
TYPES: Mapping[str, Any] = {
    "string": Text,
    "integer": BigInteger,
    "number": Double,
    "date": Date,
    "date-time": DateTime(timezone=True),
}

Output = Literal["feature", "values", "texts", "count", "total", "facet"]
FACET_VALUES = 20  # told of each facet; more are said to be there


@dataclass(frozen=True, slots=True)
class Span:
    """An instant (both ends equal) or an interval; None: open on that side."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Order:
    """One member of `sortby`."""

    name: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """Which clauses a question has; what is compiled and kept."""

    collection: str
    output: Output = "feature"
    order: tuple[Order, ...] = ()
    after: tuple[bool, ...] | None = None  # for each value of the cursor: is it null
    offset: bool = False
    limited: bool = True
    box: bool = False
    start: bool = False
    end: bool = False
    equal: tuple[str, ...] = ()
    looked_up: tuple[str, ...] = ()
    words: int = 0
    tree: Node | None = None
    item: bool = False
    among: tuple[str, ...] = ()  # ids, external_ids: what lists of identifiers were given
    facet: str | None = None
    properties: tuple[str, ...] | None = None
    geometry: bool = True
    srid: int = 4326
    flipped: bool = False


@dataclass(frozen=True)
class Question:
    """What a visitor asks of a collection. Every part was read and checked at the edge.

    `context` holds what the collection itself needs: `geography`, `services`, `origin`...
    """

    of: Collection
    context: Mapping[str, Any]
    limit: int | None = 10
    offset: int = 0
    after: tuple[Any, ...] | None = None
    order: tuple[Order, ...] = ()
    box: bytes | None = None  # WKB, EPSG:4326, east first
    span: Span | None = None
    equal: Mapping[str, Any] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    tree: Node | None = None
    item: str | None = None  # one that `of.read_id` understands
    among: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by ids or external_ids
    properties: tuple[str, ...] | None = None
    geometry: bool = True
    srid: int = 4326
    flipped: bool = False

    @property
    def conditional(self) -> bool:
        """Whether anything but the collection itself chooses the items."""
        dated = self.span is not None and self.of.time == "validity"
        return bool(self.box or self.equal or self.words or self.tree or self.among or dated)

    def shape(self, output: Output) -> Shape:
        """For `count`, what does not change the number is left out."""
        span = self.span if self.of.time == "validity" else None
        found = Shape(
            collection=self.of.id,
            output=output,
            box=self.box is not None,
            start=span is not None and span.start is not None,
            end=span is not None and span.end is not None,
            equal=tuple(sorted(self.equal)),
            # What nobody has seen has no row to look up.
            looked_up=tuple(
                name
                for name, value in sorted(self.equal.items())
                if name in self.of.looked_up and value not in UNSAID
            ),
            words=len(self.words),
            tree=self.tree,
            item=self.item is not None,
            among=tuple(sorted(self.among)),
        )
        if output == "total":
            return Shape(collection=self.of.id, output=output)
        if output in ("count", "facet"):
            return found
        return replace(
            found,
            order=self.order,
            after=None if self.after is None else tuple(one is None for one in self.after),
            offset=self.offset > 0,
            limited=self.limit is not None,
            properties=self.properties,
            geometry=self.geometry,
            srid=self.srid,
            flipped=self.flipped,
        )

    def values(self) -> dict[str, Any]:
        found: dict[str, Any] = dict(self.context)
        found["at"] = (self.span and self.span.end) or datetime.now(UTC)
        if self.limit is not None:
            found["take"] = self.limit + 1  # one more tells whether there is a next page
        if self.item is not None:
            found |= self.of.read_id(self.item) or {}
        if self.offset:
            found["skip"] = self.offset
        if self.after is not None:
            found |= {f"after{i}": one for i, one in enumerate(self.after)}
        if self.box is not None:
            found["box"] = self.box
        if self.span is not None and self.of.time == "validity":
            found["start"] = _day(self.span.start)
            found["end"] = _day(self.span.end)
        found |= {f"equal_{name}": value for name, value in self.equal.items()}
        if "state" in self.equal and "state" in self.of.looked_up:
            found["code_state"] = int(State.of_slug(self.equal["state"]))
        found |= {name: list(values) for name, values in self.among.items()}
        found["asked_words"] = " ".join(self.words)
        found |= {f"word{i}": f"%{_literal(word)}%" for i, word in enumerate(self.words)}
        return found


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL for psycopg and its parameters."""

    sql: bytes
    parameters: Mapping[str, Any]


def statement(question: Question, output: Output, facet: str | None = None) -> Statement:
    """The question in SQL.

    `feature`: each row is a GeoJSON feature as text, the values of its cursor, and the
    collection's version. `values`: id, each property, geometry as WKB; `texts`: the
    same, geometry as WKT. `count`: one row, how many items, never above COUNTED + 1. `total`:
    one row, the version and how many items there are when nothing is asked of them. `facet`: the
    values of the field `facet` among the items, with how many have each, the most frequent first.
    """
    shape = question.shape(output)
    sql, fixed, names = _compiled(shape if facet is None else replace(shape, facet=facet))
    values = fixed | question.values()
    return Statement(sql, {name: values[name] for name in names})


@lru_cache(maxsize=512)
def _compiled(shape: Shape) -> tuple[bytes, dict[str, Any], tuple[str, ...]]:
    return _compile(_question(shape))


def _compile(question: Select[Any]) -> tuple[bytes, dict[str, Any], tuple[str, ...]]:
    compiled = question.compile(dialect=_DIALECT)
    return str(compiled).encode(), dict(compiled.params), tuple(compiled.params)


def _question(shape: Shape) -> Select[Any]:
    of = collection(shape.collection)
    asked = _asked(of, shape)
    if shape.output == "total":
        counted = select(_version(of), func.count()).select_from(of.counted)
        return counted.where(of.listed)
    if shape.output == "count":
        rows = of.details if _needs_details(of, shape) else of.rows
        capped = (
            select(literal_column("1").label("one")).select_from(rows).where(*asked)
            .limit(COUNTED + 1).subquery()
        )  # fmt: skip
        return select(func.count()).select_from(capped)
    if shape.output == "facet":
        return _facet(of, shape, asked)
    shown = [one for one in of.fields if shape.properties is None or one.name in shape.properties]
    ordered = _ordering(of, shape.order, ranked=shape.words > 0)
    keys = [one.column for one in ordered]
    geometry = _geometry(of, shape)
    columns: list[ColumnElement[Any]]
    if shape.output == "feature":
        columns = [_feature(of, shown, _drawn(shape, geometry)).label("feature")]
        columns += [one.label(f"key{i}") for i, one in enumerate(keys)]
        columns.append(_version(of).label("version"))
    else:
        columns = [of.item_id.label("id")]
        columns += [one.column.label(f"p_{one.name}") for one in shown]
        columns.append(_drawn(shape, geometry).label("geometry"))
    if shape.after is not None:
        asked.append(_beyond(ordered, shape.after))
    if not shape.offset:
        found = select(*columns).select_from(of.details).where(*asked)
        found = found.order_by(*_by(ordered))
        return found.limit(bindparam("take", type_=Integer)) if shape.limited else found
    # The page is cut first: an expression of a skipped row would be computed for nothing.
    inner = of.details if _needs_details(of, shape) else of.rows
    page = (
        select(*(one.label(f"k{i}") for i, one in enumerate(of.keys)))
        .select_from(inner).where(*asked).order_by(*_by(ordered))
        .limit(bindparam("take", type_=Integer)).offset(bindparam("skip", type_=Integer))
        .subquery("page")
    )  # fmt: skip
    same = [one == page.c[f"k{i}"] for i, one in enumerate(of.keys)]
    return select(*columns).select_from(of.details).where(
        tuple_(*of.keys).in_(select(*page.c)) if len(same) > 1 else of.keys[0].in_(select(*page.c))
    ).order_by(*_by(ordered))  # fmt: skip


def _facet(of: Collection, shape: Shape, asked: Sequence[ColumnElement[bool]]) -> Select[Any]:
    one = of.by_name[shape.facet or ""]
    value = func.unnest(one.column) if one.kind == "array" else one.column
    values = select(value.label("value")).select_from(of.details).where(*asked).subquery("v")
    many = func.count()
    return (
        select(values.c.value, many).where(values.c.value.is_not(None)).group_by(values.c.value)
        .order_by(many.desc(), values.c.value).limit(FACET_VALUES + 1)
    )  # fmt: skip


def _needs_details(of: Collection, shape: Shape) -> bool:
    named = {*shape.equal, *(one.name for one in shape.order)}
    if shape.tree is not None:
        named |= names_of(shape.tree)
    return any(of.by_name[name].detail for name in named if name in of.by_name)


def _asked(of: Collection, shape: Shape) -> list[ColumnElement[bool]]:
    """The conditions that choose the items, in the order of their cost."""
    found: list[ColumnElement[bool]] = []
    if shape.item:
        found.append(of.identified)
    dated = of.validity is not None and (shape.start or shape.end)
    if of.validity is not None and shape.end:
        begun = of.validity[0]
        found.append(or_(begun.is_(None), begun <= bindparam("end", type_=Date)))
    if of.validity is not None and shape.start:
        ended = of.validity[1]
        found.append(or_(ended.is_(None), ended > bindparam("start", type_=Date)))
    historic = shape.item and of.validity is not None
    if of.always_listed or not (dated or historic):
        found.append(of.listed)
    for name in shape.equal:
        one = of.by_name[name]
        found.append(one.column == bindparam(f"equal_{name}", type_=TYPES[one.kind]))
    if shape.looked_up and of.lookup is not None:
        # Rare states are few rows of `status`, and would be 840,000 computations otherwise.
        lookup = of.lookup
        for name in shape.looked_up:
            value = (
                bindparam("code_state", type_=SmallInteger) if name == "state"
                else bindparam(f"equal_{name}", type_=TYPES[of.by_name[name].kind])
            )  # fmt: skip
            lookup = lookup.where(of.looked_up[name] == value)
        found.append(tuple_(*of.keys).in_(lookup))
    if "ids" in shape.among:
        found.append(of.item_id == func.any(bindparam("ids", type_=ARRAY(Text))))
    if "external_ids" in shape.among and of.external is not None:
        found.append(of.external)
    if shape.words and of.words is not None:
        french, plain = _searched()
        found.append(or_(of.words.op("@@")(french), of.words.op("@@")(plain)))
    for i in range(0 if of.words is not None else shape.words):
        word = bindparam(f"word{i}", type_=Text)
        found.append(
            or_(
                *(
                    (one if of.folded else func.lower(func.unaccent(one))).like(word)
                    for one in of.searched
                )
            )
        )
    if shape.tree is not None:
        found.append(condition(shape.tree, of))
    if shape.box:
        box = func.ST_GeomFromWKB(bindparam("box", type_=LargeBinary), 4326)
        found.append(func.ST_Intersects(of.geometry, box))
    return found


def _searched() -> tuple[Any, Any]:
    """Both configurations, as the search of records has them: with and without word forms."""
    asked = bindparam("asked_words", type_=Text)
    return (
        func.websearch_to_tsquery(literal_column("'catalog.french'::regconfig"), asked),
        func.websearch_to_tsquery(literal_column("'catalog.plain'::regconfig"), asked),
    )


def _rank(words: ColumnElement[Any]) -> ColumnElement[int]:
    """How well an item answers the words: as catalog/sql/record_search.sql ranks."""
    french, plain = _searched()
    rank = func.ts_rank(words, french.op("||")(plain), literal_column("1"))
    return cast(rank * literal_column("1e9"), BigInteger)


@dataclass(frozen=True, slots=True)
class _Ordered:
    column: ColumnElement[Any]
    descending: bool
    nullable: bool


def _ordering(of: Collection, order: Sequence[Order], *, ranked: bool) -> list[_Ordered]:
    """What was asked, ended by the keys so that no two items are equal.

    Words that are indexed put the best answer first, unless another order is asked.
    """
    if ranked and of.words is not None and not order:
        best = _Ordered(_rank(of.words), True, nullable=False)
        return [best] + [_Ordered(one, False, nullable=False) for one in of.keys]
    # A join may give null where the column's own table never does.
    found = [_Ordered(of.by_name[one.name].column, one.descending, nullable=True) for one in order]
    return found + [_Ordered(one, False, nullable=False) for one in of.keys]


def _by(ordered: Sequence[_Ordered]) -> list[Any]:
    """Nulls last both ways; keys are never null, so that an index gives their order by itself."""
    found: list[Any] = []
    for one in ordered:
        directed = one.column.desc() if one.descending else one.column.asc()
        found.append(directed.nulls_last() if one.nullable else directed)
    return found


def _beyond(ordered: Sequence[_Ordered], nulls: Sequence[bool]) -> ColumnElement[bool]:
    """What comes after the cursor, in the order of `_by`."""
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


def _geometry(of: Collection, shape: Shape) -> ColumnElement[Any]:
    found: ColumnElement[Any] = of.geometry
    if shape.srid != 4326:
        found = func.ST_Transform(found, literal_column(str(int(shape.srid))))
    return func.ST_FlipCoordinates(found) if shape.flipped else found


def _drawn(shape: Shape, geometry: ColumnElement[Any]) -> ColumnElement[Any]:
    """The geometry as the output wants it: GeoJSON, WKB or WKT."""
    if not shape.geometry:
        return _quoted("null") if shape.output == "feature" else literal_column("null::text")
    digits: ColumnElement[int] = literal_column(
        str(DEGREES if shape.srid in IN_DEGREES else METRES)
    )
    match shape.output:
        case "feature":
            return func.coalesce(func.ST_AsGeoJSON(geometry, digits), _quoted("null"))
        case "texts":
            return func.ST_AsText(geometry, digits)
    return func.ST_AsBinary(geometry)


def _feature(of: Collection, shown: Sequence[Field], geometry: Any) -> ColumnElement[str]:
    """One GeoJSON feature as text, made by PostgreSQL: Python never sees its parts."""
    properties: list[Any] = []
    for one in shown:
        properties += [literal_column(f"'{one.name}'"), jsonable(one)]
    return func.concat(
        _quoted('{"type":"Feature","id":'), func.to_json(of.item_id),
        _quoted(',"geometry":'), geometry,
        _quoted(',"properties":'),
        func.json_strip_nulls(func.json_build_object(*properties)) if of.bare
        else func.json_build_object(*properties),
        *(part for name, one in of.members
          for part in (_quoted(f',"{name}":'), func.coalesce(cast(one, Text), _quoted("null")))),
        _quoted("}"),
    )  # fmt: skip


def _quoted(text: str) -> ColumnElement[str]:
    """A constant of this module as SQL: no need to send it each time."""
    return literal_column(f"'{text}'")


def _version(of: Collection) -> ColumnElement[Any]:
    return literal_column("0") if of.version is None else of.version


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.astimezone(UTC).date()


def _literal(word: str) -> str:
    """A word that LIKE takes as it is written."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def cursor_values(
    of: Collection, order: Sequence[Order], sent: Sequence[Any], *, ranked: bool
) -> tuple[Any, ...]:
    """The values of a cursor as they can be bound. Raises Invalid when they are not ours."""
    ordered = _ordering(of, order, ranked=ranked)
    if len(sent) != len(ordered):
        raise Invalid("This cursor belongs to another question.", parameter="cursor")
    return tuple(_bound(one, value) for one, value in zip(ordered, sent, strict=True))


def _bound(one: _Ordered, value: Any) -> Any:
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
