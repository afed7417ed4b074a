"""`/ogc/edr`: the rasters alone, as an API of its own.

The same collections are in `/ogc` beside the others; readers of EDR, its test suite among them,
expect every collection of an API to answer queries of data.
"""

from importlib.metadata import version
from typing import Any

from api.ogc import conformance, openapi30
from api.ogc.base import HTML, JSON, OgcHandler
from api.ogc.documents import OAS, Api
from api.ogc.grids import LICENCE, all_grids, described

TITLE = {"fr": "Guichet, données de terrain (OGC API EDR)",
         "en": "Guichet, environmental data (OGC API EDR)"}  # fmt: skip


class EdrLanding(OgcHandler):
    async def get(self) -> None:
        if self.format == "html":
            self.show("ogc_edr.html", grids=all_grids(self))
            return
        base = self.base
        await self.answer(
            {
                "title": TITLE[self.language],
                "description": self.t("distance.lead"),
                "keywords": ["distance", "services publics", "communes"],
                "provider": {"name": "Guichet", "url": self.origin + self.url("home")},
                "links": [
                    *self.self_links(),
                    self.link("service-desc", OAS, f"{base}/api", "OpenAPI"),
                    self.link("service-doc", HTML, f"{base}/api?f=html", "OpenAPI"),
                    self.link("conformance", JSON, f"{base}/conformance"),
                    self.link("data", JSON, f"{base}/collections"),
                    self.link("license", HTML, LICENCE),
                ],
            }
        )


class EdrConformance(OgcHandler):
    async def get(self) -> None:
        classes = conformance.COMMON + conformance.EDR + conformance.COVERAGES + conformance.MAPS
        if self.format == "html":
            self.show("ogc_conformance.html", classes=classes)
            return
        await self.answer({"conformsTo": list(classes)})


class EdrCollections(OgcHandler):
    async def get(self) -> None:
        grids = all_grids(self)
        if self.format == "html":
            self.show("ogc_edr.html", grids=grids)
            return
        if self.unchanged("edr-collections", self.base, self.language, self.format):
            return
        await self.answer(
            {
                "links": self.self_links(),
                "collections": [
                    described(self, one, f"{self.base}/collections/{one.id}") for one in grids
                ],
            }
        )


class EdrApi(Api):
    def document(self) -> dict[str, Any]:
        names = [one.id for one in all_grids(self)]
        return openapi30.document(self.base, version("guichet"), names, whole=False)
