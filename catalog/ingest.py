"""How the catalogue takes in a territory, offices, sources and evidence, in bulk.

What is new is copied where it will live; what has changed passes through a temporary table; what
is unchanged, by its fingerprint, does not travel. Each function works inside the caller's
transaction: half a territory is never seen. Statements that speak of temporary tables are here
and not in sql/, because the test that plans every .sql file cannot see those tables. Outlines
have their own module, catalog/outlines.py.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from struct import Struct
from typing import Any, NamedTuple

import msgspec
from psycopg.rows import dict_row

from catalog.bulk import (
    Connection,
    copy_in,
    first_load,
    jsonb,
    staged,
    texts,
    without_collector,
)
from catalog.database.queries import query
from catalog.naming import fold
from config.errors import Invalid
from geo.cog import timezone_of


@dataclass(frozen=True, slots=True)
class NamedCode:
    """A région, or a département with its région as `parent`."""

    code: str
    name: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class EpciRow:
    code: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class CommuneRow:
    """A commune of one vintage, without its outline."""

    code: str
    name: str
    departement_code: str
    region_code: str
    epci_code: str | None
    population: int | None
    siren: str | None
    postal_codes: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """What a change is recognised by."""
        return fingerprint(self)


@dataclass(frozen=True, slots=True)
class FormerCodeRow:
    """A code that is not a current commune's, and the commune that answers for it. `name` is ""
    when no source says it."""

    code: str
    kind: str
    name: str
    commune_code: str
    last_seen: date | None = None
    gone_by: date | None = None

    def named(self, name: str) -> "FormerCodeRow":
        return replace(self, name=name)


@dataclass(frozen=True, slots=True)
class Territory:
    regions: tuple[NamedCode, ...]
    departements: tuple[NamedCode, ...]
    epcis: tuple[EpciRow, ...]
    communes: tuple[CommuneRow, ...]
    former_codes: tuple[FormerCodeRow, ...]


@dataclass(frozen=True, slots=True)
class OfficeRow:
    """An office as one source publishes it. `point` is longitude, latitude (EPSG:4326)."""

    remote_id: str
    kind: str
    name: str
    commune_code: str
    address: str | None
    email: str | None
    phone: str | None
    website: str | None
    hours: Mapping[str, Any] | None
    accessibility: str | None
    accessibility_details: str | None
    timezone: str
    point: tuple[float, float] | None
    siret: str | None = None
    identifiers: Mapping[str, str] = field(default_factory=dict)  # scheme: id, elsewhere
    helps_with: tuple[str, ...] = ()  # what people come for, in the source's own words

    @property
    def fingerprint(self) -> str:
        return fingerprint(self)


@dataclass(frozen=True, slots=True)
class Rejection:
    """One value that was not believed, and why. Rejected values never stop a run."""

    remote_id: str
    field: str
    reason: str
    value: str


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of catalog.source."""

    id: str
    title: str
    publisher: str
    licence: str
    licence_url: str | None
    url: str
    nature: str


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A row of catalog.evidence: one file that was read."""

    source_id: str
    release: str
    published_on: date
    sha256: str
    size: int
    url: str


_packed: Callable[[object], bytes] = msgspec.msgpack.Encoder(order="deterministic").encode


def fingerprint(row: object) -> str:
    """The same for equal rows in every process."""
    return hashlib.blake2b(_packed(row), digest_size=16).hexdigest()


def _counted(conn: Connection, statement: str, parameters: Mapping[str, Any]) -> dict[str, int]:
    """The one row of a statement that counts, without its zeros, by column."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement.encode(), parameters).fetchone() or {}
    return {name: int(count) for name, count in row.items() if count}


def save_source(conn: Connection, source: SourceRow) -> None:
    """Make the source known, or bring its description up to date."""
    conn.execute(query("catalog", "apply_source"), asdict(source))


def save_evidence(conn: Connection, evidence: EvidenceRow) -> int:
    """The id of this file's evidence; reading the same bytes again gives the same id."""
    row = conn.execute(query("catalog", "apply_evidence"), asdict(evidence)).fetchone()
    assert row is not None  # noqa: S101 the statement always returns its row
    return int(row[0])


# ------------------------------------------------------------------------- the territory

KNOWN_COMMUNES = "select code, number, fingerprint from catalog.commune"
COMMUNE = {
    "number": "int4",
    "code": "text",
    "name": "text",
    "search_name": "text",
    "departement_code": "text",
    "region_code": "text",
    "epci_code": "text",
    "population": "int4",
    "siren": "text",
    "postal_codes": "text[]",
    "timezone": "text",
    "fingerprint": "text",
}
CHANGE_COMMUNES = """
update catalog.commune c set
  name = s.name, search_name = s.search_name, departement_code = s.departement_code,
  region_code = s.region_code, epci_code = s.epci_code, population = s.population,
  siren = s.siren, postal_codes = s.postal_codes, timezone = s.timezone,
  fingerprint = s.fingerprint
from   staged_commune s
where  c.number = s.number
"""
# How many known communes would change, field by field: what a plan says before it is applied.
CHANGED_FIELDS = """
select count(*) filter (where c.name <> s.name) as commune_name,
       count(*) filter (where c.departement_code <> s.departement_code) as commune_departement,
       count(*) filter (where c.region_code <> s.region_code) as commune_region,
       count(*) filter (where c.epci_code is distinct from s.epci_code) as commune_epci,
       count(*) filter (where c.population is distinct from s.population) as commune_population,
       count(*) filter (where c.siren is distinct from s.siren) as commune_siren,
       count(*) filter (where c.postal_codes <> s.postal_codes) as commune_postal_codes
from   staged_commune s join catalog.commune c using (number)
"""
FORMER = {
    "code": "text",
    "kind": "text",
    "name": "text",
    "search_name": "text",
    "commune_code": "text",
    "last_seen": "date",
    "gone_by": "date",
}
KNOWN_FORMER = """
select f.code, f.kind, f.name, c.code, f.last_seen, f.gone_by
from   catalog.former_code f join catalog.commune c on c.number = f.commune_number
"""
FIRST_FORMER = """
insert into catalog.former_code as f
  (code, kind, name, search_name, commune_number, last_seen, gone_by, source_id)
select distinct on (s.code, s.kind)
       s.code, s.kind, s.name, s.search_name, c.number, s.last_seen, s.gone_by, %(source)s::text
from   staged_former s
join   catalog.commune c on c.code = s.commune_code
order  by s.code, s.kind, s.gone_by nulls last
"""
ADD_FORMER = f"""{FIRST_FORMER}
on conflict (code, kind) do update set
  name = coalesce(nullif(excluded.name, ''), f.name),
  search_name = coalesce(nullif(excluded.search_name, ''), f.search_name),
  commune_number = excluded.commune_number,
  last_seen = coalesce(excluded.last_seen, f.last_seen),
  gone_by = coalesce(excluded.gone_by, f.gone_by)
where f.commune_number <> excluded.commune_number
   or (excluded.name <> '' and f.name <> excluded.name)
   or (excluded.last_seen is not null and f.last_seen is distinct from excluded.last_seen)
"""


@without_collector()
def save_territory(conn: Connection, territory: Territory, source_id: str) -> dict[str, int]:
    """Bring régions, départements, EPCI, communes and former codes up to one vintage.

    A stored commune that the vintage does not have keeps its row and its number; its code is
    counted as `vanished` for a person to look at. Returns counts.
    """
    for name, rows in (
        ("apply_region", territory.regions),
        ("apply_departement", territory.departements),
        ("apply_epci", territory.epcis),
    ):
        conn.execute(query("catalog", name), {"rows": msgspec.json.encode(rows).decode()})
    known = {code: (number, mark) for code, number, mark in conn.execute(KNOWN_COMMUNES)}
    listed = {row.code: row for row in territory.communes}
    if len(listed) != len(territory.communes):
        raise Invalid("The territory lists a commune twice.")
    new = sorted(listed.keys() - known.keys())
    changed = [
        _commune(known[code][0], row, mark)
        for code, row in listed.items()
        if code in known and known[code][1] != (mark := row.fingerprint)
    ]
    changes: dict[str, int] = {}
    if changed:
        staged(conn, "staged_commune", COMMUNE, changed)
        changes = _counted(conn, CHANGED_FIELDS, {})
        conn.execute(CHANGE_COMMUNES)
        conn.execute("drop table staged_commune")
    if new:
        # New communes are numbered after the highest number ever given, in the order of their
        # codes. Their rows are made one by one while the server writes those before.
        highest = max((number for number, _ in known.values()), default=0)
        numbered = enumerate(map(listed.__getitem__, new), highest + 1)
        rows = (_commune(number, row, row.fingerprint) for number, row in numbered)
        with first_load(conn, "catalog.commune"):
            copy_in(conn, "catalog.commune", COMMUNE, rows)
    save_former_codes(conn, territory.former_codes, source_id)
    return {
        "read": len(territory.communes),
        "new": len(new),
        "changed": len(changed),
        "vanished": len(known.keys() - listed.keys()),
        **changes,
    }


def _commune(number: int, row: CommuneRow, mark: str) -> tuple[object, ...]:
    return (
        number, row.code, row.name, fold(row.name), row.departement_code, row.region_code,
        row.epci_code, row.population, row.siren, texts(row.postal_codes), timezone_of(row.code),
        mark,
    )  # fmt: skip


def save_former_codes(conn: Connection, rows: Iterable[FormerCodeRow], source_id: str) -> int:
    """Add or complete former codes; rows whose commune is unknown are left out. Rows written."""
    known = set(conn.execute(KNOWN_FORMER).fetchall())
    undated = {(code, kind, name, commune) for code, kind, name, commune, _, _ in known}
    fresh = [
        (r.code, r.kind, r.name, fold(r.name), r.commune_code, r.last_seen, r.gone_by)
        for r in rows
        if (said := (r.code, r.kind, r.name, r.commune_code, r.last_seen, r.gone_by)) not in known
        and not (r.last_seen is None and r.gone_by is None and said[:4] in undated)
    ]
    if not fresh:
        return 0
    staged(conn, "staged_former", FORMER, fresh)
    with first_load(conn, "catalog.former_code") as first:
        statement = FIRST_FORMER if first else ADD_FORMER
        written = conn.execute(statement.encode(), {"source": source_id}).rowcount
    conn.execute("drop table staged_former")
    return written


# ---------------------------------------------------------------------------- the offices

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
POINT = Struct("<BIIdd")  # EWKB of a point: little-endian, its type with SRID, the SRID, x, y


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
        changes = _counted(conn, CHANGED_OFFICE_FIELDS, {})
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
        for number, (row, *place) in zip(ids, new, strict=True):
            offices.append(_Office(row, row.fingerprint, *place))
            yield number, offices[-1]

    # Locked in the order of every other writer: catalog.office, then its versions.
    with first_load(conn, "catalog.office"), first_load(conn, "catalog.office_version"):
        _keep_versions(conn, fresh(), said)
        rows = (
            (number, source_id, *one.values(), *said)
            for number, one in zip(ids, offices, strict=True)
        )
        copy_in(conn, "catalog.office", {"id": "int8"} | OFFICE, rows)


def _keep_versions(
    conn: Connection, offices: Iterable[tuple[int, _Office]], said: tuple[int, datetime]
) -> None:
    rows = ((number, one.version(), *said) for number, one in offices)
    copy_in(conn, "catalog.office_version", VERSION, rows)
