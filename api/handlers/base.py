"""What all handlers share: strict input, headers, caching, compression, errors.

A handler translates and does nothing else: parse, call the catalogue, answer. The classes
for page builders and API builders are PageHandler and ApiHandler.
"""

import gzip
import json
import logging
import re
import secrets
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

import msgspec
import psycopg
from tornado.httputil import HTTPServerRequest
from tornado.routing import URLSpec
from tornado.web import Application, HTTPError, RequestHandler

from api.addresses import LANGUAGES, PAGES, address, pattern, slots, template_of
from api.compression import accepted
from api.formats import Formats
from api.handlers.sending import Sending
from api.i18n_texts import Texts
from api.openapi import Answer, Operation
from api.parameters import Parameter, read_all
from api.problems import MEDIA_TYPE, problem_of
from api.rate_budget import RateBudget, peer_of, told, wait_or_pass
from api.site import Site
from config.errors import GuichetError, Invalid

log = logging.getLogger("guichet.web")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:\d{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:\d{1,5})?", re.ASCII)
_QUIET = ("/static/", "/tiles/", "/ids/", "/healthz", "/readyz")
LONGEST_LINKED = 500  # characters of a query value that a link of ours repeats
IMMUTABLE = "public, max-age=31536000, immutable"
_FIXED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class BaseHandler(Sending):
    """Common to pages, API, tiles and files."""

    SUPPORTED_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    parameters: ClassVar[tuple[Parameter[Any], ...]] = ()
    strict: ClassVar[bool] = True
    secret_slots: ClassVar[tuple[str, ...]] = ()  # path slots that logs must not hold
    tells_budget: ClassVar[bool] = False  # what is left of it, in the headers of each answer

    request_id: str
    _error: BaseException | None

    def __init__(self, application: Application, request: HTTPServerRequest, **kwargs: Any) -> None:
        # Before super().__init__, which calls set_default_headers.
        self.site = application.settings["site"]
        self.request_id = secrets.token_hex(8)
        self.asked: dict[str, Any] = {}
        self.path_kwargs: dict[str, str] = {}  # Tornado sets it once the path could be read
        self._error = None
        self._retry_after = 1
        self._counted = False
        self.peer = ""
        super().__init__(application, request, **kwargs)

    # ------------------------------------------------------------------ the request

    async def prepare(self) -> None:
        self.site.in_flight += 1
        self._counted = True
        # `remote_ip` is the socket's peer: the server runs with xheaders=False.
        self.peer = peer_of(
            self.request.remote_ip or "",
            self.request.headers.get("X-Forwarded-For"),
            self.site.settings.web.trusted_proxies,
        )
        self.spend(self.site.budget, self.peer)
        self._tell_budget()
        if self.request.method in ("GET", "HEAD"):
            self.asked = read_all(self.parameters, self.request.query_arguments, strict=self.strict)

    def spend(self, budget: RateBudget, who: str) -> None:
        """Count one act of somebody. Raises 429 beyond it; a budget that fails refuses nobody."""
        self.hold_back(wait_or_pass(budget, who))

    def hold_back(self, seconds: float) -> None:
        """Raises 429 when there are seconds to wait."""
        if seconds > 0:
            self._retry_after = max(1, int(seconds + 0.999))
            raise HTTPError(429)

    def _tell_budget(self) -> None:
        if self.tells_budget:
            for name, value in told(self.site.budget, self.peer).items():
                self.set_header(name, value)

    def on_finish(self) -> None:
        if self._counted:
            self._counted = False
            self.site.in_flight -= 1

    def ask[T](self, parameter: Parameter[T]) -> Any:
        """The value of a declared parameter (None when absent and without default)."""
        return self.asked[parameter.name]

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Path segments: UTF-8 without NUL, of a length that a name can have."""
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            raise Invalid("The address is not valid UTF-8.", parameter=name) from None
        if "\x00" in text or len(text) > 500:
            raise Invalid("The address cannot be understood.", parameter=name)
        return text

    async def head(self, *args: str, **kwargs: str) -> None:
        await self.get(*args, **kwargs)  # type: ignore[misc]

    def connection(self) -> AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]:
        """A pooled connection for the length of one question."""
        return self.site.pool.connection()

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @property
    def origin(self) -> str:
        """`https://host` of this site as visitors see it, without a final slash."""
        configured = self.site.settings.web.public_url.rstrip("/")
        if configured:
            return configured
        host = self.request.headers.get("Host", "")
        return f"http://{host if _HOST.fullmatch(host) else 'localhost'}"

    # ------------------------------------------------------------------ the answer

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in _FIXED_HEADERS.items():
            self.set_header(name, value)
        self.set_header("X-Request-Id", self.request_id)

    # ------------------------------------------------------------------ errors

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._error = value  # told by log_request, in the request's only event

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, GuichetError) or not isinstance(error, HTTPError):
            status_code = problem_of(error, status_code, self.request_id).status
        # The reason phrase is the standard one: Tornado would repeat the exception's.
        kwargs.pop("reason", None)
        super().send_error(status_code, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.error_headers(status_code)
        self.write_problem(status_code, kwargs.get("exc_info", (None, None))[1])

    def error_headers(self, status_code: int) -> None:
        self._tell_budget()  # an error begins again from the default headers
        self.set_header("Cache-Control", "no-store")
        if status_code == 405:
            allowed = [m for m in self.SUPPORTED_METHODS if self._has(m)]
            self.set_header("Allow", ", ".join(allowed))
        elif status_code == 429:
            self.set_header("Retry-After", str(self._retry_after))
        elif status_code == 503:
            self.set_header("Retry-After", "5")

    def write_problem(self, status_code: int, error: BaseException | None) -> None:
        problem = problem_of(error, status_code, self.request_id)
        self.set_header("Content-Type", MEDIA_TYPE)
        self.finish(json.dumps(problem.body(), ensure_ascii=True).encode())

    def _has(self, method: str) -> bool:
        if method == "HEAD":
            return self._has("GET")
        found = getattr(type(self), method.lower(), None)
        return found is not None and found is not getattr(RequestHandler, method.lower())

    def render_to_text(self, template: str, context: Mapping[str, Any]) -> str:
        return self.site.templates.get_template(template).render(context)


class ApiHandler(BaseHandler):
    """JSON answers, readable from any site, never with credentials.

    A handler that declares an `operation` is in the OpenAPI document.
    """

    operation: ClassVar[Operation]
    tells_budget = True

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Access-Control-Allow-Origin", "*")
        self.set_header(
            "Access-Control-Expose-Headers",
            "ETag, RateLimit, RateLimit-Policy, Retry-After, X-Guichet-Geography, "
            "X-Guichet-Length, X-Guichet-Date, X-Guichet-Generation",
        )
        self.set_header("Cross-Origin-Resource-Policy", "cross-origin")
        # Should a browser show this as a document, it can run nothing.
        self.set_header(
            "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"
        )

    def reply(self, kind: type[Answer], **fields: Any) -> None:
        """Encode an answer, with the licence, the data's date and the generation in it."""
        site = self.site
        if site.published:
            fields |= {"data_date": site.edition.data_date, "generation": site.edition.id}
        self.send(msgspec.json.encode(kind(**fields)), "application/json")

    def send_packed(self, packed: bytes, media_type: str) -> None:
        """Send bytes that are stored in gzip; unpacked for the rare visitor without it."""
        self.add_vary("Accept-Encoding")
        if "gzip" in accepted(self.request.headers.get("Accept-Encoding", "")):
            self.send(packed, media_type, encoding="gzip")
        else:
            self.send(gzip.decompress(packed), media_type, encoding="")

    def options(self, *args: str, **kwargs: str) -> None:
        self.set_header("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
        self.set_header("Access-Control-Max-Age", "86400")
        self.set_status(204)
        self.finish()


@dataclass(frozen=True, slots=True)
class Choice:
    """The page in one language of the switch."""

    language: str
    url: str
    current: bool


class PageHandler(BaseHandler):
    """HTML pages. Routes come from `page_routes(name, Handler)`, which sets `page` and `language`.

    Pages declare `parameters` as the API does, and read them with `self.ask`. Unknown
    parameters are ignored here, not refused: links that people share grow `fbclid` and the
    like. What is declared is read as strictly as in the API.
    """

    strict = False
    tells_budget = True
    page: str | None = None
    language: str = "fr"

    def initialize(self, page: str | None = None, language: str | None = None) -> None:
        self.page = page
        found = self.request.path.split("/", 2)[1:2]
        self.language = language or (found[0] if found and found[0] in LANGUAGES else "fr")
        self.nonce = secrets.token_urlsafe(16)
        self.t = Texts(self.language)
        self.fmt = Formats(self.language)
        self.set_header("Content-Language", self.language)
        self._set_policy()

    def _set_policy(self) -> None:
        nonce = f"'nonce-{self.nonce}'"
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'self'; script-src 'self' {nonce}; style-src 'self' {nonce}; "
            "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
            "worker-src 'self' blob:; manifest-src 'self'; object-src 'none'; base-uri 'none'; "
            "form-action 'self'; frame-ancestors 'self'",
        )

    def clear(self) -> None:
        super().clear()
        if hasattr(self, "nonce"):  # an error page has the same policy
            self.set_header("Content-Language", self.language)
            self._set_policy()

    def url(self, page: str, language: str | None = None, /, **values: object) -> str:
        """The address of a page, in this page's language unless told otherwise."""
        return address(page, language or self.language, **values)

    def url_for_lang(self, language: str) -> str:
        """This very page in another language, with what was asked of it."""
        # Also called to draw error pages, when the path or the query could not be read.
        values = {name: text for name, text in self.path_kwargs.items() if text}
        if self.page is None or not set(slots(template_of(self.page, language))) <= set(values):
            return address("home", language)
        for parameter in self.parameters:
            sent = self.request.query_arguments.get(parameter.name, [])
            text = sent[0].decode("utf-8", "replace") if sent else ""
            if text and len(text) <= LONGEST_LINKED:
                values[parameter.name] = text
        return address(self.page, language, **values)

    @property
    def canonical(self) -> str:
        return self.origin + self.url_for_lang(self.language)

    @property
    def told_path(self) -> str:
        """This page's path as a report of a difficulty may repeat it: without what opens it."""
        path = self.request.path
        for secret in self.secret_slots:
            if value := self.path_kwargs.get(secret):
                path = path.replace(quote(value, safe=""), "-")
        return path[:LONGEST_LINKED]

    def context(self) -> dict[str, Any]:
        """What every template receives."""
        site = self.site
        return {
            "lang": self.language,
            "t": self.t,
            "tn": self.t.plural,
            "fmt": self.fmt,
            "url": self.url,
            "url_for_lang": self.url_for_lang,
            "languages": [
                Choice(one, self.url_for_lang(one), one == self.language) for one in LANGUAGES
            ],
            "asset": site.assets.url,
            "static_root": f"/static/{site.assets.hash}",
            "csp_nonce": self.nonce,
            "origin": self.origin,
            "canonical": self.canonical,
            "page": self.page,
            "path": self.request.path,
            "told_path": self.told_path,
            "referential": site.referential,
            "generation": site.edition.id if site.published else None,
            "version": site.edition.version if site.published else None,
            "data_date": site.edition.data_date if site.published else None,
            "now": self.now,
        }

    def render_page(self, template: str, **values: Any) -> None:
        """Answer with a template of api/pages, given `context()` and these values."""
        self.write_page(template, values)

    def write_page(self, template: str, values: Mapping[str, Any]) -> None:
        # A page that holds a nonce differs each time, and so does its tag: never a 304, which
        # would join an old body to a new policy.
        body = self.render_to_text(template, {**self.context(), **values}).encode("utf-8")
        self.send(body, "text/html; charset=utf-8")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None))[1]
        problem = problem_of(error, status_code, self.request_id)
        self.error_headers(status_code)
        try:
            self.write_page("error.html", {"problem": problem})
        except Exception:
            # The error page must not depend on what may be broken.
            log.exception("the error page %s could not be drawn", self.request_id)
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.finish(
                f"<!doctype html><html lang=en><title>{problem.status}</title>"
                f"<h1>{problem.status} {problem.title}</h1><p>Identifier: {problem.id}</p>"
            )


class NotFoundPage(PageHandler):
    """Any address that no route knows."""

    async def prepare(self) -> None:
        await super().prepare()
        raise HTTPError(404)


class NotFoundApi(ApiHandler):
    strict = False

    async def prepare(self) -> None:
        await super().prepare()
        raise HTTPError(404)


def page_routes(name: str, handler: type[PageHandler]) -> list[URLSpec]:
    """The two routes of a page of `api.addresses.PAGES`."""
    return [
        URLSpec(pattern(template) + "$", handler, {"page": name, "language": language})
        for template, language in zip(PAGES[name], LANGUAGES, strict=True)
    ]


def route_of(handler: RequestHandler) -> str:
    """The template of the address, without any value of it; `-` for those that no route knows."""
    page = getattr(handler, "page", None)
    if page is not None:
        return template_of(page, getattr(handler, "language", "fr"))
    names: Mapping[type, str] = handler.application.settings["route_names"]
    return names.get(type(handler), "-")


def log_request(handler: RequestHandler) -> None:
    """One event per request, escaped by config.logs, whatever the visitor sent."""
    status = handler.get_status()
    error = getattr(handler, "_error", None)
    site: Site = handler.application.settings["site"]
    method = handler.request.method or ""
    site.metrics.request(route_of(handler), method, status, handler.request.request_time(), error)
    # Never the query: it may hold a position or what a person searched for.
    path = urlsplit(handler.request.uri or "").path[:300]
    # Nor what opens a kept simulation, which holds what a person asked.
    for secret in getattr(handler, "secret_slots", ()):
        if value := getattr(handler, "path_kwargs", {}).get(secret):
            path = path.replace(value, f"{{{secret}}}")
    event: dict[str, Any] = {
        "request": getattr(handler, "request_id", None),
        "method": method[:20],
        "path": path,
        "status": status,
        "ms": round(1000 * handler.request.request_time(), 1),
    }
    reason = ""
    # A refusal of ours says all that there is to know: the walk to it would cost more than an
    # answer, at the very moment when too many ask.
    refusal = isinstance(error, GuichetError) and error.__cause__ is None
    if error is not None and (status < 500 or refusal):
        # 422 is about the values of somebody's case, which its words may repeat.
        words = "" if status == 422 else f": {error}"
        reason = f" {type(error).__name__}{words}"[:300]
    level = logging.INFO
    if status >= 500:
        level = logging.WARNING if refusal else logging.ERROR
    elif status < 400 and path.startswith(_QUIET):
        level = logging.DEBUG  # a map view asks for dozens of these
    log.log(
        level,
        "%(method)s %(path)s %(status)d in %(ms)s ms [%(request)s]" + reason.replace("%", "%%"),
        event,
        extra=event,
        exc_info=error if error is not None and status >= 500 and not refusal else None,
    )
