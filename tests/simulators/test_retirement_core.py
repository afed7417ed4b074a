"""The arithmetic of pensions by itself: published examples, and what must hold for every career."""

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from simulators.contract.faults import Faulty
from simulators.contract.results import Outcome
from simulators.retirement.declaration import declare
from simulators.retirement.model import compute
from simulators.retirement.tables import FOLDER, YEARS, tables

SIMULATOR = declare(())
LAST = date(2026, 10, 1)


def asked(**inputs: Any) -> Outcome | Faulty:
    return compute([SIMULATOR.read(inputs)])[0]


def figures(**inputs: Any) -> dict[str, float | None]:
    found = asked(**inputs)
    assert isinstance(found, Outcome), found.faults
    return {one.id: one.value for one in found.figures}


def known(birth: str, departure: str, quarters: int, **more: Any) -> dict[str, Any]:
    """The inputs of a career known by its statement."""
    return {"birth_date": birth, "liquidation_date": departure, "average_salary": 30_000.0,
            "quarters": quarters, "contributed_quarters": quarters, **more}  # fmt: skip


def flat(first: int, last: int, salary: float) -> dict[str, float]:
    return {str(year): salary for year in range(first, last + 1)}


# service-public.gouv.fr: F19666 (reduction), F21552 (67 and 65 years), as of 2026. They depart after
# the last known figures, and rates do not depend on these.
@pytest.mark.parametrize(
    ("birth", "departure", "quarters", "rate", "share"),
    [
        ("1964-07-01", "2027-07-01", 159, 0.43125, 159 / 170),
        ("1964-01-01", "2027-01-01", 170, 0.5, 1.0),
        ("1964-01-01", "2031-01-01", 158, 0.5, 158 / 170),
        ("1964-01-01", "2029-01-01", 158, 0.45, 158 / 170),
        # Cnav circular 2026-07, 4.1.1: 56 months to 67 are 19 quarters, 9 are missing.
        ("1961-11-08", "2024-04-01", 160, 0.44375, 160 / 169),
    ],
)
def test_rates_are_those_of_published_examples(
    birth: str, departure: str, quarters: int, rate: float, share: float
) -> None:
    late = departure > LAST.isoformat()
    found = figures(**known(birth, departure, quarters, constant_law=late))
    assert found["rate"] == pytest.approx(rate)
    assert found["base_before_minimum"] == pytest.approx(30_000 * rate * share, abs=0.01)


# Cnav circular 2026-07, 1.1: ages and first departures.
@pytest.mark.parametrize(
    ("birth", "months", "first"),
    [
        ("1964-05-16", 753, "2027-03-01"),
        ("1965-02-24", 753, "2027-12-01"),
        ("1965-07-08", 756, "2028-08-01"),
        ("1964-05-01", 753, "2027-02-01"),  # born on the first of a month: no month to wait
    ],
)
def test_the_first_departure_is_the_month_after_the_age(
    birth: str, months: int, first: str
) -> None:
    day = date.fromisoformat(first)
    before = (day - timedelta(days=1)).replace(day=1).isoformat()
    refused = asked(**known(birth, before, 180, constant_law=True))
    assert isinstance(refused, Faulty)
    assert refused.faults[0].code == "out-of-scope"
    assert refused.faults[0].supported == (first,)
    allowed = figures(**known(birth, first, 180, constant_law=True))
    assert allowed["legal_age_months"] == months


# F19643: 171 quarters at 63 (15 April 2028), works until 30 June 2029: four quarters, 5 %.
def test_later_quarters_are_civil_quarters_after_the_age() -> None:
    found = figures(
        birth_date="1965-04-15", liquidation_date="2029-07-01", constant_law=True,
        salaries=flat(1986, 2025, 30_000), later_salary=30_000, assimilated_quarters=2,
    )  # fmt: skip
    assert found["quarters"] == 160 + 12 + 2 + 2
    assert found["increase"] == 0.05


# service-public.gouv.fr A15703 (2026): 135 quarters of 170 contributed, 873.53 EUR a month.
def test_the_minimum_is_that_of_the_published_example() -> None:
    found = figures(
        birth_date="1964-01-10", liquidation_date="2026-11-01", constant_law=True,
        average_salary=8_000, quarters=170, contributed_quarters=135,
    )  # fmt: skip
    assert found["monthly_base_pension"] == 873.53


def test_the_raised_minimum_begins_at_120_contributed_quarters() -> None:
    small = known("1962-01-10", "2026-10-01", 169, average_salary=8_000.0)
    less = figures(**{**small, "contributed_quarters": 119})["base_pension"]
    enough = figures(**{**small, "contributed_quarters": 120})["base_pension"]
    assert less == 9075.48
    assert enough == round(9075.48 + (10847.16 - 9075.48) * 120 / 169, 2)


def test_the_minimum_gives_way_to_the_ceiling_of_all_pensions() -> None:
    small = known("1962-01-10", "2026-10-01", 169, average_salary=8_000.0)
    alone = figures(**small)
    assert alone["base_pension"] == 10847.16
    with_points = figures(**small, points=6_000)
    complementary = with_points["complementary_pension"]
    assert complementary == round(6_000 * 1.4386, 2)
    assert with_points["pension"] == pytest.approx(12 * 1444.89, abs=0.01)
    rich = figures(**small, points=20_000)
    assert rich["base_pension"] == 4_000


# Cnav circular 2009/17: the increase is a share of the pension before the minimum, added after.
def test_the_increase_is_added_after_the_minimum() -> None:
    small = known("1960-01-10", "2026-10-01", 171, average_salary=8_000.0, increase_quarters=4)
    assert figures(**small)["base_pension"] == pytest.approx(10847.16 + 0.05 * 4_000, abs=0.01)
    third = figures(**small, children=3)["base_pension"]
    assert third == pytest.approx(1.1 * (10847.16 + 200), abs=0.01)


def test_an_unconfirmed_minimum_refuses_only_those_who_depend_on_it() -> None:
    rich = known("1960-01-10", "2024-12-01", 167)
    assert figures(**rich)["base_pension"] == 15_000
    refused = asked(**{**rich, "average_salary": 8_000.0})
    assert isinstance(refused, Faulty)
    assert refused.faults[0].code == "unsupported-date"


def test_the_best_25_years_count_revalued_up_to_their_ceilings() -> None:
    salaries = {**flat(1986, 1999, 5_000), **flat(2000, 2024, 30_000), "2025": 200_000}
    found = figures(birth_date="1962-01-10", liquidation_date="2026-10-01", salaries=salaries)
    law = tables()
    coefficients = dict(zip(YEARS.tolist(), law.revaluation[-1].tolist(), strict=True))
    ceilings = dict(zip(YEARS.tolist(), law.ceilings.tolist(), strict=True))
    revalued = sorted(
        (min(amount, ceilings[int(year)]) * coefficients[int(year)]
         for year, amount in salaries.items()),
        reverse=True,
    )  # fmt: skip
    assert coefficients[2025] == 1.009
    assert found["average_salary"] == pytest.approx(sum(revalued[:25]) / 25, abs=0.01)
    assert found["quarters"] == 40 * 4


def test_a_year_too_small_for_a_quarter_and_the_last_one_do_not_count() -> None:
    base = {"birth_date": "1962-01-10", "liquidation_date": "2026-10-01"}
    plain = figures(**base, salaries=flat(2000, 2009, 20_000))
    more = figures(**base, salaries={**flat(2000, 2009, 20_000), "2010": 1_500, "2026": 20_000})
    assert more["average_salary"] == plain["average_salary"]
    assert more["quarters"] == (plain["quarters"] or 0) + 3  # three quarters had gone in 2026


def test_points_are_those_of_slices_and_of_the_statement() -> None:
    base = {"birth_date": "1962-01-10", "liquidation_date": "2026-10-01", "points": 100.0}
    salaries = flat(2019, 2025, 60_000)
    everything = figures(**base, salaries=salaries, points_through=2018)
    ceilings = {2019: 40524, 2020: 41136, 2021: 41136, 2022: 41136, 2023: 43992, 2024: 46368,
                2025: 47100}  # fmt: skip
    prices = {2019: 17.0571, 2020: 17.3982, 2021: 17.3982, 2022: 17.4316, 2023: 18.7669,
              2024: 19.6321, 2025: 20.1877}  # fmt: skip
    points = {
        year: round(0.062 * most / prices[year], 2)
        + round(0.17 * (60_000 - most) / prices[year], 2)
        for year, most in ceilings.items()
    }
    assert everything["points"] == pytest.approx(100 + sum(points.values()))
    last = figures(**base, salaries=salaries, points_through=2024)
    assert last["points"] == pytest.approx(100 + points[2025])
    assert figures(**base, salaries=salaries)["points"] == 100
    converted = figures(**base, salaries=salaries, agirc_points=1_000)["points"]
    assert converted == pytest.approx(447.79, abs=0.01)


def test_temporary_coefficients_end_in_november_2023() -> None:
    def temporary(departure: str, quarters: int, birth: str = "1960-01-10") -> float | None:
        return figures(
            **known(birth, departure, 170, points=1_000, quarters_after_full_rate=quarters)
        )["temporary_complementary"]

    full = 1_000 * 1.3498
    assert temporary("2023-10-01", 0) == pytest.approx(0.9 * full, abs=0.01)
    assert temporary("2023-10-01", 4) is None
    assert temporary("2023-10-01", 8) == pytest.approx(1.1 * full, abs=0.01)
    assert temporary("2023-12-01", 0) is None
    assert temporary("2023-10-01", 0, "1956-12-31") is None


def test_the_bonus_for_children_follows_when_points_were_acquired() -> None:
    base = known("1962-01-10", "2026-10-01", 169, points=3_000, children=3)
    assert figures(**base)["complementary_pension"] == round(3_000 * 1.4386, 2)
    split = figures(**base, points_since_2012=1_000, points_1999_2011=2_000)
    bonus = 1.4386 * (0.1 * 1_000 + 0.05 * 2_000)
    assert split["complementary_pension"] == pytest.approx(3_000 * 1.4386 + bonus, abs=0.02)
    many = known("1962-01-10", "2026-10-01", 169, points=90_000, children=3)
    limited = figures(**many, points_since_2012=90_000)["complementary_pension"]
    assert limited == pytest.approx(90_000 * 1.4386 + 2367.48, abs=0.01)


@pytest.mark.parametrize(
    ("inputs", "pointer", "code"),
    [
        ({"career": "civil-service"}, "/career", "out-of-scope"),
        ({"career": "incapacity"}, "/career", "out-of-scope"),
        ({"career": "several-schemes"}, "/career", "out-of-scope"),
        ({"career": "long-career"}, "/career", "out-of-scope"),
        ({"birth_date": "1944-07-15"}, "/birth_date", "unsupported-date"),
        ({"birth_date": "1954-12-31"}, "/birth_date", "unsupported-date"),
        ({"liquidation_date": "2026-10-02"}, "/liquidation_date", "inconsistent"),
        ({"liquidation_date": "2026-11-01"}, "/liquidation_date", "unsupported-date"),
        ({"liquidation_date": "2017-09-01"}, "/liquidation_date", "unsupported-date"),
        ({"delay_months": 1}, "/delay_months", "unsupported-date"),
        ({"salaries": {"2000": 1}}, "/average_salary", "inconsistent"),
        ({"salaries": {"1975": 1}}, "/salaries/1975", "inconsistent"),
        (
            {"salaries": {"2026": 1}, "liquidation_date": "2026-01-01"},
            "/salaries/2026",
            "inconsistent",
        ),
        ({"assimilated_quarters": 4}, "/assimilated_quarters", "inconsistent"),
        ({"contributed_quarters": 180}, "/contributed_quarters", "inconsistent"),
        ({"average_salary": 0}, "/average_salary", "missing"),
        ({"points_since_2012": 1}, "/points_since_2012", "inconsistent"),
        ({"points_through": 2017}, "/points_through", "too-small"),
    ],
)
def test_what_is_out_of_scope_or_inconsistent_is_refused_at_its_place(
    inputs: Mapping[str, Any], pointer: str, code: str
) -> None:
    with pytest.raises(Faulty) as refusal:
        SIMULATOR.read({**known("1962-01-10", "2026-10-01", 169), **inputs})
    assert (pointer, code) in {(one.pointer, one.code) for one in refusal.value.faults}
    for one in refusal.value.faults:
        assert one.message.fr
        assert one.message.en
        assert one.supported if one.code == "unsupported-date" else True


# Article R351-7: 2.5 % of the duration for each quarter after 67, rounded up.
def test_departures_after_67_lengthen_an_incomplete_duration() -> None:
    inputs = known("1956-01-15", "2023-02-01", 150)
    assert figures(**inputs)["base_before_minimum"] == round(15_000 * 150 / 166, 2)
    quarter = figures(**{**inputs, "liquidation_date": "2023-05-01"})
    assert quarter["base_before_minimum"] == round(15_000 * 154 / 166, 2)  # 153.75
    year = figures(**{**inputs, "liquidation_date": "2024-05-01"})
    assert year["base_before_minimum"] == 15_000  # 168.75, and 166 are enough
    assert year["quarters"] == 150
    assert year["increase"] == 0


# Cnav circular 2018-4, 3.2, example 1: born in August 1955, 166 quarters on 30 September 2017,
# departs on 1 April 2018: two quarters, 2.50 %.
def test_the_increase_is_that_of_the_circular() -> None:
    found = figures(
        birth_date="1955-08-15", liquidation_date="2018-04-01", assimilated_quarters=19,
        salaries={**flat(1981, 2017, 30_000), "2018": 10_000},
    )  # fmt: skip
    assert found["quarters"] == 19 + 37 * 4 + 1 == 168
    assert found["increase"] == 0.025


# Cnav circular 2022-26, 3.2: 600 EUR, three quarters at 1.25 %, and 10 % of 622.50.
def test_the_children_bonus_is_a_share_of_the_increased_pension() -> None:
    inputs = known("1956-01-15", "2022-10-01", 169, average_salary=28_800.0, children=3)
    found = asked(**inputs, increase_quarters=3)
    assert isinstance(found, Outcome)
    lines = {line.id: line.amount for line in found.breakdown}
    assert lines["increase"] == 14_400 * 0.0375
    assert lines["children"] == round(0.1 * 14_400 * 1.0375, 2)


# Agirc-Arrco, booklet 3 (May 2024), pages 16 to 19: points of 2023 and 2024.
@pytest.mark.parametrize(
    ("year", "salary", "points"), [(2023, 29_538, 97.58), (2024, 69_368, 345.59)]
)
def test_points_of_a_year_are_those_of_the_booklet(year: int, salary: float, points: float) -> None:
    found = figures(
        birth_date="1962-01-10", liquidation_date="2026-10-01", points_through=2018,
        salaries={str(year): salary},
    )  # fmt: skip
    assert found["points"] == points


# Agirc-Arrco, booklet 4 (April 2024), pages 32 and 33: 64 years and six months, 16 quarters missing.
def test_the_complementary_pension_is_that_of_the_booklet() -> None:
    found = figures(**known("1959-12-28", "2024-07-01", 151, points=12_308))
    assert found["complementary_coefficient"] == 0.9
    assert found["complementary_pension"] == 15_684.21


# Agirc-Arrco, leaflet of January 2025: 63 years and 11 months are 63 years and 9 months.
def test_ages_are_rounded_down_to_quarters() -> None:
    found = figures(**known("1962-01-15", "2025-12-01", 153, points=1_000))
    assert found["missing_quarters"] == 13  # 37 months to 67; 16 quarters to the duration
    assert found["complementary_coefficient"] == pytest.approx(0.8675)


def test_parents_born_in_1955_are_refused_where_65_may_be_their_age() -> None:
    inputs = known("1955-06-15", "2021-01-01", 150)
    assert figures(**inputs)["missing_quarters"] == 6
    assert isinstance(asked(**{**inputs, "children": 3}), Faulty)
    assert isinstance(asked(**{**inputs, "birth_date": "1956-01-15", "children": 3}), Outcome)


# Each date from which another line of the tables holds, and the day before.
def thresholds() -> list[tuple[str, str]]:
    found = tomllib.loads((FOLDER / "generations.toml").read_text())
    effects = {"2017-10-01": "2023-08-01", "2023-09-01": "2026-08-01", "2026-09-01": "2050-01-01"}
    return [
        (effects[calendar["from"].isoformat()], row["born"].isoformat())
        for calendar in found["calendars"]
        for row in calendar["generations"][1:]
    ]


@pytest.mark.parametrize(("departure", "born"), thresholds())
def test_the_generation_turns_on_the_day(departure: str, born: str) -> None:
    calendars = tomllib.loads((FOLDER / "generations.toml").read_text())["calendars"]
    rows = [one for one in calendars if one["from"].isoformat() <= departure][-1]["generations"]
    number = next(i for i, row in enumerate(rows) if row["born"].isoformat() == born)
    for shift, row in ((-1, rows[number - 1]), (0, rows[number]), (1, rows[number])):
        birth = (date.fromisoformat(born) + timedelta(days=shift)).isoformat()
        found = asked(**known(birth, departure, 172, constant_law=True))
        if isinstance(found, Faulty):  # too early: the refusal names the same age and duration
            words = found.faults[0].message.fr
            years, months = divmod(row["age_months"], 12)
            assert f"{years} ans" + (f" et {months} mois" if months else "") + "," in words
            assert f"{row['quarters']} trimestres" in words
        else:
            told = {one.id: one.value for one in found.figures}
            assert told["legal_age_months"] == row["age_months"]
            assert told["required_quarters"] == row["quarters"]


DEPARTURES = st.dates(date(2022, 1, 1), LAST).map(lambda day: day.replace(day=1).isoformat())
BIRTHS = st.dates(date(1955, 1, 1), date(1962, 12, 31)).map(date.isoformat)
CAREERS = st.dictionaries(
    st.integers(1980, 2021), st.floats(3_000, 90_000).map(lambda x: round(x, 2)), min_size=1
).map(lambda years: {str(year): amount for year, amount in years.items()})


@hypothesis_settings(max_examples=150, deadline=None)
@given(birth=BIRTHS, departure=DEPARTURES, salaries=CAREERS, points=st.integers(0, 9_000),
       more=st.floats(0, 50_000), data=st.data())  # fmt: skip
def test_more_salary_is_never_less_pension(
    birth: str, departure: str, salaries: dict[str, float], points: int, more: float,
    data: st.DataObject,
) -> None:  # fmt: skip
    base = {"birth_date": birth, "liquidation_date": departure, "points": points,
            "assimilated_quarters": 100}  # fmt: skip
    less = asked(**base, salaries=salaries)
    assume(isinstance(less, Outcome))
    year = data.draw(st.sampled_from(sorted(salaries)))
    greater = asked(**base, salaries={**salaries, year: salaries[year] + more})
    assert isinstance(less, Outcome)
    if isinstance(greater, Outcome):
        # A supplement up to the minimum may shrink by as much as the pension grows, and by no more.
        assert greater.value >= less.value - 0.02


@hypothesis_settings(max_examples=150, deadline=None)
@given(birth=BIRTHS, departure=DEPARTURES, quarters=st.integers(100, 180),
       delay=st.integers(1, 60))  # fmt: skip
def test_leaving_later_never_lowers_the_rate(
    birth: str, departure: str, quarters: int, delay: int
) -> None:
    inputs = known(birth, departure, quarters, constant_law=True, later_salary=30_000.0)
    now, later = asked(**inputs), asked(**{**inputs, "delay_months": delay})
    assume(isinstance(now, Outcome) and isinstance(later, Outcome))
    assert isinstance(now, Outcome)
    assert isinstance(later, Outcome)
    before = {one.id: one.value for one in now.figures}
    after = {one.id: one.value for one in later.figures}
    # The suspension of 2026 lowers the duration, never the other way round in these years.
    assert (after["rate"] or 0) >= (before["rate"] or 0)
    assert 0.375 <= (after["rate"] or 0) <= 0.5
    assert (after["increase"] or 0) >= (before["increase"] or 0)


@hypothesis_settings(max_examples=60, deadline=None)
@given(birth=BIRTHS, departure=DEPARTURES, salaries=CAREERS, points=st.integers(0, 9_000),
       children=st.integers(0, 4), quarters=st.integers(0, 160))  # fmt: skip
def test_lines_add_up_to_the_pension(
    birth: str, departure: str, salaries: dict[str, float], points: int, children: int,
    quarters: int,
) -> None:  # fmt: skip
    found = asked(
        birth_date=birth, liquidation_date=departure, salaries=salaries, points=points,
        points_through=2018, children=children, assimilated_quarters=quarters,
    )  # fmt: skip
    assume(isinstance(found, Outcome))
    assert isinstance(found, Outcome)
    assert sum(line.amount for line in found.breakdown) == pytest.approx(found.value, abs=0.05)
    assert np.isfinite(found.value)
    for line in found.breakdown:
        assert line.law is not None
        assert line.law.url.startswith("https://")


def test_rows_of_a_batch_are_what_each_is_alone() -> None:
    questions = [
        known("1962-01-10", "2026-10-01", 169),
        {"birth_date": "1958-05-02", "liquidation_date": "2023-02-01",
         "salaries": flat(1978, 2022, 41_000), "points": 7_000},
        known("1966-01-10", "2026-10-01", 169),  # too early
        known("1957-03-01", "2019-04-01", 160, points=3_000),
    ]  # fmt: skip
    together = compute([SIMULATOR.read(one) for one in questions])
    for one, found in zip(questions, together, strict=True):
        alone = asked(**one)
        assert type(alone) is type(found)
        if isinstance(alone, Outcome):
            assert alone == found


def test_each_figure_says_its_text_its_link_and_where_it_was_read() -> None:
    def check(found: Mapping[str, Any], above: Mapping[str, Any], place: str) -> None:
        said = {**above, **{key: found[key] for key in ("text", "url", "read") if key in found}}
        for name, value in found.items():
            rows = value if isinstance(value, list) else [value]
            for row in rows:
                if isinstance(row, dict):
                    check(row, said, f"{place}/{name}")
        if any(isinstance(found.get(key), int | float) for key in ("amount", "value", "plain")):
            for key in ("text", "url", "read"):
                assert said.get(key), f"{place}: {key}"
            assert said["url"].startswith("https://"), place

    files = sorted(FOLDER.glob("*.toml"))
    assert len(files) == 7
    for path in files:
        check(tomllib.loads(path.read_text(encoding="utf-8")), {}, path.stem)


def test_published_tables_of_coefficients_follow_each_other() -> None:
    steps = {1: 1.015, 2: 1.01, 3: 1.004, 4: 1.011, 5: 1.04, 6: 1.008, 7: 1.053, 8: 1.022, 9: 1.009}
    found = tables().revaluation
    for row, step in steps.items():
        known_years = found[row - 1] > 1
        ratio = found[row][known_years] / found[row - 1][known_years]
        assert np.abs(ratio / step - 1).max() < 0.001  # each was rounded to three decimals
