"""Readers that nobody here wrote, against our OGC API: GDAL, OWSLib, the suites of OGC.

One that is not on this machine is skipped, and says so.
"""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import psycopg
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator
from owslib.ogcapi.features import Features

HERE = Path(__file__).parent
COLLECTIONS = (
    "communes", "epci", "departements", "regions", "offices", "services",
    "contributions", "difficulties", "records", "practices",
)  # fmt: skip
# In small_france: tests of their own fill them.
EMPTY = ("contributions", "difficulties", "records", "practices")


@pytest.fixture(scope="module")
def counts(small_france):
    """How many items each collection has, by SQL of this test's own."""
    from catalog import referential

    with psycopg.connect(small_france) as conn:

        def one(question):
            return conn.execute(question).fetchone()[0]

        communes = one("select count(*) from catalog.commune where valid_to is null")
        return {
            "communes": communes,
            "epci": one("select count(*) from catalog.epci"),
            "departements": one("select count(*) from catalog.departement"),
            "regions": one("select count(*) from catalog.region"),
            "records": one("select count(distinct group_id) from catalog.record"),
            "contributions": one(
                "select count(*) from crowd.contribution where state = 'accepted'"
            ),
            "difficulties": one(
                "select count(*) from crowd.difficulty d where d.state in ('seen', 'done') and not exists"
                " (select from crowd.procedure p where p.id = d.procedure_id and p.hidden_at is not null)"
            ),
            "practices": one("select count(*) from crowd.practice where state = 'published'"),
            "offices": one("select count(*) from catalog.pub_office"),
            "services": communes * len(referential.current().services),
        }


def gdal(*command):
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not on this machine (apt install gdal-bin)")
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    # What GDAL complains of is a fault of ours.
    assert "ERROR" not in done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_gdal_walks_a_whole_collection(site, counts, tmp_path, collection):
    target = tmp_path / "x.geojsonl"
    gdal("ogr2ogr", "-f", "GeoJSONSeq", str(target), f"OAPIF:{site}/ogc/collections/{collection}",
         "-oo", "PAGE_SIZE=13" if counts[collection] < 400 else "PAGE_SIZE=500")  # fmt: skip
    lines = target.read_text().splitlines()
    assert len(lines) == counts[collection]
    properties = [json.loads(line)["properties"] for line in lines]
    keys = {json.dumps([one.get(name) for name in ("code", "id", "commune", "service")])
            for one in properties}  # fmt: skip
    assert len(keys) == counts[collection], "an item came twice"


def test_gdal_finds_the_collections_and_filters_by_box(site, counts):
    told = gdal("ogrinfo", "-ro", f"OAPIF:{site}/ogc")
    for collection in COLLECTIONS:
        assert collection in told
    told = gdal("ogrinfo", "-ro", "-so", f"OAPIF:{site}/ogc/collections/communes", "communes")
    assert f"Feature Count: {counts['communes']}" in told
    assert "population: Integer" in told
    told = gdal("ogrinfo", "-ro", "-al", "-geom=NO", "-spat", "4.9", "46.1", "5", "46.2",
                f"OAPIF:{site}/ogc/collections/communes")  # fmt: skip
    ours = httpx.get(f"{site}/ogc/collections/communes/items?bbox=4.9,46.1,5,46.2&limit=100").json()
    # What has no geometry is in every box for OGC, and in none for GDAL.
    placed = sum(one["geometry"] is not None for one in ours["features"])
    assert len(ours["features"]) == ours["numberMatched"]
    assert told.count("OGRFeature(") == placed > 0


def test_gdal_reads_our_files(site, counts, tmp_path):
    file = tmp_path / "communes.fgb"
    file.write_bytes(httpx.get(f"{site}/ogc/collections/communes/items?f=fgb").content)
    told = gdal("ogrinfo", "-ro", "-so", "-al", str(file))
    assert f"Feature Count: {counts['communes']}" in told
    assert re.search(r"Geometry: (3D )?Multi Polygon", told)


def test_owslib_reads_everything(site, counts):
    service = Features(f"{site}/ogc")
    # It tells collections of features from those of records by their itemType.
    assert set(COLLECTIONS) - {"records"} <= set(service.feature_collections())
    assert "records" not in service.feature_collections()
    assert (
        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"
        in (service.conformance()["conformsTo"])
    )
    for collection in COLLECTIONS:
        assert service.collection(collection)["id"] == collection
        assert "properties" in service.collection_queryables(collection)
        page = service.collection_items(collection, limit=2)
        assert page["numberMatched"] == counts[collection]
        if not page["features"]:
            assert collection in EMPTY
            continue
        first = page["features"][0]
        assert service.collection_item(collection, first["id"])["id"] == first["id"]
    found = service.collection_items("communes", filter="population > 1000", limit=100)
    assert all(one["properties"]["population"] > 1000 for one in found["features"])
    found = service.collection_items("communes", bbox=[4.9, 46.1, 5, 46.2])
    assert found["features"]
    assert service.api()["openapi"].startswith("3.0")


def test_the_openapi_document_is_valid_3_0(site):
    document = httpx.get(f"{site}/ogc/api").json()
    assert document["openapi"].startswith("3.0.")
    errors = list(OpenAPIV30SpecValidator(document).iter_errors())
    assert not errors, errors
    box = next(one for one in document["paths"]["/collections/communes/items"]["get"]["parameters"]
               if one["name"] == "bbox")  # fmt: skip
    # As the suite of OGC wants it (FeaturesBBox): 4 to 6 numbers in one value.
    assert box["schema"] == {"type": "array", "minItems": 4, "maxItems": 6,
                             "items": {"type": "number"}}  # fmt: skip
    assert (box["style"], box["explode"]) == ("form", False)


def load_cite():
    spec = importlib.util.spec_from_file_location("cite", HERE / "cite.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["cite"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["features", "tiles", "processes", "edr"])
def test_the_suites_of_ogc_fail_nothing(site, name):
    cite = load_cite()
    try:
        jar = cite.fetch(cite.SUITES[name])
    except cite.Unavailable as error:
        pytest.skip(f"CITE {name} was NOT RUN: {error}")
    found = cite.run(cite.SUITES[name], jar, f"{site}/ogc")
    assert found.passed > 0
    assert found.failed == 0, "\n".join(found.failures)


def test_a_suite_that_fails_is_seen():
    cite = load_cite()
    found = cite.read(
        '<testng-results ignored="0" total="3" passed="1" failed="1" skipped="1"><suite><test>'
        '<class><test-method status="FAIL" name="bbox"><exception class="x"><message>bad\n box'
        '</message></exception></test-method><test-method status="PASS" name="a"/></class>'
        "</test></suite></testng-results>"
    )
    assert (found.passed, found.failed, found.skipped) == (1, 1, 1)
    assert found.failures == ("bbox: bad box",)


@pytest.mark.parametrize("document", ["ogc/api", "ogc/edr/api", "api/v1/openapi.json"])
def test_schemathesis_finds_no_server_error_and_no_mismatch(site, document):
    """Every operation of the documents, with what its parameters allow and what they do not."""
    checks = ("not_a_server_error", "response_schema_conformance", "status_code_conformance",
              "content_type_conformance")  # fmt: skip
    told = httpx.get(f"{site}/{document}").json()
    operations = sum(name in ("get", "post", "put", "patch", "delete")
                     for path in told["paths"].values() for name in path)  # fmt: skip
    command = [str(Path(sys.executable).with_name("st")), "run", f"{site}/{document}",
               "--checks", ",".join(checks), "--max-examples", "2", "--seed", "7", "--no-color",
               "--request-timeout", "20", "--phases", "coverage,fuzzing", "--workers", "2"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout[-6000:]
    # None was left out but the document itself, which it reads anyway, and each was really asked.
    selected = re.search(r"Selected: (\d+)/(\d+)", done.stdout)
    tested = re.search(r"Tested: (\d+)", done.stdout)
    assert selected
    assert tested
    assert operations - 1 <= int(selected[1]) == int(selected[2]) == int(tested[1]) <= operations
    found = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert found
    assert int(found[1]) == int(found[2]) > 1000
