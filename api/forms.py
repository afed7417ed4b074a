"""Forms sent by people: where they come from, and their fields, read strictly.

A page that receives a form extends FormPage. A form is believed to come from one of our pages
only when the browser says so (Origin); every form carries a token as well, which says which form
it was and when it was opened (crowd.signing).
"""

import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tornado.httputil import HTTPFile, HTTPInputError, parse_body_arguments
from tornado.web import HTTPError

from api.handlers.base import PageHandler
from config.errors import Invalid, Refused
from crowd.networks import network_of
from crowd.signing import FormToken, Keys

TOKEN_FIELD = "jeton"  # noqa: S105 (the name of a field)
LONGEST_FIELD = 10_000  # characters, of any field of any form; each form says its own limits
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
# What a browser would read as a path of ours: one slash, a language, then plain characters.
_LOCAL = re.compile(r"/(fr|en)/[A-Za-z0-9/._~!$&'()*+,;=:@%?-]*", re.ASCII)


def local_path(text: str, otherwise: str) -> str:
    """`text` when it is an address of this site's pages, else `otherwise`.

    Nothing that a browser could take for another site: no second slash, no backslash, no scheme.
    """
    fine = len(text) <= 500 and _LOCAL.fullmatch(text) and "//" not in text and ".." not in text
    return text if fine else otherwise


def same_origin(headers: Mapping[str, str], origin: str, *, fixed: bool) -> bool:
    """Whether a browser sent this form from one of our own pages.

    All current browsers send Origin with a POST. `fixed`: the public address is configured, and
    the scheme is compared too; else behind a proxy we may not know that visitors use https.
    """
    sent = headers.get("Origin", "")
    site = headers.get("Sec-Fetch-Site", "same-origin")
    if site != "same-origin" or not sent or sent == "null":
        return False
    if fixed:
        return sent == origin
    return bool(urlsplit(sent).netloc) and urlsplit(sent).netloc == urlsplit(origin).netloc


class FormPage(PageHandler):
    """A page that receives forms. `self.fields` holds what was sent, one text per field."""

    form: ClassVar[str] = ""  # its purpose, in tokens
    longest_open: ClassVar[timedelta] = timedelta(hours=24)
    fields: dict[str, str]

    async def prepare(self) -> None:
        await super().prepare()
        self.fields = {}
        if self.request.method == "POST":
            self.refuse_other_origins()
            self.fields = self.read_fields()

    def refuse_other_origins(self) -> None:
        """Raises Refused for a form that another site made a browser send."""
        fixed = bool(self.site.settings.web.public_url)
        if not same_origin(self.request.headers, self.origin, fixed=fixed):
            raise Refused("This form was not sent from a page of this site.")

    def read_fields(self) -> dict[str, str]:
        """The body's fields. Raises Invalid for what no form of ours sends, 415 for no form."""
        media = self.request.headers.get("Content-Type", "").split(";", 1)[0].strip().lower()
        if media not in _FORMS:
            raise HTTPError(415)
        return read_fields(self.request.body_arguments)

    def read_many(self, *many: str) -> dict[str, str]:
        """The body's fields, when those of `many` may be repeated (check boxes)."""
        return read_fields(self.request.body_arguments, many)

    def parse_multipart(self, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
        """The fields and the files of a body that was received in pieces.

        Raises 415 when it is not such a form, Invalid when it is broken.
        """
        media = self.request.headers.get("Content-Type", "")
        if not media.lower().startswith("multipart/form-data"):
            raise HTTPError(415)
        arguments: dict[str, list[bytes]] = {}
        files: dict[str, list[HTTPFile]] = {}
        try:
            parse_body_arguments(media, body, arguments, files)
        except HTTPInputError:
            raise Invalid("The form that was sent is broken.") from None
        return read_fields(arguments), {name: bytes(found[0].body) for name, found in files.items()}

    @property
    def network(self) -> str:
        """Where the visitor comes from, truncated: all that is ever kept of it."""
        return network_of(self.peer)

    async def keys(self) -> Keys:
        """What signs forms: read from the database once a minute."""
        if (held := self.site.keyring.held) is not None:
            return held
        async with self.connection() as conn:
            return await self.site.keyring.keys(conn)

    async def form_token(self) -> str:
        """A token for the form that this page is about to show."""
        return (await self.keys()).issue(self.form, self.now)

    async def opened(self) -> FormToken:
        """The token that came with the form. Raises BadToken (Refused)."""
        keys = await self.keys()
        sent = self.fields.get(TOKEN_FIELD, "")
        return keys.read(sent, self.form, self.now, self.longest_open)

    def private(self) -> None:
        """What this page shows is for one person: nothing keeps it, no link leads back to it."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("X-Robots-Tag", "noindex")

    def see_other(self, address: str) -> None:
        """After a form: another page, so that a reload does not send it again."""
        self.redirect(address, status=303)


def read_fields(sent: Mapping[str, list[bytes]], many: Collection[str] = ()) -> dict[str, str]:
    """One text per field; those of `many` may be repeated, and are joined by line breaks.

    Raises Invalid naming a field that is repeated, too long, not UTF-8 or holds NUL. Line breaks
    are as a browser's textarea shows them, and ends are trimmed.
    """
    found: dict[str, str] = {}
    for name, values in sent.items():
        if len(values) > 1 and name not in many:
            raise Invalid("Given more than once.", parameter=_shown(name))
        try:
            texts = [value.decode("utf-8") for value in values]
        except UnicodeDecodeError:
            raise Invalid("Not valid UTF-8.", parameter=_shown(name)) from None
        text = "\n".join(texts).replace("\r\n", "\n").replace("\r", "\n").strip()
        if "\x00" in text:
            raise Invalid("Holds the character NUL.", parameter=_shown(name))
        if len(text) > LONGEST_FIELD:
            raise Invalid(f"At most {LONGEST_FIELD} characters.", parameter=_shown(name))
        found[name] = text
    return found


def _shown(name: Any) -> str:
    return str(name)[:80]
