"""Executions as readers see them: one with its logs, pages of them, and a rerun with the same input."""

from collections.abc import Sequence

import msgspec

from looply.app.addressing import get_owned
from looply.app.services import Services
from looply.catalog.keys import Principal
from looply.engine.port import Execution, Filter, Listed, Page, Start, Started
from looply.execution.events import Event
from looply.jsontext import encode_json, fingerprint


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One execution with the events of one page of its history. `is_truncated`: more events follow."""

    execution: Execution
    events: Sequence[tuple[int, Event]]
    is_truncated: bool


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of a list, with the name of its workflow."""

    listed: Listed
    workflow_name: str


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """One page of executions, newest first; the fields are those of `Page`."""

    items: Sequence[Row]
    after: str
    truncated: bool = False


async def get(
    services: Services, principal: Principal, workflow_id: str, execution_id: str, *, after: int = 0
) -> Record:
    """Returns an execution of the workflow with its events over number `after`.

    Raises: NotFound, also when the execution is one of another workflow; StoreCorrupt.
    """
    execution = await get_owned(services, principal.organization_id, execution_id, workflow_id=workflow_id.lower())
    limit = services.limits.read_events
    found = await services.engine.history(execution.head.execution_id, after, limit + 1)
    # It may have moved on between the two reads: what is told is one instant.
    events = [(seq, event) for seq, event in found if seq <= execution.head.seq]
    return Record(execution=execution, events=events[:limit], is_truncated=len(events) > limit)


async def list_page(services: Services, principal: Principal, *, workflow_id: str, after: str, limit: int) -> Rows:
    """Returns executions of one workflow, or of all for an empty id.

    Raises: NotFound (code `WORKFLOW_NOT_FOUND`) for a workflow that does not exist and has no executions.
    """
    organization_id = principal.organization_id
    page = await services.engine.list(organization_id, Filter(workflow_id=workflow_id), after, limit)
    if workflow_id and not after and not page.items:
        await services.catalog.workflows.newest(organization_id, workflow_id)
    return await named_rows(services, organization_id, page)


async def rerun(services: Services, principal: Principal, execution_id: str) -> Started:
    """Starts a new execution of what an execution ran on, with its input, profile values and process id.

    Raises: NotFound; Conflict (code `PROCESS_ID_IN_USE`) while the process id is in use.
    """
    execution = await get_owned(services, principal.organization_id, execution_id)
    started = execution.state.started
    return await services.engine.start(
        Start(
            organization_id=started.organization_id,
            workspace_id=started.workspace_id,
            workflow_id=started.workflow_id,
            workflow_version=execution.state.workflow_version,
            workflow=execution.workflow,
            trigger_type="REQUEST",
            body=started.body,
            body_size=len(encode_json(started.body)),
            # Unlike the request of any trigger, so that an execution with the process id is never taken for this one.
            request=fingerprint("rerun", started.execution_id),
            process_id=started.process_id,
            profile=started.profile,
            environment=started.environment,
            by=principal.by,
            via="API",
        )
    )


async def named_rows(services: Services, organization_id: str, page: Page) -> Rows:
    """Returns the page with the names of its workflows."""
    names = [await _name(services, organization_id, item) for item in page.items]
    rows = [Row(listed=item, workflow_name=name) for item, name in zip(page.items, names, strict=True)]
    return Rows(items=rows, after=page.after, truncated=page.truncated)


async def _name(services: Services, organization_id: str, item: Listed) -> str:
    head = item.head
    name = await services.library.name(organization_id, head.workflow_id, head.workflow_version)
    return name or (await services.engine.get(head.execution_id)).workflow.name
