"""A list of places into the catalogue: the one entry that every kind of source calls.

The rows come one by one; only those that differ from what is stored are kept in memory. What
the list no longer holds is decided by `office_plan`, and losses that the brake does not believe
wait for a person in `holds`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from catalog import corrections, office_aliases, office_standing
from catalog.corrections import Conflict
from catalog.doubts import doubt_points
from catalog.ingest import OfficeRow, Rejection, save_offices
from catalog.likeness import Place, likeness
from catalog.office_standing import KnownOffice, Said
from harvest import holds
from harvest.apply import LINES, Context, brake
from harvest.office_plan import FieldChange, OfficePlan, field_changes, lines, plan_offices
from harvest.renames import Renamed, Renames, recognise


@dataclass(frozen=True, slots=True)
class OfficesSaid:
    """What came of the list of places of one release."""

    plan: OfficePlan
    written: Mapping[str, int]
    rejections: tuple[Rejection, ...]
    details: tuple[str, ...]
    renames: Renames
    conflicts: tuple[Conflict, ...]

    @property
    def held(self) -> bool:
        return bool(self.plan.held.keys)

    @property
    def message(self) -> str:
        if not self.held:
            return ""
        return (
            f"{len(self.plan.held.keys)} offices are no longer listed and are kept: "
            f"look at them ({self.plan.held.cause})"
        )

    def counts(self) -> dict[str, int]:
        """For the journal; the rejected rows are counted by whoever adds all of a run's."""
        renamed = len(self.renames.found)
        more = {"offices_renamed": renamed} if renamed else {}
        if self.conflicts:
            more["offices_conflicts"] = len(self.conflicts)
        return {**self.written, **self.plan.counts(), **more}


@dataclass(slots=True)
class _Listing:
    """The rows of a list as they pass: marks of all, the rows of those that differ."""

    known: Mapping[str, KnownOffice]
    communes: Collection[str]
    marks: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    rejections: list[Rejection] = field(default_factory=list)

    def different(self, rows: Iterable[OfficeRow]) -> Iterator[OfficeRow]:
        """Those to write; the others are known as they are."""
        for row in rows:
            wrong = self._wrong(row)
            if wrong is not None:
                self.rejections.append(wrong)
                continue
            mark = self.marks[row.remote_id] = row.fingerprint
            office = self.known.get(row.remote_id)
            if office is None or office.mark != mark or office.withdrawn_at is not None:
                yield row

    def _wrong(self, row: OfficeRow) -> Rejection | None:
        if not row.remote_id.strip():
            return Rejection("", "remote_id", "a place without an id", row.name[:500])
        if row.remote_id in self.marks:
            return Rejection(
                row.remote_id, "remote_id", "listed twice: the first is read", row.name
            )
        if row.commune_code not in self.communes:
            return Rejection(
                row.remote_id, "commune_code", "not a commune of this vintage", row.commune_code
            )
        return None


def offer(
    context: Context,
    evidence_id: int,
    rows: Iterable[OfficeRow],
    *,
    closed: Collection[str] = (),
    unread: Collection[str] = (),
    complete: bool = True,
) -> OfficesSaid:
    """Plan the offices that a release lists, then write what the plan says.

    `closed`: the source's ids of offices that the list itself says are closed; they need not be
    among the rows. `unread`: ids that are listed and cannot be read, which the caller rejects
    itself; they are not lost. Not `complete`: the list was cut, and nothing vanishes. Rows that
    repeat an id or name no commune are rejected here, and listed.
    """
    conn = context.conn
    known = dict(office_standing.known(conn, context.source.id))
    listing = _Listing(known, context.numbers().keys())
    at = context.observed_at
    # A first list is written as it comes: nothing can be compared, and a million rows pass.
    different: Iterable[OfficeRow] = listing.different(rows)
    changes: dict[str, tuple[FieldChange, ...]] = {}
    renames = Renames()
    if known:
        different = list(different)
        renames = _renames(context, known, listing, different, {*closed, *unread})
        changes = _changes(context, known, different)
    counted = save_offices(
        conn, different, source_id=context.source.id, evidence_id=evidence_id, observed_at=at
    )
    written = {name: count for name, count in counted.items() if not name.startswith("office_")}
    written |= Counter(f"office_{one.field}" for told in changes.values() for one in told)
    conflicts = tuple(corrections.reapply(conn, context.source.id))
    # Listed, not counted as rejected: the point is kept as published.
    doubtful = doubt_points(conn, context.source.id)
    context.reject(doubtful)
    if doubtful:
        written["points_doubtful"] = len(doubtful)
    context.reject(listing.rejections)
    kind_brake = brake(context)
    plan = plan_offices(
        known,
        listing.marks,
        at,
        context.now,
        grace=timedelta(days=context.settings.harvest.orphan_grace_days),
        brake=kind_brake,
        since=kind_brake.since(at, holds.looked_at(conn, context.source.id, "offices")),
        closed=closed,
        unread={*unread, *(one.remote_id for one in listing.rejections)},
        complete=complete,
    )
    _apply(context, evidence_id, plan, known, listing)
    names = _names(context, plan, known)
    holds.keep(
        conn, context.run_id, context.source.id, "offices",
        observed_at=at, evidence_id=evidence_id, cause=plan.held.cause,
        items=[
            {
                "office": known[key].id, "remote_id": key, "name": names.get(key, ""),
                "closed": key in set(closed),
            }
            for key in sorted(plan.held.keys)
        ],
    )  # fmt: skip
    return OfficesSaid(
        plan,
        {**written, "offices": len(listing.marks)},
        tuple(listing.rejections),
        (
            *map(str, conflicts[:LINES]),
            *_renamed_lines(renames),
            *lines(plan, changes, names, LINES),
        ),
        renames,
        conflicts,
    )


def _renames(
    context: Context,
    known: dict[str, KnownOffice],
    listing: _Listing,
    rows: Iterable[OfficeRow],
    listed_too: Collection[str],
) -> Renames:
    """Recognise places that the source lists under a new id, and give `known` that id."""
    fresh = {row.remote_id: _place(row) for row in rows if row.remote_id not in known}
    silent = {key: one for key, one in known.items() if key not in listing.marks}
    silent = {key: one for key, one in silent.items() if key not in listed_too}
    if not fresh or not silent:
        return Renames()
    said = office_standing.said(context.conn, [one.id for one in silent.values()])
    vanished = {one.remote_id: _place_said(one) for one in said.values()}
    again = []
    for alias in office_aliases.of(context.conn, context.source.id, list(fresh)):
        if alias.current in vanished:  # the source goes back to an id that it used before
            alike = likeness(vanished.pop(alias.current), fresh.pop(alias.remote_id))
            again.append(Renamed(alias.current, alias.remote_id, alike))
    recognised = recognise(vanished, fresh)
    found = (*again, *recognised.found)
    for one in found:
        office = known[one.current] = known.pop(one.former)
        office_aliases.rename(context.conn, office.id, one.current, one.likeness)
    return Renames(found, recognised.unsure)


def _renamed_lines(renames: Renames) -> Iterator[str]:
    for sort, some in (("office renamed", renames.found), ("office unsure", renames.unsure)):
        for one in some[:LINES]:
            yield f"{sort}: {one.former} -> {one.current} ({one.likeness})"
        if len(some) > LINES:
            yield f"{sort}: and {len(some) - LINES} more"


def _place(row: OfficeRow) -> Place:
    return Place(
        row.kind, row.name, row.commune_code, row.address, row.phone, row.email, row.siret,
        row.point,
    )  # fmt: skip


def _place_said(said: Said) -> Place:
    fields = said.fields
    longitude, latitude = fields.get("longitude"), fields.get("latitude")
    return Place(
        kind=fields["kind"], name=fields["name"], commune=said.commune_code,
        address=fields.get("address"), phone=fields.get("phone"), email=fields.get("email"),
        siret=fields.get("siret"),
        point=None if longitude is None or latitude is None else (longitude, latitude),
    )  # fmt: skip


def _changes(
    context: Context, known: Mapping[str, KnownOffice], rows: Iterable[OfficeRow]
) -> dict[str, tuple[FieldChange, ...]]:
    """The changes of known offices, field by field, read before they are written."""
    mine = {row.remote_id: row for row in rows if row.remote_id in known}
    before = office_standing.said(context.conn, [known[key].id for key in mine])
    return {said.remote_id: field_changes(said, mine[said.remote_id]) for said in before.values()}


def _apply(
    context: Context,
    evidence_id: int,
    plan: OfficePlan,
    known: Mapping[str, KnownOffice],
    listing: _Listing,
) -> None:
    """Write who stands: the rows themselves are written already."""
    conn, at = context.conn, context.observed_at
    orphans = [key for key in plan.back if known[key].unlisted_since is not None]
    silent = [
        key
        for key in orphans
        if known[key].withdrawn_at is None and known[key].mark == listing.marks[key]
    ]
    if orphans:
        office_standing.back(conn, _ids(known, orphans), _ids(known, silent), at, evidence_id)
    if plan.orphaned:
        office_standing.orphan(conn, _ids(known, plan.orphaned), at, evidence_id)
    if plan.withdrawn or plan.closed:
        office_standing.withdraw(conn, _ids(known, plan.withdrawn | plan.closed), at)


def _ids(known: Mapping[str, KnownOffice], keys: Iterable[str]) -> list[int]:
    return [known[key].id for key in sorted(keys)]


def _names(context: Context, plan: OfficePlan, known: Mapping[str, KnownOffice]) -> dict[str, str]:
    """The names of the offices that a person would look for: those that go."""
    going = plan.orphaned | plan.withdrawn | plan.closed | plan.held.keys
    said = office_standing.said(context.conn, _ids(known, going))
    return {one.remote_id: str(one.fields.get("name") or "") for one in said.values()}
