"""Bulk files: complete, equal to the API, the same bytes twice, readable by others' readers."""

import csv
import gzip
import hashlib
import io
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiona
import httpx
import psycopg
import pyarrow.parquet as pq
import pytest
import shapely
from rdflib import DCAT, DCTERMS, Graph, URIRef

from catalog import csv_cells
from catalog.referential import current
from config.errors import NotFound
from config.settings import Settings
from tiles.bulk import manifest as manifest_files
from tiles.bulk import rebuild
from tiles.bulk.manifest import Manifest
from tiles.bulk.tables import tables


def silent(*_: object) -> None:
    """Tell nobody."""


@pytest.fixture(scope="module")
def made(small_france_settings: Settings, site: str) -> tuple[Path, Manifest]:
    manifest = rebuild.rebuild(small_france_settings, silent)
    folder, found = manifest_files.newest(small_france_settings)
    assert found == manifest
    return folder, manifest


@pytest.fixture(scope="module")
def client(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, timeout=30) as one:
        yield one


def read_csv(file: Path) -> list[dict[str, str]]:
    raw = file.read_bytes()
    text = (gzip.decompress(raw) if file.suffix == ".gz" else raw).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_format_of_a_table_holds_the_same_rows(made: tuple[Path, Manifest]) -> None:
    folder, manifest = made
    for table in tables(current()):
        rows = {file.rows for file in manifest.files if file.table == table.id}
        assert len(rows) == 1
        expected = rows.pop()
        assert expected
        for file in manifest.files:
            if file.table != table.id:
                continue
            path = folder / file.name
            if file.format in ("csv", "csv.gz"):
                count = len(read_csv(path))
            elif file.format == "parquet":
                count = pq.read_table(path).num_rows
            elif file.format == "geojson":
                count = len(json.loads(path.read_bytes())["features"])
            else:
                with fiona.open(path) as layer:
                    count = len(list(layer))
                    assert layer.crs.to_epsg() == 4326
            assert count == expected, file.name


def test_a_commune_without_outline_is_in_every_file(made: tuple[Path, Manifest]) -> None:
    folder, _ = made
    features = json.loads((folder / "communes.geojson").read_bytes())["features"]
    bare = {f["properties"]["code"] for f in features if f["geometry"] is None}
    assert "69114" in bare
    for name in ("communes.gpkg", "communes.fgb"):
        with fiona.open(folder / name) as layer:
            assert {f.properties["code"] for f in layer if f.geometry is None} == bare
    table = pq.read_table(folder / "communes.parquet")
    described = json.loads(table.schema.metadata[b"geo"])["columns"]["geometry"]
    assert described["encoding"] == "WKB"
    shapes = shapely.from_wkb(table["geometry"].to_pylist())
    codes = table["code"].to_pylist()
    assert {code for code, shape in zip(codes, shapes, strict=True) if shape is None} == bare


def test_unknown_has_its_row_and_its_word(
    made: tuple[Path, Manifest], client: httpx.Client
) -> None:
    """Files, API and counts say the same of every state, unknown included."""
    folder, _ = made
    long = read_csv(folder / "status.csv.gz")
    communes = read_csv(folder / "communes.csv")
    services = list(current().services)
    assert len(long) == len(communes) * len(services)
    wide = {row["code"]: row for row in read_csv(folder / "matrix.csv")}
    for row in long:
        assert wide[row["code"]][row["service"]] == row["state"]
        assert row["state"] != ""
    for service in ("official-site", "nursery", "electoral-roll"):
        ours = Counter(row["state"] for row in long if row["service"] == service)
        summary = client.get(f"/api/v1/territories/FR/summary?service={service}").json()["whole"]
        assert {state: n for state, n in summary["states"].items() if n} == dict(ours)
    assert {row["state"] for row in long if row["service"] == "nursery"} == {"unknown"}
    proofs = [row for row in long if row["observation"]]
    assert proofs
    assert all(row["source"] and row["seen"] for row in proofs)


def test_codes_are_texts(made: tuple[Path, Manifest]) -> None:
    folder, _ = made
    assert b'"01033"' in (folder / "communes.csv").read_bytes()
    assert "01033" in pq.read_table(folder / "communes.parquet")["code"].to_pylist()


def test_the_same_facts_make_the_same_bytes(
    made: tuple[Path, Manifest], small_france_settings: Settings
) -> None:
    folder, manifest = made
    kept = folder.with_name("kept.aside")
    folder.rename(kept)
    try:
        again = rebuild.rebuild(small_france_settings, silent)
        assert again == manifest
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        kept.rename(folder)


def test_an_interrupted_run_is_never_shown(
    made: tuple[Path, Manifest], small_france_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, manifest = made
    kept = folder.with_name("kept.aside")
    folder.rename(kept)

    def killed(*_: Any) -> Any:
        raise KeyboardInterrupt

    try:
        monkeypatch.setattr(rebuild, "_dictionary", killed)
        with pytest.raises(KeyboardInterrupt):
            rebuild.rebuild(small_france_settings, silent)
        with pytest.raises(NotFound):
            manifest_files.newest(small_france_settings)
    finally:
        kept.rename(folder)
    monkeypatch.undo()
    assert rebuild.rebuild(small_france_settings, silent) == manifest
    assert not list(folder.parent.glob("*.making"))


def test_nothing_harvested_is_said(database_settings: Settings, tmp_path: Path) -> None:
    paths = database_settings.paths.model_copy(update={"var": tmp_path})
    with pytest.raises(NotFound, match="guichet harvest"):
        rebuild.rebuild(database_settings.model_copy(update={"paths": paths}), silent)


# --------------------------------------------------------------------------------- the doors


def test_files_are_served_whole_by_range_and_for_ever(
    made: tuple[Path, Manifest], client: httpx.Client
) -> None:
    folder, manifest = made
    listed = client.get("/api/v1/bulk").json()
    assert listed["version"] == manifest.version
    assert [one["name"] for one in listed["files"]] == [one.name for one in manifest.files]
    for one in listed["files"]:
        answer = client.get(one["url"])
        assert hashlib.sha256(answer.content).hexdigest() == one["sha256"], one["name"]
        assert len(answer.content) == one["bytes"]
        # A telephone may be hidden at any moment: proxies ask again for the offices.
        ever = "must-revalidate" if one["table"] == "offices" else "immutable"
        assert ever in answer.headers["Cache-Control"], one["name"]
    url = next(one["url"] for one in listed["files"] if one["name"] == "communes.parquet")
    whole = (folder / "communes.parquet").read_bytes()
    size = len(whole)
    for asked, expected in (
        ("bytes=0-3", whole[:4]), ("bytes=-8", whole[-8:]), (f"bytes={size - 2}-", whole[-2:]),
        (f"bytes=4-{size * 9}", whole[4:]),
    ):  # fmt: skip
        part = client.get(url, headers={"Range": asked})
        assert (part.status_code, part.content) == (206, expected), asked
        assert part.headers["Content-Range"].endswith(f"/{size}")
    assert client.get(url, headers={"Range": f"bytes={size}-"}).status_code == 416
    assert client.get(url, headers={"Range": "bytes=0-," * 1000}).status_code == 200
    head = client.head(url)
    assert (head.headers["Content-Length"], head.content) == (str(size), b"")
    tag = head.headers["Etag"]
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/data/2026-01-01-1-1/communes.csv", "/data/../var/communes.csv",
        "/data/..%2f..%2fetc/passwd", "/data/{version}/..%2fmanifest.json",
        "/data/{version}/manifest.json", "/data/{version}/nope.csv", "/data/x/communes.csv",
    ],
)  # fmt: skip
def test_what_is_not_a_bulk_file_is_not_found(
    made: tuple[Path, Manifest], client: httpx.Client, path: str
) -> None:
    answer = client.get(path.format(version=made[1].version))
    assert answer.status_code == 404
    assert str(made[0]) not in answer.text


def test_the_page_lists_every_file_with_its_hash(
    made: tuple[Path, Manifest], client: httpx.Client
) -> None:
    for path in ("/fr/donnees", "/en/data"):
        page = client.get(path).text
        for one in made[1].files:
            assert one.name in page
            assert one.sha256 in page


@pytest.mark.parametrize(
    ("suffix", "format"), [("ttl", "turtle"), ("jsonld", "json-ld"), ("rdf", "xml")]
)
def test_the_catalogue_says_the_same_in_each_syntax(
    made: tuple[Path, Manifest], client: httpx.Client, suffix: str, format: str
) -> None:
    answer = client.get(f"/dcat.{suffix}")
    assert answer.status_code == 200
    graph = Graph().parse(data=answer.content, format=format)
    datasets = set(graph.objects(None, DCAT.dataset))
    assert len(datasets) == len(tables(current())) + 1, "the tables, and the rasters of distances"
    for dataset in datasets:
        titles = {title.language for title in graph.objects(dataset, DCTERMS.title)}
        assert titles == {"fr", "en"}
        for distribution in graph.objects(dataset, DCAT.distribution):
            url = str(graph.value(distribution, DCAT.downloadURL))
            size = int(graph.value(distribution, DCAT.byteSize))
            assert int(client.head(url).headers["Content-Length"]) == size
            assert isinstance(graph.value(distribution, DCTERMS.license), URIRef)


# --------------------------------------------------------------------------------- the cells


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"), ("@x", "'@x"), ("\t=1", "'\t=1"),
        ("+cmd|x", "'+cmd|x"), ("-2+3*cmd", "'-2+3*cmd"), ("+33 1 23 45 67 89", "+33 1 23 45 67 89"),
        ("-12", "'-12"), ("+1", "'+1"), (-12, -12), (1.5, 1.5), (None, None), (["a", "b"], "a|b"), (True, "true"),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(value: Any, shown: Any) -> None:
    assert csv_cells.cell(value) == shown


def test_a_formula_in_a_harvested_text_is_written_as_text(conn: psycopg.Connection[Any]) -> None:
    out = io.StringIO(newline="")
    csv_cells.write(out, ["a", "b"], [["=1+1", None], ["01", 2]])
    assert out.getvalue() == '"a","b"\r\n"\'=1+1",\r\n"01",2\r\n'
