"""Workflows and their versions: create, save, import, export, validate, delete and read them."""

from datetime import datetime
from typing import Any, NamedTuple

from looply.app.authoring.definitions import (
    IDENTITY,
    MAX_FINDINGS,
    check_definition,
    definition_error,
    strip_identity,
)
from looply.app.authoring.mock_payloads import mask_mock_payload
from looply.app.authoring.schedules import align_schedule
from looply.app.context.authors import name_author
from looply.app.context.services import Services
from looply.catalog.authored.versions import VersionChanged, VersionKey
from looply.catalog.authored.workflows import WorkflowDraft, WorkflowSummary, WorkflowVersion
from looply.catalog.storage.damage import definition_hash
from looply.catalog.storage.pages import Page
from looply.catalog.tenants.principal import Principal
from looply.definition import Findings, trigger_schema
from looply.definition.calls.operations import freeze_operations
from looply.errors import BadRequest, Conflict, NotFound, Problem
from looply.instants import to_ms
from looply.jsontext import Json

UNTITLED = "Untitled workflow"


class DraftOpen(Conflict):
    """The newest version is a draft that the caller has not confirmed to have read; nothing was stored.

    `fields` identify it: `workflow_version`, and its `modified_on` in milliseconds.
    """

    def __init__(self, draft: WorkflowVersion) -> None:
        modified_on = to_ms(draft.modified_on)
        finding = f"is missing: version {draft.workflow_version} is an open draft, changed last at {modified_on}"
        super().__init__(
            f"workflow {draft.workflow_id} version {draft.workflow_version} is an open draft and holds something else; "
            f"read it, then import with its modified_on, {modified_on}, to overwrite it",
            code="DRAFT_OPEN",
            problems=(Problem(path="/modified_on", message=finding),),
        )
        self.fields = {"workflow_version": draft.workflow_version, "modified_on": modified_on}


class SaveResult(NamedTuple):
    """A stored version and its warnings. `is_unchanged`: the same definition was stored before."""

    version: WorkflowVersion
    warnings: tuple[Problem, ...]
    is_unchanged: bool = False


async def create(services: Services, principal: Principal, definition: Json, *, incomplete: bool = False) -> SaveResult:
    """Creates a workflow and returns version 1, a DRAFT.

    Raises: DefinitionError with all findings; with `incomplete` the draft is stored together with its findings instead.
    """
    draft, findings = await _draft(services, principal.organization_id, definition, incomplete=incomplete)
    version = await services.catalog.workflows.create(
        principal.organization_id, principal.workspace_id, draft, actor=principal.actor
    )
    return SaveResult(version, findings.warnings)


async def update(
    services: Services,
    principal: Principal,
    key: VersionKey,
    definition: Json,
    *,
    modified_on: datetime,
    incomplete: bool = False,
) -> SaveResult:
    """Saves a definition and returns its DRAFT: the given version, or the next one if the given one is ACTIVE.

    Raises: DefinitionError as `create`; NotFound (code `VERSION_DELETED` for one that was deleted); VersionChanged when
    it was changed or activated after `modified_on`, which names the author.
    """
    organization_id = principal.organization_id
    former = await services.catalog.workflows.get_to_save(organization_id, key)
    draft, findings = await _draft(services, organization_id, definition, former, incomplete=incomplete)
    try:
        version = await services.catalog.workflows.save_draft(
            organization_id, key, draft, modified_on=modified_on, actor=principal.actor
        )
    except VersionChanged as error:
        await name_author(services, organization_id, error)
        raise
    return SaveResult(await mask_mock_payload(services, principal, version), findings.warnings)


async def import_definition(
    services: Services,
    principal: Principal,
    definition: Json,
    *,
    workflow_id: str = "",
    modified_on: datetime | None = None,
    incomplete: bool = False,
) -> SaveResult:
    """Stores an imported definition as the next draft of its workflow, or as a new workflow, and returns the version.

    The workflow id is `workflow_id`, else the one in the definition. A definition equal to the newest version is not
    stored again. `modified_on` is the value that the caller has read of the draft to replace.

    Raises: BadRequest, DefinitionError; DraftOpen when the newest version is a draft and `modified_on` is None;
    Conflict (code `STALE`) when it was changed after that.
    """
    organization_id = principal.organization_id
    named = workflow_id or (definition.get("workflow_id", "") if isinstance(definition, dict) else "")
    if not isinstance(named, str):
        raise BadRequest.at("/definition/workflow_id", "must be a string")
    newest = await _find_newest(services, organization_id, named) if named else None
    if newest is None:
        return await create(services, principal, definition, incomplete=incomplete)
    draft, findings = await _draft(services, organization_id, definition, newest, incomplete=incomplete)
    if definition_hash(draft.definition) == newest.definition_hash and draft.findings == newest.findings:
        return SaveResult(newest, findings.warnings, is_unchanged=True)
    if newest.status == "DRAFT" and modified_on is None:
        raise DraftOpen(newest)
    version = await services.catalog.workflows.save_draft(
        organization_id,
        (newest.workflow_id, newest.workflow_version),
        draft,
        modified_on=modified_on if newest.status == "DRAFT" else None,
        actor=principal.actor,
    )
    return SaveResult(await mask_mock_payload(services, principal, version), findings.warnings)


async def export_definition(
    services: Services, principal: Principal, workflow_id: str, version: int | None
) -> dict[str, Any]:
    """Returns a definition with the ids by which an import finds its workflow."""
    row = await get(services, principal, workflow_id, version)
    ids: dict[str, Any] = dict(zip(IDENTITY, (row.workflow_id, row.workflow_version), strict=True))
    return {**ids, **row.definition}


async def validate(services: Services, principal: Principal, definition: Json) -> Findings:
    """Returns the findings of a definition; nothing is stored."""
    organization_id = principal.organization_id
    if not isinstance(definition, dict):
        return await check_definition(services, organization_id, definition)
    own_id = definition.get("workflow_id")
    named = own_id if isinstance(own_id, str) else ""
    return await check_definition(services, organization_id, strip_identity(definition), own_id=named)


async def delete(services: Services, principal: Principal, workflow_id: str, version: int | None) -> None:
    """Deletes a version, or all; executions continue. The newest remaining ACTIVE version takes over the schedule.

    Raises: BadRequest, NotFound.
    """
    organization_id = principal.organization_id
    async with services.schedule_lock:
        await services.catalog.workflows.delete(organization_id, workflow_id, version, actor=principal.actor)
        await align_schedule(services, organization_id, workflow_id.lower())


async def get(services: Services, principal: Principal, workflow_id: str, version: int | None) -> WorkflowVersion:
    """Returns a version by its number, or the newest ACTIVE one for None."""
    if version is None:
        return await services.catalog.workflows.latest_active(principal.organization_id, workflow_id)
    return await services.catalog.workflows.get(principal.organization_id, (workflow_id, version))


async def list_page(
    services: Services, principal: Principal, limit: int, after: VersionKey | None
) -> Page[WorkflowSummary]:
    """Returns versions, newest created first, after the cursor `after` if it is given."""
    return await services.catalog.workflows.list_page(
        principal.organization_id, limit, after, only=principal.workflow_ids
    )


async def _find_newest(services: Services, organization_id: str, workflow_id: str) -> WorkflowVersion | None:
    try:
        number = await services.catalog.workflows.latest_version(organization_id, workflow_id)
        return await services.catalog.workflows.get(organization_id, (workflow_id, number))
    except NotFound:
        return None


def payload_schema(version: WorkflowVersion) -> Json:
    """Returns the schema that the author wrote, else the schema of the mock payload, else one that accepts anything."""
    written = trigger_schema(version.definition) or version.definition.get("workflow_schema")
    return written or version.mock_schema or {}


async def _draft(
    services: Services,
    organization_id: str,
    definition: Json,
    former: WorkflowVersion | None = None,
    *,
    incomplete: bool,
) -> tuple[WorkflowDraft, Findings]:
    stored = strip_identity(definition) if isinstance(definition, dict) else definition
    mock_schema, own_id = (former.mock_schema, former.workflow_id) if former is not None else (None, "")
    findings = await check_definition(services, organization_id, stored, mock_schema, own_id=own_id)
    if not isinstance(stored, dict) or (findings.errors and not incomplete):
        raise definition_error(findings)
    name = stored.get("workflow_name")
    if not isinstance(name, str) or not name.strip():
        name = UNTITLED
    frozen = freeze_operations(stored, services.registry.operations)
    draft = WorkflowDraft(name=name, definition=frozen, findings=findings.errors[:MAX_FINDINGS])
    return draft, findings
