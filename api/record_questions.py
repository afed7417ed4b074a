"""What may be asked of the records of portals, by the page and by the API: one reading of both."""

from collections.abc import Callable, Mapping
from datetime import datetime, time
from typing import Any

from api.moments import read_day, read_moment
from api.parameters import Parameter, choice, limit, text
from catalog.records import CURSOR, LONGEST, MOST, TYPES, Search
from config.errors import Invalid

LONGEST_VALUE = 300  # characters of a publisher or a keyword

type Interval = tuple[datetime | None, datetime | None]
type Box = tuple[float, float, float, float]


def _read_box(value: str) -> Box:
    parts = value.split(",")
    wrong = Invalid("Four finite numbers are expected: west, south, east, north in degrees.")
    if len(parts) != 4 or not all(one.strip() and len(one) <= 40 for one in parts):
        raise wrong
    try:
        west, south, east, north = (float(one) for one in parts)
    except ValueError:
        raise wrong from None
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise wrong  # NaN and infinities fail every comparison
    return west, south, east, north


def _read_interval(value: str) -> Interval:
    start, slash, end = value.partition("/")
    found = (_start(start), _end(end)) if slash else (_start(value), _end(value))
    if found == (None, None):
        raise Invalid("An interval has a beginning or an end, such as 2024-01-01/..")
    if found[0] and found[1] and found[0] > found[1]:
        raise Invalid("An interval ends after it begins.")
    return found


def _start(value: str) -> datetime | None:
    if value in ("..", ""):
        return None
    moment = read_moment(value)
    if len(value) == 10:  # a day: its beginning
        read_day(value)
        return datetime.combine(moment.date(), time(), moment.tzinfo)
    return moment


def _end(value: str) -> datetime | None:
    return None if value in ("..", "") else read_moment(value)  # of a day, its end


BBOX: Parameter[Box] = Parameter(
    "bbox",
    "West, south, east, north in degrees (WGS 84); west of east unless the box crosses the "
    "antimeridian. Records without an extent do not match.",
    _read_box,
    lambda: {"type": "string", "pattern": r"^[-+.eE0-9]+(,[-+.eE0-9]+){3}$"},
    example="4.7,45.5,5.1,45.9",
)
UPDATED: Parameter[Interval] = Parameter(
    "updated",
    "When the portal last changed the record: a day, or an interval such as `2024-01-01/..`.",
    _read_interval,
    lambda: {"type": "string", "maxLength": 80},
    example="2024-01-01/..",
)
Q = text("q", "Words of the title, keywords, publisher or description; `-word` excludes, "
         "quotation marks keep words together.", max_length=LONGEST, example="cantine")  # fmt: skip
TYPE = choice("type", "What is described.", lambda: TYPES)
KEYWORD = text("keyword", "A keyword or a theme, as published.", max_length=LONGEST_VALUE)
PUBLISHER = text("publisher", "A publisher, as published.", max_length=LONGEST_VALUE)
LICENCE = text("licence", "A licence, as shown.", max_length=LONGEST_VALUE)
SOURCE = text("source", "The portal it was read from.", max_length=80, pattern="[a-z0-9-]+")
FORMAT = text("format", "A format of one of its files, such as `CSV`.", max_length=100)
SORT = choice("sort", "The order. Absent: by relevance when there are words, else the newest "
              "first.", lambda: ("relevance", "updated"))  # fmt: skip
LIMIT = limit(default=20, maximum=MOST, what="records")
CURSOR_OF_PAGE = text("cursor", "The `next` of the previous page.", max_length=40,
                      pattern=CURSOR.pattern)  # fmt: skip

FILTERS: tuple[Parameter[Any], ...] = (
    Q, BBOX, TYPE, KEYWORD, PUBLISHER, LICENCE, SOURCE, FORMAT, UPDATED, SORT,
)  # fmt: skip
ALL = (*FILTERS, LIMIT, CURSOR_OF_PAGE)


def search_of(ask: Callable[[Parameter[Any]], Any]) -> Search:
    """The question that a handler's parameters make."""
    start, end = ask(UPDATED) or (None, None)
    return Search(
        q=ask(Q), bbox=ask(BBOX), type=ask(TYPE), keyword=ask(KEYWORD), publisher=ask(PUBLISHER),
        licence=ask(LICENCE), source=ask(SOURCE), format=ask(FORMAT), updated_from=start,
        updated_until=end, by_date=ask(SORT) == "updated", limit=ask(LIMIT),
        cursor=ask(CURSOR_OF_PAGE),
    )  # fmt: skip


def sent(arguments: Mapping[str, list[bytes]]) -> dict[str, str]:
    """The filters of a query string as they were sent, for the links of a page."""
    return {
        one.name: values[0].decode("utf-8", "replace")
        for one in FILTERS
        if (values := arguments.get(one.name)) and values[0]
    }
