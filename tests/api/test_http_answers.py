"""Caching, compression, HEAD, languages and headers of the real server."""

import gzip
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import brotli
import httpx
import pytest

API = ["/api/v1/services", "/api/v1/status/official-site.bin?datetime=2024-12-31",
       "/api/v1/geography", "/tiles/communes.json", "/api/v1/openapi.json"]  # fmt: skip


@pytest.fixture(scope="module")
def client(site):
    with httpx.Client(base_url=site, timeout=20) as found:
        yield found


@pytest.mark.parametrize("path", [*API, "/fr/", "/robots.txt"])
def test_head_is_get_without_its_body(client, path):
    got = client.get(path, headers={"Accept-Encoding": "identity"})
    head = client.head(path, headers={"Accept-Encoding": "identity"})
    assert head.status_code == got.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
    if path != "/fr/":
        assert head.headers["Content-Length"] == got.headers["Content-Length"]


@pytest.mark.parametrize("path", API)
def test_what_has_not_changed_is_not_sent_again(client, path):
    first = client.get(path)
    tag = first.headers["ETag"]
    for sent in (tag, f'"other", {tag}', "*"):
        again = client.get(path, headers={"If-None-Match": sent})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["ETag"] == tag
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", [*API, "/fr/"])
def test_bodies_are_the_same_in_every_encoding(client, path):
    def raw(encoding):
        with client.stream("GET", path, headers={"Accept-Encoding": encoding}) as answer:
            body = b"".join(answer.iter_raw())
            return body, answer.headers

    plain, _ = raw("identity")
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress}
    for encoding, function in unpack.items():
        body, headers = raw(encoding)
        assert "Accept-Encoding" in headers["Vary"]
        if headers.get("Content-Encoding"):
            assert headers["Content-Encoding"] == encoding
            body = function(body)
        if path != "/fr/":
            assert body == plain


def test_status_with_its_version_and_date_is_immutable(client):
    path = "/api/v1/status/official-site.bin"
    version = client.get(path).headers["X-Guichet-Version"]
    generation, revision = version.split(".")
    assert int(revision) > 0
    fixed = client.get(path, params={"datetime": "2024-12-31", "version": version})
    assert "immutable" in fixed.headers["Cache-Control"]
    for params in (
        {}, {"version": version}, {"datetime": "2024-12-31"},
        {"datetime": "2100-01-01", "version": version},
        {"datetime": "2024-12-31", "version": f"{generation}.{int(revision) + 1}"},
        {"datetime": "2024-12-31", "version": f"{int(generation) + 1}.{revision}"},
    ):  # fmt: skip
        answer = client.get(path, params=params)
        assert "immutable" not in answer.headers["Cache-Control"], params
        assert answer.headers["X-Guichet-Version"] == version


def test_readiness_says_what_it_checked(client):
    body = client.get("/readyz").json()
    assert body["ready"] is True
    assert {one["name"] for one in body["checks"]} == {"database", "disk", "publication"}


def test_files_are_immutable_under_their_hash_and_never_stale_under_another(client):
    page = client.get("/fr/").text
    start = page.index("/static/")
    path = page[start : page.index('"', start)]
    answer = client.get(path)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    version = path.split("/")[2]
    other = client.get(path.replace(version, "000000000000"))
    assert other.content == answer.content
    assert "immutable" not in other.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [("en-GB,en;q=0.9", "/en/"), ("fr", "/fr/"), ("de", "/fr/"), ("", "/fr/"),
     ("en;q=0.1, fr;q=0.9", "/fr/"), ("*", "/fr/")],
)  # fmt: skip
def test_the_front_door_speaks_the_visitors_language(client, header, expected):
    answer = client.get("/", headers={"Accept-Language": header})
    assert answer.status_code in (302, 303, 307)
    assert answer.headers["Location"].endswith(expected)
    assert "Accept-Language" in answer.headers["Vary"]


def test_a_page_and_its_translation_name_each_other(client):
    french = client.get("/fr/carte?service=official-site").text
    assert "/en/map?service=official-site" in french


def test_search_finds_by_code_and_by_name(client):
    codes = client.get("/api/v1/status/official-site.json").json()["states"]
    code = next(iter(codes))
    commune = client.get(f"/api/v1/communes/{code}").json()["commune"]
    for text in (code, commune["name"], commune["name"].upper()):
        results = client.get("/api/v1/search", params={"q": text, "limit": 50}).json()["results"]
        assert code in [one["code"] for one in results], text


def test_tiles_come_packed_and_unpacked(client):
    body = client.get("/tiles/communes.json").json()
    url = body["tiles"][0].format(z=5, x=16, y=11)
    assert url.startswith(str(client.base_url).rstrip("/"))
    packed = client.get(url)
    assert packed.status_code in (200, 204)
    with client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer:
        plain = b"".join(answer.iter_raw())
    assert plain == packed.content
    assert "immutable" in packed.headers["Cache-Control"]


def test_id_rasters_hold_the_numbers(client):
    import io

    from PIL import Image

    legend = client.get("/api/v1/legend.json").json()
    assert len(legend["states"]) == 8
    frame = next(one for one in legend["frames"] if one["id"] == "metropole")
    answer = client.get(frame["url"])
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.size == (frame["width"], frame["height"])
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "address",
    [
        "/fr/carte",
        "/fr/",
        "/fr/commune/42218",
        "/fr/grace-a-vous",
        "/ogc/collections/communes?f=html",
    ],
)
def test_every_page_offers_to_tell_a_difficulty_of_itself(
    client: httpx.Client, address: str
) -> None:
    """Pages name their own values: one of them had hidden the page's address from the layout."""
    [link] = re.findall(r'<p class="difficulty"><a href="([^"]*)"', client.get(address).text)
    told = parse_qs(urlsplit(unescape(link)).query)["page"]
    assert told == [urlsplit(address).path]
