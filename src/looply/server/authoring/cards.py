"""Calls on card templates."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.authoring import cards
from looply.catalog.authored.cards import CardDraft, CardSummary, CardVersion
from looply.errors import BadRequest
from looply.instants import to_ms
from looply.jsontext import Json
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Parameter, Response, manage_route, read_route
from looply.server.http.wire import (
    LIMIT,
    SUCCESS,
    Message,
    cursor_of,
    extend_record,
    instant_of,
    latest_text,
    limit_of,
    number_of,
)

_CARD_ID: Final = Parameter("card_id", "Id of the card (UUID).", is_required=True)


class CardRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a card in a list. `latest` is `"true"` for the highest version number, ACTIVE or not."""

    card_name: str
    status_version: str
    organization_id: str
    latest: Literal["true", "false"]
    created_by: str | None
    modified_by: str | None
    created_by_name: str | UnsetType = UNSET
    modified_by_name: str | UnsetType = UNSET
    status: Literal["DRAFT", "ACTIVE"]
    card_version: int
    card_id: str
    workspace_id: str
    workflow_id: str | None
    workflow_version: int | None
    created_on: int
    modified_on: int


class CardRecord(CardRow, frozen=True, kw_only=True):
    """One version of a card with its Adaptive Card template."""

    card_payload: dict[str, Json]


class CardAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The card."""

    message: str
    item: CardRecord


class CardCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the fields back as query parameters."""

    organization_id: str
    card_id: str
    card_version: int


class CardPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[CardRow]
    last_key: CardCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


class CreateCardBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A card template, and the workflow version whose schema provides the designer's sample data."""

    card_name: str
    card_payload: dict[str, Json]
    workflow_id: str | None = None
    workflow_version: int | str | None = None


class UpdateCardBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`modified_on` is the value that the author has read. Without `card_name` the name does not change."""

    card_id: str
    card_version: int | str
    modified_on: int
    card_payload: dict[str, Json]
    card_name: str | None = None


class CardVersionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Identifies a version of a card."""

    card_id: str
    card_version: int | str


class ActivateCardBody(CardVersionBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Identifies a draft. `note` says what is new in it, up to 2,000 characters; lists of versions show it."""

    note: str = ""


class DeleteCardBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Identifies a version of a card, or without `card_version` all versions."""

    card_id: str
    card_version: int | str | None = None


async def get_card(call: Call) -> Response:
    """Reads a version."""
    version = number_of(call.query.get("card_version"), "card_version")
    return await _named(call, await cards.get(call.services, call.principal, (call.query.get("card_id"), version)))


async def get_latest_active_card(call: Call) -> Response:
    """Reads the newest ACTIVE version."""
    return await _named(call, await cards.latest_active(call.services, call.principal, call.query.get("card_id")))


async def get_cards(call: Call) -> Response:
    """Lists the versions of all cards."""
    limit = limit_of(call)
    cursor = cursor_of(call, "card_id", "card_version")
    after = None if cursor is None else (cursor[0], number_of(cursor[1], "card_version"))
    page = await cards.list_page(call.services, call.principal, limit, after)
    items = await name_actors(call, [_row(row) for row in page.items])
    last_key = _key(items[-1]) if page.has_more else UNSET
    return Response(CardPage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


async def create_card(call: Call) -> Response:
    """Creates a card."""
    body: CreateCardBody = call.body
    if (body.workflow_id is None) != (body.workflow_version is None):
        raise BadRequest("workflow_id and workflow_version come together", code="BAD_BODY")
    linked = None
    if body.workflow_id is not None:
        linked = (body.workflow_id, number_of(body.workflow_version, "workflow_version"))
    draft = CardDraft(name=body.card_name, payload=body.card_payload, workflow=linked)
    return _answer(await cards.create(call.services, call.principal, draft))


async def update_card(call: Call) -> Response:
    """Stores a draft."""
    body: UpdateCardBody = call.body
    card = await cards.update(
        call.services,
        call.principal,
        (body.card_id, number_of(body.card_version, "card_version")),
        modified_on=instant_of(body.modified_on, "modified_on"),
        name=body.card_name,
        payload=body.card_payload,
    )
    return _answer(card)


async def activate_card(call: Call) -> Response:
    """Makes a draft ACTIVE."""
    body: ActivateCardBody = call.body
    key = (body.card_id, number_of(body.card_version, "card_version"))
    return _answer(await cards.activate(call.services, call.principal, key, body.note))


async def delete_card(call: Call) -> Response:
    """Deletes a version or a card."""
    body: DeleteCardBody = call.body
    version = None if body.card_version is None else number_of(body.card_version, "card_version")
    await cards.delete(call.services, call.principal, body.card_id, version)
    return Response(Message())


async def _named(call: Call, card: CardVersion) -> Response:
    """Returns the answer with the names of the authors."""
    (item,) = await name_actors(call, [_record(card)])
    return Response(CardAnswer(message=SUCCESS, item=item))


def _answer(card: CardVersion) -> Response:
    return Response(CardAnswer(message=SUCCESS, item=_record(card)))


def _record(card: CardVersion) -> CardRecord:
    return extend_record(CardRecord, _row(card), card_payload=card.card_payload)


def _key(row: CardRow) -> CardCursor:
    return CardCursor(organization_id=row.organization_id, card_id=row.card_id, card_version=row.card_version)


def _row(card: CardSummary) -> CardRow:
    return CardRow(
        card_name=card.card_name,
        status_version=f"{card.status}-{card.card_version}",
        organization_id=card.organization_id,
        latest=latest_text(card.is_latest),
        created_by=card.created_by,
        modified_by=card.modified_by,
        status=card.status,
        card_version=card.card_version,
        card_id=card.card_id,
        workspace_id=card.workspace_id,
        workflow_id=card.workflow_id,
        workflow_version=card.workflow_version,
        created_on=to_ms(card.created_on),
        modified_on=to_ms(card.modified_on),
    )


ROUTES: Final = (
    read_route(
        path="/v1/adaptive-cards/getCardById",
        access="read.definitions",
        handle=get_card,
        summary="Read a version of a card",
        tag="Cards",
        parameters=(_CARD_ID, Parameter("card_version", "Version of the card.", is_required=True, kind="count")),
        answer=CardAnswer,
        refusals=(404,),
    ),
    read_route(
        path="/v1/adaptive-cards/getLatestActiveCard",
        access="read.definitions",
        handle=get_latest_active_card,
        summary="Read the newest ACTIVE version of a card",
        tag="Cards",
        parameters=(_CARD_ID,),
        answer=CardAnswer,
        refusals=(404, 409),
    ),
    read_route(
        path="/v1/adaptive-cards/getOrganizationCards",
        access="read.definitions",
        handle=get_cards,
        summary="List the versions of all cards, newest created first",
        tag="Cards",
        parameters=(
            LIMIT,
            Parameter("card_id", "Pagination key from `lastKey`."),
            Parameter("card_version", "Pagination key from `lastKey`.", kind="count"),
        ),
        answer=CardPage,
    ),
    manage_route(
        path="/v2/workflows/createCard",
        access="edit.drafts",
        handle=create_card,
        summary="Create a card; version 1 is a draft",
        tag="Cards",
        body=CreateCardBody,
        answer=CardAnswer,
        refusals=(404, 422),
    ),
    manage_route(
        path="/v2/workflows/updateCard",
        access="edit.drafts",
        handle=update_card,
        summary="Save a draft of a card; for an ACTIVE version, create the next draft",
        tag="Cards",
        body=UpdateCardBody,
        answer=CardAnswer,
        refusals=(404, 409, 422),
    ),
    manage_route(
        path="/v2/workflows/activateCard",
        access="activate",
        handle=activate_card,
        summary="Activate a draft of a card; the version can no longer change",
        tag="Cards",
        body=ActivateCardBody,
        answer=CardAnswer,
        refusals=(404, 422),
    ),
    manage_route(
        path="/v2/workflows/deleteCard",
        access="activate",
        needs_confirmation=True,
        handle=delete_card,
        summary="Delete a version or a card",
        tag="Cards",
        body=DeleteCardBody,
        answer=Message,
        refusals=(404,),
    ),
)
