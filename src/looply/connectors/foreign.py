"""Calls of the code of connectors outside of an attempt of a step: whatever it raises ends here, with one log line.

A connector may be of another distribution, and its libraries have exceptions that no list of ours can name. So this
module has one of the few `except Exception` of the product; an attempt of a step has that of its worker.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint

import structlog

from looply.errors import LooplyError, Permanent

_log = structlog.get_logger(__name__)


class ConnectorDefect(Permanent):
    """The connector's own code raised what it must not; a log line has the details."""

    code = "CONNECTOR_DEFECT"


@contextmanager
def guard_foreign(event: str, *, passes: tuple[type[Exception], ...] = (), **fields: str) -> Iterator[None]:
    """Turns what the code within raises into `ConnectorDefect`, after a log line `event` with `fields` and the stack.

    Errors of our own tree, by which a connector says what is wrong, and those in `passes` are raised as they are.
    """
    try:
        yield
    except LooplyError:
        raise
    except passes:
        raise
    except Exception as error:
        _log.exception(event, **fields)
        raise ConnectorDefect("the connector broke; its log line has the details") from error


def load_foreign(entry: EntryPoint) -> object:
    """Imports what an entry point names. Raises: ConnectorDefect with what the import raised, whatever that is."""
    try:
        return entry.load()
    except Exception as error:
        raise ConnectorDefect(f"cannot be loaded: {type(error).__name__}: {error}") from error
