"""The page of a commune on a slow phone: bytes, requests, LCP and CLS.

`python tests/benchmarks/commune_page.py http://localhost:8080`. A real Chromium, slowed down as
map_first_view.py says (150 ms for each request, 1.6 Mb/s, processor four times slower), an empty
cache each time, the median of the rounds. Goals of issue 2: <= 75 kB in <= 12 requests,
LCP <= 2.0 s, CLS <= 0.02.
"""

import statistics
import sys

from playwright.sync_api import Browser, sync_playwright

ROUNDS = 5
COMMUNES = ("69123", "01001")  # with many neighbours and many districts; a village
GOALS = {"kB": 75, "requests": 12, "LCP ms": 2000, "CLS": 0.02}
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
    page.add_init_script(OBSERVE)
    cdp = context.new_cdp_session(page)
    cdp.send("Network.enable")
    speed = 1.6e6 / 8
    cdp.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": 150, "downloadThroughput": speed, "uploadThroughput": speed / 2,
    })  # fmt: skip
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    sizes: list[float] = []
    cdp.on("Network.loadingFinished", lambda e: sizes.append(e["encodedDataLength"]))
    answer = page.goto(url)
    if answer is None or answer.status != 200:
        raise SystemExit(f"{url} does not answer 200.")
    page.wait_for_load_state("networkidle")
    page.wait_for_function("window.seen.lcp > 0")  # told a moment after it was painted
    seen = page.evaluate("window.seen")
    context.close()
    return {
        "kB": sum(sizes) / 1000,
        "requests": len(sizes),
        "LCP ms": seen["lcp"],
        "CLS": seen["cls"],
    }


def main(base: str) -> int:
    missed = False
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        for code in COMMUNES:
            url = f"{base}/fr/commune/{code}"
            visit(browser, url)  # what the server compresses once is compressed
            rounds = [visit(browser, url) for _ in range(ROUNDS)]
            for name, goal in GOALS.items():
                values = [one[name] for one in rounds]
                middle = statistics.median(values)
                missed |= middle > goal
                print(f"{code} {name:9} {middle:8.3g}  goal {goal:<5g} "
                      f"{'met' if middle <= goal else 'MISSED'}"
                      f"   rounds {', '.join(f'{value:.3g}' for value in values)}")  # fmt: skip
        browser.close()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/")))
