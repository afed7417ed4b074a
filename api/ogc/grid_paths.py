"""What the OpenAPI document of `/ogc` says of rasters: Coverages, Maps and EDR."""

from collections.abc import Callable, Sequence
from typing import Any

from api.ogc import coverages, edr
from api.ogc.grids import GridHandler


def paths(grids: Sequence[str], get: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Rasters: their description, Coverages, Maps, and EDR of the current and kept instances."""
    one = {
        "name": "collectionId",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "enum": list(grids)},
    }
    of = {
        "name": "instanceId",
        "in": "path",
        "required": True,
        "description": "A kept generation; see /instances.",
        "schema": {"type": "string"},
    }
    place = {
        "name": "locationId",
        "in": "path",
        "required": True,
        "description": "Code of a département; see /locations.",
        "schema": {"type": "string"},
        "example": "69",
    }
    here = "/collections/{collectionId}"
    data = {
        "position": (edr.Position, "Values at points"),
        "radius": (edr.Radius, "Values around a point"),
        "area": (edr.Area, "Values in a polygon"),
        "cube": (edr.Cube, "Values in a box"),
        "locations": (edr.Locations, "The départements of a raster"),
        "locations/{locationId}": (edr.Location, "Values in a département"),
    }
    plain: dict[str, tuple[type[GridHandler], str]] = {
        "": (edr.GridOne, "A raster"),
        "/schema": (edr.GridSchema, "Fields of a raster"),
        "/coverage": (coverages.Coverage, "The raster, or a part (OGC API Coverages, draft)"),
        "/map": (coverages.Map, "A picture of the raster"),
        "/map/legend": (coverages.Legend, "What its colours mean"),
        "/instances": (edr.Instances, "The kept generations of a raster"),
    }
    documents: dict[str, Any] = {
        here + path: get(
            "raster" + _camel(path or "one"),
            words,
            "Rasters",
            handler.own,
            handler.formats,
            slots=[one],
        )
        for path, (handler, words) in plain.items()
    }
    documents[here + "/instances/{instanceId}"] = get(
        "rasterInstance",
        "A kept generation",
        "Rasters",
        (),
        edr.Instance.formats,
        slots=[one, of],
    )
    for path, (query, words) in data.items():
        for prefix, slots in (("", [one]), ("/instances/{instanceId}", [one, of])):
            place_of = [place] if "{locationId}" in path else []
            found = get(
                "raster" + _camel(f"{prefix}/{path}"),
                words,
                "Rasters",
                query.own,
                query.formats,
                slots=[*slots, *place_of],
            )
            documents[f"{here}{prefix}/{path}"] = found
    documents[here + "/coverage"]["get"]["responses"]["204"] = {"description": "Nothing is there."}
    return documents


def _camel(path: str) -> str:
    words = path.replace("{", "").replace("}", "").split("/")
    return "".join(word[:1].upper() + word[1:] for word in words)
