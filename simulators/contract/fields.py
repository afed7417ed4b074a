"""Inputs, each declared once: what reads a value also writes its JSON Schema and its form.

A field turns a JSON value into the Python value of a simulation, or raises `Wrong`. Text from a
caller never goes further than this module: a choice becomes one of OUR words, and engines get
its rank (`Choice.rank`), a number.
"""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from simulators.contract.faults import nearest
from simulators.contract.strict_json import NotFinite, readable
from simulators.contract.texts import Law, Text

type Value = float | int | bool | str | date | tuple[float, ...] | Mapping[int, float]


class Wrong(Exception):
    """One value cannot be an input; the reader adds the place, `steps` goes on inside it."""

    def __init__(
        self, code: str, message: Text, suggestion: str | None = None, steps: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message.en)
        self.code, self.message, self.suggestion = code, message, suggestion
        self.steps = steps


@dataclass(frozen=True, kw_only=True)
class Field(ABC):
    """What is common to every input. Without `default` the input is required."""

    name: str
    title: Text
    description: Text
    example: Value
    default: Value | None = None
    law: Law | None = None
    group: str = ""  # inputs of one group stand together in forms

    @property
    def required(self) -> bool:
        return self.default is None

    @abstractmethod
    def read(self, value: Any) -> Value:
        """The value of an input, from JSON. Raises Wrong."""

    def read_text(self, text: str) -> Value:
        """The value from a form or a CSV cell: `12,5` and `12.5` are the same. Raises Wrong."""
        return self.read(_parsed(text))

    def schema(self, language: str = "fr") -> dict[str, Any]:
        """JSON Schema (2020-12); both languages are always there, under `x-text`."""
        found: dict[str, Any] = {
            "title": self.title.in_language(language),
            "description": self.description.in_language(language),
            **self.shape(language),
            "examples": [plain(self.example)],
            "x-text": {
                tongue: {
                    "title": self.title.in_language(tongue),
                    "description": self.description.in_language(tongue),
                }
                for tongue in ("fr", "en")
            },
        }
        if self.group:
            found["x-group"] = self.group
        if self.default is not None:
            found["default"] = plain(self.default)
        if self.law is not None:
            found["x-law"] = {"citation": self.law.citation, "url": self.law.url}
        return found

    @abstractmethod
    def shape(self, language: str) -> Mapping[str, Any]:
        """The part of the schema that says which values there are."""


@dataclass(frozen=True, kw_only=True)
class Number(Field):
    """A finite number within bounds, both included, in `unit` (EUR/year, %, m2...)."""

    unit: str
    minimum: float
    maximum: float

    def read(self, value: Any) -> float:
        if isinstance(value, NotFinite):
            raise Wrong("not-finite", _NOT_FINITE)
        # bool is an int for Python, not for JSON.
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Wrong("not-a-number", _NOT_A_NUMBER)
        if not math.isfinite(value):
            raise Wrong("not-finite", _NOT_FINITE)
        if value < self.minimum:
            least = f"{self.minimum:.15g}"
            raise Wrong("too-small", Text(f"Au moins {least}.", f"At least {least}."))
        if value > self.maximum:
            most = f"{self.maximum:.15g}"
            raise Wrong("too-large", Text(f"Au plus {most}.", f"At most {most}."))
        return float(value)

    def shape(self, language: str) -> Mapping[str, Any]:
        return {
            "type": "number",
            "minimum": plain(self.minimum),
            "maximum": plain(self.maximum),
            "x-unit": self.unit,
        }


@dataclass(frozen=True, kw_only=True)
class Whole(Number):
    """A whole number within bounds. `2.0` is whole, as JSON Schema says."""

    def read(self, value: Any) -> int:
        found = super().read(value)
        if found != int(found):
            raise Wrong("not-whole", Text("Un nombre entier.", "A whole number."))
        return int(found)

    def shape(self, language: str) -> Mapping[str, Any]:
        return {**super().shape(language), "type": "integer"}


@dataclass(frozen=True, kw_only=True)
class Flag(Field):
    """Yes or no: JSON `true` or `false`, nothing that resembles them."""

    def read(self, value: Any) -> bool:
        if not isinstance(value, bool):
            message = Text("« true » ou « false » est attendu.", "true or false is expected.")
            raise Wrong("not-a-flag", message)
        return value

    def read_text(self, text: str) -> bool:
        return self.read({"true": True, "1": True, "false": False, "0": False}.get(text.strip()))

    def shape(self, language: str) -> Mapping[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, kw_only=True)
class Choice(Field):
    """One of our own words, in a fixed order: the rank of a word is what engines get."""

    options: Mapping[str, Text]
    ranks: Mapping[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ranks", {word: i for i, word in enumerate(self.options)})

    def read(self, value: Any) -> str:
        # A list or an object cannot be looked up in a mapping: text first.
        if isinstance(value, str) and value in self.options:
            return value
        near = nearest(value, self.options) if isinstance(value, str) and readable(value) else None
        words = ", ".join(self.options)
        raise Wrong(
            "not-a-choice",
            Text(
                f"Une valeur parmi : {words}."
                + (f" Vouliez-vous dire « {near} » ?" if near else ""),
                f"One of: {words}." + (f" Did you mean “{near}”?" if near else ""),
            ),
            near,
        )

    def read_text(self, text: str) -> str:
        return self.read(text.strip())

    def rank(self, value: Value) -> int:
        """The number that stands for a word."""
        return self.ranks[str(value)]

    def shape(self, language: str) -> Mapping[str, Any]:
        return {
            "type": "string",
            "enum": list(self.options),
            "x-options": {
                word: {"fr": text.fr, "en": text.en} for word, text in self.options.items()
            },
        }


@dataclass(frozen=True, kw_only=True)
class Series(Field):
    """A list of numbers in `unit`, at most `most` of them, each within bounds."""

    unit: str
    minimum: float
    maximum: float
    most: int

    def read(self, value: Any) -> tuple[float, ...]:
        if not isinstance(value, list):
            raise Wrong("not-a-list", Text("Une liste de nombres.", "A list of numbers."))
        if len(value) > self.most:
            message = Text(f"Au plus {self.most} nombres.", f"At most {self.most} numbers.")
            raise Wrong("too-many", message)
        one = Number(
            name=self.name, title=self.title, description=self.description, example=0,
            unit=self.unit, minimum=self.minimum, maximum=self.maximum,
        )  # fmt: skip
        return tuple(one.read(item) for item in value)

    def read_text(self, text: str) -> tuple[float, ...]:
        """Numbers separated by spaces or semicolons."""
        return self.read([_parsed(part) for part in text.replace(";", " ").split()])

    def shape(self, language: str) -> Mapping[str, Any]:
        return {
            "type": "array",
            "maxItems": self.most,
            "items": {"type": "number", "minimum": self.minimum, "maximum": self.maximum},
            "x-unit": self.unit,
        }


@dataclass(frozen=True, kw_only=True)
class Day(Field):
    """A date of the calendar as ISO 8601 writes it (`1964-05-16`), within bounds."""

    earliest: date
    latest: date

    def read(self, value: Any) -> date:
        # Arrow has dates of its own; a moment (datetime) is a date for Python, not for us.
        if type(value) is not date:
            value = self._parsed(value)
        if value < self.earliest:
            least = self.earliest.isoformat()
            raise Wrong("too-small", Text(f"Au plus tôt le {least}.", f"{least} at the earliest."))
        if value > self.latest:
            most = self.latest.isoformat()
            raise Wrong("too-large", Text(f"Au plus tard le {most}.", f"{most} at the latest."))
        found: date = value
        return found

    def read_text(self, text: str) -> date:
        return self.read(text.strip())

    @staticmethod
    def _parsed(value: Any) -> date:
        try:
            if isinstance(value, str) and _ISO_DAY.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        message = Text(
            "Une date de la forme AAAA-MM-JJ est attendue.",
            "A date such as 1964-05-16 is expected.",
        )
        raise Wrong("not-a-date", message)

    def shape(self, language: str) -> Mapping[str, Any]:
        return {
            "type": "string",
            "format": "date",
            "x-minimum": self.earliest.isoformat(),
            "x-maximum": self.latest.isoformat(),
        }


@dataclass(frozen=True, kw_only=True)
class Yearly(Field):
    """A number for each of some years, in `unit`: `{"1998": 15200, "1999": 15900.5}`.

    In forms and CSV cells, years and numbers in pairs: `1998:15200 1999:15900,5`.
    """

    unit: str
    minimum: float
    maximum: float
    first_year: int
    last_year: int

    def read(self, value: Any) -> Mapping[int, float]:
        if not isinstance(value, Mapping):
            message = Text(
                "Un objet JSON est attendu : un nombre pour chaque année.",
                "A JSON object is expected: a number for each year.",
            )
            raise Wrong("not-by-year", message)
        for name in getattr(value, "repeated", ()):
            message = Text("Année donnée plusieurs fois.", "A year given more than once.")
            raise Wrong("repeated", message, steps=(self._shown(name),))
        if len(value) > self.last_year - self.first_year + 1:
            raise Wrong("too-many", Text("Trop d'années.", "Too many years."))
        one = Number(
            name=self.name, title=self.title, description=self.description, example=0,
            unit=self.unit, minimum=self.minimum, maximum=self.maximum,
        )  # fmt: skip
        found = {}
        for name, amount in value.items():
            year = self._year(name)
            try:
                found[year] = one.read(amount)
            except Wrong as wrong:
                raise Wrong(wrong.code, wrong.message, steps=(str(year),)) from None
        return dict(sorted(found.items()))

    def read_text(self, text: str) -> Mapping[int, float]:
        pairs = _SPACED_COLON.sub(":", text.replace(";", " ")).split()
        found: dict[str, object] = {}
        for pair in pairs:
            year, _, amount = pair.partition(":")
            if year in found:
                message = Text("Année donnée plusieurs fois.", "A year given more than once.")
                raise Wrong("repeated", message, steps=(self._shown(year),))
            found[year] = _parsed(amount)
        return self.read(found)

    def _year(self, name: Any) -> int:
        if isinstance(name, str) and _YEAR.fullmatch(name):
            year = int(name)
            if self.first_year <= year <= self.last_year:
                return year
        message = Text(
            f"Une année de {self.first_year} à {self.last_year} est attendue.",
            f"A year from {self.first_year} to {self.last_year} is expected.",
        )
        raise Wrong("not-a-year", message, steps=(self._shown(name),))

    @staticmethod
    def _shown(name: Any) -> str:
        return "".join(letter for letter in str(name)[:20] if readable(letter))

    def shape(self, language: str) -> Mapping[str, Any]:
        return {
            "type": "object",
            "propertyNames": {"pattern": "^(19|20)[0-9]{2}$"},
            "maxProperties": self.last_year - self.first_year + 1,
            "additionalProperties": {
                "type": "number",
                "minimum": plain(self.minimum),
                "maximum": plain(self.maximum),
            },
            "x-unit": self.unit,
            "x-first-year": self.first_year,
            "x-last-year": self.last_year,
        }


def number_of(values: Mapping[str, Value], name: str) -> float:
    """The value of an input that is a number or a flag, as engines take it."""
    found = values[name]
    if isinstance(found, int | float):
        return float(found)
    raise TypeError(f"{name} is not a number")


_NOT_FINITE = Text("Un nombre fini est attendu.", "A finite number is expected.")
_NOT_A_NUMBER = Text(
    "Un nombre JSON est attendu, sans guillemets.", "A JSON number is expected, without quotes."
)
_DIGITS = frozenset("0123456789.+-")
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_SPACED_COLON = re.compile(r"\s*:\s*")


def _parsed(text: str) -> object:
    """What a cell says, when it is a plain decimal number; else the text, which no number is."""
    tidy = text.strip().replace("\u202f", "").replace("\u00a0", "").replace(" ", "")
    tidy = tidy.replace(",", ".")
    if not tidy or len(tidy) > 25 or not _DIGITS.issuperset(tidy):
        return text
    try:
        return float(tidy)
    except ValueError:
        return text


def plain(value: Value) -> object:
    """As JSON writes it: 2 rather than 2.0."""
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(year): plain(amount) for year, amount in value.items()}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value == int(value):
        return int(value)
    return value
