"""`datetime` of OGC API: an instant, an interval open or closed, or one end and a duration."""

import calendar
import re
from datetime import UTC, datetime, time, timedelta

from api.moments import read_day, read_moment
from catalog.items import Span
from config.errors import Invalid

# ISO 8601. The standard has no durations, but its test suite sends them (FeaturesTime, example 8).
_DURATION = re.compile(
    r"P(?=[\dT])(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?"
    r"(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?",
    re.ASCII,
)


def read_span(value: str) -> Span:
    """Raises Invalid."""
    start, slash, end = value.partition("/")
    if not slash:
        moment = read_moment(value)
        return Span(moment, moment)
    if (lasts := _DURATION.fullmatch(end)) and start not in ("", ".."):
        first = _beginning(start)
        return Span(first, _moved(first, lasts, 1))
    if (lasts := _DURATION.fullmatch(start)) and end not in ("", ".."):
        last = read_moment(end)
        return Span(_moved(last, lasts, -1), last)
    ends = [None if one in ("", "..") else one for one in (start, end)]
    if ends == [None, None]:
        raise Invalid("An interval has at least one end.")
    opened = None if ends[0] is None else _beginning(ends[0])
    closed = None if ends[1] is None else read_moment(ends[1])
    if opened and closed and opened > closed:
        raise Invalid("An interval begins before it ends.")
    return Span(opened, closed)


def _beginning(value: str) -> datetime:
    if len(value) == 10:
        return datetime.combine(read_day(value), time(0, tzinfo=UTC))
    return read_moment(value)


def _moved(moment: datetime, duration: re.Match[str], way: int) -> datetime:
    """`moment` and a duration after it, or before it when `way` is -1."""
    years, months, weeks, days, hours, minutes, seconds = (
        way * int(one or 0) for one in duration.groups()
    )
    try:
        year, month = divmod((moment.year + years) * 12 + moment.month - 1 + months, 12)
        # A month after 31 January is its last day.
        day = min(moment.day, calendar.monthrange(year, month + 1)[1])
        moved = moment.replace(year=year, month=month + 1, day=day) + timedelta(
            weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds
        )
    except (ValueError, OverflowError, calendar.IllegalMonthError):
        raise Invalid("This duration leaves the calendar.") from None
    return read_moment(moved.isoformat())
