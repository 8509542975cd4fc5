"""Retry policies: which failures are retried, how often and how soon; and which statuses are failures."""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Final, TypeGuard

import msgspec

from looply.errors import FAILURE_KINDS, FailureKind
from looply.jsontext import Json

STATUS_PATTERN: Final = r"^[1-5](?:xx|[0-9]{2})$"
"""One HTTP status (`404`) or a hundred of them (`4xx`)."""
RETRY_PATTERN: Final = rf"^(?:connection|timeout|{'|'.join(FAILURE_KINDS)})$|{STATUS_PATTERN}"
"""Values of `retry.on`: failures without a response, kinds of failures, or statuses."""
RETRY_ON: Final = ("connection", "timeout", "429", "502", "503", "504", "locked")
"""Failures that are retried when a policy does not say which."""

_STATUS: Final = re.compile(r"[1-5][0-9]{2}", re.ASCII)
_FAILURES: Final = {"CONNECTION": "connection", "TIMEOUT": "timeout"}


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how soon a failed attempt is retried.

    After the n-th failure the wait is `interval * backoff ** (n - 1)`, at most `max_interval`; `jitter` shortens it
    by up to this fraction. A `Retry-After` of the other system is a lower bound, but never more than `max_interval`, or
    an hour without one. The defaults apply when the `retry` of a step leaves them out; without a `retry` there is one
    attempt.
    """

    max_attempts: int = 3
    """Attempts in all, the first one included."""
    interval: timedelta = timedelta(seconds=1)
    backoff: float = 2.0
    max_interval: timedelta | None = None
    jitter: float = 0.0
    """0 (exact times) to 1 (any time up to the whole wait)."""
    on: tuple[str, ...] = RETRY_ON

    def matches(self, code: str, status: str | None) -> bool:
        """Returns whether a failure is retried: by the code of an error without a response, or by a status."""
        return _FAILURES.get(code) in self.on or (status is not None and matches_status(self.on, status))

    def names(self, kind: FailureKind | None) -> bool:
        """Returns whether failures of this kind are retried, whatever their code or status."""
        return kind in self.on


def is_status(value: Json) -> TypeGuard[str]:
    """Returns whether the `status` of an output is an HTTP status; other systems may have other values."""
    return isinstance(value, str) and _STATUS.fullmatch(value) is not None


def matches_status(patterns: Iterable[str], status: str) -> bool:
    """Returns whether an HTTP status such as `404` is one of the patterns, such as `404` or `4xx`."""
    return any(status == pattern or (len(status) == 3 and f"{status[0]}xx" == pattern) for pattern in patterns)
