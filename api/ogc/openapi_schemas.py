"""JSON Schemas of the documents of `/ogc`, as components of its OpenAPI document."""

from typing import Any

LINKS = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}
_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}
_URIS = {"type": "array", "items": {"type": "string", "format": "uri"}}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": required | (optional or {}),
    }


def _list_of(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


_TILESET = _object(
    {"dataType": {"type": "string", "enum": ["map", "vector", "coverage"]}, "crs": _TEXT,
     "tileMatrixSetURI": {"type": "string", "format": "uri"}, "links": LINKS},
    {"title": _TEXT},
)  # fmt: skip
SCHEMAS: dict[str, Any] = {
    "landingPage": _object({"links": LINKS}, {"title": _TEXT, "description": _TEXT}),
    "confClasses": _object({"conformsTo": _URIS}),
    "collections": _object({"links": LINKS, "collections": _list_of("collection")}),
    "collection": _object(
        {"id": _TEXT, "links": LINKS},
        {
            "title": _TEXT,
            "description": _TEXT,
            "itemType": {"type": "string", "enum": ["feature", "record"]},
            "crs": _URIS,
            "storageCrs": {"type": "string", "format": "uri"},
            "extent": {
                "type": "object",
                "properties": {
                    "spatial": _object(
                        {"bbox": {"type": "array", "minItems": 1, "items": {
                            "type": "array", "minItems": 4, "maxItems": 6, "items": _NUMBER}}},
                        {"crs": _TEXT},
                    ),
                    "temporal": _object(
                        {"interval": {"type": "array", "minItems": 1, "items": {
                            "type": "array", "minItems": 2, "maxItems": 2,
                            "items": {"type": "string", "format": "date-time"}}}},
                        {"trs": _TEXT},
                    ),
                },
            },
        },
    ),
    "jsonSchema": _object(
        {"$schema": _TEXT, "$id": _TEXT, "type": {"type": "string", "enum": ["object"]},
         "properties": {"type": "object"}},
        {"title": _TEXT, "description": _TEXT},
    ),
    "tileMatrixSets": _object({"tileMatrixSets": {
        "type": "array", "items": _object({"id": _TEXT, "links": LINKS}, {"title": _TEXT})}}),
    "tileMatrixSet": _object({"id": _TEXT, "crs": _TEXT, "tileMatrices": {
        "type": "array", "minItems": 1, "items": _object({
            "id": _TEXT, "scaleDenominator": _NUMBER, "cellSize": _NUMBER,
            "pointOfOrigin": {"type": "array", "minItems": 2, "maxItems": 2, "items": _NUMBER},
            "tileWidth": {"type": "integer"}, "tileHeight": {"type": "integer"},
            "matrixWidth": {"type": "integer"}, "matrixHeight": {"type": "integer"}})}}),
    "tileSets": _object({"tilesets": {"type": "array", "items": _TILESET}}, {"links": LINKS}),
    "tileSet": _TILESET | {"required": [*_TILESET["required"], "tileMatrixSetLimits", "layers"]},
    "facets": _object({"id": _TEXT, "facets": {"type": "object"}}, {"title": _TEXT}),
    "styles": _object({"styles": {"type": "array", "items": _object(
        {"id": _TEXT, "links": LINKS}, {"title": _TEXT})}}, {"default": _TEXT, "links": LINKS}),
    "mapboxStyle": _object({
        "version": {"type": "integer", "enum": [8]}, "sources": {"type": "object"},
        "layers": {"type": "array", "minItems": 1, "items": _object(
            {"id": _TEXT, "type": _TEXT})}}),
    "tileJson": _object({
        "tilejson": _TEXT, "tiles": {"type": "array", "minItems": 1, "items": _TEXT},
        "vector_layers": {"type": "array", "items": _object(
            {"id": _TEXT, "minzoom": {"type": "integer"}, "fields": {"type": "object"}})}}),
}  # fmt: skip


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
