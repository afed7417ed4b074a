"""Geographic files, made with fiona as others make them, read in the sandbox."""

import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fiona
import pytest

from config.errors import Invalid
from harvest.mapped import features

PLACES = """
[places]
kind = { value = "library" }
remote_id = "id"
name = "nom"
[places.where]
code = "insee"
longitude = "@longitude"
latitude = "@latitude"
"""
SCHEMA = {"geometry": "Point", "properties": {"id": "int", "nom": "str", "insee": "str"}}
PARIS = (2.3522, 48.8566)
PARIS_93 = (652469.02, 6862035.26)
SAINT_DENIS_2975 = (338941.0, 7690476.0)


def form(name: str, **more: object) -> str:
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in more.items())
    return f'[file]\nformat = "{name}"\n{lines}{PLACES}'


def write(
    path: Path,
    driver: str,
    crs: str,
    points: list[tuple[float, float]],
    code: str = "75056",
    layer: str | None = None,
) -> Path:
    more = {} if layer is None else {"layer": layer}
    with fiona.open(path, "w", driver=driver, crs=crs, schema=SCHEMA, **more) as out:
        for number, point in enumerate(points, 1):
            out.write(
                {
                    "geometry": {"type": "Point", "coordinates": point},
                    "properties": {"id": number, "nom": "Médiathèque", "insee": code},
                }
            )
    return path


@pytest.mark.parametrize(
    ("driver", "name", "ending"),
    [("GPKG", "gpkg", "gpkg"), ("FlatGeobuf", "flatgeobuf", "fgb")],
)
@pytest.mark.parametrize(
    ("crs", "epsg", "point"), [("EPSG:4326", 4326, PARIS), ("EPSG:2154", 2154, PARIS_93)]
)
def test_one_file_forms(
    read_as: Callable[..., Any], tmp_path: Path, driver: str, name: str, ending: str,
    crs: str, epsg: int, point: tuple[float, float],
) -> None:  # fmt: skip
    file = write(tmp_path / f"a.{ending}", driver, crs, [point])
    place = read_as(file, form(name, crs=epsg), isolated=True).places[0]
    assert (place.remote_id, place.name) == ("1", "Médiathèque")
    assert place.point == pytest.approx(PARIS, abs=0.001)


def test_a_zipped_shapefile(read_as: Callable[..., Any], tmp_path: Path) -> None:
    write(tmp_path / "lieux.shp", "ESRI Shapefile", "EPSG:2154", [PARIS_93, PARIS_93])
    archive = tmp_path / "lieux.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for part in sorted(tmp_path.glob("lieux.*")):
            if part.suffix != ".zip":
                made.write(part, f"export/{part.name}")
    read = read_as(archive, form("shapefile", crs=2154))
    assert [place.remote_id for place in read.places] == ["1", "2"]
    assert read.places[0].point == pytest.approx(PARIS, abs=0.001)
    assert read.places[0].name == "Médiathèque"


def test_overseas_legal_projections(read_as: Callable[..., Any], tmp_path: Path) -> None:
    file = write(tmp_path / "a.gpkg", "GPKG", "EPSG:2975", [SAINT_DENIS_2975], "97411")
    assert read_as(file, form("gpkg", crs="local")).places[0].point == pytest.approx(
        (55.4504, -20.8789), abs=0.01
    )


def test_a_projection_that_is_not_the_announced_one(
    read_as: Callable[..., Any], tmp_path: Path
) -> None:
    file = write(tmp_path / "a.gpkg", "GPKG", "EPSG:2154", [PARIS_93])
    with pytest.raises(Invalid, match="EPSG:2154"):
        read_as(file, form("gpkg", crs=4326))


def test_layers_are_named_when_there_are_several(
    read_as: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "a.gpkg"
    write(file, "GPKG", "EPSG:4326", [PARIS], layer="one")
    write(file, "GPKG", "EPSG:4326", [PARIS, PARIS], layer="two")
    with pytest.raises(Invalid, match="names no layer"):
        read_as(file, form("gpkg"))
    with pytest.raises(Invalid, match="no layer 'three'"):
        read_as(file, form("gpkg", layer="three"))
    assert len(read_as(file, form("gpkg", layer="two")).places) == 2


@pytest.mark.parametrize("name", ["gpkg", "flatgeobuf", "shapefile", "osm"])
def test_another_form_is_refused_whatever_gdal_could_read(
    read_as: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    """A VRT that points elsewhere, and a GeoJSON: GDAL would read both by itself."""
    secret = write(tmp_path / "secret.gpkg", "GPKG", "EPSG:4326", [PARIS])
    vrt = (
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{secret}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )
    for content in (
        vrt.encode(),
        b'{"type": "FeatureCollection", "features": []}',
        b"",
        b"x" * 999,
    ):
        with pytest.raises(Invalid):
            read_as(content, form(name))


def test_gdals_own_paths_are_no_files(read_as: Callable[..., Any]) -> None:
    with pytest.raises(Invalid, match="A file is a file"):
        read_as(Path("/vsicurl/http://127.0.0.1:9/a.gpkg"), form("gpkg"), isolated=True)


# ------------------------------------------------------------------------------------- GeoJSON


def collection(*geometries: str) -> bytes:
    features_ = ",".join(
        f'{{"type": "Feature", "properties": {{"id": {n}, "nom": "A", "insee": "75056"}},'
        f' "geometry": {geometry}}}'
        for n, geometry in enumerate(geometries)
    )
    return f'{{"type": "FeatureCollection", "features": [{features_}]}}'.encode()


def point(coordinates: str) -> str:
    return f'{{"type": "Point", "coordinates": {coordinates}}}'


@pytest.mark.parametrize(
    "bad",
    [point("[NaN, 2]"), point("[1e400, 2]"), point("[null, 2]"), point("[]"), point('["2", "48"]'),
     point("[true, 2]"), point("[2]"), point("null"), '{"type": "Point"}', '{"type": "Nothing", "coordinates": [[1, 2]]}',
     '"text"', '{"type": "Polygon", "coordinates": [[[2, 48], [2, 48]]]}'],
)  # fmt: skip
def test_a_bad_geometry_is_quarantined_alone(read_as: Callable[..., Any], bad: str) -> None:
    read = read_as(collection(bad, point("[2.35, 48.85]")), form("geojson"))  # B26
    assert [place.point for place in read.places] == [None, (2.35, 48.85)]
    assert [one.field for one in read.refused] == ["geometry"]


def test_no_geometry_is_no_fault(read_as: Callable[..., Any]) -> None:
    read = read_as(collection("null", point("[2.35, 48.85, 35, 7]")), form("geojson"))
    assert [place.point for place in read.places] == [None, (2.35, 48.85)]
    assert not read.refused


@pytest.mark.parametrize(
    ("rings", "repaired"),
    [
        ("[[[2,48],[3,48],[3,49],[2,49],[2,48]]]", False),
        ("[[[2,48],[3,49],[3,48],[2,49],[2,48]]]", True),  # a bow tie: B31
        ("[[[2,48],[3,48],[3,49],[2,49]]]", False),  # not closed: shapely closes it
        ("[[[2,48,1],[3,48,1],[3,49,1],[2,49,1],[2,48,1]]]", False),
        ("[[[2,48],[3,48],[3,49],[2,49],[2,48]],[[2,48],[3,48],[3,49],[2,49],[2,48]]]", True),
        ("[[[2,48],[3,48],[3,49],[2,49],[2,48]],[[7,48],[8,48],[8,49],[7,48]]]", True),
    ],
    ids=["square", "bow tie", "open", "3D", "ring twice", "hole outside"],
)
def test_a_surface_is_where_a_point_inside_it_is(
    read_as: Callable[..., Any], rings: str, repaired: bool
) -> None:
    read = read_as(collection(f'{{"type": "Polygon", "coordinates": {rings}}}'), form("geojson"))
    place = read.places[0].point
    assert bool(read.refused) is repaired, "and the repair is listed"
    if place is not None:
        assert 2 <= place[0] <= 8
        assert 48 <= place[1] <= 49


def test_a_shape_with_too_many_vertices_is_refused(
    read_as: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = [[2 + n / 1e7, 48.0] for n in range(features.MOST_VERTICES + 1)]
    greedy = json.dumps({"type": "Polygon", "coordinates": [[*ring, ring[0]]]})
    read = read_as(collection(greedy, point("[2.35, 48.85]")), form("geojson"))  # B32
    assert [place.point for place in read.places] == [None, (2.35, 48.85)]
    assert "vertices" in read.refused[0].reason


# ------------------------------------------------------------------------------- OpenStreetMap


OSM = """<?xml version='1.0' encoding='UTF-8'?>
<osm version="0.6" generator="made by a test">
 <node id="1" lat="48.8566" lon="2.3522" version="1">
  <tag k="amenity" v="library"/><tag k="name" v='Médiathèque "A"'/>
  <tag k="opening_hours" v="Tu-Sa 10:00-18:00; PH off"/><tag k="ref:FR:SIRET" v="21750001600019"/>
  <tag k="contact:phone" v="+33 1 42 76 40 40"/><tag k="addr:postcode" v="75004"/>
 </node>
 <node id="2" lat="48.86" lon="2.35" version="1"><tag k="amenity" v="bench"/></node>
 <node id="11" lat="48.850" lon="2.350" version="1"/><node id="12" lat="48.850" lon="2.352" version="1"/>
 <node id="13" lat="48.852" lon="2.352" version="1"/>
 <way id="7" version="1"><nd ref="11"/><nd ref="12"/><nd ref="13"/><nd ref="11"/>
  <tag k="building" v="yes"/><tag k="amenity" v="townhall"/><tag k="name" v="Mairie annexe"/>
 </way>
</osm>
"""
OSM_MAPPING = """
[file]
format = "osm"
[places]
kind = { column = "amenity", map = { library = "library", townhall = "mairie" } }
remote_id = "@id"
name = "name"
phone = "contact:phone"
siret = "ref:FR:SIRET"
only = [{ value = "amenity", among = ["library", "townhall"] }]
identifiers = { osm = "@id" }
[places.where]
postcode = "addr:postcode"
longitude = "@longitude"
latitude = "@latitude"
[places.hours]
form = "osm"
column = "opening_hours"
"""


def test_an_openstreetmap_extract(read_as: Callable[..., Any]) -> None:
    read = read_as(OSM.encode(), OSM_MAPPING, isolated=True)
    library, annexe = sorted(read.places, key=lambda place: place.remote_id)
    assert (library.remote_id, library.kind, library.name) == (
        "node/1", "library", 'Médiathèque "A"',
    )  # fmt: skip
    assert library.point == pytest.approx(PARIS)
    assert library.siret == "21750001600019"
    assert library.hours is not None
    assert sorted(library.hours) == ["fr", "sa", "th", "tu", "we"]
    assert (annexe.remote_id, annexe.kind) == ("way/7", "mairie")
    assert annexe.point is not None
    assert annexe.point == pytest.approx((2.3515, 48.8507), abs=0.002)


PBF = Path(__file__).parent / "files" / "digital-help.osm.pbf"
PBF_MAPPING = """
[file]
format = "osm"
[places]
kind = { value = "digital-help" }
remote_id = "@id"
name = "name"
address = ["addr:street", "addr:postcode", "addr:city"]
only = [{ value = "amenity", among = ["social_facility"] }]
[places.where]
code = "ref:INSEE"
postcode = "addr:postcode"
longitude = "@longitude"
latitude = "@latitude"
[places.hours]
form = "osm"
column = "opening_hours"
"""


def test_a_packed_extract_made_by_osmium_of_real_places(read_as: Callable[..., Any]) -> None:
    """`.osm.pbf`, in the process with limits: names, places and hours as OpenStreetMap writes them."""
    read = read_as(PBF.read_bytes(), PBF_MAPPING, isolated=True)
    assert len(read.places) == 40
    assert {place.remote_id for place in read.places} == {f"node/{n}" for n in range(1, 41)}
    assert all(place.point is not None for place in read.places)
    opened = [place for place in read.places if place.hours]
    assert len(opened) + sum(one.field == "hours" for one in read.refused) == 40, "none is lost"
    assert len(opened) >= 38
    assert all(set(place.hours) <= {"mo", "tu", "we", "th", "fr", "sa", "su"} for place in opened)


def test_a_packed_extract_that_is_cut_is_refused(read_as: Callable[..., Any]) -> None:
    body = PBF.read_bytes()
    for size in (len(body) // 2, len(body) - 10, 100):
        with pytest.raises(Invalid):
            read_as(body[:size], PBF_MAPPING, isolated=True)


@pytest.mark.skipif(
    shutil.which("osmium") is None, reason="no osmium here: apt-get install osmium-tool"
)
def test_ways_of_a_packed_extract_have_a_point_too(
    read_as: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "a.osm").write_text(OSM, encoding="utf-8")
    subprocess.run(["osmium", "cat", tmp_path / "a.osm", "-o", tmp_path / "a.osm.pbf"], check=True)
    packed = read_as((tmp_path / "a.osm.pbf").read_bytes(), OSM_MAPPING, isolated=True)
    plain = read_as(OSM.encode(), OSM_MAPPING, isolated=True)
    assert [place.remote_id for place in packed.places] == ["node/1", "way/7"]
    assert [place.hours for place in packed.places] == [place.hours for place in plain.places]
    for one, other in zip(packed.places, plain.places, strict=True):
        assert one.point == pytest.approx(other.point, abs=1e-6)
