"""Coordinate reference systems: transformers and axis order, from pyproj's own database."""

from functools import cache

from pyproj import CRS, Transformer


@cache
def transformer(origin: int | str, target: int | str) -> Transformer:
    """A cached transformer between two EPSG codes; coordinates are always x, y (east, north)."""
    return Transformer.from_crs(origin, target, always_xy=True)


@cache
def north_first(epsg: int) -> bool:
    """Whether the authority writes the north (latitude) axis first, as EPSG:4326 does."""
    axes = CRS.from_epsg(epsg).axis_info
    return bool(axes) and axes[0].direction.lower() in ("north", "south")
