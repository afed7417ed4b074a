"""Group A of faults.md, the rows below HTTP: framing, sizes, slowness, budgets (A34-A46)."""

import gzip
import re
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest

CLOSE = b"Connection: close\r\n"


@pytest.fixture(scope="module")
def server(alone):
    with alone(
        GUICHET_WEB__RATE_PER_SECOND="0",
        GUICHET_WEB__BODY_TIMEOUT_SECONDS="1",
        GUICHET_WEB__IDLE_CONNECTION_SECONDS="2",
        GUICHET_WEB__WRITE_TIMEOUT_SECONDS="1",
    ) as url:
        yield url


@pytest.fixture(autouse=True)
def still_alive(server):
    """Invariant I3: after each row the server answers /healthz within a second."""
    yield
    assert httpx.get(f"{server}/healthz", timeout=1).status_code == 200


def get(path: bytes, headers: bytes = b"") -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE + headers + b"\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 99999999999\r\n",
        b"Content-Length: +5\r\n",
        b"Transfer-Encoding: identity\r\n",
    ],
)
def test_a34_ambiguous_or_huge_bodies_are_refused_and_the_connection_closed(raw, server, headers):
    answer = raw(
        server,
        b"POST /healthz HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n12345GET / HTTP/1.1\r\n\r\n",
    )
    assert answer.status in (0, 400, 501)
    assert answer.data.count(b"HTTP/1.1 ") <= 1  # what followed was not read as a request


@pytest.mark.parametrize(
    "data",
    [
        get(b"/healthz", b"X-Long: " + b"a" * 70_000 + b"\r\n"),
        get(b"/healthz", b"".join(b"X-%d: a\r\n" % n for n in range(5000))),
        get(b"/api/v1/search?q=" + b"a" * 60_000),
    ],
    ids=["header of 70 kB", "5,000 headers", "URI of 60 kB"],
)
def test_a36_large_heads_are_not_served(raw, server, data):
    assert raw(server, data).status in (0, 400, 414, 431)


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "FOO", "get", "PROPFIND"])
def test_a37_other_methods_are_405(raw, server, method):
    answer = raw(
        server,
        method.encode() + b" / HTTP/1.1\r\nHost: x\r\nCookie: secret=1\r\n" + CLOSE + b"\r\n",
    )
    assert answer.status == 405
    assert b"secret=1" not in answer.data


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/healthz", "/api/v1/services", "/robots.txt"])
def test_a44_addresses_without_bodies_refuse_them(server, method, path):
    for body in (b'{"a":NaN}', b"[" * 100_000, gzip.compress(b"0" * 500_000)):
        answer = httpx.request(
            method, server + path, content=body, headers={"Content-Encoding": "gzip"}
        )
        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]


def test_a40_a_body_that_does_not_come_is_cut(raw, server):
    answer = raw(server, b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nab")
    assert answer.status in (0, 400, 408)
    assert answer.seconds < 4


def test_a_head_that_does_not_end_is_cut(raw, server):
    assert raw(server, b"GET / HTTP/1.1\r\nHost: x\r\nX-A").seconds < 5


def test_a41_a_visitor_who_does_not_read_is_cut(server):
    parts = urlsplit(server)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ask = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
        started = time.monotonic()
        cut = False
        while not cut and time.monotonic() - started < 20:  # pipelined, never read
            try:
                sock.send(ask)
                time.sleep(0.002)
            except (ConnectionResetError, BrokenPipeError):
                cut = True
            except TimeoutError:  # our own buffer is full: the server stopped reading
                time.sleep(0.5)
        assert cut


def test_a42_compressed_bodies_are_never_unpacked(server):
    answer = httpx.post(
        f"{server}/healthz",
        content=gzip.compress(b"\0" * 90_000_000),
        headers={"Content-Encoding": "gzip"},
    )
    assert answer.status_code in (405, 413, 415)


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept-Encoding": "gzip;q=0,*;q=0"},
        {"Accept": ", ".join(["*/*"] * 1000)},
        {"Range": "bytes=" + ",".join(["0-"] * 1000)},
        {"If-None-Match": ", ".join(['W/"a"'] * 1000)},
    ],
    ids=["no encoding", "Accept", "Range", "If-None-Match"],
)
def test_a38_headers_do_not_amplify(server, headers):
    answer = httpx.get(f"{server}/healthz", headers=headers)
    assert answer.status_code in (200, 406, 416)
    assert len(answer.content) < 200
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("path", ["/api/v1/services/nothing", "/api/v1/nothing", "/fr/rien", "/"])
def test_a_missing_database_is_a_503_or_less_and_never_a_trace(server, path):
    answer = httpx.get(server + path)
    assert answer.status_code in (200, 302, 303, 404, 503)
    assert not re.search(r"Traceback|psycopg|/work/|Tornado|127\.0\.0\.1:1\b", answer.text)
    assert "Server" not in answer.headers


def test_without_a_database_it_is_alive_and_not_ready(server):
    assert httpx.get(f"{server}/healthz").json() == {"ok": True}
    answer = httpx.get(f"{server}/readyz", timeout=10)
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert answer.headers["Retry-After"]


def test_a45_a46_budgets_are_by_socket_whatever_headers_say(alone):
    with alone(GUICHET_WEB__RATE_PER_SECOND="1", GUICHET_WEB__RATE_BURST="5") as url:
        with httpx.Client(base_url=url) as client:
            answers = [
                client.get(
                    "/healthz",
                    headers={"X-Forwarded-For": f"1.2.3.{n}", "X-Real-Ip": f"1.2.3.{n}"},
                )
                for n in range(20)
            ]
        assert answers[0].status_code == 200
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(refused) >= 10
        assert int(refused[0].headers["Retry-After"]) >= 1
        assert refused[0].headers["Content-Type"] == "application/problem+json"


def test_a46_a_listed_proxy_tells_visitors_apart(alone):
    with (
        alone(
            GUICHET_WEB__RATE_PER_SECOND="1",
            GUICHET_WEB__RATE_BURST="3",
            GUICHET_WEB__TRUSTED_PROXIES="127.0.0.1",
        ) as url,
        httpx.Client(base_url=url) as client,
    ):
        greedy = [
            client.get("/healthz", headers={"X-Forwarded-For": "198.51.100.1"}).status_code
            for _ in range(10)
        ]
        assert 429 in greedy
        other = client.get("/healthz", headers={"X-Forwarded-For": "198.51.100.2"})
        assert other.status_code == 200


def test_two_processes_serve_and_stop_together(alone):
    started = time.monotonic()
    with alone(GUICHET_WEB__PROCESSES="2", GUICHET_WEB__RATE_PER_SECOND="0") as url:
        for _ in range(10):
            assert httpx.get(f"{url}/healthz").status_code == 200
    assert time.monotonic() - started < 30
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/healthz", timeout=1)
