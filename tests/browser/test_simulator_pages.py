"""The pages of the simulators in a real browser: with and without scripts, by keyboard, on a phone,
in both languages and themes."""

import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from api.addresses import address
from api.simulator_words import slug_of

pytestmark = pytest.mark.browser

Opener = Callable[..., tuple[Page, Any]]
Audit = Callable[[Page], list[str]]
WIDTHS, THEMES, LANGUAGES = (320, 1280), ("light", "dark"), ("fr", "en")
SIMULATORS = ("income-tax", "hiring-cost")
# Cases that have warnings, both signs of bars, and several groups.
CASES = {
    "income-tax": {"situation": "single", "salary_1": "32000"},
    "hiring-cost": {"gross_salary": "1500,5", "workforce": "12"},
}
# Chromium tells in the console of each answer that is an error, as a page with faults is.
REFUSED = re.compile(r"the server responded with a status of 422")
OVERFLOW = """() => {
  const root = document.documentElement, wide = root.clientWidth;
  if (root.scrollWidth <= wide) return [];
  return [`${root.scrollWidth} > ${wide}`, ...[...document.body.querySelectorAll("*")]
    .filter((one) => one.getBoundingClientRect().right > wide + 1 && !one.closest(".scroll, pre"))
    .slice(0, 5).map((one) => one.outerHTML.slice(0, 120))];
}"""


@pytest.fixture(scope="module")
def simulators_site(pages_site: str) -> str:
    """The site, once its engines answer."""
    end = time.monotonic() + 60
    asked = {"situation": "single", "salary_1": 30000}
    while httpx.post(f"{pages_site}/api/v1/simulators/income-tax", json=asked).status_code == 503:
        assert time.monotonic() < end, "the engines do not start"
        time.sleep(0.2)
    return pages_site


def page_of(name: str, language: str = "fr") -> str:
    return address("simulator", language, simulator=slug_of(name, language))


def fill(page: Page, case: dict[str, str]) -> None:
    for name, value in case.items():
        field = page.locator(f"#input-{name}")
        field.evaluate("one => { const d = one.closest('details'); if (d) d.open = true; }")
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")


def troubles(trouble: Any) -> list[str]:
    return [one for one in trouble.all() if not REFUSED.search(one)]


@pytest.mark.parametrize("name", SIMULATORS)
@pytest.mark.parametrize("state", ["empty", "answered", "faulty"])
def test_nothing_is_wrong_for_axe(
    simulators_site: str, open_page: Opener, axe: Audit, name: str, state: str
) -> None:
    page, trouble = open_page()
    found = []
    for language in LANGUAGES:
        page.goto(simulators_site + page_of(name, language))
        if state == "answered":
            fill(page, CASES[name])
        elif state == "faulty":
            fill(page, {next(iter(CASES[name])): "" if name == "income-tax" else "-1"})
        if state != "empty":
            page.locator("#simulation button[value=simulate]").click()
            page.wait_for_load_state("load")
        expect(page.locator(".mistakes")).to_have_count(1 if state == "faulty" else 0)
        unfold(page)
        for theme in THEMES:
            for width in WIDTHS:
                page.emulate_media(color_scheme=theme)
                page.set_viewport_size({"width": width, "height": 800})
                found += [f"{language} {theme} {width}: {one}" for one in axe(page)]
                assert page.evaluate(OVERFLOW) == [], f"{language} {theme} {width}"
    assert found == []
    assert troubles(trouble) == []


@pytest.mark.parametrize("name", ["simulators", "simulator-method", "simulator-widget"])
def test_the_other_pages_for_axe(
    simulators_site: str, open_page: Opener, axe: Audit, name: str
) -> None:
    page, trouble = open_page()
    found = []
    for language in LANGUAGES:
        page.goto(simulators_site + address(name, language))
        unfold(page)
        for theme in THEMES:
            for width in WIDTHS:
                page.emulate_media(color_scheme=theme)
                page.set_viewport_size({"width": width, "height": 800})
                found += [f"{language} {theme} {width}: {one}" for one in axe(page)]
                assert page.evaluate(OVERFLOW) == [], f"{language} {theme} {width}"
    assert found == []
    assert trouble.all() == []


@pytest.mark.parametrize("name", SIMULATORS)
def test_everything_works_without_scripts(
    simulators_site: str, open_page: Opener, name: str
) -> None:
    page, _ = open_page(javascript=False)
    page.goto(simulators_site + page_of(name))
    fields = dict(CASES[name])
    for key, value in fields.items():
        field = page.locator(f"#input-{key}")
        # Without scripts a folded part is opened as anybody does: by its summary.
        if not field.is_visible():
            page.locator("details", has=field).locator("summary").click()
        if key == "situation":
            field.select_option(value)
        else:
            field.fill(value)
    page.locator("#simulation button[value=simulate]").click()
    expect(page.locator("#result-title")).to_be_focused()
    expect(page.locator(".sentence strong")).to_contain_text("€")
    expect(page.locator("svg.bars")).not_to_have_count(0)
    expect(page.locator("svg.curve")).to_have_count(1)
    expect(page.locator("#result")).to_contain_text("pas une décision")
    for key, value in fields.items():
        expect(page.locator(f"#input-{key}")).to_have_value(value)
    assert "?" not in page.url
    page.locator("button[value=keep]").click()
    link = page.locator("a[href*='/reponses/']").first
    expect(link).to_be_visible()
    sentence = page.locator(".sentence strong").inner_text()
    page.goto(str(link.get_attribute("href")))
    expect(page.locator(".sentence strong")).to_have_text(sentence)


def test_mistakes_without_scripts_lead_to_their_fields(
    simulators_site: str, open_page: Opener
) -> None:
    page, _ = open_page(javascript=False)
    page.goto(simulators_site + page_of("income-tax"))
    page.locator("#input-salary_1").fill("beaucoup")
    page.locator("#input-salary_1").press("Enter")
    summary = page.locator("#mistakes")
    expect(summary).to_be_focused()
    expect(summary.locator("a")).to_have_count(2)
    expect(page.locator("#input-salary_1")).to_have_value("beaucoup")
    expect(page.locator("#input-salary_1")).to_have_attribute("aria-invalid", "true")
    summary.get_by_role("link", name="Salaires du déclarant 1").click()
    expect(page.locator("#input-salary_1")).to_be_in_viewport()
    assert page.url.endswith("#input-salary_1")


def test_the_result_follows_what_is_typed_and_is_announced(
    simulators_site: str, open_page: Opener
) -> None:
    page, trouble = open_page()
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    page.goto(simulators_site + page_of("hiring-cost"))
    gross = page.locator("#input-gross_salary")
    gross.press_sequentially("2500,75", delay=20)
    said = page.locator("#simulation-said")
    expect(said).to_contain_text("Coût pour l’employeur".replace("’", "'"))
    expect(gross).to_be_focused()
    expect(page.locator(".sentence strong")).to_contain_text("€")
    first = page.locator(".sentence strong").inner_text()
    # One question per pause, and what was typed is in no address.
    assert len(sent) == 1
    assert sent[0].endswith("?part=result")
    page.locator("#input-executive").evaluate("one => (one.closest('details') ?? {}).open = true")
    page.locator("#input-executive").check()
    expect(page.locator(".sentence strong")).not_to_have_text(first)
    # The same figure as the API gives for the same inputs.
    api = httpx.post(
        f"{simulators_site}/api/v1/simulators/hiring-cost",
        json={"gross_salary": 2500.75, "executive": True},
    ).json()
    digits = re.sub(r"[^\d,]", "", page.locator(".sentence strong").inner_text())
    assert float(digits.replace(",", ".")) == api["value"]
    gross.fill("beaucoup")
    expect(said).to_contain_text("à compléter ou corriger : 1")
    expect(gross).to_have_attribute("aria-invalid", "true")
    assert troubles(trouble) == []


def test_nobody_is_told_off_for_a_field_they_have_not_reached(
    simulators_site: str, open_page: Opener
) -> None:
    page, _ = open_page()
    page.goto(simulators_site + page_of("income-tax"))
    page.locator("#input-salary_1").fill("30000")
    expect(page.locator("#result")).to_contain_text("Situation de famille")
    expect(page.locator("[aria-invalid]")).to_have_count(0)


def test_engines_that_are_away_are_asked_again(simulators_site: str, open_page: Opener) -> None:
    page, _ = open_page()
    page.goto(simulators_site + page_of("hiring-cost"))
    away = [
        '<div data-said="occupé" data-retry="1"><h2 id="result-title">Résultat</h2></div>',
    ]

    def answer(route: Any) -> None:
        if away:
            route.fulfill(status=503, content_type="text/html; charset=utf-8", body=away.pop())
        else:
            route.continue_()

    page.route("**/*part=result", answer)
    page.locator("#input-gross_salary").fill("2500")
    expect(page.locator("#simulation-said")).to_have_text("occupé")
    expect(page.locator(".sentence strong")).to_contain_text("€")


@pytest.mark.parametrize("name", SIMULATORS)
def test_a_walk_by_keyboard_reaches_every_control(
    simulators_site: str, open_page: Opener, name: str
) -> None:
    page, _ = open_page()
    page.goto(simulators_site + page_of(name))
    unfold(page)
    wanted = page.evaluate(
        "[...document.querySelectorAll('#simulation :is(input:not([type=hidden]), select, button,"
        " textarea, summary, a[href])')].length"
    )
    page.locator("#simulation :is(input, select)").first.focus()
    seen = 1
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        if not page.evaluate("document.activeElement.closest('#simulation') !== null"):
            break
        seen += 1
        style = page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement);"
            " return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; })()"
        )
        assert style, "the focus cannot be seen"
    assert seen == wanted


def test_large_text_and_print(simulators_site: str, open_page: Opener) -> None:
    page, _ = open_page(width=640)
    page.goto(simulators_site + page_of("hiring-cost"))
    fill(page, CASES["hiring-cost"])
    page.locator("#simulation button[value=simulate]").click()
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate(OVERFLOW) == []
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.emulate_media(media="print")
    expect(page.locator("#simulation")).to_be_hidden()
    expect(page.locator(".sentence strong")).to_be_visible()
    expect(page.locator("#result")).to_contain_text("1 500,50".replace(" ", "\u202f"))
