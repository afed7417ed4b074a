"""`/ogc/edr`: the rasters, as an API of their own: EDR, Coverages and Maps.

Readers of Features ask for the items of every collection that is listed, readers of EDR send its
queries to every one, and the suites of OGC do both: one list cannot please them. The addresses
that these rasters had under `/ogc/collections/` still answer, and are listed no more.
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
        if self.format == "html":
            self.show("ogc_conformance.html", classes=conformance.RASTERS)
            return
        await self.answer({"conformsTo": list(conformance.RASTERS)})


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
        return openapi30.document(self.base, version("guichet"), names)
