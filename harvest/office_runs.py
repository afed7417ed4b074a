"""A list of places into the catalogue: what every kind of source calls.

Lists are compared in the database, as sets (catalog/office_lists.py): a million unchanged rows cost
their marks and nothing else. What the list no longer holds is decided by `office_plan`, and losses
that the brake does not believe wait for a person in `holds`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import batched

from catalog import corrections, office_aliases, office_lines, office_lists, office_standing
from catalog.corrections import Conflict
from catalog.doubts import doubt_points
from catalog.ingest import OfficeRow, Rejection
from catalog.likeness import Place, likeness
from catalog.office_lists import Counts, OfficeList
from catalog.office_rows import COMMUNES, save_offices
from catalog.office_standing import KnownOffice, Said
from harvest import holds
from harvest.apply import LINES, Context, brake
from harvest.office_plan import FIELDS, OfficePlan, lines, pair_changes, plan_offices
from harvest.renames import Renamed, Renames, recognise

CHUNK = 4096  # rows of one copy


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
class _Rows:
    """The rows of a list that comes in one piece of memory, checked as they pass."""

    communes: Collection[str]
    rejections: list[Rejection] = field(default_factory=list)
    _listed: set[str] = field(default_factory=set)

    def valid(self, rows: Iterable[OfficeRow]) -> Iterator[OfficeRow]:
        for row in rows:
            wrong = self._wrong(row)
            if wrong is None:
                self._listed.add(row.remote_id)
                yield row
            else:
                self.rejections.append(wrong)

    def _wrong(self, row: OfficeRow) -> Rejection | None:
        if not row.remote_id.strip():
            return Rejection("", "remote_id", "a place without an id", row.name[:500])
        if row.remote_id in self._listed:
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
    conn, source_id = context.conn, context.source.id
    numbers = context.numbers()
    checked = _Rows(numbers.keys())
    if not office_lists.holds(conn, source_id):
        counted = save_offices(
            conn, checked.valid(rows), source_id=source_id, evidence_id=evidence_id,
            observed_at=context.observed_at,
        )  # fmt: skip
        return settled_first(context, counted["offices_new"], checked.rejections)
    names = {code: name for code, _, name in conn.execute(COMMUNES)}
    listing = OfficeList(conn, source_id)
    every = list(checked.valid(rows))
    marked = enumerate(every)
    listing.enlist(
        office_lines.line(str(n), one.remote_id, one.fingerprint).encode() for n, one in marked
    )
    listing.compare()
    wanted = listing.wanted()
    for some in batched(wanted, CHUNK):  # type: tuple[int, ...]
        pairs = [
            (one, office_lines.name_of(one, names[one.commune_code]))
            for one in (every[n] for n in some)
        ]
        listing.offer(
            "\n".join(
                office_lines.office(one, numbers[one.commune_code], name, one.fingerprint, None)
                for one, name in pairs
            ).encode(),
            "\n".join(office_lines.version(one, name) for one, name in pairs).encode(),
        )
    listing.unread({*unread, *(one.remote_id for one in checked.rejections)})
    return settled(
        context, evidence_id, listing, len(every) - len(wanted), checked.rejections,
        closed=closed, complete=complete,
    )  # fmt: skip


def settled_first(
    context: Context, count: int, rejections: Iterable[Rejection] = ()
) -> OfficesSaid:
    """What came of the first list of a source, whose `count` offices are written already."""
    conn, source_id = context.conn, context.source.id
    first = office_lists.first_ids(conn, source_id, LINES)
    none: frozenset[str] = frozenset()
    plan = OfficePlan(
        frozenset(first), none, none, none, none, none, none, none, none, none,
        more={"new": count - len(first)},
    )  # fmt: skip
    written = {"offices": count, "offices_new": count, "offices_changed": 0}
    written |= _doubts(context, None)
    rejected = tuple(rejections)
    context.reject(rejected)
    holds.keep(
        conn, context.run_id, source_id, "offices",
        observed_at=context.observed_at, evidence_id=None, cause="", items=(),
    )  # fmt: skip
    return OfficesSaid(plan, written, rejected, tuple(lines(plan, {}, {}, LINES)), Renames(), ())


def settled(
    context: Context,
    evidence_id: int,
    listing: OfficeList,
    passed: int,
    rejections: Iterable[Rejection] = (),
    *,
    closed: Collection[str] = (),
    complete: bool = True,
    same_ground: bool = False,
) -> OfficesSaid:
    """Plan what a list changes once all of it was compared, and write that.

    `passed`: how many of its rows are known as they are and were not read. `same_ground`: the
    communes are what they were when the points of those were judged.
    """
    conn, at = context.conn, context.observed_at
    renames = _renames(context, listing, closed)
    counts = listing.meet()
    known, offered, unread = listing.in_question(closed)
    besides = Counter(listing.standing()) if known else Counter()
    besides.subtract(one.kind for one in known.values() if one.listed)
    kind_brake = brake(context)
    plan = plan_offices(
        known,
        offered,
        at,
        context.now,
        grace=timedelta(days=context.settings.harvest.orphan_grace_days),
        brake=kind_brake,
        since=kind_brake.since(at, holds.looked_at(conn, context.source.id, "offices")),
        closed=closed,
        unread=unread,
        complete=complete,
        besides=+besides,
    )
    plan = _named(listing, counts, passed, plan, known, offered, closed)
    told = {
        pair.remote_id: pair_changes(pair)
        for pair in listing.pairs([*plan.changed, *sorted(plan.back)[:LINES]])
    }
    written = {
        "offices": passed + counts.offered,
        "offices_new": counts.new,
        "offices_changed": counts.changed,
    }
    if counts.changed:
        fields = listing.changed_fields(FIELDS)
        written |= {f"office_{name}": fields[name] for name in FIELDS if name in fields}
    listing.write(evidence_id, at)
    listing.close()
    conflicts = tuple(corrections.reapply(conn, context.source.id))
    written |= _doubts(context, evidence_id if same_ground else None)
    rejected = tuple(rejections)
    context.reject(rejected)
    _apply(context, evidence_id, plan, known, offered)
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
        written,
        rejected,
        (
            *map(str, conflicts[:LINES]),
            *_renamed_lines(renames),
            *lines(plan, told, names, LINES),
        ),
        renames,
        conflicts,
    )


def _named(
    listing: OfficeList,
    counts: Counts,
    passed: int,
    plan: OfficePlan,
    known: Mapping[str, KnownOffice],
    offered: Mapping[str, str],
    closed: Collection[str],
) -> OfficePlan:
    """The plan with the first of what is new and changed by name, and the others by number."""
    new, changed = (listing.first(which, LINES, closed) for which in ("new", "changed"))
    # What the list says to be closed is counted as that, whatever else it says of it.
    shut = [key for key in closed if key in offered and known[key].listed]
    as_known = sum(1 for key in shut if known[key].mark == offered[key])
    back_unread = listing.back_unread()
    changed_in_all = counts.changed_listed - (len(shut) - as_known)
    return replace(
        plan,
        new=frozenset(new),
        changed=frozenset(changed),
        more={
            "new": counts.new - len(new),
            "changed": changed_in_all - len(changed),
            "unchanged": passed - back_unread + counts.same - as_known,
        },
    )


def _doubts(context: Context, evidence_id: int | None) -> dict[str, int]:
    """Points far from their commune: listed, not counted as rejected, and kept as published."""
    doubtful = doubt_points(context.conn, context.source.id, evidence_id)
    context.reject(doubtful)
    return {"points_doubtful": len(doubtful)} if doubtful else {}


def _renames(context: Context, listing: OfficeList, closed: Collection[str]) -> Renames:
    """Recognise places that the source lists under a new id, and give the office that id."""
    conn = context.conn
    ids, fresh = listing.strangers(closed)
    if not fresh or not ids:
        return Renames()
    said = office_standing.said(conn, ids)
    hub = {one.remote_id: id_ for id_, one in said.items()}
    vanished = {one.remote_id: _place_said(one) for one in said.values()}
    again = []
    for alias in office_aliases.of(conn, context.source.id, list(fresh)):
        if alias.current in vanished:  # the source goes back to an id that it used before
            alike = likeness(vanished.pop(alias.current), fresh.pop(alias.remote_id))
            again.append(Renamed(alias.current, alias.remote_id, alike))
    recognised = recognise(vanished, fresh)
    found = (*again, *recognised.found)
    for one in found:
        office_aliases.rename(conn, hub[one.former], one.current, one.likeness)
    return Renames(found, recognised.unsure)


def _renamed_lines(renames: Renames) -> Iterator[str]:
    for sort, some in (("office renamed", renames.found), ("office unsure", renames.unsure)):
        for one in some[:LINES]:
            yield f"{sort}: {one.former} -> {one.current} ({one.likeness})"
        if len(some) > LINES:
            yield f"{sort}: and {len(some) - LINES} more"


def _place_said(said: Said) -> Place:
    fields = said.fields
    longitude, latitude = fields.get("longitude"), fields.get("latitude")
    return Place(
        kind=fields["kind"], name=fields["name"], commune=said.commune_code,
        address=fields.get("address"), phone=fields.get("phone"), email=fields.get("email"),
        siret=fields.get("siret"),
        point=None if longitude is None or latitude is None else (longitude, latitude),
    )  # fmt: skip


def _apply(
    context: Context,
    evidence_id: int,
    plan: OfficePlan,
    known: Mapping[str, KnownOffice],
    offered: Mapping[str, str],
) -> None:
    """Write who stands: the rows themselves are written already."""
    conn, at = context.conn, context.observed_at
    orphans = [key for key in plan.back if known[key].unlisted_since is not None]
    silent = [
        key
        for key in orphans
        if known[key].withdrawn_at is None and known[key].mark == offered[key]
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
