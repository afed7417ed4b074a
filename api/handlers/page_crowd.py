"""What is said of contributions to everybody: who decides, what changed, what is kept how long."""

from typing import Any

from api.handlers.base import PageHandler, page_routes
from api.parameters import cursor, text
from catalog import communes
from catalog.states import State
from crowd import following, owners, policy, retention

BEFORE = cursor("avant", "Before this one.")
COMMUNE = text("commune", "Code of a commune; absent: everywhere.", max_length=5)
PAGE = 50


class Policy(PageHandler):
    def get(self) -> None:
        self.render_page(
            "crowd_policy.html", rules=policy.RULES, limits=policy.LIMITS, hiding=owners.REASONS
        )


class Thanks(PageHandler):
    """What changed thanks to people, and how long it took: anywhere, or in one commune."""

    parameters = (BEFORE, COMMUNE)

    async def get(self) -> None:
        fewest = self.site.settings.crowd.fewest_for_delays
        code = self.ask(COMMUNE)
        async with self.connection() as conn:
            commune = (await communes.resolve(conn, code)).commune if code else None
            number = None if commune is None else commune.number
            changed = await following.changed(conn, self.ask(BEFORE) or None, PAGE + 1, number)
            delay = await following.delay(conn, None, fewest)
            delays = [] if commune else await following.delays(conn, fewest)
            here = None if number is None else await following.delay(conn, number, fewest)
        self.render_page(
            "thanks.html",
            changed=changed[:PAGE],
            following=changed[PAGE - 1].id if len(changed) > PAGE else None,
            commune=commune,
            delay=delay,
            here=here,
            delays=delays,
            fewest=fewest,
            State=State,
        )


class Register(PageHandler):
    def get(self) -> None:
        self.render_page("register.html", kept=retention.register(self.site.settings))


ROUTES: list[Any] = [
    *page_routes("crowd-policy", Policy),
    *page_routes("thanks", Thanks),
    *page_routes("register", Register),
]
