"""What a commune's own site shows of it: one answer, in words, for the embedded card."""

from datetime import datetime

import msgspec

from api.addresses import LANGUAGES, address
from api.handlers.base import ApiHandler
from api.handlers.v1_people import HoursState, hours_state
from api.openapi import Answer, Operation, TemplateRoute
from catalog import communes, offices
from catalog import status as scoring


class CardOffice(msgspec.Struct):
    """The town hall. Null: not published; `phone_withheld`: hidden at the commune's wish."""

    name: str
    address: str | None
    phone: str | None
    phone_withheld: bool
    email: str | None
    website: str | None
    hours: HoursState
    source: str
    observed_at: datetime


class CardService(msgspec.Struct):
    """One service: its title and state in words, and the page that holds the proof."""

    service: str
    title: dict[str, str]
    state: str
    words: dict[str, str]
    provider: dict[str, str] | None
    url: str | None
    proof: dict[str, str]
    observed_at: datetime | None


class CardAnswer(Answer, kw_only=True):
    code: str
    name: str
    page: dict[str, str]
    office: CardOffice | None
    services: list[CardService]
    unknown: int


class Card(ApiHandler):
    operation = Operation(
        "communeCard", "A commune's card, for its own site", "Communes", CardAnswer,
        description="Services of which nothing is known are counted, and not listed.",
    )  # fmt: skip

    async def get(self, code: str) -> None:
        site = self.site
        async with self.connection() as conn:
            commune = (await communes.resolve(conn, code)).commune
            held = await scoring.of_commune(conn, site.referential, commune.number, self.now)
            around = await offices.of_commune(conn, commune.number, self.now)
        pages = {one: self.origin + address("commune", one, code=commune.code) for one in LANGUAGES}
        mairie = next((one for one in around if one.kind == "mairie"), None)
        services = []
        for service in site.referential.services.values():
            found = held[service.id]
            if found.decided_by is None:
                continue
            link = found.url if (found.url or "").startswith(("http://", "https://")) else None
            provider = None
            if found.provider not in (None, "commune"):
                provider = {
                    one: site.referential.provider_title(str(found.provider), one)
                    for one in LANGUAGES
                }
            services.append(
                CardService(
                    service=service.id,
                    title={one: service.title(one) for one in LANGUAGES},
                    state=found.state.slug,
                    words={one: found.state.title(one) for one in LANGUAGES},
                    provider=provider,
                    url=link,
                    proof={one: f"{pages[one]}#{service.id}" for one in LANGUAGES},
                    observed_at=found.decided_by.observed_at,
                )
            )
        self.reply(
            CardAnswer,
            code=commune.code,
            name=commune.name,
            page=pages,
            office=None if mairie is None else CardOffice(
                name=mairie.name, address=mairie.address, phone=mairie.phone,
                phone_withheld=mairie.phone_withheld_since is not None, email=mairie.email,
                website=mairie.website, hours=hours_state(mairie.state),
                source=mairie.source_id, observed_at=mairie.observed_at,
            ),
            services=services,
            unknown=len(site.referential.services) - len(services),
        )  # fmt: skip


ROUTES = [TemplateRoute("/api/v1/communes/{code}/card", Card)]
