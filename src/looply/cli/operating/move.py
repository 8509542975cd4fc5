"""`looply db move`: moves a data folder into a PostgreSQL database."""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from looply.cli.display.pages import Page
from looply.cli.terminal.failures import DONE, REFUSED, UsageError
from looply.cli.terminal.options import Data, settings_of
from looply.cli.terminal.progress import show_progress
from looply.cli.terminal.tables import record, table
from looply.cli.terminal.terminal import Here, Terminal
from looply.clock import Clock
from looply.errors import Refused, SettingsError

if TYPE_CHECKING:
    from looply.catalog.tenants.data_keys import DataKeys
    from looply.cli.offline.moving import MoveResult
    from looply.settings import Settings


async def move(
    *,
    data: Data = None,
    to: Annotated[
        str | None,
        Parameter(help="PostgreSQL database: a URL or a libpq connection string (LOOPLY_DATABASE)."),
    ] = None,
    dry_run: Annotated[
        bool, Parameter(help="Read and verify the folder, check the database, write nothing.", negative="")
    ] = False,
    without_audit: Annotated[
        bool,
        Parameter(
            help="Do not fold every history before and after; chains and checksums are still verified.", negative=""
        ),
    ] = False,
    terminal: Here,
) -> int:
    """Move a stopped installation to an empty PostgreSQL database; its executions continue there.

    The folder stays as it was, but no server starts on it any more. An interrupted move leaves a database that no
    server starts on; the same command starts over. A password in --to is visible in the process list; in
    LOOPLY_DATABASE it is not. Exit status 1 when the folder has problems and nothing was moved.
    """
    settings = settings_of(terminal, {"engine": "embedded", "data": data, "database": to})
    if settings.database is None:
        raise UsageError("name the PostgreSQL database by --to, or set LOOPLY_DATABASE")
    _check_folder(settings)
    moved = await _move(terminal, settings, is_rehearsed=dry_run, audits=not without_audit)
    document = {"data": str(settings.data), **_document(moved), "dry_run": dry_run}
    terminal.show(document, lambda: _move_result(document))
    if moved.is_moved:
        _note_next_steps(terminal, settings)
    return REFUSED if moved.problems else DONE


async def _move(terminal: Terminal, settings: "Settings", *, is_rehearsed: bool, audits: bool) -> "MoveResult":
    try:
        from looply.cli.offline import moving  # noqa: PLC0415 - optional import: only installations on PostgreSQL have psycopg
    except ModuleNotFoundError as error:
        if error.name != "psycopg":
            raise
        raise SettingsError("the package psycopg is not installed; install looply[distributed] to move") from error

    assert settings.database is not None
    from looply.log import configure_log  # noqa: PLC0415 - slow import: only what runs long needs the log

    configure_log("warning", terminal.clock, terminal.errors)
    with show_progress(terminal, "reading") as progress:
        request = moving.Move(
            data=settings.data,
            address=settings.database.reveal(),
            sealer=_keys(settings, terminal.clock),
            clock=terminal.clock,
            progress=progress,
            audits=audits,
        )
        return await (moving.rehearse(request) if is_rehearsed else moving.carry_out(request))


def _check_folder(settings: "Settings") -> None:
    from looply.cli.offline.store import check_store  # noqa: PLC0415 - slow import: only work on the store needs it

    check_store(settings)


def _keys(settings: "Settings", clock: Clock) -> "DataKeys":
    """Returns the keys of the folder's secrets. Raises: Refused (code `KEY_MISSING`), so that no new key is created."""
    from looply.bootstrap import KEY_FILE, master_keys_of  # noqa: PLC0415 - slow import: only what opens a store needs all layers
    from looply.catalog.tenants.data_keys import DataKeys  # noqa: PLC0415 - slow import: only work on the store needs it

    path = settings.data / KEY_FILE
    if settings.encryption_key is None and not path.is_file():
        message = f"{path} is missing, the key of the stored secrets; put it back, or set LOOPLY_ENCRYPTION_KEY"
        raise Refused(message, code="KEY_MISSING")
    return DataKeys(master_keys_of(settings), clock)


def _document(moved: "MoveResult") -> dict[str, Any]:
    audit = moved.audit
    return {
        "to": moved.to,
        "moved": moved.is_moved,
        "tables": [{"table": name, "rows": each.rows, "digest": each.digest} for name, each in moved.sums.items()],
        "audit": None
        if audit is None
        else {"executions": audit.executions, "open": audit.open, "orphans": audit.orphans},
        "problems": moved.problems,
    }


def _move_result(document: dict[str, Any]) -> Page:
    rows = [tuple(each.values()) for each in document["tables"]]
    problems = document["problems"]
    facts = {
        "from": document["data"],
        "to": document["to"],
        "moved": "yes" if document["moved"] else "no, as asked" if document["dry_run"] and not problems else "no",
        **(document["audit"] or {"audit": "left out"}),
        "problems": len(problems) or "none",
    }
    parts: list[Page] = [table(("table", "rows", "sum of the rows"), rows)] if rows else []
    parts.append(record(facts))
    if problems:
        parts.append(table(("problem",), [(problem,) for problem in problems]))
    return parts


def _note_next_steps(terminal: Terminal, settings: "Settings") -> None:
    """Notes what the new installation needs, and how the move is undone."""
    from looply.engine.sqlite.file.moved import LABEL_NAME  # noqa: PLC0415 - slow import: only work on the store needs it

    where = "the one that LOOPLY_ENCRYPTION_KEY has here"
    if settings.encryption_key is None:
        from looply.bootstrap import KEY_FILE  # noqa: PLC0415 - slow import: only what opens a store needs all layers

        where = f"the content of {settings.data / KEY_FILE}"
    terminal.note(f"Servers on the database need the key of the stored secrets in LOOPLY_ENCRYPTION_KEY: {where}.")
    terminal.note(
        f"{settings.data} is left as it was, and no server starts on it any more. To undo: make sure that no server"
        f" ever works on the database, and remove {settings.data / LABEL_NAME}."
    )
