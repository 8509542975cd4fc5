"""A request as a command line of curl, to repeat it elsewhere. Credentials of connections are not in it."""

import re
import shlex
from typing import Final

from looply.connectors.port import HttpRequest
from looply.errors import BadInput

_MAX_CHARACTERS: Final = 20_000
_GLOBS: Final = re.compile(r"[\[\]{}]")
_CONTROL: Final = re.compile(r"[\x01-\x08\x0b-\x1f\x7f]")
"""Characters that a terminal changes, or acts on, when the command is pasted."""
_ESCAPED: Final = re.compile(r"[\x01-\x1f\x7f\\']")


def curl_of(request: HttpRequest) -> str:
    """Returns the command that sends a request, empty for a long one. Raises: BadInput for a body that is no text."""
    try:
        body = request.content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput("the body is no text") from error
    if "\0" in body:
        raise BadInput("the body has a character that no command line can have")
    url = str(request.url)
    parts = ["curl", *(["--globoff"] if _GLOBS.search(url) else [])]
    # With `-X HEAD` curl waits for a body.
    parts += ["--head"] if request.method == "HEAD" else ["-X", request.method]
    parts.append(shlex.quote(url))
    for name, value in request.headers.items():
        parts += ["-H", _quote(f"{name}: {value}")]
    if request.content:
        # Unlike `--data-binary`, this takes a text that begins with @ as it is.
        parts += ["--data-raw", _quote(body)]
    line = " ".join(parts)
    return line if len(line) <= _MAX_CHARACTERS else ""


def _quote(text: str) -> str:
    """Returns a text as one word of a shell; with control characters as `$'...'`, which bash, zsh and ksh read."""
    if _CONTROL.search(text) is None:
        return shlex.quote(text)
    return "$'" + _ESCAPED.sub(_escape, text) + "'"


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return f"\\{character}" if character in "\\'" else f"\\{ord(character):03o}"
