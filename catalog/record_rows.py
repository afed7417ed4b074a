"""A record as one portal publishes it, whatever the portal speaks: what connectors make.

A value that exists is valid: texts are bounded and without control characters, links are http(s),
boxes are in degrees. Two rows with one fingerprint say the same thing.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from catalog.naming import fold
from config.errors import Invalid

TYPES = ("dataset", "service")
LONGEST_TITLE = 500  # characters
LONGEST_DESCRIPTION = 20_000
LONGEST_NAME = 1000  # of an identifier or a link
MOST_WORDS = 100  # keywords, themes
MOST_DISTRIBUTIONS = 300
DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>?#]+)", re.IGNORECASE)
UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
HOST = re.compile(r"[\w-]+(\.[\w-]+)+")
SHORTEST_TITLE_FOR_A_KEY = 8  # « Budget » of two communes is not one dataset


@dataclass(frozen=True, slots=True)
class Distribution:
    """One way to get the thing: a file, or an interface."""

    url: str
    title: str | None = None
    format: str | None = None
    media_type: str | None = None
    size: int | None = None  # bytes, when it is published


@dataclass(frozen=True, slots=True)
class RecordRow:
    """What a portal says of one dataset or service. `extent` is west, south, east, north."""

    remote_id: str
    type: str
    title: str
    page_sha256: str  # the raw answer that holds it
    description: str | None = None
    keywords: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    publisher: str | None = None
    licence: str | None = None
    language: str | None = None
    landing_page: str | None = None
    distributions: tuple[Distribution, ...] = ()
    extent: tuple[float, float, float, float] | None = None
    temporal_start: date | None = None
    temporal_end: date | None = None
    created: datetime | None = None
    updated: datetime | None = None
    identifiers: tuple[str, ...] = ()  # what it is called elsewhere: DOI, URI, uuid

    def __post_init__(self) -> None:
        for name, text, most in (
            ("remote_id", self.remote_id, LONGEST_NAME),
            ("title", self.title, LONGEST_TITLE),
        ):
            if not text.strip() or len(text) > most or UNREADABLE.search(text):
                raise Invalid(f"a record's {name} has 1 to {most} readable characters")
        if self.type not in TYPES:
            raise Invalid(f"a record is one of {', '.join(TYPES)}, not {self.type!r}")
        if self.description is not None and (
            len(self.description) > LONGEST_DESCRIPTION or UNREADABLE.search(self.description)
        ):
            raise Invalid("a description is readable text of bounded length")
        if len(self.keywords) > MOST_WORDS or len(self.themes) > MOST_WORDS:
            raise Invalid(f"a record has at most {MOST_WORDS} keywords")
        if len(self.distributions) > MOST_DISTRIBUTIONS:
            raise Invalid(f"a record has at most {MOST_DISTRIBUTIONS} distributions")
        for link in (self.landing_page, *(one.url for one in self.distributions)):
            if link is not None and not is_link(link):
                raise Invalid("a link of a record is http or https")
        if self.extent is not None:
            west, south, east, north = self.extent
            if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
                raise Invalid("an extent is in degrees, west before east, south before north")

    @property
    def fields(self) -> dict[str, Any]:
        """What is kept as a version: all that was said, but the page that held it."""
        said = asdict(self)
        del said["page_sha256"]
        for name in ("temporal_start", "temporal_end", "created", "updated"):
            said[name] = None if said[name] is None else said[name].isoformat()
        return said

    @property
    def fingerprint(self) -> str:
        """The same while nothing changes. A new remote id is a renaming, not a change."""
        said = self.fields
        del said["remote_id"]
        return hashlib.blake2b(repr(sorted(said.items())).encode(), digest_size=16).hexdigest()

    @property
    def names(self) -> tuple[str, ...]:
        """What it is known by at its source: its id first, then names that survive a renaming."""
        strong = [name for name in self.identifiers if len(name) <= LONGEST_NAME]
        return tuple(dict.fromkeys((self.remote_id, *strong, *filter(None, [self.landing_page]))))

    @property
    def keys(self) -> frozenset[str]:
        """What another portal's record of the same thing would share."""
        return frozenset(_keys(self))


def is_link(text: str) -> bool:
    """Whether a text is a web address that a page may link to."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        parts.port  # noqa: B018 reading it is what checks it
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(HOST.fullmatch(host))
        and "@" not in parts.netloc  # nobody's password is republished
        and len(text) <= LONGEST_NAME
        and not any(c.isspace() or ord(c) < 32 or c in "<>\"'`\\" for c in text)
    )


def canonical(url: str) -> str:
    """The same for addresses that lead to one page: no scheme, `www.`, final slash or fragment."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    path = unquote(parts.path).rstrip("/")
    return f"{host}{path}" + (f"?{parts.query}" if parts.query else "")


def _keys(row: RecordRow) -> Iterator[str]:
    for name in row.identifiers:
        if found := DOI.search(name):
            yield f"doi:{found[1].lower().rstrip('.')}"
        elif UUID.fullmatch(name):
            yield f"uri:{name.lower()}"
        elif is_link(name) and "/" in canonical(name):
            yield f"page:{canonical(name)}"
    if row.landing_page and "/" in canonical(row.landing_page):  # the home page is no dataset
        yield f"page:{canonical(row.landing_page)}"
    title = fold(row.title)
    if row.publisher and len(title) >= SHORTEST_TITLE_FOR_A_KEY:
        for one in row.distributions[:20]:
            text = f"{title}|{fold(row.publisher)}|{canonical(one.url)}"
            yield f"same:{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"
