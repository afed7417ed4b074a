"""The five ways in which Guichet refuses.

Every package raises one of these families; `api` alone translates a family to an HTTP
status and to an RFC 9457 problem. A new error is a subclass here or in the package that
knows about it: it never edits the API.
"""


class GuichetError(Exception):
    """Root of the five families. `parameter` names the input at fault, when one input is."""

    def __init__(self, message: str, *, parameter: str | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter


class NotFound(GuichetError):
    """The thing asked for does not exist (HTTP 404)."""


class Invalid(GuichetError):
    """The question cannot be understood (HTTP 400, or 422 for a body)."""


class Conflict(GuichetError):
    """The change was decided against a state that is no longer current (HTTP 409)."""


class Refused(GuichetError):
    """Understood, and not allowed (HTTP 403)."""


class Unavailable(GuichetError):
    """Something we depend on does not answer now; the same call may work later (HTTP 503)."""
