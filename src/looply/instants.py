"""Instants as numbers and texts: milliseconds since 1970-01-01 UTC, and RFC 3339. Pure; the clock is `looply.clock`."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(instant: datetime) -> int:
    """Returns the instant as milliseconds since 1970-01-01 UTC, rounded down."""
    return (instant - EPOCH) // _MILLISECOND


def ms_or_none(instant: datetime | None) -> int | None:
    """Returns `to_ms` of an instant, None for None."""
    return None if instant is None else to_ms(instant)


def from_ms(value_ms: int) -> datetime:
    """Returns the aware UTC instant of a count of milliseconds since 1970-01-01."""
    return EPOCH + timedelta(milliseconds=value_ms)


def instant_or_none(value_ms: int | None) -> datetime | None:
    """Returns `from_ms` of a count of milliseconds, None for None."""
    return None if value_ms is None else from_ms(value_ms)


def rfc3339(instant: datetime) -> str:
    """Returns a UTC instant as RFC 3339 text with milliseconds and `Z`."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
