"""The command line: `looply`. One file per command group; this one is the boundary around them all.

A command is a plain or an async function. It is given a `Terminal`, writes through it, and returns its exit status,
None for 0. Its errors are reported here and nowhere else: as a text line, or as a JSON document with `--json`.

Nothing here imports the server, the stores or the catalog, since `looply --help` and the evaluation of expressions must
start at once: a command that needs them imports them within its function.
"""

import inspect
import signal
import sys
import traceback
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from cyclopts import App, CycloptsError

from looply.cli.command_line import APP, complete_help, is_help, parse, usage_text
from looply.cli.terminal.failures import DONE, INTERRUPTED, READER_GONE, STOPPED, UsageError, status_of
from looply.cli.terminal.switches import Switches, read_switches
from looply.cli.terminal.terminal import Terminal
from looply.errors import LooplyError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None, terminal: Terminal | None = None) -> int:
    """Runs one command and returns the exit status: 0 done, 1 refused, 2 wrong usage, 130 interrupted.

    `serve` has some more. Tests pass a terminal.
    """
    tokens, switches = read_switches(sys.argv[1:] if arguments is None else arguments)
    here = terminal if terminal is not None else Terminal.of_process()
    here.format = switches.format
    try:
        if switches.problem:
            raise UsageError(switches.problem)
        status = _run(tokens, here)
        here.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        here.abandon()
        return READER_GONE
    except LooplyError as error:
        return _report_error(error, here, switches)
    except CycloptsError as error:
        return _report_error(UsageError(usage_text(error)), here, switches)
    except Exception as error:
        # The boundary of the program: any error is shown as one line, not as a traceback.
        return _report_error(error, here, switches)
    return status


def _run(tokens: Sequence[str], terminal: Terminal) -> int:
    command, arguments, injected = parse(tokens)
    if is_help(command):
        return _help(command, arguments, terminal)
    # All commands take the terminal; the one that writes scripts for shells takes the commands, too.
    given = {name: APP if kind is App else terminal for name, kind in injected.items()}
    result = command(*arguments.args, **arguments.kwargs, **given)
    if inspect.iscoroutine(result):
        result = _await(result)
    return DONE if result is None else int(result)


def _await(command: Coroutine[Any, Any, int | None]) -> int | None:
    import asyncio  # noqa: PLC0415 - slow import: help pages need no event loop

    import uvloop  # noqa: PLC0415 - slow import: help pages need no event loop

    async def run() -> int | None:
        task = asyncio.current_task()
        assert task is not None
        # A command that has started processes stops them in order; `serve` has its own way to end.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await command

    former = signal.getsignal(signal.SIGTERM)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run())
    except asyncio.CancelledError:
        return STOPPED
    finally:
        # Without this the closed loop would keep receiving the signal. None is a handler that Python did not set.
        signal.signal(signal.SIGTERM, former or signal.SIG_DFL)


def _help(command: Callable[..., Any], arguments: inspect.BoundArguments, terminal: Terminal) -> int:
    """Shows a help page: the requested one, or that of a group when the command line names no command of it."""
    if "tokens" in arguments.arguments:
        complete_help(arguments.arguments["tokens"])
    console = arguments.arguments["console"] = terminal.console()
    # The library would end the process when the reader of the page has gone.
    with console.capture() as page:
        command(*arguments.args, **arguments.kwargs)
    terminal.output.write(page.get())
    return DONE


def _report_error(error: Exception, terminal: Terminal, switches: Switches) -> int:
    if switches.debug or terminal.environment.get("LOOPLY_DEBUG"):
        traceback.print_exception(error, file=terminal.errors)
    try:
        terminal.fail(error)
        terminal.flush()
    except BrokenPipeError:
        terminal.abandon()
        return READER_GONE
    return status_of(error)
