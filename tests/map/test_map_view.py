"""The view of the map, on a small country made by hand: every number here can be checked by eye."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import map_view
from api.map_view import CHOSEN, REST, Filters, build
from catalog.referential import current
from catalog.states import State
from catalog.territories import Geography
from config.errors import NotFound

# number: 1..4 in D1 (E1, E1, E2, none), 5..6 in D2 (E2: it straddles), 7 in D3 overseas alone.
DEPARTEMENT = [0, 1, 1, 1, 1, 2, 2, 3]
EPCI = [0, 1, 1, 2, 0, 2, 2, 3]
REGION = [0, 1, 1, 1, 1, 1, 1, 2]


def geography() -> Geography:
    codes = ("", "01001", "01002", "01003", "01004", "02001", "02002", "97401")
    return Geography(
        vintage="v",
        codes=codes,
        names=("", "Zébulon", "Écully", "=Ars", "Bâgé", "Aix", "Bois", "Saint-Denis"),
        population=np.array([0, 10, 20, 30, 40, 50, 60, 70]),
        exists=np.array([False, *[True] * 7]),
        region_index=np.array(REGION, np.uint16),
        departement_index=np.array(DEPARTEMENT, np.uint16),
        epci_index=np.array(EPCI, np.uint16),
        regions=("84", "04"),
        departements=("01", "02", "974"),
        epcis=("200000001", "200000002", "200000003"),
        region_names=("Région", "Île"),
        departement_names=("Ain", "Aisne", "La Réunion"),
        epci_names=("CC Un", "CC Deux", "CA Trois"),
        number_of={code: number for number, code in enumerate(codes) if code},
    )


def array(*states: State) -> np.ndarray:
    return np.array([0, *states], np.uint8)


U, O, A, P = State.UNKNOWN, State.OTHER_BODY, State.ABSENT, State.INFORMATION  # noqa: E741
EMAIL = Filters("contact-email")  # complete at level 1


def view(states: np.ndarray, filters: Filters = EMAIL) -> map_view.MapView:
    return build(filters, states, geography(), current())


def test_a_share_counts_what_is_proven_and_nothing_else() -> None:
    seen = view(array(P, U, U, U, O, O, A))
    by_code = {area.code: map_view.share_class(area) for area in seen.areas}
    assert by_code["DEP-01"] is State.of_level(2)  # one of four: at least 20 %
    assert by_code["DEP-02"] is State.OTHER_BODY  # nothing of its own to count
    assert by_code["DEP-974"] is State.of_level(1)  # known to be absent: below 20 %, not unknown


def test_an_area_of_which_nothing_is_known_is_unknown_and_not_zero() -> None:
    seen = view(array(U, U, U, U, O, U, P))
    assert map_view.share_class(seen.areas[0]) is State.UNKNOWN
    assert map_view.share_class(seen.areas[1]) is State.UNKNOWN  # the one of its own is unknown
    assert (seen.classes[1:7] == State.UNKNOWN).all()
    assert seen.classes[7] == State.PROACTIVE  # all of them: the last class


def test_every_share_meets_its_own_bounds() -> None:
    for present in range(21):
        states = [P] * present + [A] * (20 - present)
        area = view_of_one(states)
        low, high = map_view.share_bounds(f"share-{map_view.share_class(area).level}")
        assert low <= 100 * present / 20
        assert 100 * present / 20 < high or high == 100


def view_of_one(states: list[State]) -> map_view.Summary:
    """One département of as many communes as states."""
    size = len(states) + 1
    ones = np.array([0, *[1] * (size - 1)], np.uint16)
    place = replace(
        geography(),
        codes=("", *(f"01{n:03d}" for n in range(1, size))),
        names=("", *(f"C{n}" for n in range(1, size))),
        population=np.ones(size, np.int64),
        exists=np.array([False, *[True] * (size - 1)]),
        region_index=ones,
        departement_index=ones,
        epci_index=ones,
        number_of={},
    )
    return build(EMAIL, array(*states), place, current()).areas[0]


TERRITORIES = ["FR", "REG-84", "REG-04", "DEP-01", "DEP-02", "DEP-974", "EPCI-200000002"]
LEVELS = list(map_view.LEVELS)


@given(
    st.lists(st.sampled_from(list(State)), min_size=7, max_size=7),
    st.sampled_from(TERRITORIES),
    st.sampled_from(LEVELS),
    st.sampled_from([None, *map_view.ISOLATED]),
)
def test_the_parts_of_any_view_sum_to_its_whole(
    states: list[State], territory: str, level: str, isolate: str | None
) -> None:
    filters = Filters("contact-email", territory=territory, level=level, isolate=isolate)
    seen = view(array(*states), filters)
    members = [n for n in range(1, 8) if seen.members[n]]
    for state in State:
        truth = sum(states[n - 1] is state for n in members)
        assert seen.whole.states[state.slug] == truth
        assert next(row.count for row in seen.states if row.id == state.slug) == truth
        if seen.by_area:
            assert sum(area.states[state.slug] for area in seen.areas) == truth
    assert sum(row.count for row in seen.states) == len(members)
    if seen.by_area:
        assert sum(row.count for row in seen.shares) == len(seen.areas)
    assert not seen.classes[~seen.members].any()


def test_isolating_a_state_shows_its_communes_at_every_level() -> None:
    states = array(P, U, A, U, P, U, U)
    for level in LEVELS:
        seen = view(states, Filters("contact-email", level=level, isolate="absent"))
        assert [n for n in range(1, 8) if seen.classes[n] == CHOSEN] == [3]
        assert (seen.classes[[1, 2, 4, 5, 6, 7]] == REST).all()


def test_isolating_a_share_means_nothing_by_commune() -> None:
    seen = view(array(P, U, A, U, P, U, U), Filters("contact-email", level="commune",
                                                    isolate="share-1"))  # fmt: skip
    assert seen.filters.isolate is None


@pytest.mark.parametrize(
    ("territory", "level", "shown"),
    [
        ("FR", "departement", "departement"),
        ("DEP-01", "departement", "epci"),
        ("EPCI-200000001", "epci", "commune"),
        ("REG-84", "commune", "commune"),
    ],
)
def test_the_level_lies_below_the_territory(territory: str, level: str, shown: str) -> None:
    assert Filters("contact-email", territory=territory, level=level).sensible().level == shown


def test_an_epci_that_straddles_is_counted_for_its_part_inside() -> None:
    seen = view(array(P, P, P, P, A, A, P), Filters("contact-email", territory="DEP-01",
                                                   level="epci"))  # fmt: skip
    assert {area.code: area.communes for area in seen.areas} == {
        "EPCI-200000001": 2, "EPCI-200000002": 1, "NO-EPCI": 1,
    }  # fmt: skip
    assert seen.classes.tolist() == [0, 7, 7, 7, 7, 0, 0, 0]


@pytest.mark.parametrize(
    ("sort", "codes"),
    [
        ("code", ["DEP-01", "DEP-02", "DEP-974"]),
        ("-code", ["DEP-974", "DEP-02", "DEP-01"]),
        ("-name", ["DEP-974", "DEP-02", "DEP-01"]),
        ("-communes", ["DEP-01", "DEP-02", "DEP-974"]),
        ("share", ["DEP-01", "DEP-974", "DEP-02"]),  # DEP-02 has no share: last
        ("-share", ["DEP-974", "DEP-01", "DEP-02"]),  # and last again
    ],
)
def test_the_table_is_ordered_as_asked(sort: str, codes: list[str]) -> None:
    seen = view(array(P, U, U, U, O, O, P), Filters("contact-email", sort=sort))
    assert [area.code for area in map_view.ordered(seen)] == codes


def test_communes_are_ordered_as_people_read() -> None:
    seen = view(array(P, U, U, U, O, O, P), Filters("contact-email", level="commune", sort="name"))
    order = map_view.communes_in_order(seen, geography()).tolist()
    assert [geography().names[n] for n in order][-3:] == ["Écully", "Saint-Denis", "Zébulon"]


def test_the_way_back_leads_through_each_storey_once() -> None:
    place = geography()
    assert map_view.trail(place, "EPCI-200000002") == ("FR", "REG-84", "DEP-02", "EPCI-200000002")
    # A region of one département is not a step.
    assert map_view.trail(place, "DEP-974") == ("FR", "DEP-974")
    assert map_view.trail(place, "FR") == ("FR",)
    with pytest.raises(NotFound):
        map_view.trail(place, "DEP-99")


@given(st.lists(st.booleans(), max_size=60))
def test_ranges_say_exactly_the_members(mask: list[bool]) -> None:
    said = {n for a, b in map_view.ranges(np.array(mask, bool)) for n in range(a, b + 1)}
    assert said == {n for n, inside in enumerate(mask) if inside}


def luminances() -> Iterator[tuple[str, float, float]]:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for theme in ("light", "dark"):
        colours = map_view.palette(theme)  # type: ignore[arg-type]
        yield theme, luminance(colours[CHOSEN]), luminance(colours[REST])


@pytest.mark.parametrize(("theme", "chosen", "rest"), list(luminances()))
def test_what_is_isolated_stands_out(theme: str, chosen: float, rest: float) -> None:
    lighter, darker = max(chosen, rest), min(chosen, rest)
    assert (lighter + 0.05) / (darker + 0.05) >= 3, theme
