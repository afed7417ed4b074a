"""Our OGC API connector against a real pygeoapi 0.24 (of the lock file): Records, and Features.

The server is pygeoapi's own (Flask), over its TinyDB catalogue and its GeoJSON provider; it gives
fewer items a page than we ask for, as servers do. The records are made of real data.gouv.fr
datasets. Skipped, and said, where pygeoapi's command is not beside our Python.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.observations import Nature
from harvest import portals
from harvest.fetch import Limits
from harvest.outbound_guard import Guard
from harvest.raw import RawStore
from harvest.remote import Breaker, Patience, Remote
from harvest.source_files import Portal, SourceFile

COMMAND = Path(sys.executable).with_name("pygeoapi")
pytestmark = pytest.mark.skipif(
    not COMMAND.exists(), reason=f"no pygeoapi command at {COMMAND}: `pip install pygeoapi==0.24.0`"
)
DATASETS = Path(__file__).parents[1] / "harvest" / "portals" / "udata-datasets.json"
BOX = [[[-1.8, 48.0], [-1.5, 48.0], [-1.5, 48.2], [-1.8, 48.2], [-1.8, 48.0]]]


def records() -> list[dict[str, Any]]:
    """Real datasets, five times over (their ids told apart), as OGC API Records say them."""
    real = json.loads(DATASETS.read_text(encoding="utf-8"))
    return [
        {
            "id": f"{one['id']}-{copy}",
            "type": "Feature",
            "conformsTo": ["http://www.opengis.net/spec/ogcapi-records-1/1.0/req/record-core"],
            "geometry": {"type": "Polygon", "coordinates": BOX},
            "time": {"interval": ["2020-01-01", ".."]},
            "properties": {
                "type": "dataset" if copy else "service",
                "title": one["title"],
                "description": one["description"],
                "keywords": one["tags"],
                "created": one["created_at_internal"],
                "updated": one["last_modified_internal"],
                "license": "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
                "language": {"code": "fr"},
                "contacts": [{"organization": "Rennes Métropole", "roles": ["publisher"]}],
                "externalIds": [{"scheme": "udata", "value": f"{one['id']}"}],
            },
            "links": [
                {"rel": "item", "href": resource["url"], "type": resource.get("mime") or "text/csv",
                 "title": resource["title"]}
                for resource in one["resources"][:3]
            ],
        }
        for copy in range(5)
        for one in real
    ]  # fmt: skip


def configuration(port: int, folder: Path) -> dict[str, Any]:
    described = {"description": "Essai", "keywords": ["essai"], "extents": {"spatial": {"bbox": [-5, 41, 10, 52], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}, "temporal": {"begin": "2020-01-01", "end": None}},
                 "links": [{"type": "text/html", "rel": "canonical", "title": "Page", "href": "https://www.valbois.example/lieux"}]}  # fmt: skip
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port}, "url": f"http://ogc.example:{port}",
            "mimetype": "application/json; charset=UTF-8", "encoding": "utf-8", "languages": ["fr-FR"],
            "limits": {"default_items": 5, "max_items": 5, "on_exceed": "throttle"},
            "map": {"url": "https://tile.example/{z}/{x}/{y}.png", "attribution": "Essai"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {"title": "Essai", "description": "Essai", "keywords": ["essai"], "keywords_type": "theme", "terms_of_service": "https://x.example", "url": "https://x.example"},
            "license": {"name": "LO", "url": "https://x.example"}, "provider": {"name": "Essai", "url": "https://x.example"},
            "contact": {"name": "Essai", "position": "x", "address": "x", "city": "x", "stateorprovince": "x", "postalcode": "x", "country": "x", "phone": "x", "fax": "x", "email": "x@x.example", "url": "https://x.example", "hours": "x", "instructions": "x", "role": "pointOfContact"},
        },
        "resources": {
            "catalogue": {
                "type": "collection", "title": "Catalogue", **described,
                "providers": [{"type": "record", "name": "TinyDBCatalogue", "data": str(folder / "records.json"), "id_field": "externalId", "time_field": "created", "title_field": "title"}],
            },
            "lieux": {
                "type": "collection", "title": "Lieux ouverts au public", **described,
                "providers": [{"type": "feature", "name": "GeoJSON", "data": str(folder / "lieux.geojson"), "id_field": "id"}],
            },
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, free_port: Any) -> Iterator[int]:
    folder, number = tmp_path_factory.mktemp("pygeoapi"), free_port()
    tiny = {"_default": {str(n): one for n, one in enumerate(records(), 1)}}
    (folder / "records.json").write_text(json.dumps(tiny), encoding="utf-8")
    places = [
        {"type": "Feature", "id": n, "geometry": {"type": "Point", "coordinates": [2 + n / 10, 46]}, "properties": {"nom": f"Lieu {n}"}}
        for n in range(12)
    ]  # fmt: skip
    (folder / "lieux.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": places}), encoding="utf-8"
    )
    (folder / "config.yml").write_text(
        yaml.safe_dump(configuration(number, folder)), encoding="utf-8"
    )
    environment = {
        **os.environ,
        "PYGEOAPI_CONFIG": str(folder / "config.yml"),
        "PYGEOAPI_OPENAPI": str(folder / "openapi.yml"),
    }
    made = subprocess.run(
        [COMMAND, "openapi", "generate", str(folder / "config.yml"), "--output-file", str(folder / "openapi.yml")],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-2000:]
    log = folder / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [COMMAND, "serve"], env=environment, stdout=out, stderr=out, cwd=folder
        )
    try:
        end = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{number}/?f=json", timeout=10):
                    break
            except (urllib.error.URLError, ConnectionError):
                assert server.poll() is None, log.read_text(errors="replace")[-2000:]
                assert time.monotonic() < end, "pygeoapi did not start"
                time.sleep(0.2)
        yield number
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def read(port: int, tmp_path: Path) -> Any:
    def one(collection: str | None, page_size: int = 100) -> portals.Reading:
        guard = Guard(lambda host, p: ["127.0.0.1"], frozenset({("127.0.0.1", port)}))
        remote = Remote(
            RawStore(tmp_path / "raw"), guard, Limits(), Patience(pause=0), breaker=Breaker()
        )
        source = SourceFile(
            id="ogc", kind="ogc-records", order=9, title="C", publisher="P", licence="L", url="https://x.fr",
            nature=Nature.DIRECTORY,
            portal=Portal(url=f"http://ogc.example:{port}/", page_size=page_size, collection=collection),
        )  # fmt: skip
        return portals.visit(source, remote, None)

    return one


def test_records_are_read_to_the_end_of_the_next_links(read: Any) -> None:
    reading = read("catalogue")
    expected = records()
    assert (len(reading.rows), reading.whole, reading.rejections) == (len(expected), True, ())
    assert {row.remote_id for row in reading.rows} == {one["id"] for one in expected}


def test_a_record_says_what_the_catalogue_says(read: Any) -> None:
    said = records()[-1]
    (row,) = [one for one in read("catalogue").rows if one.remote_id == said["id"]]
    assert (row.type, row.title) == ("dataset", " ".join(said["properties"]["title"].split()))
    assert (row.publisher, row.language) == ("Rennes Métropole", "fr")
    assert row.licence is not None
    assert row.identifiers == (said["properties"]["externalIds"][0]["value"],)
    assert row.extent is not None
    assert row.temporal_start is not None
    assert row.temporal_end is None, "an open interval"
    assert len(row.distributions) == len(said["links"]), "pygeoapi's own links are no data"
    assert row.updated is not None


def test_an_api_without_a_catalogue_is_read_as_its_collections(read: Any) -> None:
    reading = read(None)
    assert {row.remote_id: (row.type, row.title) for row in reading.rows} == {
        "catalogue": ("service", "Catalogue"),
        "lieux": ("service", "Lieux ouverts au public"),
    }
    lieux = next(row for row in reading.rows if row.remote_id == "lieux")
    assert lieux.landing_page == "https://www.valbois.example/lieux"
    assert any("/collections/lieux/items" in one.url for one in lieux.distributions)
    assert reading.whole
