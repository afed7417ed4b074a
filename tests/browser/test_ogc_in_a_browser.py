"""The pages of /ogc for people, and the style of our tiles in a MapLibre that is not on our site."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
MAPLIBRE = Path(__file__).resolve().parents[2] / "node_modules" / "maplibre-gl" / "dist"
# One of each template.
PAGES = (
    "", "/collections", "/collections/communes", "/collections/communes/items?limit=5",
    "/collections/communes/items/01001", "/collections/contributions/items",
    "/collections/records/facets", "/collections/offices/queryables", "/conformance", "/api",
    "/tiles", "/tileMatrixSets", "/tileMatrixSets/WebMercatorQuad", "/styles", "/processes",
    "/processes/echo",
)  # fmt: skip
PAGE = """<!doctype html><meta charset="utf-8"><title>elsewhere</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="maplibre-gl.css"><div id="map" style="width:600px;height:400px"></div>
<script type="module">
import * as maplibregl from "./maplibre-gl.mjs";
window.errors = [];
const map = window.map = new maplibregl.Map(
  { container: "map", style: "STYLE", center: [4.83, 45.76], zoom: 9.2 });
map.on("error", (told) => window.errors.push(String(told.error?.message ?? told.error)));
map.on("idle", () => { window.idle = true; });
</script>"""


def at(site: str, path: str, language: str) -> str:
    return f"{site}/ogc{path}{'&' if '?' in path else '?'}f=html&lang={language}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_axe_finds_nothing_on_any_page(
    open_page: Any, site: str, axe: Any, theme: str, language: str
) -> None:
    page, trouble = open_page(theme=theme)
    for path in PAGES:
        page.goto(at(site, path, language))
        assert page.evaluate("document.documentElement.lang") == language
        assert axe(page) == [], path
    assert trouble.all() == []


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_scrolls_sideways_nor_needs_scripts(open_page: Any, site: str, width: int) -> None:
    page, trouble = open_page(width=width, javascript=width != 320)
    for path in PAGES:
        page.goto(at(site, path, "fr"))
        wide = page.locator("html").evaluate("e => e.scrollWidth - e.clientWidth")
        assert wide <= 0, (path, wide)
        assert page.locator("h1").count() == 1, path
    assert trouble.all() == []


@pytest.fixture
def elsewhere(site: str) -> Iterator[str]:
    """A site of somebody else, with MapLibre and nothing of ours but the address of a style."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        extensions_map = {  # noqa: RUF012 (as the library declares it)
            **http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript",
        }  # fmt: skip

        def do_GET(self) -> None:
            if not self.path.startswith("/map/"):
                super().do_GET()
                return
            body = PAGE.replace("STYLE", f"{site}/ogc/styles/{self.path[5:]}?f=mapbox")
            body = body.replace('"./', '"/').replace('href="m', 'href="/m')
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    handler = functools.partial(Handler, directory=str(MAPLIBRE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.mark.parametrize("style", ["light", "dark"])
def test_maplibre_draws_our_style_on_another_site(
    open_page: Any, elsewhere: str, style: str
) -> None:
    page, trouble = open_page()
    page.goto(f"{elsewhere}/map/{style}")
    page.wait_for_function("window.idle || window.errors?.length", timeout=60_000)
    assert page.evaluate("window.errors") == []
    drawn = page.evaluate(
        "Object.fromEntries(map.getStyle().layers.map(l => [l.id, l.type === 'background' ? 1 : "
        "map.queryRenderedFeatures({layers: [l.id]}).length]))"
    )
    assert set(drawn) == {"ground", "communes", "epci", "departements", "regions"}
    assert drawn["communes"] > 5
    assert drawn["departements"] > 0
    one = page.evaluate("map.queryRenderedFeatures({layers: ['communes']})[0]")
    assert isinstance(one["id"], int)
    assert one["properties"]["code"]
    colours = page.evaluate(
        "() => { const c = map.getCanvas(), d = document.createElement('canvas'); d.width = c.width;"
        " d.height = c.height; return new Promise(done => { map.once('render', () => {"
        " const g = d.getContext('2d'); g.drawImage(c, 0, 0);"
        " const p = g.getImageData(0, 0, d.width, d.height).data, s = new Set();"
        " for (let i = 0; i < p.length; i += 4) s.add(p[i] + ',' + p[i+1] + ',' + p[i+2]);"
        " done(s.size); }); map.triggerRepaint(); }); }"
    )
    assert colours > 3, "the canvas is empty"
    assert trouble.all() == []
