"""Compression, budgets, assets, addresses and words: what the handlers stand on."""

import asyncio
import gzip
import os

import brotli
import pytest

from api.addresses import LANGUAGES, PAGES, address, pattern, slots
from api.assets import Assets
from api.compression import Packed, accepted, compress
from api.formats import Formats
from api.i18n_texts import FOLDER, texts
from api.problems import problem_of
from api.rate_budget import RateBudget, peer_of
from api.templates import script_json
from config.errors import Conflict, GuichetError, Invalid, NotFound, Refused, Unavailable


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip, deflate, br, zstd", ("br", "gzip")),
        ("gzip", ("gzip",)),
        ("", ()),
        ("gzip;q=0,*;q=0", ()),
        ("*", ("br", "gzip")),
        ("*;q=0, gzip;q=0.5", ("gzip",)),
        ("br;q=0, *", ("gzip",)),
        ("identity", ()),
        (",".join(["gzip;q=0"] * 1000), ()),
        ("gzip;q=nan", ()),
    ],
)
def test_only_what_is_accepted_is_used(header, expected):
    assert accepted(header) == expected


def test_both_encodings_give_the_body_back_and_the_same_bytes_each_time():
    body = b"commune " * 500
    assert brotli.decompress(compress(body, "br")) == body
    assert gzip.decompress(compress(body, "gzip")) == body
    assert compress(body, "gzip") == compress(body, "gzip")


async def test_packed_bodies_are_bounded():
    packed = Packed(entries=2)
    for n in range(5):
        body, encoding = await packed.of(b"%d" % n * 900, "br", str(n))
        assert encoding == "br"
        assert brotli.decompress(body) == b"%d" % n * 900
    assert len(packed._held) == 2


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_budget_runs_out_refills_and_is_each_ones_own():
    clock = Clock()
    budget = RateBudget(2, 3, clock)
    assert [budget.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert budget.wait("b") == 0
    clock.now = 0.5
    assert budget.wait("a") == 0
    assert budget.wait("a") > 0


def test_a_budget_of_zero_lets_all_through():
    budget = RateBudget(0, 1)
    assert not any(budget.wait("a") for _ in range(100))


@pytest.mark.parametrize(
    ("socket", "header", "trusted", "expected"),
    [
        ("203.0.113.9", "1.2.3.4", (), "203.0.113.9"),
        ("203.0.113.9", "1.1.1.1, 6.6.6.6", (), "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 6.6.6.6", ("10.0.0.1",), "6.6.6.6"),
        ("10.0.0.1", "1.1.1.1, 6.6.6.6, 10.0.0.2", ("10.0.0.1", "10.0.0.2"), "6.6.6.6"),
        ("10.0.0.1", "x" * 10_000, ("10.0.0.1",), "10.0.0.1"),
        ("10.0.0.1", "evil\n", ("10.0.0.1",), "10.0.0.1"),
        ("10.0.0.1", None, ("10.0.0.1",), "10.0.0.1"),
        ("2001:db8::1234", None, (), "2001:db8::/64"),
    ],
)
def test_only_a_listed_proxy_says_who_asks(socket, header, trusted, expected):
    assert peer_of(socket, header, trusted) == expected


def test_assets_are_named_by_content_and_never_leave_their_folder(tmp_path):
    folder = tmp_path / "web"
    (folder / "css").mkdir(parents=True)
    (folder / "css/site.css").write_text("body{color:red}" * 100)
    (folder / ".env").write_text("secret")
    (tmp_path / "secret.txt").write_text("secret")
    assets = Assets(folder)
    assert assets.url("css/site.css") == f"/static/{assets.hash}/css/site.css"

    async def read():
        found = await assets.read("css/site.css", ("br",))
        assert (found.encoding, found.media_type) == ("br", "text/css; charset=utf-8")
        assert brotli.decompress(found.body) == (folder / "css/site.css").read_bytes()
        for path in ("../secret.txt", ".env", "css", "css/../.env", "/etc/passwd", "css//site.css"):
            with pytest.raises(NotFound):
                await assets.read(path, ())

    asyncio.run(read())


def test_an_edited_asset_has_another_name(tmp_path):
    path = tmp_path / "a.js"
    path.write_text("1")
    assets = Assets(tmp_path)
    before = assets.hash
    path.write_text("2")
    os.utime(path, (1, 1))
    assets._looked = -10
    assert assets.hash != before


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_both_languages_with_the_same_slots(name):
    french, english = PAGES[name]
    assert french.startswith("/fr/")
    assert english.startswith("/en/")
    assert slots(french) == slots(english)


def test_no_two_pages_share_an_address():
    paths = [path for pair in PAGES.values() for path in pair]
    assert len(paths) == len(set(paths))


def test_addresses_escape_what_they_are_given():
    assert address("commune", "fr", code="a/b?é") == "/fr/commune/a%2Fb%3F%C3%A9"
    assert address("search", "en", q="a b&c", page=None) == "/en/search?q=a+b%26c"
    assert pattern("/x/{code}.bin") == r"/x/(?P<code>[^/]+)\.bin"


def test_both_languages_have_the_same_texts():
    assert LANGUAGES == ("fr", "en")
    french, english = (set(texts(language)) for language in LANGUAGES)
    assert french == english
    sections = {path.name.split(".")[0] for path in FOLDER.glob("*.toml")}
    for section in sections:
        for language in LANGUAGES:
            assert (FOLDER / f"{section}.{language}.toml").exists()


def test_numbers_and_dates_are_written_as_people_do():
    from datetime import date

    french, english = Formats("fr"), Formats("en")
    assert french.number(34875) == "34\u202f875"
    assert english.number(34875) == "34,875"
    assert french.percent(0.31) == "31\u202f%"
    assert english.percent(0.31) == "31%"
    assert french.date(date(2024, 5, 1)) == "1er mai 2024"
    assert french.date(date(2024, 5, 11)) == "11 mai 2024"
    assert english.date(date(2024, 5, 1)) == "1 May 2024"


@pytest.mark.parametrize("share", [0.0004, 0.99996])
def test_a_share_never_rounds_to_none_or_all(share):
    for language in LANGUAGES:
        shown = Formats(language).percent(share)
        assert shown[0] in "<>"


def test_json_in_a_script_cannot_end_it():
    assert "</script" not in script_json({"a": "</script><!--"})


@pytest.mark.parametrize(
    ("error", "status"),
    [(NotFound("x"), 404), (Invalid("x"), 400), (Conflict("x"), 409), (Refused("x"), 403),
     (Unavailable("x"), 503), (RuntimeError("select secret from /etc"), 500)],
)  # fmt: skip
def test_each_family_has_its_status_and_surprises_say_nothing(error, status):
    found = problem_of(error, 500, "abc")
    assert found.status == status
    assert "secret" not in str(found.body())
    assert found.body()["id"] == "abc"


def test_every_family_is_translated():
    class Own(NotFound):
        pass

    assert problem_of(Own("x"), 500, "i").status == 404
    assert issubclass(Own, GuichetError)
