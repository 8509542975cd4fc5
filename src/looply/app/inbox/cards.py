"""The cards that a person is asked to answer: as a list, and each as a whole."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from looply.app.context.services import Services
from looply.app.executions.reading import read_executions
from looply.app.executions.sent_cards import InboxCard, own_card_id, show_card
from looply.app.inbox.own import find_own_card, own_person
from looply.catalog.tenants.principal import Principal
from looply.engine.ports.lists import CardFilter, CardKey, Execution, OpenCard
from looply.execution.approvals.card_summary import Fact, summarize
from looply.execution.approvals.cards import open_status
from looply.execution.facts.address import card_token, parse_address
from looply.execution.facts.state import Card, OpenWait
from looply.execution.facts.values.approval_terms import is_same_person

_MAX_EXAMINED: Final = 300
"""The most cards that one page examines where it shows only some of them."""


class Progress(msgspec.Struct, frozen=True):
    """How many answers count towards the end of a step, of the number that it needs. On approvals: approvals."""

    done: int
    needed: int


class MyCard(msgspec.Struct, frozen=True, kw_only=True):
    """One request to the caller, as a list shows it.

    `id` addresses it in all calls of the caller's inbox; its `token` permits to answer it. `substitute_for` is the
    absent person whose substitute the caller is. Cards with equal `bulk_key` can be answered together; it is empty
    where an answer needs more than a button and a comment. Of an execution that cannot be read, only what its row holds
    is there.
    """

    id: str
    token: str
    key: CardKey
    status: Literal["OPEN", "FROZEN"]
    workflow_id: str
    execution_id: str
    step: str
    opened_on: datetime
    revision: int
    workflow_name: str = ""
    subject: str = ""
    requester: str = ""
    due_on: datetime | None = None
    progress: Progress | None = None
    substitute_for: str = ""
    bulk_key: str = ""
    facts: tuple[Fact, ...] = ()


class MyCards(msgspec.Struct, frozen=True, kw_only=True):
    """One page, newest first, and the key behind which the next one begins; None when there is none."""

    items: Sequence[MyCard]
    after: CardKey | None = None


class MyCardFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which cards a list shows: of a workflow, those that time out before an instant, those for an absent person."""

    workflow_id: str = ""
    due_before: datetime | None = None
    substitute_for: str = ""

    def has(self, card: MyCard) -> bool:
        """Returns whether it shows a card of the workflow. A person is meant by any spelling of the address."""
        is_due = self.due_before is None or (card.due_on is not None and card.due_on < self.due_before)
        return is_due and (not self.substitute_for or is_same_person(card.substitute_for, self.substitute_for))


async def list_cards(
    services: Services, principal: Principal, criteria: MyCardFilter, *, after: CardKey | None = None, limit: int
) -> MyCards:
    """Returns the cards that the caller can answer, by any spelling of their address, newest first.

    With `due_before` or `substitute_for` a page may hold fewer cards although another one follows, because it examines
    at most 300.
    Raises: Forbidden when the caller is not a person.
    """
    person = own_person(principal)
    own = CardFilter(recipient=person.email, workflow_id=criteria.workflow_id)
    items: list[MyCard] = []
    examined = 0
    while examined < _MAX_EXAMINED:
        size = limit + 1 - len(items)
        cards = await services.engine.executions.open_cards(principal.organization_id, own, after, size)
        for card, item in zip(cards, await _read_items(services, cards), strict=True):
            if criteria.has(item):
                items.append(item)
            if len(items) > limit:
                return MyCards(items=items[:limit], after=items[limit - 1].key)
            after = card.key
        examined += len(cards)
        if len(cards) < size:
            return MyCards(items=items)
    return MyCards(items=items, after=after)


async def show_own(services: Services, principal: Principal, card_id: str) -> InboxCard:
    """Returns a card that was sent to the caller. Raises: NotFound (code `CARD_NOT_FOUND`); Forbidden."""
    execution, card = await find_own_card(services, principal, card_id)
    return show_card(services, execution, card)


def progress_of(wait: OpenWait) -> Progress:
    """Returns how far an open wait is."""
    if wait.approval is None:
        return Progress(len(wait.answers), wait.count)
    approved = sum(answer.seats for answer in wait.answers if answer.decision == "approved")
    return Progress(approved, wait.approval.quorum)


async def _read_items(services: Services, cards: Sequence[OpenCard]) -> list[MyCard]:
    """Returns the cards with what their executions say of them."""
    executions = await read_executions(services, [card.execution_id for card in cards])
    return [_item_of(executions.get(card.execution_id), card) for card in cards]


def _item_of(execution: Execution | None, row: OpenCard) -> MyCard:
    card = execution.state.cards.get(row.card_id) if execution is not None else None
    return _item(execution, row, card) if execution is not None and card is not None else _item_of_row(row)


def _item(execution: Execution, row: OpenCard, card: Card) -> MyCard:
    state, wait, summary = execution.state, execution.state.waits.get(card.address), summarize(card.body)
    token = card_token(row.execution_id, state.started.seed, parse_address(row.address), row.part)
    return MyCard(
        id=own_card_id(row.execution_id, row.card_id),
        token=token,
        key=row.key,
        status=open_status(state),
        workflow_id=row.workflow_id,
        execution_id=row.execution_id,
        step=row.step,
        opened_on=row.opened_on,
        revision=card.revision,
        workflow_name=execution.workflow.name,
        subject=summary.subject or execution.workflow.name,
        requester=wait.requester if wait is not None else "",
        due_on=wait.timeout_on if wait is not None else None,
        progress=progress_of(wait) if wait is not None else None,
        substitute_for=card.substitute_for,
        bulk_key=f"{row.workflow_id}:{row.step}:{summary.form}" if summary.form else "",
        facts=summary.facts,
    )


def _item_of_row(row: OpenCard) -> MyCard:
    return MyCard(
        id=own_card_id(row.execution_id, row.card_id),
        token="",
        key=row.key,
        status="FROZEN",
        workflow_id=row.workflow_id,
        execution_id=row.execution_id,
        step=row.step,
        opened_on=row.opened_on,
        revision=row.revision,
    )
