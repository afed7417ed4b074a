"""An address as a browser understands it, and what the eye takes it for. Pure.

The reading is that of the WHATWG standard (the `url` crate, through pydantic), because it is what
browsers do: a backslash is a slash, `%6c` in a host is a letter, tabs are nothing. A reader that
saw another host than the browser goes to would call a trap official.
"""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

from pydantic_core import Url, ValidationError

from catalog.web_hosts import is_shared
from config.errors import Invalid

LONGEST = 2000  # characters of an address that is asked about
_DEFAULT = {"http": 80, "https": 443}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_BARE = re.compile(r"[^\s/\\?#@:]+\.[^\s/\\?#@:]+(:\d{1,5})?([/\\?#]|$)")
_NUMBERS = re.compile(r"\d{1,3}(\.\d{1,3}){3}|\[.*\]")
# Endings under which names are registered, besides the last label alone.
_SECOND = frozenset(
    ("asso.fr", "com.fr", "gouv.fr", "tm.fr", "nom.fr", "prd.fr", "co.uk", "org.uk", "com.re",
     "asso.re", "asso.nc", "gouv.nc", "com.pf", "gov.pf", "asso.pf", "org.pf", "gouv.mq", "co.com",
     "eu.org", "uk.com", "us.com", "de.com", "com.co", "com.br", "com.au")
)  # fmt: skip
# What looks like a Latin letter and is another sign: Cyrillic, Greek, Armenian, Latin relatives.
# From Unicode's confusables (UTS 39), those that a registry of a French name could be shown.
_LOOKS = str.maketrans(
    {
        "а": "a", "ɑ": "a", "α": "a", "в": "b", "ь": "b", "Ь": "b", "ƅ": "b", "с": "c", "ϲ": "c",
        "ԁ": "d", "ɗ": "d", "е": "e", "ҽ": "e", "є": "e", "ε": "e", "ғ": "f", "ϝ": "f", "ք": "f",
        "ɡ": "g", "ց": "g", "ɢ": "g", "һ": "h", "հ": "h", "н": "h", "і": "i", "ї": "i", "ɩ": "i",
        "ι": "i", "ı": "i", "ӏ": "l", "ј": "j", "ϳ": "j", "к": "k", "κ": "k", "ҝ": "k", "ł": "l",
        "ɭ": "l", "м": "m", "ո": "n", "ռ": "n", "η": "n", "п": "n", "о": "o", "ο": "o", "օ": "o",
        "σ": "o", "ø": "o", "ө": "o", "р": "p", "ρ": "p", "ԛ": "q", "զ": "q", "г": "r", "ʀ": "r",
        "ѕ": "s", "ꜱ": "s", "т": "t", "τ": "t", "ս": "u", "υ": "u", "ц": "u", "ѵ": "v", "ν": "v",
        "ԝ": "w", "ѡ": "w", "ա": "w", "ω": "w", "х": "x", "χ": "x", "у": "y", "γ": "y", "ү": "y",
        "ʏ": "y", "ᴢ": "z", "ʐ": "z", "ʒ": "z", "đ": "d", "ħ": "h", "ŧ": "t", "œ": "oe", "æ": "ae",
        "ß": "b", "0": "o", "1": "l", "|": "l", "3": "e", "5": "s", "٠": "o", "߀": "o",
    }
)  # fmt: skip
_ALSO = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("nn", "m"))


@dataclass(frozen=True, slots=True)
class Address:
    """What a browser makes of an address. `host` is in ASCII, `shown` in the letters people see;
    both without a final dot. `port` is None when it is the scheme's own."""

    scheme: str
    host: str
    shown: str
    path: str
    port: int | None
    user: str

    @property
    def name(self) -> str:
        """The host without `www.`."""
        return without_www(self.host)

    @property
    def is_number(self) -> bool:
        return _NUMBERS.fullmatch(self.host) is not None

    @property
    def plain(self) -> str:
        """The address without what it says beside host and path."""
        return f"{self.scheme}://{self.host}{self.path}"


def read(text: str) -> Address:
    """Raises Invalid, naming `url`, for what is no address of a web page."""
    if len(text) > LONGEST:
        raise Invalid(f"At most {LONGEST} characters.", parameter="url")
    typed = text.strip("\x00\t\n\r\x0b\x0c \u00a0\u200b\ufeff«»\"'<>")
    if typed.startswith(("//", "\\\\")):
        typed = "https:" + typed
    elif _BARE.match(typed) or (not _SCHEME.match(typed) and "@" in typed):
        typed = "https://" + typed  # what people copy from a poster, or a user in front of it
    try:
        url = Url(typed)
        scheme, host = url.scheme, (url.host or "").rstrip(".")
        shown = (url.unicode_host() or "").rstrip(".")
    except (ValidationError, ValueError):
        raise Invalid(
            "This is not the address of a web page, such as https://www.exemple.fr/page.",
            parameter="url",
        ) from None
    if scheme not in _DEFAULT or "." not in host.strip("[]").replace(":", "."):
        raise Invalid("Only addresses of web pages (http, https) can be judged.", parameter="url")
    port = None if url.port == _DEFAULT[scheme] else url.port
    user = unquote(":".join(part for part in (url.username, url.password) if part))
    return Address(scheme, host, shown.lower(), url.path or "/", port, user)


def without_www(host: str) -> str:
    return host.removeprefix("www.") if host.count(".") > 1 else host


def unaccented(name: str) -> str:
    """A name in small letters without their accents."""
    if name.isascii():
        return name.lower()
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))


def skeleton(name: str) -> str:
    """What the eye reads: equal for names that are taken for each other."""
    plain = unaccented(name).translate(_LOOKS)
    for pair, one in _ALSO:
        plain = plain.replace(pair, one)
    return plain.replace("i", "l")


def scripts(label: str) -> frozenset[str]:
    """The scripts of a label's letters: LATIN, CYRILLIC..."""
    return frozenset(unicodedata.name(c, "?").split(" ")[0] for c in label if c.isalpha())


@dataclass(frozen=True, slots=True)
class Parts:
    """A name cut where it was registered: `sub` labels, `core`, and its ending."""

    sub: tuple[str, ...]
    core: str
    ending: str


def parts(name: str) -> Parts:
    """Cut a host name. Names at hosting companies are registered at the company's name."""
    labels = name.split(".")
    size = 1
    for length in (3, 2):
        ending = ".".join(labels[-length:])
        if len(labels) > length and (ending in _SECOND or is_shared(ending)):
            size = length
            break
    if len(labels) <= size:
        return Parts((), name, "")
    return Parts(tuple(labels[: -size - 1]), labels[-size - 1], ".".join(labels[-size:]))
