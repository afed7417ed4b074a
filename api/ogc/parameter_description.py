"""How the OpenAPI document of `/ogc` writes a query parameter."""

from typing import Any

from api.parameters import Parameter

_ARRAYS = {"bbox", "properties", "sortby", "ids", "externalIds", "facets", "type", "processID",
           "status"}  # fmt: skip
_PLAIN = {"limit", "datetime", "crs", "bbox-crs", "filter-crs", "coords", "parameter-name", "f"}


def described(one: Parameter[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": one.name,
        "in": "query",
        "required": one.required,
        "description": one.description,
        "schema": dict(one.schema()),
    }
    if one.required and one.example is not None:
        # A number's example is a number, not its text: linters check it against the schema.
        kind = found["schema"].get("type")
        found["example"] = float(one.example) if kind == "number" else one.example
    if one.name in _ARRAYS | _PLAIN:
        found |= {"style": "form", "explode": False}
    if one.name == "limit":
        found["schema"] |= {"maximum": 10_000}
    return found
