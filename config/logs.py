"""Logs: one line per event on the error stream, as words or as JSON.

Whatever a visitor or a remote site sent is logged with its control characters escaped, so a
request cannot forge a second line or drive the terminal of who reads it.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Literal, TextIO

LogFormat = Literal["plain", "json"]
# C0, DEL, C1, and the Unicode marks that end lines or turn the direction of text.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def escape(text: str) -> str:
    """`text` on one line: each control character as its escape (`\\n`, `\\x1b`, `\\u202e`)."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


class PlainFormatter(logging.Formatter):
    """`2026-11-24T03:39:02Z INFO guichet.harvest: 34875 communes read`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        line = f"{at} {record.levelname} {record.name}: {escape(record.getMessage())}"
        if record.exc_info:
            # A traceback is for people: its lines stay lines, each one escaped and indented.
            trace = self.formatException(record.exc_info).splitlines()
            line += "".join(f"\n    {escape(part)}" for part in trace)
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object a line: at, level, logger, message, the record's own extras, error."""

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        event.update((key, value) for key, value in vars(record).items() if key not in OWN)
        if record.exc_info:
            event["error"] = self.formatException(record.exc_info)
        return json.dumps(event, ensure_ascii=True, default=str)


def configure(
    style: LogFormat = "plain", level: str = "INFO", stream: TextIO | None = None
) -> None:
    """Send every log of this process to `stream` (the error stream), replacing what was set."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else PlainFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # One line per job poll or per HTTP request of a client is noise.
    for chatty in ("httpx", "httpcore", "alembic", "rasterio", "fiona", "procrastinate"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
