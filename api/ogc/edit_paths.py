"""What the OpenAPI document of `/ogc` says of edits: part 4, by a token of a commune's mandate."""

from typing import Any

from api.ogc.edit_bodies import DECLARED, SAYABLE
from api.ogc.edits import METHODS, PATCH
from api.ogc.process_paths import problems
from catalog.collections import OFFICES, SERVICES, Collection
from catalog.corrections import FIELDS

SECURITY = {
    "mandate": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token that an agent of the commune makes on the desk of its town hall.",
    }
}
_GEOJSON = "application/geo+json"
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag of the item as it was read without parameters; 428 without it, 412 "
    "when the item has changed.",
    "schema": {"type": "string"},
}


def items(of: Collection) -> dict[str, Any]:
    """The operations on a whole collection, by method."""
    if of.id != SERVICES.id:
        return {}
    return {
        "post": _operation(
            of, "create", "Declare a service of which the commune had said nothing", [],
            {"201": {"description": "Declared", "headers": {"Location": {
                "description": "The item.", "schema": {"type": "string"}}}}},
            {_GEOJSON: {"schema": _feature(of, ("commune", "service", "state"))}}, "409",
        )
    }  # fmt: skip


def item(of: Collection, slot: dict[str, Any]) -> dict[str, Any]:
    """The operations on one item, by method."""
    done = {"204": {"description": "Done. ETag: of the item as it is now."}}
    slots = [slot, _IF_MATCH]
    made = {
        "put": lambda: _operation(
            of, "replace", "Replace what the commune says", slots, done,
            {_GEOJSON: {"schema": _feature(of, ("state",) if of.id == SERVICES.id else ())}},
            "412", "428",
        ),
        "patch": lambda: _operation(
            of, "update", "Change some of what the commune says (JSON Merge Patch)", slots, done,
            {PATCH: {"schema": {"type": "object"}}}, "412", "428",
        ),
        "delete": lambda: _operation(
            of, "withdraw", "Take back what the commune declared: superseded, never erased", slots,
            {"204": {"description": "Taken back."}}, None, "409", "412", "428",
        ),
    }  # fmt: skip
    return {method.lower(): made[method.lower()]() for method in METHODS.get(of.id, ())}


def _operation(
    of: Collection, name: str, summary: str, parameters: list[dict[str, Any]],
    success: dict[str, Any], content: dict[str, Any] | None, *refusals: str,
) -> dict[str, Any]:  # fmt: skip
    bodies = ("413", "415", "422") if content else ()
    codes = sorted({"400", "401", "403", "404", "429", "503", *bodies, *refusals})
    found: dict[str, Any] = {
        "operationId": f"{name}{of.id.title()}",
        "summary": summary,
        "tags": [of.title[1]],
        "security": [{"mandate": []}],
        "parameters": parameters,
        "responses": success | problems(*codes),
    }
    if content:
        found["requestBody"] = {"required": True, "content": content}
    return found


def _feature(of: Collection, required: tuple[str, ...]) -> dict[str, Any]:
    """What a commune may change. All else may be sent back as it was read."""
    properties: dict[str, Any] = {}
    if of.id == SERVICES.id:
        properties = {
            "commune": {"type": "string"},
            "service": {"type": "string"},
            "state": {"type": "string", "enum": list(SAYABLE)},
            "url": {"type": "string", "format": "uri", "nullable": True},
            "attributes": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Of the referential: what proves more than the first level.",
            },
        }
        assert set(DECLARED) <= set(properties)  # noqa: S101 (of two lists of ours)
    elif of.id == OFFICES.id:
        kinds = {"hours": {"type": "object", "nullable": True}}
        text = {"type": "string", "nullable": True}
        properties = {name: kinds.get(name, text) for name in FIELDS if name in of.by_name}
    inner: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        inner["required"] = list(required)
    return {
        "type": "object",
        "required": ["type", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "geometry": {"type": "object", "nullable": True},
            "properties": inner,
        },
    }
