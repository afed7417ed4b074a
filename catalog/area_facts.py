"""Dated characteristics of communes that are no service: a zoning, a rate, a certification.

They colour no map and raise no level. They are shown as what a source said on a day, and a value
that changes is a new row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog.database.asking import Asking, ask
from catalog.database.queries import query

STAGE = "create temporary table staged_area (code text, subject text, value text) on commit drop"
ADD = """
insert into catalog.area_fact
  (commune_number, subject, value, source_id, evidence_id, observed_at)
select c.number, s.subject, s.value, %(source)s, %(evidence)s, %(observed_at)s
from   staged_area s
join   catalog.commune c using (code)
left   join (
  select distinct on (commune_number, subject) commune_number, subject, value
  from   catalog.area_fact
  where  source_id = %(source)s and observed_at <= %(observed_at)s
  order  by commune_number, subject, observed_at desc, id desc
) known on known.commune_number = c.number and known.subject = s.subject
where  known.value is distinct from s.value
order  by c.number, s.subject
"""


@dataclass(frozen=True, slots=True)
class AreaSubject:
    """What is said of communes, and in which unit."""

    id: str
    title_fr: str
    title_en: str
    unit: str


@dataclass(frozen=True, slots=True)
class AreaFact:
    """What one file says of one commune."""

    code: str
    subject: str
    value: str


@dataclass(frozen=True, slots=True)
class KnownAreaFact:
    """The latest value of a subject in a commune, with its day and its source."""

    subject: str
    title_fr: str
    title_en: str
    unit: str
    value: str
    observed_at: datetime
    source_id: str

    def title(self, language: str) -> str:
        return self.title_en if language == "en" else self.title_fr


def save_area_subjects(
    conn: psycopg.Connection[Any], subjects: Iterable[AreaSubject], source_id: str
) -> None:
    """Make subjects known, or bring their titles up to date."""
    for one in subjects:
        conn.execute(
            query("catalog", "apply_area_subject"),
            {
                "id": one.id,
                "source": source_id,
                "title_fr": one.title_fr,
                "title_en": one.title_en,
                "unit": one.unit,
            },
        )


def save_area_facts(
    conn: psycopg.Connection[Any],
    rows: Iterable[AreaFact],
    *,
    source_id: str,
    evidence_id: int,
    observed_at: datetime,
) -> int:
    """Append the values that differ from what the source last said; how many were written."""
    conn.execute(STAGE)
    with conn.cursor() as cursor, cursor.copy("copy staged_area from stdin") as copy:
        for row in rows:
            copy.write_row((row.code, row.subject, row.value))
    written = conn.execute(
        ADD, {"source": source_id, "evidence": evidence_id, "observed_at": observed_at}
    ).rowcount
    conn.execute("drop table staged_area")
    return written


async def of_commune(aconn: psycopg.AsyncConnection[Any], number: int) -> list[KnownAreaFact]:
    """The latest value of each subject in a commune. Empty: no source said anything."""
    return await ask(aconn, asking_of_commune(number))


def asking_of_commune(number: int) -> Asking[list[KnownAreaFact]]:
    """`of_commune`, to be asked with other questions."""
    return Asking(
        query("catalog", "area_of_commune"), {"number": number}, list, class_row(KnownAreaFact)
    )
