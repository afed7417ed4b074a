"""Faces and difficulties in a real browser: our pages, and the button on a foreign page."""

import gzip
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

from config.settings import Settings
from crowd.scrubbing import scrub

pytestmark = pytest.mark.browser
Opener = Callable[..., tuple[Page, Any]]
SCRIPT = Path(__file__).resolve().parents[2] / "web" / "embed" / "avis.js"
MOST_BYTES = 6_000  # of the compressed script
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CORPUS = ["jean.dupont@orange.fr", "jean (at) x.fr", "06 12 34 56 78", "06\u00a012 34 56 78",
          "+33 (0)6 12 34 56 78", "1 85 05 78 006 084 36", "2 69 05 2A 588 157 80",
          "FR76 3000 6000 0112 3456 7890 189", "FR00 3000 6000 0112 3456 7890 189", "AB-123-CD",
          "1234 AB 69", "rien le 12/10/2026, 1 234,56 €", "x@y.fr 0612345678 ab123cd"]  # fmt: skip


def rows(settings: Settings, question: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(settings.database.url) as conn:
        return conn.execute(question.encode()).fetchall()


@pytest.fixture(scope="module")
def foreign(site: str, small_france_settings: Settings) -> Iterator[str]:
    """A page of another origin, under a strict policy, with the button of a procedure of its."""
    with psycopg.connect(small_france_settings.database.url) as conn:
        conn.execute(
            "insert into crowd.procedure (id, kind, name, owner, url, host) values ('abroad', "
            "'registered', 'Démarche', 'Mairie', 'http://localhost/', 'localhost') "
            "on conflict do nothing"
        )
    policy = (
        f"default-src 'none'; script-src {site}; connect-src {site}; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'"
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            lang = "en" if "en" in self.path else "fr"
            body = (
                f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
                '<title>Une mairie</title><meta name="viewport" content="width=device-width">'
                "</head><body><main><h1>Une mairie</h1>"
                '<guichet-avis procedure="abroad" screen="etape-2"></guichet-avis></main>'
                f'<script type="module" src="{site}/embed/avis.js"></script></body></html>'
            ).encode()
            found = self.path != "/favicon.ico"
            self.send_response(200 if found else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            if found:
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
    assert len(gzip.compress(text.encode(), 6)) <= MOST_BYTES
    assert set(re.findall(r"https?://[^\"]*", text)) == {"http://www.w3.org/2000/svg"}
    assert "innerHTML" not in text


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_button_works_on_a_foreign_page_under_a_strict_policy(
    foreign: str,
    site: str,
    small_france_settings: Settings,
    open_page: Opener,
    axe: Callable[[Page], list[str]],
    language: str,
) -> None:
    page, trouble = open_page()
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.goto(f"{foreign}/{language}")
    widget = page.locator("guichet-avis")
    widget.locator("summary").click()
    found = []
    for theme in ("light", "dark"):
        for width in (320, 1280):
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": 800})
            found += [f"{theme} {width}: {one}" for one in axe(page)]
            assert page.evaluate(WIDER) <= 0
    assert found == []
    send = widget.get_by_role("button", name="Envoyer" if language == "fr" else "Send")
    send.click()  # nothing chosen
    expect(widget.get_by_role("status")).to_contain_text(
        "Choisissez" if language == "fr" else "Choose"
    )
    widget.get_by_role("radio").nth(1).check()
    widget.get_by_role("textbox").fill(f"{language} : 06 12 34 56 78 ne répond pas")
    send.click()
    expect(widget.get_by_role("textbox")).to_have_value(f"{language} : [tel] ne répond pas")
    about = f"from crowd.difficulty where procedure_id = 'abroad' and language = '{language}'"
    assert rows(small_france_settings, f"select 1 {about}") == []  # a warning before sending
    send.click()
    expect(widget.get_by_role("status")).to_contain_text(re.compile(r"[2-9A-Z]{4}-[2-9A-Z]{4}"))
    assert rows(small_france_settings, f"select kind, screen, comment, channel {about}") == [
        ("broken", "etape-2", f"{language} : [tel] ne répond pas", "embed")
    ]
    faces = "select count(*) from crowd.face where procedure_id = 'abroad' and level = 4"
    before = rows(small_france_settings, faces)[0][0]
    name = "Satisfait" if language == "fr" else "Happy"
    widget.get_by_role("button", name=name, exact=True).press("Enter")  # by the keyboard
    expect(widget.get_by_role("status")).to_contain_text(
        "votre avis est reçu" if language == "fr" else "your opinion is received"
    )
    assert rows(small_france_settings, faces)[0][0] == before + 1
    assert trouble.all() == []
    assert page.context.cookies() == []
    assert {one.split("/")[2] for one in asked} <= {foreign.split("/")[2], site.split("/")[2]}


def test_the_browser_scrubs_as_the_server_does(site: str, open_page: Opener) -> None:
    page, _ = open_page()
    page.goto(f"{site}/fr/satisfaction")
    found = page.evaluate(
        "async (corpus) => { const {scrub} = await import('/embed/avis.js');"
        " return corpus.map(scrub); }",
        CORPUS,
    )
    assert found == [scrub(text).text for text in CORPUS]


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (320, True), (320, False)])
def test_our_own_pages(
    site: str, small_france_settings: Settings, open_page: Opener, axe: Any, width: int,
    scripts: bool,
) -> None:  # fmt: skip
    page, trouble = open_page(width=width, javascript=scripts)

    def check() -> None:
        assert page.evaluate(WIDER) <= 0, page.url
        if scripts:
            assert axe(page) == [], page.url

    page.goto(f"{site}/fr/commune/69143")
    check()
    counted = "select coalesce(sum(n), 0) from crowd.face_day where procedure_id = 'commune-69143'"
    before = rows(small_france_settings, counted)[0][0]
    page.get_by_role("button", name="Très satisfait").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Merci")
    check()
    assert rows(small_france_settings, counted)[0][0] == before + 1
    page.goto(f"{site}/fr/methode")
    page.get_by_role("link", name="Signaler une difficulté").click()
    expect(page.locator("main code")).to_have_text("/fr/methode")
    page.get_by_label("Ça ne marche pas").check()
    page.get_by_label("Précisions").fill("Mon numéro : 06 12 34 56 78")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("alert")).to_contain_text("un numéro de téléphone")
    expect(page.get_by_label("Précisions")).to_have_value("Mon numéro : [tel]")
    check()
    page.wait_for_timeout(2100)  # what is sent sooner is set apart
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("main strong")).to_have_text(re.compile(r"[2-9A-Z]{4}-[2-9A-Z]{4}"))
    check()
    for path in ("/fr/satisfaction", "/fr/demarches", "/fr/demarches/guichet",
                 "/fr/demarches/guichet/affiche?guichet=Accueil", "/en/satisfaction",
                 "/en/procedures", "/fr/contribuer/regles", "/en/contribute/rules"):  # fmt: skip
        page.goto(site + path)
        check()
    assert trouble.all() == []


@pytest.fixture
def owned(site: str, small_france_settings: Settings) -> Iterator[str]:
    """The address of the owner's page of a procedure of ours, with words to read."""
    from crowd.procedures import owner_hash

    with psycopg.connect(small_france_settings.database.url) as conn:
        conn.execute(
            "insert into crowd.procedure (id, kind, name, owner, url, host, owner_hash) values "
            "('owned', 'registered', 'Démarche suivie', 'Mairie', 'https://x.example/', 'x.example', "
            "%s) on conflict do nothing",
            [owner_hash("secret-of-a-test")],
        )
    yield f"{site}/fr/demarches/gerer/secret-of-a-test"
    with psycopg.connect(small_france_settings.database.url) as conn:
        for table in ("difficulty", "face_day", "face", "procedure_answer", "voice_origin"):
            conn.execute(f"delete from crowd.{table} where procedure_id = 'owned'".encode())
        conn.execute("delete from crowd.procedure where id = 'owned'")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_owner_sees_results_as_they_come(
    owned: str, site: str, small_france_settings: Settings, open_page: Opener, axe: Any,
    language: str,
) -> None:  # fmt: skip
    address = (
        owned
        if language == "fr"
        else owned.replace("/fr/demarches/gerer/", "/en/procedures/manage/")
    )
    page, trouble = open_page()
    page.goto(address)
    for theme in ("light", "dark"):
        for width in (320, 1280):
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": 800})
            assert axe(page) == [], (theme, width)
            assert page.evaluate(WIDER) <= 0
    status = page.locator("[data-voices-live]")
    expect(status).to_contain_text("d’eux-mêmes" if language == "fr" else "by themselves")
    ideas = page.locator('[data-live="kind-idea"]')
    expect(ideas).to_have_text("0")
    with psycopg.connect(small_france_settings.database.url) as conn:
        conn.execute(
            "insert into crowd.difficulty (reference, once, procedure_id, kind, language, comment, "
            "scrubbed, channel, state) values (%s, %s, 'owned', 'idea', 'fr', 'Un mot', '{}', "
            "'embed', 'new')", [f"AAAA-{language}", language.encode()],
        )  # fmt: skip
    expect(ideas).to_have_text("1")
    reload_ = page.locator("[data-latest] a")
    expect(reload_).to_be_visible()
    reload_.click()
    expect(page.get_by_text("Un mot")).to_be_visible()
    page.get_by_label(re.compile("Répondre publiquement|Answer publicly")).fill("C’est noté.")
    page.get_by_role("button", name=re.compile("Publier la réponse|Publish the answer")).click()
    expect(page.get_by_text("C’est noté.").first).to_be_visible()
    assert trouble.all() == []
    # Without scripts: the same figures, as of when the page was opened.
    plain, _ = open_page(width=320, javascript=False)
    plain.goto(address)
    expect(plain.locator('[data-live="kind-idea"]')).to_have_text("1")
    expect(plain.locator("[data-voices-live]")).to_contain_text(
        "Rechargez" if language == "fr" else "Reload"
    )


def test_the_button_by_keyboard_alone(
    foreign: str, small_france_settings: Settings, open_page: Opener
) -> None:
    page, trouble = open_page(width=320)
    page.goto(f"{foreign}/fr")
    said = (
        "select count(*) from crowd.difficulty where procedure_id = 'abroad' and kind = 'unclear'"
    )
    before = rows(small_france_settings, said)[0][0]
    focused = "document.activeElement.shadowRoot?.activeElement?.textContent.trim() ?? ''"
    names = []
    for _ in range(6):
        page.keyboard.press("Tab")
        names.append(page.evaluate(focused))
    assert names[:5] == ["Très mécontent", "Mécontent", "Ni l’un ni l’autre", "Satisfait",
                         "Très satisfait"]  # fmt: skip
    page.keyboard.press("Enter")  # what follows the faces: the difficulty's own button
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    status = page.locator("guichet-avis").get_by_role("status")
    expect(status).to_contain_text(re.compile(r"[2-9A-Z]{4}-[2-9A-Z]{4}"))
    assert rows(small_france_settings, said)[0][0] == before + 1
    assert trouble.all() == []
