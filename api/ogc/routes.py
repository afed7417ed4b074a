"""The addresses under `/ogc`."""

from tornado.routing import URLSpec

from api.ogc import coverages, documents, edits, edr, edr_documents, jobs, processes, styles, tiles

_COLLECTION = r"/ogc/collections/(?P<collection>[^/]+)"
_TILE = r"(?P<set>[^/]+)/(?P<z>[^/]+)/(?P<row>[^/]+)/(?P<column>[^/]+)$"
# Listed in /ogc/edr; /ogc/collections is where they were, and answers for ever. The instance of a
# query is a kept generation.
_GRID = r"/ogc(?:/edr)?/collections/(?P<grid>distance-[^/]+)"
GRID_ROUTES: list[URLSpec] = [
    URLSpec(r"/ogc/edr/?$", edr_documents.EdrLanding),
    URLSpec(r"/ogc/edr/conformance$", edr_documents.EdrConformance),
    URLSpec(r"/ogc/edr/api$", edr_documents.EdrApi),
    URLSpec(r"/ogc/edr/collections/?$", edr_documents.EdrCollections),
    URLSpec(_GRID + "$", edr.GridOne),
    URLSpec(_GRID + "/schema$", edr.GridSchema),
    URLSpec(_GRID + "/coverage$", coverages.Coverage),
    URLSpec(_GRID + "/map$", coverages.Map),
    URLSpec(_GRID + "/map/legend$", coverages.Legend),
    URLSpec(_GRID + "/instances$", edr.Instances),
    URLSpec(_GRID + "/instances/(?P<instance>[^/]+)$", edr.Instance),
    *(
        URLSpec(where + name + "$", handler)
        for where in (_GRID + "/", _GRID + "/instances/(?P<instance>[^/]+)/")
        for name, handler in (
            ("position", edr.Position),
            ("radius", edr.Radius),
            ("area", edr.Area),
            ("cube", edr.Cube),
            ("locations", edr.Locations),
            ("locations/(?P<location>[^/]+)", edr.Location),
        )
    ),
]
ROUTES: list[URLSpec] = [
    *GRID_ROUTES,
    URLSpec(r"/ogc/?$", documents.Landing),
    URLSpec(r"/ogc/conformance$", documents.Conformance),
    URLSpec(r"/ogc/api$", documents.Api),
    URLSpec(r"/ogc/openapi$", documents.Api),  # where pygeoapi has it
    URLSpec(r"/ogc/collections/?$", documents.Collections),
    URLSpec(_COLLECTION + "$", documents.CollectionOne),
    URLSpec(_COLLECTION + "/schema$", documents.SchemaOf),
    URLSpec(_COLLECTION + "/queryables$", documents.Queryables),
    URLSpec(_COLLECTION + "/sortables$", documents.Sortables),
    URLSpec(_COLLECTION + "/facets$", documents.Facets),
    URLSpec(_COLLECTION + "/items$", edits.EditableItems),
    URLSpec(_COLLECTION + "/items/(?P<item>[^/]+)$", edits.EditableItem),
    URLSpec(r"/ogc/(?:tileMatrixSets|TileMatrixSets)$", tiles.TileMatrixSets),
    URLSpec(r"/ogc/(?:tileMatrixSets|TileMatrixSets)/(?P<set>[^/]+)$", tiles.TileMatrixSetOne),
    URLSpec(r"/ogc/tiles$", tiles.Tilesets),
    URLSpec(_COLLECTION + "/tiles$", tiles.Tilesets),
    URLSpec(r"/ogc/tiles/(?P<set>[^/]+)$", tiles.Tileset),
    URLSpec(_COLLECTION + "/tiles/(?P<set>[^/]+)$", tiles.Tileset),
    URLSpec(r"/ogc/tiles/" + _TILE, tiles.Tile),
    URLSpec(_COLLECTION + "/tiles/" + _TILE, tiles.Tile),
    URLSpec(r"/ogc/styles$", styles.Styles),
    URLSpec(r"/ogc/styles/(?P<style>[^/]+)$", styles.Style),
    URLSpec(r"/ogc/processes$", processes.Processes),
    URLSpec(r"/ogc/processes/(?P<process>[^/]+)$", processes.ProcessOne),
    URLSpec(r"/ogc/processes/(?P<process>[^/]+)/execution$", processes.Execute),
    URLSpec(r"/ogc/jobs$", jobs.JobList),
    URLSpec(r"/ogc/jobs/(?P<job>[^/]+)$", jobs.JobOne),
    URLSpec(r"/ogc/jobs/(?P<job>[^/]+)/results$", jobs.JobResults),
]
