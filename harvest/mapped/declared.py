"""What a source file may say of a file and of its columns: the words of a mapping.

A mapping is data. Whoever adds a source writes these words and nothing else; each is checked at
start-up, and a word that does not exist is refused with the file's name.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from catalog.office_kinds import office_kinds

type Format = Literal[
    "csv", "xlsx", "json", "geojson", "shapefile", "gpkg", "flatgeobuf", "osm"
]  # fmt: skip
type HoursForm = Literal["days", "osm", "service-public"]
type MatchBy = Literal["code", "name", "site-host"]
YES = ("oui", "yes", "true", "vrai", "1", "x")
DAYS = frozenset({"mo", "tu", "we", "th", "fr", "sa", "su"})
# `@id`, `@longitude`...: what a geographic file gives beside its columns.
GIVEN = frozenset({"@id", "@longitude", "@latitude", "@layer"})


class Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileForm(Words):
    """How the bytes are read. What is not said is found out from the bytes, strictly."""

    format: Format
    encoding: str | None = None  # what the publisher says; the bytes decide, and are noted
    delimiter: str | None = None  # absent: found in the first lines
    sheet: str | None = None  # of a workbook; absent: the first
    header: int = Field(default=1, ge=1)  # the row of a sheet that holds the column names
    layer: str | None = None  # of a geographic file; absent: the only one
    rows: str = ""  # JSON: dotted path to the list; "" is the document itself
    member: str = ""  # glob of the file inside an archive, when there are several
    crs: int | Literal["local"] = 4326  # EPSG; local: the legal projection of each département
    columns: tuple[str, ...] = ()  # every column, when the mapping was written


class Value(Words):
    """One value made from a row. Short forms: "column", or ["column", "column"] joined."""

    column: str | None = None
    columns: tuple[str, ...] = ()  # all that are not empty, joined
    either: tuple[str, ...] = ()  # the first that is not empty
    value: str | None = None  # a constant, alone or when the columns are empty
    join: str = ", "
    match: str | None = None  # a regular expression; its first group is the value
    split: tuple[str, ...] = ()  # separators of a list
    map: Mapping[str, str] = Field(default_factory=dict)  # what is published -> what we say
    otherwise: str | None = None  # for what `map` does not hold; absent: as published
    flags: Mapping[str, str] = Field(default_factory=dict)  # column that says yes -> item
    yes: tuple[str, ...] = YES

    @field_validator("match")
    @classmethod
    def _pattern(cls, text: str | None) -> str | None:
        if text is not None and not re.compile(text).groups:
            raise ValueError("the pattern needs a group")
        return text

    @property
    def used(self) -> Iterator[str]:
        """The columns that this reads."""
        if self.column:
            yield self.column
        yield from self.columns
        yield from self.either
        yield from self.flags


def _short(value: object) -> object:
    if isinstance(value, str):
        return {"column": value}
    if isinstance(value, list):
        return {"columns": value}
    return value


type Column = Annotated[Value, BeforeValidator(_short)]


class Where(Words):
    """How a row says its commune and its point."""

    code: Column | None = None
    name: Column | None = None
    postcode: Column | None = None
    departement: Column | None = None
    longitude: Column | None = None  # or the east of a projection
    latitude: Column | None = None
    point: Column | None = None  # both in one column
    order: Literal["lat,lon", "lon,lat"] = "lat,lon"


class HoursMapping(Words):
    form: HoursForm
    column: Column | None = None
    days: Mapping[str, Column] = Field(default_factory=dict)
    free: bool = False  # people wrote sentences: many that cannot be read are no drift

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.form == "days") != bool(self.days) or (self.form == "days") == bool(self.column):
            raise ValueError("hours are `days` by column, or one `column` of another form")
        if not set(self.days) <= DAYS:
            raise ValueError(f"days are {', '.join(sorted(DAYS))}")
        return self


class Only(Words):
    """Which rows are ours: those whose `value` is one of `among`, none of `never`, and holds
    what the regular expression `like` looks for."""

    value: Column
    among: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    like: str | None = None

    @field_validator("like")
    @classmethod
    def _pattern(cls, text: str | None) -> str | None:
        if text is not None:
            re.compile(text)
        return text


class PlacesMapping(Words):
    """Rows that are offices open to the public."""

    kind: Column
    remote_id: Column
    name: Column
    where: Where
    address: Column | None = None
    email: Column | None = None
    phone: Column | None = None
    website: Column | None = None
    siret: Column | None = None
    hours: HoursMapping | None = None
    accessibility: Column | None = None
    accessibility_details: Column | None = None
    identifiers: Mapping[str, Column] = Field(default_factory=dict)  # scheme -> id
    helps_with: tuple[Column, ...] = ()
    only: tuple[Only, ...] = ()
    # Phones and addresses that may be a person's are withheld, unless whoever wrote the file
    # has checked that the publisher gives them as the office's own.
    contacts_checked: bool = False
    personal: tuple[str, ...] = ()  # columns about persons: never read

    @model_validator(mode="after")
    def _honest(self) -> Self:
        kinds = set(office_kinds())
        said = {self.kind.value, self.kind.otherwise, *self.kind.map.values()} - {None}
        if not said or not said <= kinds:
            raise ValueError(f"a kind of office is one of {', '.join(sorted(kinds))}")
        if wrong := set(self.personal) & set(self.used):
            raise ValueError(f"columns about persons are mapped: {', '.join(sorted(wrong))}")
        return self

    @property
    def used(self) -> frozenset[str]:
        return _used(self)


class FactMapping(Words):
    """What each row proves of its commune, in the referential's words."""

    service: str
    attributes: tuple[str, ...]
    seen: str  # what is kept as proof: text with {column} slots
    url: str = ""  # where a resident goes: the same
    only: tuple[Only, ...] = ()


class AreaMapping(Words):
    """A dated characteristic of the commune that is no service: a zoning, a rate."""

    id: str = Field(pattern="^[a-z][a-z0-9-]*$")
    value: Column
    unit: str = ""
    fr: str
    en: str


class FactsMapping(Words):
    """Rows that say something about communes."""

    where: Where
    match: MatchBy = "code"
    host: Column | None = None  # for `site-host`: the host name that was measured
    says: tuple[FactMapping, ...] = ()
    area: tuple[AreaMapping, ...] = ()
    personal: tuple[str, ...] = ()

    @property
    def used(self) -> frozenset[str]:
        return _used(self)


def _used(mapping: BaseModel) -> frozenset[str]:
    """Every column that a mapping reads, however deep."""
    found: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, Value):
            found.update(value.used)
        elif isinstance(value, FactMapping):
            found.update(re.findall(r"\{([^{}]+)\}", value.seen + value.url))
            walk(value.only)
        elif isinstance(value, BaseModel):
            for name in type(value).model_fields:
                walk(getattr(value, name))
        elif isinstance(value, Mapping):
            for inner in value.values():
                walk(inner)
        elif isinstance(value, tuple):
            for inner in value:
                walk(inner)

    walk(mapping)
    return frozenset(found)
