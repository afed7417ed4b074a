"""How a simulator is told to people: its address, its units, its amounts and its faults."""

from collections.abc import Mapping
from datetime import date

from api.formats import WIDE, Formats
from api.i18n_texts import Texts
from config.errors import NotFound
from simulators.contract.faults import Fault
from simulators.contract.fields import Choice, Field, Number, Value
from simulators.contract.results import Result
from simulators.contract.simulator import Simulator

# The last word of a French address; in English it is the simulator's own identifier, which is
# also what a simulator that is not in this table gets.
FRENCH = {"income-tax": "impot-revenu", "hiring-cost": "cout-embauche", "retirement": "retraite"}


def slug_of(simulator: str, language: str) -> str:
    return FRENCH.get(simulator, simulator) if language == "fr" else simulator


def simulator_of(slug: str, known: Mapping[str, Simulator]) -> Simulator:
    """The simulator of an address, under either of its names. Raises NotFound."""
    for one in known.values():
        if slug in (one.id, FRENCH.get(one.id)):
            return one
    raise NotFound("There is no such simulator.")


class Words:
    """The words of one language for what simulators ask and answer: `say` in templates."""

    def __init__(self, texts: Texts, formats: Formats) -> None:
        self.t, self.fmt = texts, formats
        self.language = texts.language

    def unit(self, unit: str) -> str:
        """`EUR/month` as people say it; a unit without words is shown as it is."""
        key = f"simulator.units.{unit}"
        return str(self.t(key)) if self.t.has(key) else unit

    def group(self, group: str) -> str:
        key = f"simulator.groups.{group or 'other'}"
        return str(self.t(key if self.t.has(key) else "simulator.groups.other"))

    def amount(self, value: float | None, unit: str) -> str:
        """12 345,60 €; 24,48 %; 2,5 parts. A dash when it cannot be known."""
        if value is None:
            return "–"
        if unit == "share":
            whole = abs(value * 100 - round(value * 100)) < 1e-9
            return self.fmt.percent(value, 0 if whole else 2)
        if unit.startswith("EUR"):
            sign = f"{WIDE}€" if self.language == "fr" else ""
            digits = 0 if value == int(value) else 2
            number = self.fmt.number(abs(value), digits)
            minus = "−" if value < 0 else ""
            return f"{minus}{number}{sign}" if sign else f"{minus}€{number}"
        if unit == "year":
            return str(int(value))
        number = self.fmt.number(value, 0 if value == int(value) else 2)
        return f"{number}{WIDE}{self.unit(unit)}".strip()

    def money(self, value: float | None, unit: str) -> str:
        """The amount and what it is counted by: 2 500 € par mois."""
        if value is None or not unit.startswith("EUR/"):
            return self.amount(value, unit)
        return f"{self.amount(value, unit)} {self.unit(unit).removeprefix('€ ')}"

    def value(self, field: Field, value: Value) -> str:
        """An input, as a list of inputs repeats it."""
        if isinstance(value, bool):
            return str(self.t("simulator.yes" if value else "simulator.no"))
        if isinstance(field, Choice):
            return field.options[str(value)].in_language(self.language)
        if isinstance(value, tuple | list):
            unit = getattr(field, "unit", "")
            return " ; ".join(self.amount(float(one), unit) for one in value)
        if isinstance(value, Mapping):
            unit = getattr(field, "unit", "")
            return " ; ".join(
                f"{year}{WIDE}: {self.amount(one, unit)}" for year, one in value.items()
            )
        if isinstance(value, date):
            return self.fmt.date(value)
        if isinstance(field, Number):
            return self.money(float(value), field.unit)
        return str(value)

    def fault(self, fault: Fault, field: Field | None) -> str:
        """What is wrong, for who filled a form: what the API says is for programs."""
        if fault.code in ("too-small", "too-large") and isinstance(field, Number):
            key = f"simulator.faults.{fault.code}"
            bound = field.minimum if fault.code == "too-small" else field.maximum
            written = self.fmt.number(bound, 0 if bound == int(bound) else 2)
            return str(self.t(key, bound=str(int(bound)) if field.unit == "year" else written))
        key = f"simulator.faults.{fault.code}"
        if self.t.has(key):
            return str(self.t(key))
        return fault.message.in_language(self.language)

    def marginal(self, result: Result, simulator: Simulator) -> str:
        """How much of one more euro of the principal input goes to the value."""
        rate = self.fmt.percent(result.marginal_rate, 2)
        field = simulator.by_name[simulator.principal]
        words = field.title.in_language(self.language)
        return str(self.t("simulator.marginal_value", rate=rate, input=words))

    def said(self, result: Result, title: str) -> str:
        """The result in one sentence, for who does not see it change."""
        return f"{title}{WIDE if self.language == 'fr' else ''}: " + self.money(
            result.value, result.unit
        )
