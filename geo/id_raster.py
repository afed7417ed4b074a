"""Images whose pixels hold commune numbers: colouring one is a table lookup.

A number takes two bytes: red is its high byte, green its low byte, blue 0. 0 is not a commune.
The image must be lossless, and must reach the browser without any colour management.
"""

import io
from collections.abc import Iterable

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image

from config.errors import Invalid
from geo.crs import transformer
from geo.frames import Frame

type Ids = NDArray[np.uint16]


def burn(geometries: Iterable[tuple[int, bytes]], frame: Frame) -> Ids:
    """Rasterise (number, WKB in EPSG:4326) pairs on the frame's grid: uint16 (height, width).

    A pixel takes the commune that holds its centre. A commune too small to hold any centre then
    takes the pixel of a point inside it, so that nearly every commune can be seen and clicked;
    it never takes the only pixel of another. The result does not depend on the input's order.
    """
    # Only who draws needs GDAL: a web process reads the numbers, and is 25 MB smaller without.
    import rasterio.features
    import rasterio.transform

    pairs = sorted(geometries)
    project = transformer(4326, frame.epsg).transform
    shapes = [
        (
            shapely.transform(shapely.from_wkb(wkb), lambda x, y: project(x, y), interleaved=False),
            number,
        )
        for number, wkb in pairs
    ]
    ids: Ids = np.zeros((frame.height, frame.width), dtype=np.uint16)
    if not shapes:
        return ids
    transform = rasterio.transform.from_bounds(*frame.bounds, frame.width, frame.height)
    ids = rasterio.features.rasterize(
        shapes, out_shape=ids.shape, transform=transform, dtype="uint16"
    )
    counts = np.bincount(ids.ravel(), minlength=max(number for _, number in shapes) + 1)
    # The largest of the tiny ones first: whatever is left over is below everyone's notice.
    tiny = sorted(
        ((shape.area, number, shape) for shape, number in shapes if counts[number] == 0),
        key=lambda item: (-item[0], item[1]),
    )
    for _, number, shape in tiny:
        point = shapely.point_on_surface(shape)
        column, row = frame.pixel_of(point.x, point.y)
        if not (0 <= column < frame.width and 0 <= row < frame.height):
            continue
        owner = int(ids[row, column])
        if owner == 0 or counts[owner] > 1:
            counts[owner] -= 1
            counts[number] += 1
            ids[row, column] = number
    return ids


def to_webp(ids: Ids) -> bytes:
    """A lossless WebP of the numbers (red: high byte, green: low byte)."""
    rgb = np.zeros((*ids.shape, 3), dtype=np.uint8)
    rgb[..., 0] = ids >> 8
    rgb[..., 1] = ids & 255
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "WEBP", lossless=True, quality=100, method=6, exact=True)
    return out.getvalue()


def from_webp(image: bytes) -> Ids:
    """The numbers of an image made by `to_webp`. Raises Invalid for anything else."""
    with Image.open(io.BytesIO(image)) as opened:
        if opened.format != "WEBP":
            raise Invalid(f"An id raster is a WebP image, not {opened.format}.")
        rgb = np.asarray(opened.convert("RGB"), dtype=np.uint16)
    ids: Ids = (rgb[..., 0] << 8 | rgb[..., 1]).astype(np.uint16)
    return ids
