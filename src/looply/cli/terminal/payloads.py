"""Payloads on the command line: a file, standard input, or the JSON text itself."""

import shlex
from typing import Annotated, Final, TypeAlias

from cyclopts import Parameter

from looply.cli.terminal.client import NO_BODY
from looply.cli.terminal.documents import file_parameter, parse_named, read_document
from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.terminal import Terminal
from looply.errors import BadRequest
from looply.jsontext import Json

Payload: TypeAlias = Annotated[str | None, Parameter(help="The payload as JSON text, instead of a file.")]
PayloadFile: TypeAlias = Annotated[str | None, file_parameter("JSON file with the payload; - for standard input.")]

_MAX_CHARACTERS: Final = 200
"""The longest name of a file that a hint repeats."""


def read_payload(file: str | None, payload: str | None, terminal: Terminal, option: str = "--payload") -> Json:
    """Returns the payload, `NO_BODY` when none is given. `option` is the name of what gives the text itself.

    Raises: UsageError when both are given or the text is not JSON; Refused or BadRequest when a file cannot be read.
    """
    if file is not None and payload is not None:
        raise UsageError(f"give a file or {option}, not both")
    if payload is not None:
        return parse_option(payload, option, takes_file=True)
    return NO_BODY if file is None else read_document(file, terminal)


def parse_option(text: str, option: str, *, takes_file: bool = False) -> Json:
    """Returns the JSON value that an option gives as text. Raises: UsageError with line and column.

    `takes_file`: the command has an argument for a file with this value.
    """
    try:
        return parse_named(text.encode("utf-8", "surrogateescape"), option)
    except BadRequest as error:
        raise UsageError(f"{error.message}{_file_hint(text, option, takes_file=takes_file)}") from error


def _file_hint(text: str, option: str, *, takes_file: bool) -> str:
    """Returns what to do about `@file.json`, by which other programs name a file; empty for other texts."""
    if not text.startswith("@") or len(text) > _MAX_CHARACTERS:
        return ""
    file = shlex.quote(text[1:])
    if takes_file:
        return f"; {option} takes the JSON text itself, a file is an argument: {file} in place of {option} {text}"
    return f'; {option} takes the JSON text itself: {option} "$(cat {file})"'
