"""A source's list of offices against what the catalogue holds of it, as sets in the database.

The rows of a list never are in Python all at once: they pass through temporary tables, which go
with the transaction, and statements compare whole lists. These statements are here and not in
sql/ because they speak of temporary tables.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from catalog.bulk import Connection, first_load
from catalog.likeness import Place
from catalog.office_lines import COLUMNS
from catalog.office_standing import KnownOffice

TABLES = (
    "create temporary table listing (n int4, remote_id text, mark text) on commit drop",
    "create temporary table odd (n int4, id int8, read boolean) on commit drop",
    "create temporary table unread (remote_id text) on commit drop",
    "create temporary table offered ("
    + ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    + ", fields jsonb) on commit drop",
    "create temporary table met (remote_id text, id int8, new boolean, same boolean,"
    " withdrawn boolean, orphan boolean) on commit drop",
    "create temporary table silent (id int8, kind text, commune_number int4, siret text)"
    " on commit drop",
)
DROP = "drop table listing, odd, unread, offered, met, silent"
# The sequence is looked up once for all ids: looking it up for each takes ten times what they take.
RESERVED = """
select array_agg(nextval((select pg_get_serial_sequence('catalog.office', 'id')::regclass)))
from   generate_series(1, %(count)s)
"""
# What cannot be passed over: rows to read (new, or not as we know them), offices that the list
# does not hold, and orphans that it holds again. Most rows of most lists are none of these.
ODD = """
insert into odd (n, id, read)
select l.n, o.id,
       l.n is not null and (o.id is null or o.withdrawn_at is not null
                            or o.fingerprint is distinct from l.mark)
from   listing l
full   join (
  select id, remote_id, fingerprint, withdrawn_at from catalog.office where source_id = %(source)s
) o on o.remote_id = l.remote_id
left   join catalog.office_orphan p on p.office_id = o.id
where  l.n is null or o.id is null or o.withdrawn_at is not null
   or  o.fingerprint is distinct from l.mark or p.office_id is not null
"""
# The same of a list that was recognised unread, whose other offices are in `odd` already.
LISTED_ORPHANS = """
insert into odd (n, id, read)
select 0, o.id, false
from   catalog.office_orphan p
join   catalog.office o on o.id = p.office_id
where  o.source_id = %(source)s and not exists (select from odd d where d.id = o.id)
"""
SILENT = """
insert into silent (id, kind, commune_number, siret)
select o.id, o.kind, o.commune_number, o.siret
from   odd d
join   catalog.office o on o.id = d.id
where  (d.n is null or d.read)
  and  not exists (select from offered f where f.remote_id = o.remote_id)
  and  not exists (select from unread u where u.remote_id = o.remote_id)
  and  o.remote_id <> all(%(closed)s::text[])
"""
# Only what could be one place is compared at length: of one kind, and in one commune or with one
# SIRET; or what the source once called so.
FRESH = """
select f.remote_id, f.kind, f.name, c.code, f.address, f.phone, f.email, f.siret, st_x(f.point),
       st_y(f.point)
from   offered f
left   join catalog.commune c on c.number = f.commune_number
where  not exists (select from catalog.office o
                   where o.source_id = %(source)s and o.remote_id = f.remote_id)
  and  ((f.kind, f.commune_number) in (select kind, commune_number from silent)
        or (f.kind, f.siret) in (select kind, siret from silent)
        or f.remote_id in (select remote_id from catalog.office_alias
                           where source_id = %(source)s))
"""
VANISHED = """
select s.id
from   silent s
where  (s.kind, s.commune_number) in (select kind, commune_number from offered)
   or  (s.kind, s.siret) in (select kind, siret from offered)
   or  s.id in (select a.office_id from catalog.office_alias a
                join offered f on f.remote_id = a.remote_id where a.source_id = %(source)s)
"""
MET = """
insert into met (remote_id, id, new, same, withdrawn, orphan)
select f.remote_id,
       coalesce(o.id,
                nextval((select pg_get_serial_sequence('catalog.office', 'id')::regclass))),
       o.id is null, coalesce(o.fingerprint = f.fingerprint and o.withdrawn_at is null, false),
       o.withdrawn_at is not null, p.office_id is not null
from   offered f
left   join catalog.office o on o.source_id = %(source)s and o.remote_id = f.remote_id
left   join catalog.office_orphan p on p.office_id = o.id
"""
# As catalog.office_standing.known, with the fingerprint that the list offers (null: it does not
# hold the office). Only those whose standing is in question.
IN_QUESTION = """
select o.remote_id, o.id, o.fingerprint, o.kind, o.observed_at, o.withdrawn_at, p.since,
       p.recorded_at,
       coalesce(f.fingerprint, case when d.n is not null and not d.read then o.fingerprint end)
from   odd d
join   catalog.office o on o.id = d.id
left   join catalog.office_orphan p on p.office_id = o.id
left   join offered f on f.remote_id = o.remote_id
where  p.office_id is not null or o.withdrawn_at is not null
   or  o.remote_id = any(%(closed)s::text[])
   or  (f.remote_id is null and (d.n is null or d.read))
union  all
select o.remote_id, o.id, o.fingerprint, o.kind, o.observed_at, o.withdrawn_at, p.since,
       p.recorded_at, o.fingerprint
from   catalog.office o
left   join catalog.office_orphan p on p.office_id = o.id
where  o.source_id = %(source)s and o.remote_id = any(%(closed)s::text[])
  and  o.id not in (select id from odd where id is not null)
"""
STANDING = """
select o.kind, count(*)
from   catalog.office o
where  o.source_id = %(source)s and o.withdrawn_at is null
  and  not exists (select from catalog.office_orphan p where p.office_id = o.id)
group  by o.kind
"""
COUNTS = """
select count(*) as offered, count(*) filter (where new) as new,
       count(*) filter (where not new and not same) as changed,
       count(*) filter (where not new and not same and not withdrawn and not orphan)
         as changed_listed,
       count(*) filter (where same and not orphan) as same
from   met
"""
BACK_UNREAD = "select count(*) from odd where n is not null and not read"
# What the list says, and what it said before, of the offices that it speaks of otherwise.
PAIRS = """
select m.remote_id, f.kind, v.fields as before, f.fields as after, was.code as commune_before,
       now.code as commune_after
from   met m
join   offered f on f.remote_id = m.remote_id
join   catalog.office o on o.id = m.id
cross  join lateral (
  -- + 0: never by the index of ids, from the end of the table: see KNOW_THEM.
  select fields from catalog.office_version where office_id = o.id order by id + 0 desc limit 1
) v
left   join catalog.commune was on was.number = o.commune_number
left   join catalog.commune now on now.number = f.commune_number
where  not m.new and not m.same
"""
CHANGED_FIELDS = f"""
with pairs as ({PAIRS}), points as (
  select *,
         case when before ->> 'longitude' <> '' and before ->> 'latitude' <> ''
              then jsonb_build_array(before -> 'longitude', before -> 'latitude')
         end as point_before,
         case when after ->> 'longitude' <> '' and after ->> 'latitude' <> ''
              then jsonb_build_array(after -> 'longitude', after -> 'latitude')
         end as point_after
  from   pairs
)
select field, count(*)
from   points, unnest(%(fields)s::text[]) as field
where  case field
         when 'commune' then commune_before is distinct from commune_after
         when 'point' then point_before is distinct from point_after
         when 'name' then kind <> 'mairie' and before -> 'name' is distinct from after -> 'name'
         else coalesce(before -> field, 'null') <> coalesce(after -> field, 'null')
       end
group  by field
"""  # noqa: S608 a constant
FIRST = """
select m.remote_id
from   met m
where  {which} and m.remote_id <> all(%(closed)s::text[])
order  by m.remote_id collate "C"
limit  %(most)s
"""
_SET = ", ".join(f"{name} = f.{name}" for name in COLUMNS if name != "remote_id")
CHANGE = f"""
update catalog.office o
set    {_SET}, evidence_id = %(evidence)s, observed_at = %(at)s, withdrawn_at = null
from   met m
join   offered f on f.remote_id = m.remote_id
where  o.id = m.id and not m.new and not m.same
"""  # noqa: S608 a constant
# What says the same in another way, or under other rules: it is recognised sooner next time.
RECOGNISE = """
update catalog.office o
set    read_as = f.read_as
from   met m
join   offered f on f.remote_id = m.remote_id
where  o.id = m.id and m.same and f.read_as is not null and o.read_as is distinct from f.read_as
"""
ADD = f"""
insert into catalog.office (id, source_id, evidence_id, observed_at, {", ".join(COLUMNS)})
select m.id, %(source)s, %(evidence)s, %(at)s, {", ".join(f"f.{name}" for name in COLUMNS)}
from   met m
join   offered f on f.remote_id = m.remote_id
where  m.new
"""  # noqa: S608 a constant
KEEP = """
insert into catalog.office_version (office_id, fields, evidence_id, observed_at)
select m.id, f.fields, %(evidence)s, %(at)s
from   met m
join   offered f on f.remote_id = m.remote_id
where  not m.same
order  by m.id
"""
# Until the database has counted versions, it believes that an office has many, and looks for its
# last one from the end of the table: all of 300,000 were read for each. Its own daemon comes late.
MANY = 10_000
KNOW_THEM = "analyze catalog.office_version (office_id)"
ODD_ROW = np.dtype([("width", ">i2"), ("length", ">i4"), ("id", ">i8")])  # of a binary COPY
FIRST_OFFICES = f"""
copy catalog.office (id, source_id, evidence_id, observed_at, {", ".join(COLUMNS)}) from stdin
"""
FIRST_VERSIONS = """
copy catalog.office_version (office_id, evidence_id, observed_at, fields) from stdin
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """What a list said of an office before, and what it says now, with the commune's code."""

    remote_id: str
    kind: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    commune_before: str | None
    commune_after: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many offices of a list are what."""

    offered: int
    new: int
    changed: int
    changed_listed: int  # without those that are listed again
    same: int  # read, and as they were


def holds(conn: Connection, source_id: str) -> bool:
    """Whether the catalogue holds any office of a source, be it withdrawn."""
    row = conn.execute(
        "select exists (select from catalog.office where source_id = %s)", (source_id,)
    ).fetchone()
    return row is not None and bool(row[0])


def first_ids(conn: Connection, source_id: str, most: int) -> list[str]:
    """The first ids of a source's offices, in their order."""
    rows = conn.execute(
        "select remote_id from catalog.office where source_id = %s"
        ' order by remote_id collate "C" limit %s',
        (source_id, most),
    )
    return [remote_id for (remote_id,) in rows]


class FirstList:
    """The first list of a source: nothing can be compared, and it is copied where it will live."""

    def __init__(
        self, conn: Connection, source_id: str, evidence_id: int, observed_at: datetime
    ) -> None:
        self.written = 0
        self._conn = conn
        self._source = source_id.encode().replace(b"%", b"%%")
        self._said = f"{evidence_id}\t{observed_at.isoformat()}".encode()

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Around all of it: without the indexes that are sooner made at the end."""
        with ExitStack() as tables:
            for table in ("catalog.office", "catalog.office_version"):
                tables.enter_context(first_load(self._conn, table))
            yield
        if self.written >= MANY:
            self._conn.execute(KNOW_THEM)

    def offer(self, offices: bytes, versions: bytes) -> None:
        """Write offices, a line each, with the version of each in the same order."""
        lines, said = offices.split(b"\n"), versions.split(b"\n")
        row = self._conn.execute(RESERVED, {"count": len(lines)}).fetchone()
        assert row is not None  # noqa: S101 an aggregate always has its row
        ids: list[int] = row[0]
        for statement, head, after in (
            (FIRST_OFFICES, b"%d\t" + self._source + b"\t" + self._said + b"\t%b", lines),
            (FIRST_VERSIONS, b"%d\t" + self._said + b"\t%b", said),
        ):
            made = b"\n".join(head % pair for pair in zip(ids, after, strict=True))
            _copy(self._conn, statement, (made,))
        self.written += len(ids)

    def unread(self, remote_ids: Iterable[str]) -> None:
        """Nothing is known that could be lost."""


class OfficeList:
    """A list that is compared with what is known of its source, in the caller's transaction."""

    def __init__(self, conn: Connection, source_id: str) -> None:
        self._conn = conn
        self._source = source_id
        for statement in TABLES:
            conn.execute(statement.encode())

    # ------------------------------------------------------------------------ what is read

    def enlist(self, pieces: Iterable[bytes]) -> None:
        """Lines of number, remote id and fingerprint, one for each row of the list."""
        _copy(self._conn, "copy listing from stdin", pieces)

    def compare(self) -> None:
        """Find what cannot be passed over."""
        self._conn.execute("analyze listing")
        self._conn.execute(ODD.encode(), {"source": self._source})
        self._conn.execute("analyze odd")

    def recognised(self, ids: Sequence[int], listed: bytes) -> int:
        """Instead of both: of the source's offices with these ids (see office_marks.known), a bit
        tells which the list holds as they are known. How many those are."""
        bits = np.unpackbits(np.frombuffer(listed, np.uint8), count=len(ids)).astype(np.bool_)
        others = np.frombuffer(np.asarray(ids, np.int64), np.int64)[~bits]
        if len(others):
            rows = np.empty(len(others), ODD_ROW)
            rows["width"], rows["length"], rows["id"] = 1, 8, others
            binary = "copy odd (id) from stdin (format binary)"
            with self._conn.cursor() as cursor, cursor.copy(binary) as copy:
                copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8) + rows.tobytes() + b"\xff\xff")
        self._conn.execute(LISTED_ORPHANS, {"source": self._source})
        self._conn.execute("analyze odd")
        return int(np.count_nonzero(bits))

    def wanted(self) -> list[int]:
        """The numbers of the rows that must be read, in order."""
        return [n for (n,) in self._conn.execute("select n from odd where read order by n")]

    def offer(self, offices: bytes, versions: bytes) -> None:
        """Offices that were read, a line each, with the version of each in the same order."""
        pairs = zip(offices.split(b"\n"), versions.split(b"\n"), strict=True)
        _copy(self._conn, "copy offered from stdin", (b"\n".join(map(b"\t".join, pairs)),))

    def unread(self, remote_ids: Iterable[str]) -> None:
        """Ids that are listed, and of which nothing could be read."""
        with self._conn.cursor() as cursor, cursor.copy("copy unread from stdin") as copy:
            for remote_id in remote_ids:
                copy.write_row((remote_id,))

    # ---------------------------------------------------------------------- what was renamed

    def strangers(self, closed: Collection[str]) -> tuple[list[int], dict[str, Place]]:
        """Offices that the list does not hold (our ids), and places that it did not hold before
        (by their ids): those of each that may be one of the other."""
        for table in ("offered", "unread"):
            self._conn.execute(f"analyze {table}".encode())
        self._conn.execute(SILENT, {"closed": list(closed)})
        fresh = {}
        if self._one("select exists (select from silent)"):
            for remote_id, *said, x, y in self._conn.execute(FRESH, {"source": self._source}):
                point = None if x is None or y is None else (x, y)
                fresh[remote_id] = Place(*said, point)  # type: ignore[call-arg]
        if not fresh:
            return [], {}
        ids = self._conn.execute(VANISHED, {"source": self._source})
        return [id_ for (id_,) in ids], fresh

    # ------------------------------------------------------------------------- what it changes

    def meet(self) -> Counts:
        """Find the office of each place that was read; new ones get their id here."""
        self._conn.execute(MET, {"source": self._source})
        self._conn.execute("analyze met")
        row = self._conn.execute(COUNTS).fetchone()
        assert row is not None  # noqa: S101 an aggregate always has its row
        return Counts(*row)

    def back_unread(self) -> int:
        """Orphans that are listed again and say what they said: they were not read."""
        return int(self._one(BACK_UNREAD))

    def in_question(
        self, closed: Collection[str]
    ) -> tuple[dict[str, KnownOffice], dict[str, str], set[str]]:
        """The offices whose standing must be decided one by one, what the list offers of them,
        and which of them it holds but cannot be read."""
        known: dict[str, KnownOffice] = {}
        offered: dict[str, str] = {}
        for remote_id, *values, mark in self._conn.execute(
            IN_QUESTION, {"source": self._source, "closed": list(closed)}
        ):
            known[remote_id] = KnownOffice(*values)
            if mark is not None:
                offered[remote_id] = mark
        unread = self._conn.execute(
            "select remote_id from unread where remote_id = any(%s)", (list(known),)
        )
        return known, offered, {remote_id for (remote_id,) in unread}

    def standing(self) -> dict[str, int]:
        """How many offices of each kind its source listed until now."""
        return dict(self._conn.execute(STANDING, {"source": self._source}).fetchall())

    def changed_fields(self, fields: Iterable[str]) -> dict[str, int]:
        """How many offices it speaks of otherwise, field by field."""
        return dict(self._conn.execute(CHANGED_FIELDS, {"fields": [*fields]}).fetchall())

    def first(self, which: str, most: int, closed: Collection[str] = ()) -> list[str]:
        """The first ids of those that are `which`: new, changed or back."""
        clause = {
            "new": "m.new",
            "changed": "not m.new and not m.same and not m.withdrawn and not m.orphan",
        }[which]
        rows = self._conn.execute(
            FIRST.format(which=clause).encode(), {"most": most, "closed": list(closed)}
        )
        return [remote_id for (remote_id,) in rows]

    def pairs(self, remote_ids: Collection[str]) -> list[Pair]:
        """Before and after, for a few of the offices that it speaks of otherwise."""
        rows = self._conn.execute(
            f"{PAIRS} and m.remote_id = any(%(ids)s::text[])".encode(), {"ids": list(remote_ids)}
        )
        return [Pair(*row) for row in rows]

    def write(self, evidence_id: int, observed_at: datetime) -> None:
        """Bring the catalogue to what the list says of the places that were read; each change is
        kept as a version."""
        values = {"source": self._source, "evidence": evidence_id, "at": observed_at}
        self._conn.execute(KEEP, values)
        for statement in (CHANGE, RECOGNISE, ADD):
            self._conn.execute(statement.encode(), values)

    def close(self) -> None:
        """Forget the list; the transaction may read another one."""
        self._conn.execute(DROP)

    def _one(self, question: str) -> Any:
        row = self._conn.execute(question.encode()).fetchone()
        assert row is not None  # noqa: S101 the question has one answer
        return row[0]


def _copy(conn: Connection, statement: str, pieces: Iterable[bytes]) -> None:
    """Copy pieces of one or more lines, none with its last newline."""
    with conn.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for piece in pieces:
            copy.write(piece + b"\n")
