"""The failure of an attempt: from the error of its operation to the command that carries it."""

from datetime import datetime

from msgspec.structs import replace

from looply.connectors.verdicts import kind_of_status
from looply.errors import LooplyError, OperationError, RateLimited
from looply.execution.facts.commands import EffectFailed
from looply.execution.facts.state import OpenStep
from looply.execution.facts.values.far import FarError


def failure(opened: OpenStep, at: datetime, error: LooplyError, message: str = "") -> EffectFailed:
    """Returns the failure of an attempt; `message` is shown instead of the error's own, which may quote secrets."""
    failed = EffectFailed(
        at=at, address=opened.address, attempt=opened.attempt, code=error.code, message=message or error.message
    )
    if not isinstance(error, OperationError):
        return failed
    # An answer that was raised as an error is of the kind of its status, unless the error's class says more.
    kind = error.kind or kind_of_status(error.status or "")
    retry_after = error.retry_after if isinstance(error, RateLimited) else None
    return replace(
        failed,
        status=error.status or "",
        was_sent=error.sent,
        is_transient=error.is_transient,
        is_of_connection=error.is_of_connection,
        far=FarError(kind=kind) if kind is not None else None,
        retry_after_seconds=retry_after.total_seconds() if retry_after is not None else 0,
    )
