"""One event per request, on one line, without the query (I5 of faults.md)."""

import io
import json
import logging
from types import SimpleNamespace

import pytest

from api.handlers.base import log_request
from api.metrics import Metrics
from config.errors import NotFound, Unavailable
from config.logs import configure


def handler(uri, status=200, error=None):
    request = SimpleNamespace(uri=uri, method="GET", request_time=lambda: 0.0123)
    application = SimpleNamespace(
        settings={"site": SimpleNamespace(metrics=Metrics()), "route_names": {}}
    )
    return SimpleNamespace(
        request=request, request_id="abc", get_status=lambda: status, _error=error,
        application=application,
    )  # fmt: skip


@pytest.fixture
def logged():
    """Lines that a log of this style holds after a request."""
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def of(style, *args, **kwargs):
        stream = io.StringIO()
        configure(style, "INFO", stream)
        log_request(handler(*args, **kwargs))
        return stream.getvalue().splitlines()

    yield of
    root.handlers[:] = before[0]
    root.setLevel(before[1])


def test_a_request_is_one_json_line_without_its_query(logged):
    (line,) = logged("json", "/api/v1/nearby?lat=45.7&lon=4.8", 200)
    event = json.loads(line)
    assert (event["status"], event["path"], event["request"]) == (200, "/api/v1/nearby", "abc")
    assert "45.7" not in line


@pytest.mark.parametrize("style", ["plain", "json"])
def test_what_a_visitor_sends_cannot_forge_a_line(logged, style):
    lines = logged(style, "/x", 404, NotFound("a\nERROR forged %s %d\x1b[31m\u202e"))
    assert len(lines) == 1
    assert "\x1b" not in lines[0]


def test_a_refusal_says_why_without_a_trace(logged):
    """A crowd that is told to come back later must not fill the log, nor cost what it asked."""
    try:
        raise Unavailable("Too many simulations are asked for.")
    except Unavailable as error:
        lines = logged("plain", "/x", 503, error)
    assert len(lines) == 1
    assert "Too many simulations" in lines[0]
    away = Unavailable("The database is away.")
    away.__cause__ = OSError("why")
    assert len(logged("plain", "/x", 503, away)) > 1, "what lies behind it is kept"


def test_our_own_error_keeps_its_trace(logged):
    try:
        raise RuntimeError("broken")
    except RuntimeError as error:
        (line,) = logged("json", "/x", 500, error)
    assert "Traceback" in json.loads(line)["error"]


def test_tiles_that_are_served_are_quiet(logged):
    assert logged("plain", "/tiles/1/communes/5/1/1.mvt", 200) == []
    assert len(logged("plain", "/tiles/1/communes/5/1/1.mvt", 404)) == 1
