"""The first coloured map on a slow phone: the `carte-coloree` mark, bytes, LCP and CLS.

`python tests/benchmarks/map_first_view.py http://localhost:8080`. A real Chromium is slowed down
as the project's lab budget says: 150 ms for each request, 1.6 Mb/s, processor four times slower
(numbers of Lighthouse mobile, applied and not simulated: a simulation cannot move a mark that
our own script sets). Each round is a visit with an empty cache; the median is compared.
Goals of issue 2: mark <= 2.5 s, <= 340 kB transferred, JavaScript <= 25 kB, LCP <= 2.5 s,
CLS <= 0.02.
"""

import statistics
import sys
from collections import defaultdict

from playwright.sync_api import Browser, sync_playwright

ROUNDS = 5
GOALS = {"mark ms": 2500, "kB": 340, "script kB": 25, "LCP ms": 2500, "CLS": 0.02}
OBSERVE = """
window.seen = {lcp: 0, cls: 0};
new PerformanceObserver((list) => { for (const e of list.getEntries()) seen.lcp = e.startTime; })
  .observe({type: 'largest-contentful-paint', buffered: true});
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) if (!e.hadRecentInput) seen.cls += e.value;
}).observe({type: 'layout-shift', buffered: true});
"""


def visit(browser: Browser, url: str) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 412, "height": 823}, device_scale_factor=1.75,
                                  is_mobile=True, has_touch=True, locale="fr-FR")  # fmt: skip
    page = context.new_page()
    page.on("console", lambda said: print(said.type, said.text) if said.type != "log" else None)
    page.add_init_script(OBSERVE)
    cdp = context.new_cdp_session(page)
    cdp.send("Network.enable")
    speed = 1.6e6 / 8
    cdp.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": 150, "downloadThroughput": speed, "uploadThroughput": speed / 2,
    })  # fmt: skip
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    kinds: dict[str, str] = {}
    sizes: dict[str, float] = defaultdict(float)
    cdp.on("Network.responseReceived", lambda e: kinds.__setitem__(e["requestId"], e["type"]))
    cdp.on("Network.loadingFinished", lambda e: sizes.__setitem__(
        kinds.get(e["requestId"], "?"),
        sizes[kinds.get(e["requestId"], "?")] + e["encodedDataLength"]))  # fmt: skip
    page.goto(url)
    page.locator("#map-wait").wait_for(state="hidden", timeout=30000)
    page.wait_for_load_state("networkidle")
    mark = page.evaluate("performance.getEntriesByName('carte-coloree')[0].startTime")
    seen = page.evaluate("window.seen")
    context.close()
    return {
        "mark ms": mark,
        "kB": sum(sizes.values()) / 1000,
        "script kB": sizes["Script"] / 1000,
        "LCP ms": seen["lcp"],
        "CLS": seen["cls"],
    }


def main(base: str) -> int:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        visit(browser, f"{base}/fr/carte")  # what the server compresses once is compressed
        rounds = [visit(browser, f"{base}/fr/carte") for _ in range(ROUNDS)]
        browser.close()
    missed = False
    for name, goal in GOALS.items():
        values = [one[name] for one in rounds]
        middle = statistics.median(values)
        met = middle <= goal
        missed |= not met
        print(f"{name:10} {middle:8.3g}  goal {goal:<6g} {'met' if met else 'MISSED'}"
              f"   rounds {', '.join(f'{value:.3g}' for value in values)}")  # fmt: skip
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/")))
