"""Forms are made from the schemas, completely, and refuse loudly what they cannot show."""

import pytest

from api.formats import Formats
from api.i18n_texts import Texts
from api.simulator_forms import KINDS, Form, UnknownKind, kind_of
from api.simulator_words import FRENCH, Words, simulator_of, slug_of
from config.errors import NotFound
from simulators import validation
from simulators.contract.fields import Flag, Number, Series
from simulators.contract.simulator import Simulator
from simulators.contract.texts import Text
from simulators.registry import described

SIMULATORS = {one.id: one for one in described()}


def form(simulator: Simulator, language: str = "fr") -> Form:
    return Form(simulator, Words(Texts(language), Formats(language)))


@pytest.mark.parametrize("name", SIMULATORS)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_input_has_its_control_in_words(name: str, language: str) -> None:
    made = form(SIMULATORS[name], language)
    controls = [one for group in made.groups(made.defaults()) for one in group.controls]
    assert sorted(one.name for one in controls) == sorted(SIMULATORS[name].by_name)
    for one in controls:
        field = SIMULATORS[name].by_name[one.name]
        assert one.kind in KINDS
        assert one.title == field.title.in_language(language)
        assert one.required == field.required
        if isinstance(field, Number | Series):
            assert made.words.t.has(f"simulator.units.{field.unit}"), "a unit without words"
        if field.group:
            assert made.words.t.has(f"simulator.groups.{field.group}"), "a group without words"


def test_what_no_form_can_show_is_refused_by_name() -> None:
    with pytest.raises(UnknownKind, match="careers"):
        kind_of("careers", {"type": "array", "items": {"type": "object"}})
    with pytest.raises(UnknownKind, match="word"):
        kind_of("word", {"type": "string"})


def test_what_was_left_at_our_default_is_an_assumption_and_not_an_answer() -> None:
    made = form(SIMULATORS["hiring-cost"])
    typed = made.defaults() | {"gross_salary": "2500,50", "workforce": "12"}
    assert made.defaults()["accident_rate"] == "0,0208"
    call = SIMULATORS["hiring-cost"].read_texts(made.given(typed), None)
    assert call.given == {"gross_salary", "workforce"}
    assert call.values["gross_salary"] == 2500.5
    assert call.values["accident_rate"] == 0.0208


def simulator_with(*fields: object) -> Simulator:
    template = SIMULATORS["hiring-cost"]
    return Simulator(
        id="other", title=template.title, summary=template.summary, fields=fields,  # type: ignore[arg-type]
        principal="a", settle=template.settle, models=(), out_of_scope=(),
    )  # fmt: skip


def test_a_box_that_is_ticked_by_default_and_a_series() -> None:
    words = Text("Salaires", "Wages")
    made = form(
        simulator_with(
            Flag(name="a", title=words, description=words, example=True, default=True),
            Series(
                name="b",
                title=words,
                description=words,
                example=(1.5, 2.0),
                unit="EUR",
                minimum=0,
                maximum=10,
                most=5,
                default=(1.5, 2.0),
            ),
        )
    )
    box, series = made.groups(made.defaults())[0].controls
    assert box.checked_first
    assert made.given({"a": "false", "b": made.defaults()["b"]}) == {"a": "false"}
    assert series.shown == "1,5 ; 2"
    assert made.simulator.by_name["b"].read_text(series.shown) == (1.5, 2.0)


def test_addresses_are_french_in_french_and_lead_back() -> None:
    for one in SIMULATORS.values():
        for language in ("fr", "en"):
            assert simulator_of(slug_of(one.id, language), SIMULATORS) is one
    assert slug_of("income-tax", "fr") == FRENCH["income-tax"] == "impot-revenu"
    with pytest.raises(NotFound):
        simulator_of("rien", SIMULATORS)


def test_every_published_case_is_counted_once_and_has_its_words() -> None:
    found = validation.published()
    assert len(found.cases) > 90
    for language in ("fr", "en"):
        texts = Texts(language)
        for case in found.cases:
            assert texts.has(f"simulator.method.tiers.{case.tier}")
            assert texts.has(f"simulator.method.states.{case.state}")
            assert case.state == "agrees" or case.why.in_language(language)
    for name in ("simulator", "tier", "source"):
        counts = validation.counted((getattr(one, name), one) for one in found.cases)
        assert sum(count.all for count in counts) == len(found.cases)
    # A simulator that is tried is one of ours.
    assert {one.simulator for one in found.cases} <= set(FRENCH)
