"""Dead letters: list, read and settle them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from looply.app.context.addressing import Ambiguous, event_id, parse_event_id
from looply.app.context.audit import record
from looply.app.context.reasons import validate_reason
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.engine.records.letters import LetterFilter, LetterRow
from looply.errors import Conflict, NotFound, Problem, Refused
from looply.execution.answering.settling import settle_letter
from looply.execution.document.masking import mask_pointers
from looply.execution.facts.address import parse_address, wait_token
from looply.execution.facts.commands import AlreadySettled, Declined, Settled, SettleLetter, Unfit
from looply.execution.facts.events import LetterAction, ResumeIgnored
from looply.instants import rfc3339
from looply.jsontext import Json

MAX_PLACES: Final = 50
"""Most open waits that are tried for one letter."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """An open wait, and what would happen if the letter were applied to it now: it accepts it, or `message` says why
    not, with the `problems` of its payload.
    """

    step: str
    visit: int
    token: str
    is_fit: bool
    message: str = ""
    problems: tuple[Problem, ...] = ()


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter with its payload, secrets masked. `message` states why no wait could use it.

    `places` are the open waits of its execution, none of a letter that is settled.
    """

    row: LetterRow
    message: str
    payload: Json
    places: tuple[Place, ...] = ()


class SettleRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How to settle a letter. `state` or `token` selects the wait that it is applied to if several are open."""

    letter_id: str
    action: Literal["apply", "discard"]
    reason: str = ""
    state: str = ""
    token: str = ""


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """How the letter was settled, by whom and when; `is_new`: by this call."""

    row: LetterRow
    action: LetterAction
    by: str
    on: datetime
    is_new: bool


def id_of(row: LetterRow) -> str:
    """Returns the id by which callers address a letter."""
    return event_id(row.execution_id, row.seq)


async def list_page(
    services: Services, principal: Principal, criteria: LetterFilter, *, after: tuple[str, int] | None, limit: int
) -> Sequence[LetterRow]:
    """Returns letters of the organization, newest execution first, and within an execution newest letter first."""
    return await services.engine.letters.list(principal.organization_id, criteria, after, limit)


async def get(services: Services, principal: Principal, letter_id: str) -> Letter:
    """Returns a letter with its payload. Raises: NotFound (code `LETTER_NOT_FOUND`)."""
    row = await _get_owned_letter(services, principal, letter_id)
    event = await _event(services, row)
    payload = mask_pointers(event.payload, event.secret, "payload")
    places = () if row.action else await _find_places(services, row, event)
    return Letter(row=row, message=event.message, payload=payload, places=places)


async def _find_places(services: Services, row: LetterRow, event: ResumeIgnored) -> tuple[Place, ...]:
    """Returns the open waits, oldest first, each with the answer to a settlement that names it; nothing is stored."""
    execution = await services.engine.executions.get(row.execution_id)
    state = execution.state
    places: list[Place] = []
    for wait in sorted(state.waits.values(), key=lambda wait: wait.seq)[:MAX_PLACES]:
        token = wait_token(row.execution_id, state.started.seed, parse_address(wait.address))
        command = SettleLetter(
            at=services.clock.now(), letter=row.seq, action="apply", payload=_payload_for_waits(event), token=token
        )
        reply = settle_letter(execution.workflow, state, command, services.limits).reply
        place = Place(step=wait.step, visit=wait.visit, token=token, is_fit=isinstance(reply, Settled))
        if isinstance(reply, Declined):
            place = msgspec.structs.replace(place, message=reply.message)
        elif isinstance(reply, Unfit):
            place = msgspec.structs.replace(place, message="the payload does not fit", problems=reply.problems)
        places.append(place)
    return tuple(places)


def _payload_for_waits(event: ResumeIgnored) -> dict[str, Json]:
    """Returns what a wait receives of a letter."""
    return event.payload if isinstance(event.payload, dict) else {}


async def settle(services: Services, principal: Principal, decision: SettleRequest) -> Settlement:
    """Applies a letter to an open wait, or discards it. Of concurrent calls exactly one settles the letter.

    A later call with the same decision returns the earlier settlement.
    Raises: BadRequest; NotFound; Conflict with the reason as code, `LETTER_SETTLED` when the earlier decision was
    different; Ambiguous with the steps that wait; Refused (code `PAYLOAD_REFUSED`) when the wait does not accept it.
    """
    reason = validate_reason(decision.reason)
    row = await _get_owned_letter(services, principal, decision.letter_id)
    event = await _event(services, row)
    now = services.clock.now()
    command = SettleLetter(
        at=now,
        by=principal.by,
        via="API",
        letter=row.seq,
        action=decision.action,
        reason=reason,
        payload=_payload_for_waits(event),
        state=decision.state,
        token=decision.token,
    )
    reply = await services.engine.submit(row.execution_id, command)
    match reply:
        case Settled(action=action):
            await record(services, principal, f"letter.{decision.action}", id_of(row))
            return Settlement(row=row, action=action, by=principal.by, on=now, is_new=True)
        case AlreadySettled():
            return _earlier_settlement(row, decision, reply)
        case Declined(code="AMBIGUOUS", message=message, states=states):
            raise Ambiguous(message, field="states", choices=states)
        case Declined(code=code, message=message):
            raise Conflict(f"letter {decision.letter_id} cannot be applied: {message}", code=code)
        case Unfit(problems=problems):
            message = (
                f"the wait does not accept letter {decision.letter_id}, which remains unsettled: `errors` says what"
                " does not fit; discard the letter, or resume the execution with a payload that fits"
            )
            raise Refused(message, code="PAYLOAD_REFUSED", problems=problems)
        case _:
            raise TypeError(f"the settling of a letter cannot be answered by {type(reply).__name__}")


def _earlier_settlement(row: LetterRow, decision: SettleRequest, reply: AlreadySettled) -> Settlement:
    requested = "APPLIED" if decision.action == "apply" else "DISCARDED"
    if reply.action != requested:
        actor = f" by {reply.by}" if reply.by else ""
        message = f"letter {decision.letter_id} was {reply.action.lower()}{actor} on {rfc3339(reply.on)}; read it again"
        raise Conflict(message, code="LETTER_SETTLED")
    return Settlement(row=row, action=reply.action, by=reply.by, on=reply.on, is_new=False)


async def _get_owned_letter(services: Services, principal: Principal, letter_id: str) -> LetterRow:
    key = parse_event_id(letter_id)
    row = await services.engine.letters.find(*key) if key is not None else None
    if row is None or row.organization_id != principal.organization_id:
        raise NotFound(f"letter {letter_id[:50]!r} not found; list the letters for their ids", code="LETTER_NOT_FOUND")
    return row


async def _event(services: Services, row: LetterRow) -> ResumeIgnored:
    for _, event in await services.engine.executions.history(row.execution_id, row.seq - 1, 1):
        if isinstance(event, ResumeIgnored):
            return event
    message = f"the history of execution {row.execution_id} was pruned, with its letters; list the letters again"
    raise NotFound(message, code="LETTER_NOT_FOUND")
