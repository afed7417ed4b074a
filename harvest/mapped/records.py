"""What the reading process hands over: one JSON object a line, nothing that could be run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Place | Statement | AreaValue | Refused)


def line(record: Record) -> bytes:
    return _encoder.encode(record) + b"\n"


def records(file: Path) -> Iterator[Record]:
    """The records of a file that `line` wrote."""
    with file.open("rb") as lines:
        for one in lines:
            yield _decoder.decode(one)
