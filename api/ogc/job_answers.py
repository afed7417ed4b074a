"""A job and its outputs as OGC API Processes writes them (statusInfo.yaml, results.yaml)."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from simulators.process_jobs import Job

JSON = "application/json"
RESULTS = "http://www.opengis.net/def/rel/ogc/1.0/results"
STATUS = {
    "waiting": "accepted",
    "running": "running",
    "done": "successful",
    "failed": "failed",
    "cancelled": "dismissed",
}
STATES = {status: state for state, status in STATUS.items()}


def told(base: str, job: Job) -> dict[str, Any]:
    """The status of a job. `base` is the address of `/ogc`; empty: without links."""
    found: dict[str, Any] = {
        "processID": job.process,
        "type": "process",
        "jobID": job.id,
        "status": STATUS[job.state],
        "created": _moment(job.recorded_at),
        "updated": _moment(max(job.told_at, job.ended_at or job.told_at)),
    }
    if job.started_at is not None:
        found["started"] = _moment(job.started_at)
    if job.ended_at is not None:
        found["finished"] = _moment(job.ended_at)
    if job.problem:
        found["message"] = job.problem
    if job.state in ("done", "running", "waiting"):
        found["progress"] = 100 if job.state == "done" else 0
    if base:
        here = f"{base}/jobs/{job.id}"
        found["links"] = [
            {"rel": "self", "type": JSON, "href": f"{here}?f=json"},
            {"rel": "alternate", "type": "text/html", "href": f"{here}?f=html"},
            {"rel": "up", "type": JSON, "href": f"{base}/processes/{job.process}"},
        ]
        if job.state == "done":
            found["links"].append({"rel": RESULTS, "type": JSON, "href": f"{here}/results"})
    return found


def encoded(outputs: Mapping[str, Any], response: str, accept: str) -> tuple[bytes, str]:
    """The outputs, and their media type.

    `document`: one JSON object. `raw`: the value itself, or the parts of a multipart/related when
    there are several; who accepts JSON and not those gets JSON.
    """
    prefers_json = JSON in accept
    if response == "document":
        return msgspec.json.encode({name: _in_document(one) for name, one in outputs.items()}), JSON
    if len(outputs) == 1:
        (value,) = outputs.values()
        if isinstance(value, str) and not (prefers_json and "text/plain" not in accept):
            return value.encode(), "text/plain; charset=utf-8"
        return msgspec.json.encode(value), JSON
    if prefers_json and "multipart/" not in accept:
        return msgspec.json.encode({name: _in_document(one) for name, one in outputs.items()}), JSON
    boundary = secrets.token_hex(16)
    parts = []
    for name, value in outputs.items():
        body, media_type = encoded({name: value}, "raw", "*/*")
        head = f"--{boundary}\r\nContent-Type: {media_type}\r\nContent-ID: <{name}>\r\n\r\n"
        parts.append(head.encode() + body + b"\r\n")
    whole = b"".join(parts) + f"--{boundary}--\r\n".encode()
    return whole, f'multipart/related; boundary="{boundary}"'


def _in_document(value: Any) -> Any:
    """An object is told apart from what qualifies a value (inlineOrRefData.yaml)."""
    if isinstance(value, dict) and "bbox" not in value:
        return {"value": value, "mediaType": JSON}
    return value


def _moment(found: datetime) -> str:
    return found.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
