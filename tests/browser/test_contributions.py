"""A resident, a moderator and the map, in a real browser: desktop, 320 px, no scripts, keyboard."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from api.i18n_texts import texts
from catalog.states import State
from config.settings import Settings
from crowd import accounts
from crowd.accounts import Role

pytestmark = pytest.mark.browser
Opener = Callable[..., tuple[Page, Any]]
CODE, WORD, EMAIL = "69143", "une phrase assez longue", "modo@hub.example"
TEXTS = texts("fr")
# The beginning of these reasons as a moderator reads them.
REFUSED, ASKED, REVERTED = (
    str(TEXTS[f"moderation.reason_{code}"]) for code in ("not_found", "which_page", "was_wrong")
)
READING = 2.1  # seconds: the policy holds what is sent sooner
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def crowded(own_france: Settings) -> Settings:
    """A published small France of our own, with one moderator."""
    with psycopg.connect(own_france.database.url) as conn:
        accounts.add(conn, EMAIL, Role.MODERATOR, WORD)
    return own_france


@pytest.fixture(scope="module")
def desk(crowded: Settings, serve: Callable[..., Any]) -> Iterator[str]:
    with serve(crowded) as base:
        yield base


def byte(base: str, service: str) -> int:
    number = httpx.get(f"{base}/api/v1/communes/{CODE}").json()["commune"]["number"]
    return httpx.get(f"{base}/api/v1/status/{service}.bin").content[number]


def check(page: Page, axe: Callable[[Page], list[str]] | None) -> None:
    assert page.evaluate(WIDER) <= 0, f"{page.url} is wider than the window"
    if axe is not None:
        assert axe(page) == []


def log_in(page: Page, base: str) -> None:
    page.goto(f"{base}/fr/connexion?next=/fr/moderation")
    page.get_by_label("Adresse électronique").fill(EMAIL)
    page.get_by_label("Mot de passe").fill(WORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Modération")


@pytest.mark.parametrize(
    ("width", "scripts", "theme", "service"),
    [
        (1280, True, "light", "nursery"),
        (320, True, "dark", "library"),
        (1280, False, "light", "canteen"),
        (320, False, "light", "cemetery"),
    ],
)
def test_a_resident_from_the_commune_to_the_follow_up(
    desk: str,
    open_page: Opener,
    axe: Any,
    tmp_path: Path,
    width: int,
    scripts: bool,
    theme: str,
    service: str,
) -> None:
    page, trouble = open_page(width, theme, scripts)
    audit = axe if scripts else None
    page.goto(f"{desk}/fr/commune/{CODE}")
    page.get_by_role("link", name=re.compile("^Contribuer pour")).click()
    check(page, audit)
    page.get_by_label("Ce service existe, voici le lien").check()
    page.get_by_label("Service concerné").select_option(service)
    page.get_by_role("button", name="Continuer").click()
    check(page, audit)
    page.get_by_role("button", name="Relire avant d’envoyer").click()
    expect(page.get_by_role("alert")).to_contain_text("1 champ à corriger")
    assert page.title().startswith("À corriger")
    if scripts:
        expect(page.locator("#mistakes")).to_be_focused()  # autofocus comes with the first drawing
    check(page, audit)
    page.get_by_role("alert").get_by_role("link").click()
    page.get_by_label("Adresse de la page (lien)").fill("https://www.mairie-neuvillesursaone.fr/x")
    page.get_by_label("un formulaire ou un document se télécharge").check()
    page.get_by_label("Précisions").fill("Vu à l’accueil, appelez le 06 12 34 56 78")
    time.sleep(READING)
    page.get_by_role("button", name="Relire avant d’envoyer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Relire et envoyer")
    expect(page.get_by_text("un numéro de téléphone")).to_be_visible()
    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (300, 200), "teal").save(photo)
    page.get_by_label(re.compile("^Photo JPEG")).set_input_files(photo)
    page.get_by_role("button", name="Ajouter la photo").click()
    expect(page.get_by_alt_text("Photo jointe à la contribution")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Vu à l’accueil")).to_be_visible()
    check(page, audit)
    page.get_by_role("button", name="Envoyer", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Contribution ")
    expect(page.get_by_text("en attente d’un modérateur")).to_be_visible()
    assert "/fr/suivi/" in page.url
    check(page, audit)
    assert trouble.policy == []
    assert trouble.errors == []


@pytest.mark.alone
def test_a_moderator_accepts_and_the_map_changes(
    desk: str, open_page: Opener, axe: Any, crowded: Settings
) -> None:
    service = "urban-planning"
    resident, _ = open_page(320)
    resident.goto(f"{desk}/fr/contribuer?commune={CODE}&service={service}&sujet=exists")
    resident.get_by_label("Adresse de la page (lien)").fill(
        "https://www.mairie-neuvillesursaone.fr/plu"
    )
    time.sleep(READING)
    resident.get_by_role("button", name="Relire avant d’envoyer").click()
    resident.get_by_role("button", name="Envoyer", exact=True).click()
    reference = resident.get_by_role("heading", level=1).inner_text().split()[-1]
    before = byte(desk, service)
    assert before == State.UNKNOWN
    page, trouble = open_page()
    log_in(page, desk)
    check(page, axe)
    page.get_by_role("row", name=re.compile(reference)).get_by_role("link").click()
    check(page, axe)
    expect(page.get_by_text("Ce que nous disons")).to_be_visible()
    page.get_by_role("button", name="Accepter et publier").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Modération")
    end = time.monotonic() + 1.5  # announced: within a second, and a request
    while byte(desk, service) == before:
        assert time.monotonic() < end, "the map does not show it in time"
        time.sleep(0.05)
    assert byte(desk, service) == State.INFORMATION
    resident.reload()
    expect(resident.get_by_role("link", name="oui, voir la page de la commune")).to_be_visible()
    page.goto(f"{desk}/fr/moderation/journal")
    expect(page.get_by_text(reference)).to_be_visible()
    check(page, axe)
    for path in (
        "/fr/grace-a-vous",
        "/fr/contribuer/regles",
        "/fr/registre-des-donnees",
        "/fr/deconnexion",
        "/fr/contribuer?q=neuville",
        "/en/contribute/rules",
    ):
        page.goto(f"{desk}{path}")
        check(page, axe)
    assert trouble.all() == []
    # Without a role the desk is closed.
    stranger, _ = open_page()
    answer = stranger.goto(f"{desk}/fr/moderation")
    assert answer is not None
    assert answer.status == 403
    check(stranger, axe)


def test_everything_by_keyboard(desk: str, open_page: Opener) -> None:
    """A contribution, then the desk's shortcuts, without a mouse."""
    page, _ = open_page()

    def tab_to(text: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            found = page.evaluate(
                "() => (document.activeElement.labels?.[0] ?? document.activeElement).innerText"
            )
            if found and text in found:
                return
        pytest.fail(f"{text!r} is not reached by Tab on {page.url}")

    for service in ("waste", "water"):
        page.goto(f"{desk}/fr/contribuer?commune={CODE}&service={service}&sujet=dead-link")
        tab_to("Précisions")
        page.keyboard.type("Erreur 404 depuis lundi")
        time.sleep(READING)
        tab_to("Relire avant d’envoyer")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Relire et envoyer")
        tab_to("Envoyer")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Contribution ")
    desk_page, _ = open_page()
    log_in(desk_page, desk)
    desk_page.keyboard.press("j")
    first = desk_page.evaluate("document.activeElement.href")
    assert "/moderation/cas/" in first
    desk_page.keyboard.press("j")
    assert desk_page.evaluate("document.activeElement.href") != first
    desk_page.keyboard.press("k")
    assert desk_page.evaluate("document.activeElement.href") == first
    desk_page.keyboard.press("Enter")
    desk_page.wait_for_url("**/moderation/cas/*")
    desk_page.keyboard.press("r")
    assert desk_page.evaluate("document.activeElement.id") == "refuse-reason"
    desk_page.locator("main").focus()
    desk_page.keyboard.press("a")
    assert desk_page.evaluate("document.activeElement.dataset.keyAccept") == ""
    desk_page.locator("main").focus()
    desk_page.keyboard.press("?")
    desk_page.get_by_label("Raccourcis actifs").uncheck()
    desk_page.locator("main").focus()
    desk_page.keyboard.press("r")
    assert desk_page.evaluate("document.activeElement.id") != "refuse-reason", "switched off"


WAITING = """
with voice as (insert into crowd.voice select from generate_series(1, 2) returning id)
insert into crowd.contribution
  (reference, once, token_hash, voice_id, speaker, language, kind, commune_number, service, claim,
   print, before, state, why)
select 'CLAVIER' || n, sha256(convert_to('once' || n, 'utf8')),
       sha256(convert_to('token' || n, 'utf8')),
       (select case when n <= 3 then min(id) else max(id) end from voice), 'resident', 'fr',
       'exists', c.number, (array['halls-clubs', 'nursery', 'canteen', 'library', 'cemetery'])[n],
       '{"kind": "exists", "url": "https://www.mairie-neuvillesursaone.fr/clavier"}',
       'clavier' || n, '{"state": 0}', 'waiting', '["alone"]'
from   generate_series(1, 5) as n, catalog.commune c
where  c.code = %s and c.valid_to is null
"""


def test_the_whole_desk_by_keyboard_alone(desk: str, open_page: Opener, crowded: Settings) -> None:
    """Log in, accept, refuse and ask with reasons, take a whole author back, read the journal."""
    with psycopg.connect(crowded.database.url) as conn:
        conn.execute(WAITING, (CODE,))
    page, trouble = open_page()
    press, active = page.keyboard.press, "document.activeElement"

    def tab_to(found: str) -> None:
        for _ in range(80):
            press("Tab")
            if page.evaluate(f"{active}.matches({found!r})"):
                return
        pytest.fail(f"{found!r} is not reached by Tab on {page.url}")

    def open_case(number: int) -> None:
        for _ in range(60):
            press("j")
            if page.evaluate(f"{active}.closest('tr').innerText.includes('CLAVIER{number}')"):
                press("Enter")
                page.wait_for_url("**/moderation/cas/*")
                return
        pytest.fail(f"the case {number} is not reached by j")

    def choose(first_letters: str) -> None:
        """An option of the list that has the focus; a native list is chosen by its letters."""
        assert page.evaluate(f"{active}.tagName") == "SELECT"
        page.keyboard.type(first_letters)
        assert page.evaluate(f"{active}.value"), "no reason is chosen"

    def state(number: int) -> str:
        with psycopg.connect(crowded.database.url) as conn:
            row = conn.execute(
                "select state from crowd.contribution where reference = %s", (f"CLAVIER{number}",)
            ).fetchone()
        assert row is not None
        return str(row[0])

    def decided() -> None:
        expect(page.get_by_role("heading", level=1)).to_have_text("Modération")

    page.goto(f"{desk}/fr/connexion?next=/fr/moderation")
    tab_to("[name=email]")
    page.keyboard.type(EMAIL)
    tab_to("[name=password]")
    page.keyboard.type(WORD)
    press("Enter")
    decided()
    # Accept, from what the shortcut focuses: the button itself.
    open_case(1)
    expect(page.get_by_role("heading", name="Ce que nous disons")).to_be_visible()
    press("a")
    press("Enter")
    decided()
    assert state(1) == "accepted"
    # Refuse, and ask: with a reason and a word for the author.
    for number, key, form, reason, word, after in (
        (4, "r", "refuse", REFUSED, "La page ne parle pas de cela.", "refused"),
        (5, "q", "ask", ASKED, "Quelle page exactement ?", "asked"),
    ):
        open_case(number)
        press(key)
        choose(reason[:2])
        tab_to(f"#{form}-text")
        page.keyboard.type(word)
        tab_to(f"form[aria-labelledby={form}] button")
        press("Enter")
        decided()
        assert state(number) == after
    # All of one author: what was accepted is taken back, what waits is refused.
    open_case(2)
    press("x")
    press("Tab")
    press("Enter")  # without a reason the browser itself refuses, and leads to the list
    assert "/moderation/cas/" in page.url
    choose(REVERTED[:2])
    press("Tab")
    press("Enter")
    decided()
    assert [state(one) for one in (1, 2, 3, 4)] == ["reverted", "refused", "refused", "refused"]
    # The journal has it all.
    tab_to("main a[href$='/moderation/journal']")
    press("Enter")
    page.wait_for_url("**/moderation/journal")
    said = page.locator("tbody").inner_text()
    for action in ("drop-author", "ask", "refuse", "accept"):
        assert action in said
    # The other tabs are links that Tab reaches, each with its list.
    page.goto(f"{desk}/fr/moderation")
    tab_to("a[href*='etat=asked']")
    press("Enter")
    page.wait_for_url("**etat=asked")
    open_case(5)
    assert trouble.policy == []
    assert trouble.errors == []


def test_what_is_being_written_survives_a_reload(desk: str, open_page: Opener) -> None:
    page, _ = open_page()
    address = f"{desk}/fr/contribuer?commune={CODE}&service=census-16&sujet=wrong"
    page.goto(address)
    page.get_by_label("Il existe, mais à une autre adresse").check()
    page.get_by_label("Précisions").fill("Je n’ai pas fini")
    page.reload()
    expect(page.get_by_label("Précisions")).to_have_value("Je n’ai pas fini")
    expect(page.get_by_label("Il existe, mais à une autre adresse")).to_be_checked()


def test_several_drafts_are_written_offline_and_sent_later(
    desk: str, open_page: Opener, crowded: Settings
) -> None:
    page, trouble = open_page(360)
    address = f"{desk}/fr/contribuer?commune={CODE}&service=halls-clubs&sujet=dead-link"
    page.goto(address)
    end = time.monotonic() + 15  # not wait_for_function, whose polling the page's policy refuses
    while not page.evaluate("navigator.serviceWorker.controller !== null"):
        assert time.monotonic() < end, "no service worker"
        time.sleep(0.05)
    page.reload()  # through the worker, which keeps the page
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Le lien ne marche plus")
    for number in range(3):
        page.get_by_label("Précisions").fill(f"hors ligne, numéro {'abc'[number]} de plusieurs")
        page.get_by_role("button", name="Relire avant d’envoyer").click()
        expect(page.get_by_text("Vous êtes hors ligne")).to_be_visible()
        expect(page.locator("[data-drafts-list] li")).to_have_count(number + 1)
    page.reload()
    expect(page.locator("[data-drafts-list] li[data-state=waiting]")).to_have_count(3)
    page.context.set_offline(False)
    expect(page.locator("[data-drafts-list] li[data-state=sent]")).to_have_count(3, timeout=40000)
    with psycopg.connect(crowded.database.url) as conn:
        held = conn.execute(
            "select w.comment, c.state from crowd.words w join crowd.contribution c on c.id = w.contribution_id "
            "where w.comment like 'hors ligne%%' order by c.id"
        ).fetchall()
    assert [comment[19] for comment, _ in held] == ["a", "b", "c"]
    page.locator("[data-drafts-list] a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Contribution ")
    assert trouble.errors == []
    assert trouble.policy == []
