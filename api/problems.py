"""The one translation of errors to HTTP: five families, and what our dependencies raise.

Nothing of an unexpected error reaches the visitor but an identifier; the log holds the rest.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
import psycopg
import psycopg_pool
from tornado.web import HTTPError

from config.errors import Conflict, GuichetError, Invalid, NotFound, Refused, Unavailable
from simulators.contract.faults import Fault, Faulty

MEDIA_TYPE = "application/problem+json"
STATUS: dict[type[GuichetError], int] = {
    NotFound: 404,
    Faulty: 422,  # before its family: a body that was understood and cannot be simulated
    Invalid: 400,
    Conflict: 409,
    Refused: 403,
    Unavailable: 503,
}
# A database that is too slow, locked, full or gone: the same call may work later.
_LATER = (
    psycopg_pool.PoolTimeout,
    psycopg.errors.QueryCanceled,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DiskFull,
    psycopg.OperationalError,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What an RFC 9457 body or an error page says. `id` is the request's, as in the log."""

    status: int
    detail: str
    id: str
    parameter: str | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def title(self) -> str:
        try:
            return HTTPStatus(self.status).phrase
        except ValueError:
            return "Error"

    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": f"urn:guichet:request:{self.id}",
            "id": self.id,
        }
        if self.parameter is not None:
            found["parameter"] = self.parameter
        if self.faults:
            found["errors"] = msgspec.to_builtins(self.faults)
        return found


_DETAILS = {
    400: "The request cannot be understood.",
    401: "A token is needed: `Authorization: Bearer`.",
    403: "This is not allowed.",
    404: "There is nothing at this address.",
    405: "This method is not available here.",
    406: "The answer does not exist in the media type that you accept.",
    410: "It was there, and was taken back.",
    412: "It has changed since you read it: read it again, and decide again.",
    413: "The body is larger than this service accepts.",
    415: "The body is of a media type that this service does not read.",
    428: "`If-Match` must say which state, by its ETag, you decided against.",
    429: "Too many requests from your network address; wait and try again.",
    503: "The service is busy or being repaired; try again in a moment.",
}


def problem_of(error: BaseException | None, status: int, request_id: str) -> Problem:
    """Translate an error, or a bare status, to what the visitor may know of it."""
    if isinstance(error, GuichetError):
        for family, code in STATUS.items():
            if isinstance(error, family):
                faults = error.faults if isinstance(error, Faulty) else ()
                return Problem(code, str(error), request_id, error.parameter, faults)
    if isinstance(error, _LATER):
        return Problem(503, _DETAILS[503], request_id)
    if isinstance(error, HTTPError):
        status = error.status_code
    if status in _DETAILS:
        return Problem(status, _DETAILS[status], request_id)
    if 400 <= status < 500:
        return Problem(status, "The request was refused.", request_id)
    return Problem(500, "Something broke on our side; it has been recorded.", request_id)
