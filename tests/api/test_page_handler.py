"""PageHandler over a server of its own: language, links, nonce, refusals; no database."""

import re
from types import SimpleNamespace

import httpx
import jinja2
import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from api.assets import Assets
from api.handlers.base import NotFoundPage, PageHandler, log_request, page_routes
from api.metrics import Metrics
from api.parameters import limit
from api.rate_budget import RateBudget
from api.templates import environment
from catalog import referential

PAGES = {
    "page.html": (
        '<html lang="{{ lang }}"><a href="{{ url_for_lang("en") }}">en</a>'
        '<a id=s href="{{ url("search", q="a&b") }}">{{ code }} {{ fmt.number(1234) }}</a></html>'
    ),
    "scripted.html": '<script nonce="{{ csp_nonce }}">1</script>',
    "error.html": '<html lang="{{ lang }}">{{ problem.status }} {{ problem.detail }} '
    '{{ problem.id }} <a href="{{ url_for_lang("en") }}">en</a></html>',
}


class Commune(PageHandler):
    parameters = (limit(default=5, maximum=9),)

    def get(self, code: str) -> None:
        if code == "broken":
            raise RuntimeError("select secret")
        self.render_page("scripted.html" if code == "nonce" else "page.html", code=code)


@pytest.fixture
async def client(tmp_path):
    templates = environment()
    templates.loader = jinja2.DictLoader(PAGES)
    web = SimpleNamespace(trusted_proxies=(), public_url="", write_timeout_seconds=5)
    site = SimpleNamespace(
        settings=SimpleNamespace(web=web), templates=templates, assets=Assets(tmp_path),
        budget=RateBudget(0, 1), referential=referential.current(), published=False, in_flight=0,
        metrics=Metrics(),
    )  # fmt: skip
    server = HTTPServer(
        Application(
            [*page_routes("commune", Commune), (".*", NotFoundPage)],
            site=site, route_names={}, log_function=log_request,
        )
    )  # fmt: skip
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    base = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    async with httpx.AsyncClient(base_url=base) as found:
        yield found
    assert site.in_flight == 0
    server.stop()
    await server.close_all_connections()


async def test_a_page_links_to_its_translation_with_what_was_asked(client):
    answer = await client.get("/fr/commune/%3Cb%3E?limit=7&fbclid=x")
    assert answer.status_code == 200
    assert '<html lang="fr">' in answer.text
    assert 'href="/en/commune/%3Cb%3E?limit=7"' in answer.text
    assert "&lt;b&gt; 1\u202f234" in answer.text
    assert 'href="/fr/recherche?q=a%26b"' in answer.text
    assert answer.headers["Content-Language"] == "fr"


async def test_a_page_without_nonce_is_not_sent_twice(client):
    first = await client.get("/fr/commune/1")
    tag = first.headers["ETag"]
    again = await client.get("/fr/commune/1", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert "Content-Security-Policy" in again.headers


async def test_the_nonce_of_the_page_is_that_of_the_policy_and_never_the_same(client):
    seen = set()
    for _ in range(3):
        answer = await client.get("/fr/commune/nonce")
        nonce = re.search(r'nonce="([^"]+)"', answer.text)[1]
        assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]
        seen.add(nonce)
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("path", "status"),
    [("/fr/commune/1?limit=0", 400), ("/fr/commune/1?limit=1&limit=2", 400),
     ("/fr/commune/%FF", 400), ("/fr/commune/%00", 400), ("/fr/commune/1?limit=%FF", 400),
     ("/fr/rien", 404), ("/", 404)],
)  # fmt: skip
async def test_refusals_are_pages_with_an_identifier(client, path, status):
    answer = await client.get(path)
    assert answer.status_code == status
    assert answer.headers["X-Request-Id"] in answer.text
    assert '<html lang="fr">' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "object-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_our_own_mistake_says_nothing_of_itself(client):
    answer = await client.get("/en/commune/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert '<html lang="en">' in answer.text


async def test_other_methods_draw_the_error_page_too(client):
    for method in ("POST", "FOO"):
        answer = await client.request(method, "/fr/commune/1")
        assert answer.status_code == 405
        assert "Allow" in answer.headers
