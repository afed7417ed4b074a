"""Values of rasters as CoverageJSON and as the GeoJSON of EDR."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.ogc.grids import GridCollection, parameters_of
from geo.ogc_crs import CRS84, Crs
from tiles.distance_files import BANDS, NODATA
from tiles.distance_reading import Cells

type Numbers = Sequence[float]


def parameters(grid: GridCollection, names: Sequence[str], language: str) -> dict[str, Any]:
    told = parameters_of(grid, language)
    kept = ("type", "description", "unit", "observedProperty")
    return {name: {key: told[name][key] for key in kept if key in told[name]} for name in names}


def referencing(crs: str, *, degrees: bool) -> list[dict[str, Any]]:
    kind = "GeographicCRS" if degrees else "ProjectedCRS"
    return [{"coordinates": ["x", "y"], "system": {"type": kind, "id": crs}}]


def values_of(band: NDArray[np.float32]) -> list[float | None]:
    return [None if one == NODATA else round(float(one), 1) for one in band.ravel()]


def range_of(name: str, band: NDArray[np.float32], shape: Sequence[int], axes: Sequence[str]
) -> dict[str, Any]:  # fmt: skip
    whole = name == "incomplete" and set(np.unique(band)) <= {0.0, 1.0, np.float32(NODATA)}
    values: list[Any] = values_of(band)
    if whole:
        values = [None if one is None else int(one) for one in values]
    told: dict[str, Any] = {"type": "NdArray", "dataType": "integer" if whole else "float"}
    if axes:
        told |= {"axisNames": list(axes), "shape": list(shape)}
    return told | {"values": values}


def gridded(
    grid: GridCollection, found: Cells, names: Sequence[str], language: str
) -> dict[str, Any]:
    """A rectangle of cells in the raster's own projection."""
    west, north = found.affine.c, found.affine.f
    step_x, step_y = found.affine.a, found.affine.e
    x = {"start": west + step_x / 2, "stop": west + step_x * (found.width - 0.5),
         "num": found.width}  # fmt: skip
    y = {"start": north + step_y / 2, "stop": north + step_y * (found.height - 0.5),
         "num": found.height}  # fmt: skip
    return {
        "type": "Coverage",
        "domain": {
            "type": "Domain",
            "domainType": "Grid",
            "axes": {"x": x, "y": y},
            "referencing": referencing(grid.storage_crs, degrees=False),
        },
        "parameters": parameters(grid, names, language),
        "ranges": {
            name: range_of(name, found.bands[BANDS.index(name)],
                           (found.height, found.width), ("y", "x"))
            for name in names
        },
    }  # fmt: skip


def scattered(
    grid: GridCollection, points: Sequence[Numbers], values: NDArray[np.float32],
    names: Sequence[str], crs: Crs, language: str,
) -> dict[str, Any]:  # fmt: skip
    """Points (in the axis order of `crs`) with their values: one, or several as a MultiPoint."""
    degrees = crs.epsg in (4326, 4258)
    order = ["y", "x"] if crs.flipped else ["x", "y"]
    if len(points) == 1:
        (point,) = points
        axes: dict[str, Any] = {order[0]: {"values": [point[0]]}, order[1]: {"values": [point[1]]}}
        kind = "Point"
    else:
        axes = {"composite": {"dataType": "tuple", "coordinates": order,
                              "values": [list(point) for point in points]}}  # fmt: skip
        kind = "MultiPoint"
    single = kind == "Point"
    return {
        "type": "Coverage",
        "domain": {
            "type": "Domain", "domainType": kind, "axes": axes,
            "referencing": referencing(crs.uri, degrees=degrees),
        },
        "parameters": parameters(grid, names, language),
        "ranges": {
            name: range_of(name, values[BANDS.index(name)], () if single else (len(points),),
                           () if single else ("composite",))
            for name in names
        },
    }  # fmt: skip


def nothing(grid: GridCollection, names: Sequence[str], language: str) -> dict[str, Any]:
    """No cell of land was asked for."""
    return {
        "type": "CoverageCollection",
        "parameters": parameters(grid, names, language),
        "coverages": [],
    }


def features(
    grid: GridCollection, here: str, points: Sequence[Numbers], values: NDArray[np.float32],
    names: Sequence[str], crs: Crs, language: str,
) -> dict[str, Any]:  # fmt: skip
    """The same as a FeatureCollection of points, with the fields as properties."""
    shown = [values_of(values[BANDS.index(name)]) for name in names]
    label = grid.title(language)
    found = []
    for index, point in enumerate(points):
        told = {name: shown[at][index] for at, name in enumerate(names)}
        found.append(
            {
                "type": "Feature",
                "id": f"{here}#{point[0]},{point[1]}",
                "geometry": {"type": "Point", "coordinates": list(point)},
                "properties": {
                    "datetime": grid.interval[0], "label": label, "parameter-name": list(names),
                    "edrqueryendpoint": here, **told,
                },
            }
        )  # fmt: skip
    described = parameters_of(grid, language)
    whole: dict[str, Any] = {
        "type": "FeatureCollection",
        "features": found,
        "parameters": [
            {**described[name], "description": described[name]["label"],
             "observedProperty": {"id": described[name]["observedProperty"]["id"],
                                  "label": described[name]["label"]}}
            for name in names
        ],
    }  # fmt: skip
    if crs.uri != CRS84:
        whole["coordRefSys"] = crs.uri
    return whole
