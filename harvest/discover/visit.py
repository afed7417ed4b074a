"""A polite visit of one commune's own site: robots, one request at a time, a budget, no insistence.

The pages that speak of services are visited first. Only the site's own host is read; what leaves
it is a door, which is looked at from outside. Three failures in a row end the visit.
"""

import heapq
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from config.errors import GuichetError, Invalid
from config.settings import Settings
from harvest.discover import pages
from harvest.discover.recognise import Commune, Finding, recognise, wanted
from harvest.discover.robots import Robots
from harvest.fetch import Answered, TryLater
from harvest.remote import Page, Remote

FAILURES = 3  # in a row
GONE = (404, 410)
TRACKING = ("utm_", "fbclid", "gclid", "phpsessid", "sid", "jsessionid")
ACCEPT = "text/html, application/xhtml+xml;q=0.9"


@dataclass(frozen=True, slots=True)
class Budget:
    """What a visit may cost."""

    pages: int = 25
    depth: int = 3
    seconds: float = 300
    pause: float = 2.0

    @classmethod
    def of(cls, settings: Settings) -> "Budget":
        own = settings.discover
        return cls(own.pages, own.depth, own.seconds, own.pause_seconds)


@dataclass(frozen=True, slots=True)
class Visited:
    """A page that was read."""

    url: str
    sha256: str
    at: datetime
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class Visit:
    """What came of it. `gone` are addresses that answer 404 or 410."""

    site: str
    read: list[Visited] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    forbidden: int = 0  # pages that robots.txt does not let us read
    ended: str = "every page that was found was read"

    def findings(self, closed: Collection[str] = ()) -> dict[str, Finding]:
        """The best finding of each service over all pages, without doors that are closed."""
        best: dict[str, Finding] = {}
        for page in self.read:
            for one in page.findings:
                held = best.get(one.service)
                if one.url not in closed and (held is None or one.worth > held.worth):
                    best[one.service] = one
        return best


def visit(
    remote: Remote,
    site: str,
    commune: Commune,
    budget: Budget,
    today: date,
    clock: Callable[[], float] = time.monotonic,
) -> Visit:
    """Visit a site. Raises what the client raises when not even the first page can be read, and
    Invalid when its address leads to another site."""
    robots = Robots(remote)
    made = Visit(site)
    end = clock() + budget.seconds
    queue: list[tuple[int, int, int, str]] = [(0, 0, 0, _plain(site))]
    met = {_plain(site)}
    in_a_row = 0
    host = ""
    while queue:
        if len(made.read) >= budget.pages:
            made.ended = f"the budget of {budget.pages} pages is spent"
            break
        if clock() > end:
            made.ended = f"the budget of {budget.seconds:g} s is spent"
            break
        _, depth, _, url = heapq.heappop(queue)
        if not robots.allow(url):
            made.forbidden += 1
            continue
        try:
            page = remote.get(url, ACCEPT, max(budget.pause, robots.delay(url)))
        except GuichetError as error:
            if not made.read:
                raise
            made.failures.append(str(error))
            if isinstance(error, Answered) and error.status in GONE:
                made.gone.add(url)
                continue  # a dead link is the site's, not a sign that we disturb it
            in_a_row += 1
            if isinstance(error, TryLater) or in_a_row >= FAILURES:
                made.ended = "the site does not answer well: it is left alone"
                break
            continue
        in_a_row = 0
        if not host:
            host = _arrived(site, page)
        if _host(page.url) != host or not _is_html(page):
            continue
        seen = pages.read(page.body, _plain(page.url))
        findings = tuple(recognise(seen, commune, today))
        made.read.append(Visited(_plain(page.url), page.sha256, page.fetched_at, findings))
        if depth < budget.depth:
            for address, worth in _onwards(seen, host):
                if address not in met:
                    met.add(address)
                    heapq.heappush(queue, (-worth, depth + 1, len(met), address))
    if not made.read and made.forbidden:
        made.ended = "its robots.txt asks robots to stay away"
    return made


def _arrived(site: str, page: Page) -> str:
    """The host of the site: its own, `www.` or not. Raises Invalid when it is another site."""
    if _host(page.url) != _host(site):
        raise Invalid(f"{site} leads to another site, {_host(page.url)}: a person has to look.")
    return _host(page.url)


def _onwards(page: pages.PageSeen, host: str) -> Iterator[tuple[str, int]]:
    for door in page.doors:
        if not door.form and not door.file and _host(door.url) == host:
            address = _plain(door.url)
            if urlsplit(address).scheme in ("http", "https"):
                yield address, wanted(door)


def _plain(url: str) -> str:
    """An address without its fragment and what only follows visitors."""
    parts = urlsplit(url)
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not name.lower().startswith(TRACKING)
    ]
    query = urlencode(kept)
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path or "/", query, ""))


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower().removeprefix("www.")


def _is_html(page: Page) -> bool:
    kind = page.headers.get("content-type", "")
    return "html" in kind or (not kind and b"<html" in page.body[:2000].lower())
