"""A simulator: its inputs, the dates of the law it knows, and the models that compute it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Protocol

from simulators.contract.faults import Fault, Faulty, nearest, pointer
from simulators.contract.fields import Field, Number, Value, Wrong, plain
from simulators.contract.results import Assumption, Outcome, Result
from simulators.contract.strict_json import member_faults
from simulators.contract.texts import Law, Text


@dataclass(frozen=True, slots=True)
class Call:
    """One valid question: every input has its value, and the law has its date."""

    values: Mapping[str, Value]
    given: frozenset[str]
    law_date: date


class Model(Protocol):
    """One version of the arithmetic, pinned by its name (`openfisca-france-176.1.8`)."""

    @property
    def version(self) -> str: ...

    async def compute(self, calls: Sequence[Call]) -> Sequence[Outcome | Faulty]:
        """One outcome per call, in order; Faulty for a case that this model refuses.

        Raises Unavailable when the engine does not answer in time.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Simulator:
    """One simulator as the public sees it.

    `settle` is given the values (defaults filled in), the names the caller gave, and the law
    date that was asked for, if any. It returns the date whose law applies, and raises Faulty
    for an unsupported date (listing the supported ones) or for inputs which together make no
    sense or are out of scope.
    """

    id: str
    title: Text
    summary: Text
    fields: tuple[Field, ...]
    principal: str  # the input that `marginal_rate` and the default curve vary
    settle: Callable[[Mapping[str, Value], frozenset[str], date | None], date]
    models: tuple[Model, ...]  # the current one first
    out_of_scope: tuple[Text, ...]  # by name: never approximated
    law: tuple[Law, ...] = ()
    supported: tuple[str, ...] = ()  # dates or years, as a refusal lists them
    invertible: tuple[str, ...] = ()  # figures that grow with the principal input
    year_input: str | None = None  # the input that a pinned law date fills when it is not given
    sample: Mapping[str, Value] = field(default_factory=dict)  # what an example needs besides
    by_name: Mapping[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {one.name: one for one in self.fields})

    @cached_property
    def _defaults(self) -> dict[str, Value]:
        return {one.name: one.default for one in self.fields if one.default is not None}

    @cached_property
    def _required(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.fields if one.required)

    def model(self, version: str | None) -> Model:
        """The model of a pinned version, or the current one. Raises Faulty listing them."""
        for model in self.models:
            if version is None or model.version == version:
                return model
        known = tuple(model.version for model in self.models)
        near = nearest(version or "", known)
        text = Text(
            f"Modèle inconnu ; modèles disponibles : {', '.join(known)}.",
            f"Unknown model; available: {', '.join(known)}.",
        )
        fault = Fault(
            pointer="/model", code="not-a-choice", message=text, suggestion=near, supported=known
        )
        raise Faulty([fault])

    def read(self, members: object, law_date: date | None = None) -> Call:
        """A valid call from a JSON object. Raises Faulty with every fault at once."""
        return self._read(members, law_date, lambda field, value: field.read(value))

    def read_texts(self, members: Mapping[str, str], law_date: date | None = None) -> Call:
        """The same from a form or a CSV row; an empty cell is an input that was not given."""
        said = {name: text for name, text in members.items() if text.strip()}
        return self._read(said, law_date, lambda field, text: field.read_text(text))

    def _read(
        self, members: object, law_date: date | None, read: Callable[[Field, Any], Value]
    ) -> Call:
        faults = member_faults(members, self.by_name)
        if not isinstance(members, dict):
            raise Faulty(faults)
        values = dict(self._defaults)
        for name, value in members.items():
            found = self.by_name.get(name)
            if found is None:
                continue
            try:
                values[name] = read(found, value)
            except Wrong as wrong:
                faults.append(
                    Fault(
                        pointer=pointer(name, *wrong.steps), code=wrong.code,
                        message=wrong.message, suggestion=wrong.suggestion,
                    )
                )  # fmt: skip
        for needed in self._required:
            if needed not in members:
                text = Text("Entrée obligatoire.", "Required input.")
                faults.append(Fault(pointer=pointer(needed), code="missing", message=text))
        if faults:
            raise Faulty(faults)
        given = frozenset(members)
        if law_date is not None and self.year_input is not None and self.year_input not in given:
            values[self.year_input] = law_date.year
            given |= {self.year_input}
        return Call(values, given, self.settle(values, given, law_date))

    def result(self, call: Call, outcome: Outcome, version: str) -> Result:
        """The public answer for one outcome."""
        return Result(
            simulator=self.id,
            model=version,
            law_date=call.law_date,
            value=outcome.value,
            unit=outcome.unit,
            figures=outcome.figures,
            breakdown=outcome.breakdown,
            assumptions=tuple(
                Assumption(
                    input=one.name,
                    label=one.title,
                    value=call.values[one.name],
                    unit=one.unit if isinstance(one, Number) else None,
                )
                for one in self.fields
                if one.name not in call.given
            ),
            marginal_rate=outcome.marginal_rate,
            warnings=outcome.warnings,
            inputs={one.name: call.values[one.name] for one in self.fields},
        )

    def example(self) -> dict[str, object]:
        """The inputs of a case that this simulator answers, as JSON has them."""
        required = {one.name: one.example for one in self.fields if one.required}
        return {name: plain(value) for name, value in {**required, **self.sample}.items()}

    def schema(self, language: str = "fr") -> dict[str, Any]:
        """The JSON Schema (2020-12) of the inputs."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.title.in_language(language),
            "description": self.summary.in_language(language),
            "type": "object",
            "additionalProperties": False,
            "required": [one.name for one in self.fields if one.required],
            "x-principal": self.principal,
            "properties": {one.name: one.schema(language) for one in self.fields},
        }
