"""A log line is one line, whatever was in it."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from config import logs

FORGED = "GET /\r\n2026-01-01T00:00:00Z ERROR root: \x1b[2Jforged\u202e\u2028end"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before[0], before[1]


def test_a_visitor_cannot_forge_a_line() -> None:
    stream = io.StringIO()
    logs.configure("plain", stream=stream)
    logging.getLogger("guichet.test").info("asked %s", FORGED)
    text = stream.getvalue()
    assert len(text.splitlines()) == 1
    assert not logs.CONTROL.search(text.rstrip("\n"))
    assert r"\r\n" in text
    assert r"\x1b" in text


def test_json_is_one_object_a_line_with_its_extras() -> None:
    stream = io.StringIO()
    logs.configure("json", stream=stream)
    log = logging.getLogger("guichet.test")
    log.info("asked %s", FORGED, extra={"status": 404})
    try:
        raise ValueError("no\nnumber")
    except ValueError:
        log.exception("broken")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first["message"].endswith(FORGED)
    assert first["status"] == 404
    assert first["level"] == "INFO"
    assert "ValueError" in second["error"]


def test_a_traceback_stays_readable_and_indented() -> None:
    stream = io.StringIO()
    logs.configure("plain", stream=stream)
    try:
        raise ValueError("line one\nERROR line two")
    except ValueError:
        logging.getLogger("guichet.test").exception("broken")
    lines = stream.getvalue().splitlines()
    assert len(lines) > 2
    assert all(line.startswith("    ") for line in lines[1:])


def test_levels_and_chatty_libraries() -> None:
    stream = io.StringIO()
    logs.configure("plain", "info", stream)
    logging.getLogger("httpx").info("HTTP Request")
    logging.getLogger("guichet.test").debug("detail")
    assert stream.getvalue() == ""
