"""The echo: a process that gives back what it gets, in every shape that inputs may have.

It is for whoever tries a client of OGC API Processes, a test suite included: one input of each
shape, none required, each given back as the output of the same name.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from config.errors import Invalid
from simulators.contract.strict_json import Members, NotFinite, readable
from simulators.contract.texts import Text

ID = "echo"
TITLE = Text("Écho", "Echo")
SUMMARY = Text(
    "Rend ce qu'il reçoit, après une pause si elle est demandée. Ses travaux sont listés pour "
    "tous : n'y mettez rien de privé.",
    "Gives back what it gets, after a pause when one is asked. Its jobs are listed for everybody: "
    "put nothing private in them.",
)
LONGEST = 10_000  # characters of a text, or of the JSON of a value
MOST_ITEMS = 100
LONGEST_PAUSE = 60.0  # seconds
LONGEST_WAITED = 5.0  # seconds of a pause for which a connection is held
_DEEPEST = 20
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shape:
    """One input and the output that gives it back."""

    title: Text
    schema: Mapping[str, Any]
    accepts: Callable[[Any], bool]
    expected: str
    given_back: bool = True


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST and readable(value)


def _pause(value: Any) -> bool:
    return _number(value) and 0 <= value <= LONGEST_PAUSE


def _list(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_ITEMS and all(map(_text, value))


def _plain(value: Any, depth: int = 0) -> bool:
    """Whether a value of JSON can be given back as it was written."""
    if depth > _DEEPEST or isinstance(value, NotFinite):
        return False
    if isinstance(value, Members) and value.repeated:
        return False
    if isinstance(value, dict):
        return all(readable(name) for name in value) and _plain([*value.values()], depth + 1)
    if isinstance(value, list):
        return all(_plain(one, depth + 1) for one in value)
    return not isinstance(value, str) or readable(value)


def _object(value: Any) -> bool:
    return isinstance(value, dict) and _plain(value) and len(json.dumps(value)) <= LONGEST


def _box(value: Any) -> bool:
    if not isinstance(value, dict) or not set(value) <= {"bbox", "crs"}:
        return False
    numbers = value.get("bbox")
    right = isinstance(numbers, list) and len(numbers) in (4, 6) and all(map(_number, numbers))
    return right and ("crs" not in value or (_text(value["crs"]) and len(value["crs"]) <= 200))


def _binary(value: Any) -> bool:
    return _text(value) and bool(_BASE64.fullmatch(value))


_BOX = {
    "type": "object",
    "required": ["bbox"],
    "format": "ogc-bbox",
    "properties": {
        "bbox": {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
        "crs": {"type": "string", "maxLength": 200},
    },
}
INPUTS: Mapping[str, Shape] = {
    "message": Shape(
        Text("Texte", "Text"), {"type": "string", "maxLength": LONGEST}, _text,
        f"A text of at most {LONGEST} characters.",
    ),
    "number": Shape(
        Text("Nombre", "Number"), {"type": "number"}, _number, "A finite number.",
    ),
    "list": Shape(
        Text("Liste de textes", "List of texts"),
        {"type": "array", "maxItems": MOST_ITEMS, "items": {"type": "string"}}, _list,
        f"A list of at most {MOST_ITEMS} texts.",
    ),
    "object": Shape(
        Text("Objet", "Object"), {"type": "object"}, _object,
        f"A JSON object of at most {LONGEST} characters.",
    ),
    "box": Shape(
        Text("Emprise", "Bounding box"), _BOX, _box, "An object with `bbox`: 4 or 6 numbers.",
    ),
    "binary": Shape(
        Text("Octets, en base64", "Bytes, in base64"),
        {"type": "string", "contentEncoding": "base64",
         "contentMediaType": "application/octet-stream", "maxLength": LONGEST},
        _binary, "A text in base64.",
    ),
    "mixed": Shape(
        Text("Texte ou nombre", "Text or number"),
        {"oneOf": [{"type": "string", "contentMediaType": "text/plain", "maxLength": LONGEST},
                   {"type": "number"}]},
        lambda value: _text(value) or _number(value), "A text or a number.",
    ),
    "pause": Shape(
        Text("Pause, en secondes", "Pause, in seconds"),
        {"type": "number", "minimum": 0, "maximum": LONGEST_PAUSE}, _pause,
        f"From 0 to {LONGEST_PAUSE:g} seconds.", given_back=False,
    ),
}  # fmt: skip
OUTPUTS: Mapping[str, Shape] = {name: one for name, one in INPUTS.items() if one.given_back}


def read(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs, each of its shape. Raises Invalid, naming the first that is not."""
    for name, value in inputs.items():
        shape = INPUTS.get(name)
        if shape is None:
            raise Invalid(
                f"There is no such input; there are {', '.join(INPUTS)}.", parameter=name[:80]
            )
        if not shape.accepts(value):
            raise Invalid(shape.expected, parameter=name)
    if not inputs:
        raise Invalid("One input at least.", parameter="inputs")
    return dict(inputs)


def outputs(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What comes back."""
    return {name: value for name, value in inputs.items() if name in OUTPUTS}
