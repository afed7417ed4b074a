"""Numbers, dates and distances as French and English readers write them."""

import datetime as dt
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.numbers import format_decimal

NARROW, WIDE = "\u202f", "\u00a0"  # no-break spaces of French typography
_PARIS = ZoneInfo("Europe/Paris")
_FRENCH = str.maketrans({",": NARROW, ".": ","})
_LOCALES = {"fr": "fr_FR", "en": "en_GB"}


# A page writes the same few days and small numbers again and again, and Babel takes its time.
@lru_cache(maxsize=4096)
def _written_day(day: dt.date, locale: str) -> str:
    return format_date(day, format="d MMMM y", locale=locale)


_MOST_PLAIN = 10**15  # up to this a float is written without exponent


def _plain_number(value: float, digits: int, language: str) -> str | None:
    """What Babel writes (a test compares), thirty times sooner; None: leave it to Babel."""
    if not 0 <= value < _MOST_PLAIN:
        return None
    # As Babel: the shortest decimal that reads back as the value, half to even.
    written = f"{Decimal(str(value)):,.{digits}f}"
    return written.translate(_FRENCH) if language == "fr" else written


class Formats:
    """The formats of one language, `fmt` in templates."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._locale = _LOCALES[language]

    def number(self, value: float | None, digits: int = 0) -> str:
        """12 345 (fr) or 12,345 (en); a dash when there is no value."""
        if value is None:
            return "–"
        written = _plain_number(value, digits, self.language)
        if written is None:
            pattern = "#,##0" + ("." + "0" * digits if digits else "")
            written = format_decimal(value, format=pattern, locale=self._locale)
        return written

    def percent(self, share: float | None, digits: int | None = None) -> str:
        """A share between 0 and 1 as a percentage.

        Never rounds to 0 or 100 what is neither: 0.0004 is "< 0,1 %", 0.9996 "> 99,9 %".
        """
        if share is None:
            return "–"
        value = share * 100
        if digits is None:
            digits = 0 if value in (0, 100) or 10 <= value <= 90 else 1
        sign = f"{NARROW}%" if self.language == "fr" else "%"
        least = 10.0**-digits
        if 0 < value < least:
            return f"<{WIDE}{self.number(least, digits)}{sign}"
        if 100 - least < value < 100:
            return f">{WIDE}{self.number(100 - least, digits)}{sign}"
        return f"{self.number(value, digits)}{sign}"

    def date(self, value: dt.date | None) -> str:
        """12 mars 2024, 1er mars 2024, 12 March 2024 (Paris days for moments)."""
        if value is None:
            return "–"
        day = self._day(value)
        written = _written_day(day, self._locale)
        if self.language == "fr" and day.day == 1:
            written = "1er" + written.removeprefix("1")
        return written

    def month(self, value: dt.date) -> str:
        """mars 2024, March 2024."""
        return format_date(self._day(value), format="MMMM y", locale=self._locale)

    def date_time(self, value: dt.datetime, zone: str = "Europe/Paris") -> str:
        """12 mars 2024 à 9 h 05 (fr), 12 March 2024 at 09:05 (en), in a time zone."""
        local = value.astimezone(ZoneInfo(zone))
        if self.language == "fr":
            minutes = f"{WIDE}{local.minute:02d}" if local.minute else ""
            return f"{self.date(local.date())} à {local.hour}{WIDE}h{minutes}"
        return f"{self.date(local.date())} at {format_time(local, 'HH:mm', locale='en_GB')}"

    def distance(self, metres: float | None) -> str:
        """850 m, 3,4 km, 27 km."""
        if metres is None:
            return "–"
        if metres < 1000:
            return f"{self.number(round(metres, -1))}{WIDE}m"
        return f"{self.number(metres / 1000, 1 if metres < 10_000 else 0)}{WIDE}km"

    def size(self, octets: int) -> str:
        """Bytes as kB or MB of 1000, in the language's letters."""
        unit = "o" if self.language == "fr" else "B"
        if octets < 1000:
            return f"{octets}{WIDE}{unit}"
        if octets < 1_000_000:
            return f"{self.number(octets / 1000)}{WIDE}k{unit}"
        return f"{self.number(octets / 1_000_000, 1)}{WIDE}M{unit}"

    def _day(self, value: dt.date) -> dt.date:
        return value.astimezone(_PARIS).date() if isinstance(value, dt.datetime) else value
