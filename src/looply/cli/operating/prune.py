"""`looply db prune`: ended executions past their time go."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.tables import record
from looply.cli.terminal.terminal import Here, Terminal
from looply.errors import Conflict, DefinitionError

if TYPE_CHECKING:  # start-up cost of the engine
    from rich.console import RenderableType

    from looply.engine.records.pruning import RetentionFilter, Slice
    from looply.settings import Settings

_YEAR_DAYS = 366
_MONTH_DAYS = 31


async def prune(
    *,
    data: Annotated[
        Path | None, Parameter(help="Data folder of a server that does not run; a server prunes by itself.")
    ] = None,
    offline: Annotated[
        bool, Parameter(help="Work on the store that the settings name, a folder or a database.", negative="")
    ] = False,
    older_than: Annotated[
        str | None,
        Parameter(
            help="All that ended longer ago than this, such as P30D, whatever its workflow says; years count 366 days,"
            " months 31. Without it what is kept no longer goes."
        ),
    ] = None,
    workflow: Annotated[str | None, Parameter(help="Executions of the workflow with this id only.")] = None,
    dry_run: Annotated[bool, Parameter(help="Count what would go, and remove nothing.", negative="")] = False,
    terminal: Here,
) -> None:
    """Remove ended executions that are past their time, of all organizations, and give their space back to the disk.

    Open executions, those with an open incident, and those that something open may still ask for never go. What goes
    is gone for ever: a backup has it. Stopped midway it has removed a part, whole executions only; the same command
    goes on.
    """
    from looply.cli.offline.store import open_services, stored_settings  # noqa: PLC0415 - start-up cost of the stores
    from looply.engine.sqlite.file.moved import check_not_moved  # noqa: PLC0415
    from looply.engine.upkeep.pruner import prune_now  # noqa: PLC0415

    if offline == (data is not None):
        raise UsageError("give --data for the folder of a server that does not run, or --offline for the settings' one")
    settings = stored_settings(terminal, data)
    if settings.engine == "embedded":
        check_not_moved(settings.data)
    wanted = _wanted(terminal, settings, older_than, workflow or "")
    before = _disk_bytes(settings)
    async with open_services(terminal, settings) as services:
        told = await prune_now(
            services.engine.pruning, wanted, decided_before=_decided_before(terminal, settings), is_dry=dry_run
        )
    if told.is_elsewhere:
        raise Conflict("another process prunes this store at the moment; it does what is to be done", code="PRUNING")
    document = _document(told, is_dry=dry_run)
    if before is not None and not dry_run:
        document["freed_bytes"] = before - (_disk_bytes(settings) or 0)
    terminal.show(document, lambda: _shown(document))


def _wanted(
    terminal: Terminal, settings: "Settings", older_than: str | None, workflow: str
) -> tuple["RetentionFilter", ...]:
    """Returns what is spent. Raises: UsageError for a span or an id that is none."""
    from msgspec.structs import replace  # noqa: PLC0415 - start-up cost of the engine

    from looply.engine.coding.rows import find_id, id_text  # noqa: PLC0415
    from looply.engine.records.pruning import RetentionFilter, plan  # noqa: PLC0415

    workflow_key = find_id(workflow) if workflow else b""
    if workflow_key is None:
        raise UsageError(f"--workflow is {workflow!r}, expected the id of a workflow")
    workflow_id = id_text(workflow_key) if workflow_key else ""
    now = terminal.clock.now()
    if older_than is not None:
        return (
            RetentionFilter(now=now, ended_before=_before(now, older_than), overrides=True, workflow_id=workflow_id),
        )
    return tuple(replace(spent, workflow_id=workflow_id) for spent in plan(now, settings.retention))


def _decided_before(terminal: Terminal, settings: "Settings") -> datetime | None:
    kept = settings.decision_retention
    return terminal.clock.now() - kept if kept is not None else None


def _before(now: datetime, older_than: str) -> datetime:
    from looply.definition import parse_duration  # noqa: PLC0415 - start-up cost of definitions

    try:
        span = parse_duration(older_than)
        days = span.years * _YEAR_DAYS + span.months * _MONTH_DAYS + span.days
        return now - timedelta(days=days, seconds=float(span.seconds))
    except (DefinitionError, OverflowError) as error:
        message = f"--older-than is {older_than!r}, expected an ISO 8601 duration such as P30D or PT12H"
        raise UsageError(message) from error


def _disk_bytes(settings: "Settings") -> int | None:
    """Returns how large the file of executions is, None for a database."""
    from looply.engine.sqlite.file.opening import FILE_NAME  # noqa: PLC0415 - start-up cost of the stores

    return (settings.data / FILE_NAME).stat().st_size if settings.engine == "embedded" else None


def _document(told: "Slice", *, is_dry: bool) -> dict[str, Any]:
    counts = {"executions": told.executions, "bytes": told.size, "held": told.held, "keys": told.keys}
    return {**counts, "decisions": told.decisions, "dry_run": is_dry}


def _shown(document: dict[str, Any]) -> "RenderableType":
    would = "would go" if document["dry_run"] else "gone"
    shown = {
        f"executions {would}": document["executions"],
        "bytes of histories and large values": document["bytes"],
        "kept, since something asks for them": document["held"],
        f"idempotency keys {would}": document["keys"],
        f"recorded decisions {would}": document["decisions"],
    }
    if "freed_bytes" in document:
        shown["bytes back on the disk"] = document["freed_bytes"]
    return record(shown)
