"""The streams of a command: documents, tables and text lines; its clock, environment and HTTP transport."""

import contextlib
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, TextIO, TypeAlias

from cyclopts import Parameter

from looply.cli.terminal.failures import document_of, text_of
from looply.clock import Clock, Entropy, SystemClock, SystemEntropy
from looply.errors import LooplyError
from looply.jsontext import Json

if TYPE_CHECKING:  # both cost start-up time and are needed for their names only
    import httpx2
    from rich.console import Console, RenderableType

_WIDE = 10_000
"""Columns where the output is no terminal: a table in a file or a pipe is never folded."""
_PAGE = 100


class Terminal:
    """Standard streams, environment and clock of a command. With `is_json`, only `show` writes to standard output."""

    def __init__(
        self,
        *,
        source: BinaryIO,
        output: TextIO,
        errors: TextIO,
        environment: Mapping[str, str],
        transport: "httpx2.AsyncBaseTransport | None" = None,
    ) -> None:
        self.source = source
        self.output = output
        self.errors = errors
        self.environment = environment
        self.transport = transport
        self.clock: Clock = SystemClock()
        self.entropy: Entropy = SystemEntropy()
        self.is_json = False
        self.sleep: Callable[[float], Awaitable[None]] | None = None

    @classmethod
    def of_process(cls) -> "Terminal":
        """Returns the streams of this process. Text is written as UTF-8 whatever the locale says."""
        _open_closed_streams()
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        return cls(source=sys.stdin.buffer, output=sys.stdout, errors=sys.stderr, environment=os.environ)

    def show(self, document: Json, people: "Callable[[], RenderableType]") -> None:
        """Writes the result of the command: the document as JSON, or what `people` makes of it."""
        if self.is_json:
            self.output.write(f"{json_text(document)}\n")
        else:
            self.console().print(people())

    def say(self, text: str) -> None:
        """Writes a line for people to standard output; nothing with `--json`."""
        if not self.is_json:
            self.output.write(f"{printable(text)}\n")
            self.output.flush()

    def note(self, text: str) -> None:
        """Writes a line to standard error: information that is not part of the result."""
        self.errors.write(f"{printable(text)}\n")
        self.errors.flush()

    def fail(self, error: Exception) -> None:
        """Reports an error as text on standard error; with `--json` also as a document on standard output.

        The text is there in both cases, since a script may pass standard output on to a program that expects a result.
        """
        if self.is_json:
            self.output.write(f"{json_text(document_of(error))}\n")
        self.note(f"looply: {text_of(error)}")
        for problem in error.problems if isinstance(error, LooplyError) else ():
            if problem.message == text_of(error):
                continue
            hint = f" ({problem.hint})" if problem.hint else ""
            self.note(f"  {problem.path or '(whole document)'}: {problem.message}{hint}")

    def flush(self) -> None:
        """Writes out buffered text. Raises: BrokenPipeError when the reader has closed the pipe."""
        self.output.flush()

    def abandon(self) -> None:
        """Redirects standard output to the null device, after its reader has closed the pipe."""
        # The interpreter flushes the stream once more at its end, and must not fail then.
        with contextlib.suppress(OSError):
            given_up = self.output.fileno()
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, given_up)
            os.close(nowhere)

    def console(self, *, folded: bool = False) -> "Console":
        """Returns a console on standard output; values are shown as they are, never as markup.

        `folded`: text is folded at a page's width also where the output is no terminal.
        """
        from rich.console import Console  # noqa: PLC0415 - start-up cost: JSON needs none

        width = None if self.output.isatty() else _PAGE if folded else _WIDE
        return Console(file=self.output, width=width, markup=False, highlight=False, emoji=False)

    async def pause(self, seconds: float) -> None:
        """Waits: in real time, or as `sleep` says."""
        import asyncio  # noqa: PLC0415 - start-up cost: only commands that wait need it

        await (self.sleep or asyncio.sleep)(seconds)


Here: TypeAlias = Annotated[Terminal, Parameter(parse=False)]
"""The terminal as a parameter of a command: it is injected, not read from the command line."""


def _open_closed_streams() -> None:
    """Opens standard streams that the process was started without on the null device.

    Otherwise a database file would get one of their numbers, and text written to the stream would go into it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # The lowest free number is the stream's own, since those before it are open by now.
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for good


def json_text(value: Json) -> str:
    """Returns the JSON text of a value on one line; integers are kept exactly.

    Raises: ValueError for a number that JSON does not have.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def printable(text: Any) -> str:
    """Returns a text without characters that could move a terminal's cursor or change its colors."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in str(text))
