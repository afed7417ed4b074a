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
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from catalog.collections import Collection, Field, collection, jsonable
from catalog.cql2 import Node, names_of
from catalog.cql2_sql import condition
from catalog.item_orders import Order, Ordered, beyond, by, ordering, searched
from catalog.states import State
from catalog.status import Reason

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
    unplaced: bool = False  # instead of what meets the box: what has no geometry
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
    if shape.output == "total":
        counted = select(_version(of), func.count()).select_from(of.counted)
        return counted.where(of.listed)
    if shape.output == "count":
        rows = of.details if _needs_details(of, shape) else of.rows
        parts: list[Select[Any]] = [
            select(literal_column("1").label("one")).select_from(rows).where(*_asked(of, part))
            .limit(COUNTED + 1) for part in _parts(shape)
        ]  # fmt: skip
        capped = select(_all(parts).c.one).limit(COUNTED + 1).subquery()
        return select(func.count()).select_from(capped)
    if shape.output == "facet":
        return _facet(of, shape)
    shown = [one for one in of.fields if shape.properties is None or one.name in shape.properties]
    ordered = ordering(of, shape.order, ranked=shape.words > 0)
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
    if not shape.limited or (shape.after is None and not shape.offset):
        return _cut(of, shape, of.details, columns, ordered)
    # The page is cut first: an expression of a skipped row would be computed for nothing, and a
    # page far from the first is joined by merging, which reads the other table from its start.
    inner = of.details if _needs_details(of, shape) else of.rows
    named = [one.label(f"k{i}") for i, one in enumerate(of.keys)]
    page = _cut(of, shape, inner, named, ordered).subquery("page")
    same = [one == page.c[f"k{i}"] for i, one in enumerate(of.keys)]
    return select(*columns).select_from(of.details).where(
        tuple_(*of.keys).in_(select(*page.c)) if len(same) > 1 else of.keys[0].in_(select(*page.c))
    ).order_by(*by(ordered))  # fmt: skip


def _parts(shape: Shape) -> tuple[Shape, ...]:
    """What a box gives: what meets it, and what has no geometry (Features part 1, requirement
    fc-bbox-response). Apart, because no index serves « or » through an outer join."""
    return (shape, replace(shape, unplaced=True)) if shape.box else (shape,)


def _all(parts: Sequence[Select[Any]]) -> Any:
    return (parts[0] if len(parts) == 1 else union_all(*parts)).subquery("found")


def _cut(
    of: Collection, shape: Shape, rows: Any, columns: Sequence[Any], ordered: Sequence["Ordered"]
) -> Select[Any]:
    """The items that were asked, in their order, no more than asked, as `columns`."""

    def part(one: Shape, shown: Sequence[Any]) -> Select[Any]:
        found = select(*shown).select_from(rows).where(*_asked(of, one))
        return found if one.after is None else found.where(beyond(ordered, one.after))

    take, skip = bindparam("take", type_=Integer), bindparam("skip", type_=Integer)
    if not shape.box:
        found = part(shape, columns).order_by(*by(ordered))
    else:
        last = [one.column.label(f"by{i}") for i, one in enumerate(ordered)]
        parts = [part(one, [*columns, *last]) for one in _parts(shape)]
        if shape.limited:
            most = take + skip if shape.offset else take
            parts = [one.order_by(*by(ordered)).limit(most) for one in parts]
        both = _all(parts)
        again = [replace(one, column=both.c[f"by{i}"]) for i, one in enumerate(ordered)]
        found = select(*(both.c[one.name] for one in columns)).order_by(*by(again))
    if shape.limited:
        found = found.limit(take)
    return found.offset(skip) if shape.offset else found


def _facet(of: Collection, shape: Shape) -> Select[Any]:
    one = of.by_name[shape.facet or ""]
    value = func.unnest(one.column) if one.kind == "array" else one.column
    values = _all(
        [select(value.label("value")).select_from(of.details).where(*_asked(of, part))
         for part in _parts(shape)]
    )  # fmt: skip
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
        french, plain = searched()
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
    if shape.unplaced:
        found.append(of.geometry.is_(None) if of.unplaced is None else of.unplaced)
    elif shape.box:
        box = func.ST_GeomFromWKB(bindparam("box", type_=LargeBinary), 4326)
        found.append(func.ST_Intersects(of.geometry, box))
    return found


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
