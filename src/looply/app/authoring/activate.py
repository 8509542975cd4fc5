"""Activation: a draft becomes the version that `latest` means."""

from looply.app.authoring.definitions import check_definition, definition_error
from looply.app.authoring.schedules import align_schedule
from looply.app.context.services import Services
from looply.catalog.authored.workflows import WorkflowVersion
from looply.catalog.tenants.principal import Principal


async def activate(
    services: Services, principal: Principal, workflow_id: str, version: int, note: str = ""
) -> WorkflowVersion:
    """Activates and locks a version, and returns it. Its schedule replaces the schedule of the former version.

    `note` says what is new in the version.

    The definition is stored with the executions first, so an ACTIVE version can always run. A second activation only
    repairs a schedule that a crash in between has left outdated.

    Raises: BadRequest, NotFound, DefinitionError with all findings, Conflict (code `STALE`) when the draft changes
    in the meantime, Overloaded.
    """
    organization_id = principal.organization_id
    draft = await services.catalog.workflows.get(organization_id, (workflow_id, version))
    # The check may be queued, so it runs before the lock: changes of schedules do not wait for it.
    if draft.status == "DRAFT":
        await _check(services, draft)
    workflow = await services.library.compile(organization_id, draft)
    await services.engine.put_definition(workflow, draft.workflow_id, draft.workflow_version)
    async with services.schedule_lock:
        row = await services.catalog.workflows.activate(
            organization_id,
            (workflow_id, version),
            definition_hash=draft.definition_hash,
            note=note,
            actor=principal.actor,
        )
        await align_schedule(services, organization_id, row.workflow_id)
        return row


async def _check(services: Services, draft: WorkflowVersion) -> None:
    """Raises: DefinitionError with all errors of a draft, including those of an incomplete one and missing names."""
    findings = await check_definition(
        services,
        draft.organization_id,
        draft.definition,
        draft.mock_schema,
        own_id=draft.workflow_id,
        needs_names=True,
    )
    if findings.errors:
        raise definition_error(findings)
