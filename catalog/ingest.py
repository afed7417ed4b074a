"""How the catalogue takes in a territory, offices, sources and evidence, in bulk.

What is new is copied where it will live; what has changed passes through a temporary table; what
is unchanged, by its fingerprint, does not travel. Each function works inside the caller's
transaction: half a territory is never seen. Statements that speak of temporary tables are here
and not in sql/, because the test that plans every .sql file cannot see those tables. Outlines
and offices have their own modules, catalog/outlines.py and catalog/office_rows.py.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

import msgspec

from catalog.bulk import (
    Connection,
    copy_in,
    counted,
    first_load,
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
        changes = counted(conn, CHANGED_FIELDS)
        conn.execute(CHANGE_COMMUNES)
        conn.execute("drop table staged_commune")
    if new:
        # New communes are numbered after the highest number ever given, in the order of their
        # codes. Their rows are made one by one while the server writes those before.
        highest = max((number for number, _ in known.values()), default=0)
        numbered = enumerate(map(listed.__getitem__, new), highest + 1)
        fresh = (_commune(number, row, row.fingerprint) for number, row in numbered)
        with first_load(conn, "catalog.commune"):
            copy_in(conn, "catalog.commune", COMMUNE, fresh)
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
