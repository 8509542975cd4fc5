"""Documents that a command reads: a JSON file, standard input, or a line of it."""

from pathlib import Path
from typing import Any, Final

from cyclopts import Parameter

from looply.cli.terminal.terminal import Terminal
from looply.errors import BadRequest, Problem, Refused
from looply.jsontext import Json, parse_json

STANDARD_INPUT: Final = "-"
MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark that some editors put before UTF-8 text."""


def file_parameter(text: str) -> Parameter:
    """Returns the parameter of a command for a file, which may be `-`."""
    return Parameter(help=text, allow_leading_hyphen=True, validator=_check_name)


def _check_name(_type: Any, name: str | None) -> None:
    # A mistyped option would be taken for a file.
    if name is not None and name.startswith("-") and name != STANDARD_INPUT:
        raise ValueError(f"unknown option {name}")


def read_document(file: str, terminal: Terminal) -> Json:
    """Returns the JSON value of a file, or of standard input for `-`.

    Raises: Refused (code `UNREADABLE_FILE`); BadRequest (code `MALFORMED_JSON`) with line and column.
    """
    name = "standard input" if file == STANDARD_INPUT else file
    try:
        text = terminal.source.read() if file == STANDARD_INPUT else Path(file).read_bytes()
    except OSError as error:
        hint = f"; a file is named without @: {file[1:]}" if file.startswith("@") else ""
        message = f"{name} cannot be read: {error.strerror}{hint}"
        raise Refused(message, code="UNREADABLE_FILE", problems=(Problem(path="", message=message),)) from error
    return parse_named(text.removeprefix(MARK), name)


def parse_named(text: bytes, name: str) -> Json:
    """Returns the value of a JSON text. Raises: BadRequest (code `MALFORMED_JSON`) that names the source."""
    try:
        return parse_json(text, name=name)
    except BadRequest as error:
        error.problems = (Problem(path="", message=error.message),)
        raise


def write_document(text: str, file: Path) -> None:
    """Writes a text to a file that appears whole or not at all. Raises: Refused (code `UNWRITABLE_FILE`)."""
    write_bytes(text.encode("utf-8"), file)


def write_bytes(content: bytes, file: Path) -> None:
    """Writes bytes to a file that appears whole or not at all. Raises: Refused (code `UNWRITABLE_FILE`)."""
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_bytes(content)
        part.replace(file)
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror}", code="UNWRITABLE_FILE") from error


def remove_file(file: Path) -> None:
    """Removes a file if it is there. Raises: Refused (code `UNWRITABLE_FILE`)."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise Refused(f"{file} cannot be removed: {error.strerror}", code="UNWRITABLE_FILE") from error
