"""PMTiles archives: written once at publication, then read through a memory map."""

import mmap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pmtiles.tile import (
    Compression,
    Entry,
    TileType,
    deserialize_directory,
    deserialize_header,
    zxy_to_tileid,
)
from pmtiles.writer import Writer

from config.errors import Invalid
from geo.tile_address import TileAddress

BOUNDS_E7 = (-632000000, -215000000, 559000000, 512000000)  # degrees x 10^7, all territories


def write(
    file: Path,
    tiles: Iterable[tuple[TileAddress, bytes]],
    zooms: tuple[int, int],
    metadata: dict[str, Any],
) -> int:
    """Write gzip tiles, which must come in the order of `order`; returns how many.

    Raises Invalid when there is none: an archive cannot be empty.
    """
    count = 0
    with file.open("wb") as out:
        writer = Writer(out)
        for address, packed in tiles:
            writer.write_tile(order(address), packed)
            count += 1
        if not count:
            raise Invalid("No tile to publish: no commune has an outline.")
        west, south, east, north = BOUNDS_E7
        writer.finalize(
            {
                "tile_type": TileType.MVT,
                "tile_compression": Compression.GZIP,
                "min_zoom": zooms[0],
                "max_zoom": zooms[1],
                "min_lon_e7": west,
                "min_lat_e7": south,
                "max_lon_e7": east,
                "max_lat_e7": north,
                "center_zoom": zooms[0],
                "center_lon_e7": 24000000,
                "center_lat_e7": 466000000,
            },
            metadata,
        )
    return count


def order(address: TileAddress) -> int:
    """The place of a tile on the Hilbert curve of all zooms: the order of an archive."""
    return int(zxy_to_tileid(address.z, address.x, address.y))


class Archive:
    """A published archive. Its directories are read once; a tile is then a slice of the map."""

    def __init__(self, file: Path) -> None:
        with file.open("rb") as opened:
            self._map = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        header = deserialize_header(self._map[0:127])
        self.min_zoom: int = header["min_zoom"]
        self.max_zoom: int = header["max_zoom"]
        self._data: int = header["tile_data_offset"]
        self._leaves: int = header["leaf_directory_offset"]
        self._places: dict[int, tuple[int, int]] = {}
        self._read(header["root_offset"], header["root_length"])

    def _read(self, offset: int, length: int) -> None:
        entries: list[Entry] = deserialize_directory(self._map[offset : offset + length])
        for entry in entries:
            if entry.run_length == 0:
                self._read(self._leaves + entry.offset, entry.length)
            for step in range(entry.run_length):
                self._places[entry.tile_id + step] = (entry.offset, entry.length)

    def __len__(self) -> int:
        """How many tiles there are."""
        return len(self._places)

    def holds_zoom(self, z: int) -> bool:
        return self.min_zoom <= z <= self.max_zoom

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        """The stored gzip bytes; None where there is no land."""
        place = self._places.get(int(zxy_to_tileid(z, x, y)))
        if place is None:
            return None
        start = self._data + place[0]
        return self._map[start : start + place[1]]

    def size(self, z: int, x: int, y: int) -> int:
        """How many bytes are stored for a tile; 0 where there is no land."""
        return self._places.get(int(zxy_to_tileid(z, x, y)), (0, 0))[1]

    def addresses(self) -> list[int]:
        """The Hilbert places of all tiles, in order."""
        return sorted(self._places)
