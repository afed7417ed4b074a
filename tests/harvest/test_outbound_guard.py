"""Where the hub never goes, whatever a file or a server says (faults.md B2 to B8)."""

import ast
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.errors import GuichetError, Refused
from harvest.fetch import Limits, fetch
from harvest.outbound_guard import Guard, check_address

LIMITS = Limits(connect=3, silence=3, total=5)


class Door:
    """A listener on the loopback, on a port that the guard accepts, that nobody should open."""

    def __init__(self) -> None:
        self.connections = 0
        for port in (8080, 8443):
            try:
                self.listener = socket.create_server(("0.0.0.0", port))
            except OSError:
                continue
            self.port = port
            break
        else:
            pytest.skip("ports 8080 and 8443 are both taken on this machine")
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door()
    yield made
    made.close()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "0", "①②⑦.0.0.1",
        "127.0.0.1.", "0x7f.1", "localhost", "LOCALHOST.", "localhost.localdomain",
        "169.254.169.254", "[::1]", "[fe80::1%25lo]", "10.0.0.1", "172.16.0.1", "192.168.1.1",
        "100.64.0.1", "0.0.0.0", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "224.0.0.1",
        "255.255.255.255", "[64:ff9b::7f00:1]", "[64:ff9b:1::1]", "[2002:7f00:1::]",
        "[::127.0.0.1]", "[fec0::1]", "[5f00::1]", "192.0.0.8", "[2001::1]", "[2001:db8::1]",
        "[fc00::1]", "[ff02::1]", "[::]", "198.18.0.1", "192.88.99.1", "240.0.0.1",
    ],
)  # fmt: skip
def test_numbers_and_names_of_our_own_network_are_refused(  # B2, B3, B4
    host: str, door: Door, tmp_path: Path
) -> None:
    target = tmp_path / "answer"
    with pytest.raises(GuichetError):
        fetch(f"http://{host}:{door.port}/", target, LIMITS)
    assert door.connections == 0, "no egress"
    assert not target.exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://user:pw@example.org/", "http://user@example.org/", "http://example.org:22/",
        "http://example.org:5432/", "http://example.org:0/", "http://example.org:99999/",
        "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "//example.org/",
        "http:///x", "http://", "http://ex ample.org/", "http://example.org/\r\nHost: x",
        "http://example.org\\@127.0.0.1/", "http://exa_mple.-org/", "http://a..b/", "",
        "http://" + "a" * 3000 + ".org/", "http://[::1", "http://example.org:80:80/",
    ],
)  # fmt: skip
def test_urls_that_are_not_for_us(url: str, tmp_path: Path) -> None:
    resolved: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        resolved.append(host)
        return []

    with pytest.raises(Refused):
        fetch(url, tmp_path / "answer", LIMITS, Guard(resolve))
    assert not resolved, "refused before any name was looked up"


def test_a_name_that_becomes_ours_after_the_check_is_refused(door: Door, tmp_path: Path) -> None:
    """DNS rebinding: the first answer is public, every other one is the loopback."""
    answers = iter([["93.184.215.14"], ["127.0.0.1"], ["127.0.0.1"]])
    guard = Guard(lambda host, port: next(answers))
    guard.addresses("rebound.example", door.port)  # somebody checks, and it is public
    with pytest.raises(Refused):
        fetch(f"http://rebound.example:{door.port}/", tmp_path / "answer", LIMITS, guard)
    assert door.connections == 0


def test_the_address_that_was_judged_is_the_one_that_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The name is resolved once, by the guard: the connection gets an address, not a name."""
    asked: list[object] = []

    def connect(address: object, *_: object, **__: object) -> socket.socket:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    guard = Guard(lambda host, port: ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
    with pytest.raises(GuichetError):
        fetch("https://example.org/", tmp_path / "answer", LIMITS, guard)
    assert asked == [("93.184.215.14", 443), ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", 443)]


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    guard = Guard(lambda host, port: ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(Refused):
        guard.addresses("example.org", 443)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "1.1.1.1", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]
)
def test_the_public_internet_is_let_through(address: str) -> None:
    check_address(address, "example.org")
    assert Guard(lambda host, port: [address]).addresses("example.org", 443) == [address]


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://www.data.gouv.fr/x", "www.data.gouv.fr", 443),
        ("http://mairie-évreux.fr/", "xn--mairie-vreux-heb.fr", 80),
        ("https://EXAMPLE.org.:8443/?q=1", "example.org", 8443),
        ("http://1.1.1.1/", "1.1.1.1", 80),
    ],
)
def test_honest_urls_are_taken_apart(url: str, host: str, port: int) -> None:
    target = Guard().target(url)
    assert (target.host, target.port) == (host, port)


def test_a_door_is_one_address_and_one_port() -> None:
    guard = Guard(lambda host, port: ["127.0.0.1"], frozenset({("127.0.0.1", 9)}))
    assert guard.addresses("fake.example", 9) == ["127.0.0.1"]
    with pytest.raises(Refused):
        guard.addresses("fake.example", 80)


def test_nothing_but_tests_opens_a_door() -> None:
    """No code of ours gives a guard a door: not when it makes one, not by changing one."""
    root = Path(__file__).resolve().parents[2]
    opened = []
    for package in ("api", "catalog", "config", "crowd", "geo", "harvest", "simulators", "tiles"):
        for path in (root / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(text)) if "Guard" in text or "guard" in text else ():
                if not isinstance(node, ast.Call):
                    continue
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                given = {keyword.arg for keyword in node.keywords}
                if name == "Guard" and (len(node.args) > 1 or given - {"resolve"}):
                    opened.append(f"{path}:{node.lineno}")
                if name in ("replace", "setattr", "__setattr__") and (
                    "doors" in given or "doors" in ast.unparse(node)
                ):
                    opened.append(f"{path}:{node.lineno}")
    assert opened == []
