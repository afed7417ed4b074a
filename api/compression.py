"""Which encoding a visitor accepts, and the compressed bytes."""

import asyncio
import gzip
import re
from collections import OrderedDict

import brotli

# Below this, the headers weigh more than what compression saves.
SMALLEST = 600
_MOST_ENTRIES = 20  # an Accept-Encoding of 1,000 entries is read no further than this
_ENTRY = re.compile(r"\s*([\w*-]{1,20})\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?", re.ASCII)
_COMPRESSIBLE = ("text/", "application/json", "application/problem+json", "image/svg+xml",
                 "application/javascript", "application/manifest+json",
                 "application/vnd.oai.openapi+json", "application/ld+json",
                 "application/geo+json", "application/schema+json",
                 "application/vnd.ogc.fg+json")  # fmt: skip


def accepted(header: str) -> tuple[str, ...]:
    """The encodings we write that a header accepts: of `br`, `gzip`, ours first."""
    weights: dict[str, float] = {}
    for entry in header.split(",", _MOST_ENTRIES)[:_MOST_ENTRIES]:
        if match := _ENTRY.fullmatch(entry):
            weights[match[1].lower()] = float(match[2] or 1)
    anything = weights.get("*", 0.0)
    return tuple(name for name in ("br", "gzip") if weights.get(name, anything) > 0)


def compressible(media_type: str) -> bool:
    return media_type.startswith(_COMPRESSIBLE)


def compress(body: bytes, encoding: str, *, thorough: bool = False) -> bytes:
    """Compress in `br` or `gzip`; `thorough` for what is kept and sent many times."""
    if encoding == "br":
        quality = (11 if len(body) < 300_000 else 9) if thorough else 4
        return bytes(brotli.compress(body, quality=quality))  # type: ignore[no-untyped-call]
    # mtime=0: the same bytes each time, so that caches and tests can compare them.
    return gzip.compress(body, 9 if thorough else 5, mtime=0)


class Packed:
    """Compressed forms of bodies that are asked again and again, by content, least recent out.

    Compression runs in a thread, so that a large body does not hold other visitors back.
    """

    def __init__(self, entries: int = 400) -> None:
        self._entries = entries
        self._held: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    async def of(self, body: bytes, header: str, key: str) -> tuple[bytes, str]:
        """The body in the best encoding that an Accept-Encoding header takes, and its name.

        `key` stands for the content (a hash). The name is empty when nothing is accepted.
        """
        names = accepted(header)
        if not names:
            return body, ""
        where = (key, names[0])
        if (found := self._held.get(where)) is None:
            found = await asyncio.to_thread(compress, body, names[0], thorough=True)
            self._held[where] = found
            while len(self._held) > self._entries:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(where)
        return found, names[0]
