"""Styles of our tiles as MapLibre reads them: open one and there is a map.

After the draft of OGC API Styles (20-009), whose classes are not declared: drafts change. A style
names no generation: its TileJSON does, so that a style that somebody keeps stays right.
"""

from typing import Any, ClassVar

from api.ogc.base import HTML, JSON, OgcHandler
from api.ogc.tiles import LAYER
from config.errors import NotFound
from geo import tile_matrix_sets

MAPBOX = "application/vnd.mapbox.style+json"
SOURCE = "guichet"
CENTRE, ZOOM = (2.6, 46.6), 5.0
# Ground, land, borders of communes, EPCI, départements and régions.
COLOURS = {
    "light": ("#dfe7ee", "#fbfaf5", "#c9c5b8", "#9a8fb0", "#6d6a60", "#33312b"),
    "dark": ("#10161d", "#232a31", "#3b444d", "#75679a", "#8d949b", "#d7dbdf"),
}
TITLES = {
    "light": ("Limites administratives, fond clair", "Administrative limits, light"),
    "dark": ("Limites administratives, fond sombre", "Administrative limits, dark"),
}
BORDERS = (("epci", 3, 7), ("departements", 4, 5), ("regions", 5, 5))  # colour, least zoom


def document(id: str, title: str, base: str) -> dict[str, Any]:
    """A style, version 8 of its specification. No glyphs, no sprite: nothing else to fetch."""
    ground, land, *lines = COLOURS[id]
    return {
        "version": 8,
        "name": title,
        "center": list(CENTRE),
        "zoom": ZOOM,
        "sources": {
            SOURCE: {
                "type": "vector",
                "url": f"{base}/tiles/{tile_matrix_sets.ID}?f=tilejson",
            }
        },
        "layers": [
            {"id": "ground", "type": "background", "paint": {"background-color": ground}},
            {"id": "communes", "type": "fill", "source": SOURCE, "source-layer": LAYER,
             "paint": {"fill-color": land, "fill-outline-color": lines[0]}},
            *(
                {
                    "id": layer, "type": "line", "source": SOURCE, "source-layer": layer,
                    "minzoom": least,
                    "paint": {
                        "line-color": COLOURS[id][colour],
                        "line-width": ["interpolate", ["linear"], ["zoom"], 5, 0.5, 12, 2.5],
                    },
                }
                for layer, colour, least in BORDERS
            ),
        ],
    }  # fmt: skip


class Styles(OgcHandler):
    """The list."""

    async def get(self) -> None:
        found = [
            {
                "id": id,
                "title": self.words(title),
                "links": [self.link("stylesheet", MAPBOX, f"{self.base}/styles/{id}?f=mapbox")],
            }
            for id, title in TITLES.items()
        ]
        if self.format == "html":
            self.show("ogc_styles.html", styles=found)
            return
        await self.answer({"styles": found, "default": "light", "links": self.self_links()})


class Style(OgcHandler):
    """One style, whatever is asked: a stylesheet has one form."""

    formats: ClassVar = {"mapbox": MAPBOX, "json": JSON, "html": HTML}

    async def get(self, style: str) -> None:
        if style not in TITLES:
            raise NotFound(f"There is no style {style[:40]!r}; there are: {', '.join(TITLES)}.")
        title = self.words(TITLES[style])
        if self.format == "html":
            link = self.link("stylesheet", MAPBOX, self.here(f="mapbox"))
            self.show("ogc_styles.html", styles=[{"id": style, "title": title, "links": [link]}])
            return
        await self.answer(document(style, title, self.base), self.formats[self.format])
