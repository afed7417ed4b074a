"""The contract by itself: what is refused, where, in which words; what is said of an answer."""

import contextlib
import json
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.contract import strict_json
from simulators.contract.faults import Fault, Faulty, nearest
from simulators.contract.fields import Choice, Day, Flag, Number, Series, Value, Whole, Yearly
from simulators.contract.results import Outcome
from simulators.contract.simulator import Simulator
from simulators.contract.texts import Text


def text(word: str) -> Text:
    return Text(word, word)


def settle(values: Mapping[str, Value], given: frozenset[str], asked: date | None) -> date:
    return asked or date(2025, 12, 31)


TOY = Simulator(
    id="toy",
    title=Text("Jouet", "Toy"),
    summary=text("toy"),
    principal="income",
    fields=(
        Number(name="income", title=Text("Revenu", "Income"), description=text("d"),
               unit="EUR/year", minimum=0, maximum=1e9, example=30000),
        Whole(name="children", title=text("children"), description=text("d"), unit="people",
              minimum=0, maximum=20, default=0, example=2),
        Flag(name="disabled", title=text("disabled"), description=text("d"), default=False,
             example=True),
        Choice(name="situation", title=text("situation"), description=text("d"),
               options={"single": text("s"), "couple": text("c")}, default="single",
               example="couple"),
        Series(name="salaries", title=text("salaries"), description=text("d"), unit="EUR/year",
               minimum=0, maximum=1e6, most=3, default=(), example=(1.0, 2.0)),
        Day(name="born", title=text("born"), description=text("d"), earliest=date(1900, 1, 1),
            latest=date(2010, 12, 31), default=date(1980, 1, 1), example=date(1964, 5, 16)),
        Yearly(name="years", title=text("years"), description=text("d"), unit="EUR/year",
               minimum=0, maximum=1e6, first_year=1969, last_year=2030, default={},
               example={1998: 15200.0}),
    ),
    settle=settle,
    models=(),
    out_of_scope=(),
)  # fmt: skip


def faults_of(body: bytes | str) -> dict[str, Fault]:
    with pytest.raises(Faulty) as refusal:
        TOY.read(strict_json.read(body))
    return {fault.pointer: fault for fault in refusal.value.faults}


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("NaN", "not-finite"),
        ("Infinity", "not-finite"),
        ("-Infinity", "not-finite"),
        ("1e999", "not-finite"),
        ("1e308", "not-finite"),
        ("9" * 5000, "not-finite"),
        ("-1", "too-small"),
        ("-0.01", "too-small"),
        ("1e12", "too-large"),
        ('"12"', "not-a-number"),
        ('"12,5"', "not-a-number"),
        ('"40000+2*5"', "not-a-number"),
        ('"9**9**9"', "not-a-number"),
        ('"\\ud800"', "not-a-number"),
        ("null", "not-a-number"),
        ("[]", "not-a-number"),
        ("[1]", "not-a-number"),
        ("{}", "not-a-number"),
        ("true", "not-a-number"),
    ],
)
def test_a_number_is_finite_and_bounded_and_nothing_else(written: str, code: str) -> None:
    found = faults_of('{"income": ' + written + "}")
    assert {place: fault.code for place, fault in found.items()} == {"/income": code}


@pytest.mark.parametrize("written", ["0", "1e-320", "0.01", "1000000000", "12.5", "-0"])
def test_a_number_within_bounds_is_taken(written: str) -> None:
    call = TOY.read(strict_json.read('{"income": ' + written + "}"))
    assert call.values["income"] == float(written)


def test_all_faults_are_told_at_once_each_at_its_place() -> None:
    found = faults_of('{"incom": 1, "children": 1.5, "situation": "coupel", "disabled": 1}')
    assert {place: fault.code for place, fault in found.items()} == {
        "/incom": "unknown",
        "/income": "missing",
        "/children": "not-whole",
        "/situation": "not-a-choice",
        "/disabled": "not-a-flag",
    }
    assert found["/incom"].suggestion == "income"
    assert found["/situation"].suggestion == "couple"
    assert "Vouliez-vous dire" in found["/incom"].message.fr


def test_a_member_given_twice_is_refused() -> None:
    assert faults_of('{"income": 1, "income": 2}')["/income"].code == "repeated"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[" * 100_000, b"{'income': 1}", b'{"income": 01}', b'{"income": 1}x'],
)
def test_what_is_not_json_is_told_of_the_whole_document(body: bytes) -> None:
    assert faults_of(body)[""].code == "not-json"


@pytest.mark.parametrize("body", ["[]", "3", '"x"', "null", "NaN"])
def test_what_is_not_an_object_is_refused(body: str) -> None:
    assert faults_of(body)[""].code == "not-json"


def test_names_that_cannot_be_shown_are_refused_without_being_repeated() -> None:
    found = faults_of('{"income": 1, "a\\u0000b\\ud800": 1, "x/y~z": 1}')
    assert set(found) == {"/ab", "/x~1y~0z"}
    for fault in found.values():
        fault.pointer.encode("utf-8")


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(body: str) -> None:
    with contextlib.suppress(Faulty):
        TOY.read(strict_json.read(body))


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_no_json_value_breaks_a_field(value: object) -> None:
    body = json.dumps({one.name: value for one in TOY.fields})
    with contextlib.suppress(Faulty):
        call = TOY.read(strict_json.read(body))
        assert set(call.values) == {one.name for one in TOY.fields}


def test_forms_may_write_numbers_as_french_people_do() -> None:
    call = TOY.read_texts(
        {"income": "12 345,50", "children": "2", "disabled": "", "salaries": "1 2,5"}
    )
    assert call.values["income"] == 12345.5
    assert call.values["salaries"] == (1.0, 2.5)
    assert "disabled" not in call.given


@pytest.mark.parametrize(
    "cell", ["1e3", "nan", "inf", "1.2.3", "1,000.5", "0x10", "٣", "1_000", "2*3"]
)
def test_a_cell_that_is_not_a_plain_number_is_refused(cell: str) -> None:
    with pytest.raises(Faulty) as refusal:
        TOY.read_texts({"income": cell})
    assert refusal.value.faults[0].pointer == "/income"


def test_each_default_that_was_used_is_an_assumption() -> None:
    call = TOY.read({"income": 1, "situation": "couple"})
    outcome = Outcome(value=1, unit="EUR", figures=(), breakdown=(), marginal_rate=None)
    result = TOY.result(call, outcome, "toy-1")
    assumed = [one.input for one in result.assumptions]
    assert assumed == ["children", "disabled", "salaries", "born", "years"]
    assert result.inputs["situation"] == "couple"
    assert "pas une décision" in result.notice.fr


def test_the_schema_says_what_the_reader_does() -> None:
    schema = TOY.schema("en")
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["income"]
    assert schema["properties"]["income"] == {
        "title": "Income", "description": "d", "type": "number", "minimum": 0,
        "maximum": 1000000000, "x-unit": "EUR/year", "examples": [30000],
        "x-text": {"fr": {"title": "Revenu", "description": "d"},
                   "en": {"title": "Income", "description": "d"}},
    }  # fmt: skip
    assert schema["properties"]["situation"]["enum"] == ["single", "couple"]


def test_an_unknown_model_lists_the_known_ones() -> None:
    with pytest.raises(Faulty) as refusal:
        TOY.model("openfisca-france-1")
    assert refusal.value.faults[0].pointer == "/model"


def test_nothing_is_suggested_when_nothing_is_near() -> None:
    assert nearest("zzzzzz", ["income"]) is None


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ('"1964-5-16"', "not-a-date"),
        ('"1964-02-30"', "not-a-date"),
        ('"19640516"', "not-a-date"),
        ('"1964-05-16T00:00"', "not-a-date"),
        ('"16/05/1964"', "not-a-date"),
        ('"\\u0661964-05-16"', "not-a-date"),
        ('"1964-W20-6"', "not-a-date"),
        ('"1899-12-31"', "too-small"),
        ('"2011-01-01"', "too-large"),
        ("19640516", "not-a-date"),
        ("null", "not-a-date"),
        ("true", "not-a-date"),
        ("[]", "not-a-date"),
        ("{}", "not-a-date"),
        ("NaN", "not-a-date"),
    ],
)
def test_a_day_is_an_iso_date_within_bounds_and_nothing_else(written: str, code: str) -> None:
    found = faults_of('{"income": 1, "born": ' + written + "}")
    assert {place: fault.code for place, fault in found.items()} == {"/born": code}


@pytest.mark.parametrize(
    ("written", "place", "code"),
    [
        ("[]", "/years", "not-by-year"),
        ("3", "/years", "not-by-year"),
        ('"1998:3"', "/years", "not-by-year"),
        ("null", "/years", "not-by-year"),
        ('{"1998": "x"}', "/years/1998", "not-a-number"),
        ('{"1998": NaN}', "/years/1998", "not-finite"),
        ('{"1998": -1}', "/years/1998", "too-small"),
        ('{"1998": 1e7}', "/years/1998", "too-large"),
        ('{"1998": true}', "/years/1998", "not-a-number"),
        ('{"1998": {"1999": 1}}', "/years/1998", "not-a-number"),
        ('{"1968": 1}', "/years/1968", "not-a-year"),
        ('{"2031": 1}', "/years/2031", "not-a-year"),
        ('{"98": 1}', "/years/98", "not-a-year"),
        ('{"199x": 1}', "/years/199x", "not-a-year"),
        ('{"\\u0661998": 1}', "/years/\u0661998", "not-a-year"),
        ('{"1998": 1, "1998": 2}', "/years/1998", "repeated"),
        ("{" + ",".join(f'"y{n}": 1' for n in range(63)) + "}", "/years", "too-many"),
    ],
)
def test_numbers_by_year_are_refused_at_their_year(written: str, place: str, code: str) -> None:
    found = faults_of('{"income": 1, "years": ' + written + "}")
    assert {where: fault.code for where, fault in found.items()} == {place: code}


def test_days_and_years_are_read_from_json_and_from_cells() -> None:
    members = '{"income": 1, "born": "1964-05-16", "years": {"1999": 2, "1998": 1.5}}'
    call = TOY.read(strict_json.read(members))
    assert call.values["born"] == date(1964, 5, 16)
    assert call.values["years"] == {1998: 1.5, 1999: 2.0}
    cells = TOY.read_texts({"income": "1", "born": " 1964-05-16 ", "years": "1999 : 2; 1998:1,5"})
    assert cells.values == call.values
    with pytest.raises(Faulty) as refusal:
        TOY.read_texts({"income": "1", "years": "1998:1 1998:2"})
    assert refusal.value.faults[0].pointer == "/years/1998"


def test_examples_are_json_that_the_reader_takes() -> None:
    for one in TOY.fields:
        call = TOY.read({"income": 1, one.name: json.loads(json.dumps(TOY.schema()))["properties"]
                         [one.name]["examples"][0]})  # fmt: skip
        assert one.name in call.given
