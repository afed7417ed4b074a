"""One place in several sources: found, merged, split, corrected; readers see one office."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import corrections, merges, office_card, offices
from catalog.observations import Nature
from config.errors import Conflict, Invalid, NotFound

AT = datetime(2026, 2, 2, 10, tzinfo=UTC)
HOURS = {"mo": [["09:00", "12:00"]]}


@pytest.fixture
def two(desk: Any) -> Any:
    """The same three places in two sources, in each one's own words, and one place of its own."""
    desk.lists(1, desk.rows(1, 2, 3, 9))
    other = replace(desk, source_id="annuaire")
    other.lists(
        1,
        [
            desk.row(n, remote_id=f"osm/{n}", name=f"BIBLIOTHEQUE N° {n}", hours=HOURS,
                     phone=f"+33 4 00 {n:06}", email=f"b{n}@exemple.fr")
            for n in (1, 2, 3)
        ],
    )  # fmt: skip
    return other


async def seen(desk: Any, number: int = 1) -> list[tuple[Any, ...]]:
    """What readers see around one place and in its commune."""
    async with await psycopg.AsyncConnection.connect(desk.settings.database.url) as aconn:
        near = await offices.nearby(aconn, 46.0, 2 + number / 1000, None, False, AT, 100)
        code = desk.communes[number % len(desk.communes)]
        row = await (
            await aconn.execute("select number from catalog.commune where code = %s", (code,))
        ).fetchone()
        assert row is not None
        own = await offices.of_commune(aconn, row[0], AT)
    return [
        (one.id, one.name, one.phone, one.email, one.hours is not None, one.sources)
        for one in (*near, *own)
    ]


def ids_of(desk: Any) -> dict[str, int]:
    return dict(desk.ask("select remote_id, id from catalog.office"))


async def test_the_same_places_of_two_sources_are_merged_and_seen_once(two: Any) -> None:
    before = await seen(two)
    assert len({row[0] for row in before}) == 7
    looked = merges.look(two.conn, "annuaire")
    two.conn.commit()
    assert looked.merged == 3
    after = await seen(two)
    assert len({row[0] for row in after}) == 4
    ids = ids_of(two)
    (kept,) = {row for row in after if row[0] == ids["osm/1"]}
    assert kept[4], "the one whose hours are known is kept"
    assert set(kept[5]) == {"annuaire", "libraries"}, "and both sources are named"
    assert merges.look(two.conn, "annuaire").merged == 0, "once is enough"
    assert merges.look(two.conn, "libraries").merged == 0


async def test_a_merge_is_explained_and_redirects(two: Any) -> None:
    merges.look(two.conn, "annuaire")
    two.conn.commit()
    ids = ids_of(two)
    async with await psycopg.AsyncConnection.connect(two.settings.database.url) as aconn:
        card = await office_card.of(aconn, ids["id-1"])
        assert card.seen_as == ids["osm/1"]
        kept = await office_card.of(aconn, ids["osm/1"])
        with pytest.raises(NotFound):
            await office_card.of(aconn, 10**9)
    assert kept.seen_as == ids["osm/1"]
    (member,) = kept.members
    assert (member.id, member.source_id, member.decided_by) == (
        ids["id-1"], "libraries", "guichet",
    )  # fmt: skip
    assert member.score is not None
    assert member.score >= 0.9
    assert "name" in (member.reason or "")
    assert [one.release for one in card.versions] == ["1"], "its own proofs stay"


async def test_what_the_kept_office_lacks_is_filled_from_the_other(two: Any) -> None:
    ids = ids_of(two)
    merges.merge(two.conn, ids["id-2"], ids["osm/2"], "Ada", "vu sur place")
    two.conn.commit()
    (kept,) = {row for row in await seen(two, 2) if row[0] == ids["id-2"]}
    assert kept[3] == "b2@exemple.fr"
    assert kept[4], "its hours are those of the other source"


async def test_split_is_remembered(two: Any) -> None:
    before = await seen(two)
    merges.look(two.conn, "annuaire")
    ids = ids_of(two)
    assert merges.split(two.conn, ids["id-1"], "Ada", "deux étages, deux services") == ids["osm/1"]
    two.conn.commit()
    assert merges.look(two.conn, "annuaire").merged == 0, "a person's word is not undone"
    two.conn.commit()
    assert [row for row in await seen(two) if row[0] in (ids["id-1"], ids["osm/1"])] == [
        row for row in before if row[0] in (ids["id-1"], ids["osm/1"])
    ]
    journal = two.ask("select action, decided_by from catalog.office_merge order by id")
    assert journal == [("merge", "guichet")] * 3 + [("split", "Ada")]


async def test_a_place_whose_keeper_is_withdrawn_is_seen_by_itself(two: Any) -> None:
    merges.look(two.conn, "annuaire")
    ids = ids_of(two)
    two.lists(2, [two.row(n, remote_id=f"osm/{n}") for n in (2, 3)], closed={"osm/1"})
    assert ids["id-1"] in {row[0] for row in await seen(two)}
    async with await psycopg.AsyncConnection.connect(two.settings.database.url) as aconn:
        assert (await office_card.of(aconn, ids["id-1"])).seen_as == ids["id-1"]


async def test_a_place_that_one_source_still_lists_is_listed(two: Any) -> None:
    merges.look(two.conn, "annuaire")
    two.lists(2, [two.row(n, remote_id=f"osm/{n}") for n in (2, 3)])
    ids = ids_of(two)
    async with await psycopg.AsyncConnection.connect(two.settings.database.url) as aconn:
        near = await offices.nearby(aconn, 46.0, 2.001, None, False, AT, 100)
    (kept,) = [one for one in near if one.id == ids["osm/1"]]
    assert kept.unlisted_since is None


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=6))
def test_merge_then_split_is_the_identity(two: Any, wanted: list[tuple[int, int]]) -> None:
    """Whatever is merged into whatever, in chains too: undone in any order, all is as before."""
    two.conn.rollback()
    order = sorted(ids_of(two).values())
    question = "select t::text from catalog.pub_office t order by id"
    before, rows = two.ask(question), two.ask("select t::text from catalog.office t order by id")
    merged = []
    for kept, other in wanted:
        try:
            merges.merge(two.conn, order[kept], order[other], "Ada", "essai")
            merged.append(order[other])
        except Conflict:
            continue
    assert len(two.ask(question)) == len(before) - len(merged), "one less for each merge"
    for one in sorted(merged):
        merges.split(two.conn, one, "Ada", "essai")
    assert two.ask(question) == before
    assert two.ask("select t::text from catalog.office t order by id") == rows
    two.conn.rollback()


def test_a_merge_is_signed_and_possible(two: Any) -> None:
    ids = ids_of(two)
    with pytest.raises(Invalid):
        merges.merge(two.conn, ids["id-1"], ids["osm/1"], " ", "vu")
    with pytest.raises(NotFound):
        merges.merge(two.conn, ids["id-1"], 10**9, "Ada", "vu")
    merges.merge(two.conn, ids["id-1"], ids["osm/1"], "Ada", "vu")
    with pytest.raises(Conflict, match="one already"):
        merges.merge(two.conn, ids["osm/1"], ids["id-1"], "Ada", "vu")
    with pytest.raises(Conflict, match="split it first"):
        merges.merge(two.conn, ids["id-2"], ids["osm/1"], "Ada", "vu")
    with pytest.raises(NotFound, match="not merged"):
        merges.split(two.conn, ids["id-3"], "Ada", "vu")


def test_what_is_alike_but_not_sure_waits_for_a_person(desk: Any) -> None:
    desk.lists(1, [desk.row(1, phone=None)])
    other = replace(desk, source_id="annuaire")
    other.lists(1, [desk.row(1, remote_id="x", name="Bibliothèque du centre", phone=None)])
    looked = merges.look(desk.conn, "annuaire")
    assert (looked.candidates, looked.merged) == (1, 0)
    (pair,) = merges.candidates(desk.conn)
    assert 0.6 <= pair.score < 0.9
    assert {part["what"] for part in pair.explained} == {"name", "address", "distance"}
    merges.tell_apart(desk.conn, pair.low_id, pair.high_id, "Ada", "deux salles")
    assert merges.candidates(desk.conn) == []


def test_another_kind_at_the_same_address_is_another_office(desk: Any) -> None:
    desk.lists(1, desk.rows(1))
    other = replace(desk, source_id="annuaire")
    other.lists(1, [desk.row(1, remote_id="x", kind="france-services")])
    assert merges.look(desk.conn, "annuaire") == merges.Looked(0, 0, 0)


def test_a_choice_between_two_is_left_to_a_person(desk: Any) -> None:
    desk.lists(1, desk.rows(1))
    other = replace(desk, source_id="annuaire")
    other.lists(1, [desk.row(1, remote_id="x"), desk.row(1, remote_id="y")])
    assert merges.look(desk.conn, "annuaire") == merges.Looked(2, 2, 0)


# ------------------------------------------------------------------------------- corrections


def phone(desk: Any) -> Any:
    return desk.ask("select phone from catalog.office where remote_id = 'id-1'")[0][0]


def correct(desk: Any, field: str, value: Any, **more: Any) -> int:
    made = corrections.correct(
        desk.conn, ids_of(desk)["id-1"], field, value, "agent-7", Nature.AGENT,
        seen="J’ai appelé", **more,
    )  # fmt: skip
    desk.conn.commit()
    return made


def test_a_correction_outlives_harvests_and_the_conflict_is_told(desk: Any) -> None:
    desk.lists(1, desk.rows(1, 2))
    correct(desk, "phone", "04 77 48 77 48")
    said = desk.lists(2, desk.rows(1, 2))
    assert phone(desk) == "04 77 48 77 48"
    assert said.counts()["offices_conflicts"] == 1
    assert any(
        'a person says "04 77 48 77 48", the source says "04 00 000001"' in line
        for line in said.details
    )
    desk.lists(3, [desk.row(1, phone="06", email="a@b.fr"), desk.row(2)])
    assert phone(desk) == "04 77 48 77 48", "a list that says something new neither"
    assert desk.ask("select email from catalog.office where remote_id = 'id-1'") == [("a@b.fr",)]
    history = desk.ask(
        "select fields ->> 'phone' from catalog.office_version order by id desc limit 1"
    )
    assert history == [("06",)], "what the source says is kept as it says it"


def test_a_source_that_comes_round_ends_the_conflict(desk: Any) -> None:
    desk.lists(1, desk.rows(1, 2))
    correct(desk, "phone", "04 77 48 77 48")
    said = desk.lists(2, [desk.row(1, phone="04 77 48 77 48"), desk.row(2)])
    assert said.conflicts == ()


def test_the_newest_correction_counts_and_the_former_ones_stay(desk: Any) -> None:
    desk.lists(1, desk.rows(1))
    first = correct(desk, "phone", "01")
    second = correct(desk, "phone", None)
    desk.lists(2, [desk.row(1, email="x@y.fr")])
    assert phone(desk) is None, "« there is no telephone » is a correction too"
    rows = desk.ask("select id, supersedes from catalog.office_correction order by id")
    assert rows == [(first, None), (second, first)]
    corrections.end(
        desk.conn, ids_of(desk)["id-1"], "phone", "agent-7", Nature.AGENT, seen="erreur"
    )
    desk.conn.commit()
    assert phone(desk) == "04 00 000001", "the source speaks again"
    assert desk.lists(3, desk.rows(1)).conflicts == ()


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("hours", HOURS, HOURS),
        ("accessibility", "ACC", "ACC"),
        ("website", "https://mairie.example/", "https://mairie.example/"),
        ("name", " Médiathèque ", "Médiathèque"),
    ],
)
def test_each_field_is_corrected(field: str, value: Any, stored: Any, desk: Any) -> None:
    desk.lists(1, desk.rows(1))
    correct(desk, field, value)
    desk.lists(2, [desk.row(1, email="x@y.fr")])
    assert desk.ask(f"select {field} from catalog.office") == [(stored,)]


def test_a_corrected_point_moves_the_office(desk: Any) -> None:
    desk.lists(1, desk.rows(1))
    correct(desk, "point", (4.5, 45.5))
    said = desk.lists(2, [desk.row(1, email="x@y.fr")])
    assert desk.ask("select st_x(point), st_y(point) from catalog.office") == [(4.5, 45.5)]
    assert [one.said for one in said.conflicts] == [[2.001, 46.0]]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 3), ("withdrawn_at", None), ("name", None), ("name", ""), ("phone", "x" * 501),
        ("phone", "1\0"), ("website", "javascript:alert(1)"), ("hours", {"mo": "9-12"}),
        ("accessibility", "YES"), ("point", (200, 10)), ("point", ("x", 1)), ("point", [1]),
        ("point", (float("nan"), 1)), ("phone", 33),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(field: str, value: Any, desk: Any) -> None:
    desk.lists(1, desk.rows(1))
    with pytest.raises(Invalid):
        correct(desk, field, value)


def test_corrections_are_history_and_nobody_rewrites_it(desk: Any) -> None:
    desk.lists(1, desk.rows(1))
    correct(desk, "phone", "01")
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
        desk.conn.execute("delete from catalog.office_correction")


async def test_a_card_shows_what_each_says(desk: Any) -> None:
    desk.lists(1, desk.rows(1))
    correct(desk, "phone", "01")
    async with await psycopg.AsyncConnection.connect(desk.settings.database.url) as aconn:
        card = await office_card.of(aconn, ids_of(desk)["id-1"])
    (one,) = card.corrections
    assert (one.field, one.value, one.said, one.nature) == ("phone", "01", "04 00 000001", "agent")
    assert card.fields["phone"] == "01"
