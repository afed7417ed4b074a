"""What a reading of a portal would change, decided before anything is written.

Pure: it can be printed, tested and refused. Two rules protect the catalogue. A reading that is
not known to be whole withdraws nothing; and when much is missing at once (or little by little
within the grace period) the brake holds everything until a person says so.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from catalog.record_rows import RecordRow

type Brake = Callable[[int, int], str | None]  # (known, missing) -> why it is not believed


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A record of the source, as the catalogue holds it."""

    id: int
    remote_id: str
    fingerprint: str
    orphan_since: datetime | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """Every known or offered record is in exactly one of these; ids are the hub's."""

    new: tuple[RecordRow, ...] = ()
    changed: Mapping[int, RecordRow] = field(default_factory=dict)
    renamed: Mapping[int, RecordRow] = field(default_factory=dict)  # its remote id is another one
    back: Mapping[int, RecordRow] = field(default_factory=dict)  # was missing or withdrawn
    unchanged: frozenset[int] = frozenset()
    orphans: frozenset[int] = frozenset()  # missing for the first time: kept, and marked
    waiting: frozenset[int] = frozenset()  # missing again, within the grace period
    withdrawn: frozenset[int] = frozenset()  # missing for longer than that
    held: frozenset[int] = frozenset()  # would be one of the three before: the brake holds
    unseen: frozenset[int] = frozenset()  # not offered by a reading that is not whole
    cause: str = ""  # why the brake holds

    def counts(self) -> dict[str, int]:
        return {
            "new": len(self.new),
            "changed": len(self.changed),
            "renamed": len(self.renamed),
            "back": len(self.back),
            "unchanged": len(self.unchanged),
            "orphans": len(self.orphans),
            "waiting": len(self.waiting),
            "withdrawn": len(self.withdrawn),
            "held_back": len(self.held),
            "unseen": len(self.unseen),
        }


def plan_records(
    known: Iterable[KnownRecord],
    names: Mapping[str, int],
    offered: Sequence[RecordRow],
    now: datetime,
    *,
    whole: bool,
    grace: timedelta,
    brake: Brake,
    looked_at: datetime | None = None,
) -> RecordPlan:
    """Compare what a source said before with what it says now.

    `names` leads from every name that the source ever used to the record's hub id. `offered` has
    each remote id once. What was missing by `looked_at` was confirmed by a person.
    """
    by_id = {one.id: one for one in known}
    by_remote = {one.remote_id: one.id for one in by_id.values()}
    remote_ids = {row.remote_id for row in offered}
    found: dict[int, RecordRow] = {}
    strangers: list[RecordRow] = []
    for row in offered:
        if (same := by_remote.get(row.remote_id)) is not None:
            found[same] = row
        else:
            strangers.append(row)
    renamed = _renamed(strangers, names, by_id, remote_ids)
    found |= renamed
    renamed_rows = {row.remote_id for row in renamed.values()}
    missing = {one for one in by_id.values() if one.id not in found and one.withdrawn_at is None}
    cause = _cause(missing, by_id.values(), now, grace, brake, looked_at) if whole else None
    orphans, waiting, withdrawn = (
        _missing(missing, now, grace) if whole and cause is None else (frozenset(),) * 3
    )
    changed, back, unchanged = {}, {}, set()
    for identifier, row in found.items():
        before = by_id[identifier]
        if before.orphan_since or before.withdrawn_at:
            back[identifier] = row
        elif identifier in renamed:
            continue
        elif before.fingerprint != row.fingerprint:
            changed[identifier] = row
        else:
            unchanged.add(identifier)
    return RecordPlan(
        new=tuple(row for row in strangers if row.remote_id not in renamed_rows),
        changed=changed,
        renamed={i: row for i, row in renamed.items() if i not in back},
        back=back,
        unchanged=frozenset(unchanged),
        orphans=orphans,
        waiting=waiting,
        withdrawn=withdrawn,
        held=frozenset(one.id for one in missing) if cause else frozenset(),
        cause=cause or "",
        unseen=frozenset() if whole else frozenset(one.id for one in missing),
    )


def _renamed(
    strangers: Iterable[RecordRow],
    names: Mapping[str, int],
    by_id: Mapping[int, KnownRecord],
    remote_ids: set[str],
) -> dict[int, RecordRow]:
    """Strangers that are known by another name, and whose former id is no longer offered.

    Only where it is certain: a stranger whose names lead to two records, and two strangers that
    claim one record, are new records.
    """
    claims: dict[int, list[RecordRow]] = {}
    for row in strangers:
        leads = {names[name] for name in row.names if name in names} & by_id.keys()
        gone = {one for one in leads if by_id[one].remote_id not in remote_ids}
        if len(leads) == len(gone) == 1:
            claims.setdefault(gone.pop(), []).append(row)
    return {identifier: rows[0] for identifier, rows in claims.items() if len(rows) == 1}


def _cause(
    missing: set[KnownRecord],
    known: Iterable[KnownRecord],
    now: datetime,
    grace: timedelta,
    brake: Brake,
    looked_at: datetime | None,
) -> str | None:
    """Why what is missing is not believed. A slow bleed adds up: what is missing since earlier
    readings, and what was withdrawn within the grace period, counts with what is missing now."""

    def settled(one: KnownRecord) -> bool:
        return bool(looked_at and one.orphan_since and one.orphan_since <= looked_at)

    open_to_doubt = [one for one in known if not settled(one)]
    recently = sum(
        1 for one in open_to_doubt if one.withdrawn_at and now - one.withdrawn_at < grace
    )
    standing = sum(1 for one in open_to_doubt if one.withdrawn_at is None)
    lost = sum(1 for one in missing if not settled(one))
    return brake(standing + recently, lost + recently) if lost else None


def _missing(
    missing: set[KnownRecord], now: datetime, grace: timedelta
) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
    """(orphans, waiting, withdrawn)."""
    orphans = frozenset(one.id for one in missing if one.orphan_since is None)
    withdrawn = frozenset(
        one.id for one in missing if one.orphan_since and now - one.orphan_since >= grace
    )
    return orphans, frozenset(one.id for one in missing) - orphans - withdrawn, withdrawn
