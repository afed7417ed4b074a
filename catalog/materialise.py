"""Write the score of every (commune, service) as intervals, from observations alone.

The table is only a copy of what `catalog.status.timeline` says; it can be emptied and made
again at any time. Communes with the same pattern of statements have the same timeline, so
the scorer runs once per pattern and not once per commune. The new rows are compared with the
old ones in the database, and only those that differ are written: a rerun writes nothing. What
was touched is noted in `catalog.change`, which readers follow.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count, groupby
from operator import itemgetter
from typing import Any

import psycopg

from catalog.database.queries import query
from catalog.observations import Nature, Observation, from_row
from catalog.referential import Referential, Service, current
from catalog.states import State
from catalog.status import timeline

LOCK = 0x6775_6963  # one refresh at a time in a database; any constant of our own will do
BATCH = 50_000  # rows held at once: bounds our memory to some tens of MB

# These statements are here and not in sql/ because they speak of a temporary table, which
# the test that plans every .sql file cannot see. They take no input but their parameters.
MAKE = """
create temporary table fresh_status (
  service text, commune_number integer, valid_from timestamptz, valid_to timestamptz,
  state smallint, level smallint, reason text, provider text, url text, observation_id bigint
) on commit drop
"""
FILL = "copy fresh_status from stdin with (format binary)"
TYPES = (
    "text", "int4", "timestamptz", "timestamptz", "int2", "int2", "text", "text", "text", "int8",
)  # fmt: skip
DROP_STALE = """
with gone as (
delete from catalog.status s
where  (%(services)s::text[] is null or s.service = any(%(services)s::text[]))
  and  (%(communes)s::integer[] is null or s.commune_number = any(%(communes)s::integer[]))
  and  not exists (
    select from fresh_status f
    where  f.service = s.service and f.commune_number = s.commune_number
      and  f.valid_from = s.valid_from
      and  coalesce(f.valid_to, 'infinity') = s.valid_to
      and  f.state = s.state and f.reason = s.reason
      and  f.level is not distinct from s.level
      and  f.provider is not distinct from s.provider
      and  f.url is not distinct from s.url
      and  f.observation_id is not distinct from s.observation_id)
returning s.service, s.commune_number)
insert into touched_status select service, commune_number from gone
"""
ADD_MISSING = """
with come as (
insert into catalog.status
  (service, commune_number, valid_from, valid_to, state, level, reason, provider, url,
   observation_id)
select service, commune_number, valid_from, coalesce(valid_to, 'infinity'), state, level, reason,
       provider, url, observation_id
from   fresh_status f
where  not exists (
  select from catalog.status s
  where  s.service = f.service and s.commune_number = f.commune_number
    and  s.valid_from = f.valid_from)
returning service, commune_number)
insert into touched_status select service, commune_number from come
"""
TOUCHED = (
    "create temporary table touched_status (service text, commune_number integer) on commit drop"
)
# Under the refreshes' lock: positions are given in the order of the commits.
LOG = """
insert into catalog.change (first, upto, service, communes)
select before + upto - cardinality(communes) + 1, before + upto, service, communes
from  (select coalesce(max(upto), 0) as before from catalog.change) held,
      (select service, communes, sum(cardinality(communes)) over (order by service) as upto
       from (select service, array_agg(distinct commune_number order by commune_number) as communes
             from touched_status group by service) touched) counted
"""

Row = tuple[Any, ...]  # of observation_of_each.sql
Pattern = tuple[Any, ...]
Scope = Mapping[str, list[Any] | None]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did: intervals that hold now, and how many rows it had to change."""

    intervals: int
    inserted: int
    deleted: int


def refresh(
    conn: psycopg.Connection[Any],
    services: Sequence[str] | None = None,
    communes: Sequence[int] | None = None,
    referential: Referential | None = None,
) -> Refreshed:
    """Bring catalog.status up to date with the observations, in the caller's transaction.

    `services` (ids) and `communes` (numbers) bound the work; None means all. A service that
    is no longer in the referential loses its rows: nothing is shown that we cannot explain.
    Two refreshes of one database wait for each other. The connection is not in autocommit, and
    the caller commits: readers see the whole refresh or none of it.
    """
    book = referential or current()
    wanted = [s for s in book.services if services is None or s in services]
    scope: Scope = {
        "services": None if services is None else sorted(set(services)),
        "communes": None if communes is None else sorted(set(communes)),
        "known": wanted,
    }
    conn.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
    conn.execute("set local work_mem = '64MB'")  # the sort below stays in memory
    conn.execute(MAKE)
    conn.execute(TOUCHED)
    intervals = 0
    for batch in _batches(_scored(conn, book, wanted, scope)):
        with conn.cursor() as cursor, cursor.copy(FILL) as copy:
            copy.set_types(TYPES)
            for written in batch:
                copy.write_row(written)
        intervals += len(batch)
    conn.execute("analyze fresh_status")
    deleted = conn.execute(DROP_STALE, scope).rowcount
    inserted = conn.execute(ADD_MISSING).rowcount
    conn.execute(LOG)
    conn.execute("drop table fresh_status, touched_status")
    return Refreshed(intervals, inserted, deleted)


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Reading and writing share one connection, and COPY holds it: so they take turns."""
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _scored(
    conn: psycopg.Connection[Any], book: Referential, wanted: Sequence[str], scope: Scope
) -> Iterator[Row]:
    """The intervals of every (commune, service) that anything is said of."""
    found = conn.execute(query("catalog", "status_communes"), scope).fetchall()
    numbers = [row[0] for row in found]
    national: dict[str, list[Observation]] = {}
    for row in conn.execute(query("catalog", "observation_of_france"), scope):
        one = from_row(row)
        national.setdefault(one.service, []).append(one)
    spoken_of: dict[str, set[int]] = {}
    patterns = {one: _Patterns(book.services[one], national.get(one, [])) for one in wanted}
    for service, number, rows in _own(conn, scope):
        spoken_of.setdefault(service, set()).add(number)
        yield from patterns[service].rows(number, rows)
    for service in national:
        silent = spoken_of.get(service, set())
        for number in numbers:
            if number not in silent:
                yield from patterns[service].rows(number, [])


def _own(conn: psycopg.Connection[Any], scope: Scope) -> Iterator[tuple[str, int, list[Row]]]:
    """(service, number, rows) of each pair that has statements of its own, by a server cursor."""
    with conn.cursor(name="own_observations", binary=True) as cursor:
        cursor.itersize = BATCH
        cursor.execute(query("catalog", "observation_of_each"), scope)
        for (service, number), rows in groupby(cursor, key=itemgetter(0, 1)):
            yield service, number, list(rows)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One interval of a pattern: where in a commune's rows its link and decider are.

    `url_row` and `decider_row` are positions in the commune's own rows; when they are None,
    `url` and `decider` are the same for every commune with this pattern.
    """

    valid_from: datetime
    valid_to: datetime | None
    state: int
    level: int | None
    reason: str
    provider: str | None
    url_row: int | None
    url: str | None
    decider_row: int | None
    decider: int | None


class _Patterns:
    """The timelines of one service, one for each distinct pattern of statements."""

    def __init__(self, service: Service, national: Sequence[Observation]) -> None:
        self.service = service
        self.national = national
        self.drawn: dict[Pattern, tuple[_Drawn, ...]] = {}

    def rows(self, number: int, own: Sequence[Row]) -> Iterator[Row]:
        """Rows for fresh_status."""
        pattern = self.pattern(own)
        drawn = self.drawn.get(pattern) if pattern is not None else None
        if drawn is None:
            drawn = self.draw(number, own)
            if pattern is not None:
                self.drawn[pattern] = drawn
        for one in drawn:
            yield (
                self.service.id,
                number,
                one.valid_from,
                one.valid_to,
                one.state,
                one.level,
                one.reason,
                one.provider,
                one.url if one.url_row is None else own[one.url_row][5],
                one.decider if one.decider_row is None else own[one.decider_row][2],
            )

    def pattern(self, own: Sequence[Row]) -> Pattern | None:
        """All that the scorer reads, with links replaced by which of them are equal.

        Rows come in the scorer's own order, so their ids need not be part of it. None when a
        statement corrects another by its id: such rows are rare and are scored one by one.
        """
        classes: dict[str | None, int] = {None: 0}
        fresh = count(1)
        for one in self.national:
            classes.setdefault(one.url, -next(fresh))
        key = []
        for row in own:
            if row[11] is not None:
                return None
            url = row[5]
            if url not in classes:
                classes[url] = next(fresh)
            mailto = url is not None and url[:7].lower() == "mailto:"
            key.append((*row[3:5], *row[6:11], classes[url], mailto))
        return tuple(key)

    def draw(self, number: int, own: Sequence[Row]) -> tuple[_Drawn, ...]:
        """The timeline of this commune, told by positions in its own rows."""
        held = [_observation(row) for row in own]
        deciders = {one.id: i for i, one in enumerate(held)}
        links: dict[str | None, int] = {}
        for i, one in enumerate(held):
            links.setdefault(one.url, i)
        drawn = []
        for interval in timeline(self.service, [*self.national, *held]):
            status = interval.status
            decider = status.observation_id
            drawn.append(
                _Drawn(
                    interval.valid_from,
                    interval.valid_to,
                    int(status.state),
                    status.level,
                    status.reason.value,
                    status.provider,
                    None if status.url is None else links.get(status.url),
                    status.url,
                    None if decider is None else deciders.get(decider),
                    decider,
                )
            )
        return tuple(drawn)


def _observation(row: Row) -> Observation:
    """What the scorer needs of a row of observation_of_each.sql; the proof stays behind."""
    (
        service, number, id_, state, attributes, url, provider, nature, source_id, observed_at,
        valid_until, supersedes,
    ) = row  # fmt: skip
    return Observation(
        service=service,
        state=None if state is None else State(state),
        nature=Nature(nature),
        source_id=source_id,
        evidence_id=0,
        seen="",
        observed_at=observed_at,
        commune_number=number,
        attributes=json.loads(attributes),
        url=url,
        provider=provider,
        valid_until=valid_until,
        supersedes=supersedes,
        id=id_,
    )
