"""Calls on workflows and their versions."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.authoring import mock_payloads, workflows
from looply.app.authoring.activate import activate
from looply.app.authoring.definitions import MAX_FINDINGS
from looply.app.authoring.workflows import SaveResult, payload_schema
from looply.app.studio import definition_files
from looply.catalog.authored.workflows import WorkflowVersion
from looply.errors import BadRequest, Problem
from looply.instants import to_ms
from looply.jsontext import Json
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Parameter, Response, manage_route, read_route
from looply.server.http.rows import WorkflowRow, workflow_row
from looply.server.http.wire import (
    LIMIT,
    SUCCESS,
    WORKFLOW_ID,
    WORKFLOW_VERSION,
    Finding,
    Message,
    cursor_of,
    extend_record,
    finding_of,
    flag_of,
    instant_of,
    limit_of,
    number_of,
    version_of,
)


class WorkflowRecord(WorkflowRow, frozen=True, kw_only=True):
    """One version of a workflow with its content.

    `workflow_findings` are the errors of an incomplete draft, which prevent its activation.
    """

    workflow_integrations: dict[str, Json]
    workflow_steps: list[Json]
    workflow_connections: list[Json]
    workflow_schema: dict[str, Json]
    workflow_settings: dict[str, Json]
    description: str
    workflow_findings: list[Finding]


class WorkflowAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The version."""

    message: str
    item: WorkflowRecord


class SavedAnswer(WorkflowAnswer, frozen=True, kw_only=True):
    """The stored version and its warnings. `unchanged`: the imported definition equals the stored one."""

    warnings: list[Finding]
    unchanged: bool | UnsetType = UNSET


class WorkflowCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the fields back as query parameters."""

    organization_id: str
    workflow_id: str
    workflow_version: int


class WorkflowPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[WorkflowRow]
    last_key: WorkflowCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


class SchemaRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The mock payload of a version and the JSON Schema of its payload."""

    workflow_id: str
    workflow_version: int
    workflow_mock_payload: Json
    workflow_schema: dict[str, Json]
    created_by: str | None
    modified_by: str | None
    created_on: int
    modified_on: int


class SchemaAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The schema."""

    message: str
    item: SchemaRecord


class DefinitionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A definition. `incomplete`: store it as a draft even if it has errors."""

    definition: Json
    incomplete: bool = False


class UpdateBody(DefinitionBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`modified_on` is the value that the author has read. It prevents two authors from overwriting each other."""

    workflow_id: str
    workflow_version: int | str
    modified_on: int


class ImportBody(DefinitionBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A definition to import. Without `workflow_id`, here or in the definition, it becomes a new workflow.

    `modified_on` is the value of the open draft that the import replaces. Without it an open draft is not overwritten.
    """

    workflow_id: str = ""
    modified_on: int | None = None


class MockPayloadBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mock payload, or the execution whose input becomes one. `workflow_version` is a number or `latest`."""

    workflow_id: str
    workflow_version: int | str
    payload: Json | UnsetType = UNSET
    workflow_execution_id: str = ""


class VersionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Identifies a version of a workflow."""

    workflow_id: str
    workflow_version: int | str


class ActivateBody(VersionBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Identifies a draft. `note` says what is new in it, up to 2,000 characters; lists of versions show it."""

    note: str = ""


class DeleteBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Identifies a version of a workflow, or without `workflow_version` all versions."""

    workflow_id: str
    workflow_version: int | str | None = None


class ValidateBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A definition to check."""

    definition: Json


class FindingsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The errors and warnings of a definition; their paths point into the definition.

    They are in the order of the checks, those of one check in document order; at most 1,000 of each are listed of
    `error_count` and `warning_count`.
    """

    message: str
    errors: list[Finding]
    warnings: list[Finding]
    error_count: int
    warning_count: int


class ExportAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A definition with the ids by which an import finds its workflow, and the notes and folds of it as `canvas`."""

    message: str
    definition: dict[str, Json]


async def get_workflow(call: Call) -> Response:
    """Reads a version."""
    row = await workflows.get(call.services, call.principal, *_requested_version(call))
    (item,) = await name_actors(call, [_record(row)])
    return Response(WorkflowAnswer(message=SUCCESS, item=item))


async def get_schema(call: Call) -> Response:
    """Reads the payload schema of a version."""
    return _schema_answer(await workflows.get(call.services, call.principal, *_requested_version(call)))


async def set_mock_payload(call: Call) -> Response:
    """Stores a mock payload."""
    body: MockPayloadBody = call.body
    if (body.payload is UNSET) == (not body.workflow_execution_id):
        raise BadRequest.at("/payload", "must be given, or workflow_execution_id; not both")
    payload = body.payload
    if payload is UNSET:
        call.principal.require("read.payloads")
        payload = await mock_payloads.execution_input(
            call.services, call.principal, body.workflow_id, body.workflow_execution_id
        )
    version = version_of(body.workflow_version)
    row = await mock_payloads.set_mock_payload(call.services, call.principal, body.workflow_id, version, payload)
    return _schema_answer(row)


def _schema_answer(row: WorkflowVersion) -> Response:
    item = SchemaRecord(
        workflow_id=row.workflow_id,
        workflow_version=row.workflow_version,
        workflow_mock_payload=row.mock_payload,
        workflow_schema=payload_schema(row),
        created_by=row.created_by,
        modified_by=row.modified_by,
        created_on=to_ms(row.created_on),
        modified_on=to_ms(row.modified_on),
    )
    return Response(SchemaAnswer(message=SUCCESS, item=item))


async def get_workflows(call: Call) -> Response:
    """Lists the versions of all workflows."""
    limit = limit_of(call)
    cursor = cursor_of(call, "workflow_id", "workflow_version")
    after = None if cursor is None else (cursor[0], number_of(cursor[1], "workflow_version"))
    page = await workflows.list_page(call.services, call.principal, limit, after)
    items = await name_actors(call, [workflow_row(row) for row in page.items])
    last_key = _key(items[-1]) if page.has_more else UNSET
    return Response(WorkflowPage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


async def update_workflow(call: Call) -> Response:
    """Stores a draft."""
    body: UpdateBody = call.body
    saved = await workflows.update(
        call.services,
        call.principal,
        (body.workflow_id, number_of(body.workflow_version, "workflow_version")),
        body.definition,
        modified_on=instant_of(body.modified_on, "modified_on"),
        incomplete=is_incomplete(call),
    )
    return save_answer(saved)


async def import_workflow(call: Call) -> Response:
    """Stores an imported definition."""
    body: ImportBody = call.body
    saved = await definition_files.import_definition(
        call.services,
        call.principal,
        body.definition,
        workflow_id=body.workflow_id,
        modified_on=None if body.modified_on is None else instant_of(body.modified_on, "modified_on"),
        incomplete=is_incomplete(call),
    )
    return save_answer(saved)


async def export_workflow(call: Call) -> Response:
    """Reads a definition as a file."""
    definition = await definition_files.export_definition(call.services, call.principal, *_requested_version(call))
    return Response(ExportAnswer(message=SUCCESS, definition=definition))


async def validate_workflow(call: Call) -> Response:
    """Checks a definition."""
    found = await workflows.validate(call.services, call.principal, call.body.definition)
    return Response(
        FindingsAnswer(
            message=SUCCESS,
            errors=_findings(found.errors),
            warnings=_findings(found.warnings),
            error_count=len(found.errors),
            warning_count=len(found.warnings),
        )
    )


async def activate_workflow(call: Call) -> Response:
    """Makes a draft ACTIVE."""
    body: ActivateBody = call.body
    version = number_of(body.workflow_version, "workflow_version")
    row = await activate(call.services, call.principal, body.workflow_id, version, body.note)
    return Response(WorkflowAnswer(message=SUCCESS, item=_record(row)))


async def delete_workflow(call: Call) -> Response:
    """Deletes a version or a workflow."""
    body: DeleteBody = call.body
    version = None if body.workflow_version is None else number_of(body.workflow_version, "workflow_version")
    await workflows.delete(call.services, call.principal, body.workflow_id, version)
    return Response(Message())


def _requested_version(call: Call) -> tuple[str, int | None]:
    return call.query.get("workflow_id"), version_of(call.query.get("workflow_version"))


def is_incomplete(call: Call) -> bool:
    """Returns whether the draft of a call is stored even if it has errors."""
    incomplete: bool = call.body.incomplete
    return incomplete or flag_of(call, "incomplete")


def save_answer(saved: SaveResult) -> Response:
    """Returns a stored version on the wire, with its warnings."""
    body = SavedAnswer(
        message=SUCCESS,
        item=_record(saved.version),
        warnings=_findings(saved.warnings),
        unchanged=saved.is_unchanged or UNSET,
    )
    return Response(body)


def _findings(problems: tuple[Problem, ...]) -> list[Finding]:
    return [finding_of(problem) for problem in problems[:MAX_FINDINGS]]


def _key(row: WorkflowRow) -> WorkflowCursor:
    return WorkflowCursor(
        organization_id=row.organization_id, workflow_id=row.workflow_id, workflow_version=row.workflow_version
    )


def _record(row: WorkflowVersion) -> WorkflowRecord:
    definition = row.definition
    return extend_record(
        WorkflowRecord,
        workflow_row(row),
        workflow_integrations=definition.get("workflow_integrations", {}),
        workflow_steps=definition.get("workflow_steps", []),
        workflow_connections=definition.get("workflow_connections", []),
        workflow_schema=payload_schema(row),
        workflow_settings=definition.get("workflow_settings", {}),
        description=definition.get("description", ""),
        workflow_findings=_findings(row.findings),
    )


INCOMPLETE: Final = (
    Parameter("incomplete", "`true`: store the draft even if it has errors; it cannot be activated.", kind="flag"),
)

ROUTES: Final = (
    read_route(
        path="/v2/workflows/getWorkflowById",
        access="read.definitions",
        takes_bound_keys=True,
        handle=get_workflow,
        summary="Read a version of a workflow",
        parameters=(WORKFLOW_ID, WORKFLOW_VERSION),
        answer=WorkflowAnswer,
        refusals=(404, 409),
    ),
    read_route(
        path="/v2/workflows/getOrganizationWorkflows",
        access="read.definitions",
        takes_bound_keys=True,
        handle=get_workflows,
        summary="List the versions of all workflows, newest created first",
        parameters=(
            LIMIT,
            Parameter("workflow_id", "Pagination key from `lastKey`."),
            Parameter("workflow_version", "Pagination key from `lastKey`.", kind="count"),
        ),
        answer=WorkflowPage,
    ),
    read_route(
        path="/v2/workflows/getWorkflowSchemaById",
        access="read.definitions",
        takes_bound_keys=True,
        handle=get_schema,
        summary="Read the mock payload and the payload schema of a version",
        parameters=(WORKFLOW_ID, WORKFLOW_VERSION),
        answer=SchemaAnswer,
        refusals=(404, 409),
    ),
    manage_route(
        path="/v2/workflows/setMockPayload",
        access="edit.drafts",
        handle=set_mock_payload,
        summary="Store a mock payload for a version, given or copied from an execution",
        description="Values that the trigger marks as `secret` are stored as `***`. Copying from an execution also "
        "needs the permission `read.payloads`.",
        body=MockPayloadBody,
        answer=SchemaAnswer,
        refusals=(404, 409, 422),
    ),
    read_route(
        path="/v2/workflows/exportWorkflow",
        access="read.definitions",
        takes_bound_keys=True,
        handle=export_workflow,
        summary="Export a definition in the form that `importWorkflow` accepts",
        parameters=(WORKFLOW_ID, WORKFLOW_VERSION),
        answer=ExportAnswer,
        refusals=(404, 409),
    ),
    manage_route(
        path="/v2/workflows/updateWorkflow",
        access="edit.drafts",
        handle=update_workflow,
        summary="Save a draft of a workflow; for an ACTIVE version, create the next draft",
        parameters=INCOMPLETE,
        body=UpdateBody,
        answer=SavedAnswer,
        refusals=(404, 409, 422, 429),
    ),
    manage_route(
        path="/v2/workflows/importWorkflow",
        access="edit.drafts",
        handle=import_workflow,
        summary="Import a definition as the next draft of its workflow, or as a new workflow",
        parameters=INCOMPLETE,
        body=ImportBody,
        answer=SavedAnswer,
        refusals=(409, 422, 429),
    ),
    manage_route(
        path="/v2/workflows/validateWorkflow",
        access="edit.drafts",
        handle=validate_workflow,
        summary="Validate a definition without storing it",
        description="A named connection, card, datastore or workflow that does not exist is a warning.",
        body=ValidateBody,
        answer=FindingsAnswer,
        refusals=(429,),
    ),
    manage_route(
        path="/v2/workflows/activateWorkflow",
        access="activate",
        handle=activate_workflow,
        summary="Activate a draft of a workflow: the version can no longer change, and `latest` refers to it",
        description="A named connection, card, datastore or workflow that does not exist is an error.",
        body=ActivateBody,
        answer=WorkflowAnswer,
        refusals=(404, 409, 422, 429),
    ),
    manage_route(
        path="/v2/workflows/deleteWorkflow",
        access="activate",
        needs_confirmation=True,
        handle=delete_workflow,
        summary="Delete a version or a whole workflow; its executions continue",
        body=DeleteBody,
        answer=Message,
        refusals=(404,),
    ),
)
