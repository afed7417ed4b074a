"""The OpenAPI 3.0 document of `/ogc`, made of the parameters and collections that the server reads.

3.0 and not 3.1, without references to other documents: what the test suites of OGC can read.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.ogc import edit_paths, grid_paths, process_paths, styles
from api.ogc.base import GEOJSON, HTML, JSON, LANG, SCHEMA, format_parameter
from api.ogc.features import EXPORTS, FORMATS
from api.ogc.openapi_schemas import LINKS, SCHEMAS, ref
from api.ogc.parameter_description import described as _parameter
from api.ogc.questions import CRS, DATETIME, parameters_of_items
from api.parameters import Parameter
from api.problems import MEDIA_TYPE
from catalog.collections import COLLECTIONS, OFFICES, Collection

DOCUMENT_FORMATS = {"json": JSON, "html": HTML}
_OF_DOCUMENT = {"/": ref("landingPage"), "/conformance": ref("confClasses"),
                "/collections": ref("collections")}  # fmt: skip

_TILESETS = (
    ("/tileMatrixSets", "Tile matrix sets"),
    ("/tiles", "Tilesets of the whole dataset"),
    ("/collections/communes/tiles", "Tilesets of communes"),
)


def document(base: str, version: str, grids: Sequence[str] | None = None) -> dict[str, Any]:
    """Of `/ogc`; with `grids`, the rasters that there are now, of `/ogc/edr`."""
    whole = grids is None
    paths: dict[str, Any] = {}
    for path, summary, formats, tag in (
        ("/", "Landing page", DOCUMENT_FORMATS, "Capabilities"),
        ("/conformance", "What this API conforms to", DOCUMENT_FORMATS, "Capabilities"),
        ("/api", "This document", {"json": "application/vnd.oai.openapi+json;version=3.0",
                                   "html": HTML}, "Capabilities"),
        ("/collections", "The collections", DOCUMENT_FORMATS, "Capabilities"),
    ):  # fmt: skip
        paths[path] = _get(_name(path), summary, tag, (), formats, _OF_DOCUMENT.get(path))
    if grids:
        paths |= grid_paths.paths(grids, _get)
    for of in COLLECTIONS.values() if whole else ():
        here = f"/collections/{of.id}"
        tag = of.title[1]
        paths[here] = _get(f"{of.id}Collection", of.title[1], tag, (), DOCUMENT_FORMATS,
                           ref("collection"))  # fmt: skip
        for what in ("schema", "queryables", "sortables"):
            paths[f"{here}/{what}"] = _get(
                f"{of.id}{what.title()}", f"{what.title()} of {of.id}", tag, (),
                {"json": SCHEMA, "html": HTML}, ref("jsonSchema"),
            )  # fmt: skip
        paths[f"{here}/items"] = _get(
            f"{of.id}Items", f"Items of {of.id}", tag,
            parameters_of_items(of), FORMATS | EXPORTS, _COLLECTION,
        ) | edit_paths.items(of)  # fmt: skip
        own = (CRS, DATETIME) if of.time == "state" else (CRS,)
        paths[f"{here}/items/{{featureId}}"] = _get(
            f"{of.id}Item", f"One item of {of.id}", tag, own, FORMATS, _FEATURE,
            slots=[_slot(of)],
        ) | edit_paths.item(of, _slot(of))  # fmt: skip
        if of.facets:
            paths[f"{here}/facets"] = _get(f"{of.id}Facets", f"Facets of {of.id} (draft)", tag, (),
                                           DOCUMENT_FORMATS, ref("facets"))  # fmt: skip
        if of is OFFICES:
            paths[f"{here}/items/{{featureId}}"]["get"]["responses"]["307"] = {
                "description": "The office was merged into another one, where it is now."
            }
    for path, summary in _TILESETS if whole else ():
        one = path.endswith("/tiles")
        paths[path] = _get(_id(path), summary, "Tiles", (), DOCUMENT_FORMATS,
                           ref("tileSets" if one else "tileMatrixSets"))  # fmt: skip
        formats = DOCUMENT_FORMATS
        if path.endswith("/tiles"):
            formats = DOCUMENT_FORMATS | {"tilejson": "application/vnd.mapbox.tile+json"}
            paths[path + "/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"] = _tile(path)
        paths[path + "/{tileMatrixSetId}"] = _get(
            _id(path) + "One",
            summary,
            "Tiles",
            (),
            formats,
            ref("tileSet" if one else "tileMatrixSet"),
            slots=[_SET],
        )
    if whole:
        paths["/styles"] = _get("getStyles", "Styles of the tiles (a draft)", "Tiles", (),
                                DOCUMENT_FORMATS, ref("styles"))  # fmt: skip
        paths["/styles/{styleId}"] = _get(
            "getStyle", "A style that MapLibre reads", "Tiles", (), styles.Style.formats,
            ref("mapboxStyle"),
            slots=[{"name": "styleId", "in": "path", "required": True,
                    "schema": {"type": "string", "enum": list(styles.TITLES)}}],
        )  # fmt: skip
        paths |= process_paths.paths()
    for operations in paths.values():
        for operation in operations.values():  # an operation without one fails linters
            operation.setdefault("description", f"{operation['summary']}.")
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Guichet, OGC API",
            "version": version,
            "description": "Local public services of French communes, as OGC API. Open, without "
            "key. An independent site, not an official one. Unknown parameters are refused by "
            "name; what no source proves is `unknown`.",
            "contact": {"name": "Guichet", "url": base.removesuffix("/ogc") + "/fr/contribuer"},
            "license": {"name": "Licence Ouverte 2.0",
                        "url": "https://spdx.org/licenses/etalab-2.0.html"},
        },
        "servers": [{"url": base}],
        "tags": [{"name": name} for name in ("Capabilities", "Tiles", "Processes", "Rasters",
                                             *(of.title[1] for of in COLLECTIONS.values()))],
        "paths": paths,
        "components": {
            "securitySchemes": edit_paths.SECURITY,
            "responses": {
                "Problem": {
                    "description": "Refused, not found or not available; RFC 9457.",
                    "content": {
                        MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/problem"}},
                        # Of processes, for who accepts that and not problems.
                        JSON: {"schema": {"$ref": "#/components/schemas/problem"}},
                        HTML: {"schema": {"type": "string"}},  # for who asked for a page
                    },
                }
            },
            "schemas": SCHEMAS | process_paths.SCHEMAS | {
                "problem": {
                    "type": "object",
                    "required": ["title", "status", "detail"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "instance": {"type": "string"},
                        "id": {"type": "string"},
                        "parameter": {"type": "string"},
                    },
                },
                "link": {
                    "type": "object",
                    "required": ["href", "rel"],
                    "properties": {name: {"type": "string"} for name in
                                   ("href", "rel", "type", "title", "hreflang")},
                },
                "feature": {
                    "type": "object",
                    "required": ["type", "geometry", "properties"],
                    "properties": {
                        "type": {"type": "string", "enum": ["Feature"]},
                        "id": {"type": "string"},
                        "geometry": {"type": "object", "nullable": True},
                        "properties": {"type": "object"},
                        "links": LINKS,
                    },
                },
                "featureCollection": {
                    "type": "object",
                    "required": ["type", "features"],
                    "properties": {
                        "type": {"type": "string", "enum": ["FeatureCollection"]},
                        "features": {"type": "array",
                                     "items": {"$ref": "#/components/schemas/feature"}},
                        "links": LINKS,
                        "timeStamp": {"type": "string", "format": "date-time"},
                        "numberMatched": {"type": "integer", "minimum": 0},
                        "numberMatchedAtLeast": {"type": "integer", "minimum": 0},
                        "numberReturned": {"type": "integer", "minimum": 0},
                    },
                },
            },
        },
    }  # fmt: skip


_FEATURE = {"$ref": "#/components/schemas/feature"}
_COLLECTION = {"$ref": "#/components/schemas/featureCollection"}


_SET = {
    "name": "tileMatrixSetId",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "enum": ["WebMercatorQuad"]},
}


def _id(path: str) -> str:
    return "get" + "".join(part[:1].upper() + part[1:] for part in path.split("/"))


def _tile(path: str) -> dict[str, Any]:
    numbers = [
        {"name": name, "in": "path", "required": True,
         "schema": {"type": "integer", "minimum": 0, "maximum": most}}
        for name, most in (("tileMatrix", 14), ("tileRow", 2**14 - 1), ("tileCol", 2**14 - 1))
    ]  # fmt: skip
    return {
        "get": {
            "operationId": _id(path) + "Tile",
            "summary": "A vector tile",
            "description": "A tile of Mapbox Vector Tile 2: 204 where it is only sea, 404 beyond "
            "the limits of the tileset.",
            "tags": ["Tiles"],
            "parameters": [_SET, *numbers],
            "responses": {
                "200": {
                    "description": "A vector tile",
                    "content": {"application/vnd.mapbox-vector-tile": {
                        "schema": {"type": "string", "format": "binary"}}},
                },
                "204": {"description": "Only sea."},
                "304": {"description": "Not modified."},
                **{code: {"$ref": "#/components/responses/Problem"}
                   for code in ("400", "404", "429", "503")},
            },
        }
    }  # fmt: skip


def _name(path: str) -> str:
    return "get" + (path.strip("/").title() or "LandingPage")


def _get(
    id: str,
    summary: str,
    tag: str,
    own: Iterable[Parameter[Any]],
    formats: Mapping[str, str],
    schema: Mapping[str, Any] | None = None,
    slots: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    described = [*(slots or []), *map(_parameter, (*own, format_parameter(formats), LANG))]
    return {
        "get": {
            "operationId": id,
            "summary": summary,
            "description": f"{summary}, in the format that `f` or the Accept header asks.",
            "tags": [tag],
            "parameters": described,
            "responses": {
                "200": {
                    "description": summary,
                    "content": {media: {"schema": _body(media, schema)}
                                for media in formats.values()},
                },
                "304": {"description": "Not modified."},
                **{code: {"$ref": "#/components/responses/Problem"}
                   for code in ("400", "404", "429", "503")},
            },
        }
    }  # fmt: skip


def _body(media: str, schema: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if media == "application/vnd.mapbox.tile+json":
        return ref("tileJson")
    if schema is not None and media in (GEOJSON, JSON, SCHEMA, styles.MAPBOX):
        return schema
    return {"type": "object"} if "json" in media else {"type": "string"}


def _slot(of: Collection) -> dict[str, Any]:
    return {
        "name": "featureId",
        "in": "path",
        "required": True,
        "description": f"The id of an item of {of.id}.",
        "schema": {"type": "string"},
    }
