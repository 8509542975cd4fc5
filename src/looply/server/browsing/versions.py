"""The versions of a workflow or card on the wire: a page of them, and the newest one while it is a draft."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.browsing.version_list import ListedVersion
from looply.catalog.authored.listing import ObjectHead
from looply.instants import to_ms
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Response
from looply.server.http.wire import SUCCESS, number_of


class OpenDraft(msgspec.Struct, frozen=True, kw_only=True):
    """The newest version while it is a draft: its number, who changed it last, and when."""

    version: int
    by: str | None
    by_name: str | UnsetType = UNSET
    on: int


class VersionItem(msgspec.Struct, frozen=True, kw_only=True):
    """One version: who changed or activated it last, when, and what the note of its activation says.

    `change_count` is how many changes lead to it from the version before it, null for the first one and where one of
    the two cannot be read.
    """

    version: int
    name: str
    status: Literal["DRAFT", "ACTIVE"]
    by: str | None
    by_name: str | UnsetType = UNSET
    on: int
    created_on: int
    change_count: int | None
    note: str


class VersionCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the field back as a query parameter."""

    before: int


class VersionPage(msgspec.Struct, frozen=True, kw_only=True):
    """The versions of one workflow or card, newest first. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[VersionItem]
    last_key: VersionCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


def before_of(call: Call) -> int | None:
    """Parses the cursor of a list of versions. Raises: BadRequest (code `BAD_NUMBER`)."""
    return number_of(call.query.get("before"), "before") if "before" in call.query else None


async def version_page(call: Call, versions: tuple[ListedVersion, ...], *, has_more: bool) -> Response:
    """Returns one page of versions on the wire."""
    items = await name_actors(call, [_version(version) for version in versions])
    last_key = VersionCursor(before=items[-1].version) if has_more else UNSET
    return Response(VersionPage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


def draft_of(head: ObjectHead) -> OpenDraft | None:
    """Returns the newest version of an object on the wire, None when it is no draft."""
    if not head.is_draft:
        return None
    return OpenDraft(version=head.newest, by=head.by, on=to_ms(head.modified_on))


def _version(version: ListedVersion) -> VersionItem:
    return VersionItem(
        version=version.version,
        name=version.name,
        status=version.status,
        by=version.by,
        on=to_ms(version.modified_on),
        created_on=to_ms(version.created_on),
        change_count=version.change_count,
        note=version.note,
    )
