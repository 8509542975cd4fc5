"""What people do with their cards: answer several at once, and pass one on."""

import asyncio
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from looply.app.context.audit import NotAudited, record
from looply.app.context.reasons import validate_reason
from looply.app.context.services import Services
from looply.app.executions.approvals import validate_person
from looply.app.executions.sent_cards import card_not_found
from looply.app.inbox.own import NOT_YOURS, VIA_TAB, find_own_card, own_person, way_of
from looply.catalog.tenants.principal import Principal
from looply.errors import BadRequest, Conflict, LooplyError, Problem, Refused, StoreLost
from looply.execution.facts.commands import (
    AlreadyAnswered,
    AnswerCard,
    Declined,
    ReassignCard,
    Reassigned,
    Recorded,
    Reply,
    Unfit,
    UnknownToken,
)
from looply.execution.facts.values.actor import Actor
from looply.jsontext import Json

MAX_ANSWERS: Final = 50
"""The most cards that one call answers."""

Result: TypeAlias = Literal["recorded", "already answered", "changed", "refused", "unknown"]


class CardAnswerRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one card. `revision` is the one that the person saw."""

    card_id: str
    revision: int
    data: dict[str, Json]


class CardResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one answer.

    `already answered`: nothing was changed; `former` is the earlier answer. `changed`: the card has another revision by
    now, nothing was recorded. `refused`: it does not count, for the reason `code`, `message` and `problems`. `unknown`:
    the store failed while it recorded the answer, which may count; sending it again is safe.
    """

    card_id: str
    result: Result
    former: AlreadyAnswered | None = None
    code: str = ""
    message: str = ""
    problems: tuple[Problem, ...] = ()


async def answer_cards(
    services: Services, principal: Principal, requests: Sequence[CardAnswerRequest]
) -> Sequence[CardResult]:
    """Records the answers of a person to their cards and returns a result for each, in the same order.

    Each answer counts by itself: one that is refused affects no other.
    Raises: BadRequest for none, or for more than 50; Forbidden when the caller is not a person.
    """
    own_person(principal)
    if not 1 <= len(requests) <= MAX_ANSWERS:
        raise BadRequest.at("/answers", f"must have 1 to {MAX_ANSWERS} answers, not {len(requests)}")
    return await asyncio.gather(*(_answer(services, principal, request) for request in requests))


async def delegate(services: Services, principal: Principal, card_id: str, *, to: str, reason: str) -> str:
    """Passes a card of the caller on to another person, and returns the address of that person.

    Raises: BadRequest; NotFound (code `CARD_NOT_FOUND`); Conflict (code `CLOSED`) when the card takes no more answers;
    Refused when that person may not decide, has decided already, or has a card of this step.
    """
    recipient, why = validate_person(to), validate_reason(reason.strip())
    execution, card = await find_own_card(services, principal, card_id)
    via = way_of(principal)
    command = ReassignCard(
        at=services.clock.now(), by=principal.by, via=via, card_id=card.card_id, to=recipient, reason=why
    )
    reply = await services.engine.submit(execution.head.execution_id, command)
    match reply:
        case Reassigned(card_id=new_id):
            await record(services, principal, "card.delegate", card.card_id, new_card=new_id)
            return recipient
        case Declined(code=code, message=message):
            raise Conflict(message, code=code)
        case Unfit(problems=problems):
            raise _cannot_pass_on(problems)
        case _:
            raise card_not_found(NOT_YOURS)


async def _answer(services: Services, principal: Principal, request: CardAnswerRequest) -> CardResult:
    person = own_person(principal)
    try:
        execution, card = await find_own_card(services, principal, request.card_id)
        command = AnswerCard(
            at=services.clock.now(),
            via=way_of(principal),
            card_id=card.card_id,
            data=request.data,
            revision=request.revision,
            actor=Actor(kind="session", user_id=person.user_id, email=person.email),
        )
        result = _result(request, await services.engine.submit(execution.head.execution_id, command))
        if command.via == VIA_TAB and result.result == "recorded":
            # The history has no place for the connection, whose tenant has said who answers.
            await record(
                services, principal, "card.answer", card.card_id, workflow_execution_id=execution.head.execution_id
            )
        return result
    except (StoreLost, NotAudited) as error:
        return CardResult(card_id=request.card_id, result="unknown", code=error.code, message=error.message)
    except LooplyError as error:
        return CardResult(card_id=request.card_id, result="refused", code=error.code, message=error.message)


def _result(sent: CardAnswerRequest, reply: Reply) -> CardResult:
    match reply:
        case Recorded():
            return CardResult(card_id=sent.card_id, result="recorded")
        case AlreadyAnswered():
            return CardResult(card_id=sent.card_id, result="already answered", former=reply)
        case Declined(code="CARD_CHANGED", message=message):
            return CardResult(card_id=sent.card_id, result="changed", code="CARD_CHANGED", message=message)
        case Declined(code=code, message=message):
            return CardResult(card_id=sent.card_id, result="refused", code=code, message=message)
        case Unfit(problems=problems):
            text = problems[0].message
            return CardResult(
                card_id=sent.card_id, result="refused", code="PAYLOAD_REFUSED", message=text, problems=problems
            )
        case UnknownToken():
            return CardResult(card_id=sent.card_id, result="refused", code="CARD_NOT_FOUND", message="card not found")
        case _:
            raise TypeError(f"a card answer cannot be answered by {type(reply).__name__}")


def _cannot_pass_on(problems: tuple[Problem, ...]) -> Refused:
    return Refused(problems[0].message, code="CANNOT_REASSIGN", problems=problems)
