"""The state of every commune for one service and one moment: as bytes, and as JSON."""

import hashlib
from datetime import datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from api.handlers.base import IMMUTABLE, ApiHandler
from api.openapi import Answer, Operation, TemplateRoute
from api.questions import AT, VERSION, services
from api.site import Edition
from catalog.states import State
from config.errors import NotFound


class StatusAnswer(Answer, kw_only=True):
    """`states` holds every commune, by COG code; what no source proves is `unknown`."""

    service: str
    datetime: datetime
    geography: str
    states: dict[str, str]


class StatusHandler(ApiHandler):
    parameters = (AT, VERSION)

    async def read(self, service: str) -> tuple[NDArray[np.uint8], datetime, Edition]:
        """The array of a service at the moment asked for, that moment, and the edition read."""
        known = tuple(services())
        if service not in known:
            raise NotFound(f"There is no service {service[:60]!r}; see /api/v1/services.")
        at = self.ask(AT) or self.now
        edition = self.site.edition
        array = await edition.arrays.get(service, at)
        # What was true in the past does not change within a version.
        if self.ask(AT) and at < self.now and self.ask(VERSION) == edition.version:
            self.set_header("Cache-Control", IMMUTABLE)
        self.set_header("X-Guichet-Geography", edition.geography.vintage)
        self.set_header("X-Guichet-Generation", str(edition.id))
        self.set_header("X-Guichet-Version", edition.version)
        self.set_header("X-Guichet-Length", str(len(array)))
        self.set_header("X-Guichet-Date", at.isoformat().replace("+00:00", "Z"))
        return array, at, edition


class StatusBytes(StatusHandler):
    operation = Operation(
        "statusBytes",
        "One byte per commune number",
        "Status",
        media_type="application/octet-stream",
        description=(
            "Byte n is the state (see /api/v1/states) of commune number n; byte 0 is unused. "
            "Headers: X-Guichet-Geography (the vintage of the numbers), X-Guichet-Length, "
            "X-Guichet-Date, X-Guichet-Generation, X-Guichet-Version."
        ),
    )

    async def get(self, service: str) -> None:
        array, _, _ = await self.read(service)
        body = array.tobytes()
        key = hashlib.sha256(body).hexdigest()[:24]
        self.add_vary("Accept-Encoding")
        if self._tag(key):
            return
        packed, encoding = await self.site.packed.of(
            body, self.request.headers.get("Accept-Encoding", ""), key
        )
        self.send(packed, "application/octet-stream", encoding=encoding)


class StatusJson(StatusHandler):
    operation = Operation("status", "The state of every commune, by code", "Status", StatusAnswer)

    async def get(self, service: str) -> None:
        array, at, edition = await self.read(service)
        names = [state.slug for state in State]
        states = {
            code: names[array[number]]
            for number, code in enumerate(edition.geography.codes)
            if number and code
        }
        body = msgspec.json.encode(
            StatusAnswer(
                data_date=edition.data_date,
                generation=edition.id,
                service=service,
                datetime=at,
                geography=edition.geography.vintage,
                states=states,
            )
        )
        await self.send_large(body, "application/json")


ROUTES = [
    TemplateRoute("/api/v1/status/{service}.bin", StatusBytes),
    TemplateRoute("/api/v1/status/{service}.json", StatusJson),
]
