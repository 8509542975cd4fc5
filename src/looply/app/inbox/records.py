"""What a person has decided, and what they asked others to decide."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from looply.app.context.addressing import get_owned
from looply.app.context.services import Services
from looply.app.executions.reading import read_executions
from looply.app.inbox.cards import Progress, progress_of
from looply.app.inbox.own import own_person
from looply.app.monitoring.explaining import Explained, explain_to_requester
from looply.catalog.tenants.principal import Principal
from looply.engine.ports.lists import Execution, Filter, Head
from looply.engine.records.decisions import DecisionFilter, DecisionKey, DecisionRow
from looply.errors import execution_not_found
from looply.execution.approvals.card_summary import summarize
from looply.execution.approvals.cards import open_status
from looply.execution.approvals.decisions import Decision, decisions_of
from looply.execution.approvals.turns import pending_cards
from looply.execution.document.searching import REQUESTER, requester_text
from looply.execution.facts.address import Address, parse_address
from looply.execution.facts.state import ExecutionState, OpenWait, SettledWait, cards_of
from looply.execution.facts.values.approval_terms import is_same_person

RequestStatus: TypeAlias = Literal["OPEN", "FROZEN", "APPROVED", "REJECTED", "TIMED_OUT", "CANCELLED"]


class MyDecision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision of the caller. `subject` and `workflow_name` are empty where the execution was pruned."""

    row: DecisionRow
    subject: str = ""
    workflow_name: str = ""


class MyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An execution in which the caller asks for an approval: the one that is open, else the one that ended last.

    `FROZEN`: an incident stops the execution. `waiting_for` are the people who have the card now, `progress` and
    `due_on` are those of an open approval. Without a `status` the execution cannot be read.
    """

    head: Head
    status: RequestStatus | None = None
    workflow_name: str = ""
    step: str = ""
    subject: str = ""
    opened_on: datetime | None = None
    due_on: datetime | None = None
    ended_on: datetime | None = None
    progress: Progress | None = None
    waiting_for: tuple[str, ...] = ()
    decisions: Sequence[Decision] = ()


class MyRequests(msgspec.Struct, frozen=True, kw_only=True):
    """One page, newest execution first, and the id behind which the next one begins; empty when there is none."""

    items: Sequence[MyRequest]
    after: str = ""


async def list_own_decisions(
    services: Services, principal: Principal, *, after: DecisionKey | None, limit: int
) -> list[MyDecision]:
    """Returns decisions that were made under the caller's address, newest first. Raises: Forbidden."""
    criteria = DecisionFilter(user=own_person(principal).email)
    rows = await services.engine.decisions.list(principal.organization_id, criteria, after, limit)
    executions = await read_executions(services, [row.execution_id for row in rows])
    return [_with_subject(executions.get(row.execution_id), row) for row in rows]


async def list_own_requests(services: Services, principal: Principal, *, after: str, limit: int) -> MyRequests:
    """Returns executions in which the caller asks for an approval, newest first; the first 50 requesters of each count.

    Raises: Forbidden when the caller is not a person; BadRequest.
    """
    email = own_person(principal).email
    criteria = Filter(fields=((REQUESTER, (requester_text(email),)),))
    page = await services.engine.executions.list(principal.organization_id, criteria, after, limit)
    executions = await read_executions(services, [listed.head.execution_id for listed in page.items])
    items = [_request_of(executions.get(each.head.execution_id), each.head, email) for each in page.items]
    return MyRequests(items=items, after=page.after)


async def explain_own_request(services: Services, principal: Principal, execution_id: str) -> Explained:
    """Returns why an execution in which the caller asks for an approval does not move, without any data of it.

    Raises: Forbidden when the caller is not a person; NotFound (code `EXECUTION_NOT_FOUND`), the same error where the
    caller asks for nothing in it; StoreCorrupt.
    """
    email = own_person(principal).email
    execution = await get_owned(services, principal.organization_id, execution_id)
    if next(_approvals_for(execution.state, email), None) is None:
        raise execution_not_found(execution_id)
    addresses = [text for text, wait in execution.state.waits.items() if _is_for(wait, email)]
    return await explain_to_requester(services, execution, addresses)


def _with_subject(execution: Execution | None, row: DecisionRow) -> MyDecision:
    if execution is None:
        return MyDecision(row=row)  # pruned, or damaged: the record outlives it
    decision, name = row.decision, execution.workflow.name
    address = Address(decision.scope, decision.step, decision.visit).text
    address = execution.state.current_address(address)
    return MyDecision(row=row, subject=_subject(execution, address), workflow_name=name)


def _request_of(execution: Execution | None, head: Head, email: str) -> MyRequest:
    if execution is None:
        return MyRequest(head=head)
    found = list(_approvals_for(execution.state, email))
    if not found:
        return MyRequest(head=head, workflow_name=execution.workflow.name)
    return _request(execution, *found[-1])


def _approvals_for(state: ExecutionState, email: str) -> Iterator[tuple[str, OpenWait | SettledWait]]:
    """Yields the approvals that a person asked for, the ended ones in the order of their ends, then the open ones."""
    ended = ((text, wait) for text, wait in state.settled.items() if _is_for(wait, email))
    yield from sorted(ended, key=lambda each: (each[1].on, each[0]))
    yield from ((text, wait) for text, wait in state.waits.items() if _is_for(wait, email))


def _is_for(wait: OpenWait | SettledWait, email: str) -> bool:
    return bool(wait.requester) and is_same_person(wait.requester, email)


def _request(execution: Execution, address: str, wait: OpenWait | SettledWait) -> MyRequest:
    state, cards = execution.state, cards_of(execution.state, address)
    shown = MyRequest(
        head=execution.head,
        status=_status(state, wait),
        workflow_name=execution.workflow.name,
        step=parse_address(address).step,
        subject=_subject(execution, address),
        opened_on=cards[0].opened_on if cards else None,
        decisions=decisions_of(execution.workflow, state, address),
    )
    if isinstance(wait, SettledWait):
        return msgspec.structs.replace(shown, ended_on=wait.on)
    return msgspec.structs.replace(
        shown,
        due_on=wait.timeout_on,
        progress=progress_of(wait),
        waiting_for=tuple(card.recipient for card in pending_cards(state, wait)),
    )


def _status(state: ExecutionState, wait: OpenWait | SettledWait) -> RequestStatus:
    if isinstance(wait, OpenWait):
        return open_status(state)
    match wait.how:
        case "RESUMED":
            return "APPROVED" if wait.outcome == "approved" else "REJECTED"
        case "TIMED_OUT":
            return "TIMED_OUT"
        case _:
            return "CANCELLED"


def _subject(execution: Execution, address: str) -> str:
    cards = cards_of(execution.state, address)
    return (summarize(cards[0].body).subject if cards else "") or execution.workflow.name
