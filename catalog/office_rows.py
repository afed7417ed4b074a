"""How the catalogue takes in a source's offices in bulk, in the caller's transaction.

As catalog/ingest.py: what is new is copied where it will live, with its first version; what has
changed passes through a temporary table; what is unchanged, by its fingerprint, does not travel.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from catalog.bulk import (
    POINT,
    Connection,
    copy_in,
    counted,
    first_load,
    jsonb,
    staged,
    texts,
    without_collector,
)
from catalog.ingest import OfficeRow
from config.errors import Invalid

COMMUNES = "select code, number, name from catalog.commune"
# An office that was withdrawn and is listed again has changed, whatever it says.
KNOWN_OFFICES = """
select remote_id, case when withdrawn_at is null then fingerprint end
from   catalog.office
where  source_id = %(source)s::text
"""
# The sequence is looked up once: looking it up for each id took ten times what the ids take.
RESERVE_IDS = """
with sequence as materialized (
  select pg_get_serial_sequence('catalog.office', 'id')::regclass as name
)
select nextval(name) from sequence, generate_series(1, %(count)s)
"""
OFFICE = {
    "source_id": "text",
    "remote_id": "text",
    "kind": "text",
    "name": "text",
    "commune_number": "int4",
    "address": "text",
    "email": "text",
    "phone": "text",
    "website": "text",
    "hours": "jsonb",
    "accessibility": "text",
    "accessibility_details": "text",
    "timezone": "text",
    "point": "geometry",
    "siret": "text",
    "identifiers": "jsonb",
    "helps_with": "text[]",
    "fingerprint": "text",
    "evidence_id": "int8",
    "observed_at": "timestamptz",
}
CHANGE_OFFICES = """
update catalog.office o set
  kind = s.kind, name = s.name, commune_number = s.commune_number, address = s.address,
  email = s.email, phone = s.phone, website = s.website, hours = s.hours,
  accessibility = s.accessibility, accessibility_details = s.accessibility_details,
  timezone = s.timezone, point = s.point, siret = s.siret, identifiers = s.identifiers,
  helps_with = s.helps_with, fingerprint = s.fingerprint, evidence_id = s.evidence_id,
  observed_at = s.observed_at, withdrawn_at = null
from   staged_office s
where  (o.source_id, o.remote_id) = (s.source_id, s.remote_id)
returning o.id, o.remote_id
"""
VERSION = {
    "office_id": "int8",
    "fields": "jsonb",
    "evidence_id": "int8",
    "observed_at": "timestamptz",
}
CHANGED_OFFICE_FIELDS = """
select count(*) filter (where o.withdrawn_at is not null) as office_back,
       count(*) filter (where o.address is distinct from s.address) as office_address,
       count(*) filter (where o.email is distinct from s.email) as office_email,
       count(*) filter (where o.phone is distinct from s.phone) as office_phone,
       count(*) filter (where o.website is distinct from s.website) as office_website,
       count(*) filter (where o.hours is distinct from s.hours) as office_hours,
       count(*) filter (where (o.accessibility, o.accessibility_details)
                        is distinct from (s.accessibility, s.accessibility_details))
         as office_accessibility,
       count(*) filter (where (o.siret, o.identifiers)
                        is distinct from (s.siret, s.identifiers)) as office_identifiers,
       count(*) filter (where o.helps_with <> s.helps_with) as office_helps_with,
       count(*) filter (where o.point is distinct from s.point) as office_point
from   staged_office s
join   catalog.office o using (source_id, remote_id)
"""


@without_collector()
def save_offices(
    conn: Connection,
    rows: Iterable[OfficeRow],
    *,
    source_id: str,
    evidence_id: int,
    observed_at: datetime,
) -> dict[str, int]:
    """Add new offices and the changes of known ones, each change kept as a version.

    Offices that the source no longer lists are not touched here; one of a commune that we do not
    know is left out. Returns counts.
    """
    communes = {code: (number, name) for code, number, name in conn.execute(COMMUNES)}
    known = dict(conn.execute(KNOWN_OFFICES, {"source": source_id}).fetchall())
    listed: set[str] = set()
    new: list[tuple[OfficeRow, int, str]] = []
    changed: list[_Office] = []
    for row in rows:
        if row.remote_id in listed:
            raise Invalid(f"{source_id} lists the office {row.remote_id} twice.")
        listed.add(row.remote_id)
        place = communes.get(row.commune_code)
        if place is None:
            continue
        if row.remote_id not in known:
            new.append((row, *place))
        elif known[row.remote_id] != (mark := row.fingerprint):
            changed.append(_Office(row, mark, *place))
    said = evidence_id, observed_at
    if new:
        _add_offices(conn, new, source_id, said)
    changes: dict[str, int] = {}
    if changed:
        staged(
            conn, "staged_office", OFFICE, ((source_id, *one.values(), *said) for one in changed)
        )
        changes = counted(conn, CHANGED_OFFICE_FIELDS)
        by_id = {one.row.remote_id: one for one in changed}
        ids_of = conn.execute(CHANGE_OFFICES).fetchall()
        _keep_versions(conn, ((number, by_id[remote]) for number, remote in ids_of), said)
        conn.execute("drop table staged_office")
    return {
        "offices": len(listed),
        "offices_new": len(new),
        "offices_changed": len(changed),
        **changes,
    }


class _Said(msgspec.Struct, gc=False):
    """What a version keeps, in the order that jsonb stores (the shortest key first): the server
    finds it sorted, which is a sixth of the time that it takes to write a version."""

    kind: str
    name: str
    email: str | None
    hours: Mapping[str, Any] | None
    phone: str | None
    siret: str | None
    address: str | None
    website: str | None
    latitude: float | None
    timezone: str
    longitude: float | None
    helps_with: tuple[str, ...]
    identifiers: Mapping[str, str]
    withdrawn_at: None
    accessibility: str | None
    accessibility_details: str | None


class _Office(NamedTuple):
    """An office that is new or changed, in its commune. A town hall is named after its commune
    of today, whatever the source calls it."""

    row: OfficeRow
    fingerprint: str
    commune_number: int
    commune_name: str

    @property
    def name(self) -> str:
        return f"Mairie – {self.commune_name}" if self.row.kind == "mairie" else self.row.name

    def values(self) -> tuple[object, ...]:
        """In the order of OFFICE, without what is the same for all of them."""
        row = self.row
        return (
            row.remote_id, row.kind, self.name, self.commune_number, row.address, row.email,
            row.phone, row.website, None if row.hours is None else jsonb(row.hours),
            row.accessibility, row.accessibility_details, row.timezone,
            None if row.point is None else POINT.pack(1, 0x20000001, 4326, *row.point),
            row.siret, jsonb(row.identifiers), texts(row.helps_with), self.fingerprint,
        )  # fmt: skip

    def version(self) -> bytes:
        """What the office says now, as catalog.office_version keeps it."""
        row = self.row
        longitude, latitude = row.point or (None, None)
        return jsonb(
            _Said(
                row.kind, self.name, row.email, row.hours, row.phone, row.siret, row.address,
                row.website, latitude, row.timezone, longitude, row.helps_with, row.identifiers,
                None, row.accessibility, row.accessibility_details,
            )
        )  # fmt: skip


def _add_offices(
    conn: Connection,
    new: Sequence[tuple[OfficeRow, int, str]],
    source_id: str,
    said: tuple[int, datetime],
) -> None:
    """Write new offices with their first versions. The versions go first: the server takes long
    over them, and their fingerprints are made meanwhile."""
    ids = [number for (number,) in conn.execute(RESERVE_IDS, {"count": len(new)})]
    offices: list[_Office] = []

    def fresh() -> Iterator[tuple[int, _Office]]:
        for id_, (row, number, name) in zip(ids, new, strict=True):
            offices.append(_Office(row, row.fingerprint, number, name))
            yield id_, offices[-1]

    # Locked in the order of every other writer: catalog.office, then its versions.
    with first_load(conn, "catalog.office"), first_load(conn, "catalog.office_version"):
        _keep_versions(conn, fresh(), said)
        rows = (
            (id_, source_id, *one.values(), *said) for id_, one in zip(ids, offices, strict=True)
        )
        copy_in(conn, "catalog.office", {"id": "int8"} | OFFICE, rows)


def _keep_versions(
    conn: Connection, offices: Iterable[tuple[int, _Office]], said: tuple[int, datetime]
) -> None:
    rows = ((number, one.version(), *said) for number, one in offices)
    copy_in(conn, "catalog.office_version", VERSION, rows)
