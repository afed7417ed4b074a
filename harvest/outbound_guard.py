"""Which addresses of the outside world may be reached: the guard of `harvest.fetch`.

A source's address comes from files and from remote servers, so it may point anywhere, our own
network included. The guard judges the text of the URL, then each address that its name resolves
to, and the connection is made to the very address that was judged: a name that changes its mind
between the two (DNS rebinding) gains nothing. Source: OWASP SSRF prevention cheat sheet, IANA
special-purpose address registries (RFC 6890), tried against faults.md B2 to B8.
"""

import ipaddress
import re
import socket
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from config.errors import Refused, Unavailable

PORTS = frozenset({80, 443, 8080, 8443})
SCHEMES = {"http": 80, "https": 443}
LONGEST_URL = 2000
# Ranges that the standard library calls global, or that translate to an IPv4 address.
DENIED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10", "198.18.0.0/15", "0.0.0.0/8",
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
)  # fmt: skip
# The only IPv6 addresses handed out for the public internet; NAT64, mapped, site-local, segment
# routing and the deprecated IPv4-compatible ones are all outside it.
GLOBAL_IPV6 = ipaddress.ip_network("2000::/3")
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")

type Resolver = Callable[[str, int], list[str]]


def system_resolver(host: str, port: int) -> list[str]:
    """Every address of a name, as the system gives them. Raises Unavailable."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"{host} cannot be found: {error}.") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that passed: its parts, the host in ASCII."""

    url: str
    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Guard:
    """Judges URLs and addresses. `doors` are (address, port) pairs that are let through although
    they are not public: a test names the one server that it runs, nothing else ever fills it."""

    resolve: Resolver = system_resolver
    doors: frozenset[tuple[str, int]] = frozenset()

    def target(self, url: str) -> Target:
        """The URL taken apart. Raises Refused, saying which rule it breaks."""
        if len(url) > LONGEST_URL or any(ord(c) <= 32 or c in '\\"<>^`{|}' for c in url):
            raise Refused(f"{url[:80]!r} is not a plain URL.")
        try:
            parts = urlsplit(url)
            port = SCHEMES.get(parts.scheme, 0) if parts.port is None else parts.port
        except ValueError as error:
            raise Refused(f"{url[:80]!r} is not a URL: {error}.") from error
        if parts.scheme not in SCHEMES:
            raise Refused(f"{url[:80]!r}: only http and https are followed.")
        if "@" in parts.netloc:
            raise Refused("A URL that carries a user name is not followed.")
        if port not in PORTS and port not in {door for _, door in self.doors}:
            raise Refused(f"Port {port} is not followed; these are: {sorted(PORTS)}.")
        return Target(url, parts.scheme, _host(parts.hostname or ""), port)

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host, every one of them judged. Raises Refused, Unavailable."""
        found = self.resolve(host, port)
        if not found:
            raise Unavailable(f"{host} has no address.")
        for address in found:
            if (address, port) not in self.doors:
                check_address(address, host)
        return found


def _host(host: str) -> str:
    """A host in ASCII lower case. Raises Refused for what is not one, or hides a number."""
    text = unicodedata.normalize("NFKC", host).rstrip(".").lower()
    if ":" in text:  # an IPv6 literal; a zone (%eth0) is never public
        check_address(text, host)
        return text
    try:
        ascii_text = text.encode("idna").decode("ascii") if not text.isascii() else text
    except UnicodeError as error:
        raise Refused(f"{host!r} is not a host name.") from error
    labels = ascii_text.split(".")
    if not ascii_text or not all(LABEL.fullmatch(label) for label in labels):
        raise Refused(f"{host!r} is not a host name.")
    # 127.1, 0x7f000001, 2130706433, 0177.0.0.1: resolvers read a last label that is a number as
    # an IPv4 address, each in its own way. Only the usual form is understood here.
    if re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1]):
        check_address(ascii_text, host)
    return ascii_text


def check_address(text: str, host: str) -> None:
    """Raises Refused unless `text` is an address of the public internet."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        raise Refused(f"{host!r} is a number that is not an address.") from error
    public = (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in DENIED if network.version == address.version)
        and (address.version == 4 or address in GLOBAL_IPV6)
    )
    if not public or getattr(address, "scope_id", None):
        raise Refused(f"{host!r} is at {text}, which is not an address of the public internet.")
