"""Pictures of the whole country, coloured on the server: for browsers without scripts, for
print, for exports and previews.

The map is a lookup: an id raster says whose pixel it is, a byte says what that commune is, a
palette says how that looks. The browser does the same with the same rasters and the same
layout, so a picture and a live map are equal pixel for pixel.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from config.errors import Invalid
from geo.frames import METROPOLE, OVERSEAS, WITHOUT_DATA, Frame
from geo.id_raster import Ids

type Classes = NDArray[np.uint8]
type Theme = Literal["light", "dark"]
type Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
type Form = Literal["png", "webp"]

MARGIN = 8
LABEL = 18  # pixels above a frame for its name
SWATCH = 36  # pixels of a legend's square and the space after it
HATCH_STEP = 6  # pixels between two lines of the hatch
FONTS = Path("/usr/share/fonts/truetype/dejavu")
PAPER = {"light": "#FFFFFF", "dark": "#14181D"}
INK = {"light": "#1B1F24", "dark": "#F2F4F7"}
HATCH = {"light": "#565D66", "dark": "#A9B1BC"}


@dataclass(frozen=True, slots=True)
class Colour:
    """How a class is drawn: `fill` is #RRGGBB; `hatch` adds 45 degree lines to it."""

    fill: str
    hatch: bool = False


@dataclass(frozen=True, slots=True)
class LegendRow:
    """One line of the legend: a class, its words, and how many communes (and which share)."""

    class_index: int
    words: str
    figures: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a frame lies on the canvas, in pixels of the id rasters (1 to 1)."""

    frame: Frame
    x: int
    y: int


def _places() -> tuple[Place, ...]:
    column = max(frame.width for frame in OVERSEAS)
    places: list[Place] = []
    y = MARGIN
    for frame in OVERSEAS:
        places.append(Place(frame, MARGIN, y + LABEL))
        y += LABEL + frame.height + MARGIN
    return (Place(METROPOLE, column + 2 * MARGIN, MARGIN + LABEL), *places)


PLACES = _places()
WIDTH = max(place.x + place.frame.width for place in PLACES) + MARGIN
HEIGHT = max(place.y + place.frame.height for place in PLACES) + MARGIN


def layout() -> dict[str, Any]:
    """The canvas, its frames and the territories without data, as JSON for the browser."""
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "hatch_step": HATCH_STEP,
        "frames": [
            {
                "id": place.frame.id,
                "fr": place.frame.name_fr,
                "en": place.frame.name_en,
                "x": place.x,
                "y": place.y,
                "width": place.frame.width,
                "height": place.frame.height,
                "departements": list(place.frame.departements),
            }
            for place in PLACES
        ],
        "without_data": [{"code": c, "fr": fr, "en": en} for c, fr, en in WITHOUT_DATA],
    }


def canvas(rasters: Mapping[str, Ids]) -> Ids:
    """All frames on one canvas of commune numbers (0 where there is none).

    `rasters` holds the id raster of each frame by its id. Raises Invalid when one is missing or
    has another size than its frame.
    """
    whole: Ids = np.zeros((HEIGHT, WIDTH), dtype=np.uint16)
    for place in PLACES:
        frame = place.frame
        ids = rasters.get(frame.id)
        if ids is None or ids.shape != (frame.height, frame.width):
            raise Invalid(f"The id raster of {frame.id} is missing or has another size.")
        whole[place.y : place.y + frame.height, place.x : place.x + frame.width] = ids
    return whole


def borders(ids: Ids, departement_index: NDArray[Any]) -> NDArray[np.bool_]:
    """True on pixels whose right or lower neighbour is of another département (or the sea)."""
    area = departement_index[ids]
    edge = np.zeros(ids.shape, dtype=np.bool_)
    edge[:, :-1] |= area[:, :-1] != area[:, 1:]
    edge[:-1, :] |= area[:-1, :] != area[1:, :]
    return edge


def hatched(shape: tuple[int, int]) -> NDArray[np.bool_]:
    """True on the lines of the hatch: at 45 degrees, in step over the whole canvas."""
    rows, columns = np.indices(shape)
    lines: NDArray[np.bool_] = (rows + columns) % HATCH_STEP == 0
    return lines


def country(
    rasters: Mapping[str, Ids],
    classes: Classes,
    palette: Sequence[Colour],
    departement_index: NDArray[Any],
    *,
    theme: Theme = "light",
    language: str = "fr",
    title: str = "",
    legend: Sequence[LegendRow] = (),
    footnotes: Sequence[str] = (),
    members: NDArray[np.bool_] | None = None,
    form: Form = "png",
) -> bytes:
    """A picture of the country: a paletted PNG, or a lossless WebP of the same pixels.

    `classes` gives the palette index of each commune number; `departement_index` any integer
    per commune number, equal within a département; `members` (per number) keeps only the
    communes of a territory, the others stay paper. With a title, a legend or footnotes the
    picture gets a band above and below that says them.
    """
    ids = canvas(rasters)
    lookup = classes.astype(np.uint8).copy()
    # Palette: the classes, then paper, ink, hatch line, muted land outside the territory.
    paper, ink, line, outside = range(len(palette), len(palette) + 4)
    if members is not None:
        lookup[~members] = outside
    lookup[0] = paper
    pixels = lookup[ids]
    needs_hatch = np.array([colour.hatch for colour in palette] + [False] * 4)
    pixels[needs_hatch[pixels] & hatched(pixels.shape)] = line
    pixels[borders(ids, departement_index)] = ink
    land = Image.fromarray(pixels)
    land.putpalette(
        b"".join(
            bytes.fromhex(colour.lstrip("#"))
            for colour in (
                *(colour.fill for colour in palette),
                PAPER[theme],
                INK[theme],
                HATCH[theme],
                {"light": "#F6F7F8", "dark": "#1D2228"}[theme],
            )
        )
    )
    picture = _dressed(land, palette, paper, ink, line, language, title, legend, footnotes)
    out = io.BytesIO()
    if form == "webp":
        picture.convert("RGB").save(out, "WEBP", lossless=True, method=4)
    else:
        picture.save(out, "PNG", optimize=True)
    return out.getvalue()


@cache
def _font(size: int, bold: bool = False) -> Font:
    file = FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")
    if file.exists():
        return ImageFont.truetype(str(file), size)
    return ImageFont.load_default(size)


def _dressed(
    land: Image.Image,
    palette: Sequence[Colour],
    paper: int,
    ink: int,
    line: int,
    language: str,
    title: str,
    legend: Sequence[LegendRow],
    footnotes: Sequence[str],
) -> Image.Image:
    """The map with the names of its frames, and what is said above and below it."""
    room = land.width - 2 * MARGIN
    size = 24
    while size > 16 and _font(size, bold=True).getlength(title) > room:
        size -= 1
    titles = _wrapped(title, _font(size, bold=True), room)
    above = 56 + 30 * (len(titles) - 1) if titles else 0
    notes = [part for note in footnotes for part in _wrapped(note, _font(12), room)]
    texts = [f"{entry.words} – {entry.figures}" for entry in legend]
    widest = max((_font(14).getlength(text) for text in texts), default=0)
    columns = 2 if SWATCH + widest <= room // 2 else 1
    entries = [_wrapped(text, _font(14), room - SWATCH) for text in texts]
    row = 26 + 18 * (max((len(lines) for lines in entries), default=1) - 1)
    legend_height = row * -(-len(legend) // columns)
    below = (legend_height + MARGIN if legend else 0) + 20 * len(notes)
    picture = Image.new("P", (land.width, above + land.height + below + MARGIN), paper)
    picture.putpalette(land.getpalette() or [])
    picture.paste(land, (0, above))
    draw = ImageDraw.Draw(picture)
    draw.fontmode = "1"  # no grey between ink and paper: the palette stays small and exact
    for position, part in enumerate(titles):
        draw.text((MARGIN, 14 + 30 * position), part, ink, _font(size, bold=True))
    for place in PLACES:
        name = place.frame.name(language)
        draw.text((place.x, above + place.y - LABEL + 1), name, ink, _font(13))
    top = above + land.height + MARGIN
    for position, (entry, lines) in enumerate(zip(legend, entries, strict=True)):
        x = MARGIN + (position % columns) * (land.width // 2)
        y = top + (position // columns) * row
        _swatch(draw, x, y, palette[entry.class_index], entry.class_index, ink, line)
        for below_first, part in enumerate(lines):
            draw.text((x + SWATCH, y + 1 + 18 * below_first), part, ink, _font(14))
    top += legend_height
    for position, note in enumerate(notes):
        draw.text((MARGIN, top + 4 + 20 * position), note, ink, _font(12))
    return picture


def _wrapped(text: str, font: Font, room: int) -> list[str]:
    """The words of a text in lines of at most `room` pixels; one long word keeps its line."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _swatch(
    draw: ImageDraw.ImageDraw, x: int, y: int, colour: Colour, index: int, ink: int, line: int
) -> None:
    width, height = 28, 18
    draw.rectangle((x, y, x + width, y + height), fill=index)
    if colour.hatch:
        for row in range(height + 1):
            for column in range(width + 1):
                if (x + column + y + row) % HATCH_STEP == 0:
                    draw.point((x + column, y + row), line)
    draw.rectangle((x, y, x + width, y + height), outline=ink)
