"""How the catalogue takes in a territory, offices, sources and evidence, in bulk.

Everything arrives by COPY in a temporary table, is compared with what is stored, and only
what differs is written. Each function works inside the caller's transaction: half a territory
is never seen. Statements that speak of temporary tables are here and not in sql/, because the
test that plans every .sql file cannot see those tables.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any

import psycopg
from psycopg.rows import dict_row

from catalog.database.queries import query
from catalog.naming import fold
from config.errors import Invalid
from geo.cog import timezone_of

type Connection = psycopg.Connection[Any]


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
        return _fingerprint(_COMMUNE_VALUES(self))


@dataclass(frozen=True, slots=True)
class FormerCodeRow:
    """A code that is not a current commune's, and the commune that answers for it."""

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
        return _fingerprint(_OFFICE_VALUES(self))


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


_COMMUNE_VALUES = attrgetter(*(one.name for one in fields(CommuneRow)))
_OFFICE_VALUES = attrgetter(*(one.name for one in fields(OfficeRow)))


def _fingerprint(values: object) -> str:
    """The same for equal values in every process: their repr holds texts, numbers and tuples, and
    dictionaries that one parser fills in one order."""
    return hashlib.blake2b(repr(values).encode(), digest_size=16).hexdigest()


def _copy(conn: Connection, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    # `table` and `columns` are constants of this module.
    statement = f"copy {table} ({columns}) from stdin"
    with conn.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for row in rows:
            copy.write_row(row)


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

KNOWN_COMMUNES = "select code, fingerprint from catalog.commune"
MAKE_COMMUNES = """
create temporary table staged_commune (
  code text, name text, search_name text, departement_code text, region_code text,
  epci_code text, population integer, siren text, postal_codes text[], timezone text,
  fingerprint text
) on commit drop
"""
# New communes are numbered after the highest number ever given, in the order of their codes.
ADD_COMMUNES = """
insert into catalog.commune as c
  (number, code, name, search_name, departement_code, region_code, epci_code, population, siren,
   postal_codes, timezone, fingerprint, valid_from)
select coalesce(known.number, top.number + row_number() over (
         partition by known.number is null order by s.code)),
       s.code, s.name, s.search_name, s.departement_code, s.region_code, s.epci_code,
       s.population, s.siren, s.postal_codes, s.timezone, s.fingerprint, null
from   staged_commune s
left   join catalog.commune known using (code)
cross  join (select coalesce(max(number), 0) as number from catalog.commune) top
where  known.fingerprint is distinct from s.fingerprint
on conflict (number) do update set
  name = excluded.name, search_name = excluded.search_name,
  departement_code = excluded.departement_code, region_code = excluded.region_code,
  epci_code = excluded.epci_code, population = excluded.population, siren = excluded.siren,
  postal_codes = excluded.postal_codes, timezone = excluded.timezone,
  fingerprint = excluded.fingerprint
returning (xmax = 0)
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
from   staged_commune s join catalog.commune c using (code)
where  c.fingerprint <> s.fingerprint
"""
MAKE_FORMER = """
create temporary table staged_former (
  code text, kind text, name text, search_name text, commune_code text, last_seen date,
  gone_by date
) on commit drop
"""
KNOWN_FORMER = """
select f.code, f.kind, f.name, c.code, f.last_seen, f.gone_by
from   catalog.former_code f join catalog.commune c on c.number = f.commune_number
"""
ADD_FORMER = """
insert into catalog.former_code as f
  (code, kind, name, search_name, commune_number, last_seen, gone_by, source_id)
select distinct on (s.code, s.kind)
       s.code, s.kind, s.name, s.search_name, c.number, s.last_seen, s.gone_by, %(source)s::text
from   staged_former s
join   catalog.commune c on c.code = s.commune_code
order  by s.code, s.kind, s.gone_by nulls last
on conflict (code, kind) do update set
  name = excluded.name, search_name = excluded.search_name,
  commune_number = excluded.commune_number,
  last_seen = coalesce(excluded.last_seen, f.last_seen),
  gone_by = coalesce(excluded.gone_by, f.gone_by)
where (f.name, f.commune_number) is distinct from (excluded.name, excluded.commune_number)
   or (excluded.last_seen is not null and f.last_seen is distinct from excluded.last_seen)
"""


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
        with conn.cursor() as cursor:
            cursor.executemany(query("catalog", name), [asdict(row) for row in rows])
    known = dict(conn.execute(KNOWN_COMMUNES).fetchall())
    marked = {row.code: (row, row.fingerprint) for row in territory.communes}
    if len(marked) != len(territory.communes):
        raise Invalid("The territory lists a commune twice.")
    conn.execute(MAKE_COMMUNES)
    _copy(
        conn,
        "staged_commune",
        "code, name, search_name, departement_code, region_code, epci_code, population, siren,"
        " postal_codes, timezone, fingerprint",
        (
            (
                row.code, row.name, fold(row.name), row.departement_code, row.region_code,
                row.epci_code, row.population, row.siren, list(row.postal_codes),
                timezone_of(row.code), mark,
            )
            for row, mark in marked.values()
            if known.get(row.code) != mark
        ),
    )  # fmt: skip
    changes = _counted(conn, CHANGED_FIELDS, {})
    written = conn.execute(ADD_COMMUNES).fetchall()
    conn.execute("drop table staged_commune")
    save_former_codes(conn, territory.former_codes, source_id)
    new = sum(1 for (fresh,) in written if fresh)
    return {
        "read": len(territory.communes),
        "new": new,
        "changed": len(written) - new,
        "vanished": len(known.keys() - marked.keys()),
        **changes,
    }


def save_former_codes(conn: Connection, rows: Iterable[FormerCodeRow], source_id: str) -> int:
    """Add or complete former codes; rows whose commune is unknown are left out. Rows written."""
    known = set(conn.execute(KNOWN_FORMER).fetchall())
    undated = {(code, kind, name, commune) for code, kind, name, commune, _, _ in known}
    conn.execute(MAKE_FORMER)
    _copy(
        conn,
        "staged_former",
        "code, kind, name, search_name, commune_code, last_seen, gone_by",
        (
            (r.code, r.kind, r.name, fold(r.name), r.commune_code, r.last_seen, r.gone_by)
            for r in rows
            if (said := (r.code, r.kind, r.name, r.commune_code, r.last_seen, r.gone_by))
            not in known
            and not (r.last_seen is None and r.gone_by is None and said[:4] in undated)
        ),
    )
    written = conn.execute(ADD_FORMER, {"source": source_id}).rowcount
    conn.execute("drop table staged_former")
    return written


MAKE_OUTLINES = "create temporary table staged_outline (code text, outline geometry) on commit drop"
# The outline is kept as published (ST_Multi changes its type only); the copy that is drawn is
# made valid. A commune without an outline keeps what it had.
SET_OUTLINES = """
update catalog.commune c set
  geometry = s.outline,
  geometry_3857 = st_multi(st_collectionextract(
    case when st_isvalid(s.outline) then st_transform(s.outline, 3857)
         else st_makevalid(st_transform(s.outline, 3857)) end, 3)),
  centre = st_pointonsurface(s.outline),
  area_km2 = st_area(s.outline::geography) / 1e6
from (select code, st_multi(st_setsrid(outline, 4326)) as outline from staged_outline) s
where c.code = s.code and c.geometry is distinct from s.outline and s.code <> all(%(refused)s)
"""
# Degrees that are none (NaN, infinite, metres), or something that is not a surface.
REFUSED_OUTLINES = """
select code from staged_outline
where  not coalesce(
  st_xmin(outline) >= -180 and st_xmax(outline) <= 180
  and st_ymin(outline) >= -90 and st_ymax(outline) <= 90
  and st_dimension(outline) = 2 and not st_isempty(outline), false)
"""


def save_outlines(
    conn: Connection, outlines: Iterable[Sequence[str]]
) -> tuple[int, list[Rejection]]:
    """Set the outlines of communes from (code, hexadecimal WKB in EPSG:4326) pairs, which may
    come one by one from a file. Returns how many changed, and those that cannot be outlines."""
    conn.execute(MAKE_OUTLINES)
    _copy(conn, "staged_outline", "code, outline", outlines)
    refused = [code for (code,) in conn.execute(REFUSED_OUTLINES)]
    changed = conn.execute(SET_OUTLINES, {"refused": refused}).rowcount
    return changed, [
        Rejection(code, "geometry", "not a surface in degrees", "") for code in refused
    ]


# ---------------------------------------------------------------------------- the offices

# An office that was withdrawn and is listed again has changed, whatever it says.
KNOWN_OFFICES = """
select remote_id, fingerprint from catalog.office
where  source_id = %(source)s::text and withdrawn_at is null
"""
MAKE_OFFICES = """
create temporary table staged_office (
  remote_id text, kind text, name text, commune_code text, address text, email text,
  phone text, website text, hours jsonb, accessibility text, accessibility_details text,
  timezone text, longitude double precision, latitude double precision, siret text,
  identifiers jsonb, helps_with text[], fingerprint text
) on commit drop
"""
# Each office that is new or changed keeps what it says now as a version, in the same statement.
ADD_OFFICES = """
with written as (
insert into catalog.office as o
  (source_id, remote_id, kind, name, commune_number, address, email, phone, website, hours,
   accessibility, accessibility_details, timezone, point, siret, identifiers, helps_with,
   fingerprint, evidence_id, observed_at)
select %(source)s::text, s.remote_id, s.kind,
       case when s.kind = 'mairie' then 'Mairie – ' || c.name else s.name end,
       c.number, s.address, s.email, s.phone, s.website, s.hours, s.accessibility,
       s.accessibility_details, s.timezone,
       st_setsrid(st_makepoint(s.longitude, s.latitude), 4326), s.siret, s.identifiers,
       s.helps_with, s.fingerprint, %(evidence)s::bigint, %(observed_at)s::timestamptz
from   staged_office s
join   catalog.commune c on c.code = s.commune_code
on conflict (source_id, remote_id) do update set
  kind = excluded.kind, name = excluded.name, commune_number = excluded.commune_number,
  address = excluded.address, email = excluded.email, phone = excluded.phone,
  website = excluded.website, hours = excluded.hours, accessibility = excluded.accessibility,
  accessibility_details = excluded.accessibility_details, timezone = excluded.timezone,
  point = excluded.point, siret = excluded.siret, identifiers = excluded.identifiers,
  helps_with = excluded.helps_with, fingerprint = excluded.fingerprint,
  evidence_id = excluded.evidence_id, observed_at = excluded.observed_at, withdrawn_at = null
where (o.fingerprint, o.withdrawn_at is null) is distinct from (excluded.fingerprint, true)
returning o.*, (xmax = 0) as fresh
), versions as (
insert into catalog.office_version (office_id, fields, evidence_id, observed_at)
select id,
       jsonb_build_object(
         'kind', kind, 'name', name, 'address', address, 'email', email, 'phone', phone,
         'website', website, 'hours', hours, 'accessibility', accessibility,
         'accessibility_details', accessibility_details, 'timezone', timezone,
         'siret', siret, 'identifiers', identifiers, 'helps_with', helps_with,
         'withdrawn_at', withdrawn_at, 'longitude', st_x(point), 'latitude', st_y(point)),
       evidence_id, observed_at
from   written
)
select fresh from written
"""
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
       count(*) filter (where (st_x(o.point), st_y(o.point))
                        is distinct from (s.longitude, s.latitude)) as office_point
from   staged_office s
join   catalog.office o on o.source_id = %(source)s::text and o.remote_id = s.remote_id
where  o.fingerprint <> s.fingerprint or o.withdrawn_at is not null
"""


def save_offices(
    conn: Connection,
    rows: Iterable[OfficeRow],
    *,
    source_id: str,
    evidence_id: int,
    observed_at: datetime,
) -> dict[str, int]:
    """Add new offices and the changes of known ones, each change kept as a version.

    Offices that the source no longer lists are not touched here. Returns counts.
    """
    known = dict(conn.execute(KNOWN_OFFICES, {"source": source_id}).fetchall())
    listed: set[str] = set()

    def staged() -> Iterable[Sequence[Any]]:
        for row in rows:
            if row.remote_id in listed:
                raise Invalid(f"{source_id} lists the office {row.remote_id} twice.")
            listed.add(row.remote_id)
            mark = row.fingerprint
            if known.get(row.remote_id) == mark:
                continue
            longitude, latitude = row.point or (None, None)
            yield (
                row.remote_id, row.kind, row.name, row.commune_code, row.address, row.email,
                row.phone, row.website,
                None if row.hours is None else json.dumps(row.hours), row.accessibility,
                row.accessibility_details, row.timezone, longitude, latitude, row.siret,
                json.dumps(row.identifiers, sort_keys=True), list(row.helps_with), mark,
            )  # fmt: skip

    conn.execute(MAKE_OFFICES)
    _copy(
        conn,
        "staged_office",
        "remote_id, kind, name, commune_code, address, email, phone, website, hours,"
        " accessibility, accessibility_details, timezone, longitude, latitude, siret, identifiers,"
        " helps_with, fingerprint",
        staged(),
    )
    parameters = {"source": source_id, "evidence": evidence_id, "observed_at": observed_at}
    changes = _counted(conn, CHANGED_OFFICE_FIELDS, {"source": source_id})
    written = conn.execute(ADD_OFFICES, parameters).fetchall()
    conn.execute("drop table staged_office")
    new = sum(1 for (fresh,) in written if fresh)
    changed = len(written) - new
    return {"offices": len(listed), "offices_new": new, "offices_changed": changed, **changes}
