"""What a harvest would write, decided before anything is written.

A plan is a pure value: it can be printed, tested and refused. The brake is part of it: a
source that suddenly says much less is not believed, and withdraws nothing until a person says so.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

type Key = tuple[int, str]  # (commune number, service id)


@dataclass(frozen=True, slots=True)
class Known:
    """The latest thing that the source said about one (commune, service)."""

    observation_id: int
    withdrawn: bool
    seen: str
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Offered:
    """What the source says now, word for word, with what it proves."""

    attribute: Mapping[str, bool]
    seen: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Brake:
    """A loss of more than `share` of what was known, and of more than `rows`, is not believed."""

    share: float
    rows: int

    def holds(self, known: int, lost: int) -> bool:
        return known > 0 and (lost == known or (lost > self.rows and lost / known > self.share))


@dataclass(frozen=True, slots=True)
class Plan:
    """Keys by what happens to them. Every known or offered key is in exactly one set."""

    new: frozenset[Key]
    changed: frozenset[Key]
    renewed: frozenset[Key]  # the same statement, old enough to be observed again
    unchanged: frozenset[Key]
    withdrawn: frozenset[Key]  # the source no longer says it
    held: frozenset[Key] = field(default_factory=frozenset)  # would be withdrawn: the brake holds

    def counts(self) -> dict[str, int]:
        return {
            "new": len(self.new),
            "changed": len(self.changed),
            "renewed": len(self.renewed),
            "unchanged": len(self.unchanged),
            "withdrawn": len(self.withdrawn),
            "held_back": len(self.held),
        }

    @property
    def writes(self) -> Iterable[Key]:
        """The keys that get a new observation, in a fixed order."""
        return sorted(self.new | self.changed | self.renewed | self.withdrawn)


def plan_facts(
    known: Mapping[Key, Known],
    offered: Mapping[Key, Offered],
    at: datetime,
    *,
    renew_after: timedelta,
    brake: Brake,
) -> Plan:
    """Compare what a source said before with what it says at the instant `at`."""
    standing = {key for key, said in known.items() if not said.withdrawn}
    both = standing & offered.keys()
    changed = {key for key in both if known[key].seen != offered[key].seen}
    same = both - changed
    renewed = {key for key in same if at - known[key].observed_at >= renew_after}
    lost = frozenset(standing - offered.keys())
    # A service that loses everything hides behind the others' totals: each is looked at alone.
    held = _held(standing, lost, brake)
    return Plan(
        new=frozenset(offered.keys() - standing),
        changed=frozenset(changed),
        renewed=frozenset(renewed),
        unchanged=frozenset(same - renewed),
        withdrawn=lost - held,
        held=held,
    )


def _held(standing: set[Key], lost: frozenset[Key], brake: Brake) -> frozenset[Key]:
    if brake.holds(len(standing), len(lost)):
        return lost
    known_of = Counter(service for _, service in standing)
    lost_of = Counter(service for _, service in lost)
    unbelieved = {one for one, count in lost_of.items() if brake.holds(known_of[one], count)}
    return frozenset(key for key in lost if key[1] in unbelieved)
