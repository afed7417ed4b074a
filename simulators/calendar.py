"""Until when a version of a model can be pinned: announced in headers, in the API and on a page.

The dates are data (calendar.toml). A version without an announced end has none of these headers.
"""

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path

import msgspec

from config.errors import Invalid

PATH = Path(__file__).with_name("calendar.toml")
STAYS = timedelta(days=730)  # after its successor came
ANNOUNCED = timedelta(days=365)  # before its end


class Period(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """One version: `deprecated` is the day from which nobody should begin to use it, `sunset` the
    day on which it ends."""

    version: str
    since: date
    successor: str | None = None
    deprecated: date | None = None
    sunset: date | None = None

    def headers(self, page: str) -> dict[str, str]:
        """RFC 9745 `Deprecation`, RFC 8594 `Sunset`, and the page that explains them."""
        found: dict[str, str] = {}
        links = []
        if self.deprecated is not None:
            found["Deprecation"] = f"@{int(_midnight(self.deprecated).timestamp())}"
            links.append(f'<{page}>; rel="deprecation"; type="text/html"')
        if self.sunset is not None:
            found["Sunset"] = format_datetime(_midnight(self.sunset), usegmt=True)
            links.append(f'<{page}>; rel="sunset"; type="text/html"')
        if links:
            found["Link"] = ", ".join(links)
        return found


class _File(msgspec.Struct, frozen=True):
    model: list[Period]


@cache
def published() -> Mapping[str, Period]:
    """Every version that was ever offered, by its name."""
    return read(PATH.read_text(encoding="utf-8"))


def read(text: str) -> Mapping[str, Period]:
    """A calendar. Raises Invalid when it breaks what is promised."""
    file = msgspec.convert(tomllib.loads(text), _File)
    found = {one.version: one for one in file.model}
    if len(found) != len(file.model):
        raise Invalid("A version is twice in the calendar of models.")
    for one in file.model:
        if one.sunset is None:
            continue
        if one.deprecated is None or one.sunset < one.deprecated + ANNOUNCED:
            raise Invalid(f"{one.version}: an end is announced a year before at least.")
        after = found.get(one.successor or "")
        if after is None or one.sunset < after.since + STAYS:
            raise Invalid(f"{one.version}: a version stays two years after its successor.")
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
