"""Contributing without an account, in four short steps that work without scripts.

Where, what about, what you know, read it again and send. Steps one and two are addresses; what is
written in step three is kept as a draft under a secret address, which survives a reload.
"""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from tornado.routing import URLSpec
from tornado.web import HTTPError, stream_request_body

from api import contribution_mails
from api.addresses import LANGUAGES, address
from api.forms import TOKEN_FIELD, FormPage
from api.handlers.base import BaseHandler, page_routes
from api.parameters import text
from api.sessions import COOKIE
from catalog import communes, live, observations, outbox
from catalog.communes import Commune
from catalog.referential import Service
from catalog.search import search
from catalog.states import State as Fact
from catalog.status import score
from config.errors import Invalid, NotFound
from crowd import accounts, claims, contributions, drafts
from crowd.claims import Kind, Wrong
from crowd.photos import MOST_BYTES
from crowd.receiving import Arrival, Receipt, Sent
from crowd.speakers import RESIDENT, Speaker

COMMUNE = text("commune", "Code of the commune.", max_length=5)
SERVICE = text("service", "The service it is about.", max_length=60)
KIND = text("sujet", "What there is to say.", max_length=20)
SEARCH = text("q", "A commune's name or postal code.", max_length=200)
TRAP = "site_web"  # a field that people do not see
_DETAILS = ("url", "attributes", "wrong", "hours", "comment")
_MULTIPART_ROOM = 10_000  # bytes around a photo in its form


@dataclass(frozen=True, slots=True)
class Place:
    """What receiving a contribution needs of a commune."""

    number: int
    code: str
    name: str


class ContributePage(FormPage):
    """What the steps share: the commune and the service that they are about."""

    form = "contribute"

    async def place(self, code: str) -> Commune:
        async with self.connection() as conn:
            return (await communes.resolve(conn, code)).commune


class SubjectPage(ContributePage):
    """A page that receives what a contribution is about, and what it says."""

    def read_fields(self) -> dict[str, str]:
        return self.read_many("attributes")

    async def where(self, code: str) -> Place:
        """A commune, from memory; of a code that is not today's, from the database."""
        if self.site.published:
            known = self.site.edition.geography
            if (number := known.number_of.get(code)) is not None:
                return Place(number, code, known.names[number])
        found = await self.place(code)
        return Place(found.number, found.code, found.name)

    async def understood(self) -> tuple[Place, Service, Kind, claims.Reading]:
        """The form's subject and its fields. Raises Invalid for a form that is not ours."""
        try:
            kind = Kind(self.fields.get("sujet", ""))
        except ValueError:
            raise Invalid("Not a kind of contribution.", parameter="sujet") from None
        commune = await self.where(self.fields.get("commune", ""))
        named = claims.HOURS_SERVICE if kind is Kind.HOURS else self.fields.get("service", "")
        service = self.site.referential.service(named)
        return commune, service, kind, claims.read(kind, service, self.fields)


class Contribute(SubjectPage):
    """Steps one to three, chosen by what is known already."""

    parameters = (COMMUNE, SERVICE, KIND, SEARCH)

    async def get(self) -> None:
        code, service_id, kind = self.ask(COMMUNE), self.ask(SERVICE), self.ask(KIND)
        if service_id not in self.site.referential.services:
            service_id = None  # the minimum bundle, from the map: the visitor chooses
        if not code:
            await self.ask_where(service_id)
            return
        commune = await self.place(code)
        service = self.site.referential.service(service_id) if service_id else None
        if kind == Kind.HOURS:
            service = self.site.referential.service(claims.HOURS_SERVICE)
        if service is None or kind not in set(Kind):
            self.render_page(
                "contribute_what.html",
                commune=commune,
                service=service,
                kind=kind,
                kinds=list(Kind),
            )
            return
        await self.ask_details(commune, service, Kind(kind), {}, {})

    async def ask_where(self, service_id: str | None) -> None:
        found = None
        asked = (self.ask(SEARCH) or "").strip()
        if asked:
            async with self.connection() as conn:
                found = await search(conn, asked, 10)
        self.render_page("contribute_where.html", asked=asked, found=found, service=service_id)

    async def ask_details(
        self, commune: Commune | Place, service: Service, kind: Kind, sent: Any, mistakes: Any
    ) -> None:
        async with self.connection() as conn:
            held = await observations.of_commune(conn, commune.number, service.id)
        if mistakes:
            self.set_status(422)
        self.render_page(
            "contribute_details.html",
            commune=commune,
            service=service,
            kind=kind,
            known=score(service, held, self.now),
            State=Fact,
            choices=[self.site.referential.attributes[one] for one in claims.choices(service)],
            wrongs=list(Wrong),
            sent={**dict.fromkeys(_DETAILS, ""), **sent},
            ticked=set(sent.get("attributes", "").split("\n")),
            mistakes=mistakes,
            token=await self.form_token(),
            token_field=TOKEN_FIELD,
            trap=TRAP,
            limits=claims,
        )

    async def post(self) -> None:
        opened = await self.opened()
        commune, service, kind, reading = await self.understood()
        if reading.claim is None:
            await self.ask_details(commune, service, kind, self.fields, reading.mistakes)
            return
        self.spend(self.site.contributing, self.network)
        secret = drafts.new_secret()
        kept = {name: self.fields.get(name, "") for name in _DETAILS}
        kept |= {"commune": commune.code, "service": service.id, "sujet": kind.value}
        kept["seconds"] = str((self.now - opened.issued_at).total_seconds())
        kept["trapped"] = self.fields.get(TRAP, "")[:1]
        async with self.connection() as conn:
            await drafts.keep(conn, secret, kept, opened.issued_at)
        self.see_other(self.url("contribute-review", draft=secret))


class Sending(SubjectPage):
    """What sending shares: from a draft, or from what a browser kept while it was offline."""

    async def send_it(
        self, secret: str, fields: Any, seconds: float, *, draft: bool
    ) -> tuple[Receipt, str]:
        """Send; the receipt, and the private link's token. Raises Invalid."""
        self.fields = {**self.fields, **fields}  # what was read again is what is sent
        commune, service, _, reading = await self.understood()
        if reading.claim is None:
            raise Invalid("The contribution is not complete: " + ", ".join(reading.mistakes))
        email = self.fields.get("email", "")
        token = contributions.follow_token(secret)
        sent = Sent(
            commune_number=commune.number,
            service=service,
            claim=reading.claim,
            comment=reading.comment,
            language=self.language,
            network=self.network,
            once=hashlib.sha256(f"once|{secret}".encode()).digest(),
            token=token,
            seconds=seconds,
            trapped=bool(self.fields.get("trapped") or self.fields.get(TRAP)),
            email=outbox.mailbox(email) if email else None,
            thanks_name=" ".join(self.fields.get("nom", "").split())[: claims.LONGEST_NAME] or None,
            speaker=await self.speaker(),
            draft_hash=contributions.token_hash(secret) if draft else None,
        )
        letter = contribution_mails.received(self, commune.name, service, sent)
        receipt = await self.site.intake.submit(Arrival(sent, self.now, letter))
        if receipt.new and receipt.published:
            await asyncio.to_thread(live.settle, self.site.settings)
        return receipt, token

    async def speaker(self) -> Speaker:
        return await person(self)


async def person(page: FormPage) -> Speaker:
    """A resident; one who is logged in as a moderator too, so that they do not decide on it."""
    for name in (COOKIE, f"__Host-{COOKIE}"):
        cookie = page.get_cookie(name)
        if cookie and len(cookie) <= 100:
            async with page.connection() as conn:
                settings = page.site.settings.accounts
                account = await accounts.of_session(conn, cookie, settings)
            if account is not None:
                return Speaker(account_id=account.id)
    return RESIDENT


class Review(Sending):
    """Step four: read it again, add a photo or an address, send. The draft's own page."""

    form = "contribute-send"
    secret_slots = ("draft",)

    async def get(self, draft: str) -> None:
        self.private()
        await self.show(draft, {}, {})

    async def show(self, secret: str, sent: Any, mistakes: Any) -> None:
        async with self.connection() as conn:
            try:
                kept = await drafts.read(conn, secret)
            except NotFound:
                if await self.already(conn, secret):
                    return
                raise
        commune = await self.place(kept.fields["commune"])
        service = self.site.referential.service(kept.fields["service"])
        kind = Kind(kept.fields["sujet"])
        reading = claims.read(kind, service, kept.fields)
        if reading.claim is None:
            raise NotFound("This draft cannot be read any more.")
        if mistakes:
            self.set_status(422)
        self.render_page(
            "contribute_review.html",
            commune=commune,
            service=service,
            kind=kind,
            claim=reading.claim,
            comment=reading.comment,
            private_words=claims.private_in(reading.comment),
            photos=kept.photos,
            draft=secret,
            sent={"email": "", "nom": "", **sent},
            mistakes=mistakes,
            token=await self.form_token(),
            token_field=TOKEN_FIELD,
            most_megabytes=MOST_BYTES // 1_000_000,
        )

    async def already(self, conn: Any, secret: str) -> bool:
        """When the draft was sent before (a double click, the Back button): its follow-up page."""
        token = contributions.follow_token(secret)
        try:
            await contributions.of_token(conn, await self.site.keyring.keys(conn), token)
        except NotFound:
            return False
        self.see_other(self.url("follow", token=token))
        return True

    async def post(self, draft: str) -> None:
        self.private()
        await self.opened()
        mistakes = {}
        if email := self.fields.get("email", ""):
            try:
                outbox.mailbox(email)
            except Invalid:
                mistakes["email"] = "not-an-address"
        if mistakes:
            await self.show(draft, self.fields, mistakes)
            return
        async with self.connection() as conn:
            try:
                kept = await drafts.read(conn, draft)
            except NotFound:
                if await self.already(conn, draft):
                    return
                raise
        _, token = await self.send_it(draft, kept.fields, float(kept.fields["seconds"]), draft=True)
        self.see_other(self.url("follow", token=token))


@stream_request_body
class Photo(ContributePage):
    """The photo of a draft: received apart, because it is larger than any other form."""

    form = "contribute-send"
    secret_slots = ("draft",)

    async def prepare(self) -> None:
        self._received = bytearray()
        self._most = MOST_BYTES + _MULTIPART_ROOM
        self._too_large = False
        connection: Any = self.request.connection
        connection.set_max_body_size(self._most * 2)
        connection.set_body_timeout(120.0)
        await super().prepare()
        self.private()

    def read_fields(self) -> dict[str, str]:
        return {}  # the body is still to come

    def data_received(self, chunk: bytes) -> None:
        if len(self._received) + len(chunk) > self._most:
            self._too_large = True
            self._received.clear()
        elif not self._too_large:
            self._received += chunk

    async def get(self, draft: str) -> None:
        self.private()
        async with self.connection() as conn:
            body = await drafts.photo_of(conn, draft)
        self.send_photo(body)

    def send_photo(self, body: bytes) -> None:
        self.set_header("Content-Disposition", "attachment; filename=photo.jpg")
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.send(body, "image/jpeg", encoding="")

    async def post(self, draft: str) -> None:
        if self._too_large:
            raise HTTPError(413)
        self.fields, files = self.parse_multipart(bytes(self._received))
        await self.opened()
        self.spend(self.site.contributing, self.network)
        async with self.connection() as conn:
            await drafts.read(conn, draft)
        if self.fields.get("retirer"):
            async with self.connection() as conn:
                await drafts.detach(conn, draft)
        elif data := files.get("photo"):
            try:
                photo = await self.site.darkroom.develop(data)
            except Invalid as error:
                self.set_status(415)
                self.render_page("contribute_photo.html", draft=draft, mistake=str(error))
                return
            async with self.connection() as conn:
                await drafts.attach(conn, draft, photo)
        self.see_other(self.url("contribute-review", draft=draft))


class Offline(Sending):
    """What a browser wrote while it was offline, sent at once when it is back.

    `cle` is the draft's own number, made by the browser: sent twice, it is one contribution.
    """

    form = "contribute"

    async def get(self) -> None:
        self.private()
        self.send(json.dumps({TOKEN_FIELD: await self.form_token()}).encode(), "application/json")

    async def post(self) -> None:
        self.private()
        opened = await self.opened()
        key = self.fields.get("cle", "")
        if not 32 <= len(key) <= 100:
            raise Invalid("Thirty-two characters at least.", parameter="cle")
        self.spend(self.site.contributing, self.network)
        seconds = (self.now - opened.issued_at).total_seconds()
        receipt, token = await self.send_it(key, {}, seconds, draft=False)
        answer = {"reference": receipt.reference, "follow": self.url("follow", token=token)}
        self.set_status(201 if receipt.new else 200)
        self.send(json.dumps(answer).encode(), "application/json")


class Worker(BaseHandler):
    """The service worker. Its scope is the pages of the steps, which are above its own folder."""

    strict = False

    def initialize(self, page: str, language: str) -> None:
        self.scope = address("contribute", language)

    async def get(self) -> None:
        found = await self.site.assets.read("js/contribute-worker.js", ())
        self.set_header("Service-Worker-Allowed", self.scope)
        self.set_header("Cache-Control", "no-cache")
        self.send(found.body, "text/javascript; charset=utf-8", encoding="")


def worker_routes() -> list[URLSpec]:
    return [
        URLSpec(
            address("contribute-worker", language) + "$",
            Worker,
            {"page": "contribute-worker", "language": language},
        )
        for language in LANGUAGES
    ]


ROUTES: list[Any] = [
    *worker_routes(),
    *page_routes("contribute", Contribute),
    *page_routes("contribute-offline", Offline),
    *page_routes("contribute-review", Review),
    *page_routes("contribute-photo", Photo),
]
