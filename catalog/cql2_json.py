"""The JSON form of CQL2, read to the same tree as its text form, under the same limits."""

import json
from typing import Any

from shapely.errors import ShapelyError  # type: ignore[attr-defined]
from shapely.geometry import shape as from_geojson

from catalog import cql2
from catalog.cql2 import Call, Literal, Moment, Node, Place, Property, fault

_LOGIC = {"and", "or", "not", "like", "between", "in", "isnull"}
_KNOWN = _LOGIC | cql2.COMPARISONS | cql2.ARITHMETIC | cql2.FUNCTIONS
_GEOMETRIES = {
    "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
    "GeometryCollection",
}  # fmt: skip


def parse(text: str, place: Place = lambda one: one) -> Node:
    """Read CQL2 JSON. Raises Invalid."""
    if len(text) > 4 * cql2.LONGEST:
        raise fault(f"A filter has at most {4 * cql2.LONGEST} characters.")
    if _depth(text) > 2 * cql2.DEEPEST + 10:
        raise fault(f"A filter has at most {cql2.DEEPEST} operators inside each other.")
    try:
        found = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_twin)
    except (ValueError, RecursionError):
        raise fault("The filter is not JSON.") from None
    reader = _Reader(place)
    return reader.node(found, 0)


def _depth(text: str) -> int:
    """How deep brackets go, counted before anything recursive reads them."""
    depth = most = 0
    for letter in text:
        if letter in "[{":
            depth += 1
            most = max(most, depth)
        elif letter in "]}":
            depth -= 1
    return most


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _no_twin(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


class _Reader:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.nodes = 0

    def node(self, value: Any, depth: int) -> Node:
        self.nodes += 1
        if depth > cql2.DEEPEST:
            raise fault(f"A filter has at most {cql2.DEEPEST} operators inside each other.")
        if self.nodes > cql2.MOST_NODES:
            raise fault(f"A filter has at most {cql2.MOST_NODES} operators.")
        match value:
            case bool() | str() | None:
                if isinstance(value, str) and "\x00" in value:
                    raise fault("The filter holds the character NUL.")
                return Literal(value)
            case int() | float():
                return Literal(cql2.number(str(abs(value))) * (-1 if value < 0 else 1))
            case list():
                return Call("array", tuple(self.node(one, depth + 1) for one in value))
            case {"op": str(name), "args": list(arguments)}:
                return self.call(name.lower(), arguments, depth)
            case {"property": str(name)}:
                return Property(name)
            case {"date": str(moment)} | {"timestamp": str(moment)}:
                return Moment(moment)
            case {"interval": [start, end]}:
                ends = [self.node(one, depth + 1) for one in (start, end)]
                return Call("interval", tuple(cql2.interval(ends)))
            case {"bbox": list(numbers)}:
                if not all(type(one) in (int, float) for one in numbers):
                    raise fault("A bbox holds numbers.")
                return cql2.box_of([float(one) for one in numbers], self.place)
            case {"type": str(kind)} if kind in _GEOMETRIES:
                try:
                    geometry = from_geojson(value)
                except (ValueError, TypeError, KeyError, IndexError, AttributeError,
                        ShapelyError):  # fmt: skip
                    raise fault("A geometry of the filter is not GeoJSON.") from None
                return cql2.shape_of(geometry, self.place)
        raise fault("The filter has a member that is neither a value nor an operator.")

    def call(self, name: str, arguments: list[Any], depth: int) -> Node:
        if name not in _KNOWN:
            raise fault(f"There is no operator or function {name[:40]!r}.")
        if name == "in":
            if len(arguments) != 2 or not isinstance(arguments[1], list):
                raise fault("`in` has a value and a list.")
            arguments = [arguments[0], *arguments[1]]
        return Call(name, tuple(self.node(one, depth + 1) for one in arguments))
