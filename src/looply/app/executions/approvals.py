"""Approvals for operators: reassignment of cards, reminders of them, and the record of decisions."""

from collections.abc import Sequence
from typing import Final

import msgspec

from looply.app.context.addressing import get_owned
from looply.app.context.audit import record
from looply.app.context.reasons import MAX_REASON
from looply.app.context.services import Services
from looply.catalog.tenants.names import validate_id
from looply.catalog.tenants.principal import Principal
from looply.engine.ports.lists import OpenCard
from looply.engine.records.decisions import DecisionFilter, DecisionKey, DecisionRow
from looply.errors import BadRequest, Conflict, NotFound, Problem, Refused
from looply.execution.approvals.decisions import Decision, decisions_of
from looply.execution.facts.address import card_token, parse_address
from looply.execution.facts.commands import Declined, ReassignCard, Reassigned, RemindCard, Reminded, Unfit
from looply.execution.facts.values.approval_terms import is_same_person

_PERSON_CHARACTERS: Final = 320  # the longest mail address of RFC 5321


class ReassignedCard(msgspec.Struct, frozen=True, kw_only=True):
    """The card copy that replaces the reassigned one.

    Its `token` permits its holder to answer; it is empty for a caller without the permission `decide.override`.
    """

    card_id: str
    execution_id: str
    recipient: str
    token: str


async def reassign(services: Services, principal: Principal, card_id: str, *, to: str, reason: str) -> ReassignedCard:
    """Reassigns an open card of the organization to another person and returns the new copy.

    Raises: BadRequest; NotFound when no such card is open; Conflict (code `CLOSED`) when it was answered or closed
    in the meantime; Refused when that person may not decide, has decided already, has a card of this step, or is the
    caller, who needs the permission `decide.override` for that.
    """
    may_override = principal.may("decide.override")
    person = validate_person(to)
    if not may_override and await _is_caller(services, principal, person):
        problem = Problem(path="/to", message="a caller cannot reassign a card to itself without the scope `override`")
        raise Refused(problem.message, code="CANNOT_REASSIGN", problems=(problem,))
    why = _validate_text(reason.strip(), "reason", MAX_REASON, least=0)
    card = await _open_card(services, principal, card_id)
    execution = await services.engine.executions.get(card.execution_id)
    command = ReassignCard(
        at=services.clock.now(), by=principal.by, via="API", card_id=card.card_id, to=person, reason=why
    )
    reply = await services.engine.submit(card.execution_id, command)
    match reply:
        case Reassigned(card_id=new_id, part=part):
            await record(services, principal, "card.reassign", card.card_id, new_card=new_id)
            seed = execution.state.started.seed
            token = card_token(card.execution_id, seed, parse_address(card.address), part) if may_override else ""
            return ReassignedCard(card_id=new_id, execution_id=card.execution_id, recipient=person, token=token)
        case Declined(code=code, message=message):
            raise Conflict(message, code=code)
        case Unfit(problems=problems):
            raise Refused(problems[0].message, code="CANNOT_REASSIGN", problems=problems)
        case _:
            raise _not_open(card_id)


async def _is_caller(services: Services, principal: Principal, person: str) -> bool:
    """Returns whether an address is that of the caller: for a key, the one in its name, or that of its maker."""
    if principal.person is not None:
        return is_same_person(person, principal.person.email)
    if is_same_person(person, principal.name):
        return True
    catalog, key_id = services.catalog, principal.key_id
    user_id = None if key_id is None else await catalog.keys.get_maker(principal.organization_id, key_id)
    if user_id is None:
        return False
    try:
        return is_same_person(person, (await catalog.people.users.get(user_id)).email)
    except NotFound:
        return False


async def remind(services: Services, principal: Principal, card_id: str) -> tuple[OpenCard, int]:
    """Reminds the recipient of an open card of the organization; returns the card and the number of its reminders.

    Raises: NotFound when no such card is open; Conflict (code `CLOSED`) when it was answered or closed in the meantime,
    (code `FAILED`) when its execution has an incident.
    """
    card = await _open_card(services, principal, card_id)
    command = RemindCard(at=services.clock.now(), by=principal.by, via="API", card_id=card.card_id)
    reply = await services.engine.submit(card.execution_id, command)
    match reply:
        case Reminded(reminders=reminders):
            await record(services, principal, "card.remind", card.card_id, reminder=reminders)
            return card, reminders
        case Declined(code=code, message=message):
            raise Conflict(message, code=code)
        case _:
            raise _not_open(card_id)


async def _open_card(services: Services, principal: Principal, card_id: str) -> OpenCard:
    try:
        key = validate_id(card_id, "card")
    except BadRequest as error:
        raise _not_open(card_id) from error
    card = await services.engine.executions.find_card(principal.organization_id, key)
    if card is None:
        raise _not_open(card_id)
    return card


async def list_execution_decisions(services: Services, principal: Principal, execution_id: str) -> list[Decision]:
    """Returns the decisions in an execution of the organization, oldest first, also after it was pruned.

    Raises: NotFound (code `EXECUTION_NOT_FOUND`) when it is not stored and nothing is recorded of it.
    """
    try:
        execution = await get_owned(services, principal.organization_id, execution_id)
    except NotFound:
        rows = await services.engine.decisions.of_execution(execution_id.lower())
        own = [row.decision for row in rows if row.organization_id == principal.organization_id]
        if not own:
            raise
        return own
    return decisions_of(execution.workflow, execution.state)


async def list_decisions(
    services: Services, principal: Principal, criteria: DecisionFilter, *, after: DecisionKey | None, limit: int
) -> Sequence[DecisionRow]:
    """Returns recorded decisions of the organization, newest first, also of pruned executions."""
    return await services.engine.decisions.list(principal.organization_id, criteria, after, limit)


def validate_person(text: str, name: str = "to") -> str:
    """Returns the address of a person. Raises: BadRequest at `/name` when it is not a printable text of 1 to 320."""
    return _validate_text(text.strip(), name, _PERSON_CHARACTERS)


def _validate_text(text: str, name: str, most: int, *, least: int = 1) -> str:
    if least <= len(text) <= most and text.isprintable():
        return text
    raise BadRequest.at(f"/{name}", f"must be a printable text of {least} to {most} characters")


def _not_open(card_id: str) -> NotFound:
    return NotFound(
        f"no open card has the id {card_id[:50]!r}; list the open cards for their ids", code="CARD_NOT_FOUND"
    )
