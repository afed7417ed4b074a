"""Features, part 4: what a commune changes of its services and offices, by a token of its mandate.

Nothing is overwritten: a service is declared as at the agents' desk (`crowd.declarations`, the same
function), an office is corrected (`catalog.corrections`), and what was said before stays in the
history. `If-Match` says which state the change was decided against.
"""

import asyncio
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from tornado.web import HTTPError

from api.ogc.base import OgcHandler
from api.ogc.edit_bodies import corrected, declared, feature_of, patched
from api.ogc.features import Item, Items, feature_at, item_tag, missing
from api.ogc.questions import context_of
from catalog import communes, corrections, live
from catalog.collections import OFFICES, SERVICES, Collection
from catalog.database import pools
from catalog.items import Question, statement
from catalog.observations import Nature
from config.errors import Conflict, Invalid, Refused
from crowd import declarations, tokens, withdrawals
from crowd.declarations import Declared
from crowd.mandate_sessions import Mandate
from simulators.contract import strict_json

METHODS = {SERVICES.id: ("PUT", "PATCH", "DELETE"), OFFICES.id: ("PUT", "PATCH")}
PATCH = "application/merge-patch+json"
BODIES = ("application/json", "application/geo+json")
SEEN = "La commune corrige ce champ"


class _Editing(OgcHandler, ABC):
    """Who asks, and what it may change. Methods of one collection are 405 on the others."""

    of: Collection

    async def prepare(self) -> None:
        if self.request.method in ("POST", "PUT", "PATCH", "DELETE"):
            self.set_header("Cache-Control", "no-store")
        await super().prepare()

    def error_headers(self, status_code: int) -> None:
        super().error_headers(status_code)
        if status_code == 401:
            self.set_header("WWW-Authenticate", 'Bearer realm="mandate"')
        if status_code == 405:
            self.set_header("Allow", ", ".join(("GET", "HEAD", "OPTIONS", *self.writes())))

    @abstractmethod
    def writes(self) -> tuple[str, ...]:
        """The methods that change something here."""

    def options(self, *args: str, **kwargs: str) -> None:
        self.declared()
        allowed = ", ".join(("GET", "HEAD", "OPTIONS", *self.writes()))
        self.set_header("Allow", allowed)
        self.set_header("Access-Control-Allow-Methods", allowed)
        self.set_header("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match")
        self.set_header("Access-Control-Max-Age", "86400")
        self.set_status(204)
        self.finish()

    async def begin(self) -> Mandate:
        """The mandate of the token. Raises 401, and 405 where nothing is changed."""
        if self.request.method not in self.writes():
            raise HTTPError(405)
        for name in self.request.query_arguments:
            raise Invalid("Everything is in the body and the headers.", parameter=name[:80])
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise HTTPError(401)
        async with self.connection() as conn:
            settings = self.site.settings.mandates
            mandate = await tokens.mandate_of(conn, token.strip(), settings)
        if mandate is None:
            raise HTTPError(401)
        return mandate

    def body(self, *media_types: str) -> Any:
        said = self.request.headers.get("Content-Type", BODIES[0]).split(";", 1)[0].strip().lower()
        if said not in media_types:
            raise HTTPError(415)
        return strict_json.read(self.request.body)

    async def owned(self, mandate: Mandate, code: str | None) -> None:
        """Raises Refused unless the mandate speaks for this commune."""
        async with self.connection() as conn:
            found = None if code is None else await communes.resolve(conn, code)
        if found is None or found.commune.number != mandate.commune_number:
            raise Refused("This token speaks for another commune.")

    async def said_before(self, mandate: Mandate, service: str) -> tuple[int, bool]:
        """The declaration that the commune made last of a service (0: none), and if it stands."""
        async with self.connection() as conn:
            held = (await declarations.latest(conn, mandate.commune_number)).get(service)
        return (0, False) if held is None else (held.id, held.state is not None)

    async def publish(self, mandate: Mandate, said: Declared) -> bool:
        """Declare as the agents' desk does; False: somebody declared since."""
        async with self.connection() as conn:
            conflicts = await declarations.publish(conn, mandate, [said], self.now)
        if conflicts:
            return False
        await asyncio.to_thread(live.settle, self.site.settings)
        return True


class EditableItems(_Editing, Items):
    """POST: declare a service of which the commune had said nothing."""

    def writes(self) -> tuple[str, ...]:
        return ("POST",) if self.path_kwargs.get("collection") == SERVICES.id else ()

    async def post(self, collection: str) -> None:
        self.declared()
        mandate = await self.begin()
        sent = feature_of(self.body(*BODIES))
        commune, service = (sent["properties"].get(name) for name in ("commune", "service"))
        item = f"{commune}.{service}"
        async with self.connection() as conn:
            feature = await feature_at(conn, self, item)
        if feature is None:
            raise missing(self.of, item)
        await self.owned(mandate, commune)
        before, stands = await self.said_before(mandate, service)
        if stands:
            raise Conflict("The commune declared this service already: replace it with PUT.")
        said = declared(self.site.referential.services[service], sent, feature, before)
        if not await self.publish(mandate, said):
            raise Conflict("Somebody declared this service since.")
        self.set_status(201)
        self.set_header("Location", f"{self.base}/collections/{self.of.id}/items/{item}")
        self.finish()


class EditableItem(_Editing, Item):
    """PUT, PATCH and DELETE of one item."""

    def writes(self) -> tuple[str, ...]:
        return METHODS.get(self.path_kwargs.get("collection", ""), ())

    before: tuple[int, bool] = (0, False)  # of a service: what the commune said last

    async def put(self, collection: str, item: str) -> None:
        mandate, feature = await self.current(item)
        await self.change(mandate, item, feature, feature_of(self.body(*BODIES)))

    async def patch(self, collection: str, item: str) -> None:
        mandate, feature = await self.current(item)
        sent = feature_of(patched(feature, self.body(PATCH, *BODIES)))
        await self.change(mandate, item, feature, sent)

    async def delete(self, collection: str, item: str) -> None:
        mandate, feature = await self.current(item)
        service = feature["properties"]["service"]
        before, stands = self.before
        if not stands:
            raise Conflict("The commune has declared nothing here.")
        async with self.connection() as conn:
            if not await withdrawals.withdraw(conn, mandate, service, before, self.now):
                raise HTTPError(412)
        await asyncio.to_thread(live.settle, self.site.settings)
        self.set_status(204)
        self.finish()

    async def current(self, item: str) -> tuple[Mandate, dict[str, Any]]:
        """The mandate and the item as it is, when this mandate may change it from this state.

        Raises 401, 404, Refused, 428 and 412.
        """
        self.declared()
        mandate = await self.begin()
        if self.of.read_id(item) is None:
            raise missing(self.of, item)
        if self.of.id == SERVICES.id:
            # In this order: what is declared before this line is scored before the item is read,
            # and what is declared after it is a conflict when we declare.
            self.before = await self.said_before(mandate, item.partition(".")[2])
            await asyncio.to_thread(live.settle, self.site.settings)
        async with self.connection() as conn:
            feature = await feature_at(conn, self, item)
        if feature is None:
            raise missing(self.of, item)
        await self.owned(mandate, feature["properties"]["commune"])
        sent = self.request.headers.get("If-Match")
        if sent is None:
            raise HTTPError(428)
        tags = re.findall(r'"([^"]*)"', sent[:2000])
        if sent.strip() != "*" and item_tag(self.site.release, feature) not in tags:
            raise HTTPError(412)
        return mandate, feature

    async def change(
        self, mandate: Mandate, item: str, before: dict[str, Any], sent: Mapping[str, Any]
    ) -> None:
        if self.of.id == SERVICES.id:
            service = before["properties"]["service"]
            known = self.site.referential.services[service]
            said = declared(known, sent, before, self.before[0])
            if not await self.publish(mandate, said):
                raise HTTPError(412)
        else:
            if mandate.services is not None:
                raise Refused("This mandate is for some services, and not for offices.")
            fields = corrected(sent, before)
            if not await asyncio.to_thread(self.correct, item, before, fields, mandate):
                raise HTTPError(412)
        async with self.connection() as conn:
            after = await feature_at(conn, self, item)
        if after is not None:
            self.set_header("Etag", f'W/"{item_tag(self.site.release, after)}"')
        self.set_status(204)
        self.finish()

    def correct(
        self, item: str, before: dict[str, Any], fields: Mapping[str, Any], mandate: Mandate
    ) -> bool:
        """In a thread: all the corrections of an office; False: somebody corrected it since."""
        question = Question(
            of=self.of, context=context_of(self.site, self.origin), limit=1, item=item
        )
        asked = statement(question, "feature")
        with pools.connect(self.site.settings, "harvest") as conn:
            # Whoever corrects it too waits here, and a harvest that writes it.
            conn.execute("select 1 from catalog.office where id = %s for update", (int(item),))
            found = conn.execute(asked.sql, asked.parameters).fetchone()
            if found is None or json.loads(found[0]) != before:
                return False
            for name, value in fields.items():
                corrections.correct(
                    conn, int(item), name, value, mandate.actor, Nature.AGENT,
                    seen=f"{SEEN} : {name}", observed_at=self.now,
                )  # fmt: skip
            conn.commit()
        return True
