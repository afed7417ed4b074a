"""What a harvest would write, decided before anything is written.

A plan is a pure value: it can be printed, tested and refused. The brake is part of it: a
source that suddenly says much less is not believed, and withdraws nothing until a person says so.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from harvest.brake import Brake, hold_back

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
class Plan:
    """Keys by what happens to them. Every known or offered key is in exactly one set."""

    new: frozenset[Key]
    changed: frozenset[Key]
    renewed: frozenset[Key]  # the same statement, old enough to be observed again
    unchanged: frozenset[Key]
    withdrawn: frozenset[Key]  # the source no longer says it
    held: frozenset[Key] = field(default_factory=frozenset)  # would be withdrawn: the brake holds
    kept: frozenset[Key] = field(default_factory=frozenset)  # still published, and unreadable
    cause: str = ""  # why the brake holds

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
    since: datetime | None = None,
) -> Plan:
    """Compare what a source said before with what it says at the instant `at`.

    `unread` are keys that it says something about which cannot be read: they are not lost.
    What was withdrawn after `since` is added to this loss before it is believed.
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
    start = brake.since(at, since)
    lost_before = {
        key
        for key, said in known.items()
        if said.withdrawn and key not in offered and start < said.observed_at
    }
    held = hold_back(brake, before, lost, lost_before, lambda key: key[1])
    return Plan(
        new=frozenset(offered.keys() - standing),
        changed=frozenset(changed),
        renewed=frozenset(renewed),
        unchanged=frozenset(same - renewed),
        withdrawn=lost - held.keys,
        held=held.keys,
        kept=frozenset(kept),
        cause=held.cause,
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else line[:159] + "…"
