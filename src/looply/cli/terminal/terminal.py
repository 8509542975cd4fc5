"""The streams of a command: documents, pages and text lines; its clock, environment and HTTP transport."""

import contextlib
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, TextIO, TypeAlias

from cyclopts import Parameter

from looply.cli.display.identities import ids_of
from looply.cli.display.json_texts import line_text
from looply.cli.display.layout import align, tab_separated
from looply.cli.display.pages import Page, printable
from looply.cli.display.yaml_text import yaml_text
from looply.cli.terminal.failures import UsageError, document_of, text_of
from looply.cli.terminal.switches import Format
from looply.clock import Clock, Entropy, SystemClock, SystemEntropy
from looply.errors import LooplyError
from looply.jsontext import Json

if TYPE_CHECKING:
    from httpx2 import AsyncBaseTransport
    from rich.console import Console

_PAGE = 100
"""Columns of a help page where the output is no terminal."""


class Terminal:
    """Standard streams, environment and clock of a command.

    `format` is that of the result. Unless it is `table`, only `show` writes to standard output.
    """

    def __init__(
        self,
        *,
        source: BinaryIO,
        output: TextIO,
        errors: TextIO,
        environment: Mapping[str, str],
        transport: "AsyncBaseTransport | None" = None,
    ) -> None:
        self.source = source
        self.output = output
        self.errors = errors
        self.environment = environment
        self.transport = transport
        self.clock: Clock = SystemClock()
        self.entropy: Entropy = SystemEntropy()
        self.format: Format = "table"
        self.sleep: Callable[[float], Awaitable[None]] | None = None

    @classmethod
    def of_process(cls) -> "Terminal":
        """Returns the streams of this process. Text is written as UTF-8 whatever the locale says."""
        _open_closed_streams()
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        return cls(source=sys.stdin.buffer, output=sys.stdout, errors=sys.stderr, environment=os.environ)

    @property
    def is_table(self) -> bool:
        """Whether the result is written for people, and not as a document for programs."""
        return self.format == "table"

    @property
    def is_interactive(self) -> bool:
        """Whether there is a person who can answer a question: input and standard error are a terminal."""
        return self.source.isatty() and self.errors.isatty()

    def show(self, document: Json, people: Callable[[], Page]) -> None:
        """Writes the result of the command: the document in the requested format, or what `people` makes of it.

        A terminal gets aligned lines, a file or a pipe whole lines with tabs. Raises: UsageError when ids are requested
        and the result has none.
        """
        match self.format:
            case "json":
                self.output.write(f"{json_text(document)}\n")
            case "yaml":
                self.output.write(f"---\n{yaml_text(document)}")
            case "ids":
                self._write_ids(document)
            case _:
                self._write_page(people())

    def _write_ids(self, document: Json) -> None:
        ids = ids_of(document)
        if ids is None:
            raise UsageError("the result has no ids; --output table, json or yaml shows it")
        self.output.writelines(f"{printable(each)}\n" for each in ids)

    def _write_page(self, page: Page) -> None:
        if self.output.isatty():
            colors = "NO_COLOR" not in self.environment and self.environment.get("TERM") != "dumb"
            lines = align(page, self._width(), has_colors=colors)
        else:
            lines = tab_separated(page)
        self.output.writelines(f"{line}\n" for line in lines)

    def _width(self) -> int:
        given = self.environment.get("COLUMNS", "")
        return int(given) if given.isdigit() and int(given) > 0 else shutil.get_terminal_size().columns

    def say(self, text: str) -> None:
        """Writes a line for people to standard output; nothing where the result is a document."""
        if self.is_table:
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
        if self.format == "json":
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

    def console(self) -> "Console":
        """Returns a console for help pages on standard output; texts are shown as they are, never as markup."""
        from rich.console import Console  # noqa: PLC0415 - slow import: only help pages and progress need Rich

        width = None if self.output.isatty() else _PAGE
        return Console(file=self.output, width=width, markup=False, highlight=False, emoji=False)

    async def pause(self, seconds: float) -> None:
        """Waits: in real time, or as `sleep` says."""
        import asyncio  # noqa: PLC0415 - slow import: help pages need no event loop

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
    return line_text(value)
