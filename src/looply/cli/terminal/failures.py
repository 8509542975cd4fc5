"""How an error is reported: the exit status, the JSON document, the text line."""

import signal
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from looply.errors import (
    DataFolderInUse,
    KeyUnfit,
    LooplyError,
    Problem,
    SchemaMismatch,
    StoreCorrupt,
    StoreLost,
)

DONE: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
# Shells report 128 plus the signal's number for a program that a signal ended.
INTERRUPTED: Final = 128 + signal.SIGINT
READER_GONE: Final = 128 + signal.SIGPIPE
STOPPED: Final = 128 + signal.SIGTERM

SERVE_STATUSES: Final[Mapping[type[LooplyError], int]] = {
    StoreCorrupt: 65,
    StoreLost: 74,
    DataFolderInUse: 75,
    SchemaMismatch: 78,
    KeyUnfit: 78,
}
"""The exit statuses by which a supervisor distinguishes why `serve` ended. Every other command ends with 0, 1 or 2."""

_ENDS: Final = ("EXECUTION_FAILED", "EXECUTION_TERMINATED")


class UsageError(LooplyError):
    """The command line itself is wrong; nothing was done."""

    code = "USAGE"


class ServeFailed(LooplyError):
    """`serve` ended because of an error that has an exit status of its own."""

    def __init__(self, error: LooplyError) -> None:
        super().__init__(error.message, code=error.code, problems=error.problems)
        self.status = SERVE_STATUSES[type(error)]


class ApiRefused(LooplyError):
    """A server refused a call; code, message and problems are its own. `body` is its whole answer."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str,
        problems: tuple[Problem, ...] = (),
        body: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        super().__init__(message, code=code, problems=problems)
        self.status = status
        self.body = body


def status_of(error: Exception) -> int:
    """Returns the exit status of an error."""
    if isinstance(error, ServeFailed):
        return error.status
    return USAGE if isinstance(error, UsageError) else REFUSED


def document_of(error: Exception) -> dict[str, Any]:
    """Returns the error in the shape of the API: `message`, `code`, `errors` with a JSON Pointer each."""
    if not isinstance(error, LooplyError):
        return {"message": text_of(error), "code": "INTERNAL", "errors": []}
    return {"message": error.message, "code": error.code, "errors": [problem_item(item) for item in error.problems]}


def problem_item(problem: Problem) -> dict[str, str]:
    """Returns a finding as a JSON object; `hint` is present only if the finding has one."""
    return {"path": problem.path, "message": problem.message, **({"hint": problem.hint} if problem.hint else {})}


def failures_of(execution: Mapping[str, Any]) -> list[str]:
    """Returns why an execution, as the API shows it, does not continue: its incidents, else the reason of its end.

    Each is text that continues the word for its status, such as ` at sapRequest_1: SAP answered 422 (STATUS)`.
    """
    incidents = execution.get("workflow_incidents") or ()
    if incidents:
        return [f" at {each['state']}: {each.get('message') or ''} ({each.get('code')})" for each in incidents]
    ends = [entry for entry in execution["workflow_event_log"]["events"] if entry["type"] in _ENDS]
    return [f"{_place(entry)}{entry['reason']}" for entry in ends[-1:] if entry.get("reason")]


def _place(entry: Mapping[str, Any]) -> str:
    return f" at {entry['state']}: " if entry.get("state") else ": "


def text_of(error: Exception) -> str:
    """Returns the error as a line for people."""
    if isinstance(error, LooplyError):
        return error.message
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
