"""What a row of a file says, as plain data: nothing that could be run."""

import json

import msgspec

from catalog.ingest import Rejection


class Said(msgspec.Struct, omit_defaults=True):
    """How a row says its commune."""

    code: str = ""
    name: str = ""
    postcode: str = ""
    departement: str = ""
    host: str = ""


class Place(msgspec.Struct, tag="place", omit_defaults=True):
    """A row that is an office, before its commune is known. The point is in degrees."""

    row: str
    remote_id: str
    kind: str
    name: str
    said: Said
    point: tuple[float, float] | None = None
    address: str | None = None
    email: str | None = None
    phone: str | None = None
    website: str | None = None
    hours: dict[str, list[list[str]]] | None = None
    accessibility: str | None = None
    accessibility_details: str | None = None
    siret: str | None = None
    identifiers: dict[str, str] = {}
    helps_with: list[str] = []


class Statement(msgspec.Struct, tag="statement", omit_defaults=True):
    """A row that proves something of a commune."""

    row: str
    said: Said
    service: str
    attributes: list[str]
    seen: str
    url: str | None = None


class AreaValue(msgspec.Struct, tag="area", omit_defaults=True):
    """A dated characteristic of a commune."""

    row: str
    said: Said
    id: str
    value: str


class Refused(msgspec.Struct, tag="refused", omit_defaults=True):
    """A value, or a whole row, that is not believed, and why."""

    remote_id: str
    field: str
    reason: str
    value: str = ""

    @property
    def rejection(self) -> Rejection:
        return Rejection(self.remote_id, self.field, self.reason, self.value[:500])


type Record = Place | Statement | AreaValue | Refused


class Summary(msgspec.Struct):
    """What was noticed of the file as a whole."""

    read: int
    notes: list[str]


class Told(msgspec.Struct):
    """The last words of the reading process."""

    read: int
    notes: list[str]
    how: dict[str, int]  # by which rule communes were found: how many rows
    complete: bool  # every row could be read so far that it says which place it is


class Homeless(msgspec.Struct):
    """A place whose commune is only where its point lies, and why nothing else tells it."""

    place: Place
    reason: str


class FoundFact(msgspec.Struct):
    """What a file says of a service of one commune."""

    code: str
    service: str
    attributes: list[str]
    seen: str
    url: str | None


class FoundArea(msgspec.Struct):
    """A dated characteristic of one commune."""

    code: str
    id: str
    value: str


def refused(remote_id: str, name: str, reason: str, value: str) -> Refused:
    return Refused(remote_id[:200], name, reason[:500], value.replace("\x00", "␀")[:500])


def short(value: object) -> str:
    """The beginning of a value or of a row, for people."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text[:500]
