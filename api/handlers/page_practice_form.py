"""Sharing a good practice in four short steps; its owner's private page afterwards."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from api import practice_mails
from api.agent_session import whole_mandates
from api.forms import TOKEN_FIELD, FormPage
from api.handlers.base import page_routes
from api.handlers.page_contribute import TRAP, person
from api.parameters import text
from catalog import communes, outbox, row_numbers
from catalog.communes import Commune
from catalog.outbox import Mail
from catalog.search import search
from config.errors import Conflict, Invalid, NotFound
from crowd import contributions, drafts, practices
from crowd.practices import LONGEST, Outcome, Practice, Reading, Sent
from crowd.speakers import Kind as Speaking
from crowd.speakers import Speaker

COMMUNE = text("commune", "Code of the commune.", max_length=5)
SERVICE = text("service", "The service it is about.", max_length=60)
SEARCH = text("q", "A commune's name or postal code.", max_length=200)
FIELDS = ("title", "what", "partners", "cost", "months", "wrong", "url")
BASE = "base"  # the version that its author corrects


class PracticePage(FormPage):
    """What the steps share."""

    form = "practice"

    async def place(self, code: str) -> Commune:
        async with self.connection() as conn:
            return (await communes.resolve(conn, code)).commune

    def details(self, template: str, sent: Any, mistakes: Any, **more: Any) -> None:
        if mistakes:
            self.set_status(422)
        self.render_page(
            template,
            sent={**dict.fromkeys(FIELDS, ""), **sent},
            mistakes={field: mistakes[field] for field in FIELDS if field in mistakes},
            fields=FIELDS,
            longest=LONGEST,
            token_field=TOKEN_FIELD,
            trap=TRAP,
            **more,
        )


class New(PracticePage):
    """Steps one to three: where, which service, and the sheet."""

    parameters = (COMMUNE, SERVICE, SEARCH)

    async def get(self) -> None:
        code, service_id = self.ask(COMMUNE), self.ask(SERVICE)
        known = self.site.referential.services
        if not code:
            found = None
            asked = (self.ask(SEARCH) or "").strip()
            if asked:
                async with self.connection() as conn:
                    found = await search(conn, asked, 10)
            self.render_page("practice_where.html", asked=asked, found=found,
                             service=service_id if service_id in known else None)  # fmt: skip
            return
        commune = await self.place(code)
        if service_id not in known:
            self.render_page("practice_what.html", commune=commune)
            return
        await self.show(commune, service_id, {}, {})

    async def show(self, commune: Commune, service_id: str, sent: Any, mistakes: Any) -> None:
        self.details(
            "practice_details.html", sent, mistakes, commune=commune,
            service=self.site.referential.service(service_id), token=await self.form_token(),
            owner=None, base=None, conflict=None,
        )  # fmt: skip

    async def post(self) -> None:
        opened = await self.opened()
        commune = await self.place(self.fields.get("commune", ""))
        service = self.site.referential.service(self.fields.get("service", ""))
        found = practices.read(self.fields)
        if found.words is None:
            await self.show(commune, service.id, self.fields, found.mistakes)
            return
        self.spend(self.site.contributing, self.network)
        kept = {name: self.fields.get(name, "") for name in FIELDS}
        kept |= {"commune": commune.code, "service": service.id, "practice": "1"}
        kept["seconds"] = str((self.now - opened.issued_at).total_seconds())
        kept["trapped"] = self.fields.get(TRAP, "")[:1]
        secret = drafts.new_secret()
        async with self.connection() as conn:
            await drafts.keep(conn, secret, kept, opened.issued_at)
        self.see_other(self.url("practice-review", draft=secret))


class Review(PracticePage):
    """Step four: read it again, leave an address or not, send. The draft's own page."""

    form = "practice-send"
    secret_slots = ("draft",)

    async def get(self, draft: str) -> None:
        self.private()
        await self.show(draft, {}, {})

    async def kept(self, draft: str) -> tuple[dict[str, str], Reading] | None:
        """The draft and what it says; None: it was sent before, and its page is shown."""
        async with self.connection() as conn:
            try:
                held = await drafts.read(conn, draft)
            except NotFound:
                token = contributions.follow_token(draft)
                try:
                    await practices.of_token(conn, await self.site.keyring.keys(conn), token)
                except NotFound:
                    raise NotFound("This draft is not kept any more.") from None
                self.see_other(self.url("practice-owner", token=token))
                return None
        fields = dict(held.fields)
        found = practices.read(fields)
        if not fields.get("practice") or found.words is None:
            raise NotFound("This draft cannot be read any more.")
        return fields, found

    async def show(self, draft: str, sent: Any, mistakes: Any) -> None:
        held = await self.kept(draft)
        if held is None:
            return
        fields, found = held
        if mistakes:
            self.set_status(422)
        commune = await self.place(fields["commune"])
        self.render_page(
            "practice_review.html",
            words=found.words,
            commune=commune,
            service=self.site.referential.service(fields["service"]),
            agent=(await self.speaker(commune))[0].kind is Speaking.AGENT,
            draft=draft,
            sent={"email": "", **sent},
            mistakes=mistakes,
            token=await self.form_token(),
            token_field=TOKEN_FIELD,
        )

    async def speaker(self, commune: Commune) -> tuple[Speaker, int | None]:
        """The mairie, when this browser holds its mandate; else a person, and a moderator's
        account when they are logged in, so that they do not decide on it."""
        for held in await whole_mandates(self):
            if held.commune_number == commune.number:
                said = Speaker(Speaking.AGENT, held.actor, frozenset((commune.number,)))
                return said, held.id
        return await person(self), None

    async def post(self, draft: str) -> None:
        self.private()
        await self.opened()
        email = self.fields.get("email", "")
        if email:
            try:
                email = outbox.mailbox(email)
            except Invalid:
                await self.show(draft, self.fields, {"email": "not-an-address"})
                return
        held = await self.kept(draft)
        if held is None:
            return
        fields, found = held
        if found.words is None:
            raise NotFound("This draft cannot be read any more.")
        commune = await self.place(fields["commune"])
        speaker, mandate_id = await self.speaker(commune)
        token = contributions.follow_token(draft)
        sent = Sent(
            commune_number=commune.number,
            service=self.site.referential.service(fields["service"]).id,
            words=found.words,
            language=self.language,
            network=self.network,
            once=hashlib.sha256(f"practice|{draft}".encode()).digest(),
            token=token,
            seconds=float(fields["seconds"]),
            trapped=bool(fields.get("trapped")),
            email=email or None,
            speaker=speaker,
            mandate_id=mandate_id,
            draft_hash=contributions.token_hash(draft),
        )
        keys = await self.keys()
        async with self.connection() as conn:
            await practices.submit(
                conn, keys, sent, self.site.settings.practices,
                self.letter(email) if email else None,
            )  # fmt: skip
        self.see_other(self.url("practice-owner", token=token))

    def letter(self, to: str) -> practices.Letter:
        def write(reference: str, link: str) -> Mail:
            return practice_mails.compose(
                "received", to=to, language=self.language, origin=self.origin, link=link,
                reference=reference,
            )  # fmt: skip

        return write


class OwnerPage(PracticePage):
    form = "practice-owner"
    secret_slots = ("token",)

    async def owned(self, token: str) -> Practice:
        self.private()
        if len(token) > 200:
            raise NotFound("This link opens nothing.")
        async with self.connection() as conn:
            return await practices.of_token(conn, await self.site.keyring.keys(conn), token)


class Owner(OwnerPage):
    """Where the sheet is, why, what became of it; correct it, take it away."""

    async def get(self, token: str) -> None:
        await self.show(await self.owned(token), token)

    async def show(self, one: Practice, token: str) -> None:
        async with self.connection() as conn:
            happened = await practices.steps(conn, one.id)
        self.render_page(
            "practice_owner.html",
            one=one,
            service=self.site.referential.services.get(one.service),
            steps=happened,
            outcomes=list(Outcome),
            link=token,
            token=await self.form_token(),
            token_field=TOKEN_FIELD,
        )

    async def post(self, token: str) -> None:
        one = await self.owned(token)
        await self.opened()
        async with self.connection() as conn:
            match self.fields.get("action", ""):
                case "outcome":
                    await practices.say_outcome(conn, one, self.fields.get("outcome", ""))
                case "withdraw":
                    await practices.withdraw(conn, one)
                case _:
                    raise Invalid("Not something that this page does.", parameter="action")
        self.see_other(self.url("practice-owner", token=token))


class Revise(OwnerPage):
    """A new version, from the last one."""

    form = "practice-revise"

    async def get(self, token: str) -> None:
        one = await self.owned(token)
        sent = {name: "" if getattr(one, name) is None else str(getattr(one, name))
                for name in FIELDS}  # fmt: skip
        await self.show(one, token, sent, {}, one.latest)

    async def show(
        self, one: Practice, token: str, sent: Any, mistakes: Any, base: int, *,
        conflict: bool = False,
    ) -> None:  # fmt: skip
        self.details(
            "practice_details.html", sent, mistakes, commune=await self.place(one.commune_code),
            service=self.site.referential.service(one.service), token=await self.form_token(),
            owner=token, base=base, conflict=one if conflict else None,
        )  # fmt: skip

    async def post(self, token: str) -> None:
        one = await self.owned(token)
        opened = await self.opened()
        if (base := row_numbers.read(self.fields.get(BASE, ""))) is None:
            raise Invalid("Open the page again.", parameter=BASE)
        found = practices.read(self.fields)
        if found.words is None:
            await self.show(one, token, self.fields, found.mistakes, base)
            return
        self.spend(self.site.contributing, self.network)
        once = hashlib.sha256(b"practice-revise|" + opened.nonce).digest()
        try:
            async with self.connection() as conn:
                await practices.revise(conn, one, base, found.words, once)
        except Conflict:
            self.set_status(409)
            await self.show(one, token, self.fields, {}, one.latest, conflict=True)
            return
        self.see_other(self.url("practice-owner", token=token))


class Export(OwnerPage):
    """All that is kept of a sheet, as a file."""

    async def get(self, token: str) -> None:
        one = await self.owned(token)
        async with self.connection() as conn:
            happened = await practices.steps(conn, one.id)
        name = f"guichet-{one.reference}-{datetime.now(UTC):%Y%m%d}.json"
        self.set_header("Content-Disposition", f"attachment; filename={name}")
        self.send(practices.exported(one, happened), "application/json")


ROUTES: list[Any] = [
    *page_routes("practice-new", New),
    *page_routes("practice-review", Review),
    *page_routes("practice-export", Export),
    *page_routes("practice-revise", Revise),
    *page_routes("practice-owner", Owner),
]
