"""Calls on the cards of the person who has signed in: list, read, answer several, pass one on."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.inbox import answers, cards
from looply.app.inbox.answers import CardAnswerRequest, CardResult, Result
from looply.app.inbox.cards import MyCard, MyCardFilter
from looply.catalog.tenants.names import validate_id
from looply.errors import BadRequest
from looply.instants import ms_or_none, to_ms
from looply.jsontext import Json
from looply.server.executions.decisions import AnswerActor, actor_item
from looply.server.executions.sent_cards import InboxAnswer, card_cursor, inbox_item
from looply.server.http.call import Call, Parameter, Response, manage_route, read_route
from looply.server.http.wire import LIMIT, SUCCESS, Finding, instant_of, limit_of


class ProgressRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How many answers count towards the end of the step, of the number that it needs. On approvals: approvals."""

    done: int
    needed: int


class FactRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the card's fact sets."""

    label: str
    value: str


class MyCardRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A request to the caller.

    `card_id` addresses it in the calls of the own inbox, `token` at `/v2/inbox/{token}`. `subject` is the first text of
    the card, `key_facts` are its facts, at most 8. `FROZEN`: it accepts answers only after the incident of its
    execution is resolved. `is_substitute_for` is the absent person for whom the caller has it. Cards with equal
    `bulk_key` have the same buttons and require nothing but a comment; it is null where an answer needs more. `due_on`
    is when the request times out.
    """

    card_id: str
    token: str | None
    status: Literal["OPEN", "FROZEN"]
    subject: str
    workflow_id: str
    workflow_name: str
    workflow_execution_id: str
    state: str
    requester: str | None
    opened_on: int
    due_on: int | None
    revision: int
    progress: ProgressRecord | None
    is_substitute_for: str | None
    bulk_key: str | None
    key_facts: list[FactRecord]


class MyCardCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the fields back as query parameters."""

    opened_on: int
    card_id: str


class MyCardPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of cards, newest first. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[MyCardRecord]
    last_key: MyCardCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


class CardAnswerBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer to one card, on the `revision` that the caller saw: the data of the button, and the inputs."""

    card_id: str
    revision: int
    data: dict[str, Json]


class AnswerCardsBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """1 to 50 answers."""

    answers: list[CardAnswerBody]


class CardResultRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one answer.

    `already answered`: this call changed nothing; by whom, when and how the card was answered. `changed`: the card has
    another revision by now. `refused`: the answer does not count, see `code`, `text` and `errors`. `unknown`: the store
    failed while it recorded the answer, which may count; sending it again is safe.
    """

    card_id: str
    result: Result
    answered_by: str | UnsetType = UNSET
    answered_on: int | UnsetType = UNSET
    answered_as: AnswerActor | UnsetType = UNSET
    answered_for: str | UnsetType = UNSET
    decision: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    errors: list[Finding] | UnsetType = UNSET


class AnswerCardsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One result for each answer, in the order of the answers."""

    message: str
    count: int
    items: list[CardResultRecord]


class DelegateBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The card to pass on, the person who gets it, and why."""

    card_id: str
    to: str
    reason: str = ""


class DelegateAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The person who has the card now."""

    message: str
    recipient: str


async def get_my_cards(call: Call) -> Response:
    """Lists the caller's cards."""
    workflow_id = call.query.get("workflow_id")
    criteria = MyCardFilter(
        workflow_id=validate_id(workflow_id, "workflow") if workflow_id else "",
        due_before=instant_of(call.query.get("due_before"), "due_before") if "due_before" in call.query else None,
        substitute_for=call.query.get("substitute_for"),
    )
    page = await cards.list_cards(
        call.services, call.principal, criteria, after=card_cursor(call), limit=limit_of(call)
    )
    items = [_item(card) for card in page.items]
    last_key = MyCardCursor(opened_on=page.after[0], card_id=page.after[1]) if page.after is not None else UNSET
    return Response(MyCardPage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


async def get_my_card(call: Call) -> Response:
    """Reads a card of the caller; nothing is recorded."""
    shown = await cards.show_own(call.services, call.principal, call.query.get("card_id"))
    return Response(InboxAnswer(message=SUCCESS, item=inbox_item(shown)))


async def answer_cards(call: Call) -> Response:
    """Answers cards of the caller."""
    body: AnswerCardsBody = call.body
    for index, one in enumerate(body.answers):
        if one.revision < 1:
            raise BadRequest.at(f"/answers/{index}/revision", "must be the revision of the card that you saw, from 1")
    sent = [CardAnswerRequest(card_id=one.card_id, revision=one.revision, data=one.data) for one in body.answers]
    items = [_result(one) for one in await answers.answer_cards(call.services, call.principal, sent)]
    return Response(AnswerCardsAnswer(message=SUCCESS, count=len(items), items=items))


async def delegate_card(call: Call) -> Response:
    """Passes a card of the caller on."""
    body: DelegateBody = call.body
    recipient = await answers.delegate(call.services, call.principal, body.card_id, to=body.to, reason=body.reason)
    return Response(DelegateAnswer(message="passed on", recipient=recipient))


def _item(card: MyCard) -> MyCardRecord:
    progress = card.progress
    return MyCardRecord(
        card_id=card.id,
        token=card.token or None,
        status=card.status,
        subject=card.subject,
        workflow_id=card.workflow_id,
        workflow_name=card.workflow_name,
        workflow_execution_id=card.execution_id,
        state=card.step,
        requester=card.requester or None,
        opened_on=to_ms(card.opened_on),
        due_on=ms_or_none(card.due_on),
        revision=card.revision,
        progress=ProgressRecord(done=progress.done, needed=progress.needed) if progress is not None else None,
        is_substitute_for=card.substitute_for or None,
        bulk_key=card.bulk_key or None,
        key_facts=[FactRecord(label=fact.label, value=fact.value) for fact in card.facts],
    )


def _result(one: CardResult) -> CardResultRecord:
    former = one.former
    if former is None:
        return CardResultRecord(
            card_id=one.card_id,
            result=one.result,
            code=one.code or UNSET,
            text=one.message or UNSET,
            errors=[Finding(path=each.path, message=each.message) for each in one.problems] or UNSET,
        )
    return CardResultRecord(
        card_id=one.card_id,
        result=one.result,
        answered_by=former.answered_by or UNSET,
        answered_on=to_ms(former.answered_on),
        answered_as=actor_item(former.actor),
        answered_for=former.substitute_for or UNSET,
        decision=former.decision or UNSET,
    )


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getMyCards",
        access="own",
        takes_tabs=True,
        handle=get_my_cards,
        summary="List the open requests to the person who has signed in, newest first",
        description="Cards to every spelling of the person's address, and those that they have for an absent person.",
        tag="Own inbox",
        parameters=(
            LIMIT,
            Parameter("workflow_id", "Only cards of this workflow."),
            Parameter(
                "due_before",
                "Only requests that time out before this instant, epoch milliseconds. Such a page may be short.",
                kind="instant",
            ),
            Parameter(
                "substitute_for",
                "Only requests that the caller has for this absent person, by any spelling of the address. Such a page "
                "may be short.",
            ),
            Parameter("opened_on", "Pagination key from `lastKey`.", kind="instant"),
            Parameter("card_id", "Pagination key from `lastKey`."),
        ),
        answer=MyCardPage,
    ),
    read_route(
        path="/v2/workflows/getMyCard",
        access="own",
        takes_tabs=True,
        handle=get_my_card,
        summary="Read a card that was sent to the person who has signed in, open or closed; nothing is recorded",
        tag="Own inbox",
        parameters=(Parameter("card_id", "Id of the card from `getMyCards`.", is_required=True),),
        answer=InboxAnswer,
        refusals=(404,),
    ),
    manage_route(
        path="/v2/workflows/answerCards",
        access="own",
        takes_tabs=True,
        handle=answer_cards,
        summary="Answer up to 50 cards as the person who has signed in",
        description=(
            "Each answer is bound to the revision of the card that the person saw, and counts by itself: one that is "
            "refused affects no other. The answer of the call has a result for each."
        ),
        tag="Own inbox",
        body=AnswerCardsBody,
        answer=AnswerCardsAnswer,
        refusals=(429,),
    ),
    manage_route(
        path="/v2/workflows/delegateCard",
        access="own",
        takes_tabs=True,
        handle=delegate_card,
        summary="Pass a card of the person who has signed in on to another person",
        description="The own copy closes and names the new recipient, who gets a copy and decides instead.",
        tag="Own inbox",
        body=DelegateBody,
        answer=DelegateAnswer,
        refusals=(404, 409, 422, 429),
    ),
)
