"""The call that describes the data which a step can read, as a tree to pick from."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.jsontext import Json
from looply.server.http.call import Call, Response, Route


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
    could have, shortened where it is long; it is absent when none is known. The one child of a list, named `[0]`, is
    its first item. `is_cut`: it has more children than are listed.
    """

    name: str
    path: str
    type: str
    kinds: list[Literal["text", "number", "boolean", "list", "object", "null"]]
    certainty: Literal["ALWAYS", "MAYBE"]
    origin: DataOrigin = msgspec.field(name="from")
    sample: Json | UnsetType = UNSET
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
    raise NotImplementedError


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
