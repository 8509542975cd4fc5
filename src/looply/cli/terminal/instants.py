"""Instants given on the command line."""

from datetime import datetime

from looply.cli.terminal.failures import UsageError
from looply.errors import DefinitionError
from looply.instants import ms_or_none


def read_instant(option: str, text: str) -> datetime:
    """Returns the instant that an option gives in RFC 3339. Raises: UsageError."""
    from looply.definition import parse_instant  # noqa: PLC0415 - slow import: only what reads definitions needs their language

    try:
        return parse_instant(text)
    except DefinitionError as error:
        raise UsageError(f"{option}: {error.message}") from error


def instant_ms(option: str, text: str | None) -> int | None:
    """Returns the instant in epoch milliseconds, as the API expects it; None if none is given. Raises: UsageError."""
    return ms_or_none(read_instant(option, text)) if text is not None else None
