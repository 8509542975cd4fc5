"""The cards that executions have sent: one as its recipient sees it by its link, the answer, and the open ones."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from looply.app.context.audit import record
from looply.app.context.services import Services
from looply.app.executions.reading import read_executions
from looply.catalog.tenants.principal import Principal
from looply.engine.ports.lists import CardFilter, CardKey, Execution, OpenCard
from looply.engine.records.copies import CopyDelivery
from looply.errors import Conflict, NotFound, Refused
from looply.execution.approvals.cards import find_card, former_answer, open_status, open_wait_of, why_closed
from looply.execution.approvals.decisions import Decision, decisions_of
from looply.execution.approvals.reassign import find_source
from looply.execution.facts.address import card_token, parse_address, parse_token
from looply.execution.facts.commands import AlreadyAnswered, AnswerCard, Declined, Recorded, Reply, Unfit, UnknownToken
from looply.execution.facts.state import Card, ExecutionState
from looply.execution.facts.values.actor import LINK, Actor
from looply.execution.facts.values.approval_terms import ApprovalTerms
from looply.execution.facts.values.card_copy import Confirm
from looply.jsontext import Json

READABLE_AFTER_ANSWER: Final = timedelta(hours=1)
"""How long an answered card can still be read by its link, for recipients who check their answer."""

OVER: Final[Json] = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "This request is over. Its content is not shown any more.", "wrap": True}],
}
"""The card that a link shows instead of one that is closed."""


class InboxCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card as its recipient sees it.

    `card` is the whole card while it accepts answers and for `READABLE_AFTER_ANSWER` after it was answered, else a card
    that states only that the request is over.

    `OPEN`: an answer counts now. `FROZEN`: the execution has an open incident; the card accepts answers after it.
    `closed_reason` is the code of why it is CLOSED, `closed_text` the sentence. `terms` are those of an open approval,
    with the `decisions` so far. `answered_as` says how the answer came, `answered_for` is the absent person for whom it
    was given; `substitute_for` the one for whom the recipient has the card. `passed_from` is the person from whom it
    was passed on to the recipient, and `passed_reason` what they said about it. `confirm` is what an answer by the link
    needs beside it. `card_id` addresses it in the own inbox.
    """

    status: Literal["OPEN", "FROZEN", "ANSWERED", "CLOSED"]
    card: Json
    workflow_name: str
    recipient: str
    opened_on: datetime
    timeout_on: datetime | None = None
    answered_by: str = ""
    answered_on: datetime | None = None
    answered_as: Actor | None = None
    answered_for: str = ""
    decision: str = ""
    revision: int = 1
    reminders: int = 0
    closed_reason: str = ""
    closed_text: str = ""
    passed_to: str = ""
    passed_from: str = ""
    passed_reason: str = ""
    confirm: Confirm = "link"
    card_id: str = ""
    substitute_for: str = ""
    terms: ApprovalTerms | None = None
    decisions: Sequence[Decision] = ()


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers a card by its token: the person whom a channel vouches for, with other addresses of theirs, or the
    holder of a link, with the `code` that the recipient got by mail and its `challenge`, where they gave one. `via` is
    recorded as the way of the answer.
    """

    actor: Actor = LINK
    addresses: tuple[str, ...] = ()
    via: str = "INBOX"
    challenge: str = ""
    code: str = ""


HOLDER: Final = Sender()
"""The holder of a link, who is not known."""


class OpenEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A card that accepts answers, unless its execution has an incident. `recipient` is spelled as in the workflow.

    `token` is empty for a caller without the permission `decide.override`, `process_id` where the execution cannot be
    read. `is_stale`: the copy in its channel is not up to date. `delivery` is what became of it there; None where the
    channel keeps no copies, as the inbox does.
    """

    card: OpenCard
    recipient: str
    status: Literal["OPEN", "FROZEN"]
    is_stale: bool = False
    delivery: CopyDelivery | None = None
    process_id: str = ""
    token: str = ""


class OpenPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of open cards, and whether another page follows."""

    entries: list[OpenEntry]
    has_more: bool


async def show(services: Services, token: str) -> InboxCard:
    """Returns the card that a token names. Nothing is recorded.

    Raises: NotFound for a token that no execution made.
    """
    execution, card = await find_by_token(services, token)
    return show_card(services, execution, card)


def show_card(services: Services, execution: Execution, card: Card) -> InboxCard:
    """Returns a card of an execution as its recipient sees it."""
    state = execution.state
    former, wait = former_answer(execution.workflow, state, card), state.waits.get(card.address)
    status, source = _status(state, card, former), find_source(state, card)
    return InboxCard(
        status=status,
        card=card.body if status in ("OPEN", "FROZEN") or _is_still_readable(services, card) else OVER,
        workflow_name=execution.workflow.name,
        recipient=card.recipient,
        opened_on=card.opened_on,
        timeout_on=wait.timeout_on if wait is not None else None,
        answered_by=former.answered_by if former is not None else "",
        answered_on=former.answered_on if former is not None else None,
        answered_as=former.actor if former is not None else None,
        answered_for=former.substitute_for if former is not None else "",
        decision=former.decision if former is not None else "",
        revision=card.revision,
        reminders=card.reminders,
        closed_reason=card.status if card.status != "OPEN" else "",
        closed_text=why_closed(card),
        passed_to=card.passed_to,
        passed_from=source.recipient if source is not None else "",
        passed_reason=source.note if source is not None else "",
        confirm=card.confirm,
        card_id=own_card_id(execution.head.execution_id, card.card_id),
        substitute_for=card.substitute_for,
        terms=wait.approval if wait is not None else None,
        decisions=decisions_of(execution.workflow, state, card.address),
    )


def own_card_id(execution_id: str, card_id: str) -> str:
    """Returns the id by which people address a card of theirs in the own inbox, also after it was closed."""
    return f"{execution_id}:{card_id}"


async def check_token(services: Services, token: str) -> None:
    """Raises: NotFound for a token that no execution made. Nothing but the token is checked."""
    await find_by_token(services, token)


async def answer_by_link(
    services: Services, token: str, data: dict[str, Json], *, revision: int = 0, sender: Sender = HOLDER
) -> Recorded | AlreadyAnswered:
    """Records a recipient's answer, or returns the earlier one. `revision` is the card revision they saw, if known.

    Raises: NotFound for a token that no execution made; Conflict (codes `CLOSED`, `FAILED`, `SELF_APPROVAL`,
    `NOT_YOURS`, `DECIDED_ALREADY`, `CARD_CHANGED`, `CODE_NEEDED`, `SIGN_IN_NEEDED`) when the answer cannot
    count; Refused when it is not a decision, lacks a comment, or exceeds the space in the data document.
    """
    execution, _ = await find_by_token(services, token)
    return require_recorded(await submit(services, execution, token, data, revision=revision, sender=sender))


def require_recorded(reply: Reply) -> Recorded | AlreadyAnswered:
    """Returns the reply to an answer that counts now or has counted before.

    Raises: as `answer_by_link` does for any other.
    """
    match reply:
        case Recorded() | AlreadyAnswered():
            return reply
        case Unfit(problems=problems):
            raise Refused(problems[0].message, code="PAYLOAD_REFUSED", problems=problems)
        case UnknownToken():
            raise card_not_found()
        case Declined(code="CODE_EXPIRED" | "CODE_WRONG" as code, message=message):
            raise Refused.at("/code", message, code=code)
        case Declined(code=code, message=message):
            raise Conflict(message, code=code)
        case _:
            raise TypeError(f"a card answer cannot be answered by {type(reply).__name__}")


async def submit(
    services: Services, execution: Execution, token: str, data: dict[str, Json], *, revision: int, sender: Sender
) -> Reply:
    """Returns the reply to an answer, also to one that does not count. What it changes is durable when it returns."""
    command = AnswerCard(
        at=services.clock.now(),
        via=sender.via,
        token=token,
        data=data,
        revision=revision,
        actor=sender.actor,
        addresses=sender.addresses,
        challenge=sender.challenge,
        code=sender.code,
    )
    return await services.engine.submit(execution.head.execution_id, command)


async def list_open(
    services: Services, principal: Principal, criteria: CardFilter, *, after: CardKey | None = None, limit: int
) -> OpenPage:
    """Returns the cards of the organization that accept answers, now or after an incident is closed, newest first.

    A token permits its holder to answer as the recipient: only a caller with the permission `decide.override` reads
    it, and the audit log records the cards.
    """
    rows = await services.engine.executions.open_cards(principal.organization_id, criteria, after, limit + 1)
    cards = rows[:limit]
    with_token = principal.may("decide.override")
    if with_token and cards:
        ids: list[Json] = [card.card_id for card in cards]
        await record(services, principal, "card.read_links", cards[0].card_id, cards=ids)
    deliveries = await services.engine.overview.deliveries([card.card_id for card in cards])
    executions = await read_executions(services, [card.execution_id for card in cards])
    entries = [
        _entry(card, executions.get(card.execution_id), deliveries.get(card.card_id), with_token=with_token)
        for card in cards
    ]
    return OpenPage(entries=entries, has_more=len(rows) > limit)


def _entry(
    card: OpenCard, execution: Execution | None, delivery: CopyDelivery | None, *, with_token: bool
) -> OpenEntry:
    is_stale = delivery is not None and delivery.is_stale
    if execution is None:
        # The cards of a damaged execution accept no answer until it is repaired.
        return OpenEntry(card=card, recipient=card.recipient, status="FROZEN", is_stale=is_stale, delivery=delivery)
    state = execution.state
    address = parse_address(card.address)
    token = card_token(card.execution_id, state.started.seed, address, card.part) if with_token else ""
    copy = state.cards.get(card.card_id)
    recipient = copy.recipient if copy is not None else card.recipient
    return OpenEntry(
        card=card,
        recipient=recipient,
        status=open_status(state),
        is_stale=is_stale,
        delivery=delivery,
        process_id=state.started.process_id or card.execution_id,
        token=token,
    )


def _status(
    state: ExecutionState, card: Card, former: AlreadyAnswered | None
) -> Literal["OPEN", "FROZEN", "ANSWERED", "CLOSED"]:
    if former is not None:
        return "ANSWERED"
    if open_wait_of(state, card) is None:
        return "CLOSED"
    return open_status(state)


def _is_still_readable(services: Services, card: Card) -> bool:
    """Returns whether a card that accepts no more answers may be read: an answered one, for a while."""
    if card.status == "OPEN":
        return True  # other recipients can still answer, or the card is for reading only
    return (
        card.status == "ANSWERED" and services.clock.now() - (card.closed_on or card.opened_on) < READABLE_AFTER_ANSWER
    )


async def find_by_token(services: Services, token: str) -> tuple[Execution, Card]:
    """Returns the execution and the card that a token names. Raises: NotFound for a token that no execution made."""
    parsed = parse_token(token)
    if parsed is None:
        raise card_not_found()
    try:
        execution = await services.engine.executions.get(parsed.execution_id)
    except NotFound as error:
        raise card_not_found() from error
    card = find_card(execution.state, token)
    if card is None:
        raise card_not_found()
    return execution, card


_NO_LINK: Final = "no card has the token of this link; copy the whole link, or open the card in the inbox"


def card_not_found(finding: str = _NO_LINK) -> NotFound:
    """Returns the error for a card that does not exist, or that the caller may not know of.

    The message does not repeat the token of a link, which is a secret.
    """
    return NotFound(f"card not found: {finding}", code="CARD_NOT_FOUND")
