"""`looply db prune`: removes ended executions past their retention."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from msgspec.structs import replace

from looply.cli.display.pages import Page
from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.progress import show_progress
from looply.cli.terminal.questions import Yes, confirm
from looply.cli.terminal.tables import record
from looply.cli.terminal.terminal import Here, Terminal
from looply.errors import Conflict, DefinitionError

if TYPE_CHECKING:
    from looply.engine.records.pruning import RetentionFilter, Slice
    from looply.settings import Settings

_YEAR_DAYS = 366
_MONTH_DAYS = 31


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class PruneOptions:
    """What is removed, and whether it is asked before."""

    older_than: Annotated[
        str | None,
        Parameter(
            help="All that ended longer ago than this, such as P30D, whatever the retention of its workflow; years"
            " count 366 days, months 31. Without it all that is past its retention."
        ),
    ] = None
    workflow: Annotated[str | None, Parameter(help="Only executions of this workflow, by id or name.")] = None
    dry_run: Annotated[bool, Parameter(help="Only count; nothing is removed.", negative="")] = False
    yes: Yes = False


_DEFAULTS = PruneOptions()


async def prune(
    *,
    data: Annotated[
        Path | None, Parameter(help="Data folder of a stopped server; a running server prunes by itself.")
    ] = None,
    offline: Annotated[
        bool, Parameter(help="Work on the store of the settings, a folder or a database.", negative="")
    ] = False,
    options: PruneOptions = _DEFAULTS,
    terminal: Here,
) -> None:
    """Remove ended executions past their retention, of all organizations, and return their space to the disk.

    Open executions, those with an open incident, and those that an open one may still read are never removed. Removal
    is final: only a backup has the data then. An interrupted run has removed whole executions only; the same command
    continues.
    """

    if offline == (data is not None):
        raise UsageError("give --data for the folder of a stopped server, or --offline for the store of the settings")
    from looply.cli.offline.store import existing_settings, find_workflow_of_any, open_services  # noqa: PLC0415 - slow import: only work on the store needs it
    from looply.engine.upkeep.pruner import prune_now  # noqa: PLC0415 - slow import: only work on the store needs it

    settings = existing_settings(terminal, data)
    if settings.engine == "embedded":
        from looply.engine.sqlite.file.moved import check_not_moved  # noqa: PLC0415 - slow import: only work on the store needs it

        check_not_moved(settings.data)
    filters = _retention_filters(terminal, settings, options.older_than)
    before = _disk_bytes(settings)
    async with open_services(terminal, settings) as services:
        if options.workflow is not None:
            workflow_id = await find_workflow_of_any(services, options.workflow)
            filters = tuple(replace(each, workflow_id=workflow_id) for each in filters)
        prune_store = partial(
            prune_now,
            services.engine.pruning,
            filters,
            decided_before=_decided_before(terminal, settings),
        )
        if not options.dry_run:
            await _confirm(terminal, prune_store, yes=options.yes)
        what = "counting" if options.dry_run else "removing executions"
        with show_progress(terminal, what) as progress:
            pruned = await prune_store(
                is_dry=options.dry_run, report=lambda done: progress(what, done.executions, None)
            )
    if pruned.is_elsewhere:
        raise Conflict("another process is pruning this store now, and does the same work", code="PRUNING")
    document = _document(pruned, is_dry=options.dry_run)
    if before is not None and not options.dry_run:
        document["freed_bytes"] = before - (_disk_bytes(settings) or 0)
    terminal.show(document, lambda: _prune_result(document))


async def _confirm(terminal: Terminal, prune_store: "Callable[..., Awaitable[Slice]]", *, yes: bool) -> None:
    """Asks with the number of executions, which a dry run counts. Raises: as `confirm`."""
    what = "Remove the executions for good"
    if not yes and terminal.is_interactive:
        found = await prune_store(is_dry=True)
        what = f"Remove {found.executions} executions and {found.decisions} recorded decisions for good"
    confirm(terminal, what, yes=yes)


def _retention_filters(
    terminal: Terminal, settings: "Settings", older_than: str | None
) -> tuple["RetentionFilter", ...]:
    """Returns the filters of executions to remove, of all workflows. Raises: UsageError for an invalid duration."""
    from looply.engine.records.pruning import RetentionFilter, plan  # noqa: PLC0415 - slow import: only work on the store needs it

    now = terminal.clock.now()
    if older_than is not None:
        cutoff = _cutoff(now, older_than)
        return (RetentionFilter(now=now, ended_before=cutoff, overrides=True),)
    return tuple(plan(now, settings.retention))


def _decided_before(terminal: Terminal, settings: "Settings") -> datetime | None:
    kept = settings.decision_retention
    return terminal.clock.now() - kept if kept is not None else None


def _cutoff(now: datetime, older_than: str) -> datetime:
    from looply.definition import parse_duration  # noqa: PLC0415 - slow import: only what reads definitions needs their language

    try:
        span = parse_duration(older_than)
        days = span.years * _YEAR_DAYS + span.months * _MONTH_DAYS + span.days
        return now - timedelta(days=days, seconds=float(span.seconds))
    except (DefinitionError, OverflowError) as error:
        message = f"--older-than is {older_than!r}, expected an ISO 8601 duration such as P30D or PT12H"
        raise UsageError(message) from error


def _disk_bytes(settings: "Settings") -> int | None:
    """Returns the size of the file of executions, None for a database."""
    from looply.engine.sqlite.file.opening import FILE_NAME  # noqa: PLC0415 - slow import: only work on the store needs it

    return (settings.data / FILE_NAME).stat().st_size if settings.engine == "embedded" else None


def _document(pruned: "Slice", *, is_dry: bool) -> dict[str, Any]:
    counts = {"executions": pruned.executions, "bytes": pruned.size, "held": pruned.held, "keys": pruned.keys}
    return {**counts, "decisions": pruned.decisions, "dry_run": is_dry}


def _prune_result(document: dict[str, Any]) -> Page:
    verb = "would go" if document["dry_run"] else "gone"
    shown = {
        f"executions {verb}": document["executions"],
        "bytes of histories and large values": document["bytes"],
        "kept, still needed by others": document["held"],
        f"idempotency keys {verb}": document["keys"],
        f"recorded decisions {verb}": document["decisions"],
    }
    if "freed_bytes" in document:
        shown["bytes freed on the disk"] = document["freed_bytes"]
    return record(shown)
