"""Id rasters of one territory: the same picture as the country's, closer.

The pixels of a member hold its number. The land around is there for context: its pixels hold
one number per département (the lowest that is in the picture and not a member), so that a
click on a neighbour leads there and the file stays small. Rasters are made when first asked
for, one at a time for each territory, and kept within a budget of bytes.
"""

import asyncio
import io
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from psycopg_pool import AsyncConnectionPool

from catalog.database.queries import query
from catalog.territories import Geography
from config.errors import NotFound
from geo.crs import transformer
from geo.frames import METROPOLE, Frame, frame_of
from geo.id_raster import Ids, burn, from_webp

WIDTH, HEIGHT = METROPOLE.width, METROPOLE.height  # one shape for all: nothing moves on screen
MARGIN = 0.04  # of the territory's size, on each side: room for its neighbours
SMALLEST_METRES = 8_000.0  # a lone village is shown in its surroundings
MAX_BYTES = 32 << 20  # all régions, départements and most EPCI: about 30 kB each


@dataclass(frozen=True, slots=True)
class TerritoryRaster:
    """An id raster and its window; `corners` are the window's west, south, east and north in
    degrees, along its middle lines."""

    code: str
    image: bytes
    frame: Frame

    @property
    def corners(self) -> tuple[float, float, float, float]:
        west, south, east, north = self.frame.bounds
        place = transformer(self.frame.epsg, 4326).transform
        x, y = (west + east) / 2, (south + north) / 2
        return place(west, y)[0], place(x, south)[1], place(east, y)[0], place(x, north)[1]

    def ids(self) -> Ids:
        return from_webp(self.image)


class TerritoryRasters:
    """The rasters of one generation."""

    def __init__(self, pool: AsyncConnectionPool, geography: Geography) -> None:
        self._pool = pool
        self._geography = geography
        self._held: OrderedDict[str, TerritoryRaster] = OrderedDict()
        self._bytes = 0
        self._making: dict[str, asyncio.Task[TerritoryRaster]] = {}

    async def get(self, code: str) -> TerritoryRaster:
        """Raises NotFound: unknown territory, France (drawn by frames), or no outline at all."""
        if code in self._held:
            self._held.move_to_end(code)
            return self._held[code]
        if code == "FR" or code.startswith("COM-"):
            raise NotFound(f"There is no raster of {code!r}.", parameter="territory")
        task = self._making.get(code)
        if task is None:
            # A task of its own: it ends even when the visitor who asked first leaves.
            task = self._making[code] = asyncio.create_task(self._make(code))
            task.add_done_callback(lambda _: self._making.pop(code, None))
        return await asyncio.shield(task)

    async def _make(self, code: str) -> TerritoryRaster:
        numbers = self._geography.members(code)
        index, codes, _ = self._geography.index_of("departement")
        frames = {frame_of(codes[index[number] - 1]).epsg for number in numbers}
        epsg = min(frames)  # no EPCI lies in two frames
        async with self._pool.connection() as conn:
            cursor = await conn.execute(
                query("api", "map_box"), {"epsg": epsg, "numbers": numbers.tolist()}
            )
            box = await cursor.fetchone()
            if box is None or box[0] is None:
                raise NotFound(f"No commune of {code} has an outline.", parameter="territory")
            frame = _frame(code, epsg, box)
            west, south, east, north = frame.bounds
            cursor = await conn.execute(
                query("api", "map_outlines"),
                {"west": west, "south": south, "east": east, "north": north, "epsg": epsg},
            )
            rows = await cursor.fetchall()
        image = await asyncio.to_thread(_draw, rows, set(numbers.tolist()), frame)
        made = TerritoryRaster(code, image, frame)
        self._keep(made)
        return made

    def _keep(self, made: TerritoryRaster) -> None:
        self._held[made.code] = made
        self._bytes += len(made.image)
        while self._bytes > MAX_BYTES:
            _, gone = self._held.popitem(last=False)
            self._bytes -= len(gone.image)


def _frame(code: str, epsg: int, box: tuple[float, float, float, float]) -> Frame:
    """The window of a territory: its box with a margin, in the shape of the country's frame."""
    west, south, east, north = box
    width = max((east - west) * (1 + 2 * MARGIN), SMALLEST_METRES)
    height = max((north - south) * (1 + 2 * MARGIN), SMALLEST_METRES)
    scale = max(width / WIDTH, height / HEIGHT)
    x, y = (west + east) / 2, (south + north) / 2
    half_x, half_y = scale * WIDTH / 2, scale * HEIGHT / 2
    return Frame(code, "", "", (), epsg, (x - half_x, y - half_y, x + half_x, y + half_y), WIDTH)


def _draw(rows: list[tuple[int, bytes, str]], members: Collection[int], frame: Frame) -> bytes:
    """The image of a territory among its neighbours."""
    stand_in: dict[str, int] = {}
    for number, _, departement in rows:  # in order of number: the first one stays
        if number not in members:
            stand_in.setdefault(departement, number)
    shapes = [
        (number if number in members else stand_in[departement], bytes(outline))
        for number, outline, departement in rows
    ]
    return _webp(burn(shapes, frame))


def _webp(ids: Ids) -> bytes:
    """What `geo.id_raster.to_webp` makes, in a tenth of its time for half as many bytes again:
    somebody is waiting for this one."""
    rgb = np.zeros((*ids.shape, 3), np.uint8)
    rgb[..., 0], rgb[..., 1] = ids >> 8, ids & 255
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "WEBP", lossless=True, quality=75, method=4, exact=True)
    return out.getvalue()


def departement_runs(index: NDArray[Any]) -> list[tuple[int, int]]:
    """(first number, position) of each run of equal values: numbers follow COG codes, so that
    35,000 communes are about a hundred runs."""
    starts = np.flatnonzero(np.diff(index.astype(np.int64), prepend=-1))
    return [(int(start), int(index[start])) for start in starts]
