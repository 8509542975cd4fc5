"""Errors on the wire: one table from error class to HTTP status, one shape for all bodies."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from looply.app.addressing import Ambiguous
from looply.app.workflows import DraftOpen
from looply.errors import (
    BadRequest,
    BodyTooLarge,
    Conflict,
    EngineError,
    Forbidden,
    KeyUnfit,
    LooplyError,
    NotFound,
    OperationError,
    Overloaded,
    Problem,
    RecordDamaged,
    Refused,
    ShuttingDown,
    StoreCorrupt,
    StoreFull,
    StoreLost,
    UnsupportedMediaType,
)
from looply.jsontext import Json
from looply.sealing import SealBroken
from looply.server.call import Answer, Headers

STATUSES: Final[Mapping[type[LooplyError], int]] = MappingProxyType(
    {
        BadRequest: 400,
        Forbidden: 403,
        NotFound: 404,
        Conflict: 409,
        BodyTooLarge: 413,
        UnsupportedMediaType: 415,
        Refused: 422,
        OperationError: 422,
        Overloaded: 429,
        ShuttingDown: 503,
        StoreFull: 503,
        StoreLost: 503,
        StoreCorrupt: 503,
        RecordDamaged: 503,
        SealBroken: 503,
        KeyUnfit: 503,
        EngineError: 503,
        LooplyError: 500,
    }
)
"""The status of each class; a class that is not listed has that of its nearest parent."""

_RETRY_AFTER: Final = {503: 5}
_BROKEN: Final = (StoreCorrupt, RecordDamaged, SealBroken, KeyUnfit)
"""What only an operator can mend: waiting does not help."""
_MAX_PROBLEMS: Final = 1000


def status_of(error: LooplyError) -> int:
    """Returns the HTTP status of an error."""
    return next(STATUSES[parent] for parent in type(error).__mro__ if parent in STATUSES)


def problem(error: Exception, request_id: str) -> Answer:
    """Returns the answer for an error. What is not one of ours is a 500 that tells nothing but the request id."""
    if isinstance(error, Forbidden) and error.code in ("FORBIDDEN", "SCOPE"):
        # The body is the same for every cause, so that it tells nothing; the request id is in its header.
        return Answer({"message": "Forbidden", **({"code": "SCOPE"} if error.code == "SCOPE" else {})}, 403)
    if isinstance(error, LooplyError):
        status = status_of(error)
        body = error_body(error.message, error.code, error.problems, request_id)
        if isinstance(error, Ambiguous):
            body[error.field] = list(error.choices)
        if isinstance(error, DraftOpen):
            body.update(error.fields)
        return Answer(body, status, _headers(error, status))
    return Answer(error_body("something went wrong", "INTERNAL", (), request_id), 500)


def error_body(message: str, code: str, problems: tuple[Problem, ...], request_id: str) -> dict[str, Json]:
    """Returns the contract's error object."""
    errors = [problem_item(problem) for problem in problems[:_MAX_PROBLEMS]]
    return {"message": message, "code": code, "errors": errors, "request_id": request_id}


def problem_item(found: Problem) -> dict[str, Json]:
    """Returns one finding as callers read it; `hint` is there when there is one."""
    return {"path": found.path, "message": found.message, **({"hint": found.hint} if found.hint else {})}


def _headers(error: LooplyError, status: int) -> Headers:
    if isinstance(error, Overloaded):
        seconds = max(1, math.ceil(error.retry_after.total_seconds()))
        return ((b"retry-after", str(seconds).encode()),)
    if status in _RETRY_AFTER and not isinstance(error, _BROKEN):
        return ((b"retry-after", str(_RETRY_AFTER[status]).encode()),)
    return ()
