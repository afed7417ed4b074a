"""What all `/ogc` handlers share: formats, languages, links, problems, and their HTML."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

import msgspec

from api.addresses import LANGUAGES
from api.handlers.base import BaseHandler, PageHandler
from api.parameters import Parameter, choice

ROOT = "/ogc"
EDR = "/ogc/edr"  # the rasters, as an API of their own
JSON = "application/json"
GEOJSON = "application/geo+json"
HTML = "text/html; charset=utf-8"
SCHEMA = "application/schema+json"
LARGE = 60_000  # bytes: compressing more than this takes longer than handing it to a thread
LANG = choice("lang", "The language of titles and pages.", lambda: LANGUAGES)


_QUALITY = re.compile(r"(?:^|;)\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*(?:;|$)", re.ASCII)


def _weight(parameters: str) -> float:
    """The q of an entry of Accept; 1 when it gives none."""
    found = _QUALITY.search(parameters)
    return min(float(found[1]), 1.0) if found else 1.0


def format_parameter(formats: Mapping[str, str]) -> Parameter[str]:
    return choice("f", "The format; without it, the Accept header decides.", lambda: formats)


class OgcHandler(PageHandler):
    """One resource. `formats` are the values of `f`, with their media type; the first is usual."""

    strict = True
    formats: ClassVar[Mapping[str, str]] = {"json": JSON, "html": HTML}
    unlinked: ClassVar[tuple[str, ...]] = ()  # formats that are not this very page in other clothes
    own: ClassVar[tuple[Parameter[Any], ...]] = ()  # what is declared besides f and lang

    def initialize(self, page: str | None = None, language: str | None = None) -> None:
        super().initialize(page, language or self._language())
        self.format = "json"

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Access-Control-Allow-Origin", "*")
        self.set_header(
            "Access-Control-Expose-Headers",
            "ETag, Link, Location, Content-Crs, OGC-NumberMatched, RateLimit, RateLimit-Policy, "
            "Retry-After",
        )
        self.set_header("Cross-Origin-Resource-Policy", "cross-origin")

    async def prepare(self) -> None:
        self.format = self._format()
        self.parameters = (  # type: ignore[misc]
            *self.declared(),
            format_parameter(self.formats),
            LANG,
        )
        self.add_vary("Accept")
        self.add_vary("Accept-Language")
        await super().prepare()

    def declared(self) -> tuple[Parameter[Any], ...]:
        """The parameters of this resource, besides f and lang. May raise NotFound."""
        return self.own

    def _format(self) -> str:
        """`f`, else the first media type of Accept that is made here, else the usual one."""
        usual = next(iter(self.formats))
        sent = self.request.query_arguments.get("f", [])
        if sent:
            asked = sent[0].decode("ascii", "replace")
            return asked if asked in self.formats else usual
        types = {media.partition(";")[0]: name for name, media in self.formats.items()}
        best, found = 0.0, usual
        for entry in self.request.headers.get("Accept", "")[:2000].split(",")[:20]:
            name, _, rest = entry.strip().lower().partition(";")
            weight = _weight(rest)
            if name in types and weight > best:
                best, found = weight, types[name]
        return found

    def _language(self) -> str:
        """`lang`, else the first language of Accept-Language that we speak, else French."""
        sent = self.request.query_arguments.get("lang", [])
        asked = [sent[0].decode("ascii", "replace")] if sent else []
        accepted = self.request.headers.get("Accept-Language", "")[:500].split(",")[:10]
        for one in (*asked, *(entry.strip()[:2].lower() for entry in accepted)):
            if one in LANGUAGES:
                return one
        return LANGUAGES[0]

    # --------------------------------------------------------------------------------- links

    @property
    def base(self) -> str:
        """The address of the landing page, as visitors see it: of the rasters' own API in it."""
        inner = self.request.path == EDR or self.request.path.startswith(EDR + "/")
        return self.origin + (EDR if inner else ROOT)

    def here(self, **changes: object) -> str:
        """This very address with other query values; None takes one out."""
        query = {name: values[0] for name, values in self.request.query_arguments.items()}
        text = {name: value.decode("utf-8", "replace") for name, value in query.items()}
        for name, value in changes.items():
            text.pop(name, None)
            if value is not None:
                text[name] = str(value)
        path = self.origin + self.request.path
        return f"{path}?{urlencode(text)}" if text else path

    def url_for_lang(self, language: str) -> str:
        return self.here(lang=language).removeprefix(self.origin)

    def link(self, rel: str, media_type: str, href: str, title: str = "") -> dict[str, str]:
        found = {"rel": rel, "type": media_type.partition("; charset")[0], "href": href}
        return found | ({"title": title} if title else {})

    def self_links(self) -> list[dict[str, str]]:
        """This document, and the same in its other formats."""
        return [
            self.link("self" if name == self.format else "alternate", media, self.here(f=name))
            for name, media in self.formats.items()
            if name not in self.unlinked
        ]

    def words(self, both: tuple[str, str]) -> str:
        return both[LANGUAGES.index(self.language)]

    # --------------------------------------------------------------------------------- answers

    async def answer(self, document: Any, media_type: str = JSON) -> None:
        """JSON; the Link header repeats the document's links for readers of headers."""
        await self.send_body(msgspec.json.encode(document), media_type)

    async def send_body(self, body: bytes, media_type: str) -> None:
        self.set_header(
            "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"
        )
        if len(body) > LARGE and "Etag" not in self._headers:
            await self.send_large(body, media_type)
        else:
            self.send(body, media_type)

    def show(self, template: str, **values: Any) -> None:
        self.render_page(template, base=self.base, words=self.words, here=self.here, **values)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        if self.format == "html":
            super().write_error(status_code, **kwargs)
        else:
            BaseHandler.write_error(self, status_code, **kwargs)

    def options(self, *args: str, **kwargs: str) -> None:
        self.set_header("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
        self.set_header("Access-Control-Max-Age", "86400")
        self.set_status(204)
        self.finish()
