"""Another service, another date: bytes fetched, time to repaint, tiles fetched again.

`python tests/benchmarks/map_switch.py http://localhost:8080`. Both stages of the map in a real
Chromium (software GL), commune by commune over the whole country: the heaviest case. Rounds
alternate between services and dates. Goals of issue 2: <= 12 kB and <= 100 ms for the raster,
<= 500 ms for MapLibre, no tile.
"""

import statistics
import sys

from playwright.sync_api import Page, sync_playwright

SERVICES = ("secure-site", "contact-email", "opening-hours", "electoral-roll", "waste")
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader",
         "--enable-unsafe-swiftshader", "--disable-background-networking"]  # fmt: skip


class Watch:
    """What the network carried since `clear`."""

    def __init__(self, page: Page) -> None:
        self.sizes: list[int] = []
        self.tiles: list[str] = []
        page.on("requestfinished", self._finished)

    def _finished(self, request) -> None:  # type: ignore[no-untyped-def]
        # What the disk cache answers again (the icon, at each change of title) is not fetched.
        if "/static/" not in request.url:
            self.sizes.append(request.sizes()["responseBodySize"])
        if "/tiles/" in request.url or "/ids/" in request.url:
            self.tiles.append(request.url)

    def clear(self) -> None:
        self.sizes.clear()
        self.tiles.clear()


def switch(page: Page, watch: Watch, place: str, change: str) -> tuple[float, float, int]:
    """(kB, ms to repaint, tiles) of one change of the filters."""
    page.evaluate(f"delete document.querySelector('{place}').dataset.painted")
    watch.clear()
    control, value = change.split("=")
    page.locator(f"#map-{control}").select_option(
        **({"index": int(value)} if control == "date" else {"value": value})
    )
    page.locator(f"{place}[data-painted]").wait_for(state="attached")
    page.locator("#map-page:not([aria-busy])").wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    painted = float(page.locator(place).get_attribute("data-painted") or "inf")
    return sum(watch.sizes) / 1000, painted, len(watch.tiles)


def main(base: str) -> int:
    changes = [f"{control}={value}" for value, i in zip(SERVICES, range(1, 99), strict=False)
               for control, value in (("service", value), ("date", str(i)))]  # fmt: skip
    missed = False
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for stage, place, goal in (("raster", "#map-stage", 100), ("MapLibre", "#map-detail", 500)):
            page = browser.new_page(viewport={"width": 1000, "height": 900})
            watch = Watch(page)
            page.goto(f"{base}/fr/carte?level=commune")
            page.locator("#map-wait").wait_for(state="hidden")
            if stage == "MapLibre":
                page.locator("#map-detailed").click()
                page.locator("#map-stage[data-detail=on]").wait_for()
                page.locator("#map-detail[data-painted]").wait_for(state="attached")
            page.wait_for_load_state("networkidle")
            rounds = [switch(page, watch, place, change) for change in changes]
            page.close()
            for name, values, limit in (
                ("kB", [one[0] for one in rounds], 12.0),
                ("ms", [one[1] for one in rounds], goal),
                ("tiles", [one[2] for one in rounds], 0),
            ):
                worst = statistics.median(values) if name == "ms" else max(values)
                met = worst <= limit
                missed |= not met
                print(f"{stage:9} {name:6} {worst:8.3g}  goal {limit:<6g}"
                      f"{'met' if met else 'MISSED'}   {', '.join(f'{v:.3g}' for v in values)}")  # fmt: skip
        browser.close()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/")))
