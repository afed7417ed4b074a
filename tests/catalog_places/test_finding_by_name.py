"""What people type, and the commune that they mean."""

import string
import unicodedata
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.search import Found, fold, search
from config.errors import Invalid

AConn = psycopg.AsyncConnection[Any]
Conn = psycopg.Connection[Any]


async def asked(aconn: AConn, q: str, limit: int = 10) -> list[Found]:
    return await search(aconn, q, limit)


@pytest.mark.parametrize(
    ("q", "first", "match"),
    [
        ("saint etienne", "42218", "name"),
        ("St-Étienne", "42218", "name"),
        ("ST ETIENNE", "42218", "name"),
        ("saint etien", "42218", "start"),
        ("42000", "42218", "postcode"),
        ("42 000", "42218", "postcode"),
        ("42218", "42218", "code"),
        ("4221", "42218", "code"),
        ("2a004", "2A004", "code"),
        ("20090", "2A004", "postcode"),
        ("2A", "2A004", "code"),
        ("974", "97411", "code"),
        ("mans", "72181", "name"),
        ("le mans", "72181", "name"),
        ("Rouvray", "76575", "word"),
        ("l’abergement clemenciat", "01001", "name"),
        ("abergement", "01001", "start"),
        ("Bellegarde sur Valserine", "01033", "former"),
        ("lancrans", "01033", "former"),
        ("01205", "01033", "former"),
        ("paris 15", "75056", "former"),
        ("Paris 75001", "75056", "name"),
        ("saint-denis 93", "93066", "name"),
        ("Saint-Denis (974)", "97411", "name"),
        ("97400 Saint-Denis", "97411", "name"),
        ("saint denis", "97411", "name"),
        ("Marseile", "13055", "typo"),
        ("sainte etiene", "42218", "typo"),
        ("Vallserone", "01033", "typo"),
        ("v", "38544", "start"),
    ],
)
async def test_the_first_answer(places: Conn, aconn: AConn, q: str, first: str, match: str) -> None:
    found = await asked(aconn, q)
    assert found, q
    assert (found[0].code, found[0].match) == (first, match)


async def test_by_class_then_by_population(places: Conn, aconn: AConn) -> None:
    assert [one.code for one in await asked(aconn, "saint denis")] == ["97411", "93066", "93039"]
    assert [one.code for one in await asked(aconn, "saint etienne")] == ["42218", "76575"]
    assert len(await asked(aconn, "saint", 2)) == 2


async def test_five_digits_may_be_two_places(places: Conn, aconn: AConn) -> None:
    found = await asked(aconn, "38200")
    assert [(one.code, one.match) for one in found] == [("38544", "postcode"), ("38200", "code")]


async def test_a_commune_comes_once_by_its_best_match(places: Conn, aconn: AConn) -> None:
    found = await asked(aconn, "paris")
    assert [(one.code, one.match) for one in found] == [("75056", "name")]


async def test_what_was_recognised_is_said(places: Conn, aconn: AConn) -> None:
    (found,) = await asked(aconn, "lancrans")
    assert (found.name, found.matched, found.departement) == ("Valserhône", "Lancrans", "Ain")
    (found,) = await asked(aconn, "42100")
    assert found.matched == "42100"


async def test_ended_communes_are_found_by_their_successor(places: Conn, aconn: AConn) -> None:
    places.execute("update catalog.commune set valid_to = '2027-01-01' where code = '55189'")
    places.commit()
    assert await asked(aconn, "fleury") == []
    assert await asked(aconn, "55189") == []


@pytest.mark.parametrize(
    "q", ["xqzwv", "!!!", "日本", "%", "_", "saint%", "'; drop table", "\\", "9", "00000"]
)
async def test_what_resembles_nothing_is_an_empty_list_not_a_fault(
    places: Conn, aconn: AConn, q: str
) -> None:
    found = await asked(aconn, q)
    assert (
        q == "saint%" or found == [] or all(one.match in ("typo", "word", "start") for one in found)
    )
    if q in ("xqzwv", "!!!", "日本", "%", "_", "9", "00000"):
        assert found == []


@pytest.mark.parametrize("q", ["", "   ", "x" * 201, "a\x00b", "\ud800", "lyon\udfff", "\t\n"])
async def test_what_is_refused(aconn: AConn, q: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await asked(aconn, q)
    assert refusal.value.parameter == "q"


@pytest.mark.parametrize("limit", [0, -1, 101])
async def test_limits_are_bounded(aconn: AConn, limit: int) -> None:
    with pytest.raises(Invalid) as refusal:
        await asked(aconn, "lyon", limit)
    assert refusal.value.parameter == "limit"


async def test_the_longest_question_is_answered(places: Conn, aconn: AConn) -> None:
    assert await asked(aconn, "x" * 200) == []
    assert isinstance(await asked(aconn, "a " * 100), list)


# ------------------------------------------------------------------------------- folding


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("St-Étienne", "saint etienne"),
        ("Ste Foy-lès-Lyon", "sainte foy les lyon"),
        ("L’Haÿ-les-Roses", "l hay les roses"),
        ("Œuilly", "oeuilly"),
        ("  PARIS\t15e ", "paris 15e"),
        ("Aÿ-Champagne", "ay champagne"),
        ("Estaing", "estaing"),
        ("Ville St", "ville saint"),
    ],
)
def test_folding(text: str, expected: str) -> None:
    assert fold(text) == expected


french = st.text(string.ascii_letters + string.digits + " -'’éèêëàâçîïôöùûüÿœæÉÀÇŒ", max_size=40)


@given(french)
def test_every_unicode_form_folds_to_the_same(text: str) -> None:
    forms = {fold(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert forms == {fold(text)}


@given(st.text(max_size=60))
def test_folding_is_done_once_and_leaves_nothing_that_like_reads(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert set(folded) <= set(string.ascii_lowercase + string.digits + " ")
    assert folded == folded.strip()
    assert "  " not in folded
