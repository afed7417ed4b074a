"""Query parameters, each declared once: the strict reader and OpenAPI use the same object.

The policy (docs/decisions/strict-parameters.md): for the API, an unknown or repeated
parameter is refused and named; numbers are finite; a limit above the maximum is lowered to
it; text holds no NUL and no more characters than declared.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from api.moments import read_day, read_moment
from config.errors import Invalid

_INTEGER = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,3})?", re.ASCII)


@dataclass(frozen=True)
class Parameter[T]:
    """One query parameter: its name, how to read it, and what OpenAPI says of it."""

    name: str
    description: str
    read: Callable[[str], T]
    schema: Callable[[], Mapping[str, Any]]
    default: T | None = None
    required: bool = False
    example: str | None = field(default=None)

    def parse(self, text: str) -> T:
        """The value of one text. Raises Invalid that names this parameter."""
        try:
            return self.read(text)
        except Invalid as error:
            raise Invalid(str(error), parameter=self.name) from None


def text(
    name: str,
    description: str,
    *,
    max_length: int,
    required: bool = False,
    default: str | None = None,
    pattern: str | None = None,
    example: str | None = None,
) -> Parameter[str]:
    """Free text of at most `max_length` characters, without NUL."""
    grammar = re.compile(pattern) if pattern else None

    def read(value: str) -> str:
        if len(value) > max_length:
            raise Invalid(f"At most {max_length} characters.")
        if grammar and not grammar.fullmatch(value):
            raise Invalid(f"Not of the form {pattern}.")
        return value

    def schema() -> Mapping[str, Any]:
        found: dict[str, Any] = {"type": "string", "maxLength": max_length}
        if pattern:
            found["pattern"] = f"^(?:{pattern})$"
        return found

    return Parameter(name, description, read, schema, default, required, example)


def number(
    name: str,
    description: str,
    *,
    minimum: float,
    maximum: float,
    required: bool = False,
    example: str | None = None,
) -> Parameter[float]:
    """A finite decimal number within bounds, both included."""

    def read(value: str) -> float:
        found = float(value) if _NUMBER.fullmatch(value) else math.nan
        if not math.isfinite(found):
            raise Invalid("A finite decimal number is expected, such as 45.76.")
        if not minimum <= found <= maximum:
            raise Invalid(f"Between {minimum:g} and {maximum:g}.")
        return found

    def schema() -> Mapping[str, Any]:
        return {"type": "number", "minimum": minimum, "maximum": maximum}

    return Parameter(name, description, read, schema, None, required, example)


def limit(
    *, default: int, maximum: int, name: str = "limit", what: str = "results"
) -> Parameter[int]:
    """How many results. Above `maximum` it is lowered to it, as OGC API servers do."""

    def read(value: str) -> int:
        if not _INTEGER.fullmatch(value):
            raise Invalid("A whole number is expected.")
        found = int(value)
        if found < 1:
            raise Invalid("At least 1.")
        return min(found, maximum)

    def schema() -> Mapping[str, Any]:
        return {"type": "integer", "minimum": 1, "default": default}

    return Parameter(
        name,
        f"How many {what} at most. A value above {maximum} is lowered to {maximum}.",
        read, schema, default, False, str(default),
    )  # fmt: skip


def cursor(name: str, description: str) -> Parameter[int]:
    """A position in an ordered feed: a non-negative 63-bit integer."""

    def read(value: str) -> int:
        if not _INTEGER.fullmatch(value) or not 0 <= int(value) < 2**63:
            raise Invalid("A cursor is the whole number that the previous page gave.")
        return int(value)

    def schema() -> Mapping[str, Any]:
        return {"type": "integer", "minimum": 0, "default": 0}

    return Parameter(name, description, read, schema, 0)


def moment(name: str, description: str) -> Parameter[datetime]:
    """An RFC 3339 date or date-time; absent means now."""

    def schema() -> Mapping[str, Any]:
        return {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}([Tt].+)?$"}

    return Parameter(name, description, read_moment, schema, None, False, "2024-12-31")


def day(name: str, description: str) -> Parameter[date]:
    """An RFC 3339 date; absent means today."""

    def schema() -> Mapping[str, Any]:
        return {"type": "string", "format": "date"}

    return Parameter(name, description, read_day, schema, None, False, "2024-12-31")


def choice(
    name: str,
    description: str,
    choices: Callable[[], Iterable[str]],
    *,
    default: str | None = None,
    required: bool = False,
) -> Parameter[str]:
    """One of a list that is known when the request comes (the referential may be reloaded)."""

    def read(value: str) -> str:
        known = tuple(choices())
        if value not in known:
            raise Invalid(f"Unknown value; expected one of: {', '.join(known)}.")
        return value

    def schema() -> Mapping[str, Any]:
        found: dict[str, Any] = {"type": "string", "enum": list(choices())}
        if default is not None:
            found["default"] = default
        return found

    return Parameter(name, description, read, schema, default, required)


def read_all(
    declared: Iterable[Parameter[Any]], sent: Mapping[str, list[bytes]], *, strict: bool
) -> dict[str, Any]:
    """Read a whole query string. With `strict`, what is not declared is refused by name.

    Raises Invalid naming the parameter: unknown (when strict), repeated, not UTF-8, holding
    NUL, missing, or badly formed. An empty value counts as absent when the parameter has a
    default or is optional: forms without scripts send every field.
    """
    known = {parameter.name: parameter for parameter in declared}
    for name in sent:
        if strict and name not in known:
            shown = name.encode("latin-1", "replace").decode("utf-8", "replace")[:80]
            expected = ", ".join(known) or "none"
            raise Invalid(f"Unknown parameter; expected: {expected}.", parameter=shown)
    values: dict[str, Any] = {}
    for name, parameter in known.items():
        texts = sent.get(name, [])
        if len(texts) > 1:
            raise Invalid("Given more than once.", parameter=name)
        try:
            value = texts[0].decode("utf-8") if texts else ""
        except UnicodeDecodeError:
            raise Invalid("Not valid UTF-8.", parameter=name) from None
        if "\x00" in value:
            raise Invalid("Holds the character NUL.", parameter=name)
        if value:
            values[name] = parameter.parse(value)
        elif parameter.required:
            raise Invalid("Required.", parameter=name)
        else:
            values[name] = parameter.default
    return values
