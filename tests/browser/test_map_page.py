"""The map in a real browser, over the small real France: checks 1, 3-10, 15-18 and 24 of the UX
study, as they apply to the map."""

import csv
import io
import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from catalog.states import State
from geo import id_raster

pytestmark = pytest.mark.browser

FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader",
         "--enable-unsafe-swiftshader", "--disable-background-networking"]  # fmt: skip
SERVICES = ("official-site", "contact-email", "electoral-roll", "school-transport",
            "minimum-bundle")  # fmt: skip
TERRITORIES = ("FR", "REG-84", "DEP-69")


@pytest.fixture(scope="module")
def map_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_context(map_browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        options.setdefault("viewport", {"width": 1280, "height": 1000})
        made.append(map_browser.new_context(locale="fr-FR", **options))
        return made[-1]

    yield make
    for context in made:
        context.close()


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Iterator[Page]:
    """A page on which any error of a script or of a request fails the test."""
    found = new_context().new_page()
    found.set_default_timeout(15000)
    errors: list[str] = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    found.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    yield found
    assert errors == []


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return bytes(answer.read())


def read(url: str) -> Any:
    return json.loads(get(url))


def drawn(page: Page, url: str) -> None:
    page.goto(url)
    page.locator("#map-wait").wait_for(state="hidden")


def settled(page: Page, address: str) -> None:
    """Wait until the page shows what its address says."""
    page.wait_for_url(re.compile(address))
    page.locator("#map-page:not([aria-busy])").wait_for()


def legend(page: Page) -> dict[str, int]:
    rows = page.locator("#map-legend-states tr[data-row]").all()
    return {r.get_attribute("data-row"): int(r.get_attribute("data-count")) for r in rows}  # type: ignore[misc, arg-type]


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def pixel(page: Page, x: float, y: float, canvas: str = "#map-canvas") -> list[int]:
    found: list[int] = page.evaluate(
        "([c, x, y]) => [...document.querySelector(c).getContext('2d')"
        ".getImageData(x, y, 1, 1).data]",
        [canvas, x, y],
    )
    return found


def interiors(ids: np.ndarray, wanted: int) -> dict[int, tuple[int, int]]:
    """number -> a pixel whose neighbourhood is all of that commune, for the largest ones."""
    same = np.ones(ids.shape, bool)
    for axis in (0, 1):
        for shift in (-2, -1, 1, 2):
            same &= np.roll(ids, shift, axis) == ids
    found = {}
    counts = np.bincount(ids[same & (ids > 0)])
    for commune in np.argsort(counts)[::-1][:wanted]:
        if counts[commune]:
            rows, columns = np.nonzero(same & (ids == commune))
            middle = len(rows) // 2
            found[int(commune)] = (int(columns[middle]), int(rows[middle]))
    return found


def raster(site: str, territory: str) -> np.ndarray:
    generation = read(f"{site}/api/v1/legend.json")["generation"]
    name = "metropole" if territory == "FR" else f"territories/{territory}"
    return id_raster.from_webp(get(f"{site}/ids/{generation}/{name}.webp"))


def hexes(rgba: list[int]) -> str:
    return "#" + "".join(f"{part:02X}" for part in rgba[:3])


@pytest.mark.parametrize("territory", ["DEP-69", "DEP-974"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_colour_of_each_commune_is_its_state_in_the_api(
    site: str, new_context: Callable[..., BrowserContext], territory: str, theme: str
) -> None:
    page = new_context(color_scheme=theme).new_page()
    drawn(
        page,
        f"{site}/fr/carte?territory={territory}&level=commune&service=secure-site",
    )
    look = {s["id"]: s[theme].upper() for s in read(f"{site}/api/v1/legend.json")["states"]}
    states = read(f"{site}/api/v1/status/secure-site.json")["states"]
    names = read(f"{site}/ids/{read(f'{site}/api/v1/legend.json')['generation']}"
                 f"/names/{territory[4:]}.json")["communes"]  # fmt: skip
    places = interiors(raster(site, territory), 400)
    members = {n: at for n, at in places.items() if str(n) in names}
    assert len(members) >= 20
    seen = set()
    for commune, (x, y) in members.items():
        state = states[names[str(commune)][0]]
        seen.add(state)
        # The hatch of the unknown is a line every seven pixels: beside it is the fill.
        shown = {hexes(pixel(page, x + dx, y)) for dx in (0, 1)}
        assert look[state] in shown, (commune, state, shown)
        for other in set(look.values()) - {look[state]}:
            assert other not in shown
    assert territory == "DEP-974" or {"unknown", "information"} <= seen


@pytest.mark.parametrize("territory", TERRITORIES)
@pytest.mark.parametrize("service", SERVICES)
def test_table_legend_csv_and_api_count_the_same(
    site: str, page: Page, service: str, territory: str
) -> None:
    asked = f"service={service}&territory={territory}"
    told = read(f"{site}/api/v1/territories/{territory}/summary?service={service}")["whole"]
    drawn(page, f"{site}/fr/carte?{asked}")
    assert legend(page) == told["states"]
    assert sum(told["states"].values()) == told["communes"]
    page.goto(f"{site}/fr/carte?{asked}&view=table")
    assert legend(page) == told["states"]
    totals = {s.slug: 0 for s in State}
    for row in page.locator("#map-areas tbody tr").all():
        for cell in row.locator("td[data-state]").all():
            totals[cell.get_attribute("data-state")] += number(cell.inner_text())  # type: ignore[index]
    assert totals == told["states"]
    rows = list(csv.DictReader(io.StringIO(get(f"{site}/fr/carte.csv?{asked}").decode())))
    assert len(rows) == int(page.locator("#map-areas").get_attribute("data-rows") or 0)
    assert {s: sum(int(row[s]) for row in rows) for s in totals} == told["states"]
    communes = list(
        csv.DictReader(io.StringIO(get(f"{site}/fr/carte.csv?{asked}&level=commune").decode()))
    )
    assert len(communes) == told["communes"]  # those without an outline too
    assert {s: sum(row["state"] == s for row in communes) for s in totals} == told["states"]


def test_the_unknown_is_never_drawn_as_absent(site: str, page: Page) -> None:
    drawn(page, f"{site}/fr/carte?service=canteen&territory=DEP-69&level=commune")
    counts = legend(page)
    assert counts["unknown"] == sum(counts.values()) > 0
    absent = State.ABSENT.look.light.upper()
    for x, y in interiors(raster(site, "DEP-69"), 30).values():
        assert hexes(pixel(page, x, y)) != absent
    assert (
        "Rien" in page.locator("h1 + p").inner_text()
        or "rien" in page.locator("#map-sentence").inner_text()
    )


def test_without_scripts_there_is_a_picture_a_legend_and_a_table(
    site: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{site}/fr/carte")
    picture = page.locator("img.map-picture")
    assert picture.is_visible()
    assert get(site + str(picture.get_attribute("src"))).startswith(b"\x89PNG")
    assert "communes" in str(picture.get_attribute("alt"))
    assert page.locator("#map-legend-states tr[data-row]").count() == len(State)
    assert page.locator("#map-areas tbody tr").count() >= 4
    page.locator("#map-service").select_option("contact-email")
    page.get_by_role("button", name="Afficher").click()
    assert "service=contact-email" in page.url
    page.locator("button[data-isolate=unknown]").click()
    assert "isolate=unknown" in page.url
    page.locator("#map-areas tbody a").first.click()
    assert "territory=DEP-" in page.url
    assert page.locator("img.map-picture").is_visible()


def test_a_change_of_service_repaints_and_fetches_no_picture(site: str, page: Page) -> None:
    drawn(page, f"{site}/fr/carte?level=commune")
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    sizes: list[int] = []
    page.on("requestfinished", lambda r: (asked.append(r.url),
                                          sizes.append(r.sizes()["responseBodySize"])))  # fmt: skip
    page.locator("#map-service").focus()
    page.locator("#map-service").select_option("contact-email")
    settled(page, "contact-email")
    assert page.evaluate("document.activeElement.id") == "map-service"
    ours = [url for url in asked if "/static/" not in url]
    assert not [url for url in ours if "/ids/" in url or "/tiles/" in url]
    assert any("/status/contact-email.bin" in url for url in ours)
    assert sum(sizes) <= 12_000
    assert float(page.locator("#map-stage").get_attribute("data-painted") or 1e9) <= 100
    assert "maplibre" not in " ".join(asked)
    assert "communes" in page.locator("#status").inner_text()


def aim(page: Page, territory: str, inside: str) -> tuple[float, float]:
    """A point of the screen inside the largest commune of `inside` in the shown raster."""
    site = page.url.split("/fr/")[0]
    departement = inside.removeprefix("DEP-")
    generation = read(f"{site}/api/v1/legend.json")["generation"]
    names = read(f"{site}/ids/{generation}/names/{departement}.json")["communes"]
    places = interiors(raster(site, territory), 400)
    x, y = next(at for n, at in places.items() if str(n) in names)
    box = page.locator("#map-canvas").bounding_box()
    assert box is not None
    return box["x"] + (x + 0.5) / 1000 * box["width"], box["y"] + (y + 0.5) / 1000 * box["width"]


def test_drill_by_mouse_then_back(site: str, page: Page) -> None:
    drawn(page, f"{site}/fr/carte?service=contact-email")
    page.mouse.click(*aim(page, "FR", "DEP-69"))
    settled(page, "territory=REG-84")
    assert page.locator("#map-stage").get_attribute("data-territory") == "REG-84"
    page.mouse.click(*aim(page, "REG-84", "DEP-69"))
    settled(page, "territory=DEP-69")
    page.mouse.click(*aim(page, "DEP-69", "DEP-69"))
    settled(page, "territory=EPCI-")
    epci = re.search(r"EPCI-\d+", page.url)
    assert epci
    page.mouse.click(*aim(page, epci[0], "DEP-69"))
    page.wait_for_url("**/fr/commune/*")
    for step in ("territory=EPCI-", "territory=DEP-69", "territory=REG-84"):
        page.go_back()
        settled(page, step)
        assert page.locator("#map-service").input_value() == "contact-email"
    page.go_back()
    settled(page, r"carte\?service=contact-email$")
    assert page.evaluate("document.activeElement.id") == "map-group"
    assert page.locator("#map-stage[data-territory=FR]").count() == 1


def test_drill_by_keyboard_alone(site: str, page: Page) -> None:
    drawn(page, f"{site}/fr/carte?territory=REG-84")
    page.locator("#map-detailed").focus()
    while page.evaluate("document.activeElement.id") != "map-group":
        page.keyboard.press("Shift+Tab")
    assert page.locator("#map-cross").get_attribute("hidden") is None
    x, y = max(interiors(raster(site, "REG-84"), 1).values())
    # From the middle, in long steps (a fortieth of the width), then short ones (a fifth of that).
    for at, size, keys in ((x, 1000, ("ArrowLeft", "ArrowRight")),
                           (y, 931, ("ArrowUp", "ArrowDown"))):  # fmt: skip
        steps = round((at / size - 0.5) / 0.005)
        for shift, times in (("", abs(steps) // 5), ("Shift+", abs(steps) % 5)):
            for _ in range(times):
                page.keyboard.press(shift + keys[steps > 0])
    page.locator("#map-tip").wait_for()
    assert "Ouvrir" in page.locator("#map-tip").inner_text()
    page.locator("#status:not(:empty)").wait_for(state="attached")
    page.keyboard.press("Enter")
    settled(page, "territory=DEP-")
    page.locator("#map-group").focus()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "map-in"  # no trap
    assert page.locator("#map-cross").get_attribute("hidden") is not None
    page.locator("#map-group").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") != "map-group"


def test_drill_by_the_links_of_the_table(site: str, page: Page) -> None:
    page.goto(f"{site}/fr/carte?view=table")
    page.locator("tr[data-code='DEP-69'] a").click()
    settled(page, "territory=DEP-69")
    page.locator("#map-areas tbody a").first.click()
    settled(page, "territory=EPCI-")
    page.locator("#map-areas tbody a").first.click()
    page.wait_for_url("**/fr/commune/*")
    page.go_back()
    settled(page, "territory=EPCI-")
    page.go_back()
    settled(page, "territory=DEP-69")
    assert page.locator("#map-areas tbody tr").count() > 1


def test_sorting_is_a_link_that_says_so(site: str, page: Page) -> None:
    page.goto(f"{site}/fr/carte?view=table")
    page.locator("[data-key='sort-communes']").click()
    settled(page, "sort=communes")
    assert page.locator("th[aria-sort=ascending]").inner_text().startswith("Communes")
    page.locator("[data-key='sort-communes']").click()
    settled(page, "sort=-communes")
    column = page.locator("#map-areas tbody tr td:nth-child(5)").all_inner_texts()
    assert [number(c) for c in column] == sorted((number(c) for c in column), reverse=True)
    assert page.evaluate("document.activeElement.dataset.key") == "sort-communes"


def test_a_permalink_gives_the_same_view(
    site: str, page: Page, new_context: Callable[..., BrowserContext]
) -> None:
    drawn(page, f"{site}/fr/carte")
    page.locator("#map-service").select_option("secure-site")
    settled(page, "secure-site")
    page.locator("input[value=commune]").check()
    settled(page, "level=commune")
    page.locator("#map-date").select_option(index=3)
    settled(page, "date=")
    page.locator("button[data-isolate=unknown]").click()
    settled(page, "isolate=unknown")
    page.mouse.move(1, 1)
    fresh = new_context().new_page()
    drawn(fresh, page.url)
    grab = "document.querySelector('#map-canvas').toDataURL()"
    assert fresh.evaluate(grab) == page.evaluate(grab)
    assert legend(fresh) == legend(page)
    assert fresh.locator("h1").inner_text() == page.locator("h1").inner_text()
    assert fresh.locator("#map-date").input_value() == page.locator("#map-date").input_value()


def test_overseas_insets_are_named_links_and_drawn(site: str, page: Page) -> None:
    drawn(page, f"{site}/fr/carte?service=electoral-roll&level=commune")
    for name in ("Guadeloupe", "Martinique", "Guyane", "La Réunion", "Mayotte"):
        assert page.get_by_role("link", name=name).is_visible()
    # The small France holds La Réunion.
    page.wait_for_function(
        "() => document.querySelector('canvas[data-frame=la-reunion]').getContext('2d')"
        ".getImageData(90, 70, 1, 1).data[3] === 255"
    )
    shown = hexes(pixel(page, 90, 70, "canvas[data-frame=la-reunion]"))
    assert shown == State.TWO_WAY.look.light.upper()
    assert "Polynésie française" in page.locator(".map-without").inner_text()
    page.get_by_role("link", name="La Réunion").focus()
    page.keyboard.press("Enter")
    settled(page, "territory=DEP-974")
    assert page.locator("#map-stage[data-territory='DEP-974']").count() == 1


def test_isolating_stands_out_is_told_and_is_in_the_address(site: str, page: Page) -> None:
    drawn(page, f"{site}/fr/carte?territory=DEP-69&level=commune&service=secure-site")
    button = page.locator("button[data-isolate=unknown]")
    assert button.get_attribute("aria-pressed") == "false"
    button.focus()
    page.keyboard.press("Enter")
    settled(page, "isolate=unknown")
    assert page.locator("button[data-isolate=unknown]").get_attribute("aria-pressed") == "true"
    assert page.evaluate("document.activeElement.dataset.isolate") == "unknown"
    colours = {hexes(pixel(page, *at)) for at in interiors(raster(site, "DEP-69"), 400).values()}
    assert {"#0B3C8C", "#E3E5E8"} <= colours
    page.keyboard.press("Enter")
    settled(page, r"^(?!.*isolate)")
    assert page.locator("button[data-isolate=unknown]").get_attribute("aria-pressed") == "false"


def test_dates_move_without_dragging_and_never_alone(site: str, page: Page) -> None:
    drawn(page, f"{site}/fr/carte")
    now = legend(page)
    page.locator("#map-previous").click()
    settled(page, "date=")
    page.locator("#map-previous").click()
    page.locator("#map-range").focus()
    page.keyboard.press("Home")
    settled(page, r"date=20(16|17|18|21)")
    assert legend(page) != now
    assert (
        page.locator("#map-range").get_attribute("aria-valuetext")
        == page.locator("#map-date option:checked").inner_text()
    )
    address = page.url
    page.wait_for_timeout(1500)
    assert page.url == address
    page.locator("#map-play").click()
    assert page.locator("#map-play").get_attribute("aria-pressed") == "true"
    page.wait_for_url(lambda url: url != address)
    page.locator("#map-play").click()
    assert page.locator("#map-play").get_attribute("aria-pressed") == "false"


def test_every_target_is_large_enough(
    site: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(viewport={"width": 320, "height": 800}).new_page()
    drawn(page, f"{site}/fr/carte?territory=DEP-69")
    small = page.evaluate(
        """() => [...document.querySelectorAll('#map-page :is(a, button, select, input)')]
        .filter((e) => e.checkVisibility() && !e.closest('p:not(.map-to-table)'))
        .map((e) => [e.outerHTML.slice(0, 90), e.closest('label') ?? e])
        .map(([html, e]) => [html, e.getBoundingClientRect()])
        .filter(([, box]) => box.width < 24 || box.height < 24)
        .map(([html, box]) => `${html} ${box.width}x${box.height}`)"""
    )
    assert small == []
    overflow = page.evaluate(
        """() => [...document.querySelectorAll('#map-page *')].filter((e) =>
        e.getBoundingClientRect().right > 321 && !e.closest('.scroll') && !e.closest('[hidden]')
        && e.checkVisibility()).map((e) => e.outerHTML.slice(0, 120))"""
    )
    assert overflow == []


def test_forced_colours_keep_the_swatches(
    site: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(forced_colors="active", reduced_motion="reduce").new_page()
    drawn(page, f"{site}/fr/carte?level=commune")
    row = page.locator("tr[data-row=information]")
    assert "Niveau 1" in row.inner_text()
    colour = row.locator(".swatch").evaluate("(e) => getComputedStyle(e).backgroundColor")
    assert colour == "rgb(245, 198, 60)"


@pytest.mark.parametrize("deficiency", ["protanopia", "deuteranopia", "tritanopia"])
def test_levels_are_told_apart_without_full_colour_vision(
    site: str, new_context: Callable[..., BrowserContext], deficiency: str
) -> None:
    page = new_context().new_page()
    drawn(page, f"{site}/fr/carte")
    cdp = page.context.new_cdp_session(page)
    cdp.send("Emulation.setEmulatedVisionDeficiency", {"type": deficiency})
    swatches = page.locator("#map-legend-shares tr:nth-child(-n+5) .swatch")
    colours = [middle_of(swatch.screenshot()) for swatch in swatches.all()]
    labs = [lab(colour) for colour in colours]
    for i, one in enumerate(labs):
        for other in labs[i + 1 :]:
            assert np.linalg.norm(np.subtract(one, other)) >= 12, (deficiency, colours)


def middle_of(png: bytes) -> tuple[int, ...]:
    from PIL import Image

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    found = picture.getpixel((picture.width // 2, picture.height // 2))
    assert isinstance(found, tuple)
    return tuple(int(part) for part in found)


def lab(colour: tuple[int, ...]) -> tuple[float, float, float]:
    """CIE L*a*b* (D65) of sRGB."""
    c = np.array(colour) / 255
    c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    m = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = (m @ c) / np.array([0.95047, 1, 1.08883])
    f = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z)]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def test_the_detailed_map_takes_no_tile_again(site: str, page: Page) -> None:
    drawn(page, f"{site}/fr/carte?territory=DEP-69&level=commune")
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.locator("#map-detailed").click()
    page.locator("#map-stage[data-detail=on]").wait_for()
    page.wait_for_load_state("networkidle")
    assert any(url.endswith(".mvt") for url in asked)
    assert page.locator("#map-detail canvas").is_visible()
    over = page.locator("#map-detail").bounding_box()
    assert over == page.locator("#map-group").bounding_box()  # in front of the first stage
    asked.clear()
    page.locator("#map-service").select_option("secure-site")
    settled(page, "secure-site")
    page.locator("#map-date").select_option(index=3)
    settled(page, "date=")
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if "/tiles/" in url] == []
    page.locator("#map-detailed").click()
    assert page.locator("#map-detail").is_hidden()


def test_the_files_open_as_they_should(site: str) -> None:
    body = get(f"{site}/fr/carte.csv?level=commune&territory=DEP-01")
    text = body.decode("utf-8")
    assert '"01' in text  # a code is text: its zero stays
    assert all(row["code"].startswith("01") for row in csv.DictReader(io.StringIO(text)))
    picture = get(f"{site}/fr/carte.png?territory=DEP-69")
    plain = get(f"{site}/fr/carte.png?territory=DEP-69&plain=yes")
    from PIL import Image

    height = Image.open(io.BytesIO(picture)).height
    assert height > Image.open(io.BytesIO(plain)).height + 100  # title, legend, date, licence


def test_print_fits_two_pages(site: str, page: Page) -> None:
    drawn(page, f"{site}/fr/carte")
    page.wait_for_load_state("networkidle")
    document = page.pdf(format="A4", print_background=True)
    assert 1 <= len(re.findall(rb"/Type\s*/Page[^s]", document)) <= 2


@pytest.mark.parametrize(
    "path",
    ["/fr/carte", "/en/map?view=table", "/fr/carte?territory=DEP-69&level=commune&isolate=unknown",
     "/fr/carte?service=minimum-bundle"],
)  # fmt: skip
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing(
    site: str,
    new_context: Callable[..., BrowserContext],
    axe: Callable[[Page], list[str]],
    path: str,
    theme: str,
    width: int,
) -> None:
    page = new_context(color_scheme=theme, viewport={"width": width, "height": 900}).new_page()
    page.goto(site + path)
    page.wait_for_load_state("networkidle")
    assert axe(page) == []
