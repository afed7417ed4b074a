"""Landing page, conformance, collections, schemas, queryables, sortables, OpenAPI."""

from importlib.metadata import version
from typing import Any

from api.ogc import conformance, openapi30
from api.ogc.base import EDR, HTML, JSON, SCHEMA, OgcHandler
from api.ogc.features import EXPORTS, FORMATS
from api.ogc.grids import all_grids
from api.ogc.questions import schema_of, sortables
from catalog.collections import COLLECTIONS, COMMUNES, Collection, collection
from catalog.items import FACET_VALUES
from config.errors import NotFound
from geo.ogc_crs import CRS84, URIS

OAS = "application/vnd.oai.openapi+json;version=3.0"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
RASTERS = "OGC API EDR, Coverages, Maps"
GEOMETRY = {"polygon": "geometry-multipolygon", "point": "geometry-point"}


class Landing(OgcHandler):
    async def get(self) -> None:
        if self.format == "html":
            self.show("ogc_landing.html", collections=COLLECTIONS.values(), grids=all_grids(self))
            return
        if self.unchanged("ogc-landing", self.base, self.language, self.format):
            return
        found = await self.site.ogc.ask(self, "landing_page")
        base = self.base
        # The core links to what it believes that it serves: ours are what we serve.
        found["links"] = [
            *self.self_links(),
            self.link("service-desc", OAS, f"{base}/api", "OpenAPI"),
            self.link("service-doc", HTML, f"{base}/api?f=html", "OpenAPI"),
            self.link("conformance", JSON, f"{base}/conformance"),
            self.link("data", JSON, f"{base}/collections"),
            self.link(f"{REL}processes", JSON, f"{base}/processes"),
            self.link("processes", JSON, f"{base}/processes"),  # as the suite of OGC looks for it
            self.link(f"{REL}job-list", JSON, f"{base}/jobs"),
            self.link(f"{REL}tilesets-vector", JSON, f"{base}/tiles"),
            self.link(f"{REL}tiling-schemes", JSON, f"{base}/tileMatrixSets"),
            self.link("related", JSON, f"{base}/edr", RASTERS),
            self.link(f"{REL}styles", JSON, f"{base}/styles"),
            self.link("about", HTML, self.origin + self.url("home")),
            self.link("license", HTML, "https://spdx.org/licenses/etalab-2.0.html"),
        ]
        await self.answer(found)


class Conformance(OgcHandler):
    async def get(self) -> None:
        if self.format == "html":
            self.show("ogc_conformance.html", classes=conformance.CLASSES)
            return
        await self.answer({"conformsTo": list(conformance.CLASSES)})


class Collections(OgcHandler):
    async def get(self) -> None:
        if self.format == "html":
            self.show(
                "ogc_collections.html", collections=COLLECTIONS.values(), grids=all_grids(self)
            )
            return
        if self.unchanged("ogc-collections", self.base, self.language, self.format):
            return
        found = await self.site.ogc.ask(self, "describe_collections")
        # Rasters are not among them: whoever reads Features asks for the items of each.
        found["collections"] = [described(self, one) for one in found["collections"]]
        there = f"{self.origin}{EDR}/collections"
        found["links"] = [*self.self_links(), self.link("related", JSON, there, RASTERS)]
        await self.answer(found)


class CollectionOne(OgcHandler):
    async def get(self, collection: str) -> None:
        of = of_path(collection)
        if self.format == "html":
            self.show("ogc_collection.html", of=of, crs=URIS, exports=EXPORTS, formats=FORMATS)
            return
        if self.unchanged("ogc-collection", of.id, self.base, self.language, self.format):
            return
        await self.answer(
            described(
                self, await self.site.ogc.ask(self, "describe_collections", of.id), alone=True
            )
        )


def of_path(name: str) -> Collection:
    """The collection of an address. Raises NotFound."""
    return collection(name)


def described(handler: OgcHandler, found: dict[str, Any], *, alone: bool = False) -> dict[str, Any]:
    """A collection as the core describes it, with the links of what both tiers serve."""
    here = f"{handler.base}/collections/{found['id']}"
    links = handler.self_links() if alone else [handler.link("self", JSON, here)]
    links += [
        handler.link("items", media, f"{here}/items?f={name}", name)
        for name, media in (FORMATS | EXPORTS).items()
    ]
    links += [
        handler.link(f"{REL}schema", SCHEMA, f"{here}/schema"),
        handler.link(f"{REL}queryables", SCHEMA, f"{here}/queryables"),
        handler.link(f"{REL}sortables", SCHEMA, f"{here}/sortables"),
        handler.link("root", JSON, handler.base),
        handler.link("license", HTML, "https://spdx.org/licenses/etalab-2.0.html"),
    ]
    of = collection(found["id"])
    if of.facets:
        found["type"] = "Catalog"
        links.append(handler.link("related", JSON, f"{here}/facets"))
    if found["id"] == COMMUNES.id:
        links.append(handler.link(f"{REL}tilesets-vector", JSON, f"{here}/tiles"))
    found["links"] = links
    found["itemType"] = of.item_type
    found["crs"] = list(URIS)
    found["storageCrs"] = CRS84
    return found


class _Schema(OgcHandler):
    """A JSON Schema of some properties of a collection."""

    formats = {"json": SCHEMA, "html": HTML}  # noqa: RUF012 (never changed)
    what = "schema"

    async def get(self, collection: str) -> None:
        of = of_path(collection)
        properties = self.properties(of)
        document = {
            "$schema": DRAFT,
            "$id": f"{self.base}/collections/{of.id}/{self.what}",
            "type": "object",
            "title": self.words(of.title),
            "description": self.words(of.description),
            "properties": properties,
            "additionalProperties": False,
        }
        if self.format == "html":
            self.show("ogc_schema.html", of=of, what=self.what, properties=properties)
            return
        await self.answer(document, SCHEMA)

    def properties(self, of: Collection) -> dict[str, Any]:
        shown: dict[str, Any] = {
            one.name: schema_of(one) | {"title": self.words(one.title)} for one in of.fields
        }
        for name, role in (("valid_from", "primary-interval-start"),
                           ("temporal_start", "primary-interval-start"),
                           ("temporal_end", "primary-interval-end"),
                           ("valid_to", "primary-interval-end")):  # fmt: skip
            if name in shown:
                shown[name]["x-ogc-role"] = role
        return shown | {"geometry": geometry_of(of) | {"x-ogc-role": "primary-geometry"}}


class SchemaOf(_Schema):
    pass


class Queryables(_Schema):
    what = "queryables"

    def properties(self, of: Collection) -> dict[str, Any]:
        found = super().properties(of)
        return {name: one for name, one in found.items()
                if name in of.queryables or name == "geometry"}  # fmt: skip


class Sortables(_Schema):
    what = "sortables"

    def properties(self, of: Collection) -> dict[str, Any]:
        known = sortables(of)
        return {name: one for name, one in super().properties(of).items() if name in known}


class Facets(OgcHandler):
    """What can be counted by value among records: a draft of Records part 2 (25-013)."""

    async def get(self, collection: str) -> None:
        of = of_path(collection)
        if not of.facets:
            raise NotFound(f"There are no facets of {of.id}.")
        fields = {name: of.by_name[name] for name in of.facets}
        if self.format == "html":
            told = {name: schema_of(one) | {"title": self.words(one.title)}
                    for name, one in fields.items()}  # fmt: skip
            self.show("ogc_schema.html", of=of, what="facets", properties=told)
            return
        await self.answer(
            {
                "id": of.id,
                "title": self.words(of.title),
                "facets": {
                    name: {"type": "term", "property": name, "sortedBy": "count"} for name in fields
                },
                "defaultBucketCount": FACET_VALUES,
                "links": self.self_links(),
            }
        )


def geometry_of(of: Collection) -> dict[str, Any]:
    return {"format": GEOMETRY[of.geometry_type]}


class Api(OgcHandler):
    """OpenAPI 3.0, as the test suites of OGC read it."""

    formats = {"json": OAS, "html": HTML}  # noqa: RUF012 (never changed)

    async def get(self) -> None:
        document = self.document()
        if self.format == "html":
            self.show("ogc_api.html", document=document)
            return
        await self.answer(document, OAS)

    def document(self) -> dict[str, Any]:
        return openapi30.document(self.base, version("guichet"))
