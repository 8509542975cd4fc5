"""Questions before a command destroys something, and the option that answers them."""

from typing import Annotated, TypeAlias

from cyclopts import Parameter

from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.terminal import Terminal
from looply.errors import Refused

Yes: TypeAlias = Annotated[bool, Parameter(name=("--yes", "-y"), help="Do not ask before it is done.", negative="")]


def confirm(terminal: Terminal, what: str, *, yes: bool) -> None:
    """Returns when a person agrees to `what`, such as "Delete the datastore 'x'"; at once with `yes`.

    The question goes to standard error. Raises: Refused (code `NOT_CONFIRMED`) for any answer but yes; UsageError where
    there is no terminal to ask on.
    """
    if yes:
        return
    if not terminal.is_interactive:
        raise UsageError(f"{what}? There is no terminal to ask on: repeat the command with --yes")
    terminal.errors.write(f"{what}? [y/N] ")
    terminal.errors.flush()
    answer = terminal.source.readline().decode("utf-8", "replace").strip().casefold()
    if answer not in ("y", "yes"):
        raise Refused("not confirmed; nothing was done", code="NOT_CONFIRMED")
