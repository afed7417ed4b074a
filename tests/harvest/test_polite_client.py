"""Pauses, patience, the breaker (faults.md B35), conditional requests (B42), safe XML (B14, B15)."""

import gzip
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.errors import GuichetError, Invalid, Unavailable
from harvest import remote as remotes
from harvest import safe_xml
from harvest.fetch import Answered, Limits, TryLater, fetch
from harvest.raw import RawStore
from harvest.remote import Breaker, Patience, Remote

LIMITS = Limits(connect=2, silence=2, total=5)


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def in_turn(*answers: bytes) -> Callable[[socket.socket], None]:
    """Each request gets the next answer; the last one is repeated."""
    left = list(answers)

    def say(connection: socket.socket) -> None:
        connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    return say


class Slept(list[float]):
    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def make(fake: Any, tmp_path: Path) -> Any:
    def one(
        patience: Patience | None = None, breaker: Breaker | None = None
    ) -> tuple[Remote, Slept]:
        slept = Slept()
        made = Remote(
            RawStore(tmp_path / "raw"), fake.guard, LIMITS, patience or Patience(pause=0),
            breaker=breaker or Breaker(), sleep=slept, chance=lambda: 0.5,
        )  # fmt: skip
        return made, slept

    return one


def test_an_answer_is_kept_unpacked_under_its_sha256(fake: Any, make: Any) -> None:
    remote, _ = make()
    page = remote.get(fake.gives("/", gzip.compress(b"[1]"), "Content-Encoding: gzip"))
    assert page.body == b"[1]"
    assert remote.store.path(page.sha256).read_bytes() == b"[1]"
    assert [one.sha256 for one in remote.pages] == [page.sha256]


def test_a_passing_failure_is_tried_again_with_growing_waits(fake: Any, make: Any) -> None:
    remote, slept = make()
    fake.answers["/"] = in_turn(
        answer("503 A"), answer("500 B"), answer("502 C"), answer("200 OK", b"x")
    )
    assert remote.get(fake.url("/")).body == b"x"
    assert slept == [0.75, 1.5, 3.0]


def test_what_will_not_pass_is_not_tried_again(fake: Any, make: Any) -> None:
    remote, slept = make()
    fake.answers["/"] = in_turn(answer("404 No"))
    with pytest.raises(Answered):
        remote.get(fake.url("/"))
    assert (len(fake.requests), slept) == (1, [])


@pytest.mark.parametrize(("asked", "waited"), [("7", 7), ("-5", 60), ("0", 0)])
def test_a_short_retry_after_is_waited_for(asked: str, waited: int, fake: Any, make: Any) -> None:
    remote, slept = make()
    fake.answers["/"] = in_turn(
        answer("429 Slow", b"", f"Retry-After: {asked}"), answer("200 OK", b"x")
    )
    assert remote.get(fake.url("/")).body == b"x"
    assert slept == [waited]


def test_a_long_retry_after_is_reported(fake: Any, make: Any) -> None:
    remote, slept = make()
    fake.answers["/"] = in_turn(answer("503 Away", b"", "Retry-After: 99999999"))
    with pytest.raises(TryLater) as caught:
        remote.get(fake.url("/"))
    assert (caught.value.seconds, slept) == (86400, [])


def test_a_host_that_never_answered_is_tried_once(make: Any, free_port: Any, fake: Any) -> None:
    """On a machine without the internet a portal is one quick failure."""
    remote, slept = make()
    port = free_port()
    guard = remotes.Guard(lambda host, p: ["127.0.0.1"], frozenset({("127.0.0.1", port)}))
    remote._guard = guard
    began = time.monotonic()
    with pytest.raises(Unavailable):
        remote.get(f"http://nobody.example:{port}/")
    assert slept == []
    assert time.monotonic() - began < 2


def test_after_five_failures_in_a_row_the_host_is_left_alone_and_others_go_on(
    fake: Any, make: Any
) -> None:
    now = [0.0]
    breaker = Breaker(clock=lambda: now[0])
    remote, _ = make(Patience(pause=0, attempts=1), breaker)
    fake.answers["/"] = in_turn(*[answer("500 Oh")] * 6, answer("200 OK", b"x"))
    fake.gives("/other", b"y")
    for _ in range(5):
        with pytest.raises(Answered):
            remote.get(fake.url("/"))
    asked = len(fake.requests)
    with pytest.raises(Unavailable, match="left alone"):
        remote.get(fake.url("/"))
    assert len(fake.requests) == asked, "nothing was asked"
    elsewhere = fake.url("/other").replace("open-data", "elsewhere")
    assert remote.get(elsewhere).body == b"y"
    now[0] = remotes.OPEN_SECONDS + 1
    with pytest.raises(Answered):  # one try, which fails
        remote.get(fake.url("/"))
    with pytest.raises(Unavailable, match="left alone"):
        remote.get(fake.url("/"))
    now[0] *= 3
    assert remote.get(fake.url("/")).body == b"x"
    assert breaker.failures == {}


def test_there_is_a_pause_between_two_requests_to_one_host(fake: Any, make: Any) -> None:
    remote, slept = make(Patience(pause=5))
    url = fake.gives("/", b"x")
    remote.get(url)
    remote.get(url)
    assert len(slept) == 1
    assert 4 < slept[0] <= 5


def test_one_request_at_a_time(fake: Any, make: Any) -> None:
    remote, _ = make()
    at_once, most = 0, 0
    lock = threading.Lock()

    def slow(connection: socket.socket) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.05)
        with lock:
            at_once -= 1
        connection.sendall(answer("200 OK", b"x"))

    fake.answers["/"] = slow
    threads = [threading.Thread(target=remote.get, args=(fake.url("/"),)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most == 1


# --------------------------------------------------------------------------- conditional requests


def test_what_we_hold_is_asked_about_by_tag_and_date(fake: Any, tmp_path: Path) -> None:
    url = fake.says("/", answer("304 Not Modified"))
    day = "Wed, 21 Oct 2015 07:28:00 GMT"
    got = fetch(url, tmp_path / "f", LIMITS, fake.guard, known_etag='"7"', known_modified=day)
    assert got.status == 304
    assert b'if-none-match: "7"' in fake.heard[0].lower()
    assert b"if-modified-since: wed, 21 oct 2015" in fake.heard[0].lower()


def test_a_date_to_come_is_not_asked_about(fake: Any, tmp_path: Path) -> None:
    url = fake.gives("/", b"x")
    fetch(url, tmp_path / "f", LIMITS, fake.guard, known_modified="Wed, 21 Oct 2099 07:28:00 GMT")
    assert b"if-modified-since" not in fake.heard[0].lower()


def test_a_304_without_a_copy_forces_a_full_fetch(fake: Any, tmp_path: Path) -> None:
    fake.answers["/"] = in_turn(answer("304 Not Modified"), answer("200 OK", b"whole"))
    fetch(fake.url("/"), tmp_path / "f", LIMITS, fake.guard)
    assert (tmp_path / "f").read_bytes() == b"whole"
    assert b"cache-control: no-cache" in fake.heard[1].lower()


# ------------------------------------------------------------------------------------------- XML

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">
<!ENTITY a "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
]><lolz>&b;</lolz>"""
QUADRATIC = b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 50_000 + b'">]><x>' + b"&a;" * 50_000 + b"</x>"
IN_ATTRIBUTE = (
    b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 50_000 + b'">]><x y="' + b"&a;" * 20_000 + b'"/>'
)
FILE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x>&a;</x>'


@pytest.mark.parametrize(
    "body",
    [LAUGHS, QUADRATIC, IN_ATTRIBUTE, FILE, b"<!DOCTYPE html><x/>", b"<!doctype x><x/>",
     b"<!-- " + b"x" * 70_000 + b" --><!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>",
     FILE.decode().encode("utf-16")],
    ids=["laughs", "quadratic", "attribute", "file", "html", "small letters", "far", "utf-16"],
)  # fmt: skip
def test_a_dtd_is_refused_before_anything_is_expanded(body: bytes) -> None:
    began = time.monotonic()
    with pytest.raises(Invalid, match="DTD forbidden"):
        safe_xml.parse(body)
    assert time.monotonic() - began < 1  # measured 0.001 s; the machine may be busy


def test_an_external_dtd_is_never_fetched(fake: Any) -> None:
    with pytest.raises(Invalid, match="DTD forbidden"):
        safe_xml.parse(f'<!DOCTYPE x SYSTEM "{fake.url("/x.dtd")}"><x/>'.encode())
    assert fake.connections == 0


@pytest.mark.parametrize("depth", [201, 200_000])
def test_what_is_nested_too_deeply_is_refused(depth: int) -> None:
    with pytest.raises(Invalid):
        safe_xml.parse(b"<a>" * depth + b"</a>" * depth)


@pytest.mark.parametrize("body", [b"", b"{}", b"<a>", b"<a></b>", b"\x00", b"<a>\xff</a>"])
def test_what_is_not_xml(body: bytes) -> None:
    with pytest.raises(GuichetError):
        safe_xml.parse(body)


def test_honest_xml_is_read() -> None:
    root = safe_xml.parse(
        "<?xml version='1.0' encoding='iso-8859-1'?><a b='1'>é</a>".encode("latin-1")
    )
    assert (root.tag, root.text, root.get("b")) == ("a", "é", "1")
