"""Visitors who contribute, each on a network."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

CODE, SERVICE = "69143", "nursery"  # Neuville-sur-Saône: nothing is known of its crèche


class Visitor:
    """A browser on one network, which fills the form as a person would."""

    def __init__(self, running: Any, hidden: Any, network: str = "203.0.113.7") -> None:
        self.running, self.hidden = running, hidden
        self.browser: httpx.AsyncClient = running.another_browser()
        self.browser.headers["X-Forwarded-For"] = network

    async def draft(
        self, sujet: str = "exists", code: str = CODE, service: str = SERVICE, **fields: Any
    ) -> httpx.Response:
        page = await self.browser.get(
            "/fr/contribuer", params={"commune": code, "service": service, "sujet": sujet}
        )
        assert page.status_code == 200, page.text
        sent = {"jeton": self.hidden(page.text, "jeton"), "commune": code, "service": service,
                "sujet": sujet, **fields}  # fmt: skip
        return await self.browser.post("/fr/contribuer", data=sent)

    async def review(self, address: str) -> str:
        page = await self.browser.get(address)
        assert page.status_code == 200, page.text
        return page.text

    async def send(self, address: str, **fields: str) -> httpx.Response:
        token = self.hidden(await self.review(address), "jeton")
        return await self.browser.post(address, data={"jeton": token, **fields})

    async def contribute(
        self,
        sujet: str = "exists",
        code: str = CODE,
        service: str = SERVICE,
        email: str = "",
        nom: str = "",
        **fields: Any,
    ) -> str:
        """The address of the follow-up page."""
        kept = await self.draft(sujet, code, service, **fields)
        assert kept.status_code == 303, kept.text
        done = await self.send(kept.headers["Location"], email=email, nom=nom)
        assert done.status_code == 303, done.text
        return done.headers["Location"]

    async def follow(self, address: str) -> str:
        return (await self.browser.get(address)).text


@pytest.fixture
async def visit(france_site: Any, hidden: Any) -> AsyncIterator[Any]:
    """A function (network): a visitor. The form is read in more than the fastest time."""
    from dataclasses import replace

    from crowd import policy

    # The tests fill forms in milliseconds; test_policy tries the real limit.
    policy_limits = replace(policy.LIMITS, fastest_seconds=0.0)
    opened: list[Visitor] = []

    def make(network: str = "203.0.113.7") -> Visitor:
        opened.append(Visitor(france_site, hidden, network))
        return opened[-1]

    before = policy.decide.__defaults__
    policy.decide.__defaults__ = (policy_limits,)
    yield make
    policy.decide.__defaults__ = before
    for one in opened:
        await one.browser.aclose()


@pytest.fixture(scope="session")
def visitor() -> type[Visitor]:
    """What makes a visitor whom the policy's real limits judge."""
    return Visitor
