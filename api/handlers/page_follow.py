"""The private page of a contribution: where it is, why, and what its author may do."""

import asyncio
from typing import Any

from api.forms import TOKEN_FIELD, FormPage
from api.handlers.base import page_routes
from catalog import communes, live, observations
from catalog.states import State as Fact
from catalog.status import score
from config.errors import Invalid, NotFound
from crowd import contributions, following
from crowd.claims import Claim
from crowd.contributions import Contribution


class FollowPage(FormPage):
    form = "follow"
    secret_slots = ("token",)

    async def opened_by(self, token: str) -> tuple[Contribution, bool]:
        """The contribution of a private link, and whether a mail brought it. Raises NotFound."""
        self.private()
        if len(token) > 200:
            raise NotFound("This link opens nothing.")
        async with self.connection() as conn:
            keys = await self.site.keyring.keys(conn)
            return await contributions.of_token(conn, keys, token)


class Follow(FollowPage):
    async def get(self, token: str) -> None:
        one, by_mail = await self.opened_by(token)
        service = self.site.referential.service(one.service)
        fewest = self.site.settings.crowd.fewest_for_delays
        async with self.connection() as conn:
            commune = await communes.by_number(conn, one.commune_number)
            happened = await following.steps(conn, one.id)
            held = await observations.of_commune(conn, one.commune_number, one.service)
            visible, visible_at = await following.on_the_map(conn, one.id)
            here = await following.delay(conn, one.commune_number, fewest)
            everywhere = await following.delay(conn, None, fewest)
            photo = await following.has_photo(conn, one.id)
        self.render_page(
            "follow.html",
            one=one,
            claim=Claim.of(one.claim),
            commune=commune,
            service=service,
            steps=happened,
            visible=visible,
            visible_at=visible_at,
            State=Fact,
            now_said=score(service, held, self.now),
            before=Fact(one.before.get("state", 0)),
            here=here,
            everywhere=everywhere,
            photo=photo,
            link=token,
            may_answer=following.may_answer(one),
            may_confirm=by_mail and one.email is not None and one.confirmed_at is None,
            token=await self.form_token(),
            token_field=TOKEN_FIELD,
        )

    async def post(self, token: str) -> None:
        one, by_mail = await self.opened_by(token)
        await self.opened()
        match self.fields.get("action", ""):
            case "answer":
                text = self.fields.get("answer", "")
                if not 0 < len(text) <= following.LONGEST_ANSWER:
                    raise Invalid("An answer has 1 to 1,000 characters.", parameter="answer")
                async with self.connection() as conn:
                    await following.answer(conn, one, text)
            case "confirm" if by_mail:
                service = self.site.referential.service(one.service)
                async with self.connection() as conn:
                    published = await following.confirm(conn, one, service, self.now)
                if published:
                    await asyncio.to_thread(live.settle, self.site.settings)
            case "erase":
                async with self.connection() as conn:
                    await following.erase(conn, one)
            case _:
                raise Invalid("Not something that this page does.", parameter="action")
        self.see_other(self.url("follow", token=token))


class Export(FollowPage):
    """All that is kept of a contribution, as a file."""

    async def get(self, token: str) -> None:
        one, _ = await self.opened_by(token)
        async with self.connection() as conn:
            happened = await following.steps(conn, one.id)
            photo = await following.photo(conn, one.id)
        name = f"guichet-{one.reference}.json"
        self.set_header("Content-Disposition", f"attachment; filename={name}")
        self.send(following.exported(one, happened, len(photo or b"")), "application/json")


class FollowPhoto(FollowPage):
    """The photo that its author sent, as it is kept."""

    async def get(self, token: str) -> None:
        one, _ = await self.opened_by(token)
        async with self.connection() as conn:
            photo = await following.photo(conn, one.id)
        if photo is None:
            raise NotFound("There is no photo.")
        self.set_header("Content-Disposition", "attachment; filename=photo.jpg")
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.send(photo, "image/jpeg", encoding="")


ROUTES: list[Any] = [
    *page_routes("follow", Follow),
    *page_routes("follow-export", Export),
    *page_routes("follow-photo", FollowPhoto),
]
