"""The call that creates a workflow, from a definition or from a template."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.authoring.workflows import SaveResult
from looply.app.studio import definition_files
from looply.app.templates.creation import create_from_template
from looply.errors import BadRequest
from looply.jsontext import Json
from looply.server.authoring.workflows import INCOMPLETE, SavedAnswer, is_incomplete, save_answer
from looply.server.http.call import Call, Response, manage_route


class CreateBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A definition, or the id of a template with which the workflow begins.

    `incomplete`: store it as a draft even if it has errors. With a template, `workflow_name` replaces its name, and
    `connections` are names of connections by those that it has.
    """

    definition: Json | UnsetType = UNSET
    incomplete: bool = False
    template: str = ""
    workflow_name: str = ""
    connections: dict[str, str] = {}


async def create_workflow(call: Call) -> Response:
    """Stores a new workflow."""
    body: CreateBody = call.body
    if body.template:
        return save_answer(await _create_from_template(call, body))
    if body.definition is UNSET:
        raise BadRequest.at("/definition", "must be given, or template; not both")
    if body.workflow_name or body.connections:
        raise BadRequest.at("/template", "must be given with workflow_name and connections")
    return save_answer(
        await definition_files.create(call.services, call.principal, body.definition, incomplete=is_incomplete(call))
    )


async def _create_from_template(call: Call, body: CreateBody) -> SaveResult:
    if body.definition is not UNSET:
        raise BadRequest.at("/template", "must not be given with a definition")
    return await create_from_template(
        call.services, call.principal, body.template, name=body.workflow_name, connections=body.connections
    )


ROUTES: Final = (
    manage_route(
        path="/v2/workflows/createWorkflow",
        access="edit.drafts",
        handle=create_workflow,
        summary="Create a workflow, from a definition or a template; version 1 is a draft",
        description="From a template its cards are created, too, as drafts that the definition names by their version: "
        "all of it is stored, or nothing.",
        parameters=INCOMPLETE,
        body=CreateBody,
        answer=SavedAnswer,
        refusals=(404, 422, 429),
    ),
)
