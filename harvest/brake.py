"""The brake: a source that suddenly says much less is not believed until a person confirms it.

Pure, and the same for facts, offices and records. Three losses are not believed: everything,
a large share at once, and a large share little by little (what was lost in the last days counts
again, until a person has looked).
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Brake:
    """A loss of more than `share` of what was known, and of more than `rows`, is not believed.

    Neither is the loss of everything. Losses of the last `days` are added up.
    """

    share: float
    rows: int
    days: int = 30

    def holds(self, known: int, lost: int, lost_before: int = 0) -> bool:
        """`known` holds the `lost`, and not what was `lost_before`, in the last days."""
        return self.why(known, lost, lost_before) is not None

    def why(self, known: int, lost: int, lost_before: int = 0) -> str | None:
        """Why the loss is not believed, in one sentence; None: it is."""
        if not known or not lost:
            return None
        if lost == known:
            return f"all {known} would be lost"
        if lost > self.rows and lost / known > self.share:
            return f"{lost} of {known} would be lost ({lost / known:.0%})"
        gone, before = lost + lost_before, known + lost_before
        if gone > self.rows and gone / before > self.share:
            return (
                f"{lost} would be lost after {lost_before} in {self.days} days: "
                f"{gone} of {before} ({gone / before:.0%})"
            )
        return None

    def since(self, at: datetime, looked_at: datetime | None) -> datetime:
        """From when on losses are added up: a person who released some has looked at them."""
        start = at - timedelta(days=self.days)
        return start if looked_at is None else max(start, looked_at)


@dataclass(frozen=True, slots=True)
class Held[K: Hashable]:
    """What would be lost and is not believed, with why. Empty: everything is believed."""

    keys: frozenset[K] = field(default_factory=frozenset)
    cause: str = ""


def hold_back[K: Hashable](
    brake: Brake,
    standing: Collection[K],
    lost: Collection[K],
    lost_before: Collection[K],
    group: Callable[[K], str],
    besides: Mapping[str, int] = MappingProxyType({}),
) -> Held[K]:
    """The part of `lost` that is not believed: all of it, or that of the groups that lose much.

    A group (a service, a kind of office) that loses everything would hide behind the others'
    totals: each is looked at alone too. `standing` holds `lost`; `besides` says how many more
    stand, by group.
    """
    whole = brake.why(len(standing) + sum(besides.values()), len(lost), len(lost_before))
    if whole is not None:
        return Held(frozenset(lost), whole)
    standing_of, lost_of, before_of = (
        Counter(map(group, keys)) for keys in (standing, lost, lost_before)
    )
    standing_of.update(besides)
    causes = {
        name: cause
        for name, count in sorted(lost_of.items())
        if (cause := brake.why(standing_of[name], count, before_of[name])) is not None
    }
    return Held(
        frozenset(key for key in lost if group(key) in causes),
        "; ".join(f"{name}: {cause}" for name, cause in causes.items()),
    )
