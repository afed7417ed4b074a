"""Our catalogue as pygeoapi sees it: a provider that asks the same questions as our handlers.

pygeoapi makes one on every request, so `__init__` does nothing: the pool and the context of the
edition are the module's, bound once when the door builds pygeoapi.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool
from pygeoapi.provider.base import (
    BaseProvider,
    ProviderInvalidQueryError,
    ProviderItemNotFoundError,
)

from api.ogc.questions import CRS, DATETIME, schema_of, words_of
from catalog.collections import collection
from catalog.item_orders import Order
from catalog.items import COUNTED, MOST, Question, Span, statement
from config.errors import Invalid
from geo import ogc_crs


@dataclass(frozen=True, slots=True)
class _Bound:
    pool: ConnectionPool
    context: Mapping[str, Any]


_held: list[_Bound] = []


def bind(pool: ConnectionPool, context: Mapping[str, Any]) -> None:
    """Give the provider its database and the context of the edition in force."""
    _held[:] = [_Bound(pool, context)]


class CatalogueProvider(BaseProvider):
    """One collection of `catalog.collections`, read only."""

    def __init__(self, provider_def: dict[str, Any]) -> None:
        super().__init__(provider_def)  # type: ignore[no-untyped-call]
        self.of = collection(provider_def["data"])
        self.get_fields()

    def get_fields(self) -> dict[str, Any]:
        if not self._fields:
            self._fields = {one.name: schema_of(one) for one in self.of.fields}
        return self._fields

    def query(
        self,
        offset: int = 0,
        limit: int = 10,
        resulttype: str = "results",
        bbox: list[float] | None = None,
        datetime_: str | None = None,
        properties: list[tuple[str, str]] | None = None,
        sortby: list[dict[str, str]] | None = None,
        select_properties: list[str] | None = None,
        skip_geometry: bool = False,
        q: str | None = None,
        filterq: Any = None,
        crs_transform_spec: Any = None,
        **_: Any,
    ) -> dict[str, Any]:
        try:
            span: Span | None = DATETIME.parse(datetime_) if datetime_ else None
            question = Question(
                of=self.of,
                context=_held[0].context,
                limit=min(limit, MOST),
                offset=offset,
                order=tuple(Order(one["property"], one["order"] == "-") for one in sortby or ()),
                box=ogc_crs.box(bbox, ogc_crs.DEFAULT) if bbox else None,
                span=span,
                equal=dict(properties or ()),
                words=words_of(self.of, q),
                properties=tuple(select_properties) if select_properties else None,
                geometry=not skip_geometry,
                **_target(crs_transform_spec),
            )
        except Invalid as error:
            raise ProviderInvalidQueryError(user_msg=str(error)) from None
        with _held[0].pool.connection() as conn:
            rows = [] if resulttype == "hits" else _rows(conn, question, "feature")
            counted = _rows(conn, question, "count")[0][0] if question.conditional else None
            total = counted if counted is not None else _total(conn, question)
        features = [json.loads(row[0]) for row in rows[: question.limit]]
        found: dict[str, Any] = {
            "type": "FeatureCollection",
            "features": features,
            "numberReturned": len(features),
        }
        if counted is None or counted <= COUNTED:
            found["numberMatched"] = total
        return found

    def get(self, identifier: str, crs_transform_spec: Any = None, **_: Any) -> dict[str, Any]:
        rows: list[Any] = []
        if self.of.read_id(identifier) is not None:
            question = Question(
                of=self.of, context=_held[0].context, limit=1, item=identifier,
                **_target(crs_transform_spec),
            )  # fmt: skip
            with _held[0].pool.connection() as conn:
                rows = _rows(conn, question, "feature")
        if not rows:
            raise ProviderItemNotFoundError(user_msg=f"There is no item {identifier[:60]!r}.")
        found: dict[str, Any] = json.loads(rows[0][0])
        return found


def _target(spec: Any) -> dict[str, Any]:
    """The CRS that pygeoapi wants, made by PostgreSQL; None: the usual one."""
    if spec is None:
        return {}
    crs = CRS.parse(spec.target_crs_uri)
    return {"srid": crs.epsg, "flipped": crs.flipped}


def _rows(conn: psycopg.Connection[Any], question: Question, output: Any) -> list[Any]:
    asked = statement(question, output)
    return conn.execute(asked.sql, asked.parameters).fetchall()


def _total(conn: psycopg.Connection[Any], question: Question) -> int:
    _, total = _rows(conn, question, "total")[0]
    return int(total * len(question.context["services"]) if question.of.per_commune else total)
