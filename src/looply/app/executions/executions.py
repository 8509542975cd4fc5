"""Executions: read one with its events, list pages, and rerun one with the same input."""

from collections.abc import Sequence

import msgspec

from looply.app.context.addressing import get_owned, validate_process_id
from looply.app.context.audit import record
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.engine.ports.lists import Execution, Filter, ListedExecution, Page
from looply.engine.ports.port import Start
from looply.execution.answering.starting import Started
from looply.execution.facts.events import Event
from looply.jsontext import encode_json, fingerprint


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One execution with the events of one page of its history. `is_truncated`: more events follow."""

    execution: Execution
    events: Sequence[tuple[int, Event]]
    is_truncated: bool


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of a list, with the name of its workflow."""

    listed: ListedExecution
    workflow_name: str


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """One page of executions, newest first; the fields are those of `Page`."""

    items: Sequence[Row]
    after: str
    truncated: bool = False


class RerunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The execution to run again, and the changes. `version` counts only with `has_version`; None: newest ACTIVE."""

    execution_id: str
    has_version: bool = False
    version: int | None = None
    profile: str = ""
    process_id: str | None = None


async def get(
    services: Services, principal: Principal, workflow_id: str, execution_id: str, *, after: int = 0
) -> Record:
    """Returns an execution of the workflow with its events above number `after`.

    Raises: NotFound, also when the execution is one of another workflow; StoreCorrupt.
    """
    execution = await get_owned(services, principal.organization_id, execution_id, workflow_id=workflow_id.lower())
    head = execution.head
    history = await services.engine.executions.history(head.execution_id, after, services.limits.read_events)
    # The execution may have progressed between the two reads: the answer is a consistent snapshot.
    events = [(seq, event) for seq, event in history if seq <= head.seq]
    return Record(execution=execution, events=events, is_truncated=bool(events) and events[-1][0] < head.seq)


async def list_page(services: Services, principal: Principal, *, workflow_id: str, after: str, limit: int) -> Rows:
    """Returns executions of one workflow, or of all for an empty id.

    Raises: NotFound (code `WORKFLOW_NOT_FOUND`) for a workflow that does not exist and has no executions.
    """
    organization_id = principal.organization_id
    criteria = Filter(workflow_ids=(workflow_id,) if workflow_id else ())
    page = await services.engine.executions.list(organization_id, criteria, after, limit)
    if workflow_id and not after and not page.items:
        await services.catalog.workflows.latest_version(organization_id, workflow_id)
    return await add_workflow_names(services, organization_id, page)


async def rerun(services: Services, principal: Principal, request: RerunRequest) -> Started:
    """Starts a new execution with the input of another one; the history of the new one names the other.

    It runs the same version with the same profile values and process id, unless the request changes them.
    Raises: BadRequest; NotFound; Conflict (code `PROCESS_ID_IN_USE`) while the process id is in use.
    """
    execution = await get_owned(services, principal.organization_id, request.execution_id)
    started = execution.state.started
    process_id = started.process_id if request.process_id is None else validate_process_id(request.process_id)
    version, workflow = execution.state.workflow_version, execution.workflow
    if request.has_version:
        target = await services.library.resolve(started.organization_id, started.workflow_id, request.version)
        version, workflow = target.workflow_version, target.workflow
    name, values = started.profile, started.environment
    if request.profile:
        profile = await services.library.profile(started.organization_id, started.workflow_id, request.profile)
        name, values = (profile.name, profile.values) if profile is not None else ("", None)
    new = await services.engine.start(
        Start(
            organization_id=started.organization_id,
            workspace_id=started.workspace_id,
            workflow_id=started.workflow_id,
            workflow_version=version,
            workflow=workflow,
            trigger_type="REQUEST",
            body=started.body,
            body_size=len(encode_json(started.body)),
            # No trigger has this request, so a trigger with the process id never matches this execution.
            fingerprint=fingerprint("rerun", started.execution_id),
            process_id=process_id,
            profile=name,
            environment=values,
            by=principal.by,
            via="API",
            rerun_of=started.execution_id,
        )
    )
    await record(services, principal, "execution.rerun", started.execution_id, new_execution=new.execution_id)
    return new


async def add_workflow_names(services: Services, organization_id: str, page: Page) -> Rows:
    """Returns the page with the names of the workflows."""
    names = [await _name(services, organization_id, item) for item in page.items]
    rows = [Row(listed=item, workflow_name=name) for item, name in zip(page.items, names, strict=True)]
    return Rows(items=rows, after=page.after, truncated=page.truncated)


async def _name(services: Services, organization_id: str, item: ListedExecution) -> str:
    head = item.head
    name = await services.library.name(organization_id, head.workflow_id, head.workflow_version)
    return name or (await services.engine.executions.get(head.execution_id)).workflow.name
