"""What `datetime=` and `date=` mean, in one place, for every channel.

The grammar is an RFC 3339 date (`2024-05-01`) or date-time with its offset
(`2024-05-01T09:00:00Z`). A bare date is read as the end of that day, UTC: what was observed
on a day is part of that day, on every channel.
"""

import re
from datetime import UTC, date, datetime, time

from config.errors import Invalid

FIRST_YEAR, LAST_YEAR = 1900, 2100
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_END_OF_DAY = time(23, 59, 59, 999999, tzinfo=UTC)


def end_of(day: date) -> datetime:
    """The last microsecond of a day, UTC."""
    return datetime.combine(day, _END_OF_DAY)


def read_day(text: str) -> date:
    """An RFC 3339 full-date between 1900 and 2100. Raises Invalid."""
    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid("A date is written 2024-05-01.") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Invalid(f"A date lies between the years {FIRST_YEAR} and {LAST_YEAR}.")
    return day


def read_moment(text: str) -> datetime:
    """An RFC 3339 date (its end, UTC) or date-time, between 1900 and 2100. Raises Invalid."""
    if _DATE.fullmatch(text):
        return end_of(read_day(text))
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("A date-time is written 2024-05-01 or 2024-05-01T09:00:00Z.") from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise Invalid(f"A date lies between the years {FIRST_YEAR} and {LAST_YEAR}.")
    return moment
