"""What a source's list of places would change, decided before anything is written.

A pure value, like the plan of facts: it can be printed, tested and refused. What is no longer
listed becomes an orphan, and is withdrawn only after a grace period, unless the list itself says
that the place is closed; when too much would go at once, or little by little, the brake holds.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from catalog.office_lists import Pair
from catalog.office_standing import KnownOffice
from harvest.brake import Brake, Held, hold_back

# Fields of a version that people read, in the order in which a plan prints them.
FIELDS = (
    "kind", "name", "commune", "address", "email", "phone", "website", "hours", "accessibility",
    "accessibility_details", "timezone", "siret", "identifiers", "helps_with", "point",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of one office, before and after, as JSON values; None: unknown."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class OfficePlan:
    """The source's ids by what happens to them. Each known or offered id is in exactly one set,
    or among the `more`: of what is new, changed or unchanged, only the first are named."""

    new: frozenset[str]
    changed: frozenset[str]
    unchanged: frozenset[str]
    back: frozenset[str]  # orphans and withdrawn ones that are listed again
    orphaned: frozenset[str]  # no longer listed, from now on
    waiting: frozenset[str]  # no longer listed since before; its grace period is not over
    withdrawn: frozenset[str]  # its grace period is over
    closed: frozenset[str]  # the list itself says so
    kept: frozenset[str]  # listed, and unreadable: what was known of it stays
    gone: frozenset[str]  # withdrawn before, and still not listed
    held: Held[str] = field(default_factory=Held)  # the brake keeps them as they are
    more: Mapping[str, int] = field(default_factory=dict)  # by the names of the sets

    def count(self, name: str) -> int:
        """How many ids are in a set, named or not."""
        return len(getattr(self, name)) + self.more.get(name, 0)

    def counts(self) -> dict[str, int]:
        """By the names that reports use, without zeros. `offices_new` and `offices_changed` are
        counted by what writes them."""
        counted = {
            "offices_unchanged": self.count("unchanged"),
            "offices_back": len(self.back),
            "offices_unlisted": len(self.orphaned),
            "offices_waiting": len(self.waiting),
            "offices_withdrawn": len(self.withdrawn) + len(self.closed),
            "offices_kept": len(self.kept),
            "offices_held_back": len(self.held.keys),
        }
        return {name: count for name, count in counted.items() if count}


def plan_offices(
    known: Mapping[str, KnownOffice],
    offered: Mapping[str, str],
    at: datetime,
    now: datetime,
    *,
    grace: timedelta,
    brake: Brake,
    since: datetime,
    closed: Collection[str] = (),
    unread: Collection[str] = (),
    complete: bool = True,
    besides: Mapping[str, int] = MappingProxyType({}),
) -> OfficePlan:
    """Compare the offices of a source with the fingerprints that its list at `at` offers.

    `closed`: listed ids of which the list says that they are closed. `unread`: ids that are
    listed and cannot be read. Not `complete`: the list was not read to its end, so what is not
    in it proves nothing. Losses after `since` are added to this one's before it is believed.
    `besides`: how many more offices stand and are listed, by kind, than those that are `known`.
    """
    listed = offered.keys() - set(closed)
    told = {key for key in closed if key in known and known[key].withdrawn_at is None}
    silent = known.keys() - listed - told
    gone = {key for key in silent if known[key].withdrawn_at is not None}
    orphans = {key for key in silent - gone if known[key].unlisted_since is not None}
    missing = silent - gone - orphans
    # A list of another day says nothing of what was listed after it.
    later = {key for key in missing if known[key].observed_at > at}
    kept = missing.intersection(unread) | later if complete else missing
    lost = missing - kept
    ripe = {
        key
        for key in orphans
        if complete and key not in set(unread) and _ripe(known[key], at, now, grace)
    }
    held = hold_back(
        brake,
        standing=[key for key, office in known.items() if office.listed or key in told],
        lost=lost | told,
        lost_before=[
            key
            for key, office in known.items()
            if key in silent and key not in lost and office.gone_since(since)
        ],
        group=lambda key: known[key].kind,
        besides=besides,
    )
    both = listed & known.keys()
    back = {key for key in both if not known[key].listed}
    same = {key for key in both - back if known[key].mark == offered[key]}
    return OfficePlan(
        new=frozenset(listed - known.keys()),
        changed=frozenset(both - back - same),
        unchanged=frozenset(same),
        back=frozenset(back),
        orphaned=frozenset(lost - held.keys),
        waiting=frozenset(orphans - ripe),
        withdrawn=frozenset(ripe),
        closed=frozenset(told - held.keys),
        kept=frozenset(kept),
        gone=frozenset(gone),
        held=held,
    )


def _ripe(office: KnownOffice, at: datetime, now: datetime, grace: timedelta) -> bool:
    """Two lists at least a grace period apart lack it, or we have known it for that long."""
    since, noticed = office.unlisted_since, office.noticed_at
    assert since is not None  # noqa: S101 it is an orphan
    return at - since >= grace or (noticed is not None and now - noticed >= grace)


def pair_changes(pair: Pair) -> tuple[FieldChange, ...]:
    """What a list says of an office that it did not say last time, field by field."""
    old = _comparable(pair.before) | {"commune": pair.commune_before}
    new = _comparable(pair.after) | {"commune": pair.commune_after}
    # The catalogue writes the names of town halls itself, from the commune's.
    skipped = {"name"} if pair.kind == "mairie" else set()
    return tuple(
        FieldChange(name, old.get(name), new.get(name))
        for name in FIELDS
        if name not in skipped and old.get(name) != new.get(name)
    )


def _comparable(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as JSON gives them back: a tuple and a list of the same things are the same."""
    values: dict[str, Any] = json.loads(json.dumps(dict(fields)))
    longitude, latitude = values.pop("longitude", None), values.pop("latitude", None)
    if longitude is not None and latitude is not None:
        values["point"] = [longitude, latitude]
    return values


def lines(
    plan: OfficePlan,
    changes: Mapping[str, tuple[FieldChange, ...]],
    names: Mapping[str, str],
    most: int,
) -> Iterator[str]:
    """The plan for people, at most `most` lines of each sort. `names`: an office's, by its id."""
    sorts = (
        ("new office", plan.new, plan.count("new")),
        ("changed office", plan.changed, plan.count("changed")),
        ("office listed again", plan.back, len(plan.back)),
        ("office no longer listed", plan.orphaned, len(plan.orphaned)),
        ("office still not listed", plan.waiting, len(plan.waiting)),
        ("office withdrawn", plan.withdrawn, len(plan.withdrawn)),
        ("office closed", plan.closed, len(plan.closed)),
        ("office held back", plan.held.keys, len(plan.held.keys)),
        ("office kept", plan.kept, len(plan.kept)),
    )
    for sort, keys, count in sorts:
        for key in sorted(keys)[:most]:
            name = f" {_short(names[key])}" if key in names else ""
            if not changes.get(key):
                yield f"{sort}: {key}{name}"
            for change in changes.get(key, ()):
                said = f"{_said(change.before)} -> {_said(change.after)}"
                yield f"{sort}: {key}{name}: {change.field}: {said}"
        if count > most:
            yield f"{sort}: and {count - most} more"


def _said(value: Any) -> str:
    if value is None:
        return "(nothing)"
    return _short(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"
