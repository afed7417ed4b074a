"""A small territory written by hand, and ways to say things about it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from catalog.observations import Nature, Observation
from catalog.states import State

START = datetime(2021, 2, 3, tzinfo=UTC)
# Two régions, three départements; EPCI 222222222 straddles two of them; 05005 has no EPCI;
# 03004 has no published population; 09009 is gone.
COMMUNES = (
    (1, "01001", "Aa", "01", "84", "111111111", 776),
    (2, "01002", "Bb", "01", "84", "222222222", 250),
    (3, "02003", "Cc", "02", "84", "222222222", 12000),
    (4, "03004", "Dd", "03", "11", "333333333", None),
    (5, "05005", "Ee", "03", "11", None, 90),
    (7, "03007", "Gg", "03", "11", "333333333", 3100),
)


def at(days: float) -> datetime:
    """An instant, that many days after the first release."""
    return START + timedelta(days=days)


def said(
    service: str = "canteen",
    state: State | None = State.INFORMATION,
    *,
    source: str = "directory",
    nature: Nature = Nature.DIRECTORY,
    days: float = 0,
    until: float | None = None,
    number: int | None = 1,
    **fields: Any,
) -> Observation:
    """An observation, in few words."""
    return Observation(
        service=service,
        state=state,
        nature=nature,
        source_id=source,
        evidence_id=1,
        seen="what was seen",
        observed_at=at(days),
        valid_until=None if until is None else at(until),
        commune_number=number,
        **fields,
    )


def populate(conn: psycopg.Connection[Any], sources: Iterable[str] = ()) -> None:
    """The territory above, and the sources with one evidence (id 1)."""
    conn.execute("insert into catalog.region values ('84', 'Un'), ('11', 'Deux')")
    conn.execute(
        "insert into catalog.departement values ('01','Ain','84'),('02','Bin','84'),('03','Cin','11')"
    )
    conn.execute(
        "insert into catalog.epci values ('111111111','P','CC'),('222222222','Q','CA'),"
        "('333333333','R','CC')"
    )
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into catalog.commune (number, code, name, search_name, departement_code,"
            " region_code, epci_code, population, timezone, fingerprint)"
            " values (%s, %s, %s, lower(%s), %s, %s, %s, %s, 'Europe/Paris', 'x')",
            [(n, c, name, name, d, r, e, p) for n, c, name, d, r, e, p in COMMUNES],
        )
        cursor.execute(
            "insert into catalog.commune (number, code, name, search_name, departement_code,"
            " region_code, timezone, fingerprint, valid_to)"
            " values (9, '09009', 'Gone', 'gone', '03', '11', 'Europe/Paris', 'x', '2022-01-01')"
        )
        cursor.executemany(
            "insert into catalog.source values (%s, 't', 'p', 'l', null, 'https://x', 'directory')",
            [(one,) for one in sources],
        )
        first = next(iter(sources), None)
        if first:
            cursor.execute(
                "insert into catalog.evidence (source_id, release, published_on, sha256, bytes, url)"
                " values (%s, '1', '2021-02-03', 'x', 1, 'https://x') returning id",
                (first,),
            )
            row = cursor.fetchone()
            assert row is not None
            assert row[0] == 1


SOURCES = ("directory", "register", "probe", "agent", "someone", "else")


@pytest.fixture
def france(conn: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """A connection to a database that holds the territory above and nothing said of it."""
    populate(conn, SOURCES)
    return conn
