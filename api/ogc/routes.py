"""The addresses under `/ogc`."""

from tornado.routing import URLSpec

from api.ogc import documents, features

_COLLECTION = r"/ogc/collections/(?P<collection>[^/]+)"
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
]
