"""`looply workflow` and `looply schedule` on the data folder of a stopped server."""

from functools import partial
from typing import Any

from msgspec import to_builtins

from looply.app.authoring import fires, workflows
from looply.app.authoring.activate import activate
from looply.app.authoring.schedules import list_all
from looply.app.studio import definition_files
from looply.catalog.authored.workflows import WorkflowSummary
from looply.cli.offline.store import OpenStore, open_store
from looply.cli.terminal.importing import OVERWRITE_HINT, Imported, ImportOptions, paths_into_definition, unwrap_paths
from looply.cli.terminal.options import Target
from looply.cli.terminal.terminal import Terminal
from looply.instants import from_ms
from looply.jsontext import Json
from looply.server.http.rows import fire_row, schedule_row


async def list_versions(terminal: Terminal, target: Target, limit: int) -> list[dict[str, Any]]:
    """Returns versions of all workflows as the API lists them, newest created first."""
    found: list[dict[str, Any]] = []
    async with open_store(terminal, target) as store:
        async for row in store.versions():
            if len(found) >= limit:
                break
            found.append(row)
    return found


async def import_to_folder(terminal: Terminal, target: Target, definition: Json, options: ImportOptions) -> Imported:
    """Imports into a data folder. Raises: DefinitionError with paths into the definition, BadRequest, DraftOpen."""
    async with open_store(terminal, target) as store:
        with paths_into_definition():
            saved = await _save(store, definition, options)
            version: WorkflowSummary = saved.version
            if options.activate:
                version = await activate(store.services, store.principal, version.workflow_id, version.workflow_version)
    return Imported(
        workflow_id=version.workflow_id,
        workflow_version=version.workflow_version,
        workflow_status=version.status,
        warnings=unwrap_paths(saved.warnings),
        is_unchanged=saved.is_unchanged,
    )


async def _save(store: OpenStore, definition: Json, options: ImportOptions) -> workflows.SaveResult:
    modified_on = None if options.modified_on is None else from_ms(options.modified_on)
    workflow_id = await store.workflow_id(options.workflow_id) if options.workflow_id else ""
    save = partial(
        definition_files.import_definition, store.services, store.principal, definition, workflow_id=workflow_id
    )
    try:
        return await save(modified_on=modified_on)
    except workflows.DraftOpen as error:
        if not options.force:
            error.message = f"{error.message} ({OVERWRITE_HINT})"
            raise
        return await save(modified_on=from_ms(error.fields["modified_on"]))


async def list_schedules(terminal: Terminal, target: Target) -> list[dict[str, Any]]:
    """Returns the live schedules as the API lists them."""
    async with open_store(terminal, target) as store:
        missed = await fires.find_missed_fires(store.services, store.principal)
        schedules = await list_all(store.services, store.principal)
        return [to_builtins(schedule_row(live, missed.get(live.schedule.workflow_id))) for live in schedules]


async def list_fires(terminal: Terminal, target: Target, workflow_id: str, limit: int) -> list[dict[str, Any]]:
    """Returns the outcomes of the instants of a schedule, as the API lists them. Raises: BadRequest, NotFound."""
    async with open_store(terminal, target) as store:
        workflow_id = await store.workflow_id(workflow_id)
        rows = await fires.list_fires(store.services, store.principal, workflow_id, None, limit)
        return [to_builtins(fire_row(row)) for row in rows]


async def preview_workflow(
    terminal: Terminal, target: Target, workflow_id: str, version: int | None, view: fires.View
) -> fires.Preview:
    """Returns the next fires of a workflow. Raises: BadRequest, NotFound, Conflict."""
    async with open_store(terminal, target) as store:
        workflow_id = await store.workflow_id(workflow_id)
        return await fires.preview_workflow(store.services, store.principal, workflow_id, version, view)
