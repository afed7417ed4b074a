"""Pictures of the country say with colours what the bytes say."""

import io
import json

import numpy as np
import psycopg
import pytest
from PIL import Image

from config.errors import Invalid
from geo.frames import FRAMES
from geo.id_raster import Ids
from tiles import pictures
from tiles.pictures import Colour, LegendRow

PALETTE = (
    Colour("#E3E5E8", hatch=True),
    Colour("#C0390B"),
    Colour("#4A9FD8"),
    Colour("#0B3C8C"),
)
type Rasters = dict[str, Ids]


@pytest.fixture
def classes(france: psycopg.Connection) -> np.ndarray:
    row = france.execute("select max(number) from catalog.commune").fetchone()
    assert row is not None
    return (np.arange(row[0] + 1) % len(PALETTE)).astype(np.uint8)


@pytest.fixture
def departements(france: psycopg.Connection, classes: np.ndarray) -> np.ndarray:
    index = np.zeros(len(classes), np.uint16)
    codes: dict[str, int] = {}
    for number, code in france.execute("select number, departement_code from catalog.commune"):
        index[number] = codes.setdefault(code, len(codes) + 1)
    return index


def pixels(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.lstrip("#")))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_commune_has_the_colour_of_its_class(
    rasters: Rasters, classes: np.ndarray, departements: np.ndarray, theme: pictures.Theme
) -> None:
    found = pixels(pictures.country(rasters, classes, PALETTE, departements, theme=theme))
    ids = pictures.canvas(rasters)
    map_only = found[: ids.shape[0]]
    edge = pictures.borders(ids, departements)
    line = pictures.hatched(ids.shape)
    seen = 0
    for number in np.unique(ids[ids > 0]):
        colour = PALETTE[classes[number]]
        inside = (ids == number) & ~edge
        fill = map_only[inside & ~line] if colour.hatch else map_only[inside]
        assert (fill == rgb(colour.fill)).all(), number
        if colour.hatch:
            assert (map_only[inside & line] == rgb(pictures.HATCH[theme])).all()
        seen += len(fill) > 0
    assert seen > 20
    assert (map_only[edge] == rgb(pictures.INK[theme])).all()


def test_only_unknown_is_hatched(
    rasters: Rasters, classes: np.ndarray, departements: np.ndarray
) -> None:
    known = np.full_like(classes, 2)
    found = pixels(pictures.country(rasters, known, PALETTE, departements))
    assert not (found == rgb(pictures.HATCH["light"])).all(axis=2).any()


def test_the_sea_is_paper(rasters: Rasters, classes: np.ndarray, departements: np.ndarray) -> None:
    """Also when a caller gives number 0 a class."""
    classes[0] = 1
    found = pixels(pictures.country(rasters, classes, PALETTE, departements))
    assert tuple(found[-1, -1]) == rgb(pictures.PAPER["light"])


def test_the_same_bytes_each_time_in_both_forms(
    rasters: Rasters, classes: np.ndarray, departements: np.ndarray
) -> None:
    png = pictures.country(rasters, classes, PALETTE, departements, title="Écoles")
    assert pictures.country(rasters, classes, PALETTE, departements, title="Écoles") == png
    webp = pictures.country(rasters, classes, PALETTE, departements, title="Écoles", form="webp")
    assert webp[8:12] == b"WEBP"
    assert (pixels(webp) == pixels(png)).all()
    assert max(len(png), len(webp)) < 90_000


def test_words_fit_in_the_picture(
    rasters: Rasters, classes: np.ndarray, departements: np.ndarray
) -> None:
    plain = pixels(pictures.country(rasters, classes, PALETTE, departements))
    words = "Le service demande une longue explication que personne ne doit voir coupée. "
    long = pixels(
        pictures.country(
            rasters,
            classes,
            PALETTE,
            departements,
            title=words * 2,
            legend=[LegendRow(n, words * 2, "34 875 communes (100 %)") for n in range(4)],
            footnotes=[words * 6],
        )
    )
    assert long.shape[1] == plain.shape[1]
    assert long.shape[0] > plain.shape[0]
    bottom = long[plain.shape[0] :]
    margin = bottom[:, -pictures.MARGIN :]
    assert (margin == rgb(pictures.PAPER["light"])).all(), "no word runs out on the right"
    assert (bottom[:, : -pictures.MARGIN] == rgb(pictures.INK["light"])).all(axis=2).any()


def test_a_territory_alone(rasters: Rasters, classes: np.ndarray, departements: np.ndarray) -> None:
    ids = pictures.canvas(rasters)
    number = int(np.bincount(ids[ids > 0]).argmax())
    members = np.zeros(len(classes), dtype=np.bool_)
    members[number] = True
    only = np.full_like(classes, 3)
    found = pixels(pictures.country(rasters, only, PALETTE, departements, members=members))
    blue = (found[: ids.shape[0]] == rgb(PALETTE[3].fill)).all(axis=2)
    assert blue.any()
    assert (ids[blue] == number).all()


def test_frames_lie_apart_inside_the_canvas() -> None:
    described = json.loads(json.dumps(pictures.layout()))
    assert {frame["id"] for frame in described["frames"]} == {frame.id for frame in FRAMES}
    covered = np.zeros((described["height"], described["width"]), dtype=np.uint8)
    for frame in described["frames"]:
        assert frame["y"] >= pictures.LABEL, "its name has room above it"
        box = np.s_[
            frame["y"] - pictures.LABEL : frame["y"] + frame["height"],
            frame["x"] : frame["x"] + frame["width"],
        ]
        assert covered[box].shape == (frame["height"] + pictures.LABEL, frame["width"])
        assert not covered[box].any()
        covered[box] = 1


def test_a_missing_raster_is_told(
    rasters: Rasters, classes: np.ndarray, departements: np.ndarray
) -> None:
    without = {name: ids for name, ids in rasters.items() if name != "mayotte"}
    with pytest.raises(Invalid, match="mayotte"):
        pictures.country(without, classes, PALETTE, departements)
