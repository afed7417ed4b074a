"""What a harvest would write, decided before anything is written.

A plan is a pure value: it can be printed, tested and refused. The brake is part of it: a
source that suddenly says much less is not believed, and withdraws nothing until a person says so.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
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
    kept: frozenset[Key] = field(default_factory=frozenset)  # still published, and unreadable

    def counts(self) -> dict[str, int]:
        return {
            "new": len(self.new),
            "changed": len(self.changed),
            "renewed": len(self.renewed),
            "unchanged": len(self.unchanged),
            "withdrawn": len(self.withdrawn),
            "held_back": len(self.held),
            "kept": len(self.kept),
        }

    @property
    def writes(self) -> Iterable[Key]:
        """The keys that get a new observation, in a fixed order."""
        return sorted(self.new | self.changed | self.renewed | self.withdrawn)

    def lines(
        self,
        known: Mapping[Key, Known],
        offered: Mapping[Key, Offered],
        name: Callable[[int], str],
        most: int,
    ) -> Iterator[str]:
        """The plan for people, at most `most` lines of each sort; `name` is a commune's code."""
        sorts: tuple[tuple[str, frozenset[Key], Callable[[Key], str]], ...] = (
            ("new", self.new, lambda key: offered[key].seen),
            ("changed", self.changed, lambda key: f"{known[key].seen} -> {offered[key].seen}"),
            ("renewed", self.renewed, lambda key: offered[key].seen),
            ("withdrawn", self.withdrawn, lambda key: known[key].seen),
            ("held back", self.held, lambda key: known[key].seen),
            ("kept", self.kept, lambda key: known[key].seen),
        )
        for sort, keys, said in sorts:
            for key in sorted(keys)[:most]:
                yield f"{sort}: {name(key[0])} {key[1]}: {_short(said(key))}"
            if len(keys) > most:
                yield f"{sort}: and {len(keys) - most} more"


def plan_facts(
    known: Mapping[Key, Known],
    offered: Mapping[Key, Offered],
    at: datetime,
    *,
    renew_after: timedelta,
    brake: Brake,
    unread: Collection[Key] = (),
) -> Plan:
    """Compare what a source said before with what it says at the instant `at`.

    `unread` are keys that it says something about which cannot be read: they are not lost.
    """
    standing = {key for key, said in known.items() if not said.withdrawn}
    both = standing & offered.keys()
    changed = {key for key in both if known[key].seen != offered[key].seen}
    same = both - changed
    renewed = {key for key in same if at - known[key].observed_at >= renew_after}
    absent = standing - offered.keys()
    kept = absent.intersection(unread)
    lost = frozenset(absent - kept)
    # A service that loses everything hides behind the others' totals: each is looked at alone.
    # What this very release added does not make its losses look small when it is read again.
    before = lost | {key for key in standing if known[key].observed_at < at}
    held = _held(before, lost, brake)
    return Plan(
        new=frozenset(offered.keys() - standing),
        changed=frozenset(changed),
        renewed=frozenset(renewed),
        unchanged=frozenset(same - renewed),
        withdrawn=lost - held,
        held=held,
        kept=frozenset(kept),
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else line[:159] + "…"


def _held(standing: frozenset[Key], lost: frozenset[Key], brake: Brake) -> frozenset[Key]:
    if brake.holds(len(standing), len(lost)):
        return lost
    known_of = Counter(service for _, service in standing)
    lost_of = Counter(service for _, service in lost)
    unbelieved = {one for one, count in lost_of.items() if brake.holds(known_of[one], count)}
    return frozenset(key for key in lost if key[1] in unbelieved)
