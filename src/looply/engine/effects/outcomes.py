"""The failure of an attempt: from the error of its operation to the command that carries it."""

from datetime import datetime

from msgspec.structs import replace

from looply.errors import LooplyError, OperationError, RateLimited
from looply.execution.facts.commands import EffectFailed
from looply.execution.facts.state import OpenStep


def failure(opened: OpenStep, at: datetime, error: LooplyError, message: str = "") -> EffectFailed:
    """Returns the failure of an attempt; `message` is shown instead of the error's own, which may quote secrets."""
    failed = EffectFailed(
        at=at, address=opened.address, attempt=opened.attempt, code=error.code, message=message or error.message
    )
    if not isinstance(error, OperationError):
        return failed
    retry_after = error.retry_after if isinstance(error, RateLimited) else None
    return replace(
        failed,
        status=error.status or "",
        was_sent=error.sent,
        is_transient=error.is_transient,
        retry_after_seconds=retry_after.total_seconds() if retry_after is not None else 0,
    )
