"""How an answer leaves: tagged, compressed as the visitor accepts, cut when nobody reads it."""

import asyncio
import hashlib
import re
from typing import Any

from tornado.web import RequestHandler

from api.compression import SMALLEST, accepted, compress, compressible
from api.site import Site

REVALIDATE = "public, max-age=0, must-revalidate"


class Sending(RequestHandler):
    """The part of a handler that sends."""

    site: Site

    def compute_etag(self) -> str | None:
        return None  # ours are set in `send`, before the body is made when possible

    def unchanged(self, *parts: object) -> bool:
        """Set the ETag of an answer that depends on these parts, the edition and the code.

        True when the visitor already has it: 304 has been sent and the handler must return.
        """
        version = self.site.edition.version if self.site.published else ""
        key = repr((self.site.release, version, *parts)).encode()
        return self._tag(hashlib.sha256(key).hexdigest()[:24])

    def _tag(self, value: str) -> bool:
        # Weak: the same answer in brotli, in gzip or plain has the same tag.
        tag = f'W/"{value}"'
        self.set_header("Etag", tag)
        sent = self.request.headers.get("If-None-Match", "")
        if len(sent) <= 2000 and (sent.strip() == "*" or value in re.findall(r'"([^"]*)"', sent)):
            self.set_status(304)
            self.finish()
            return True
        return False

    def send(self, body: bytes, media_type: str, *, encoding: str | None = None) -> None:
        """Answer with a body, compressed as the visitor accepts unless `encoding` is given.

        Without an ETag yet, one is computed from the body.
        """
        self.set_header("Content-Type", media_type)
        if "Cache-Control" not in self._headers:
            self.set_header("Cache-Control", REVALIDATE)
        if self.get_status() == 200 and "Etag" not in self._headers:
            if compressible(media_type):
                self.add_vary("Accept-Encoding")
            if self._tag(hashlib.sha256(body).hexdigest()[:24]):
                return
        if encoding is None and compressible(media_type):
            self.add_vary("Accept-Encoding")
            names = accepted(self.request.headers.get("Accept-Encoding", ""))
            if names and len(body) >= SMALLEST:
                body, encoding = compress(body, names[0]), names[0]
        if encoding:
            self.set_header("Content-Encoding", encoding)
        self.finish(body)

    async def send_large(self, body: bytes, media_type: str) -> None:
        """`send` for bodies of hundreds of kB: compressed in a thread, others are not held."""
        names = accepted(self.request.headers.get("Accept-Encoding", ""))
        self.add_vary("Accept-Encoding")
        if self._tag(hashlib.sha256(body).hexdigest()[:24]):
            return
        if names:
            packed = await asyncio.to_thread(compress, body, names[0])
            self.send(packed, media_type, encoding=names[0])
        else:
            self.send(body, media_type, encoding="")

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> "asyncio.Future[None]":
        """Tornado's, and the connection is cut when the visitor does not read it in time."""
        stream = getattr(self.request.connection, "stream", None)
        sent = super().finish(chunk)
        if stream is not None and not sent.done():
            seconds = self.site.settings.web.write_timeout_seconds
            cut = asyncio.get_running_loop().call_later(seconds, stream.close)
            sent.add_done_callback(lambda _: cut.cancel())
        return sent

    def add_vary(self, name: str) -> None:
        present = [one.strip() for one in self._headers.get("Vary", "").split(",") if one.strip()]
        if name not in present:
            self.set_header("Vary", ", ".join([*present, name]))
