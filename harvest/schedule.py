"""When a source is harvested again: `every 6 h`, or a cron line in UTC. Pure.

What was missed while nothing ran is made up for once, not once per day that was missed.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from croniter import croniter  # type: ignore[import-untyped]

from config.errors import Invalid

EVERY = re.compile(r"every ([1-9]\d{0,3}) (min|h|d)", re.ASCII)
UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
LEAST = timedelta(minutes=5)  # how often the worker looks: no source is asked more often


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule that exists can be followed."""

    text: str

    def __post_init__(self) -> None:
        every = self._every
        if every is None and not (len(self.text.split()) == 5 and croniter.is_valid(self.text)):
            raise Invalid(
                f"The schedule {self.text!r} is neither like `every 6 h` (min, h, d) nor five "
                "cron fields in UTC."
            )
        if every is not None and every < LEAST:
            raise Invalid(f"The schedule {self.text!r} is shorter than five minutes.")

    @property
    def _every(self) -> timedelta | None:
        found = EVERY.fullmatch(self.text)
        return UNITS[found[2]] * int(found[1]) if found else None

    def after(self, last: datetime) -> datetime:
        """The first instant after `last` at which the source is due."""
        if (every := self._every) is not None:
            return last + every
        following: datetime = croniter(self.text, last).get_next(datetime)
        return following

    def due(self, last: datetime | None, now: datetime) -> bool:
        """Whether to harvest now, when the last try began at `last` (None: never tried)."""
        return last is None or self.after(last) <= now
