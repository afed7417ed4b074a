"""The labelled pages: the published figures are what the code gives, and traps stay refused."""

from pathlib import Path

import pytest

from api.cli.discover import BEGIN, DOCUMENT, END
from catalog.editors import Editor, editors
from catalog.referential import current
from harvest.discover import measure, pages
from harvest.discover.recognise import recognise
from harvest.discover.words import Phrases, lexicon

FOLDER = Path(__file__).parent
READ = list(measure.labelled(FOLDER))
# What the rules get wrong on pages that they were not tuned on: published, and not hidden here.
KNOWN_MISTAKES = {
    "late-transport", "fresh-accueil-tuiles", "fresh-spip-docs-joints", "fresh-eau-saur",
    "fresh-creche-guichet-unique", "fresh-rdv-iframe", "fresh-contact-crypte",
    "fresh-demarches-accordeon", "fresh-majuscules-boutons", "fresh-rdv-elus",
    "fresh-piege-ancien-portail", "fresh-piege-rpi",
}  # fmt: skip


def test_the_published_figures_are_measured() -> None:
    """Otherwise: `guichet discover --measure tests/discover`."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text.split(BEGIN)[1].split(END)[0].strip() == measure.table(FOLDER)


def test_there_are_enough_pages_and_traps() -> None:
    assert len(READ) >= 180
    assert sum(1 for one in READ if one.half == "fresh") >= 40
    assert sum(1 for one in READ if not one.expected) >= 30
    assert {one.half for one in READ} == {"tuned", "held", "late", "new", "third", "fresh"}
    assert {page.stem for page in (FOLDER / "pages").iterdir()} == {one.name for one in READ}


@pytest.mark.parametrize("page", READ, ids=lambda one: one.name)
def test_a_page_is_read_as_a_person_reads_it(page: measure.Labelled) -> None:
    if page.name in KNOWN_MISTAKES:
        assert page.expected != page.found, "it is read well now: say so in docs/discovery.md"
    else:
        assert page.found == page.expected


def test_nothing_goes_above_level_2() -> None:
    assert {level for one in READ for level in one.found.values()} <= {1, 2}


def test_labels_are_services_of_the_referential() -> None:
    for one in READ:
        assert one.expected.keys() <= current().services.keys()


@pytest.mark.parametrize(
    "body",
    [b"", b"\x00" * 1000, b"<", b"<a href=", b"<html>" * 3000, b"<a href='http://[x'>a</a>", b"\xff\xfe\x00<",
     b"<script type='application/ld+json'>{</script>", b"<script type='application/ld+json'>" + b"[" * 50_000 + b"</script>",
     b"<a href='javascript:alert(1)'>cantine en ligne</a>", b"<a href='https://x.fr/" + b"a" * 5000 + b"'>cantine</a>",
     b"<meta charset='klingon'><h1>Cantine</h1>", b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/hostname'>]><h1>&a;</h1>"],
    ids=range(13),
)  # fmt: skip
def test_no_page_is_too_strange_to_be_read(body: bytes) -> None:
    seen = pages.read(body, "https://www.valbois.example/")
    assert recognise(seen, measure.COMMUNE, measure.TODAY) == []
    assert "hostname" not in seen.shown


def test_editors_are_recognised_by_their_host_and_not_by_a_part_of_it() -> None:
    editor = Editor("x", "X", (".bibli.fr", "www.exact.fr"), of=r"([\w-]+)\.bibli\.fr")
    assert editor.serves("https://valbois.bibli.fr/opac")
    assert editor.customer("https://val-bois.bibli.fr/opac") == "val bois"
    for other in (
        "https://bibli.fr.evil.example/",
        "https://xbibli.fr/",
        "https://a.www.exact.fr/",
        "https://x.fr/?u=www.exact.fr",
    ):
        assert not editor.serves(other)


def test_the_files_of_words_agree_with_the_referential() -> None:
    assert len(lexicon().subjects) >= 17
    assert len({one.id for one in editors()}) == len(editors()) >= 25
    for one in lexicon().subjects:
        assert one.said.pattern is not None


def test_phrases_are_whole_words() -> None:
    phrases = Phrases.of(["crèche*", "acte* de naissance", "cni"])
    assert phrases.find("les creches") == "creches"
    assert phrases.find("actes de naissance") == "actes de naissance"
    assert phrases.find("cnil") is None
    assert phrases.find("lacte de naissance") is None
