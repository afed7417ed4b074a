"""« Jetons » : how a commune's agent gives a program the right to declare, and takes it back."""

from typing import Any

from api.handlers.base import page_routes
from api.handlers.page_mairie import Agent
from catalog import row_numbers
from config.errors import Conflict, Invalid
from crowd import tokens


class Tokens(Agent):
    """The tokens of the commune, one more, or one less. A new one is on this page only."""

    whole = True

    async def get(self, code: str) -> None:
        await self.show()

    async def show(self, token: str | None = None, mistake: str | None = None) -> None:
        async with self.connection() as conn:
            found = await tokens.listed(conn, self.commune.number)
        self.render_page(
            "mairie_tokens.html", tokens=found, token=token, mistake=mistake,
            proof=self.session_proof, holder=self.holder, longest=tokens.LONGEST_LABEL,
            most=tokens.MOST,
        )  # fmt: skip

    async def post(self, code: str) -> None:
        revoked = self.fields.get("revoquer", "")
        if revoked:
            if (number := row_numbers.read(revoked)) is None:
                raise Invalid("There is no such token.", parameter="revoquer")
            async with self.connection() as conn:
                await tokens.revoke(conn, self.holder, number)
            self.see_other(self.url("mairie-tokens", code=self.commune.code))
            return
        try:
            async with self.connection() as conn:
                token = await tokens.issue(conn, self.holder, self.fields.get("nom", ""))
        except Invalid:
            self.set_status(422)
            await self.show(mistake="token_name")
            return
        except Conflict:
            self.set_status(409)
            await self.show(mistake="token_enough")
            return
        self.set_header("Cache-Control", "no-store")
        await self.show(token=token)


ROUTES: list[Any] = [*page_routes("mairie-tokens", Tokens)]
