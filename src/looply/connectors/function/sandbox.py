"""What runs the code of authors: the request, the failures, and the port between the connector and the processes."""

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
    """The code cannot be run, or failed. Nothing of it reached the world, so `sent` is false.

    `told` is what the code itself said: its exception and what it printed. It may hold whatever the input held.
    """

    code = "FUNCTION_FAILED"

    def __init__(self, message: str, *, code: str | None = None, told: str = "") -> None:
        super().__init__(message, code=code)
        self.told = told


class Sandbox(Protocol):
    """Runs code without a network, files, a clock or chance, within the limits of time, memory and output."""

    async def run(self, code: Code, within: timedelta, owner: str = "") -> Json:
        """Returns what the code returns: a JSON value. `owner` is the organization, with which places are shared.

        Guarantees: code that does not end, takes all memory or crashes fails alone; the call ends within `within`
        plus the time that a new process takes to start. A process that dies of something else is replaced and the
        code run once more, which is safe: it touches nothing.

        Raises: CodeFailed (codes `FUNCTION_SYNTAX`, `FUNCTION_FAILED`, `FUNCTION_RESULT`, `FUNCTION_TIME`,
        `FUNCTION_MEMORY`, `FUNCTION_CRASHED`), Timeout when no process became free, Unavailable when none starts.
        """
        ...


class NoSandbox:
    """The sandbox of a process that runs no code."""

    async def run(self, code: Code, within: timedelta, owner: str = "") -> Json:  # noqa: ARG002 - as in the port
        """Raises: Unavailable, always."""
        raise Unavailable(f"this process runs no {code.language} (within {within.total_seconds():g} s)")
