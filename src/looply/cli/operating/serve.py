"""`looply serve`: the server; also flags, exit statuses and the ready file, which `looply worker` shares."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

from cyclopts import Parameter, validators

from looply import __version__
from looply.cli.terminal.documents import remove_file, write_document
from looply.cli.terminal.failures import SERVE_STATUSES, ServeFailed, UsageError, text_of
from looply.cli.terminal.options import settings_of
from looply.cli.terminal.terminal import Here, Terminal
from looply.errors import LooplyError, SettingsError, StoreLost

if TYPE_CHECKING:
    from looply.settings import Settings

_PORT: Final = validators.Number(gte=0, lte=65_535)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Flags:
    """The settings that have a flag of their own, and all others by `--set`."""

    engine: Annotated[
        Literal["embedded", "postgres", "distributed"] | None,
        Parameter(help="Engine of the executions (LOOPLY_ENGINE; else embedded)."),
    ] = None
    data: Annotated[Path | None, Parameter(help="Data folder (LOOPLY_DATA).")] = None
    host: Annotated[str | None, Parameter(help="Address to listen on (LOOPLY_HOST; else 127.0.0.1).")] = None
    port: Annotated[
        int | None, Parameter(help="Port; 0 picks a free one (LOOPLY_PORT; else 8080).", validator=_PORT)
    ] = None
    public_url: Annotated[str | None, Parameter(help="Base URL of links in cards (LOOPLY_PUBLIC_URL).")] = None
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None,
        Parameter(help="Lowest level that is logged (LOOPLY_LOG_LEVEL)."),
    ] = None
    set: Annotated[list[str] | None, Parameter(help="Any setting as NAME=VALUE; may be repeated.", negative="")] = None

    def values(self) -> dict[str, Any]:
        """Returns the settings by name, None where none is given. Raises: UsageError."""
        named = ("engine", "data", "host", "port", "public_url", "log_level")
        return {**{name: getattr(self, name) for name in named}, **pairs(self.set)}


_NONE: Final = Flags()


def pairs(texts: list[str] | None) -> dict[str, str]:
    """Returns settings that were given as NAME=VALUE. Raises: UsageError."""
    found = {}
    for text in texts or []:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise UsageError(f"--set takes NAME=VALUE, not {name!r}")
        found[name.strip()] = value
    return found


async def serve(
    *,
    flags: Flags = _NONE,
    ready_file: Annotated[
        Path | None, Parameter(help="File to write the address to once the server accepts calls.")
    ] = None,
    settings: Annotated[Path | None, Parameter(help="Settings file; else looply.toml if it exists.")] = None,
    terminal: Here,
) -> None:
    """Start the server; it logs its address when it listens.

    On SIGTERM or Ctrl-C the server finishes calls in flight and ends with 0; on a second one it ends at once. Other
    exit statuses: 65 the store is corrupt, 74 the disk failed, 75 the data folder is in use, 78 a newer release wrote
    the store, or its master key is missing or wrong.
    """
    loaded = settings_of(terminal, flags.values(), settings)
    if loaded.engine == "embedded" and loaded.database is not None:
        message = "a database is given, but the engine is 'embedded', which has none"
        raise SettingsError(f"{message}: set engine to 'postgres' or 'distributed', or leave the database out")
    where = {"data": str(loaded.data)} if loaded.engine == "embedded" else {"engine": loaded.engine}

    async def run(ready: Ready) -> None:
        from looply import bootstrap  # noqa: PLC0415 - slow import: only what opens a store needs all layers
        from looply.cli.offline.store import check_store  # noqa: PLC0415 - slow import: only work on the store needs it

        check_store(loaded)
        await bootstrap.serve(loaded, lambda address: ready("listening", address, {"address": address, **where}))

    await run_until_stopped(terminal, loaded, ready_file, run)


Ready: TypeAlias = Callable[[str, str, Mapping[str, str]], None]
"""Called once when the process is ready: the log event, the text of the ready file, and the fields of the event."""


async def run_until_stopped(
    terminal: Terminal,
    settings: "Settings",
    ready_file: Path | None,
    run: Callable[[Ready], Awaitable[None]],
) -> None:
    """Runs a server or a worker to its end, with its log and its ready file.

    A SIGTERM during the start is a clean end too. Raises: ServeFailed, LooplyError.
    """
    import asyncio  # noqa: PLC0415 - slow import: help pages need no event loop

    import structlog  # noqa: PLC0415 - slow import: only what runs long needs the log

    from looply.log import configure_log  # noqa: PLC0415 - slow import: only what runs long needs the log

    configure_log(settings.log_level, terminal.clock, terminal.errors)
    log = structlog.get_logger("looply.serve")

    def ready(event: str, text: str, facts: Mapping[str, str]) -> None:
        log.info(event, **facts, version=__version__)
        if ready_file is not None:
            write_document(f"{text}\n", ready_file)

    if ready_file is not None:
        # The ready file of an earlier process would report that this one is ready.
        remove_file(ready_file)
    try:
        await run(ready)
    except asyncio.CancelledError:
        # The signal came before the process had handlers of its own; its supervisor must not take that for a failure.
        pass
    except LooplyError as error:
        if type(error) in SERVE_STATUSES:
            raise ServeFailed(error) from error
        raise
    except OSError as error:
        raise ServeFailed(StoreLost(text_of(error))) from error
    log.info("stopped")
