"""What a collection is: its items, their fields and the order in which they are walked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from catalog import row_numbers
from catalog.database.ogc_tables import item_version
from catalog.states import State

Words = tuple[str, str]  # French, English
Kind = Literal["string", "integer", "number", "date", "date-time", "array", "object"]
# How `datetime` is read: not at all, as validity, or as the instant at which the state is told.
Time = Literal["none", "validity", "state"]
MOMENT = DateTime(timezone=True)
SLUGS = tuple(state.slug for state in State)


@dataclass(frozen=True, slots=True)
class Field:
    """One property of an item. `detail`: it comes from a join that a page can do without."""

    name: str
    kind: Kind
    title: Words
    column: ColumnElement[Any]
    queryable: bool = True
    detail: bool = False
    enum: tuple[str, ...] = ()
    example: str | None = None


@dataclass(frozen=True)
class Collection:
    """What one collection is made of.

    `rows` is the FROM of a question; `details` adds the joins of the fields marked `detail`.
    `keys` put every item in one order that never changes while rows come and go: they are the
    cursor of a walk. `identified` is the condition that an item's id puts, with the parameters that
    `read_id` makes of the id (None: no item can have such an id).
    """

    id: str
    title: Words
    description: Words
    fields: tuple[Field, ...]
    rows: FromClause
    details: FromClause
    listed: ColumnElement[bool]
    keys: tuple[ColumnElement[Any], ...]
    key_names: tuple[str, ...]
    item_id: ColumnElement[str]
    identified: ColumnElement[bool]
    read_id: Callable[[str], dict[str, Any] | None]
    geometry: ColumnElement[Any]
    geometry_type: Literal["polygon", "point"]
    time: Time
    searched: tuple[ColumnElement[str], ...]
    counted: FromClause  # what is counted, when nothing is asked of the items
    version: ColumnElement[int] | None  # while it stays, so does the count; None: it is short
    validity: tuple[ColumnElement[Any], ColumnElement[Any]] | None = None  # days, both included
    always_listed: bool = False  # also when `datetime` chooses the items
    members: tuple[tuple[str, ColumnElement[Any]], ...] = ()  # of a feature, besides the usual
    words: ColumnElement[Any] | None = None  # of `q`, when PostgreSQL indexes them
    item_type: str = "feature"
    # Of records: the condition that `external_ids`, a list, puts; and the fields counted by value.
    external: ColumnElement[bool] | None = None
    facets: tuple[str, ...] = ()
    bare: bool = False  # properties without a value are left out of a feature
    per_commune: bool = False  # there is an item for each of `counted` and each service
    folded: bool = False  # `searched` is already without accents or capitals
    # Where equality on these fields can be looked up instead of computed for each item: a table
    # with one row for each value, its columns by field, and the keys that it gives.
    looked_up: Mapping[str, ColumnElement[Any]] = MappingProxyType({})
    lookup: Select[Any] | None = None
    bounds: tuple[float, float, float, float] = (-63.2, -21.5, 55.9, 51.2)

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return MappingProxyType({field.name: field for field in self.fields})

    @cached_property
    def queryables(self) -> Mapping[str, Field]:
        return MappingProxyType({one.name: one for one in self.fields if one.queryable})


def read_number(text: str) -> dict[str, Any] | None:
    """A row's number."""
    return None if (found := row_numbers.read(text)) is None else {"item": found}


def version_of(of: str) -> ColumnElement[int]:
    return select(item_version.c.version).where(item_version.c.collection == of).scalar_subquery()


def jsonable(field: Field) -> ColumnElement[Any]:
    """A field as JSON writes it: moments as RFC 3339 with Z, the rest as PostgreSQL does."""
    if field.kind == "date-time":
        return func.to_char(
            func.timezone("UTC", field.column), literal_column('\'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\'')
        )
    if field.kind == "object":
        return cast(field.column, JSONB)
    return field.column
