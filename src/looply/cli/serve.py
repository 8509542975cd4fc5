"""`looply serve`: the server."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from cyclopts import Parameter, validators

from looply.cli.documents import remove_file, write_document
from looply.cli.failures import SERVE_STATUSES, ServeFailed, UsageError, text_of
from looply.cli.options import settings_of
from looply.cli.terminal import Here
from looply.errors import LooplyError, StoreLost

if TYPE_CHECKING:  # start-up cost of the table
    from looply.settings import Settings

_PORT: Final = validators.Number(gte=0, lte=65_535)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Flags:
    """The settings that have a flag of their own, and all others by `--set`."""

    data: Annotated[Path | None, Parameter(help="Data folder (LOOPLY_DATA).")] = None
    host: Annotated[str | None, Parameter(help="Address to listen on (LOOPLY_HOST; else 127.0.0.1).")] = None
    port: Annotated[
        int | None, Parameter(help="Port; 0 picks a free one (LOOPLY_PORT; else 8080).", validator=_PORT)
    ] = None
    public_url: Annotated[str | None, Parameter(help="Address for links in cards (LOOPLY_PUBLIC_URL).")] = None
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None, Parameter(help="Least that is logged (LOOPLY_LOG_LEVEL).")
    ] = None
    set: Annotated[list[str] | None, Parameter(help="Any setting as NAME=VALUE; may be repeated.", negative="")] = None

    def values(self) -> dict[str, Any]:
        """Returns the settings by name, None where none is given. Raises: UsageError."""
        pairs = [text.partition("=") for text in self.set or []]
        for name, sign, _ in pairs:
            if not sign or not name:
                raise UsageError(f"--set takes NAME=VALUE, not {name!r}")
        named = {name: getattr(self, name) for name in ("data", "host", "port", "public_url", "log_level")}
        return {**named, **{name.strip(): value for name, _, value in pairs}}


_NONE: Final = Flags()


async def serve(
    *,
    flags: Flags = _NONE,
    ready_file: Annotated[Path | None, Parameter(help="File that gets the address once the server answers.")] = None,
    settings: Annotated[Path | None, Parameter(help="Settings file; else looply.toml where it is there.")] = None,
    terminal: Here,
) -> None:
    """Start the server; it logs one line with its address when it listens.

    SIGTERM and Ctrl-C let what is in flight end, then the server ends with 0; again: at once. Other exit statuses: 65
    the store is corrupt, 74 the disk failed, 75 the data folder is in use, 78 a newer release wrote it.
    """
    loaded = settings_of(terminal, flags.values(), settings)
    if ready_file is not None:
        # One of an earlier server would name an address where nobody answers.
        remove_file(ready_file)
    try:
        await _serve(terminal, loaded, ready_file)
    except LooplyError as error:
        if type(error) in SERVE_STATUSES:
            raise ServeFailed(error) from error
        raise
    except OSError as error:
        raise ServeFailed(StoreLost(text_of(error))) from error


async def _serve(terminal: Here, settings: "Settings", ready_file: Path | None) -> None:
    # Start-up cost: the server and everything below it.
    import structlog  # noqa: PLC0415

    from looply import __version__  # noqa: PLC0415
    from looply.bootstrap import serve as run_server  # noqa: PLC0415
    from looply.cli.folder import check_store  # noqa: PLC0415
    from looply.log import configure_log  # noqa: PLC0415

    check_store(settings)
    configure_log(settings.log_level, terminal.clock, terminal.errors)
    log = structlog.get_logger("looply.serve")

    def listening(address: str) -> None:
        log.info("listening", address=address, data=str(settings.data), version=__version__)
        if ready_file is not None:
            write_document(f"{address}\n", ready_file)

    await run_server(settings, listening)
    log.info("stopped")
