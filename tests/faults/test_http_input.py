"""Group A of faults.md over the real server: bad input is refused by name, and hurts nobody."""

import re
import unicodedata
from urllib.parse import quote

import httpx
import pytest

LEAKS = re.compile(
    r"Traceback|psycopg|select |from catalog|/work/|site-packages|Tornado|PostgreSQL|File \"", re.I
)
NEAR = "/api/v1/nearby?lat=45&lon=5"
SUMMARY = "/api/v1/territories/FR/summary?service=official-site"
STATUS = "/api/v1/status/official-site.bin"


@pytest.fixture(scope="module")
def client(site):
    with httpx.Client(base_url=site, timeout=20) as found:
        yield found


@pytest.fixture(autouse=True)
def still_alive(client):
    """Invariant I3: after each row the server answers /healthz within a second."""
    yield
    assert client.get("/healthz", timeout=1).status_code == 200


def refused(answer, status, parameter=None):
    """Invariants I1 and I2 of an error of the API."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["id"] == answer.headers["X-Request-Id"]
    assert not LEAKS.search(answer.text)
    assert "Server" not in answer.headers
    if parameter:
        assert body["parameter"] == parameter
    return body


@pytest.mark.parametrize("name", ["lat", "lon"])
@pytest.mark.parametrize("value", ["nan", "-inf", "inf", "1e309", "1e308", "a", "1,2", "200", "१"])
def test_a1_a2_a5_numbers_that_are_no_position(client, name, value):
    values = {"lat": "45", "lon": "5", name: value}
    refused(client.get("/api/v1/nearby", params=values), 400, name)


@pytest.mark.parametrize("missing", ["lat", "lon"])
def test_a5_half_a_position(client, missing):
    values = {"lat": "45", "lon": "5"}
    del values[missing]
    refused(client.get("/api/v1/nearby", params=values), 400, missing)


@pytest.mark.parametrize("value", ["1000000000000", "9" * 26])
@pytest.mark.parametrize("path", ["/api/v1/nearby?lat=45&lon=5&", "/api/v1/search?q=a&",
                                  "/api/v1/changes?"])  # fmt: skip
def test_a8_huge_limits_are_lowered(client, path, value):
    answer = client.get(f"{path}limit={value}")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("value", ["0", "-5", "1.5", "a", "1e3", "NaN"])
@pytest.mark.parametrize("path", ["/api/v1/nearby?lat=45&lon=5&", "/api/v1/search?q=a&",
                                  "/api/v1/changes?"])  # fmt: skip
def test_a9_limits_that_are_no_count(client, path, value):
    refused(client.get(f"{path}limit={value}"), 400, "limit")


@pytest.mark.parametrize("value", ["-1", "x", "1.0", str(2**63), "9" * 40])
def test_a9_cursors_that_we_never_gave(client, value):
    refused(client.get(f"/api/v1/changes?since={value}"), 400, "since")


def test_a9_a_cursor_past_the_end_is_an_empty_page(client):
    answer = client.get(f"/api/v1/changes?since={2**63 - 1}")
    assert answer.status_code == 200
    assert answer.json()["changes"] == []


@pytest.mark.parametrize(
    "value",
    ["garbage", "2024-13-45", "2025-01-01/2024-01-01", "infinity", "-infinity", "294277-01-01",
     "now", "epoch", "today", "1899-12-31", "2101-01-01", "2024-01-01 10:00", "0000-00-00"],
)  # fmt: skip
@pytest.mark.parametrize("path", [SUMMARY + "&", STATUS + "?", NEAR + "&",
                                  "/api/v1/status/official-site.json?"])  # fmt: skip
def test_a10_moments_outside_the_grammar(client, path, value):
    refused(client.get(f"{path}datetime={quote(value)}"), 400, "datetime")


PATHS = [
    "/api/v1/services", "/api/v1/states", "/api/v1/legend.json", "/api/v1/breakpoints",
    "/api/v1/sources", "/api/v1/geography", "/api/v1/openapi.json", "/api/v1/search?q=a",
    "/api/v1/changes", "/api/v1/territories/FR", "/tiles/communes.json", "/healthz", "/readyz",
    SUMMARY, STATUS, NEAR,
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a13_unknown_parameters_are_named(client, path):
    sign = "&" if "?" in path else "?"
    refused(client.get(f"{path}{sign}nope=1"), 400, "nope")


@pytest.mark.parametrize(
    ("path", "name"),
    [("/api/v1/search?q=a&q=b", "q"), (NEAR + "&limit=1&limit=2", "limit"),
     (NEAR + "&lat=1", "lat"), (SUMMARY + "&service=x", "service")],
)  # fmt: skip
def test_a14_repeated_parameters_are_named(client, path, name):
    refused(client.get(path), 400, name)


@pytest.mark.parametrize(
    "text",
    ["' or 1=1 --", "'; select pg_sleep(9); --", "%' and 1=1", "\\", "%%%", "___", "$1", "%(q)s",
     "pg_read_file('/etc/passwd')", "{{7*7}}", "<script>alert(1)</script>", "*" * 200, "'" * 200],
)  # fmt: skip
def test_a16_to_a18_text_is_bound_and_only_text(client, text):
    answer = client.get("/api/v1/search", params={"q": text})
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() < 3
    for found in answer.json()["results"]:
        assert found["code"]


@pytest.mark.parametrize("path", ["/99/0/0", "/-1/0/0", "/32/0/0", "/5/99/0", "/5/x/0", "/1e1/0/0",
                                  "/31/2147483647/0", "/+5/1/1", "/05/1/1", "/5/1/1.5", "/٥/1/1",
                                  "/5/1/-1", "/" + "9" * 400 + "/0/0"])  # fmt: skip
def test_a24_tiles_that_cannot_be(client, path):
    generation = client.get("/tiles/communes.json").json()["generation"]
    refused(client.get(f"/tiles/{generation}/communes{path}.mvt"), 404)


@pytest.mark.parametrize("generation", ["0", "-1", "999999999", "x", "1" * 30, "1.0", "01"])
def test_a24_generations_that_are_not(client, generation):
    refused(client.get(f"/tiles/{generation}/communes/5/16/11.mvt"), 404)
    refused(client.get(f"/ids/{generation}/metropole.webp"), 404)


@pytest.mark.parametrize("layer", ["nope", "communes%27", "..", "%2e%2e", "pg_catalog", "a" * 300])
def test_a24_layers_that_are_not(client, layer):
    generation = client.get("/tiles/communes.json").json()["generation"]
    answer = client.get(f"/tiles/{generation}/{layer}/5/16/11.mvt")
    assert answer.status_code == 404
    assert not LEAKS.search(answer.text)


@pytest.mark.parametrize(
    "path",
    ["/static/..%2f..%2fconfig.toml", "/static/x/../../config/defaults.toml", "/.git/HEAD", "/.env",
     "/static/x/..%2f..%2f..%2fetc/passwd", "/static/x/%2fetc%2fpasswd", "/static/x/.env",
     "/static//etc/passwd", "/static/x/css/..%5c..%5cx", "/ids/1/..%2f..%2fcommunes.pmtiles",
     "/ids/1/..webp", "/static/x/css", "/static/x/", "/config/defaults.toml", "/static"],
)  # fmt: skip
def test_a28_no_path_leaves_its_folder(raw, site, client, path):
    answer = raw(site, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.status == 404
    assert b"root:" not in answer.data
    assert b"[paths]" not in answer.data


@pytest.mark.parametrize("path", ["/fr/commune/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
                                  "/fr/%3Cimg%20src=x%20onerror=1%3E",
                                  "/fr/recherche?q=%3Cscript%3Ealert(1)%3C/script%3E"])  # fmt: skip
def test_a30_what_is_asked_is_escaped_in_pages(client, path):
    answer = client.get(path)
    assert answer.status_code in (200, 400, 404)
    assert "<script>alert(1)" not in answer.text
    assert "<img src=x" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "'nonce-" in policy
    assert "unsafe-inline" not in policy
    for rule in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'self'"):
        assert rule in policy


@pytest.mark.parametrize("text", ["%FF%FE", "%C0%AF", "%ED%A0%80", "a%00b", "%F8%88%80%80%80"])
def test_a32_bytes_that_are_not_text(client, text):
    refused(client.get(f"/api/v1/search?q={text}"), 400, "q")
    refused(client.get(f"/api/v1/communes/{text}"), 400)
    assert client.get(f"/fr/recherche?q={text}").status_code == 400
    assert client.get(f"/fr/commune/{text}").status_code == 400


@pytest.mark.parametrize("text", ["a\u202eb", "É", "🏛️", "ß", "\u0130", "\u200b"])
def test_a33_unusual_text_is_searched(client, text):
    assert client.get("/api/v1/search", params={"q": text}).status_code == 200


def test_a33_both_normal_forms_find_the_same(client):
    def found(form):
        text = unicodedata.normalize(form, ["Évreux", "Orléans"][0])
        return client.get("/api/v1/search", params={"q": text}).json()["results"]

    assert found("NFC") == found("NFD")


@pytest.mark.parametrize("text", ["a" * 201, "e" + "\u0301" * 2000])
def test_a33_long_text_is_refused(client, text):
    refused(client.get("/api/v1/search", params={"q": text}), 400, "q")


@pytest.mark.parametrize("code", ["1001", "99999", "FR", "'", "01999", "0" * 400, "-1",
                                  "%25", "2C001", "0100１"])  # fmt: skip
@pytest.mark.parametrize("tail", ["", "/services", "/proofs", "/history"])
def test_codes_that_are_no_commune_are_refused(client, code, tail):
    answer = client.get(f"/api/v1/communes/{quote(code)}{tail}")
    # 400: no code looks like that; 404: it does, and nobody answers for it.
    assert answer.status_code in (400, 404)
    refused(answer, answer.status_code, "code")


@pytest.mark.parametrize("code", ["XX", "DEP-", "DEP-999", "REG-00", "EPCI-1", "COM-99999", "fr",
                                  "DEP-1' or '1'='1", "COM-" + "1" * 490])  # fmt: skip
@pytest.mark.parametrize("tail", ["", "/summary?service=official-site"])
def test_codes_that_are_no_territory_are_404(client, code, tail):
    refused(client.get(f"/api/v1/territories/{quote(code)}{tail}"), 404)


def test_services_that_are_not_are_named(client):
    refused(client.get("/api/v1/territories/FR/summary?service=nope"), 400, "service")
    refused(client.get("/api/v1/territories/FR/summary"), 400, "service")
    refused(client.get("/api/v1/status/nope.bin"), 404)
    refused(client.get("/api/v1/status/nope.json"), 404)


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
@pytest.mark.parametrize("path", ["/api/v1/services", "/fr/", "/tiles/communes.json"])
def test_a48_other_sites_read_the_api_and_never_with_credentials(client, origin, path):
    answer = client.get(path, headers={"Origin": origin, "Cookie": "a=b"})
    assert "Access-Control-Allow-Credentials" not in answer.headers
    allowed = answer.headers.get("Access-Control-Allow-Origin")
    assert allowed == (None if path.startswith("/fr") else "*")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/fr/carte?service=nope", "/fr/carte?service=a&service=b",
                                  "/fr/carte?date=garbage", "/fr/commune/99999",
                                  "/fr/rien"])  # fmt: skip
def test_pages_refuse_in_words(client, path):
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert '<html lang="fr"' in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert not LEAKS.search(re.sub(r"<[^>]*>", "", answer.text))


def test_pages_forgive_what_others_add_to_links(client):
    assert client.get("/fr/?fbclid=abc&utm_source=x").status_code == 200


@pytest.mark.parametrize("host", ['evil.example"><script>', "a b", "x" * 300, "evil/..", ""])
def test_a_host_that_is_no_host_is_not_repeated(raw, site, host):
    answer = raw(
        site,
        f"GET /tiles/communes.json HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode(),
    )
    assert answer.status in (200, 400)
    assert not host or host.encode() not in answer.data
