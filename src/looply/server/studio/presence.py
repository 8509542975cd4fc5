"""The call by which editors of the same workflow or card see each other."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from looply.app.studio import presence
from looply.catalog.authored.presence import Editor
from looply.catalog.tenants.names import MAX_VERSION
from looply.server.http.call import Call, Response, manage_route
from looply.server.http.wire import SUCCESS


class PresenceBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The caller has a workflow or a card open for editing, or (`is_leaving`) closes it.

    `tab` distinguishes several editors of one person, such as a random text of each browser tab. `is_dirty`: it has
    changes that are not saved. `step` is the selected step.
    """

    kind: Literal["workflow", "card"]
    id: str
    version: Annotated[int, Meta(ge=1, le=MAX_VERSION)] | None = None
    tab: Annotated[str, Meta(min_length=1, max_length=64)]
    is_dirty: bool = False
    step: Annotated[str, Meta(max_length=64)] = ""
    is_leaving: bool = False


class OtherEditor(msgspec.Struct, frozen=True, kw_only=True):
    """Another editor of the same object: the name of its person or key, since when, and what it edits.

    `is_you`: it is another editor of the caller.
    """

    name: str
    is_you: bool
    since: int
    version: int | None
    is_dirty: bool
    step: str


class PresenceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The other editors, longest first; at most 20. One that has not called for a minute is gone."""

    message: str
    others: list[OtherEditor]


async def touch_presence(call: Call) -> Response:
    """Notes that the caller edits an object."""
    body: PresenceBody = call.body
    editor = Editor(actor="", tab=body.tab, version=body.version, is_dirty=body.is_dirty, step=body.step)
    found = await presence.touch(
        call.services, call.principal, (body.kind, body.id), editor, is_leaving=body.is_leaving
    )
    others = [
        OtherEditor(
            name=found.names.get(each.actor, ""),
            is_you=each.actor == found.own_actor,
            since=each.since_ms,
            version=each.version,
            is_dirty=each.is_dirty,
            step=each.step,
        )
        for each in found.editors
    ]
    return Response(PresenceAnswer(message=SUCCESS, others=others))


ROUTES: Final = (
    manage_route(
        path="/v2/workflows/touchPresence",
        access="edit.drafts",
        handle=touch_presence,
        summary="Say that a workflow or a card is open in an editor, and see its other editors",
        description="Repeat the call every 20 seconds. Nothing is stored for longer than a minute.",
        body=PresenceBody,
        answer=PresenceAnswer,
        refusals=(404,),
    ),
)
