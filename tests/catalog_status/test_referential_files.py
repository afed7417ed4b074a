"""The referential and the national facts as files: what they say, and how they are refused."""

import re

import pytest

from catalog import referential
from catalog.referential import current, loader, national
from catalog.states import LANGUAGES, State
from config.errors import Invalid, NotFound

TEXT = (loader._FOLDER / f"{loader.CURRENT}.toml").read_text(encoding="utf-8")
NATIONAL = national.FILE.read_text(encoding="utf-8")


def test_the_services_that_residents_need_are_there() -> None:
    book = current()
    assert len(book.services) == 26
    assert {d.id for d in book.domains} == {s.domain for s in book.services.values()}
    assert sum(len(book.of_domain(d.id)) for d in book.domains) == 26
    assert {s.id for s in book.services.values() if s.in_bundle} == set(book.bundle)
    assert book.version == "2026.1"


def test_words_exist_in_both_languages_and_differ() -> None:
    for service in current().services.values():
        for words in (service.title, service.question, service.evidence):
            assert words("fr") != words("en")
    for state in State:
        for told in (state.title, state.meaning):
            assert told("fr") != told("en")


def test_states_have_a_slug_a_look_and_a_level() -> None:
    assert [s.slug for s in State] == [
        "unknown", "other-body", "absent", "information", "one-way", "two-way", "transaction",
        "proactive",
    ]  # fmt: skip
    assert [s.level for s in State] == [None, None, None, 1, 2, 3, 4, 5]
    for state in State:
        assert State.of_slug(state.slug) is state
        for colour in (state.look.light, state.look.dark):
            assert re.fullmatch("#[0-9A-F]{6}", colour)
    assert len({s.look.light for s in State}) == len({s.look.dark for s in State}) == 8
    with pytest.raises(NotFound, match="two-way"):
        State.of_slug("two-ways")


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, two: str) -> float:
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("state", State, ids=lambda s: s.slug)
def test_text_on_every_colour_can_be_read(state: State) -> None:
    look = state.look
    assert contrast(look.light, look.ink_light) >= 4.5
    assert contrast(look.dark, look.ink_dark) >= 4.5


def test_a_near_name_is_offered() -> None:
    with pytest.raises(NotFound, match="water"):
        current().service("watter")
    assert current().full_level("minimum-bundle") == 3
    assert current().provider_title("epci", "en").startswith("the inter-municipal")
    assert current().provider_title("SIVOM du Lac", "en") == "SIVOM du Lac"


def test_every_mistake_is_told_at_once() -> None:
    broken = (
        TEXT.replace('id = "waste"', 'id = "Waste!"')
        .replace('scale = "booking"', 'scale = "bookings"')
        .replace('"census-16", ', '"census-17", ')
        .replace('3 = [["online_request", "receipt"]]', '3 = [["online_wish"]]', 1)
        .replace("full_level = 1", "full_level = 9", 1)
        .replace('en = "Official website"', 'en = ""', 1)
        .replace('version = "2026.1"', 'version = "latest"')
    )
    with pytest.raises(Invalid) as told:
        referential.read(broken)
    for part in (
        "lower-case words", "no scale 'bookings'", "no service 'census-17'", "'online_wish'",
        "from 1 to 5", "official-site.title.en", "version",
    ):  # fmt: skip
        assert part in str(told.value), part


def test_a_file_that_is_not_toml_or_empty_is_refused() -> None:
    with pytest.raises(Invalid, match="not TOML"):
        referential.read("version = ")
    with pytest.raises(Invalid, match="services"):
        referential.read("")


def test_a_service_cannot_be_named_twice_nor_carry_an_unknown_key() -> None:
    twice = TEXT.replace('id = "water"', 'id = "waste"')
    with pytest.raises(Invalid, match="already taken"):
        referential.read(twice)
    with pytest.raises(Invalid, match=r"waste\.colour"):
        referential.read(TEXT.replace('id = "waste"', 'id = "waste"\ncolour = "red"'))


def test_national_facts_are_read_with_their_law() -> None:
    found = national.read(national.FILE.read_bytes())
    assert {f.service for f in found.facts} == {
        "electoral-roll", "social-housing", "waste", "school-transport",
    }  # fmt: skip
    for fact in found.facts:
        assert fact.law_url.startswith("https://www.legifrance.gouv.fr/")
        assert fact.state in (State.OTHER_BODY, State.TWO_WAY)


def test_every_mistake_of_the_national_facts_is_told_at_once() -> None:
    broken = (
        NATIONAL.replace('service = "waste"', 'service = "waist"')
        .replace('state = "two-way"', 'state = "transaction"', 1)
        .replace('provider = "mobility-authority"', 'provider = "nobody"')
        .replace('since = "2019-01-01"', 'since = "soon"')
        .replace("without_epci = true", "with_epci = true", 1)
        .replace('law_url = "https://www.legifrance.gouv.fr/eli', 'law_url = "ftp://x')
    )
    with pytest.raises(Invalid) as told:
        national.read(broken.encode())
    for part in ("'waist'", "they prove level 3", "'nobody'", ".since", "with_epci", "https"):
        assert part in str(told.value), part


def test_a_law_proves_no_absence_and_speaks_once() -> None:
    with pytest.raises(Invalid, match="nothing else"):
        national.read(NATIONAL.replace('state = "other-body"', 'state = "absent"').encode())
    with pytest.raises(Invalid, match="speaks twice"):
        national.read(
            NATIONAL.replace('service = "school-transport"', 'service = "waste"').encode()
        )


def test_languages_are_the_two_of_the_site() -> None:
    assert LANGUAGES == ("fr", "en")
