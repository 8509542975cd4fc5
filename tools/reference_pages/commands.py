"""`cli.md`: every command with its options, from the command line itself."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from looply.cli.command_line import APP
from looply.cli.help_page import complete_page
from reference_pages.markdown import page

_INTRO: Final = """
`make run` and `make test` install the command at `.venv/bin/looply`. `looply COMMAND --help` shows the same
text.

- `--output table`, `json`, `yaml` or `ids` (short `-o`) anywhere after the command; `--json` is `--output json`. Unless
  it is `table`, standard output has the result and nothing else. `ids` writes a line for each, for other commands.
- A table fits the terminal: ids are whole, messages are cut, and the last columns are left out where it is too narrow.
  A file or a pipe gets every column whole, separated by tabs; a list has no line of titles there.
- `--debug`: the traceback of an error.
- Exit status: 0 done, 1 refused, 2 wrong usage. `serve` has four more: 65 corrupt store, 74 I/O error, 75 data
  folder in use, 78 store of a newer release.
- Commands that call a server take its URL from `--url` or `LOOPLY_URL` (default `http://127.0.0.1:8080`) and
  the key from `--api-key` or `LOOPLY_API_KEY`; or both from a context: `--context`, `LOOPLY_CONTEXT`, or, where none of
  these is given, the current one (`looply context add`). The key of a context goes to no other URL.
- Where the id of a workflow is taken, its name will do, unless several workflows have it.
- Commands that delete, revoke, discard, prune or act in bulk ask on a terminal; elsewhere they need `--yes`.
  `looply execution terminate` does not ask: it ends the one execution that you name.
"""

_ANYWHERE: Final = re.compile(r"\*\*Anywhere after the command\*\*:\n\n(\*.*\n)+\n?")
"""The switches of every command, which the introduction explains once."""


def cli_page() -> str:
    """Returns the page of all commands."""
    for command in command_names():
        _, apps, _ = APP.parse_commands(command.split())
        complete_page(apps[-1], APP.name)  # the library adds the words of the command
    with _run_as("looply"):
        text = APP.generate_docs(output_format="markdown", recursive=True, heading_level=1)
    head, _, commands = text.partition("\n## looply ")
    _, _, contents = head.partition("## Table of Contents")
    return page(
        "Command line", _INTRO, contents.partition("**Commands**")[0], _ANYWHERE.sub("", f"## looply {commands}")
    )


@contextmanager
def _run_as(program: str) -> Iterator[None]:
    """Gives the running program another name: the library puts it into the usage of commands within a group."""
    former, sys.argv = sys.argv, [program]
    try:
        yield
    finally:
        sys.argv = former


def command_names() -> Iterator[str]:
    """Yields every command with its group, such as `workflow import`."""
    for name in APP:
        if name.startswith("-"):
            continue
        group = APP[name]
        inner = [item for item in group if not item.startswith("-")]
        if not inner or group.default_command is not None:
            yield name
        yield from (f"{name} {item}" for item in inner)


def is_documented(command: str, text: str) -> bool:
    """Returns whether the page has a heading for the command."""
    return re.search(rf"^#+ looply {re.escape(command)}$", text, re.MULTILINE) is not None
