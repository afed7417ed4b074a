"""What `/ogc` and `/ogc/edr` conform to: only what their tests prove, whichever tier answers."""

_FEATURES = "http://www.opengis.net/spec/ogcapi-features-{}/1.0/conf/{}"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/{}"
_COMMON = "http://www.opengis.net/spec/ogcapi-common-{}/1.0/conf/{}"
_TILES = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{}"

COMMON = (
    *(_COMMON.format(1, one) for one in ("core", "landing-page", "json", "html", "oas30")),
    _COMMON.format(2, "collections"),
)
FEATURES = (
    *(_FEATURES.format(1, one) for one in ("core", "geojson", "html", "oas30")),
    _FEATURES.format(2, "crs"),
    *(
        _FEATURES.format(3, one)
        for one in ("queryables", "queryables-query-parameters", "filter", "features-filter")
    ),
    # For the collections that a mandate gives the right to change (api.ogc.edits).
    *(
        _FEATURES.format(4, one)
        for one in ("create-replace-delete", "update", "optimistic-locking-etags", "features")
    ),
)
SCHEMAS = (
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/core-roles-features",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/sortables",
)
FILTERS = tuple(
    _CQL2.format(one)
    for one in (
        "cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators",
        "case-insensitive-comparison", "accent-insensitive-comparison", "basic-spatial-functions",
        "basic-spatial-functions-plus", "spatial-functions", "temporal-functions",
        "array-functions", "property-property", "arithmetic",
    )
)  # fmt: skip
_PROCESSES = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/{}"
PROCESSES = tuple(
    _PROCESSES.format(one)
    for one in (
        "core", "ogc-process-description", "json", "html", "oas30", "job-list", "dismiss",
        "callback",
    )
)  # fmt: skip
_RECORDS = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/{}"
RECORDS = tuple(
    _RECORDS.format(one)
    for one in ("record-core", "record-collection", "record-core-query-parameters", "records-api",
                "searchable-catalog", "sorting", "json", "html", "oas30")
)  # fmt: skip
JSON_FG = ("http://www.opengis.net/spec/json-fg-1/1.0/conf/core",)

TILES = (
    *(
        _TILES.format(one)
        for one in ("core", "tileset", "tilesets-list", "dataset-tilesets", "geodata-tilesets",
                    "mvt", "oas30")
    ),
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
)  # fmt: skip

# The answers are those of EDR 1.1; 1.0 is declared too, for readers and suites that look for it.
EDR = tuple(
    f"http://www.opengis.net/spec/ogcapi-edr-1/{edition}/conf/{one}"
    for edition in ("1.0", "1.1")
    for one in ("core", "collections", "queries", "json", "geojson", "edr-geojson", "covjson",
                "oas30")
)  # fmt: skip
# A draft (OGC 19-087), and its names may still change.
COVERAGES = tuple(
    f"http://www.opengis.net/spec/ogcapi-coverages-1/1.0/conf/{one}"
    for one in ("core", "subsetting", "scaling", "fieldselection", "geotiff", "coveragejson")
)
MAPS = tuple(
    f"http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/{one}"
    for one in ("core", "collection-map", "crs", "png")
)

CLASSES: tuple[str, ...] = (
    COMMON + FEATURES + SCHEMAS + FILTERS + JSON_FG + RECORDS + TILES + PROCESSES
)
RASTERS: tuple[str, ...] = COMMON + EDR + COVERAGES + MAPS  # of /ogc/edr
