"""`looply worker`: carries out effects for the servers of a distributed installation."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from looply.cli.operating.serve import Ready, pairs, run_until_stopped
from looply.cli.terminal.options import settings_of
from looply.cli.terminal.terminal import Here
from looply.errors import SettingsError


async def worker(
    *,
    connector: Annotated[
        list[str] | None,
        Parameter(help="Connector to serve; may be repeated (LOOPLY_WORKER_CONNECTORS; else all).", negative=""),
    ] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None,
        Parameter(help="Lowest level that is logged (LOOPLY_LOG_LEVEL)."),
    ] = None,
    set: Annotated[list[str] | None, Parameter(help="Any setting as NAME=VALUE; may be repeated.", negative="")] = None,  # noqa: A002 - the name of the flag
    ready_file: Annotated[Path | None, Parameter(help="File to write once the worker accepts effects.")] = None,
    settings: Annotated[Path | None, Parameter(help="Settings file; else looply.toml if it exists.")] = None,
    terminal: Here,
) -> None:
    """Carry out the effects of a distributed installation; any number of workers may run.

    It logs one line when it accepts effects. On SIGTERM or Ctrl-C it finishes running calls and ends with 0; on a
    second one it ends at once. Other exit statuses as of `serve`.
    """
    flags = {"log_level": log_level, "worker_connectors": tuple(connector) if connector else None, **pairs(set)}
    loaded = settings_of(terminal, flags, settings)
    if loaded.engine != "distributed":
        message = f"a worker needs the engine 'distributed', but the settings say {loaded.engine!r}"
        raise SettingsError(f"{message}: with the other engines the server carries out effects itself")

    async def run(ready: Ready) -> None:
        from looply.bootstrap import work  # noqa: PLC0415 - slow import: only what opens a store needs all layers

        await work(loaded, lambda connectors: ready("working", connectors, {"connectors": connectors}))

    await run_until_stopped(terminal, loaded, ready_file, run)
