"""The OpenAPI 3.1 document, made from what the server runs: routes, parameters, answer types.

Nothing is described twice: a route is its own path template, a query parameter is the object
that reads it (`api.parameters`), an answer is the `msgspec.Struct` that is encoded. Hence the
document cannot drift from the server.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec
from tornado.routing import URLSpec
from tornado.web import RequestHandler

from api.addresses import pattern, slots
from api.problems import MEDIA_TYPE
from simulators.contract.faults import Fault

LICENCE = "Licence Ouverte 2.0 (Etalab)"
_REFUSALS = {
    "get": ("400", "404", "429", "503"),
    "post": ("400", "404", "413", "415", "422", "429", "503"),
    "delete": ("400", "404", "429", "503"),
}
_HEADERS = {
    "Location": "Where what was made, or its state, is.",
    "Retry-After": "Seconds to wait before asking again.",
}
_REFERENCE = "#/components/schemas/{name}"


class Answer(msgspec.Struct, kw_only=True):
    """What every JSON answer says of itself."""

    licence: str = LICENCE
    data_date: date | None = None
    generation: int | None = None


class ProblemDetails(msgspec.Struct, kw_only=True, omit_defaults=True):
    """RFC 9457. `parameter` names the input at fault; `id` is the request's, as in our log.

    A body that cannot be simulated (422) has every fault in `errors`, each with its pointer.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    id: str
    parameter: str | None = None
    errors: list[Fault] = []


@dataclass(frozen=True, slots=True)
class Operation:
    """What OpenAPI says of a GET or a POST beyond its route and parameters.

    `answer` is a Struct for JSON; otherwise `media_type` says what the bytes are. `status` is
    that of success; `bodies` are the media types that a POST reads, `body` is their schema.
    `media_types` are those of an answer that is bytes of several, `later` is the answer 202,
    `refusals` are statuses besides the usual ones. A POST without `bodies`
    reads none.
    `posted` is what we then send to the `url` of the body: its type, and what to answer.
    """

    id: str
    summary: str
    tag: str
    answer: type[msgspec.Struct] | None = None
    media_type: str = "application/json"
    description: str = ""
    status: int = 200
    bodies: tuple[str, ...] = ("application/json",)
    body: Callable[[], dict[str, Any]] = dict  # the JSON Schema of what a POST reads
    media_types: tuple[str, ...] = ()
    later: type[msgspec.Struct] | None = None
    headers: tuple[str, ...] = ()  # of `_HEADERS`, with success
    refusals: tuple[str, ...] = ()
    private: bool = False  # needs the token that making the thing gave
    posted: Mapping[str, tuple[type[msgspec.Struct], str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Slot:
    """A path parameter."""

    description: str
    example: str
    type: str = "string"


SLOTS: Mapping[str, Slot] = {
    "code": Slot("A COG code, of any vintage for a commune.", "69123"),
    "territory": Slot(
        "FR, or REG-, DEP-, EPCI-, COM- followed by the official code.", "DEP-69"
    ),
    "service": Slot(
        "An identifier of /api/v1/services, or minimum-bundle.", "official-site"
    ),
    "office": Slot("A hub id of an office, which is never used for another one.", "1", "integer"),
    "number": Slot("A commune's number in status arrays.", "1", "integer"),
    "generation": Slot("A published generation.", "1", "integer"),
    "layer": Slot("A tile layer.", "communes"),
    "frame": Slot("A map frame of /api/v1/legend.json.", "metropole"),
    "departement": Slot("The code of a département.", "69"),
    "simulator": Slot("A simulator of /api/v1/simulators.", "income-tax"),
    "record": Slot("A record's id in this hub.", "1", "integer"),
    "answer": Slot("What keeping an answer gave: 22 characters.", "AAAAAAAAAAAAAAAAAAAAAA"),
    "batch": Slot("What a batch that is computed later gave: 22 characters.",
                  "AAAAAAAAAAAAAAAAAAAAAA"),
    "procedure": Slot("What registering a procedure gave; `guichet` is this site.", "guichet"),
    "webhook": Slot("What registering a webhook gave: 22 characters.", "AAAAAAAAAAAAAAAAAAAAAA"),
    "practice": Slot("A sheet of /api/v1/practices.", "1", "integer"),
    "z": Slot("Zoom.", "8", "integer"),
    "x": Slot("Column.", "131", "integer"),
    "y": Slot("Row.", "91", "integer"),
}  # fmt: skip


class TemplateRoute(URLSpec):
    """A route written as OpenAPI writes it: `/api/v1/communes/{code}`."""

    def __init__(self, template: str, handler: type[RequestHandler]) -> None:
        super().__init__(pattern(template) + "$", handler)
        self.template = template


def document(routes: Iterable[URLSpec], version: str, server: str) -> dict[str, Any]:
    """The whole document for the routes whose handler declares an `operation`."""
    described = [
        (route.template, route.handler_class)
        for route in routes
        if isinstance(route, TemplateRoute) and _operations(route.handler_class)
    ]
    types: list[type[msgspec.Struct]] = [ProblemDetails]
    for _, handler in described:
        for operation in _operations(handler).values():
            posted = (kind for kind, _ in operation.posted.values())
            for answer in (operation.answer, operation.later, *posted):
                if answer is not None and answer not in types:
                    types.append(answer)
    _, schemas = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Guichet",
            "version": version,
            "summary": "Which local public services can be used online, in each French commune",
            "description": (
                "Open: no key, no cookie; what one made is managed by the token that it gave. "
                "An independent site, not an official one. "
                "Unknown or repeated parameters are refused by name (RFC 9457). What no source "
                "proves is `unknown`, and is counted as nothing else."
            ),
            "license": {"name": "Data: " + LICENCE, "identifier": "etalab-2.0"},
            "contact": {"name": "Guichet", "url": f"{server.rstrip('/')}/fr/contribuer"},
        },
        "servers": [{"url": server}],
        "tags": [{"name": name} for name in dict.fromkeys(
            operation.tag for _, handler in described
            for operation in _operations(handler).values()
        )],
        "paths": {
            template: {
                method: _described(template, handler, method, operation)
                for method, operation in _operations(handler).items()
            }
            for template, handler in described
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "What making the thing gave, once: a webhook's `token`.",
                }
            },
            "responses": {
                "Problem": {
                    "description": "Refused, not found or not available; RFC 9457.",
                    "content": {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(
                        name="ProblemDetails")}}},
                }
            },
        },
    }  # fmt: skip


def _operations(handler: Any) -> dict[str, Operation]:
    """What a handler answers: `operation` to GET, `post_operation` to POST, and so on."""
    named = {"get": "operation", "post": "post_operation", "delete": "delete_operation"}
    return {
        method: getattr(handler, name) for method, name in named.items() if hasattr(handler, name)
    }


def _described(template: str, handler: Any, method: str, operation: Operation) -> dict[str, Any]:
    if operation.answer is not None:
        schema: dict[str, Any] = {"$ref": _REFERENCE.format(name=operation.answer.__name__)}
    else:
        schema = {}  # bytes of the media type
    parameters = [_path_parameter(name) for name in slots(template)]
    for one in handler.parameters:
        found: dict[str, Any] = {
            "name": one.name,
            "in": "query",
            "required": one.required,
            "description": one.description,
            "schema": dict(one.schema()),
        }
        if one.example is not None:
            found["example"] = _typed(one.example, found["schema"].get("type"))
        parameters.append(found)
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": parameters,
        "responses": {
            str(operation.status): _success(operation, schema),
            **_later(operation),
            **({"304": {"description": "Not modified."}} if method == "get" else {}),
            **{
                code: {"$ref": "#/components/responses/Problem"}
                for code in sorted({*_REFUSALS[method], *operation.refusals})
            },
        },
    }
    if operation.private:
        described["security"] = [{"token": []}]
    if method == "post" and operation.bodies:
        described["requestBody"] = {
            "required": True,
            "content": {
                media_type: {"schema": operation.body()} for media_type in operation.bodies
            },
        }
    if operation.posted:
        described["callbacks"] = {
            name: {"{$request.body#/url}": {"post": _posted(kind, answer)}}
            for name, (kind, answer) in operation.posted.items()
        }
    described["description"] = operation.description or f"{operation.summary}."
    return described


def _posted(kind: type[msgspec.Struct], answer: str) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(name=kind.__name__)}
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"2XX": {"description": answer}},
    }


def _success(operation: Operation, schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"description": operation.summary}
    if operation.status != 204:
        media_types = operation.media_types or (operation.media_type,)
        found["content"] = {media_type: {"schema": schema} for media_type in media_types}
    return found | _headers(operation.headers)


def _later(operation: Operation) -> dict[str, Any]:
    if operation.later is None:
        return {}
    schema = {"$ref": _REFERENCE.format(name=operation.later.__name__)}
    found = {
        "description": "It is computed later; this is its state.",
        "content": {"application/json": {"schema": schema}},
    }
    return {"202": found | _headers(("Location", "Retry-After"))}


def _headers(names: Iterable[str]) -> dict[str, Any]:
    found = {name: {"description": _HEADERS[name], "schema": {"type": "string"}} for name in names}
    return {"headers": found} if found else {}


def _path_parameter(name: str) -> dict[str, Any]:
    slot = SLOTS[name]
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": slot.description,
        "schema": {"type": slot.type},
        "example": _typed(slot.example, slot.type),
    }


def _typed(example: str, kind: object) -> object:
    if kind == "integer":
        return int(example)
    return float(example) if kind == "number" else example
