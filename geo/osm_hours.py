"""Opening hours in OpenStreetMap's `opening_hours` syntax, as far as one ordinary week says it all.

Read: days (`Mo-Fr`, `Mo,We`), hours (`09:00-12:00,14:00-17:00`, past midnight too), `off`, `24/7`,
rules after `;` that replace and after `,` that add, and `PH off`, which is what is always assumed.
Everything that makes weeks differ (months, school holidays, first Mondays, « on appointment »)
is refused whole: half of such hours would be wrong on some day.
Syntax: https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification
"""

import re

from config.errors import Invalid
from geo.opening_hours import Hours, Interval, week

NAMES = {name: day for day, name in enumerate(("mo", "tu", "we", "th", "fr", "sa", "su"))}
DAY = r"(?:mo|tu|we|th|fr|sa|su)"
DAYS = rf"{DAY}(?:\s*-\s*{DAY})?(?:\s*,\s*{DAY}(?:\s*-\s*{DAY})?)*"
SPAN = r"\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}"
SPANS = rf"{SPAN}(?:\s*,\s*{SPAN})*"
RULE = re.compile(
    rf"\s*(?:(?P<days>{DAYS})(?:\s*,\s*ph)?\s*:?\s*)?(?P<hours>{SPANS}|off|closed|24/7)\s*"
)
HOLIDAYS = re.compile(r"\s*ph\s+(?:off|closed)\s*")
LONGEST = 1000  # characters: a week of seven different days has 300
DAY_MINUTES = 1440


def parse(text: str) -> Hours | None:
    """The week that the text says; None for an empty one. Raises Invalid for anything else."""
    if not text.strip():
        return None
    wrong = Invalid(f"Opening hours that do not say one ordinary week: {text[:120]!r}.")
    if len(text) > LONGEST:
        raise wrong
    days: list[list[Interval]] = [[] for _ in range(7)]
    for rules in text.lower().split(";"):
        if not rules.strip() or HOLIDAYS.fullmatch(rules):
            continue
        position, adds = 0, False
        while position < len(rules):
            found = RULE.match(rules, position)
            if found is None:
                raise wrong
            _apply(days, found["days"], found["hours"], adds)
            position = found.end()
            if position < len(rules):
                if rules[position] != ",":
                    raise wrong
                position, adds = position + 1, True
    return week(days) if any(days) else None


def _apply(days: list[list[Interval]], selector: str | None, hours: str, adds: bool) -> None:
    chosen = _days(selector) if selector else list(range(7))
    if not adds:
        for day in chosen:
            days[day].clear()
    if hours in ("off", "closed"):
        return
    if hours == "24/7":
        for day in chosen:
            days[day].append((0, DAY_MINUTES))
        return
    for start, end in (_span(part) for part in hours.split(",")):
        for day in chosen:
            if end <= DAY_MINUTES:
                days[day].append((start, end))
            else:  # past midnight: the rest belongs to the next day
                days[day].append((start, DAY_MINUTES))
                days[(day + 1) % 7].append((0, end - DAY_MINUTES))


def _days(selector: str) -> list[int]:
    chosen: list[int] = []
    for part in selector.split(","):
        first, _, last = (name.strip() for name in part.partition("-"))
        start = NAMES[first]
        end = NAMES[last] if last else start
        chosen.extend(
            range(start, end + 1) if start <= end else (*range(start, 7), *range(end + 1))
        )
    return chosen


def _span(text: str) -> Interval:
    start, end = (_minute(part.strip()) for part in text.split("-"))
    if start > DAY_MINUTES or end > 2 * DAY_MINUTES or start == end:
        raise Invalid(f"{text.strip()!r} is not a span of hours.")
    return start, end if end > start else end + DAY_MINUTES


def _minute(text: str) -> int:
    hour, minute = text.split(":")
    if int(minute) > 59:
        raise Invalid(f"{text!r} is not a time of day.")
    return int(hour) * 60 + int(minute)
