"""Calls of the code of connectors outside of an attempt of a step: whatever it raises ends here, with one log line.

A connector may be of another distribution, and its libraries have exceptions that no list of ours can name. So this
module has one of the few `except Exception` of the product; an attempt of a step has that of its worker.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

import structlog

from looply.errors import LooplyError, Permanent, Problem

_log = structlog.get_logger(__name__)

Declared = TypeVar("Declared")


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


def load_group(group: str, kind: type[Declared]) -> tuple[list[tuple[EntryPoint, Declared]], list[Problem]]:
    """Returns what the entry points of a group name, in the order of their distributions' names, and the problems.

    A problem is an entry point that cannot be loaded, or is no object of `kind`.
    """
    found: list[tuple[EntryPoint, Declared]] = []
    problems: list[Problem] = []
    for entry in sorted(entry_points(group=group), key=lambda entry: (distribution_of(entry), entry.name)):
        try:
            loaded = load_foreign(entry)
        except ConnectorDefect as error:
            problems.append(unusable(entry, error.message))
            continue
        if isinstance(loaded, kind):
            found.append((entry, loaded))
        else:
            problems.append(unusable(entry, f"is a {type(loaded).__name__}, not a {kind.__name__}"))
    return found, problems


def distribution_of(entry: EntryPoint) -> str:
    """Returns the name of the distribution that declares an entry point."""
    return entry.dist.name if entry.dist is not None else "an unnamed distribution"


def unusable(entry: EntryPoint, reason: str) -> Problem:
    """Returns the problem of an entry point that cannot be used, with its distribution and what to do about it."""
    distribution = distribution_of(entry)
    return Problem(
        path=f"/{entry.group}/{distribution}",
        message=f"entry point {entry.name} = {entry.value} of {distribution} {reason}",
        hint=f"reinstall or remove {distribution}",
    )
