"""The sandbox for the code of authors: the request, the failures, and the port between connector and processes."""

from datetime import timedelta
from typing import Literal, Protocol, TypeAlias

import msgspec

from looply.errors import Permanent, Unavailable
from looply.jsontext import Json

Language: TypeAlias = Literal["javascript", "python"]


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a function of `input`, and the input."""

    language: Language
    code: str
    input: Json = None


class CodeFailed(Permanent):
    """The code cannot be run, or failed. It reached no other system, so `sent` is false.

    `detail` is the output of the code: its exception and what it printed. It may contain any part of the input.
    """

    code = "FUNCTION_FAILED"

    def __init__(self, message: str, *, code: str | None = None, detail: str = "") -> None:
        super().__init__(message, code=code)
        self.detail = detail


class Sandbox(Protocol):
    """Runs code without network, files, clock or random numbers, within the limits of time, memory and output."""

    async def run(self, code: Code, within: timedelta, owner: str = "") -> Json:
        """Returns what the code returns: a JSON value. `owner` is the organization, by which slots are shared.

        Guarantees: code that does not end, takes all memory or crashes fails alone; the call ends within `within`
        plus the time that a new process takes to start. A process that dies for another reason is replaced and the
        code run once more, which is safe: code has no side effects.

        Raises: CodeFailed (codes `FUNCTION_SYNTAX`, `FUNCTION_FAILED`, `FUNCTION_RESULT`, `FUNCTION_TIME`,
        `FUNCTION_MEMORY`, `FUNCTION_CRASHED`), Timeout when no process became free, Unavailable when none starts.
        """
        ...


class NoSandbox:
    """The sandbox of a process that runs no code."""

    async def run(self, code: Code, within: timedelta, owner: str = "") -> Json:  # noqa: ARG002 - as in the port
        """Raises: Unavailable, always."""
        raise Unavailable(f"this process runs no {code.language} (within {within.total_seconds():g} s)")
