"""pygeoapi 0.24 with its PostgreSQL providers of features and tiles, two workers.

It counts all rows at each page, as it is shipped.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peers.machine import Server, environment, free_port, started
from peers.places import SCHEMA, Places
from psycopg.conninfo import conninfo_to_dict

PINS = ("pygeoapi==0.24.0", "gunicorn==23.0.0", "uvicorn==0.38.0", "starlette==0.50.0",
        "psycopg2-binary==2.9.11", "geoalchemy2==0.20.0", "sqlalchemy==2.0.44",
        "pygeofilter[backend-sqlalchemy]==0.4.0")  # fmt: skip
ITEMS = "/collections/communes/items"


@contextmanager
def serve(address: str, places: Places) -> Iterator[Server]:
    programs = environment("pygeoapi", PINS)
    port = free_port()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        config = folder / "config.yml"
        config.write_text(json.dumps(configuration(port, address)))  # JSON is YAML
        # It wants a document to read at start, and does not use it to answer items.
        (folder / "openapi.json").write_text('{"openapi":"3.0.3","paths":{}}')
        told = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(folder / "openapi.json")}
        command = [programs / "gunicorn", "-w", 2, "-k", "uvicorn.workers.UvicornWorker", "-b",
                   f"127.0.0.1:{port}", "--log-level", "error",
                   "pygeoapi.starlette_app:APP"]  # fmt: skip
        with started(command, f"{ITEMS}?f=json&limit=1", port, told, folder) as pid:
            yield Server("pygeoapi", port, pid, {
                "first page": lambda _: f"{ITEMS}?f=json&limit=100",
                "page by offset": lambda chance: (
                    f"{ITEMS}?f=json&limit=100&offset={places.offset(chance)}"
                ),
                "page anywhere": lambda chance: (
                    f"{ITEMS}?f=json&limit=100&offset={places.offset(chance)}"
                ),
                "bbox page": lambda chance: f"{ITEMS}?f=json&limit=100&bbox={places.box(chance)}",
                "one item": lambda chance: f"{ITEMS}/{places.code(chance)}?f=json",
                "tile mix": lambda chance: (
                    "/collections/tiles/tiles/WebMercatorQuad/{a.z}/{a.y}/{a.x}?f=mvt".format(
                        a=places.tile(chance)
                    )
                ),
            })  # fmt: skip


def configuration(port: int, address: str) -> dict[str, Any]:
    told = conninfo_to_dict(address)
    data = {"host": told["host"], "port": int(told.get("port") or 5432), "dbname": told["dbname"],
            "user": told["user"], "password": told.get("password", ""),
            "search_path": [SCHEMA, "public"]}  # fmt: skip
    text = {"en": "communes"}
    collection = {
        "type": "collection", "title": "communes", "description": "communes", "keywords": ["x"],
        "links": [], "extents": {"spatial": {"bbox": [-180, -90, 180, 90]}},
    }  # fmt: skip
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port}, "url": f"http://127.0.0.1:{port}",
            "mimetype": "application/json; charset=UTF-8", "encoding": "utf-8", "gzip": False,
            "languages": ["en-US"], "pretty_print": False, "map": {"url": "", "attribution": ""},
            "limits": {"default_items": 10, "max_items": 10000},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {"title": text, "description": text, "keywords": {"en": ["x"]},
                               "keywords_type": "theme", "terms_of_service": "x",
                               "url": "http://127.0.0.1"},
            "license": {"name": "x"}, "provider": {"name": "x", "url": "http://127.0.0.1"},
            "contact": {"name": "x"},
        },
        "resources": {
            "communes": {**collection, "providers": [{
                "type": "feature", "name": "PostgreSQL", "data": data,
                "id_field": "code", "table": "communes", "geom_field": "geometry",
            }]},
            "tiles": {**collection, "providers": [{
                "type": "tile", "name": "MVT-postgresql", "data": data,
                "id_field": "number", "table": "tiles", "geom_field": "geometry",
                "storage_crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
                "options": {"zoom": {"min": 0, "max": 15}},
                "format": {"name": "pbf", "mimetype": "application/vnd.mapbox-vector-tile"},
            }]},
        },
    }  # fmt: skip
