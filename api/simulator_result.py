"""A result as a page shows it: the same numbers in sentences, tables and pictures."""

from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from api import breakdown_picture, curve_picture
from api.simulator_words import Words
from simulators.contract.fields import Field
from simulators.contract.results import Line, Result
from simulators.contract.simulator import Simulator
from simulators.curves import Curve


@dataclass(frozen=True)
class Sum:
    """The lines of one group, what they add up to, and their picture."""

    title: str
    lines: tuple[Line, ...]
    total: float
    unit: str
    picture: Markup


@dataclass
class Answered:
    """A result with everything that a template asks of it."""

    simulator: Simulator
    result: Result
    curve: Curve | None
    say: Words

    @cached_property
    def sentence(self) -> str:
        return self.say.said(self.result, self.title)

    @property
    def title(self) -> str:
        """The name of the figure that the simulator is about."""
        figures = self.result.figures
        named = next((one for one in figures if one.value == self.result.value), None)
        return (named.label if named else self.simulator.title).in_language(self.say.language)

    @cached_property
    def sums(self) -> tuple[Sum, ...]:
        groups: dict[str, list[Line]] = {}
        for line in self.result.breakdown:
            groups.setdefault(line.group, []).append(line)
        return tuple(
            Sum(
                title,
                tuple(lines),
                round(sum(line.amount for line in lines), 2),
                lines[0].unit,
                breakdown_picture.draw(lines, title, self.say, f"bars{number}"),
            )
            for number, (group, lines) in enumerate(groups.items())
            for title in [self.say.group(group)]
        )

    @cached_property
    def curve_picture(self) -> Markup:
        if self.curve is None:
            return Markup()
        drawn = curve_picture.draw(self.curve, self.simulator, self.say.language, "curve-")
        return Markup(drawn.decode())  # noqa: S704 (each text of it is escaped where it is drawn)

    @cached_property
    def inputs(self) -> tuple[tuple[str, str], ...]:
        """What was said, in words; what was not said is among the assumptions."""
        assumed = {one.input for one in self.result.assumptions}
        return tuple(
            (field.title.in_language(self.say.language), self._value(field))
            for field in self.simulator.fields
            if field.name not in assumed and field.name in self.result.inputs
        )

    @cached_property
    def assumptions(self) -> tuple[tuple[str, str], ...]:
        return tuple(
            (one.label.in_language(self.say.language), self._value(field))
            for one in self.result.assumptions
            if (field := self.simulator.by_name.get(one.input)) is not None
        )

    def _value(self, field: Field) -> str:
        return self.say.value(field, self.result.inputs[field.name])
