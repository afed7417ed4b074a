"""The calendar of models: what is promised is checked, and told in standard headers."""

from datetime import date

import pytest

from config.errors import Invalid
from simulators import calendar
from simulators.calendar import Period, read
from simulators.openfisca_france.pool import Limits
from simulators.registry import open_simulators

OLD = """
[[model]]
version = "old-1"
since = 2026-01-01
successor = "new-2"
deprecated = {deprecated}
sunset = {sunset}

[[model]]
version = "new-2"
since = 2027-01-01
"""


def test_every_model_that_is_offered_is_in_the_calendar() -> None:
    found = open_simulators(Limits(1, 1 << 30, 5, 100, 100))
    offered = {model.version for one in found.by_id.values() for model in one.models}
    found.executor.shutdown()
    assert offered <= set(calendar.published())


def test_the_headers_are_those_of_the_standards() -> None:
    one = read(OLD.format(deprecated="2027-02-01", sunset="2029-01-01"))["old-1"]
    headers = one.headers("https://guichet.example/m")
    assert headers["Deprecation"] == "@1801440000"  # RFC 9745: a date of structured fields
    assert headers["Sunset"] == "Mon, 01 Jan 2029 00:00:00 GMT"  # RFC 8594: an HTTP date
    assert '<https://guichet.example/m>; rel="sunset"' in headers["Link"]
    assert 'rel="deprecation"' in headers["Link"]
    assert Period(version="x", since=date(2026, 1, 1)).headers("p") == {}


@pytest.mark.parametrize(
    ("deprecated", "sunset"),
    [("2028-06-01", "2029-01-02"), ("2027-02-01", "2028-12-30")],
    ids=["announced too late", "ends too soon after its successor"],
)
def test_a_calendar_that_breaks_the_promise_is_refused(deprecated: str, sunset: str) -> None:
    with pytest.raises(Invalid):
        read(OLD.format(deprecated=deprecated, sunset=sunset))
    with pytest.raises(Invalid):
        read(OLD.format(deprecated="2027-02-01", sunset="2029-01-01").replace("new-2", "old-1"))
