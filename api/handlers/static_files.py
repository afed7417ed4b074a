"""`/static/{hash}/path` (see api.assets), `/robots.txt` and `/favicon.ico`."""

from tornado.routing import URLSpec
from tornado.web import HTTPError

from api.compression import accepted
from api.handlers.base import IMMUTABLE, BaseHandler


class StaticFile(BaseHandler):
    """A file of web/. Immutable when the URL holds the current hash of the folder."""

    async def get(self, version: str, path: str) -> None:
        assets = self.site.assets
        names = accepted(self.request.headers.get("Accept-Encoding", ""))
        found = await assets.read(path, names)
        current = version == assets.hash
        self.set_header("Cache-Control", IMMUTABLE if current else "no-cache")
        self.set_header("Cross-Origin-Resource-Policy", "same-site")
        self.add_vary("Accept-Encoding")
        if self._tag(f"{assets.hash}-{path}"):
            return
        self.send(found.body, found.media_type, encoding=found.encoding or "")

    strict = False


class Robots(BaseHandler):
    """Everything may be read; heavy machine addresses are left to API clients."""

    strict = False

    def get(self) -> None:
        self.send(
            b"User-agent: *\nDisallow: /tiles/\nDisallow: /ids/\nDisallow: /api/v1/status/\n",
            "text/plain; charset=utf-8",
        )


class Favicon(BaseHandler):
    strict = False

    async def get(self) -> None:
        for name in ("icons/favicon.ico", "icons/icon.svg", "icons/favicon.svg"):
            if self.site.assets.has(name):
                found = await self.site.assets.read(name, ())
                self.set_header("Cache-Control", "public, max-age=86400")
                self.send(found.body, found.media_type)
                return
        raise HTTPError(404)


ROUTES = [
    URLSpec(r"/static/(?P<version>[^/]+)/(?P<path>.+)$", StaticFile),
    URLSpec(r"/robots\.txt$", Robots),
    URLSpec(r"/favicon\.ico$", Favicon),
]
