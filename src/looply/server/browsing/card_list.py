"""The list of cards, one row each, and the list of the versions of one."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.browsing import card_list
from looply.app.browsing.card_list import CardEntry
from looply.catalog.tenants.names import validate_id
from looply.instants import to_ms
from looply.server.browsing.versions import OpenDraft, VersionPage, before_of, draft_of, version_page
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Parameter, Response, read_route
from looply.server.http.wire import LIMIT, SUCCESS, cursor_of, limit_of, one_of


class CardOverview(msgspec.Struct, frozen=True, kw_only=True):
    """One card. Its name is that of its newest version; `active_version` is null when it has drafts only.

    `used_by` is how many workflows name it in their newest ACTIVE version or in a newer draft.
    """

    card_id: str
    card_name: str
    newest_version: int
    active_version: int | None
    draft: OpenDraft | None
    used_by: int
    created_on: int
    modified_on: int
    modified_by: str | None
    modified_by_name: str | UnsetType = UNSET


class CardOverviewCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the field back as a query parameter."""

    card_id: str


class CardOverviewPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `lastKey` is present when another page follows; `truncated`: the search reached its scan limit."""

    message: str
    count: int
    items: list[CardOverview]
    last_key: CardOverviewCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)
    truncated: bool | UnsetType = UNSET


async def get_cards(call: Call) -> Response:
    """Lists cards."""
    after = cursor_of(call, "card_id")
    page = await card_list.list_cards(
        call.services,
        call.principal,
        term=call.query.get("term"),
        is_draft=bool(one_of(call.query.all("has"), ("draft",), "has")),
        after=validate_id(after[0], "card") if after else "",
        limit=limit_of(call),
    )
    items = await name_actors(call, [_overview(entry) for entry in page.items])
    answer = CardOverviewPage(
        message=SUCCESS,
        count=len(items),
        items=items,
        last_key=CardOverviewCursor(card_id=page.after) if page.after else UNSET,
        truncated=page.is_truncated or UNSET,
    )
    return Response(answer)


async def get_card_versions(call: Call) -> Response:
    """Lists the versions of a card."""
    card_id = validate_id(call.query.get("card_id"), "card")
    page = await card_list.list_versions(call.services, call.principal, card_id, before_of(call), limit_of(call))
    return await version_page(call, page.items, has_more=page.has_more)


def _overview(entry: CardEntry) -> CardOverview:
    head = entry.head
    return CardOverview(
        card_id=head.object_id,
        card_name=head.name,
        newest_version=head.newest,
        active_version=head.active,
        draft=draft_of(head),
        used_by=entry.used_by,
        created_on=to_ms(head.created_on),
        modified_on=to_ms(head.modified_on),
        modified_by=head.by,
    )


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getCards",
        access="read.definitions",
        handle=get_cards,
        summary="List cards, one row each, newest created first",
        tag="Cards",
        parameters=(
            Parameter("term", "Only cards whose name has this text, or whose id begins with it."),
            Parameter("has", "`draft`: the newest version is a draft.", repeats=True),
            LIMIT,
            Parameter("card_id", "Pagination key from `lastKey`."),
        ),
        answer=CardOverviewPage,
    ),
    read_route(
        path="/v2/workflows/getCardVersions",
        access="read.definitions",
        handle=get_card_versions,
        summary="List the versions of a card, newest first",
        tag="Cards",
        parameters=(
            Parameter("card_id", "Id of the card (UUID).", is_required=True),
            LIMIT,
            Parameter("before", "Pagination key from `lastKey`.", kind="count"),
        ),
        answer=VersionPage,
        refusals=(404,),
    ),
)
