"""The commune's agent in a real browser: delegate, draft, contest, hide, and the embedded card."""

import gzip
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from playwright.sync_api import Page, expect

from api import mail
from catalog.states import State
from config.settings import Settings

pytestmark = pytest.mark.browser
Opener = Callable[..., tuple[Page, Any]]
CODE, BOX = "69143", "accueil@mairie-neuvillesursaone.fr"
SCRIPT = Path(__file__).resolve().parents[2] / "web" / "embed" / "carte-commune.js"
MOST_BYTES = 10_000  # of the compressed script
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
VISIBLE = """(() => {
  const box = document.activeElement.getBoundingClientRect();
  return box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight;
})()"""
ANNOUNCED = 1.5  # seconds: the map shows an edit within a second, and a request


@pytest.fixture(scope="module")
def base(town: Settings, serve: Callable[..., Any]) -> Iterator[str]:
    with serve(town) as found:
        yield found


def byte(base: str, service: str) -> int:
    number = httpx.get(f"{base}/api/v1/communes/{CODE}").json()["commune"]["number"]
    return httpx.get(f"{base}/api/v1/status/{service}.bin").content[number]


def shows(base: str, service: str, state: State) -> None:
    """Wait until the map's byte is `state`, no longer than is announced."""
    end = time.monotonic() + ANNOUNCED
    while byte(base, service) != state:
        assert time.monotonic() < end, "the map does not show it in time"
        time.sleep(0.05)


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, pattern
    return match[0] if match.lastindex is None else match[1]


@pytest.mark.alone
@pytest.mark.parametrize(
    ("width", "scripts", "service"),
    [(1280, True, "nursery"), (320, True, "library"), (320, False, "cemetery")],
)
def test_from_the_mailbox_to_a_delegates_publication(
    base: str,
    town: Settings,
    post: tuple[Any, int],
    open_page: Opener,
    axe: Any,
    width: int,
    scripts: bool,
    service: str,
) -> None:
    """The whole path of item 2: code, draft, delegation, acceptance, one line, the map, the end."""
    page, trouble = open_page(width, "light", scripts)
    theirs, their_trouble = open_page(width, "dark", scripts)
    delegate = f"secretaire-{width}-{int(scripts)}@partage.example"

    def check(seen: Page) -> None:
        assert seen.evaluate(WIDER) <= 0, f"{seen.url} is wider than the window"
        if scripts:
            assert axe(seen) == []

    with psycopg.connect(town.database.url) as conn:  # three codes a day: each case has its own
        conn.execute("delete from crowd.mandate_code")
    page.goto(f"{base}/fr/mairie/{CODE}")
    page.get_by_role("button", name="Demander un code").click()
    mail.send_waiting(town)  # and what an earlier case left
    page.goto(found(r"http://\S+/lien/\S+", post[0].last(BOX)))
    page.get_by_role("button", name="Ouvrir le mandat").click()
    # A draft: kept, and public nowhere.
    row = page.locator(f"#{service}")
    row.get_by_text("Existe", exact=False).first.click()
    row.locator("summary").click()
    row.get_by_label("Adresse de la page").fill("https://www.mairie-neuvillesursaone.fr/page")
    page.get_by_role("button", name="Enregistrer comme brouillon").click()
    expect(page.get_by_text("Brouillon enregistré")).to_be_visible()
    expect(row.get_by_text("Votre brouillon du")).to_be_visible()
    check(page)
    assert byte(base, service) == State.UNKNOWN
    # The delegation.
    page.get_by_role("link", name="Délégations").click()
    check(page)
    page.get_by_label("Adresse électronique de la personne").fill(delegate)
    page.get_by_label("Un secrétariat partagé entre plusieurs communes").check()
    page.get_by_role("button", name="Envoyer l’invitation").click()
    expect(page.get_by_text("L’invitation part.")).to_be_visible()
    check(page)
    assert mail.send_waiting(town).sent == 1
    text = post[0].last(delegate)
    theirs.goto(found(r"http://\S+/delegation/\S+", text))
    check(theirs)
    theirs.get_by_label("Code reçu").fill(found(r"Code : (\w{8})", text))
    theirs.get_by_role("button", name="Accepter avec ce code").click()
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Mes communes")
    check(theirs)
    theirs.get_by_role("link", name="Neuville").first.click()
    expect(theirs.get_by_text("comme secrétariat partagé").first).to_be_visible()
    expect(theirs.get_by_text("Votre brouillon du")).to_have_count(0)
    check(theirs)
    row = theirs.locator(f"#{service}")
    row.get_by_text("Un autre organisme que la commune le rend").click()
    row.get_by_label("Si c’est un autre organisme").select_option("epci")
    theirs.get_by_role("button", name="Relire avant de publier").click()
    check(theirs)
    theirs.get_by_role("button", name="Publier").click()
    shows(base, service, State.OTHER_BODY)
    theirs.goto(f"{base}/fr/commune/{CODE}")
    badge = theirs.locator(f"#{service}").get_by_text("publié par un secrétariat partagé")
    expect(badge.first).to_be_visible()
    # The mairie sees that its draft was overtaken: both are there; then it ends the delegation.
    page.goto(f"{base}/fr/mairie/{CODE}/services")
    expect(page.get_by_text("La commune a publié autre chose")).to_be_visible()
    check(page)
    page.locator(f"#{service}").get_by_role("button", name="Relire et publier cette ligne").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Relire et publier")
    page.get_by_role("button", name="Publier").click()
    expect(page.get_by_text("C’est publié.")).to_be_visible()
    shows(base, service, State.INFORMATION)
    page.get_by_role("link", name="Délégations").click()
    page.get_by_role("row", name=delegate).get_by_role("button", name="Mettre fin").click()
    expect(page.get_by_text("C’est fini")).to_be_visible()
    theirs.goto(f"{base}/fr/mairie/{CODE}/services")
    expect(theirs.get_by_role("heading", level=1)).to_contain_text("Je suis la mairie")
    # A fact that is contested, and a telephone that is hidden.
    page.goto(f"{base}/fr/mairie/{CODE}/services")
    page.locator("#contact-email").get_by_role("link", name="Contester").click()
    check(page)
    if page.get_by_role("button", name="Demander un nouveau regard").count():
        page.get_by_label("C’était vrai, ce ne l’est plus.").check()
        page.get_by_role("button", name="Demander un nouveau regard").click()
    expect(page.get_by_text("Un nouveau regard est demandé")).to_be_visible()
    page.goto(f"{base}/fr/mairie/{CODE}/telephones")
    check(page)
    page.get_by_role("button", name="Cacher ce numéro").first.click()
    expect(page.get_by_text("caché depuis le")).to_be_visible()
    theirs.goto(f"{base}/fr/commune/{CODE}")
    expect(theirs.get_by_text("non publié à la demande de la commune")).to_be_visible()
    check(theirs)
    page.get_by_role("button", name="Montrer de nouveau").click()
    # « This was not me », from the last mail to the delegate.
    theirs.goto(found(r"http://\S+/ne-plus-ecrire/\S+", text))
    check(theirs)
    theirs.get_by_role("button", name="Ce n’était pas moi").click()
    expect(theirs.get_by_text("nous n’écrivons plus")).to_be_visible()
    for one in (trouble, their_trouble):
        assert one.policy == []
        assert one.errors == []


@pytest.mark.parametrize("path", ["/fr/agent", "/en/agent", "/fr/commune/69143/carte",
                                  "/en/commune/69143/card", "EPCI"])  # fmt: skip
def test_public_pages_of_agents(base: str, open_page: Opener, axe: Any, path: str) -> None:
    if path == "EPCI":
        epci = httpx.get(f"{base}/api/v1/communes/{CODE}").json()["commune"]["epci"]
        path = f"/en/inter-municipal/{epci}"
    for width, theme in ((1280, "light"), (320, "dark")):
        page, trouble = open_page(width, theme)
        page.goto(base + path)
        if path.endswith(("carte", "card")):
            expect(page.locator("guichet-commune").get_by_role("list")).to_be_visible()
        assert page.evaluate(WIDER) <= 0
        assert axe(page) == []
        assert trouble.all() == []


def test_the_agents_pages_by_keyboard(base: str, open_page: Opener) -> None:
    """Copying the card, and asking to come back, without a mouse."""
    page, _ = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{base}/fr/commune/{CODE}/carte")
    button = page.get_by_role("button", name="Copier").first
    for _ in range(40):
        page.keyboard.press("Tab")
        if button.evaluate("one => one === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text("C’est copié.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#embed").inner_text()
    assert f'code="{CODE}"' in copied
    page.goto(f"{base}/fr/agent")
    page.get_by_label("Votre adresse électronique").focus()
    page.keyboard.type("personne@inconnu.example")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code reçu")).to_be_visible()


def test_the_table_of_the_mairie_by_keyboard_alone(
    base: str, town: Settings, post: tuple[Any, int], open_page: Opener
) -> None:
    """Code, draft, review and publication; Enter in a field never means another line's button."""
    with psycopg.connect(town.database.url) as conn:
        conn.execute("delete from crowd.mandate_code")
        conn.execute("delete from crowd.desk_draft")
    page, trouble = open_page()
    press = page.keyboard.press

    def tab_to(found: str, most: int = 250) -> None:
        for _ in range(most):
            press("Tab")
            if page.evaluate(f"document.activeElement.matches({found!r})"):
                assert page.evaluate(VISIBLE), f"{found} has the focus and is not seen"
                return
        pytest.fail(f"{found!r} is not reached by Tab on {page.url}")

    def declare(service: str) -> None:
        """« Exists », and its address: the radio by its arrows, the details by Enter."""
        tab_to(f"input[name='choice.{service}']")
        while page.evaluate("document.activeElement.value") != "exists":
            press("ArrowDown")
        tab_to(f"[id='{service}'] summary")
        if not page.evaluate("document.activeElement.parentElement.open"):
            press("Enter")
        tab_to(f"[id='url-{service}']")
        page.keyboard.type(f"https://www.mairie-neuvillesursaone.fr/{service}")

    page.goto(f"{base}/fr/mairie/{CODE}")
    tab_to("main button")
    press("Enter")
    expect(page.get_by_label("Code reçu")).to_be_visible()
    mail.send_waiting(town)
    if not page.evaluate("document.activeElement.matches('main input:not([type=hidden])')"):
        tab_to("main input:not([type=hidden])")
    page.keyboard.type(found(r"Code : (\w{8})", post[0].last(BOX)))
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("ce que dit la mairie")
    drafted, published = "cemetery", "urban-planning"
    declare(drafted)
    tab_to("button[value=brouillon]")
    press("Enter")
    expect(page.get_by_text("Brouillon enregistré")).to_be_visible()
    # Another line, and Enter in its field: the whole table is read again, not the drafted line.
    declare(published)
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Relire et publier")
    expect(page.locator("main")).to_contain_text(f"fr/{published}")
    tab_to("button[value=publier]")
    press("Enter")
    expect(page.get_by_text("C’est publié.")).to_be_visible()
    shows(base, published, State.INFORMATION)
    # Each fact can be contested, and the menu leads everywhere, by Tab.
    page.goto(f"{base}/fr/mairie/{CODE}/services")
    for link in ("delegations", "telephones", "espaces", "jetons", "quitter"):
        page.evaluate("document.activeElement.blur()")
        tab_to(f"main a[href*='/{link}']")
    tab_to("main a[href*='/contester']")
    assert trouble.policy == []
    assert trouble.errors == []


def test_the_card_page_without_scripts(base: str, open_page: Opener) -> None:
    page, _ = open_page(1280, "light", False)
    page.goto(f"{base}/fr/commune/{CODE}/carte")
    assert "<guichet-commune" in page.locator("#embed").inner_text()
    assert '"@context": "https://schema.org"' in page.locator("#linked").inner_text()
    expect(page.locator("guichet-commune").get_by_role("link")).to_be_visible()
    expect(page.get_by_role("button", name="Copier")).to_have_count(0)


# -------------------------------------------------------------------------------- the card


@pytest.fixture(scope="module")
def foreign(base: str) -> Iterator[str]:
    """The address, on another origin, of a page under a strict policy that holds a card."""
    strict = (
        f"default-src 'none'; script-src {base}; connect-src {base}; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'"
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            lang = "en" if "en" in self.path else "fr"
            code = self.path.rsplit("/", 1)[1] or CODE
            body = (
                f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
                '<title>Une mairie</title><meta name="viewport" content="width=device-width">'
                "</head><body><main><h1>Une mairie</h1>"
                f'<guichet-commune code="{code}"><a href="/ailleurs">La mairie</a>'
                f'</guichet-commune></main><script type="module" '
                f'src="{base}/embed/carte-commune.js"></script></body></html>'
            ).encode()
            here = self.path != "/favicon.ico"
            self.send_response(200 if here else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", strict)
            self.end_headers()
            if here:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    # localhost is another origin than 127.0.0.1, where the site is.
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_is_small_and_names_no_third_party() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    assert len(gzip.compress(text.encode(), 6)) < MOST_BYTES
    assert re.findall(r"https?://", text) == []
    assert "innerHTML" not in text


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_card_on_a_foreign_page_under_a_strict_policy(
    base: str, foreign: str, open_page: Opener, axe: Any, language: str
) -> None:
    card = httpx.get(f"{base}/api/v1/communes/{CODE}/card").json()
    page, trouble = open_page()
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.goto(f"{foreign}/{language}/{CODE}")
    widget = page.locator("guichet-commune")
    expect(widget).to_contain_text(card["office"]["hours"]["sentence"][language])
    expect(widget).to_contain_text(card["name"])
    expect(widget.get_by_role("listitem")).to_have_count(len(card["services"]))
    for one in card["services"]:
        row = widget.get_by_role("listitem").filter(has_text=one["title"][language]).first
        expect(row).to_contain_text(one["words"][language])
        assert row.get_by_role("link").last.get_attribute("href") == one["proof"][language]
    expect(widget).to_contain_text("indépendant" if language == "fr" else "independent")
    mailbox = widget.get_by_role("link", name=card["office"]["email"])
    assert mailbox.get_attribute("href") == f"mailto:{card['office']['email']}"
    for theme in ("light", "dark"):
        for width in (320, 1280):
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": 800})
            assert axe(page) == []
            assert page.evaluate(WIDER) <= 0
    assert trouble.all() == []
    assert page.context.cookies() == []
    assert {one.split("/")[2] for one in asked} <= {foreign.split("/")[2], base.split("/")[2]}
    assert re.search(r"https?://[^/]+/fr/commune|/en/commune", card["page"][language])


def test_a_card_that_cannot_be_read_leaves_the_link(foreign: str, open_page: Opener) -> None:
    page, _ = open_page()
    page.goto(f"{foreign}/fr/00000")
    expect(page.get_by_role("button", name="Réessayer")).to_be_visible()
    expect(page.get_by_role("link", name="La mairie")).to_be_visible()
    bare, _ = open_page(1280, "light", False)
    bare.goto(f"{foreign}/fr/{CODE}")
    expect(bare.get_by_role("link", name="La mairie")).to_be_visible()


def test_any_origin_may_load_it_without_credentials(base: str) -> None:
    evil = {"Origin": "https://evil.example"}
    for path in ("/embed/carte-commune.js", f"/api/v1/communes/{CODE}/card"):
        answer = httpx.get(base + path, headers=evil)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Set-Cookie" not in answer.headers
