"""A source that renames its ids: every place is recognised, none is doubled.

Replays of what the trackers of harvesters tell: etalab/data.gouv.fr#680 and #1761 (a remote id
that changes makes a second record), GSA/data.gov#3968 (9,339 copies, one more at each harvest).
"""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.likeness import CANDIDATE, Place, likeness, metres_between, sure
from harvest.renames import recognise

LIBRARY = Place(
    kind="library", name="Médiathèque Jean-Prévost", commune="69029",
    address="2 place Cumbernauld, 69500 Bron", phone="04 72 36 13 80",
    email="mediatheque@ville-bron.fr", siret="21690029000017", point=(4.909, 45.7339),
)  # fmt: skip


def town(count: int) -> dict[str, Place]:
    """Places of one commune that look much like each other."""
    return {
        f"old-{number}": Place(
            kind="library", name=f"Bibliothèque de quartier {number}", commune="69123",
            address=f"{number} rue de la République 69002 Lyon", phone=f"04 78 {number:06}",
            point=(4.83 + number / 5000, 45.76),
        )
        for number in range(count)
    }  # fmt: skip


# ---------------------------------------------------------------------------------- likeness

words = st.text("abcdeé 12", max_size=12)
points = st.tuples(st.floats(-180, 180), st.floats(-90, 90))
places = st.builds(
    Place, st.sampled_from(("mairie", "library")), words, st.none() | words, st.none() | words,
    st.none() | words, st.none() | words, st.none() | words, st.none() | points,
)  # fmt: skip


@given(places, places)
def test_likeness_is_symmetric_and_between_0_and_1(a: Place, b: Place) -> None:
    one, other = likeness(a, b), likeness(b, a)
    assert 0 <= one.score <= 1
    assert one.score == pytest.approx(other.score)
    assert [part.what for part in one.parts] == [part.what for part in other.parts]
    assert sure(a, b, one) == sure(b, a, other)


@given(places)
def test_a_place_is_like_itself(place: Place) -> None:
    assert all(part.value == pytest.approx(1) for part in likeness(place, place).parts)


def test_every_comparison_is_told() -> None:
    found = likeness(LIBRARY, replace(LIBRARY, phone="+33 4 72 36 13 80", point=(4.9103, 45.7339)))
    assert {part.what for part in found.parts} == {
        "siret", "name", "address", "distance", "phone", "email",
    }  # fmt: skip
    assert found.of("phone") == 1
    assert [part["said"] for part in found.json() if part["what"] == "distance"] == ["101 m"]
    assert str(found).startswith(f"{found.score:.2f}: siret 1.00, name 1.00")


@pytest.mark.parametrize(
    ("changes", "is_sure"),
    [
        ({}, True),
        ({"name": "Mediatheque JEAN PREVOST", "email": None}, True),
        ({"kind": "france-services"}, False),
        ({"siret": "21690029000025"}, False),
        ({"point": (4.95, 45.7339)}, False),
        ({"name": "Médiathèque Jean-Prévost annexe 2"}, False),
        ({"name": "Centre social", "siret": None}, False),
    ],
)
def test_the_machine_is_sure_of_the_same_place_only(changes: dict[str, str], is_sure: bool) -> None:
    other = replace(LIBRARY, **changes)
    assert sure(LIBRARY, other, likeness(LIBRARY, other)) is is_sure


def test_a_service_in_the_house_of_another_is_left_to_people() -> None:
    """Met on real lists: the same address, nearly the same name, another service."""
    house = Place(
        "digital-help", "MAUGES COMMUNAUTE", "49023", "rue robert schuman, 49600, BEAUPREAU",
        point=(-0.99, 47.2),
    )  # fmt: skip
    other = replace(house, name="CLIC Mauges Communauté")
    found = likeness(house, other)
    assert found.score > CANDIDATE
    assert not sure(house, other, found)


def test_a_name_alone_proves_nothing() -> None:
    bare = Place("mairie", "Mairie", None)
    assert likeness(bare, bare).score < CANDIDATE


def test_distances_are_those_of_the_earth() -> None:
    assert metres_between((2.3522, 48.8566), (4.8357, 45.764)) == pytest.approx(391_500, rel=0.01)
    assert metres_between((179.9999, 0), (-179.9999, 0)) == pytest.approx(22.2, rel=0.01)


# ----------------------------------------------------------------------------------- renames


@pytest.mark.parametrize("seed", range(5))
def test_new_ids_for_everybody_are_all_recognised(seed: int) -> None:
    old = town(40)
    shuffled = list(old.items())
    random.Random(seed).shuffle(shuffled)
    new = {f"new-{former}": place for former, place in shuffled}
    found = recognise(old, new)
    assert {(one.former, one.current) for one in found.found} == {
        (former, f"new-{former}") for former in old
    }
    assert not found.unsure


def test_new_ids_and_new_words_at_once_are_recognised_by_what_is_left() -> None:
    old = town(20)
    new = {
        f"new-{former}": replace(place, name=place.name.upper(), phone=None,
                                 address=f"{place.address} CEDEX")
        for former, place in old.items()
    }  # fmt: skip
    assert {(one.former, one.current) for one in recognise(old, new).found} == {
        (former, f"new-{former}") for former in old
    }


def test_a_siret_finds_a_place_that_moved_inside_its_commune() -> None:
    moved = replace(LIBRARY, address="1 avenue Neuve 69500 Bron", point=(4.92, 45.74))
    (one,) = recognise({"a": LIBRARY}, {"b": moved}).found
    assert one.likeness.of("siret") == 1


def test_a_siret_that_two_places_share_decides_nothing_alone() -> None:
    here = replace(LIBRARY, name="Annexe nord", address="1 rue du Nord", point=(4.90, 45.75),
                   phone=None, email=None)  # fmt: skip
    there = replace(here, name="Bibliobus", address="9 quai Sud", point=(4.95, 45.70))
    assert recognise({"a": here}, {"b": there}).found == ()


def test_two_new_places_as_like_the_old_one_are_left_to_people() -> None:
    other = replace(LIBRARY, siret=None, name="Médiathèque Jean Prévost A")
    twin = replace(other, name="Médiathèque Jean Prévost B")
    found = recognise({"a": replace(LIBRARY, siret=None)}, {"b": other, "c": twin})
    assert found.found == ()
    assert len(found.unsure) >= 1


def test_another_place_of_the_same_commune_is_another_place() -> None:
    old = {"a": town(40)["old-1"]}
    new = {"b": town(40)["old-39"]}
    assert recognise(old, new).found == ()


@given(st.permutations(list(town(8).items())), st.permutations(list(town(8).items())))
def test_the_order_of_a_file_decides_nothing(left, right) -> None:
    fresh = {f"new-{key}": place for key, place in right}
    assert recognise(dict(left), fresh) == recognise(town(8), dict(sorted(fresh.items())))
