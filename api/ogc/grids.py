"""Collections that are rasters: distances to the nearest office of a kind, over a territory.

`distance-mairie` covers Metropolitan France, `distance-mairie-guyane` French Guiana: one grid and
one projection each. `/ogc/edr` lists them; what is said at their former addresses under `/ogc` is
the same.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pyproj import CRS

from api.handlers.base import PageHandler
from api.ogc.base import GEOJSON, HTML, JSON, SCHEMA, OgcHandler
from api.parameters import Parameter
from catalog.office_kinds import kind_name
from config.errors import NotFound
from geo.grids import CELL, MAINLAND
from geo.ogc_crs import CRS84, URIS
from tiles import distance_files
from tiles.distance_files import BANDS, Distances, Held

PREFIX = "distance-"
COVJSON = "application/vnd.cov+json"
GEOTIFF = "image/tiff; application=geotiff"
PNG = "image/png"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
QUERIES = ("position", "radius", "area", "cube", "locations", "instances")
OUTPUTS = ("CoverageJSON", "GeoJSON")
MOST_CELLS = 100_000  # of an answer in CoverageJSON or GeoJSON: about 4 MB
LICENCE = "https://spdx.org/licenses/etalab-2.0.html"
TEMPORAL = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


@dataclass(frozen=True, slots=True)
class GridCollection:
    """One raster of one generation."""

    held: Held
    folder: Path
    generation: int

    @property
    def id(self) -> str:
        return name_of(self.held)

    @property
    def storage_crs(self) -> str:
        return f"{_EPSG}{self.held.grid.epsg}"

    def title(self, language: str) -> str:
        what, where = kind_name(self.held.kind, language), self.held.grid.frame.name(language)
        if language == "fr":
            return f"Distance au guichet le plus proche : {what}, {where}"
        return f"Distance to the nearest office: {what}, {where}"

    def description(self, language: str) -> str:
        held = self.held
        away = held.unplaced + held.doubted
        if language == "fr":
            told = (
                "Mètres, à vol d'oiseau dans la projection légale, du centre de chaque cellule de "
                f"1 km au plus proche des {held.offices} lieux de cette sorte qu'une source situe. "
                "Un lieu plus proche peut exister qu'aucune source ne liste : la distance est « au "
                "plus ». Hors des terres : pas de valeur."
            )
            missing = (
                f" Liste que l'on sait incomplète : {away} lieux sans position sûre, "
                f"{held.incomplete} communes concernées (champ incomplete)."
            )
        else:
            told = (
                "Metres, as the crow flies in the legal projection, from the centre of each 1 km "
                f"cell to the nearest of the {held.offices} places of this kind that a source "
                "locates. A nearer place may exist that no source lists: the distance is “at "
                "most”. Outside land: no value."
            )
            missing = (
                f" List known to be incomplete: {away} places without a sure position, "
                f"{held.incomplete} communes concerned (field incomplete)."
            )
        return told + (missing if held.known_incomplete else "")

    def middle(self) -> tuple[float, float]:
        """Longitude and latitude of the middle, for an example."""
        west, south, east, north = self.held.grid.degrees()
        return round((west + east) / 2, 3), round((south + north) / 2, 3)

    @property
    def interval(self) -> tuple[str, str]:
        """The day on which the latest source said where these offices are."""
        return f"{self.held.day}T00:00:00Z", f"{self.held.day}T23:59:59Z"


def name_of(held: Held) -> str:
    mainland = held.territory == MAINLAND.id
    return f"{PREFIX}{held.kind}" + ("" if mainland else f"-{held.territory}")


_KEPT = 32  # lists of publications, by folder
_held: dict[Path, Distances] = {}


def _read(folder: Path) -> Distances:
    """What a publication's folder holds: it never changes once there, and may come late."""
    found = _held.get(folder)
    if found is None:
        found = distance_files.read(folder)
        if found.held:
            while len(_held) >= _KEPT:
                del _held[next(iter(_held))]
            _held[folder] = found
    return found


def distances_of(handler: PageHandler) -> Distances:
    """What the edition in force holds."""
    return _read(handler.site.edition.folder) if handler.site.published else distance_files.NOTHING


def all_grids(handler: OgcHandler) -> list[GridCollection]:
    """The rasters of the edition in force, in the order of display."""
    if not handler.site.published:
        return []
    edition = handler.site.edition
    return [
        GridCollection(held, edition.folder, edition.id)
        for held in distances_of(handler).held if held.file
    ]  # fmt: skip


def grid_of(handler: OgcHandler, name: str, instance: str | None = None) -> GridCollection:
    """The raster of an address, of a kept generation when it names one. Raises NotFound."""
    edition = handler.site.edition
    folder, generation = edition.folder, edition.id
    if instance is not None:
        generation = int(instance) if instance.isdecimal() and len(instance) < 10 else 0
        folder = folder.parent / str(generation)
        if not 0 < generation <= edition.id or not _read(folder).held:
            raise NotFound(f"There is no instance {instance[:20]!r}.", parameter="instance")
    for held in _read(folder).held:
        if held.file and name_of(held) == name:
            return GridCollection(held, folder, generation)
    raise NotFound(f"There is no collection {name[:60]!r}.", parameter="collection")


def instances_of(handler: OgcHandler, name: str) -> list[GridCollection]:
    """The generations that are kept and hold a raster, the newest first."""
    edition = handler.site.edition
    numbers = [one.name for one in edition.folder.parent.iterdir() if one.name.isdecimal()]
    found = []
    for number in sorted(map(int, numbers), reverse=True):
        if number <= edition.id:
            folder = edition.folder.parent / str(number)
            found += [GridCollection(held, folder, number) for held in _read(folder).held
                      if held.file and name_of(held) == name]  # fmt: skip
    return found


class GridHandler(OgcHandler):
    """What concerns one raster: `self.grid`, found before the parameters are read."""

    grid: GridCollection

    def declared(self) -> tuple[Parameter[Any], ...]:
        self.grid = grid_of(self, self.path_kwargs["grid"], self.path_kwargs.get("instance"))
        return self.own

    def kept(self, *parts: object) -> bool:
        """Whether the visitor has this very answer: 304 has been sent then."""
        asked = sorted(self.request.query_arguments.items())
        return self.unchanged(self.request.path, self.grid.held.version, self.base, self.language,
                              self.format, asked, *parts)  # fmt: skip


def parameters_of(grid: GridCollection, language: str) -> dict[str, Any]:
    """What EDR and CoverageJSON say of the two fields."""
    french = language == "fr"
    what = kind_name(grid.held.kind, language)
    metre = {"label": {language: "mètre" if french else "metre"},
             "symbol": {"value": "m", "type": "http://www.opengis.net/def/uom/UCUM/"}}  # fmt: skip
    near = ("Distance au lieu situé le plus proche" if french
            else "Distance to the nearest located place")  # fmt: skip
    flag = ("1 : la commune a un lieu de cette sorte dont la position n'est pas sûre" if french
            else "1: the commune has a place of this kind without a sure position")  # fmt: skip
    return {
        "distance": {
            "type": "Parameter", "id": "distance", "label": f"{near} ({what})",
            "description": {language: f"{near} ({what})"}, "data-type": "float", "unit": metre,
            "observedProperty": {"id": f"distance-{grid.held.kind}", "label": {language: near}},
        },
        "incomplete": {
            "type": "Parameter", "id": "incomplete", "label": flag,
            "description": {language: flag}, "data-type": "integer",
            "observedProperty": {"id": "known-incomplete", "label": {language: flag}},
        },
    }  # fmt: skip


def described(
    handler: OgcHandler, grid: GridCollection, here: str, *, alone: bool = False
) -> dict[str, Any]:
    """A raster as a collection (or instance) of OGC API Common, Coverages, Maps and EDR."""
    held, language = grid.held, handler.language
    first = [handler.link("self", JSON, here), handler.link("alternate", HTML, f"{here}?f=html")]
    links = handler.self_links() if alone else first
    links += [
        handler.link("data", GEOJSON, f"{here}/locations?f=GeoJSON", "locations"),
        handler.link("license", HTML, LICENCE),
        handler.link("root", JSON, handler.base),
    ]
    instance = "/instances/" in here
    if not instance:
        links += [
            handler.link(f"{REL}coverage", GEOTIFF, f"{here}/coverage?f=GeoTIFF", "GeoTIFF"),
            handler.link(f"{REL}coverage", COVJSON,
                         f"{here}/coverage?f=CoverageJSON{_fewer(held)}", "CoverageJSON"),
            handler.link(f"{REL}map", PNG, f"{here}/map?f=png", "PNG"),
            handler.link(f"{REL}legend", JSON, f"{here}/map/legend", "Legend"),
            handler.link(f"{REL}schema", SCHEMA, f"{here}/schema"),
        ]  # fmt: skip
    west, south, east, north = held.grid.bounds
    return {
        "id": str(grid.generation) if instance else grid.id,
        "title": grid.title(language),
        "description": grid.description(language),
        "keywords": ["distance", held.kind, held.territory],
        "links": links,
        "extent": {
            "spatial": {
                "bbox": [list(held.grid.degrees())],
                "crs": CRS84,
                "storageCrsBbox": [[west, south, east, north]],
                "grid": [
                    {"cellsCount": held.grid.columns, "resolution": CELL},
                    {"cellsCount": held.grid.rows, "resolution": CELL},
                ],
            },
            "temporal": {"interval": [list(grid.interval)], "trs": TEMPORAL},
        },
        "crs": list(URIS),
        "storageCrs": grid.storage_crs,
        "layerDataType": "Coverage",  # where GDAL looks, so as not to ask for items
        "output_formats": list(OUTPUTS),
        "parameter_names": parameters_of(grid, language),
        "data_queries": {
            query: _query(grid, f"{here}/{query}", query)
            for query in QUERIES if not (instance and query == "instances")
        },
        # What no reader needs to draw it, and every reader should know.
        "version": held.version,
        "generation": grid.generation,
        "offices": held.offices,
        "officesWithoutPlace": held.unplaced,
        "officesOfDoubtfulPlace": held.doubted,
        "communesKnownIncomplete": held.incomplete,
        "sourceDate": held.day,
        "sources": list(held.sources),
        "licences": list(held.licences),
    }  # fmt: skip


def _fewer(held: Held) -> str:
    """What makes a whole raster small enough for JSON: its cells by fours, by nines..."""
    factor = math.ceil((held.grid.rows * held.grid.columns / MOST_CELLS) ** 0.5)
    return f"&scale-factor={factor}" if factor > 1 else ""


def _query(grid: GridCollection, href: str, query: str) -> dict[str, Any]:
    variables: dict[str, Any] = {
        "title": query,
        "query_type": query,
        "output_formats": list(OUTPUTS),
        "default_output_format": OUTPUTS[0],
        "crs_details": [{"crs": CRS84, "wkt": wkt("OGC:CRS84")},
                        {"crs": grid.storage_crs, "wkt": wkt(f"EPSG:{grid.held.grid.epsg}")}],
    }  # fmt: skip
    if query == "radius":
        variables["within_units"] = ["km", "m"]
    if query in ("locations", "instances"):
        variables["output_formats"] = ["GeoJSON"] if query == "locations" else ["json"]
        variables["default_output_format"] = variables["output_formats"][0]
    media = COVJSON if query not in ("locations", "instances") else JSON
    return {"link": {"href": href, "rel": "data", "type": media, "variables": variables}}


@lru_cache(maxsize=16)
def wkt(crs: str) -> str:
    return CRS.from_user_input(crs).to_wkt()


def schema_of(grid: GridCollection, base: str, language: str) -> dict[str, Any]:
    """The JSON Schema of the fields, as OGC API Coverages has it."""
    told = parameters_of(grid, language)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{base}/collections/{grid.id}/schema",
        "type": "object",
        "title": grid.title(language),
        "properties": {
            name: {
                "type": "number", "title": told[name]["label"], "x-ogc-propertySeq": index,
                **({"x-ogc-unit": "m"} if name == "distance" else {"enum": [0, 1]}),
            }
            for index, name in enumerate(BANDS, start=1)
        },
        "additionalProperties": False,
    }  # fmt: skip
