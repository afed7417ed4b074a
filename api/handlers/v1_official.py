"""`/api/v1/official` and `/api/v1/communes/{code}/official-spaces`."""

from datetime import datetime

import msgspec

from api.handlers.base import ApiHandler
from api.handlers.page_official import judged, private_question
from api.openapi import Answer, Operation, TemplateRoute
from api.parameters import text
from catalog import communes
from catalog.official import Answer as Judged
from catalog.official import Space
from catalog.official_address import LONGEST
from crowd import official_spaces

URL = text("url", "The address to judge, as it was received. It is not fetched, and not kept.",
           max_length=LONGEST, required=True, example="https://www.lyon.fr/")  # fmt: skip


class ProofEntry(msgspec.Struct):
    """Who says so. `kind`: mandate, directory. `by`: a mandate or a source.

    `role`: as what the mandate spoke (mairie, or whom it delegated to: secretary, epci, provider).
    The statement counts until `until`, also when its mandate has ended since (`mandate_ended_at`):
    it is a dated proof, made while the mandate was valid. Null: not known, or not so.
    """

    kind: str
    by: str
    at: datetime
    certified_url: str | None
    role: str | None
    until: datetime | None
    mandate_ended_at: datetime | None


class SpaceEntry(msgspec.Struct):
    """One official site or account, with every statement that stands behind it."""

    commune: str
    commune_name: str
    kind: str
    url: str
    label: str
    network: str | None
    proofs: list[ProofEntry]


class ProviderEntry(msgspec.Struct):
    """A platform that communes send residents to; `national`: one for all of France."""

    id: str
    name: str
    national: bool


class OfficialAnswer(Answer, kw_only=True):
    """`verdict`: declared, provider, look-alike or unknown. `declared_by` is the chain of a
    declared address, and `match` how it covers this one; `resembles` and `tricks` say what a
    look-alike is like. A look-alike is not said to be a fraud, nor the unknown not to be official.
    """

    verdict: str
    host: str
    shown_host: str
    match: str | None
    declared_by: list[SpaceEntry]
    provider: ProviderEntry | None
    resembles: list[SpaceEntry]
    tricks: list[str]
    notes: list[str]


class StatementEntry(msgspec.Struct):
    id: int
    kind: str
    url: str
    label: str
    withdrawn: bool
    supersedes: int | None
    declared_at: datetime


class OfficialSpacesAnswer(Answer, kw_only=True):
    """`history`: all that the mairie declared and withdrew, the latest first."""

    commune: str
    spaces: list[SpaceEntry]
    history: list[StatementEntry]


def entry(space: Space) -> SpaceEntry:
    network = space.network
    return SpaceEntry(
        space.commune_code, space.commune, space.kind, space.url, space.label,
        network.id if network and space.kind == "account" else None,
        [
            ProofEntry(one.kind, one.by, one.at, one.certified_url, one.role, one.until,
                       one.ended_at)
            for one in space.proofs
        ],
    )  # fmt: skip


def told(found: Judged) -> dict[str, object]:
    """An answer's fields."""
    declared = [entry(one) for one in found.spaces]
    editor = found.provider
    return {
        "verdict": found.verdict.value,
        "host": found.address.host,
        "shown_host": found.address.shown,
        "match": found.match.value if found.match else None,
        "declared_by": declared if found.match else [],
        "provider": editor and ProviderEntry(editor.id, editor.name, editor.national),
        "resembles": [] if found.match else declared,
        "tricks": [one.value for one in found.tricks],
        "notes": list(found.notes),
    }


class Official(ApiHandler):
    operation = Operation(
        "isItOfficial", "Whether an address is one that a commune declared", "Official",
        OfficialAnswer,
    )  # fmt: skip
    parameters = (URL,)

    async def get(self) -> None:
        private_question(self)
        self.reply(OfficialAnswer, **told(await judged(self, self.ask(URL))))


class OfficialSpaces(ApiHandler):
    operation = Operation(
        "officialSpaces", "The official sites and accounts of a commune, each with its proofs",
        "Official", OfficialSpacesAnswer,
    )  # fmt: skip

    async def get(self, code: str) -> None:
        async with self.connection() as conn:
            commune = (await communes.resolve(conn, code)).commune
            spaces = await official_spaces.of_commune(
                conn, self.site.settings.official, commune.number
            )
            history = await official_spaces.history(conn, commune.number)
        self.reply(
            OfficialSpacesAnswer,
            commune=commune.code,
            spaces=[entry(one) for one in spaces],
            history=[
                StatementEntry(one.id, one.kind, one.url, one.label, one.withdrawn,
                               one.supersedes, one.declared_at)
                for one in history
            ],
        )  # fmt: skip


ROUTES = [
    TemplateRoute("/api/v1/official", Official),
    TemplateRoute("/api/v1/communes/{code}/official-spaces", OfficialSpaces),
]
