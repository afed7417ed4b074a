"""`/embed/…js`: the components that any public site may load, from any origin."""

from tornado.routing import URLSpec

from api.compression import accepted
from api.handlers.base import BaseHandler
from api.handlers.sending import REVALIDATE


class EmbedFile(BaseHandler):
    """One file under an address that never changes: browsers ask each time whether it has."""

    strict = False

    def set_default_headers(self) -> None:
        super().set_default_headers()
        # A module from another origin is read only when that origin allows it.
        self.set_header("Access-Control-Allow-Origin", "*")
        self.set_header("Cross-Origin-Resource-Policy", "cross-origin")

    async def get(self, name: str) -> None:
        names = accepted(self.request.headers.get("Accept-Encoding", ""))
        found = await self.site.assets.read(f"embed/{name}.js", names)
        self.set_header("Cache-Control", REVALIDATE)
        self.add_vary("Accept-Encoding")
        self.send(found.body, found.media_type, encoding=found.encoding or "")


ROUTES = [URLSpec(r"/embed/(?P<name>simulateur|avis|carte-commune)\.js$", EmbedFile)]
