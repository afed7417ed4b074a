"""What a site lets robots do: its robots.txt, read before anything else (RFC 9309)."""

from urllib.parse import urlsplit

from protego import Protego

from config.errors import GuichetError
from harvest.fetch import Answered
from harvest.remote import Remote

NAME = "Guichet"
LARGEST = 512 * 1024  # bytes that are read of it
LONGEST_DELAY = 30.0  # seconds
NOTHING = "User-agent: *\nDisallow: /"


class Robots:
    """The rules of the hosts that are visited, each asked for once.

    Without a robots.txt (4xx) everything is allowed, but a host that forbids even that page
    (401, 403) forbids the rest; a host that does not answer well is left alone.
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._rules: dict[str, Protego] = {}

    def allow(self, url: str) -> bool:
        return self._of(url).can_fetch(url, NAME)

    def delay(self, url: str) -> float:
        """Seconds to leave between two requests, as the site asks."""
        return min(float(self._of(url).crawl_delay(NAME) or 0), LONGEST_DELAY)

    def _of(self, url: str) -> Protego:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._rules:
            self._rules[origin] = Protego.parse(self._text(f"{origin}/robots.txt"))
        return self._rules[origin]

    def _text(self, url: str) -> str:
        try:
            body = self._remote.get(url, accept="text/plain").body
        except Answered as error:
            open_to_all = 400 <= error.status < 500 and error.status not in (401, 403, 429)
            return "" if open_to_all else NOTHING
        except GuichetError:
            return NOTHING
        return body[:LARGEST].decode("utf-8", "replace")
