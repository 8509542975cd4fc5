"""The call by which editors of the same workflow or card see each other."""

from typing import Final, Literal

import msgspec

from looply.server.http.call import Call, Response, manage_route


class PresenceBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The caller has a workflow or a card open for editing, or (`is_leaving`) closes it.

    `tab` distinguishes several editors of one person, such as a random text of each browser tab. `is_dirty`: it has
    changes that are not saved. `step` is the selected step.
    """

    kind: Literal["workflow", "card"]
    id: str
    version: int | None = None
    tab: str
    is_dirty: bool = False
    step: str = ""
    is_leaving: bool = False


class OtherEditor(msgspec.Struct, frozen=True, kw_only=True):
    """Another editor of the same object: its person or key, since when, and what it edits."""

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
    raise NotImplementedError


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
