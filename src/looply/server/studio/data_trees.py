"""The call that describes the data which a step can read, as a tree to pick from."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.authoring.expression_editing import StepOfDefinition, StepOfWorkflow
from looply.app.studio import data_trees
from looply.errors import BadRequest
from looply.jsontext import Json
from looply.server.http.call import Call, Response, Route
from looply.server.http.wire import SUCCESS, version_of


class DescribeDataBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either a definition that is being edited, or a stored workflow, and the step whose settings are written.

    `workflow_version` is a number or `latest`, which is also the default. `data` is a data document whose values are
    shown as samples: of an execution, of pinned outputs, or any other; its further members are in the tree too.
    """

    definition: dict[str, Json] | None = None
    workflow_id: str | None = None
    workflow_version: int | str | None = None
    step_id: str
    data: dict[str, Json] | None = None


class DataOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """The origin of a part of the data document; `step` is the id of the step for the kind `step`, else empty."""

    kind: Literal["payload", "environment", "step", "item", "waits", "error", "start"]
    step: str = ""


class DataNode(msgspec.Struct, frozen=True, kw_only=True):
    """One value that expressions can read.

    `path` is the expression of the value, without `${}`. `type` is its type in words, such as `list of text`, and
    `kinds` are the kinds of value that it may be. `MAYBE`: it may be missing. `sample` is a value that it has had or
    could have, shortened where it is long; absent when none is known, and for lists and objects, of which `size` counts
    the items or members. Where only a sample is known, the type is that of the sample. The one child of a list, named
    `[0]`, is its first item. `is_cut`: it has more children than are listed.
    """

    name: str
    path: str
    type: str
    kinds: list[Literal["text", "number", "boolean", "list", "object", "null"]]
    certainty: Literal["ALWAYS", "MAYBE"]
    origin: DataOrigin = msgspec.field(name="from")
    sample: Json | UnsetType = UNSET
    size: int | UnsetType = UNSET
    is_cut: bool | UnsetType = UNSET
    children: list["DataNode"]


class DataTree(msgspec.Struct, frozen=True, kw_only=True):
    """The members of the data document at the step; `is_cut`: the tree has more values than are listed."""

    message: str
    count: int
    items: list[DataNode]
    is_cut: bool


async def describe_data(call: Call) -> Response:
    """Describes the data that a step can read."""
    body: DescribeDataBody = call.body
    context: StepOfDefinition | StepOfWorkflow
    if (body.definition is None) == (body.workflow_id is None):
        raise BadRequest.at("/definition", "give a definition or a workflow_id; not both")
    if body.definition is not None:
        if body.workflow_version is not None:
            raise BadRequest.at("/workflow_version", "is only allowed with workflow_id")
        context = StepOfDefinition(body.definition, body.step_id)
    else:
        context = StepOfWorkflow(body.workflow_id or "", version_of(body.workflow_version), body.step_id)
    tree = await data_trees.describe(call.services, call.principal, context, body.data)
    items = [_record(node) for node in tree.nodes]
    return Response(DataTree(message=SUCCESS, count=tree.count, items=items, is_cut=tree.is_cut))


def _record(node: data_trees.DataNode) -> DataNode:
    return DataNode(
        name=node.name,
        path=node.path,
        type=str(node.seen),
        kinds=list(node.kinds),
        certainty="ALWAYS" if node.is_certain else "MAYBE",
        origin=DataOrigin(kind=node.origin, step=node.step),
        sample=node.sample if node.has_sample else UNSET,
        size=UNSET if node.size is None else node.size,
        is_cut=node.is_cut or UNSET,
        children=[_record(child) for child in node.children],
    )


ROUTES: Final = (
    Route(
        method="POST",
        path="/v2/workflows/describeData",
        access="read.definitions",
        takes_bound_keys=True,
        handle=describe_data,
        summary="Describe the data that the expressions of a step can read, as a tree",
        description="It is known from schemas and step types: nothing need have run. At most 2,000 values are listed.",
        tag="Expressions",
        body=DescribeDataBody,
        answer=DataTree,
        refusals=(404, 409, 429),
    ),
)
