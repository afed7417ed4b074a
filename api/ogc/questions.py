"""From a query string to a `catalog.items.Question`: the parameters of items, read strictly."""

import base64
import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import psycopg

from api.moments import read_day, read_moment
from api.ogc.spans import read_span
from api.parameters import Parameter, choice, limit, text
from catalog import cql2, cql2_json
from catalog.collections import Collection, Field, collection
from catalog.cql2 import Node
from catalog.item_orders import Order, cursor_values
from catalog.items import MOST, Question, Span
from catalog.naming import fold
from catalog.states import Simple, State
from config.errors import Invalid
from geo import ogc_crs
from geo.ogc_crs import Crs

if TYPE_CHECKING:
    from api.site import Site

_NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"\d{1,40}", re.ASCII)
MOST_WORDS = 8
MOST_IDS = 100
MOST_FILTER = 5_000  # characters: three times that, once escaped, fits in an address
FARTHEST = 10**12  # an offset beyond this is not a page but a mistake; it is empty all the same


# Two of the five words stand for one state each.
_ONE_STATE = {Simple.ABSENT: State.ABSENT.slug, Simple.OTHER: State.OTHER_BODY.slug}


def _crs(name: str, description: str) -> Parameter[Crs]:
    return Parameter(
        name, description, lambda value: ogc_crs.read(value, name),
        lambda: {"type": "string", "format": "uri", "default": ogc_crs.CRS84},
        ogc_crs.DEFAULT,
    )  # fmt: skip


def read_box(value: str) -> tuple[float, ...]:
    parts = value.split(",")
    numbers = [float(one) if _NUMBER.fullmatch(one.strip()) else math.nan for one in parts]
    if len(numbers) not in (4, 6) or not all(map(math.isfinite, numbers)):
        raise Invalid("A bbox is 4 finite numbers, or 6 with heights, between commas.")
    return tuple(numbers)


def _read_offset(value: str) -> int:
    if not _WHOLE.fullmatch(value):
        raise Invalid("An offset is a whole number, 0 or more.")
    return min(int(value), FARTHEST)


def _names(value: str) -> tuple[str, ...]:
    return tuple(one for one in value.split(",") if one)


def _read_cursor(value: str) -> list[Any]:
    try:
        if len(value) > 2000:
            raise ValueError
        found = json.loads(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
    except ValueError:
        raise Invalid("A cursor is what the previous page's `next` link gave.") from None
    if not isinstance(found, list) or any("\x00" in one for one in found if isinstance(one, str)):
        raise Invalid("A cursor is what the previous page's `next` link gave.")
    return found


def cursor_of(values: tuple[Any, ...]) -> str:
    """The opaque text that stands for the last item of a page."""
    plain = [one.isoformat() if isinstance(one, date | datetime) else one for one in values]
    packed = json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


LIMIT = limit(default=10, maximum=MOST, what="items")
OFFSET = Parameter(
    "offset", "How many items to skip; `next` links use a cursor, which is faster and stays right "
    "while items come and go.", _read_offset, lambda: {"type": "integer", "minimum": 0}, 0,
)  # fmt: skip
CURSOR: Parameter[list[Any]] = Parameter(
    "cursor", "Where the previous page ended, as its `next` link says.", _read_cursor,
    lambda: {"type": "string", "maxLength": 2000},
)  # fmt: skip
BBOX: Parameter[tuple[float, ...]] = Parameter(
    "bbox", "Only items that intersect this box, and those without geometry: 4 numbers, or 6 "
    "whose heights are ignored, in the order of `bbox-crs`. A west greater than the east "
    "crosses the 180th meridian.",
    read_box,
    lambda: {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
)  # fmt: skip
BBOX_CRS = _crs("bbox-crs", "The CRS of `bbox`.")
CRS = _crs("crs", "The CRS of geometries in the answer.")
DATETIME: Parameter[Span] = Parameter(
    "datetime", "An RFC 3339 date or date-time, or an interval `a/b` where `..` is open. For "
    "services, the state at that instant (the end of an interval); for communes, those that "
    "existed then; other collections have no time and answer all their items.",
    read_span, lambda: {"type": "string"},
)  # fmt: skip
PROPERTIES: Parameter[tuple[str, ...]] = Parameter(
    "properties", "The properties to give, between commas.", _names,
    lambda: {"type": "array", "items": {"type": "string"}},
)  # fmt: skip
SORTBY: Parameter[tuple[str, ...]] = Parameter(
    "sortby", "Sortables between commas, each after + (ascending, also without sign) or -.",
    _names, lambda: {"type": "array", "items": {"type": "string", "pattern": r"[+-]?\w+"}},
)  # fmt: skip
SKIP_GEOMETRY = choice(
    "skipGeometry", "Whether to leave geometries out.", lambda: ("true", "false"), default="false"
)
Q = text("q", "Words that the name holds, whatever their case.", max_length=200)
FILTER = text("filter", "A CQL2 condition on the queryables.", max_length=MOST_FILTER)
FILTER_LANG = choice(
    "filter-lang", "The language of `filter`.", lambda: ("cql2-text", "cql2-json"),
    default="cql2-text",
)  # fmt: skip
FILTER_CRS = _crs("filter-crs", "The CRS of geometries in `filter`.")
COMMON = (
    LIMIT, OFFSET, CURSOR, BBOX, BBOX_CRS, CRS, DATETIME, PROPERTIES, SORTBY, SKIP_GEOMETRY, Q,
    FILTER, FILTER_LANG, FILTER_CRS,
)  # fmt: skip
_RESERVED = {one.name for one in COMMON} | {"f", "lang"}


def _read_ids(value: str) -> tuple[str, ...]:
    found = _names(value)
    if len(found) > MOST_IDS or max(map(len, found), default=0) > 1000:
        raise Invalid(f"At most {MOST_IDS} identifiers, of at most 1000 characters.")
    return found


def _identifiers(name: str, description: str) -> Parameter[tuple[str, ...]]:
    return Parameter(
        name, description, _read_ids,
        lambda: {"type": "array", "items": {"type": "string"}, "maxItems": MOST_IDS},
    )  # fmt: skip


IDS = _identifiers("ids", "Only the records with these ids, between commas.")
EXTERNAL_IDS = _identifiers(
    "externalIds", "Only what some portal calls by one of these identifiers, between commas."
)
FACETS: Parameter[tuple[str, ...]] = Parameter(
    "facets", "Facets to count among all that matches, between commas (draft of Records part 2): "
    "see `/collections/records/facets`.", _names,
    lambda: {"type": "array", "items": {"type": "string"}},
)  # fmt: skip


def parameters_of_items(of: Collection) -> tuple[Parameter[Any], ...]:
    """All that a page of a collection understands, besides f and lang."""
    more = (IDS, EXTERNAL_IDS, FACETS) if of.external is not None else ()
    return (*COMMON, *more, *queryable_parameters(of))


def sortables(of: Collection) -> dict[str, Field]:
    """What can be sorted without reading the whole country: no arrays, nothing of a join."""
    return {
        one.name: one for one in of.fields
        if one.queryable and not one.detail and one.kind not in ("array", "object")
    }  # fmt: skip


def queryable_parameters(of: Collection) -> tuple[Parameter[Any], ...]:
    """Each queryable is also a parameter: only items whose property equals the value."""
    return _parameters_of(of.id)


@cache
def _parameters_of(id: str) -> tuple[Parameter[Any], ...]:
    of = collection(id)
    return tuple(
        _equal(of, one) for one in of.queryables.values()
        if one.kind not in ("array", "object") and one.name not in _RESERVED
    )  # fmt: skip


def _equal(of: Collection, field: Field) -> Parameter[Any]:
    def read(value: str) -> Any:
        match field.kind:
            case "integer":
                if not re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
                    raise Invalid("A whole number is expected.")
                return int(value)
            case "number":
                if not _NUMBER.fullmatch(value) or not math.isfinite(float(value)):
                    raise Invalid("A finite number is expected.")
                return float(value)
            case "date":
                return read_day(value)
            case "date-time":
                return read_moment(value)
        if of.external is not None and field.name == "type" and "," in value:
            # The standard of records has a list here; every type there is asks nothing.
            asked = set(_names(value))
            if asked == set(field.enum):
                return None
            value = min(asked) if len(asked) == 1 else value
        if field.enum and value not in field.enum:
            raise Invalid(f"Unknown value; expected one of: {', '.join(field.enum)}.")
        if len(value) > 500:
            raise Invalid("At most 500 characters.")
        return value

    return Parameter(field.name, field.title[1], read, lambda: schema_of(field))


def schema_of(field: Field) -> dict[str, Any]:
    """The JSON Schema of a property's value."""
    match field.kind:
        case "date" | "date-time":
            found: dict[str, Any] = {"type": "string", "format": field.kind}
        case "array":
            found = {"type": "array", "items": {"type": "string"}}
        case _:
            found = {"type": field.kind}
    if field.enum:
        found["enum"] = list(field.enum)
    return found


def context_of(site: "Site", origin: str) -> dict[str, Any]:
    """What collections need besides the question: the geography, the services, our address."""
    services = sorted(site.referential.services)
    return {
        "geography": site.edition.generation.geography,
        "services": services,
        "full_levels": [site.referential.services[one].full_level for one in services],
        "origin": origin,
        "satisfaction_threshold": site.settings.voices.threshold,
    }


def question_of(
    of: Collection, asked: Mapping[str, Any], context: Mapping[str, Any]
) -> tuple[Question, Crs]:
    """The question of what was read. Raises Invalid naming the parameter."""
    crs: Crs = asked["crs"]
    order = _order(of, asked["sortby"] or ())
    words = words_of(of, asked["q"])
    after = None
    if asked["cursor"] is not None:
        if asked["offset"]:
            raise Invalid("Give a cursor or an offset, not both.", parameter="offset")
        after = cursor_values(of, order, asked["cursor"], ranked=bool(words))
    properties = asked["properties"]
    if properties is not None and (unknown := set(properties) - set(of.by_name)):
        raise Invalid(
            f"There is no property {min(unknown)[:40]!r}; there are: {', '.join(of.by_name)}.",
            parameter="properties",
        )
    box = None
    if asked["bbox"] is not None:
        box = ogc_crs.box(asked["bbox"], asked["bbox-crs"])
    equal = {
        one.name: asked[one.name]
        for one in queryable_parameters(of)
        if asked.get(one.name) is not None
    }
    if of.time == "state" and equal.get("simple") in _ONE_STATE:
        # The same condition, in the words that can be looked up.
        equal.setdefault("state", _ONE_STATE[equal["simple"]])
    return Question(
        of=of,
        context=context,
        limit=asked["limit"],
        offset=asked["offset"],
        after=after,
        order=order,
        box=box,
        span=asked["datetime"],
        equal=equal,
        words=words,
        among={
            name: asked[sent]
            for name, sent in (("ids", "ids"), ("external_ids", "externalIds"))
            if asked.get(sent)
        },
        tree=_tree(asked),
        properties=properties,
        geometry=asked["skipGeometry"] != "true",
        srid=crs.epsg,
        flipped=crs.flipped,
    ), crs


def _order(of: Collection, asked: tuple[str, ...]) -> tuple[Order, ...]:
    known = sortables(of)
    found = [Order(one.lstrip("+- "), one.startswith("-")) for one in asked]
    for one in found:
        if one.name not in known:
            raise Invalid(
                f"{one.name[:40]!r} is not sortable; there are: {', '.join(known)}.",
                parameter="sortby",
            )
    if len({one.name for one in found}) != len(found) or len(found) > 4:
        raise Invalid("At most 4 different sortables.", parameter="sortby")
    return tuple(found)


def words_of(of: Collection, asked: str | None) -> tuple[str, ...]:
    """What `q` looks for. Of records, as their standard says: terms between commas, any of which
    may match; the words of a term follow each other."""
    if of.words is not None:
        terms = [" ".join(one.replace('"', " ").split()) for one in (asked or "").split(",")]
        if sum(len(one.split()) for one in terms) > MOST_WORDS:
            raise Invalid(f"At most {MOST_WORDS} words.", parameter="q")
        found = " or ".join(f'"{one}"' for one in terms if one)
        return (found,) if found else ()
    words = fold(asked or "").split()
    if len(words) > MOST_WORDS:
        raise Invalid(f"At most {MOST_WORDS} words.", parameter="q")
    return tuple(words)


def _tree(asked: Mapping[str, Any]) -> Node | None:
    if asked["filter"] is None:
        return None
    place = ogc_crs.placer(asked["filter-crs"])
    read = cql2.parse if asked["filter-lang"] == "cql2-text" else cql2_json.parse
    return read(asked["filter"], place)


def unanswerable(error: psycopg.Error) -> Invalid:
    """What only the computation shows: a division by zero, a number out of range..."""
    reason = error.diag.message_primary or "it cannot be computed"
    return Invalid(f"The filter has no answer: {reason[:200]}.", parameter="filter")


def outside(error: psycopg.Error) -> Invalid:
    return Invalid(
        "Some of these geometries lie outside the area of this CRS: ask for a `bbox` inside it.",
        parameter="crs",
    )
