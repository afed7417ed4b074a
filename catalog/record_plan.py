"""What a reading of a portal would change, decided before anything is written.

Pure: it can be printed, tested and refused. Two rules protect the catalogue. A reading that is
not known to be whole withdraws nothing; and when much is missing at once (or little by little
within the grace period) the brake holds everything until a person says so.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from catalog.record_rows import RecordRow

type Brake = Callable[[int, int], bool]  # (known, missing) -> not believed


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
) -> RecordPlan:
    """Compare what a source said before with what it says now.

    `names` leads from every name that the source ever used to the record's hub id. `offered` has
    each remote id once.
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
    orphans, waiting, withdrawn, held = _missing(missing, by_id.values(), now, whole, grace, brake)
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
        held=held,
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


def _missing(
    missing: set[KnownRecord],
    known: Iterable[KnownRecord],
    now: datetime,
    whole: bool,
    grace: timedelta,
    brake: Brake,
) -> tuple[frozenset[int], frozenset[int], frozenset[int], frozenset[int]]:
    """(orphans, waiting, withdrawn, held). A slow bleed adds up: what is missing since earlier
    readings, and what was withdrawn within the grace period, counts with what is missing now."""
    if not whole or not missing:
        return frozenset(), frozenset(), frozenset(), frozenset()
    gone = [one for one in known if one.withdrawn_at is not None]
    recently = sum(1 for one in gone if one.withdrawn_at and now - one.withdrawn_at < grace)
    standing = sum(1 for one in known if one.withdrawn_at is None)
    if brake(standing + recently, len(missing) + recently):
        return frozenset(), frozenset(), frozenset(), frozenset(one.id for one in missing)
    orphans = frozenset(one.id for one in missing if one.orphan_since is None)
    withdrawn = frozenset(
        one.id for one in missing if one.orphan_since and now - one.orphan_since >= grace
    )
    waiting = frozenset(one.id for one in missing) - orphans - withdrawn
    return orphans, waiting, withdrawn, frozenset()
