"""Payloads on the command line: a file, standard input, or the JSON text itself."""

from typing import Annotated, TypeAlias

from cyclopts import Parameter

from looply.cli.terminal.client import NO_BODY
from looply.cli.terminal.documents import file_parameter, parse_named, read_document
from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.terminal import Terminal
from looply.errors import BadRequest
from looply.jsontext import Json

Payload: TypeAlias = Annotated[str | None, Parameter(help="The payload as JSON text, instead of a file.")]
PayloadFile: TypeAlias = Annotated[str | None, file_parameter("JSON file with the payload; - for standard input.")]


def read_payload(file: str | None, payload: str | None, terminal: Terminal, option: str = "--payload") -> Json:
    """Returns the payload, `NO_BODY` when none is given. `option` is the name of what gives the text itself.

    Raises: UsageError when both are given or the text is not JSON; Refused or BadRequest when a file cannot be read.
    """
    if file is not None and payload is not None:
        raise UsageError(f"give a file or {option}, not both")
    if payload is not None:
        return parse_option(payload, option)
    return NO_BODY if file is None else read_document(file, terminal)


def parse_option(text: str, option: str) -> Json:
    """Returns the JSON value that an option gives as text. Raises: UsageError with line and column."""
    try:
        return parse_named(text.encode("utf-8", "surrogateescape"), option)
    except BadRequest as error:
        raise UsageError(error.message) from error
