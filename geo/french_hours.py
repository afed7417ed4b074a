"""Opening hours as French files write them: « 09:00 - 12:00 / 13:30 - 17:00 », « Du lundi au
vendredi de 9h à 12h et de 14h à 17h30 ».

Every word must be understood, or nothing is: « 9h à 12h sans rendez-vous » is not 9 to 12.
"""

import re

from config.errors import Invalid
from geo.opening_hours import FRENCH, Hours, Interval, week

TIME = re.compile(r"(?<!\d)(\d{1,2})\s*(?:[h:]\s*(\d{2})?)(?![\d:h])")
# What may stand between times. A full stop only ends a sentence.
JOINTS = re.compile(r"(?:[\s/,;–—-]|à|a|et|de|puis|\.)*")
CLOSED = frozenset({"", "-", "–", "fermé", "fermée", "ferme", "fermeture", "/"})
DAY = rf"(?:{'|'.join(FRENCH)})s?"
DAYS = re.compile(
    rf"(?:\b(?:du|le|les)\s+)?\b(?P<first>{DAY})"
    rf"(?:\s*(?:au|à|-)\s*(?P<last>{DAY})|(?P<more>(?:\s*(?:,|/|et)\s*(?:le\s+|les\s+)?{DAY})+))?"
    r"\s*:?"
)
LONGEST = 1000


def intervals(text: str) -> list[Interval]:
    """The hours of one day. Empty when the text says that it is closed. Raises Invalid."""
    written = " ".join(text.lower().split())
    wrong = Invalid(f"Hours of a day that cannot be read: {text[:120]!r}.")
    if written in CLOSED:
        return []
    if len(written) > LONGEST or JOINTS.fullmatch(TIME.sub(" ", written)) is None:
        raise wrong
    times = [int(hour) * 60 + int(minute or 0) for hour, minute in TIME.findall(written)]
    if len(times) % 2 or any(int(minute or 0) > 59 for _, minute in TIME.findall(written)):
        raise wrong
    # « 00:00 - 00:00 » fills a form's empty box, and some forms write the same hours twice.
    pairs = list(dict.fromkeys(zip(times[::2], times[1::2], strict=True)))
    pairs = [pair for pair in pairs if pair != (0, 0)]
    flat = [time for pair in pairs for time in pair]
    if not flat or flat != sorted(flat) or flat[-1] > 1440:
        raise wrong
    if any(start == end for start, end in pairs):
        raise wrong
    return pairs


def parse_days(days: dict[str, str]) -> Hours | None:
    """A week written day by day (`mo`... -> text). None when no day says hours. Raises Invalid."""
    read = [intervals(days.get(key, "")) for key in ("mo", "tu", "we", "th", "fr", "sa", "su")]
    return week(read) if any(read) else None


def parse_week(text: str) -> Hours | None:
    """A week written as a sentence. None for an empty one. Raises Invalid."""
    written = " ".join(text.lower().split())
    if not written:
        return None
    wrong = Invalid(f"Opening hours that cannot be read: {text[:120]!r}.")
    found = list(DAYS.finditer(written)) if len(written) <= LONGEST else []
    if not found or written[: found[0].start()].strip():
        raise wrong
    read: list[list[Interval]] = [[] for _ in range(7)]
    said: set[int] = set()
    for one, following in zip(found, [*found[1:], None], strict=True):
        end = len(written) if following is None else following.start()
        said_then = written[one.end() : end].strip(" ,;.")
        if not said_then:
            raise wrong  # « lundi - samedi »: days without hours
        hours = intervals(said_then)
        for day in _days(one):
            if day in said:
                raise wrong
            said.add(day)
            read[day] = hours
    return week(read) if any(read) else None


def _days(found: re.Match[str]) -> list[int]:
    first = _day(found["first"])
    if found["last"]:
        last = _day(found["last"])
        return list(
            range(first, last + 1) if first <= last else (*range(first, 7), *range(last + 1))
        )
    return [first, *(_day(name) for name in re.findall(DAY, found["more"] or ""))]


def _day(name: str) -> int:
    return FRENCH.index(name.removesuffix("s") if name not in FRENCH else name)
