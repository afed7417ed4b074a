"""A good practice from its author to readers and a mairie that adopts it; « est-ce officiel ? » by
the keyboard. On a wide window and at 320 px, with scripts and without."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

from config.settings import Settings
from crowd import accounts, mandates
from crowd.accounts import Role

pytestmark = pytest.mark.browser
Opener = Callable[..., tuple[Page, Any]]
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PHRASE = "une phrase assez longue"
ALIKE, MINE = "69123", "69143"


@pytest.fixture(scope="module")
def town(own_france: Settings) -> Settings:
    """A published small France of our own, with one moderator."""
    with psycopg.connect(own_france.database.url) as conn:
        accounts.add(conn, "modo@hub.example", Role.MODERATOR, PHRASE)
    return own_france


@pytest.fixture(scope="module")
def base(town: Settings, serve: Callable[..., Any]) -> Iterator[str]:
    with serve(town) as found:
        yield found


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (320, True), (320, False)])
def test_a_practice_from_its_author_to_a_mairie(
    base: str, town: Settings, open_page: Opener, axe: Any, width: int, scripts: bool
) -> None:
    title = f"Essai de navigateur {width} {scripts}"
    page, trouble = open_page(width, "light", scripts)

    def check(one: Page) -> None:
        assert one.evaluate(WIDER) <= 0, f"{one.url} is wider than the window"
        if scripts:
            assert axe(one) == []

    page.goto(f"{base}/fr/bonnes-pratiques")
    page.get_by_role("link", name="Partager une pratique").click()
    page.get_by_label("Commune", exact=False).last.fill("Lyon")
    page.get_by_role("main").get_by_role("button").first.click()
    page.get_by_role("main").get_by_role("link", name="Lyon", exact=True).click()
    check(page)
    page.get_by_label("Service").select_option("nursery")
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("Titre").fill(title)
    page.get_by_label("Ce qui a été fait").fill("Écrit par un test.")
    page.get_by_label("Avec qui").fill("Seuls.")
    page.get_by_label("Ce qui a mal tourné").fill("Rien.")
    page.get_by_label("Coût total").fill("beaucoup")
    if scripts:  # what is written survives a reload
        page.reload()
        expect(page.get_by_label("Titre")).to_have_value(title)
    page.get_by_role("button", name="Relire").click()
    expect(page.get_by_role("alert")).to_contain_text("un nombre entier")
    check(page)
    page.get_by_label("Coût total").fill("1200")
    page.get_by_role("button", name="Relire").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    check(page)
    page.get_by_role("main").get_by_role("button").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Votre fiche")
    check(page)
    owner = page.url

    desk, desk_trouble = open_page(width, "light", scripts)
    desk.goto(f"{base}/fr/connexion")
    desk.get_by_label("Adresse", exact=False).fill("modo@hub.example")
    desk.get_by_label(re.compile("passe", re.IGNORECASE)).fill(PHRASE)
    desk.get_by_role("main").get_by_role("button").click()
    desk.goto(f"{base}/fr/moderation/pratiques")
    check(desk)
    desk.get_by_role("link", name=title).click()
    check(desk)
    desk.get_by_role("button", name="Publier").click()
    expect(desk.get_by_role("link", name=title)).to_have_count(0)
    desk.goto(f"{base}/fr/moderation/espaces")
    check(desk)

    page.goto(owner)
    page.get_by_role("link", name="La voir").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    check(page)
    sheet = page.url
    page.goto(f"{base}/fr/bonnes-pratiques?service=nursery&cost=10000")
    expect(page.get_by_role("link", name=title)).to_be_visible()
    check(page)

    with psycopg.connect(town.database.url) as conn:
        link = mandates.invite(conn, town.mandates, MINE, "carte vue")
    agent, agent_trouble = open_page(width, "dark", scripts)
    agent.goto(f"{base}/fr/mairie/{MINE}/lien/{link}")
    agent.get_by_role("button", name="Ouvrir le mandat").click()
    agent.goto(f"{sheet}?commune={MINE}")
    agent.get_by_role("link", name="Adopter pour", exact=False).click()
    check(agent)
    agent.get_by_role("button", name="Adopter").first.click()
    expect(agent.get_by_role("main").get_by_role("link", name=title)).to_be_visible()
    check(agent)
    agent.goto(f"{base}/fr/mairie/{MINE}/espaces")
    check(agent)
    agent.get_by_label("Adresse du site ou du compte").fill(f"https://x.com/essai{width}{scripts}")
    agent.get_by_label("Ce que c’est", exact=False).fill("Compte d’essai")
    agent.get_by_role("button", name="Déclarer").click()
    expect(agent.get_by_text(f"https://x.com/essai{width}{scripts}").first).to_be_visible()
    check(agent)
    page.goto(f"{base}/fr/est-ce-officiel?url=twitter.com/ESSAI{width}{scripts}")
    expect(page.get_by_role("main")).to_contain_text("Adresse déclarée")
    check(page)
    page.goto(sheet)
    expect(page.get_by_role("main")).to_contain_text("Neuville-sur-Saône")
    for one in (trouble, desk_trouble, agent_trouble):
        assert one.policy == []
        assert one.errors == []


def test_is_it_official_by_the_keyboard_alone(base: str, open_page: Opener) -> None:
    page, trouble = open_page(320)
    page.goto(f"{base}/fr/est-ce-officiel")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "url":
            break
    page.keyboard.type("https://www.lyon.fr@ailleurs.example/")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("Attention, adresse ressemblante")
    expect(page.get_by_role("main")).to_contain_text("ailleurs.example")
    assert page.get_by_role("link", name="ailleurs.example").count() == 0
    assert trouble.all() == []
