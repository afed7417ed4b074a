"""What the OpenAPI document of `/ogc` says of processes and jobs.

The operations have the names that the standard's own document gives them: test suites look there.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from api.ogc.base import HTML, JSON, LANG, format_parameter
from api.ogc.job_answers import STATES
from api.ogc.jobs import LIST
from api.ogc.parameter_description import described
from api.ogc.processes import LIMIT, OFFSET
from api.parameters import Parameter
from simulators.executions import CALLS

_FORMATS = {"json": JSON, "html": HTML}
_PROCESS = {"name": "processId", "in": "path", "required": True, "schema": {"type": "string"}}
_JOB = {
    "name": "jobId", "in": "path", "required": True,
    "description": "What creating the job gave: a secret of whoever asked.",
    "schema": {"type": "string"},
}  # fmt: skip
_LINKS = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}
_MOMENT = {"type": "string", "format": "date-time"}
SCHEMAS: dict[str, Any] = {
    "statusInfo": {
        "type": "object",
        "required": ["jobID", "status", "type"],
        "properties": {
            "processID": {"type": "string"},
            "type": {"type": "string", "enum": ["process"]},
            "jobID": {"type": "string"},
            "status": {"type": "string", "enum": list(STATES)},
            "message": {"type": "string"},
            "created": _MOMENT,
            "started": _MOMENT,
            "finished": _MOMENT,
            "updated": _MOMENT,
            "progress": {"type": "integer", "minimum": 0, "maximum": 100},
            "links": _LINKS,
        },
    },
    "jobList": {
        "type": "object",
        "required": ["jobs", "links"],
        "properties": {
            "jobs": {"type": "array", "items": {"$ref": "#/components/schemas/statusInfo"}},
            "links": _LINKS,
        },
    },
    "execute": {
        "type": "object",
        "properties": {
            "inputs": {"type": "object"},
            "outputs": {"type": "object"},
            "response": {"type": "string", "enum": ["raw", "document"], "default": "raw"},
            "subscriber": {
                "type": "object",
                "description": "Only for a job. Addresses of the public internet: a POST tells "
                "them of its end.",
                "properties": {name: {"type": "string", "format": "uri"} for name in CALLS},
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
    },
}
_STATUS = {"$ref": "#/components/schemas/statusInfo"}


def paths() -> dict[str, Any]:
    """By path, under the landing page."""
    return {
        "/processes": {"get": _get(
            "getProcesses", "The processes", (LIMIT, OFFSET), {"type": "object"})},
        "/processes/{processId}": {"get": _get(
            "getProcessDescription", "One process", (), {"type": "object"}, _PROCESS)},
        "/processes/{processId}/execution": {"post": _execution()},
        "/jobs": {"get": _get(
            "getJobs", "The jobs that anybody may see: those of the echo", LIST,
            {"$ref": "#/components/schemas/jobList"})},
        "/jobs/{jobId}": {
            "get": _get("getStatus", "The status of a job", (), _STATUS, _JOB),
            "delete": _dismissal(),
        },
        "/jobs/{jobId}/results": {"get": _results()},
    }  # fmt: skip


def _get(
    id: str,
    summary: str,
    own: Iterable[Parameter[Any]],
    schema: Mapping[str, Any],
    *slots: dict[str, Any],
) -> dict[str, Any]:
    parameters = [*slots, *map(described, (*own, format_parameter(_FORMATS), LANG))]
    return {
        "operationId": id,
        "summary": summary,
        "tags": ["Processes"],
        "parameters": parameters,
        "responses": {
            "200": {
                "description": summary,
                "content": {JSON: {"schema": schema}, HTML: {"schema": {"type": "string"}}},
            },
            "304": {"description": "Not modified."},
            **problems("400", "404", "429", "503"),
        },
    }


def _execution() -> dict[str, Any]:
    return {
        "operationId": "execute",
        "summary": "Run a process, now or (Prefer: respond-async) as a job",
        "tags": ["Processes"],
        "parameters": [
            _PROCESS,
            {"name": "Prefer", "in": "header", "required": False,
             "schema": {"type": "string", "enum": ["respond-async", "respond-sync"]}},
        ],
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": {"$ref": "#/components/schemas/execute"}}},
        },
        "responses": {
            "200": {"description": "What it gives", "content": _outputs()},
            "201": {
                "description": "A job, which only its address opens",
                "headers": {"Location": {"schema": {"type": "string"},
                                         "description": "The status of the job."}},
                "content": {JSON: {"schema": _STATUS}},
            },
            **problems("400", "404", "413", "415", "422", "429", "503"),
        },
    }  # fmt: skip


def _results() -> dict[str, Any]:
    return {
        "operationId": "getResult",
        "summary": "What a job gave",
        "tags": ["Processes"],
        "parameters": [_JOB, *map(described, (format_parameter(_FORMATS), LANG))],
        "responses": {
            "200": {"description": "The outputs", "content": _outputs() | {
                HTML: {"schema": {"type": "string"}}}},
            **problems("400", "404", "429", "503"),
        },
    }  # fmt: skip


def _dismissal() -> dict[str, Any]:
    return {
        "operationId": "dismiss",
        "summary": "Stop a job and erase what it asked and gave",
        "tags": ["Processes"],
        "parameters": [_JOB],
        "responses": {
            "200": {"description": "Dismissed", "content": {JSON: {"schema": _STATUS}}},
            **problems("400", "404", "410", "429", "503"),
        },
    }


def _outputs() -> dict[str, Any]:
    return {
        JSON: {"schema": {}},
        "text/plain": {"schema": {"type": "string"}},
        "multipart/related": {"schema": {"type": "string"}},
    }


def problems(*codes: str) -> dict[str, Any]:
    return {code: {"$ref": "#/components/responses/Problem"} for code in codes}
