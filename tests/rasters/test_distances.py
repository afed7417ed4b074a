"""The rasters of distances are true, say what they do not know, and are made the same again."""

import itertools
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import psycopg
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import id_raster
from geo.distances import nearest
from geo.grids import CELL, GRIDS, MAINLAND, grid_by_id
from tiles import distance_files, distances
from tiles.distance_files import NODATA, STEPS, Distances, Held

HALF_DIAGONAL = CELL * 2**0.5 / 2


def silent(*_: object) -> None:
    pass


def raster(folder: Path, held: Held) -> tuple[np.ndarray, np.ndarray]:
    assert held.file
    with rasterio.open(folder / "grids" / held.file) as opened:
        distance, flags = opened.read()
    return distance, flags


@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: grid.id)
def test_a_grid_lies_on_whole_kilometres(grid) -> None:
    assert all(side % CELL == 0 for side in grid.bounds)
    assert grid.bounds[0] + grid.columns * CELL == grid.bounds[2]
    assert grid.bounds[3] - grid.rows * CELL == grid.bounds[1]
    west, south, east, north = grid.degrees()
    x, y = np.array([(west + east) / 2]), np.array([(south + north) / 2])
    assert grid.place(x, y)[2].all()
    for other in GRIDS:
        if other is not grid:
            assert not other.place(x, y)[2].any()


point = st.tuples(st.floats(-5e4, 5e4), st.floats(-5e4, 5e4))


@settings(deadline=None)
@given(st.lists(point, min_size=1, max_size=60), st.lists(point, min_size=1, max_size=40))
def test_nearest_is_what_comparing_all_pairs_gives(points, targets) -> None:
    (x, y), (to_x, to_y) = np.array(points).T, np.array(targets).T
    expected = np.hypot(x[:, None] - to_x, y[:, None] - to_y).min(axis=1)
    assert nearest(x, y, to_x, to_y) == pytest.approx(expected, abs=1e-6)


def test_nearest_of_nothing_is_infinite() -> None:
    empty = np.array([])
    assert np.isinf(nearest(np.zeros(2), np.zeros(2), empty, empty)).all()
    assert len(nearest(empty, empty, np.zeros(1), np.zeros(1))) == 0


KNN = """
select st_distance(st_transform(o.point, %(epsg)s::integer), p.point)
from   (select st_setsrid(st_makepoint(%(x)s::float8, %(y)s::float8), %(epsg)s::integer) as point) p,
       catalog.pub_office o
where  o.kind = %(kind)s::text and o.point is not null
  and  not exists (select from catalog.office_far f where f.office_id = o.id)
order  by st_transform(o.point, %(epsg)s::integer) <-> p.point
limit  1
"""


def test_postgis_finds_the_same_distance(
    publication_folder: Path, distances: Distances, france: psycopg.Connection
) -> None:
    """At the centre of a cell to a metre, anywhere in it to half of the cell's diagonal."""
    chance = np.random.default_rng(20260301)
    assert distances.kinds()
    for held in distances.held:
        if held.file is None:
            continue
        grid = held.grid
        metres, _ = raster(publication_folder, held)
        rows, columns = np.nonzero(metres != NODATA)
        for pick in chance.choice(len(rows), 25):
            x, y = grid.centres(rows[pick], columns[pick])
            asked = {"kind": held.kind, "epsg": grid.epsg, "x": float(x), "y": float(y)}
            told = float(metres[rows[pick], columns[pick]])
            (exact,) = france.execute(KNN, asked).fetchone()
            assert told == pytest.approx(exact, abs=0.51)
            asked["x"] += chance.uniform(-CELL / 2, CELL / 2)
            asked["y"] += chance.uniform(-CELL / 2, CELL / 2)
            (near,) = france.execute(KNN, asked).fetchone()
            assert abs(told - near) <= HALF_DIAGONAL + 0.51


def test_cells_are_those_of_land_and_areas_add_up(
    publication_folder: Path, distances: Distances
) -> None:
    for held in distances.held:
        if held.file is None:
            continue
        metres, flags = raster(publication_folder, held)
        file = distances_land(publication_folder, held)
        land = id_raster.from_webp(file.read_bytes()) > 0
        assert ((metres != NODATA) == land).all()
        assert ((flags != NODATA) == land).all()
        assert set(np.unique(flags[land])) <= {0, 1}
        cells = metres[land]
        assert held.cells == land.sum()
        for area in held.areas:
            assert sum(area.classes) == area.cells
        edges = (0, *STEPS, np.inf)
        for i, (low, high) in enumerate(itertools.pairwise(edges)):
            expected = ((cells >= low) & (cells < high)).sum()
            assert sum(area.classes[i] for area in held.areas) == expected
        assert max(area.farthest for area in held.areas) == cells.max()
        mean = sum(area.mean * area.cells for area in held.areas) / held.cells
        assert mean == pytest.approx(cells.mean(), abs=1)


def distances_land(folder: Path, held: Held) -> Path:
    return distances.land_file(folder, held.grid)


def test_the_weighted_mean_is_what_sql_finds(
    distances: Distances, france: psycopg.Connection
) -> None:
    """Each commune's centre to its nearest town hall, by inhabitants: by PostGIS alone."""
    rows = france.execute(
        """
        select c.departement_code, sum(d.metres * c.population) / nullif(sum(c.population), 0),
               sum(c.population)
        from   catalog.commune c join catalog.commune_outline l using (number)
        cross  join lateral (
          select min(st_distance(st_transform(o.point, e.epsg), st_transform(l.centre, e.epsg)))
                 as metres
          from   catalog.pub_office o,
                 (select case c.departement_code when '974' then 2975 else 2154 end as epsg) e
          where  o.kind = 'mairie' and o.point is not null
            and  (c.departement_code = '974') = (st_x(o.point) > 50)
            and  not exists (select from catalog.office_far f where f.office_id = o.id)
        ) d
        where  c.valid_to is null and c.population is not null
        group  by 1
        """
    ).fetchall()
    areas = {
        area.departement: area
        for held in distances.held if held.kind == "mairie" for area in held.areas
    }  # fmt: skip
    assert {"01", "69", "75", "974"} <= set(areas)
    for code, weighted, people in rows:
        if people and code in areas:
            assert areas[code].weighted == pytest.approx(float(weighted), abs=1)
            assert areas[code].population == people


def copy(folder: Path, target: Path) -> Path:
    target.mkdir()
    (target / "grids").mkdir()
    for land in (folder / "grids").glob("land-*.webp"):
        shutil.copy(land, target / "grids")
    return target


def test_the_same_offices_make_the_same_bytes(
    publication_folder: Path, france: psycopg.Connection, tmp_path: Path
) -> None:
    made = copy(publication_folder, tmp_path / "again")
    distances.make(distances.facts(france, "g"), made, silent)
    files = sorted((publication_folder / "grids").glob("*.tif"))
    assert files
    for file in files:
        assert (made / "grids" / file.name).read_bytes() == file.read_bytes(), file.name


def test_only_what_changed_is_made_again_and_the_former_is_left(
    publication_folder: Path, france: psycopg.Connection, tmp_path: Path
) -> None:
    first = copy(publication_folder, tmp_path / "first")
    found = distances.facts(france, "g")
    distances.make(found, first, silent)
    second = tmp_path / "second"
    shutil.copytree(first, second, copy_function=lambda a, b: Path(b).hardlink_to(a))
    offices = found.offices[0]
    overseas = offices.x > 50
    moved = replace(offices, x=np.where(overseas, offices.x + 0.01, offices.x))
    distances.make(replace(found, version="x", offices=(moved, *found.offices[1:])), second, silent)
    inodes = {
        name: {file.name: file.stat().st_ino for file in (folder / "grids").glob("*.tif")}
        for name, folder in (("first", first), ("second", second))
    }
    changed = {name for name, inode in inodes["second"].items() if inode != inodes["first"][name]}
    assert changed == {f"distance-{offices.kind}-la-reunion.tif"}
    told = distance_files.read(first).version, distance_files.read(second).version
    assert told == (found.version, "x")


def test_an_office_without_a_believed_place_is_not_counted_and_is_told(
    publication_folder: Path, france: psycopg.Connection, tmp_path: Path
) -> None:
    before = distances.facts(france, "g")
    picked = france.execute(
        "select o.id, o.commune_number from catalog.pub_office o where kind = 'mairie' and "
        "point is not null and st_x(point) > 50 and not exists (select from catalog.pub_office p "
        "where p.commune_number = o.commune_number and p.id <> o.id and p.kind = 'mairie') "
        "order by id limit 2"
    ).fetchall()
    (lost, commune), (doubted, other) = picked
    france.execute("update catalog.office set point = null where id = %s", [lost])
    france.execute("insert into catalog.office_far (office_id, metres) values (%s, 9e9)", [doubted])
    found = distances.facts(france, "g")
    assert found.version != before.version
    made = copy(publication_folder, tmp_path / "made")
    held = distances.make(found, made, silent).one("mairie", "la-reunion")
    was = distance_files.read(publication_folder).one("mairie", "la-reunion")
    assert held.offices == was.offices - 2
    assert (held.unplaced, held.doubted) == (was.unplaced + 1, was.doubted + 1)
    assert held.known_incomplete
    metres, flags = raster(made, held)
    land = id_raster.from_webp(distances_land(made, held).read_bytes())
    assert {commune, other} <= set(np.unique(land[flags == 1]))
    assert set(np.unique(land[flags == 1])) <= {commune, other} | set(
        np.unique(land[raster(publication_folder, was)[1] == 1])
    )
    # Farther or equal everywhere: what is not known is never nearer.
    assert (metres >= raster(publication_folder, was)[0]).all()
    assert sum(area.incomplete for area in held.areas) == held.incomplete


def test_a_kind_that_no_source_places_has_no_raster(
    publication_folder: Path, france: psycopg.Connection, tmp_path: Path
) -> None:
    france.execute(
        "update catalog.office set point = null where kind = 'mairie' and st_x(point) > 50"
    )
    made = copy(publication_folder, tmp_path / "made")
    found = distances.make(distances.facts(france, "g"), made, silent)
    (told,) = [one for one in found.held if (one.kind, one.territory) == ("mairie", "la-reunion")]
    assert (told.file, told.offices, told.areas) == (None, 0, ())
    assert told.unplaced > 0
    assert not (made / "grids" / "distance-mairie-la-reunion.tif").exists()


def test_rasterio_reads_what_the_list_says(publication_folder: Path, distances: Distances) -> None:
    held = distances.one("mairie", "metropole")
    with rasterio.open(publication_folder / "grids" / held.file) as opened:
        assert opened.crs.to_epsg() == 2154
        assert opened.res == (CELL, CELL)
        assert tuple(opened.bounds) == MAINLAND.bounds
        assert opened.dtypes == ("float32", "float32")
        assert opened.nodata == NODATA
        assert opened.descriptions == ("distance", "incomplete")
        assert opened.units[0] == "metre"
        assert opened.overviews(1)
        tags = opened.tags()
        assert tags["GUICHET_SOURCE_DATE"] == held.day
        assert tags["GUICHET_VERSION"] == held.version
        assert int(tags["GUICHET_OFFICES"]) == held.offices
        assert tags["TIFFTAG_COPYRIGHT"] == "; ".join(held.licences) != ""
        assert opened.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert grid_by_id("la-reunion").epsg == 2975


def test_gdal_reads_the_geotiff(publication_folder: Path, distances: Distances) -> None:
    if shutil.which("gdalinfo") is None:
        pytest.skip("gdalinfo is not on this machine (apt install gdal-bin)")
    held = distances.one("mairie", "metropole")
    told = subprocess.run(
        ["gdalinfo", "-stats", "--config", "GDAL_PAM_ENABLED", "NO",
         str(publication_folder / "grids" / held.file)],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    assert "RGF93" in told
    assert "Origin = (90000.000000000000000,7120000.000000000000000)" in told
    assert "NoData Value=-9999" in told
    assert f"GUICHET_VERSION={held.version}" in told
