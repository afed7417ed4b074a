"""Ratings say no more than they know, and free words lose what would name somebody."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowd.ratings import LEVELS, Stuffing, ranked, rate, stuffing, wilson
from crowd.scrubbing import MARKS, scrub

SHARES = st.integers(0, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


# Published values of Wilson's interval without continuity correction (Newcombe 1998, table I).
@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_wilson_is_the_published_one(successes: int, n: int, low: float, high: float) -> None:
    found = wilson(successes, n)
    assert round(found.low, 4) == low
    assert round(found.high, 4) == high


@given(SHARES)
def test_the_interval_holds_the_share_and_is_a_share(pair: tuple[int, int]) -> None:
    successes, n = pair
    found = wilson(successes, n)
    assert 0.0 <= found.low <= found.high <= 1.0
    if n:
        assert found.low - 1e-12 <= successes / n <= found.high + 1e-12
    other = wilson(n - successes, n)
    assert other.low == pytest.approx(1 - found.high)


def test_the_interval_covers_what_it_says() -> None:
    for n, share in ((10, 0.5), (30, 0.9), (100, 0.2)):
        covered = sum(
            comb(n, k) * share**k * (1 - share) ** (n - k)
            for k in range(n + 1)
            if wilson(k, n).low <= share <= wilson(k, n).high
        )
        assert 0.92 < covered < 0.99


def test_nothing_but_n_below_the_threshold() -> None:
    below = rate({5: 9}, held=3, threshold=10)
    assert (below.n, below.held, below.levels, below.share, below.interval) == (
        9,
        3,
        None,
        None,
        None,
    )
    at = rate({5: 6, 4: 1, 1: 3}, held=0, threshold=10)
    assert at.levels == {1: 3, 2: 0, 3: 0, 4: 1, 5: 6}
    assert at.share == pytest.approx(0.7)
    assert rate({}, 0, 0).share is None  # a threshold of nothing does not divide by nothing


def test_no_table_below_its_threshold_and_few_voices_climb_none() -> None:
    few, many = rate({5: 30}, 0, 10), rate({5: 480, 1: 20}, 0, 10)
    small = rate({5: 29}, 0, 10)
    assert ranked([("few", few), ("small", small)], 30) == []
    assert [name for name, _ in ranked([("few", few), ("many", many), ("small", small)], 30)] == [
        "many",
        "few",
    ]


@given(st.lists(st.integers(0, 50), min_size=5, max_size=5), st.integers(1, 60))
def test_levels_sum_to_n(counts: list[int], threshold: int) -> None:
    found = rate(dict(zip(LEVELS, counts, strict=True)), 0, threshold)
    assert found.n == sum(counts)
    assert found.shown == (found.n >= threshold)
    if found.levels is not None:
        assert sum(found.levels.values()) == found.n


def test_stuffing_is_seen() -> None:
    limits = {"most_network": 20, "most_minute": 60}
    assert stuffing(19, 59, **limits) is None
    assert stuffing(20, 0, **limits) is Stuffing.NETWORK
    assert stuffing(0, 60, **limits) is Stuffing.MINUTE
    assert stuffing(0, 0, trapped=True, **limits) is Stuffing.TRAP


PRIVATE = [
    ("Écrivez à jean.dupont@orange.fr vite", "email"),
    ("jean.dupont (at) mairie-x.fr", "email"),
    ("appelez le 06 12 34 56 78.", "phone"),
    ("appelez le 06.12.34.56.78", "phone"),
    ("+33 (0)6 12 34 56 78", "phone"),
    ("0033612345678", "phone"),
    ("06\u00a012\u202f34\u00a056\u00a078", "phone"),
    ("mon numéro 1 85 05 78 006 084 36", "nir"),
    ("2 69 05 2A 588 157 80", "nir"),
    ("269054958815780", "nir"),
    ("FR76 3000 6000 0112 3456 7890 189", "iban"),
    ("fr7630006000011234567890189", "iban"),
    ("plaque AB-123-CD", "plate"),
    ("plaque ab123cd", "plate"),
    ("plaque 1234 AB 69", "plate"),
]
HARMLESS = [
    "Le bouton « Suivant » de la page 3 ne marche pas depuis le 12/10/2026 à 14 h 30.",
    "Erreur 500, code 69123, article 4 du décret 2005-1516.",
    "J’ai payé 1 234,56 € pour 3 enfants.",
    "Le quotient familial est de 12345 et le dossier de 2026.",
    "",
]


@pytest.mark.parametrize(("text", "kind"), PRIVATE)
def test_what_is_private_is_taken_out(text: str, kind: str) -> None:
    found = scrub(text)
    assert found.kinds == (kind,)
    assert MARKS[kind] in found.text
    assert not any(digits in found.text for digits in ("34 56", "005", "123", "dupont", "0781"))
    assert scrub(found.text) == type(found)(found.text, ())


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert scrub(text).text == text
    assert scrub(text).kinds == ()


@given(st.text(max_size=400))
def test_scrubbing_twice_is_scrubbing_once(text: str) -> None:
    once = scrub(text)
    assert scrub(once.text).text == once.text
