"""Judges of tiles and documents that nobody here wrote: GDAL's MVT, Mapbox's corpus, Spectral, QGIS.

One that cannot be had on this machine is skipped, and says so.
"""

import gzip
import json
import os
import shutil
import subprocess
from pathlib import Path

import httpx
import mapbox_vector_tile
import psycopg
import pytest

from tiles.inspector import wrong_with

HERE = Path(__file__).parent
TILE = (9, 182, 262)  # zoom, row, column: north of Lyon
# Spectral's own rules for OpenAPI, none left out.
RULES = {"extends": ["spectral:oas"]}


@pytest.fixture(scope="session")
def from_npm():
    """The throw-away folder of npm_judges.sh; skipped when npm cannot fill it."""
    if shutil.which("npm") is None:
        pytest.skip("NOT RUN: npm is not on this machine")
    try:
        done = subprocess.run(
            ["sh", str(HERE / "npm_judges.sh")], capture_output=True, text=True, timeout=400,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        pytest.skip("NOT RUN: npm did not answer within 400 s")
    if done.returncode:
        pytest.skip(f"NOT RUN: npm gave no judges: {done.stderr[-200:]}")
    return Path(done.stdout.strip())


def corpus(from_npm):
    root = from_npm / "node_modules" / "@mapbox" / "mvt-fixtures" / "fixtures"
    for folder in sorted(root.iterdir()):
        yield (
            folder.name,
            json.loads((folder / "info.json").read_text()),
            (folder / "tile.mvt").read_bytes(),
        )


def test_the_corpus_of_mapbox_goes_through_our_inspector(from_npm):
    """No tile of it, valid or broken, escapes the inspector: each is read or refused by name."""
    seen = valid = 0
    for name, info, tile in corpus(from_npm):
        told = wrong_with(gzip.compress(tile), 5, 36_000)
        seen += 1
        assert all(isinstance(one, str) and one for one in told), name
        if not tile:
            assert told == [], f"{name}: an empty tile is only sea"
            continue
        # They have layers and attributes that are not ours: none may be published.
        if info["validity"]["v2"] is True:
            valid += 1
        else:
            assert told, f"{name} is broken ({info['description'][:80]}) and was accepted"
    assert seen > 60
    assert valid > 20


def test_our_decoder_reads_what_is_valid_in_the_corpus(from_npm):
    """Of the valid tiles of known geometry: as many layers and features as the corpus says."""
    unread = set()
    for name, info, tile in corpus(from_npm):
        if info["validity"]["v2"] is not True:
            continue
        try:
            layers = mapbox_vector_tile.decode(tile)
        except Exception:
            unread.add(name)
            continue
        for layer in layers.values():
            assert layer["extent"] > 0, name
            assert isinstance(layer["features"], list), name
    # A geometry of unknown type, attributes that begin with a default, a move of 2^29 points: valid
    # by the letter, refused by the library, never made by PostGIS (the inspector decodes a sample
    # of each zoom before publication). One more, or one less, is worth knowing.
    assert unread == {"016", "039", "057"}


def test_gdal_reads_a_tile_as_the_decoder_does(site, tmp_path):
    if shutil.which("ogrinfo") is None:
        pytest.skip("NOT RUN: GDAL is not on this machine (apt install gdal-bin)")
    z, row, column = TILE
    tile = httpx.get(f"{site}/ogc/tiles/WebMercatorQuad/{z}/{row}/{column}")
    assert tile.status_code == 200
    file = tmp_path / str(z) / str(column) / f"{row}.mvt"
    file.parent.mkdir(parents=True)
    file.write_bytes(tile.content)
    done = subprocess.run(
        ["ogrinfo", "-ro", "-al", "-so", f"MVT:{file}"], capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr
    ours = mapbox_vector_tile.decode(tile.content)
    for name, layer in ours.items():
        part = done.stdout.partition(f"Layer name: {name}\n")[2]
        assert part, f"GDAL sees no layer {name}"
        assert f"Feature Count: {len(layer['features'])}\n" in part
    text = subprocess.run(
        ["ogr2ogr", "-f", "GeoJSON", "/vsistdout/", f"MVT:{file}", "communes", "-t_srs", "EPSG:4326",
         "-oo", f"X={column}", "-oo", f"Y={row}", "-oo", f"Z={z}"],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    with psycopg_codes(site) as known:
        found = {one["properties"]["code"] for one in json.loads(text)["features"]}
        assert found
        assert found <= known


class psycopg_codes:  # noqa: N801 (a small context)
    """The codes of the communes that the site itself lists."""

    def __init__(self, site):
        self.site = site

    def __enter__(self):
        page = httpx.get(f"{self.site}/ogc/collections/communes/items?limit=10000").json()
        return {one["id"] for one in page["features"]}

    def __exit__(self, *_):
        return None


@pytest.mark.parametrize("document", ["ogc/api", "api/v1/openapi.json"])
def test_spectral_finds_no_error_in_the_documents(from_npm, site, tmp_path, document):
    spectral = from_npm / "node_modules" / ".bin" / "spectral"
    if not spectral.exists():
        pytest.skip("NOT RUN: npm did not install Spectral")
    told = httpx.get(f"{site}/{document}").json()
    (tmp_path / "api.json").write_text(json.dumps(told))
    (tmp_path / "rules.json").write_text(json.dumps(RULES))
    done = subprocess.run(
        [str(spectral), "lint", "api.json", "--ruleset", "rules.json", "--format", "json",
         "--quiet", "--fail-severity", "error"],
        capture_output=True, text=True, timeout=300, check=False, cwd=tmp_path,
    )  # fmt: skip
    found = json.loads(done.stdout[done.stdout.index("[") :])
    worst = [f"{one['code']} at {'/'.join(map(str, one['path']))}: {one['message']}"
             for one in found if one["severity"] <= 1]  # fmt: skip
    assert worst == [], worst[:20]
    # A document that breaks a rule is seen: the judge is awake.
    (tmp_path / "api.json").write_text(json.dumps(told | {"paths": {"/x/{y}": {"get": {}}}}))
    again = subprocess.run(
        [str(spectral), "lint", "api.json", "--ruleset", "rules.json"], capture_output=True,
        text=True, timeout=300, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert again.returncode == 1


def test_qgis_pages_through_collections_and_loads_tiles(site, small_france):
    """QGIS 3.22 of Debian, headless: `sh tests/conformance/qgis.sh` says how it is had."""
    python = os.environ.get("GUICHET_QGIS_PYTHON", "/usr/bin/python3")
    if subprocess.run(
        [python, "-c", "import qgis.core"], capture_output=True, check=False
    ).returncode:
        pytest.skip("NOT RUN: no QGIS here (apt-get install python3-qgis, or GUICHET_QGIS_PYTHON)")
    with psycopg.connect(small_france) as conn:
        (communes,) = conn.execute(
            "select count(*) from catalog.commune where valid_to is null"
        ).fetchone()
        (offices,) = conn.execute("select count(*) from catalog.pub_office").fetchone()
    done = subprocess.run(
        [python, str(HERE / "in_qgis.py"), f"{site}/ogc"], capture_output=True, text=True,
        timeout=300, check=False, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert told["communes"] == told["distinct_communes"] == communes
    assert told["offices"] == told["distinct_offices"] == offices
    assert told["colours"] > 2, "QGIS drew nothing of the tiles"
