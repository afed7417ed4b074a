"""A mairie, from the commune page to the map: code by a real mail server, mandate, declaration."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from api import mail
from catalog.states import State
from config.settings import Settings

pytestmark = pytest.mark.browser
Opener = Callable[..., tuple[Page, Any]]
CODE, BOX = "69143", "accueil@mairie-neuvillesursaone.fr"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def base(town: Settings, serve: Callable[..., Any]) -> Iterator[str]:
    with serve(town) as found:
        yield found


def byte(base: str, service: str) -> int:
    number = httpx.get(f"{base}/api/v1/communes/{CODE}").json()["commune"]["number"]
    return httpx.get(f"{base}/api/v1/status/{service}.bin").content[number]


@pytest.mark.parametrize(
    ("width", "scripts", "service"),
    [(1280, True, "nursery"), (320, True, "library"), (320, False, "cemetery")],
)
def test_a_mairie_from_its_page_to_the_map(
    base: str,
    town: Settings,
    post: tuple[Any, int],
    open_page: Opener,
    axe: Any,
    width: int,
    scripts: bool,
    service: str,
) -> None:
    page, trouble = open_page(width, "light", scripts)

    def check() -> None:
        assert page.evaluate(WIDER) <= 0, f"{page.url} is wider than the window"
        if scripts:
            assert axe(page) == []

    page.goto(f"{base}/fr/commune/{CODE}")
    page.get_by_role("link", name=re.compile("^Vous êtes la mairie")).click()
    expect(page.get_by_text(BOX)).to_be_visible()
    check()
    page.get_by_role("button", name="Demander un code").click()
    check()
    assert mail.send_waiting(town).sent == 1
    to, text = post[0].mails[-1]
    assert to == BOX
    code = re.search(r"Code : (\w{8})", text)
    link = re.search(r"http://\S+/lien/\S+", text)
    assert code
    assert link
    if scripts:
        page.get_by_label("Code reçu").fill("AAAA AAAA")
        page.get_by_role("button", name="Ouvrir le mandat").click()
        expect(page.get_by_role("alert")).to_contain_text("pas le bon")
        check()
        page.get_by_label("Code reçu").fill(code[1].lower())
    else:
        page.goto(link[0])
        check()
    page.get_by_role("button", name="Ouvrir le mandat").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("ce que dit la mairie")
    check()
    row = page.locator(f"#{service}")
    row.get_by_text("Existe", exact=False).first.click()
    row.locator("summary").click()
    row.get_by_label("Adresse de la page").fill("https://www.mairie-neuvillesursaone.fr/page")
    row.get_by_label("un formulaire ou un document se télécharge").check()
    before = byte(base, service)
    page.get_by_role("button", name="Relire avant de publier").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Relire et publier")
    check()
    assert byte(base, service) == before == State.UNKNOWN
    page.get_by_role("button", name="Publier").click()
    end = time.monotonic() + 1.5  # announced: within a second, and a request
    while byte(base, service) == before:
        assert time.monotonic() < end, "the map does not show it in time"
        time.sleep(0.05)
    assert byte(base, service) == State.ONE_WAY
    expect(page.get_by_text("C’est publié.")).to_be_visible()
    check()
    page.get_by_role("link", name="Voir la page de la commune").click()
    badge = page.locator(f"#{service}").get_by_text("déclaré par la mairie")
    expect(badge.first).to_be_visible()
    check()
    page.goto(f"{base}/fr/mairie/{CODE}/services")
    page.get_by_role("link", name="Jetons pour vos logiciels").click()
    check()
    page.get_by_label("Nom du logiciel").fill("Logiciel de la mairie")
    page.get_by_role("button", name="Faire un jeton").click()
    assert page.get_by_label("Votre jeton").input_value().startswith("gm_")
    check()
    page.get_by_role("button", name=re.compile("^Révoquer")).click()
    expect(page.get_by_text("Aucun jeton.")).to_be_visible()
    page.goto(f"{base}/fr/mairie/{CODE}/quitter")
    check()
    page.get_by_role("button", name="Mettre fin au mandat").click()
    page.goto(f"{base}/fr/mairie/{CODE}/services")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Je suis la mairie")
    assert trouble.policy == []
    assert trouble.errors == []
