"""The strict reader of query strings: rows A1, A2, A5, A8-A10, A13, A14, A32, A33 of faults.md."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.moments import read_moment
from api.parameters import choice, cursor, limit, moment, number, read_all, text
from config.errors import Invalid

LAT = number("lat", "", minimum=-90, maximum=90)
LIMIT = limit(default=10, maximum=50)
AT = moment("datetime", "")
Q = text("q", "", max_length=200)
PICK = choice("pick", "", lambda: ("a", "b"))
NEEDED = text("needed", "", max_length=5, required=True)


def read(parameter, *texts):
    sent = {parameter.name: [one if isinstance(one, bytes) else one.encode() for one in texts]}
    return read_all([parameter], sent, strict=True)[parameter.name]


@pytest.mark.parametrize(
    "value",
    ["nan", "NaN", "inf", "-inf", "Infinity", "1e309", "1e308", "91", "-90.1", "a", "1,2", "١",
     "0x10", "1_0", " 1", "1 ", "--1", "1e", ".", "9" * 400],
)  # fmt: skip
def test_a_number_is_finite_and_within_bounds(value):
    with pytest.raises(Invalid) as caught:
        read(LAT, value)
    assert caught.value.parameter == "lat"


@pytest.mark.parametrize(
    ("value", "expected"), [("45.5", 45.5), ("-90", -90), (".5", 0.5), ("4e1", 40)]
)
def test_a_plain_number_is_read(value, expected):
    assert read(LAT, value) == expected


@pytest.mark.parametrize("value", ["1000000000000", "9" * 26, "51"])
def test_a_limit_above_the_maximum_is_lowered(value):
    assert read(LIMIT, value) == 50


@pytest.mark.parametrize("value", ["0", "-5", "1.5", "a", "1e3", "9" * 41])
def test_a_limit_that_is_not_a_count_is_refused(value):
    with pytest.raises(Invalid):
        read(LIMIT, value)


@pytest.mark.parametrize(
    "value",
    ["garbage", "2024-13-45", "2025-01-01/2024-01-01", "infinity", "-infinity", "294277-01-01",
     "1899-12-31", "2101-01-01", "2024-02-30", "2024", "20240101", "2024-1-1", "2024-01-01T10",
     "2024-01-01T10:00:00", "2024-01-01T25:00:00Z", "2024-01-01T10:00:00+99:00", "now", "..",
     "2024-01-01T10:00:00.1234567Z", "٢٠٢٤-٠١-٠١", "2024-W01-1",
     "0001-01-01T00:00:00+14:00"],
)  # fmt: skip
def test_a_moment_outside_the_grammar_is_refused(value):
    with pytest.raises(Invalid) as caught:
        read(AT, value)
    assert caught.value.parameter == "datetime"


def test_a_date_is_the_end_of_its_day():
    assert read_moment("2024-05-01") == datetime(2024, 5, 1, 23, 59, 59, 999999, tzinfo=UTC)


def test_an_offset_is_honoured():
    assert read_moment("2024-05-01T01:00:00+02:00") == datetime(2024, 4, 30, 23, tzinfo=UTC)


def test_an_unknown_parameter_is_named():
    with pytest.raises(Invalid, match="expected: lat") as caught:
        read_all([LAT], {"nope": [b"1"]}, strict=True)
    assert caught.value.parameter == "nope"


def test_pages_ignore_what_they_do_not_declare():
    assert read_all([LAT], {"fbclid": [b"1"], "lat": [b"2"]}, strict=False) == {"lat": 2.0}


@pytest.mark.parametrize("strict", [True, False])
def test_a_repeated_parameter_is_refused_on_pages_too(strict):
    with pytest.raises(Invalid) as caught:
        read_all([LIMIT], {"limit": [b"1", b"2"]}, strict=strict)
    assert caught.value.parameter == "limit"


@pytest.mark.parametrize("value", [b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"a\x00b"])
def test_bytes_that_are_not_text_are_refused(value):
    with pytest.raises(Invalid) as caught:
        read(Q, value)
    assert caught.value.parameter == "q"


def test_text_is_bounded_in_characters():
    assert read(Q, "é" * 200) == "é" * 200
    with pytest.raises(Invalid):
        read(Q, "é" * 201)


def test_a_choice_lists_what_it_knows():
    assert read(PICK, "b") == "b"
    with pytest.raises(Invalid, match="a, b"):
        read(PICK, "c")


def test_a_required_parameter_is_asked_for():
    with pytest.raises(Invalid, match="Required") as caught:
        read_all([NEEDED], {}, strict=True)
    assert caught.value.parameter == "needed"


def test_an_empty_value_is_an_absent_one():
    assert read(LIMIT, "") == 10


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(value):
    for parameter in (LAT, LIMIT, AT, Q, PICK, cursor("since", "")):
        try:
            read(parameter, value)
        except Invalid as error:
            assert error.parameter == parameter.name  # noqa: PT017 (either outcome is right)
