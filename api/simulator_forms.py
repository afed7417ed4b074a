"""A form made from the JSON Schema of a simulator: what the API documents is what people fill in.

Each kind of input has its line in KINDS. A kind that is not there is refused loudly, by name: an
input that a form left out would be a default that nobody chose.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.simulator_words import Words
from simulators.contract.faults import Fault
from simulators.contract.simulator import Simulator

Property = Mapping[str, Any]


class UnknownKind(TypeError):
    """An input of a kind that no form can show yet: KINDS needs a line."""


def kind_of(name: str, described: Property) -> str:
    """The kind of an input, read from its schema. Raises UnknownKind."""
    for kind, belongs in KINDS.items():
        if belongs(described):
            return kind
    raise UnknownKind(f"no form control for the input {name!r}: {dict(described)!r}")


KINDS: Mapping[str, Callable[[Property], bool]] = {
    "choice": lambda one: one.get("type") == "string" and "enum" in one,
    "flag": lambda one: one.get("type") == "boolean",
    "whole": lambda one: one.get("type") == "integer",
    "number": lambda one: one.get("type") == "number",
    "day": lambda one: one.get("type") == "string" and one.get("format") == "date",
    "series": lambda one: (
        one.get("type") == "array" and one.get("items", {}).get("type") in ("number", "integer")
    ),
    # Numbers by year are typed as they are in a CSV cell.
    "yearly": lambda one: (
        one.get("type") == "object" and one.get("additionalProperties", {}).get("type") == "number"
    ),
}


@dataclass(frozen=True, kw_only=True)
class Control:
    """One input as a template draws it; `shown` is what stands in it."""

    name: str
    kind: str
    title: str
    hint: str
    unit: str
    shown: str
    required: bool
    options: tuple[tuple[str, str], ...] = ()
    default_words: str = ""
    checked_first: bool = False  # a box that is ticked by default: unticking it must be sent
    law: Mapping[str, str] | None = None
    mistake: str | None = None

    @property
    def id(self) -> str:
        return f"input-{self.name}"


@dataclass(frozen=True)
class Group:
    """Inputs that stand together; `folded` until somebody opens it."""

    id: str
    title: str
    controls: tuple[Control, ...]
    folded: bool


@dataclass
class Form:
    """The inputs of a simulator in one language, and what was typed in them."""

    simulator: Simulator
    words: Words
    schema: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.schema = self.simulator.schema(self.words.language)

    @property
    def properties(self) -> Mapping[str, Property]:
        found: Mapping[str, Property] = self.schema["properties"]
        return found

    def defaults(self) -> dict[str, str]:
        """What stands in each input before anybody typed."""
        return {name: self._initial(name) for name in self.properties}

    def _initial(self, name: str) -> str:
        described = self.properties[name]
        kind, default = kind_of(name, described), described.get("default")
        if default is None:
            return ""
        if kind in ("number", "whole") and default == 0:
            return ""  # a form full of zeros is harder to read; the hint says it
        return self.written(default)

    def written(self, value: Any) -> str:
        """A value as it is typed in this language."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, list | tuple):
            return " ; ".join(self.written(one) for one in value)
        if isinstance(value, Mapping):
            return " ".join(f"{year}:{self.written(one)}" for year, one in value.items())
        if isinstance(value, float):
            text = f"{value:.10f}".rstrip("0").rstrip(".")
            return text.replace(".", ",") if self.words.language == "fr" else text
        return str(value)

    def given(self, typed: Mapping[str, str]) -> dict[str, str]:
        """What somebody really said: an input that was left at our default is an assumption."""
        initial = self.defaults()
        return {
            name: text
            for name, text in typed.items()
            if name not in initial or text.strip() != initial[name] or not initial[name]
        }

    def groups(self, typed: Mapping[str, str], faults: Sequence[Fault] = ()) -> tuple[Group, ...]:
        """The controls in their groups, in the order in which the simulator declares them."""
        mistakes = self.mistakes(faults)
        found: dict[str, list[Control]] = {}
        for name, described in self.properties.items():
            control = self._control(name, described, typed.get(name, ""), mistakes.get(name))
            found.setdefault(described.get("x-group", ""), []).append(control)
        initial = self.defaults()
        first = next(iter(found), "")

        def folded(group: str, controls: list[Control]) -> bool:
            return group != first and not any(
                one.required
                or one.mistake
                or one.name == self.simulator.principal
                or one.shown != initial[one.name]
                for one in controls
            )

        return tuple(
            Group(group, self.words.group(group), tuple(controls), folded(group, controls))
            for group, controls in found.items()
        )

    def mistakes(self, faults: Sequence[Fault]) -> dict[str, str]:
        """The words of the first fault of each input."""
        found: dict[str, str] = {}
        for fault in faults:
            name = fault.pointer.removeprefix("/").split("/", 1)[0]
            known = self.simulator.by_name.get(name)
            found.setdefault(name, self.words.fault(fault, known))
        return found

    def _control(self, name: str, described: Property, shown: str, mistake: str | None) -> Control:
        kind = kind_of(name, described)
        default = described.get("default")
        options = tuple(
            (word, texts[self.words.language])
            for word, texts in described.get("x-options", {}).items()
        )
        says = ""
        if default not in (None, {}) and kind in ("number", "whole", "series", "yearly"):
            says = self.words.value(self.simulator.by_name[name], default)
        return Control(
            name=name,
            kind=kind,
            title=described["title"],
            hint=described["description"],
            unit=self.words.unit(described["x-unit"]) if "x-unit" in described else "",
            shown=shown,
            required=name in self.schema["required"],
            options=options,
            default_words=says,
            checked_first=kind == "flag" and default is True,
            law=described.get("x-law"),
            mistake=mistake,
        )
