"""Logging in and out, for moderators and administrators."""

from typing import Any

from api.forms import TOKEN_FIELD, local_path
from api.handlers.base import page_routes
from api.parameters import text
from api.sessions import SessionPage
from crowd import accounts, passwords
from crowd.accounts import Wait

NEXT = text("next", "Where to go afterwards, on this site.", max_length=500)
LONGEST_EMAIL = 254


class Login(SessionPage):
    form = "login"
    parameters = (NEXT,)

    async def get(self) -> None:
        wanted = self.destination(self.ask(NEXT) or "")
        if self.account is not None:
            self.redirect(wanted)
            return
        await self.show(wanted)

    async def post(self) -> None:
        wanted = self.destination(self.fields.get("next", ""))
        await self.opened()  # our own form, opened today
        email = self.fields.get("email", "")[:LONGEST_EMAIL]
        async with self.connection() as conn:
            found = await accounts.log_in(
                conn,
                self.site.verifier,
                await self.site.keyring.keys(conn),
                self.site.settings.accounts,
                email=email,
                password=self.fields.get("password", "")[: passwords.LONGEST + 1],
                network=self.network,
                former=self.session_cookie,
            )
        if isinstance(found, str):
            self.keep_session(found, self.site.settings.accounts.longest_seconds)
            self.see_other(wanted)
            return
        if isinstance(found, Wait):
            seconds = max(1, int(found.seconds + 0.999))
            self.set_status(429)
            self.set_header("Retry-After", str(seconds))
            await self.show(wanted, email=email, wait=seconds)
            return
        # The same words whether the account exists or not.
        self.set_status(422)
        await self.show(wanted, email=email, wrong=True)

    def destination(self, sent: str) -> str:
        return local_path(sent, otherwise=self.url("home"))

    async def show(self, wanted: str, **more: Any) -> None:
        values = {"email": "", "wait": 0, "wrong": False, **more}
        token = await self.form_token()
        self.render_page(
            "login.html", wanted=wanted, token=token, token_field=TOKEN_FIELD, **values
        )


class Logout(SessionPage):
    def get(self) -> None:
        self.render_page("logout.html", proof=self.session_proof, token_field=TOKEN_FIELD)

    async def post(self) -> None:
        if self.account is not None and self.token is not None:
            self.check_session_proof()
            async with self.connection() as conn:
                await accounts.log_out(conn, self.account, self.token)
        self.drop_session()
        self.see_other(self.url("home"))


ROUTES: list[Any] = [*page_routes("login", Login), *page_routes("logout", Logout)]
