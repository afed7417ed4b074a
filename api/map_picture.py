"""The map as a PNG: the country or a territory, with title, legend, date and licence.

The country is drawn by `tiles.pictures`; a territory is the same lookup on its own raster.
"""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from api.map_view import OUTSIDE, MapView, Theme, palette
from catalog.states import State
from geo.id_raster import Ids
from tiles import pictures

MARGIN = 16
ROW = 26
_STRONG, _FINE = 230, 110  # opacity, of 255, of the territory's border and of those inside it


def colours(theme: Theme) -> tuple[pictures.Colour, ...]:
    """Of every drawn class; unknown carries its hatch."""
    return tuple(
        pictures.Colour(fill, hatch=number == State.UNKNOWN)
        for number, fill in enumerate(palette(theme))
    )


def territory(
    ids: Ids,
    view: MapView,
    departement_index: NDArray[np.uint16],
    area_index: NDArray[np.uint16] | None,
    *,
    theme: Theme,
    title: str,
    legend: Sequence[pictures.LegendRow],
    footnotes: Sequence[str],
) -> bytes:
    """A PNG of a territory among its neighbours; without words when `title` is empty."""
    land = _land(ids, view, departement_index, area_index, theme)
    if not title and not legend and not footnotes:
        return _png(land)
    return _png(_dressed(land, theme, title, legend, footnotes))


def _land(
    ids: Ids,
    view: MapView,
    departement_index: NDArray[np.uint16],
    area_index: NDArray[np.uint16] | None,
    theme: Theme,
) -> Image.Image:
    paper, ink, line = (_rgb(one[theme]) for one in (pictures.PAPER, pictures.INK, pictures.HATCH))
    table = np.array([_rgb(fill) for fill in palette(theme)], np.uint8)
    classes = view.classes.copy()
    classes[~view.members] = OUTSIDE
    drawn = classes[ids]
    pixels = table[drawn]
    unknown = (drawn == State.UNKNOWN) & (ids > 0)
    pixels[unknown & pictures.hatched(ids.shape)] = line
    pixels[ids == 0] = paper
    inside = view.members[ids]
    # Borders: fine between areas (or communes), stronger around départements, strongest around
    # the territory.
    within = ids if area_index is None else area_index[ids]
    for differs, opacity in (
        (_edges(within) & inside, _FINE),
        (_edges(departement_index[ids]), _FINE * 3 // 2),
        (_edges(inside), _STRONG),
    ):
        mixed = pixels[differs].astype(np.int32) * (255 - opacity) + np.array(ink) * opacity
        pixels[differs] = (mixed // 255).astype(np.uint8)
    return Image.fromarray(pixels)


def _edges(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """True where the right or lower neighbour differs."""
    edge = np.zeros(values.shape, np.bool_)
    edge[:, :-1] |= values[:, :-1] != values[:, 1:]
    edge[:-1, :] |= values[:-1, :] != values[1:, :]
    return edge


def _dressed(
    land: Image.Image,
    theme: Theme,
    title: str,
    legend: Sequence[pictures.LegendRow],
    footnotes: Sequence[str],
) -> Image.Image:
    """The map with its title above, its legend and notes below."""
    rows = -(-len(legend) // 2)
    above = 56
    notes = [line for note in footnotes for line in _wrapped(note, land.width - 2 * MARGIN)]
    below = MARGIN + rows * ROW + 20 * len(notes) + MARGIN
    whole = Image.new("RGB", (land.width, above + land.height + below), pictures.PAPER[theme])
    whole.paste(land, (0, above))
    draw = ImageDraw.Draw(whole)
    ink = pictures.INK[theme]
    size = 24
    while size > 12 and draw.textlength(title, _font(size, True)) > land.width - 2 * MARGIN:
        size -= 1
    draw.text((MARGIN, 16), title, ink, _font(size, True))
    fills = colours(theme)
    for position, entry in enumerate(legend):
        x = MARGIN + position % 2 * (land.width // 2)
        y = above + land.height + MARGIN + position // 2 * ROW
        fill = fills[entry.class_index]
        draw.rectangle((x, y, x + 28, y + 18), fill.fill, ink)
        if fill.hatch:
            for start in range(0, 28, 6):
                end = min(18, 28 - start)
                draw.line((x + start, y, x + start + end, y + end), pictures.HATCH[theme])
            draw.rectangle((x, y, x + 28, y + 18), None, ink)
        draw.text((x + 38, y + 1), f"{entry.words} – {entry.figures}", ink, _font(14))
    y = above + land.height + MARGIN + rows * ROW
    for position, note in enumerate(notes):
        draw.text((MARGIN, y + 20 * position), note, ink, _font(12))
    return whole


def _wrapped(text: str, width: int) -> list[str]:
    """The text cut at its spaces into lines of at most `width` pixels in the notes' font."""
    font, lines = _font(12), [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    file = pictures.FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")
    return ImageFont.truetype(str(file), size) if file.exists() else ImageFont.load_default(size)


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.lstrip("#")))


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    few = picture.quantize(256, dither=Image.Dither.NONE) if picture.mode == "RGB" else picture
    few.save(out, "PNG", optimize=True)
    return out.getvalue()
