"""Verdicts by what every HTTP answer has: its status, and the delay that it asks for.

A connector judges its answers where the call ran, at the moment of the receipt, and the verdict is stored with the
outcome. A connector that knows more of its systems has a judge of its own, which starts from these.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from looply.definition import is_status
from looply.errors import FailureKind
from looply.execution.facts.values.far import FarError, Verdict
from looply.jsontext import Json

_DIGITS: Final = 9
"""A delay with more digits is longer than anything waits; it counts as this many nines."""

_KINDS: Final[Mapping[str, FailureKind]] = {
    "401": "auth",
    "403": "auth",
    "407": "down",  # a proxy, not the system, asks for credentials
    "408": "transient",
    "409": "conflict",
    "412": "conflict",
    "423": "locked",
    "425": "transient",
    "429": "throttled",
    "500": "transient",
    "501": "rejected",
    "502": "down",
    "503": "down",
    "504": "down",
    "505": "rejected",
}
"""The kinds of statuses (RFC 9110 §15, RFC 4918 §11.3, RFC 6585); others count by their hundred."""

_HUNDREDS: Final[Mapping[str, FailureKind]] = {"3": "rejected", "4": "rejected", "5": "transient"}


def kind_of_status(status: str) -> FailureKind | None:
    """Returns the kind of failure that an HTTP status is; None for a success."""
    return _KINDS.get(status) or _HUNDREDS.get(status[:1])


def judge_status(input_: Mapping[str, Json], output: Json, now: datetime) -> Verdict | None:  # noqa: ARG001
    """Returns the verdict on an output by its HTTP `status` and its `headers`; None for a success and without one."""
    if not isinstance(output, dict) or not is_status(status := output.get("status")):
        return None
    kind = kind_of_status(status)
    if kind is None:
        return None
    return Verdict(far=FarError(kind=kind), retry_after_seconds=retry_after_seconds(output.get("headers"), now))


def retry_after_seconds(headers: Json, now: datetime) -> float:
    """Returns the delay of a `Retry-After` header in seconds or as a date (RFC 9110 §10.2.3); 0 without a valid one.

    A date counts from the `Date` of the answer, so that clocks that differ do not matter, else from `now`.
    """
    value = headers.get("retry-after") if isinstance(headers, dict) else None
    if not isinstance(value, str):
        return 0
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) <= _DIGITS else float("9" * _DIGITS)
    until = _date(text)
    if until is None:
        return 0
    since = _date(headers.get("date")) or now
    return max((until - since).total_seconds(), 0)


def _date(text: Json) -> datetime | None:
    if not isinstance(text, str) or len(text) > 64:
        return None
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
