"""The call that renames a step of a definition."""

from typing import Final

import msgspec

from looply.app.studio import renaming
from looply.jsontext import Json
from looply.server.http.call import Call, Response, manage_route
from looply.server.http.wire import SUCCESS


class RenameStepBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A definition that is being edited, and the ids of the step now and afterwards."""

    definition: dict[str, Json]
    old: str = msgspec.field(name="from")
    new: str = msgspec.field(name="to")


class RenamedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The definition after it, and JSON Pointers to the values that changed.

    `unread` point to texts that have the characters of the old id in an expression that cannot be read; they did not
    change.
    """

    message: str
    definition: dict[str, Json]
    changed: list[str]
    unread: list[str]


async def rename_step(call: Call) -> Response:
    """Renames a step."""
    body: RenameStepBody = call.body
    renamed = await renaming.rename_step(call.services, body.definition, body.old, body.new)
    return Response(
        RenamedAnswer(
            message=SUCCESS,
            definition=renamed.definition,
            changed=list(renamed.changed),
            unread=list(renamed.unread),
        )
    )


ROUTES: Final = (
    manage_route(
        path="/v2/workflows/renameStep",
        access="edit.drafts",
        handle=rename_step,
        summary="Rename a step of a definition: its edges, and every expression and card that reads it, follow",
        description="Nothing is stored.",
        body=RenameStepBody,
        answer=RenamedAnswer,
        refusals=(422, 429),
    ),
)
