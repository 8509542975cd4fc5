"""Calls on the cards that executions have sent: by the link of a card, and the open ones of the organization."""

from collections.abc import Mapping
from functools import partial
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.context.services import Services
from looply.app.executions import approvals, card_codes, sent_cards
from looply.catalog.tenants.names import validate_id
from looply.engine.ports.lists import CardFilter, CardKey
from looply.engine.records.copies import CopyDelivery
from looply.errors import BadRequest, Refused
from looply.execution.facts.commands import Recorded
from looply.execution.facts.values.card_copy import Confirm, CopyState
from looply.instants import ms_or_none, to_ms
from looply.jsontext import Json
from looply.server.callers.machines import is_machine
from looply.server.executions.decisions import AnswerActor, DecisionRecord, actor_item, decision_item
from looply.server.http.call import Call, Parameter, Response, manage_route, public_route, read_route
from looply.server.http.wire import LIMIT, SUCCESS, UNCHANGED_KEY, cursor_of, flag_of, instant_of, limit_of

_PATH: Final = "/v2/inbox/{token}"
_USER_AGENT: Final = b"user-agent"


class ApprovalRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The terms of an open approval, and the decisions so far. `recipients` is the number of approvers."""

    requester: str | None
    order: Literal["parallel", "sequence"]
    quorum: int
    recipients: int
    veto: bool
    comment_required: Literal["reject", "always"] | None
    decisions: list[DecisionRecord]


class InboxRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A card as its recipient sees it.

    `OPEN`: an answer counts now. `FROZEN`: the execution has an open incident; answers are refused by 409 `FAILED`
    until an operator has resolved it. `answered_as` says how the answer came, where that is recorded; `answered_for` is
    the absent person for whom it was given, `substitute_for` the one for whom the recipient has the card. `passed_from`
    is the person from whom it was passed on to the recipient, `passed_reason` what they said about it. `confirm` is
    what an answer by the link needs beside it: nothing (`link`), a `code` that the recipient gets by mail, or that the
    recipient signs in (`sign_in`) and answers `card_id` in the own inbox.
    """

    status: Literal["OPEN", "FROZEN", "ANSWERED", "CLOSED"]
    card: dict[str, Json]
    workflow_name: str
    recipient: str
    opened_on: int
    timeout_on: int | None
    answered_by: str | None
    answered_on: int | None
    answered_as: AnswerActor | UnsetType = UNSET
    answered_for: str | UnsetType = UNSET
    decision: str | None
    revision: int
    reminders: int
    closed_reason: str | None
    closed_text: str | None
    passed_to: str | None
    passed_from: str | UnsetType = UNSET
    passed_reason: str | UnsetType = UNSET
    substitute_for: str | UnsetType = UNSET
    confirm: Confirm
    card_id: str
    approval: ApprovalRecord | None


class InboxAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The card."""

    message: str
    item: InboxRecord


class DecideBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The recipient's input, with the data of the button.

    `card_revision` is the revision that the recipient saw. If the card has changed since, nothing is recorded.
    `challenge` and `code` are those of a code that was sent by mail, for a card whose `confirm` is `code`.
    """

    data: dict[str, Json]
    card_revision: int = 0
    challenge: str = ""
    code: str = ""


class SendCodeBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty object."""


class CodeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A code is on its way to the recipient by mail. The `challenge` is sent back with it."""

    message: str
    challenge: str
    recipient: str
    expires_on: int


class DecideAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the answer was recorded; if not, the earlier one: by whom, for which absent person, and how it came."""

    message: Literal["recorded", "already answered"]
    answered_by: str | UnsetType | None = UNSET
    answered_on: int | UnsetType = UNSET
    answered_as: AnswerActor | UnsetType = UNSET
    answered_for: str | UnsetType = UNSET
    decision: str | UnsetType | None = UNSET


class ReassignBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The open card to reassign, the new recipient, and the reason."""

    card_id: str
    to: str
    reason: str = ""


class ReassignAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The card that replaces the reassigned one. `token` and `url` are null without the scope `override`."""

    message: str
    card_id: str
    recipient: str
    workflow_execution_id: str
    token: str | None
    url: str | None


class RemindBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The open card of which its recipient is reminded."""

    card_id: str


class RemindAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The recipient who was reminded. `reminders` counts the reminders of the card, this one among them."""

    message: str
    card_id: str
    recipient: str
    workflow_execution_id: str
    reminders: int


class DeliveryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a card in its channel, since `since`.

    `PENDING`: not shown yet; `BLOCKED`: not to be shown until something changes on the recipient's side; `FAILED`: the
    channel cannot show this card. `code` and `reason` say why, or what became of the last try.
    """

    state: CopyState
    since: int
    code: str | None
    reason: str | None


class OpenCardRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A card that accepts answers; with status `FROZEN` only after the incident of its execution is resolved.

    `due_on` is when its wait times out. `is_stale`: its copy in the channel is not up to date; `delivery` is what
    became of it there, null where the channel keeps no copies, as the inbox does. `token` and `url` are null without
    the scope `override`: their holder can answer as the recipient.
    """

    card_id: str
    status: Literal["OPEN", "FROZEN"]
    workflow_id: str
    workflow_execution_id: str
    state: str
    recipient: str
    channel: str
    revision: int
    opened_on: int
    due_on: int | None
    is_stale: bool
    delivery: DeliveryRecord | None
    process_id: str
    token: str | None
    url: str | None


class OpenCardCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the fields back as query parameters."""

    opened_on: int
    card_id: str


class OpenCardPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of open cards, newest first. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[OpenCardRecord]
    last_key: OpenCardCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


async def _check_token(services: Services, values: Mapping[str, str]) -> None:
    await sent_cards.check_token(services, values["token"])


async def show_card(call: Call) -> Response:
    """Reads a card; nothing is recorded."""
    shown = await sent_cards.show(call.services, call.values["token"])
    return Response(InboxAnswer(message=SUCCESS, item=inbox_item(shown)))


def inbox_item(card: sent_cards.InboxCard) -> InboxRecord:
    """Returns a card on the wire."""
    return InboxRecord(
        status=card.status,
        card=card.card,
        workflow_name=card.workflow_name,
        recipient=card.recipient,
        opened_on=to_ms(card.opened_on),
        timeout_on=ms_or_none(card.timeout_on),
        answered_by=card.answered_by or None,
        answered_on=ms_or_none(card.answered_on),
        answered_as=actor_item(card.answered_as),
        answered_for=card.answered_for or UNSET,
        decision=card.decision or None,
        revision=card.revision,
        reminders=card.reminders,
        closed_reason=card.closed_reason or None if card.status == "CLOSED" else None,
        closed_text=card.closed_text if card.status == "CLOSED" else None,
        passed_to=card.passed_to or None,
        passed_from=card.passed_from or UNSET,
        passed_reason=card.passed_reason or UNSET,
        substitute_for=card.substitute_for or UNSET,
        confirm=card.confirm,
        card_id=card.card_id,
        approval=_approval(card),
    )


async def reassign_card(call: Call) -> Response:
    """Reassigns an open card."""
    body: ReassignBody = call.body
    passed = await approvals.reassign(call.services, call.principal, body.card_id, to=body.to, reason=body.reason)
    shown = ReassignAnswer(
        message="reassigned",
        card_id=passed.card_id,
        recipient=passed.recipient,
        workflow_execution_id=passed.execution_id,
        token=passed.token or None,
        url=call.services.links.inbox(passed.token) if passed.token else None,
    )
    return Response(shown)


async def remind_card(call: Call) -> Response:
    """Reminds of an open card."""
    body: RemindBody = call.body
    card, reminders = await approvals.remind(call.services, call.principal, body.card_id)
    shown = RemindAnswer(
        message="reminded",
        card_id=card.card_id,
        recipient=card.recipient,
        workflow_execution_id=card.execution_id,
        reminders=reminders,
    )
    return Response(shown)


def _approval(card: sent_cards.InboxCard) -> ApprovalRecord | None:
    terms = card.terms
    if terms is None:
        return None
    return ApprovalRecord(
        requester=terms.requester or None,
        order=terms.order,
        quorum=terms.quorum,
        recipients=len(terms.recipients),
        veto=terms.veto,
        comment_required=terms.comment_required or None,
        decisions=[decision_item(one) for one in card.decisions],
    )


async def decide(call: Call) -> Response:
    """Records an answer."""
    body: DecideBody = call.body
    token = call.values["token"]
    if is_machine(call.headers.get(_USER_AGENT, "")):
        message = "a link preview or a scanner cannot answer; open the link in a browser"
        raise Refused(message, code="NOT_A_PERSON")
    if body.code:
        reply = await card_codes.answer_with_code(
            call.services,
            token,
            body.data,
            challenge=body.challenge,
            code=body.code,
            revision=body.card_revision,
        )
    else:
        reply = await sent_cards.answer_by_link(call.services, token, body.data, revision=body.card_revision)
    if isinstance(reply, Recorded):
        return Response(DecideAnswer(message="recorded"))
    earlier = DecideAnswer(
        message="already answered",
        answered_by=reply.answered_by or None,
        answered_on=to_ms(reply.answered_on),
        answered_as=actor_item(reply.actor),
        answered_for=reply.substitute_for or UNSET,
        decision=reply.decision or UNSET,
    )
    return Response(earlier)


async def send_code(call: Call) -> Response:
    """Sends a code to the recipient of a card."""
    sent = await card_codes.send_code(call.services, call.values["token"])
    shown = CodeAnswer(
        message="sent", challenge=sent.challenge, recipient=sent.recipient, expires_on=to_ms(sent.expires_on)
    )
    return Response(shown)


async def get_open_cards(call: Call) -> Response:
    """Lists the cards that accept answers."""
    query = call.query
    criteria = CardFilter(
        recipient=query.get("recipient"),
        workflow_id=validate_id(query.get("workflow_id"), "workflow") if "workflow_id" in query else "",
        due_before=instant_of(query.get("due_before"), "due_before") if "due_before" in query else None,
        is_stale=flag_of(call, "is_stale"),
    )
    page = await sent_cards.list_open(
        call.services, call.principal, criteria, after=card_cursor(call), limit=limit_of(call)
    )
    items = [
        OpenCardRecord(
            card_id=entry.card.card_id,
            status=entry.status,
            workflow_id=entry.card.workflow_id,
            workflow_execution_id=entry.card.execution_id,
            state=entry.card.step,
            recipient=entry.recipient,
            channel=entry.card.channel,
            revision=entry.card.revision,
            opened_on=to_ms(entry.card.opened_on),
            due_on=ms_or_none(entry.card.due_on),
            is_stale=entry.is_stale,
            delivery=_delivery(entry.delivery),
            process_id=entry.process_id,
            token=entry.token or None,
            url=call.services.links.inbox(entry.token) if entry.token else None,
        )
        for entry in page.entries
    ]
    last_key = OpenCardCursor(opened_on=items[-1].opened_on, card_id=items[-1].card_id) if page.has_more else UNSET
    return Response(OpenCardPage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


def _delivery(delivery: CopyDelivery | None) -> DeliveryRecord | None:
    if delivery is None:
        return None
    return DeliveryRecord(
        state=delivery.state,
        since=to_ms(delivery.since),
        code=delivery.code or None,
        reason=delivery.reason or None,
    )


def card_cursor(call: Call) -> CardKey | None:
    """Returns the place in a list of cards after which a page begins. Raises: BadRequest (code `BAD_CURSOR`)."""
    cursor = cursor_of(call, "opened_on", "card_id")
    if cursor is None:
        return None
    try:
        return to_ms(instant_of(cursor[0], "opened_on")), validate_id(cursor[1], "card")
    except BadRequest as error:
        raise BadRequest(f"{error.message}; {UNCHANGED_KEY}", code="BAD_CURSOR") from error


_card_route: Final = partial(
    public_route,
    check_token=_check_token,
    path_values={"token": "Token of one recipient's card."},
    tag="Inbox",
)

ROUTES: Final = (
    _card_route(
        method="GET",
        path=_PATH,
        handle=show_card,
        summary="Read a card as its recipient sees it; nothing is recorded",
        answer=InboxAnswer,
        refusals=(404,),
    ),
    _card_route(
        method="POST",
        path=_PATH,
        handle=decide,
        summary="Answer a card",
        body=DecideBody,
        answer=DecideAnswer,
        refusals=(404, 409, 422, 429),
        header_values={"User-Agent": "Programs that preview or scan links are refused by 422 `NOT_A_PERSON`."},
        header_characters=4096,
    ),
    _card_route(
        method="POST",
        path="/v2/inboxCode/{token}",
        handle=send_code,
        summary="Send the recipient of a card the code that an answer by the link needs",
        body=SendCodeBody,
        answer=CodeAnswer,
        refusals=(404, 409, 429),
    ),
    read_route(
        path="/v2/workflows/getOpenCards",
        access="read.executions",
        handle=get_open_cards,
        summary="List the open cards, including those of executions with an incident, newest first",
        tag="Inbox",
        parameters=(
            Parameter("recipient", "Only cards of this person, by any spelling of the address."),
            Parameter("workflow_id", "Only cards of this workflow."),
            Parameter("due_before", "Only cards whose wait times out before this instant.", kind="instant"),
            Parameter("is_stale", "`true`: only cards whose copy in their channel is not up to date.", kind="flag"),
            LIMIT,
            Parameter("opened_on", "Pagination key from `lastKey`.", kind="instant"),
            Parameter("card_id", "Pagination key from `lastKey`."),
        ),
        answer=OpenCardPage,
    ),
    manage_route(
        path="/v2/workflows/reassignCard",
        access="repair",
        takes_bound_keys=True,
        handle=reassign_card,
        summary="Reassign an open card to another person",
        description="The old card copy closes and names the new recipient; the new copy has its own link.",
        tag="Inbox",
        body=ReassignBody,
        answer=ReassignAnswer,
        refusals=(404, 409, 422, 429),
    ),
    manage_route(
        path="/v2/workflows/remindCard",
        access="repair",
        takes_bound_keys=True,
        handle=remind_card,
        summary="Remind the recipient of an open card, now",
        description=(
            "The channel of the card reminds its recipient. The web inbox shows how often, and sends no message: the "
            "log has a `CARD_SENT` with `reminder`, which a program that sends links follows. A card that takes no "
            "answer is refused."
        ),
        tag="Inbox",
        body=RemindBody,
        answer=RemindAnswer,
        refusals=(404, 409, 429),
    ),
)
