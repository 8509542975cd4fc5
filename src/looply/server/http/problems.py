"""Errors on the wire: one table from error class to HTTP status, one format for all bodies."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec import UNSET

from looply.app.authoring.workflows import DraftOpen
from looply.app.context.addressing import Ambiguous
from looply.app.context.sign_in import SignedOut
from looply.catalog.authored.companions import CompanionChanged
from looply.catalog.authored.versions import VersionChanged
from looply.catalog.authored.views import ViewChanged
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
    OutOfScope,
    Overloaded,
    Problem,
    RecordDamaged,
    Refused,
    ShuttingDown,
    SignInRequired,
    StoreCorrupt,
    StoreFull,
    StoreLost,
    UnsupportedMediaType,
)
from looply.sealing import SealBroken
from looply.server.http.call import Headers, Response
from looply.server.http.wire import (
    FORBIDDEN_CODES,
    ConflictAnswer,
    ErrorAnswer,
    ForbiddenAnswer,
    SignedOutAnswer,
    extend_record,
    finding_of,
    sign_in_record,
)

_DEFECT: Final = (
    "the server failed by a defect of its own; give its operator the request id, by which its log has the details"
)
STATUSES: Final[Mapping[type[LooplyError], int]] = MappingProxyType(
    {
        BadRequest: 400,
        SignInRequired: 401,
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
"""The status of each class; a class that is not listed has the status of its nearest parent."""

_RETRY_AFTER_SECONDS: Final = {503: 5}
_FOR_OPERATORS: Final = (StoreCorrupt, RecordDamaged, SealBroken, KeyUnfit)
"""Errors that only an operator can resolve; a retry does not help."""
_MAX_PROBLEMS: Final = 1000


def status_of(error: LooplyError) -> int:
    """Returns the HTTP status of an error."""
    return next(STATUSES[parent] for parent in type(error).__mro__ if parent in STATUSES)


def error_answer(error: Exception, request_id: str) -> Response:
    """Returns the answer for an error. For an unexpected error it is a 500 that discloses only the request id."""
    if isinstance(error, Forbidden) and error.code in (Forbidden.code, *FORBIDDEN_CODES):
        # Without a code the body is the same for every cause, so that it discloses none; the request id is in a header.
        code = next((each for each in FORBIDDEN_CODES if each == error.code), None)
        permission = error.permission if isinstance(error, OutOfScope) else None
        return Response(ForbiddenAnswer(message=error.message, code=code, permission=permission), 403)
    if isinstance(error, LooplyError):
        status = status_of(error)
        more: dict[str, Any] = {}
        if isinstance(error, Ambiguous):
            more = {error.field: list(error.choices)}
        if isinstance(error, DraftOpen | ViewChanged | CompanionChanged | VersionChanged):
            more = error.fields
        if isinstance(error, SignInRequired):
            body = error_body(error.message, error.code, error.problems, request_id)
            sign_in = sign_in_record(error.means) if isinstance(error, SignedOut) else UNSET
            return Response(extend_record(SignedOutAnswer, body, sign_in=sign_in), status)
        body = error_body(error.message, error.code, error.problems, request_id, **more)
        return Response(body, status, _headers(error, status))
    return Response(error_body(_DEFECT, "INTERNAL", (), request_id), 500)


def error_body(message: str, code: str, problems: tuple[Problem, ...], request_id: str, **more: Any) -> ErrorAnswer:
    """Returns the error object of the API, with the optional fields that are given."""
    errors = [finding_of(problem) for problem in problems[:_MAX_PROBLEMS]]
    shape = ConflictAnswer if more else ErrorAnswer
    return shape(message=message, code=code, errors=errors, request_id=request_id, **more)


def _headers(error: LooplyError, status: int) -> Headers:
    if isinstance(error, Overloaded):
        seconds = max(1, math.ceil(error.retry_after.total_seconds()))
        return ((b"retry-after", str(seconds).encode()),)
    if status in _RETRY_AFTER_SECONDS and not isinstance(error, _FOR_OPERATORS):
        return ((b"retry-after", str(_RETRY_AFTER_SECONDS[status]).encode()),)
    return ()
