"""The addresses under `/ogc`."""

from tornado.routing import URLSpec

from api.ogc import documents, features, jobs, processes, tiles

_COLLECTION = r"/ogc/collections/(?P<collection>[^/]+)"
_TILE = r"(?P<set>[^/]+)/(?P<z>[^/]+)/(?P<row>[^/]+)/(?P<column>[^/]+)$"
ROUTES: list[URLSpec] = [
    URLSpec(r"/ogc/?$", documents.Landing),
    URLSpec(r"/ogc/conformance$", documents.Conformance),
    URLSpec(r"/ogc/api$", documents.Api),
    URLSpec(r"/ogc/openapi$", documents.Api),  # where pygeoapi has it
    URLSpec(r"/ogc/collections/?$", documents.Collections),
    URLSpec(_COLLECTION + "$", documents.CollectionOne),
    URLSpec(_COLLECTION + "/schema$", documents.SchemaOf),
    URLSpec(_COLLECTION + "/queryables$", documents.Queryables),
    URLSpec(_COLLECTION + "/sortables$", documents.Sortables),
    URLSpec(_COLLECTION + "/items$", features.Items),
    URLSpec(_COLLECTION + "/items/(?P<item>[^/]+)$", features.Item),
    URLSpec(r"/ogc/(?:tileMatrixSets|TileMatrixSets)$", tiles.TileMatrixSets),
    URLSpec(r"/ogc/(?:tileMatrixSets|TileMatrixSets)/(?P<set>[^/]+)$", tiles.TileMatrixSetOne),
    URLSpec(r"/ogc/tiles$", tiles.Tilesets),
    URLSpec(_COLLECTION + "/tiles$", tiles.Tilesets),
    URLSpec(r"/ogc/tiles/(?P<set>[^/]+)$", tiles.Tileset),
    URLSpec(_COLLECTION + "/tiles/(?P<set>[^/]+)$", tiles.Tileset),
    URLSpec(r"/ogc/tiles/" + _TILE, tiles.Tile),
    URLSpec(_COLLECTION + "/tiles/" + _TILE, tiles.Tile),
    URLSpec(r"/ogc/processes$", processes.Processes),
    URLSpec(r"/ogc/processes/(?P<process>[^/]+)$", processes.ProcessOne),
    URLSpec(r"/ogc/processes/(?P<process>[^/]+)/execution$", processes.Execute),
    URLSpec(r"/ogc/jobs$", jobs.JobList),
    URLSpec(r"/ogc/jobs/(?P<job>[^/]+)$", jobs.JobOne),
    URLSpec(r"/ogc/jobs/(?P<job>[^/]+)/results$", jobs.JobResults),
]
