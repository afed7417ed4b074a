"""The component on a page of another origin, under a policy that allows only ours."""

import gzip
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

Opener = Callable[..., tuple[Page, Any]]
SCRIPT = Path(__file__).resolve().parents[2] / "web" / "embed" / "simulateur.js"
MOST_BYTES = 30_000  # of the compressed script
REFUSED = re.compile(r"the server responded with a status of 422")
TAX = "/api/v1/simulators/income-tax"


@pytest.fixture(scope="module")
def foreign(pages_site: str) -> Iterator[Callable[[str], str]]:
    """A function: the address, on another origin, of a page that holds this component."""
    end = time.monotonic() + 60
    asked = {"situation": "single", "salary_1": 30000}
    while httpx.post(pages_site + TAX, json=asked).status_code == 503:
        assert time.monotonic() < end, "the engines do not start"
        time.sleep(0.2)
    pages: dict[str, str] = {}
    policy = (
        f"default-src 'none'; script-src {pages_site}; connect-src {pages_site}; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'"
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path, "").encode()
            self.send_response(200 if body else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def serve(element: str) -> str:
        path = f"/{len(pages)}"
        pages[path] = (
            '<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Une mairie</title>'
            '<meta name="viewport" content="width=device-width"></head><body><main>'
            f"<h1>Une mairie</h1>{element}</main>"
            f'<script type="module" src="{pages_site}/embed/simulateur.js"></script></body></html>'
        )
        # localhost is another origin than 127.0.0.1, where the site is.
        return f"http://localhost:{server.server_port}{path}"

    yield serve
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_is_small_and_names_no_third_party() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    assert len(gzip.compress(text.encode(), 6)) < MOST_BYTES
    assert re.findall(r"https?://", text) == []
    assert "innerHTML" not in text


def test_any_origin_may_load_it_and_ask_without_credentials(pages_site: str) -> None:
    evil = {"Origin": "https://evil.example"}
    script = httpx.get(f"{pages_site}/embed/simulateur.js", headers=evil)
    answers = [
        script,
        httpx.get(f"{pages_site}{TAX}/schema", headers=evil),
        httpx.post(pages_site + TAX, json={"situation": "x"}, headers=evil),
        httpx.options(pages_site + TAX, headers={"Origin": "null"}),
    ]
    for answer in answers:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Set-Cookie" not in answer.headers
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert script.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", ["income-tax", "hiring-cost"])
def test_it_works_on_a_foreign_page_under_a_strict_policy(
    pages_site: str,
    foreign: Callable[[str], str],
    open_page: Opener,
    axe: Callable[[Page], list[str]],
    name: str,
    language: str,
) -> None:
    page, trouble = open_page()
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    url = foreign(f'<guichet-simulateur name="{name}" lang="{language}"></guichet-simulateur>')
    page.goto(url)
    widget = page.locator("guichet-simulateur")
    if name == "income-tax":
        widget.locator("#input-situation").select_option("single")
        widget.locator("#input-salary_1").fill("34 567,5")
        api = {"situation": "single", "salary_1": 34567.5}
    else:
        widget.locator("#input-gross_salary").fill("2500,75")
        api = {"gross_salary": 2500.75}
    widget.get_by_role("button").click()
    figure = widget.locator(".figure")
    expect(figure).to_contain_text("€")
    right = httpx.post(f"{pages_site}/api/v1/simulators/{name}", json=api).json()
    digits = re.sub(r"[^\d.,]", "", figure.inner_text())
    written = digits.replace(",", "." if language == "fr" else "")
    assert float(written) == right["value"]
    expect(widget.locator("[role=status]")).to_contain_text(figure.inner_text())
    expect(widget).to_contain_text(right["notice"][language])
    found = []
    page.evaluate(
        "document.querySelector('guichet-simulateur').shadowRoot.querySelectorAll('details')"
        ".forEach((one) => (one.open = true))"
    )
    for theme in ("light", "dark"):
        for width in (320, 1280):
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": 800})
            found += [f"{theme} {width}: {one}" for one in axe(page)]
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert found == []
    assert trouble.all() == []
    assert page.context.cookies() == []
    # Nothing but its page and our origin was asked for, and no address holds what was typed.
    assert {one.split("/")[2] for one in asked} <= {url.split("/")[2], pages_site.split("/")[2]}
    assert not any("34567" in one or "2500" in one for one in asked)


def test_mistakes_are_told_beside_their_fields_and_focused(
    foreign: Callable[[str], str], open_page: Opener
) -> None:
    page, trouble = open_page()
    page.goto(foreign('<guichet-simulateur name="income-tax"></guichet-simulateur>'))
    widget = page.locator("guichet-simulateur")
    # What the server refuses: the situation is missing.
    widget.locator("#input-salary_1").fill("30000")
    widget.get_by_role("button").click()
    expect(widget.locator("#wrong-situation")).not_to_be_empty()
    expect(widget.locator("#input-situation")).to_have_attribute("aria-invalid", "true")
    expect(widget.locator("#input-situation")).to_be_focused()
    # What is no number is not even asked, by the keyboard too.
    widget.locator("#input-situation").select_option("single")
    widget.locator("#input-salary_1").fill("40000+2*5")
    widget.locator("#input-salary_1").press("Enter")
    expect(widget.locator("#wrong-salary_1")).to_contain_text("nombre")
    expect(widget.locator("[role=status]")).to_have_text("À corriger : 1")
    widget.locator("#input-salary_1").fill("30000")
    widget.locator("#input-salary_1").press("Enter")
    expect(widget.locator(".figure")).to_contain_text("€")
    expect(widget.locator("[aria-invalid]")).to_have_count(0)
    # From now on the answer follows what is typed.
    before = widget.locator(".figure").inner_text()
    widget.locator("#input-salary_1").fill("60000")
    expect(widget.locator(".figure")).not_to_have_text(before)
    assert [one for one in trouble.all() if not REFUSED.search(one)] == []


def test_an_unknown_name_says_so_and_leaves_the_pages_own_link(
    foreign: Callable[[str], str], open_page: Opener
) -> None:
    page, _ = open_page()
    page.goto(foreign('<guichet-simulateur name="rien"><a href="/x">Lien</a></guichet-simulateur>'))
    expect(page.locator("guichet-simulateur").get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("link", name="Lien")).to_be_visible()


def test_an_imposed_theme_is_kept(foreign: Callable[[str], str], open_page: Opener) -> None:
    page, _ = open_page(theme="light")
    page.goto(foreign('<guichet-simulateur name="hiring-cost" theme="dark"></guichet-simulateur>'))
    box = page.locator("guichet-simulateur .box")
    expect(box).to_have_css("background-color", "rgb(20, 24, 29)")
