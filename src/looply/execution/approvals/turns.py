"""Reminders, escalations and fallbacks of cards, and the turns of a sequence."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from looply.definition import parse_duration
from looply.errors import Refused
from looply.execution.document.evaluation import StepError
from looply.execution.document.working_time import read_calendar, working_instant
from looply.execution.facts.address import Address, card_id, parse_address
from looply.execution.facts.commands import CommandBase
from looply.execution.facts.events import CardClosed, CardWanted, Event, EventBase, TimerStarted
from looply.execution.facts.state import Card, ExecutionState, OpenWait, Timer, cards_of, is_answered
from looply.execution.facts.values.approval_terms import ApprovalTerms, is_same_person
from looply.execution.facts.values.card_copy import CardCopy, CardEnd, FallbackTerm


def due_after(terms: ApprovalTerms, start: datetime, span: str, name: str) -> datetime:
    """Returns the UTC instant an ISO 8601 duration after `start`, in working time where the terms have a calendar.

    Raises: StepError when it is not a duration.
    """
    try:
        duration = parse_duration(span)
        if terms.calendar is None:
            return duration.after(start, terms.zone)
        return working_instant(read_calendar(terms.calendar), start, duration)
    except (Refused, OverflowError) as error:
        raise StepError(f"{name}: {error}", code="BAD_INPUT") from error


def turn_timers(terms: ApprovalTerms, address: Address, start: datetime) -> tuple[TimerStarted, ...]:
    """Returns the reminders and escalations of a turn that begins at `start`. Raises: StepError."""
    reminders = tuple(
        TimerStarted(
            at=start,
            **address.fields,
            kind="REMINDER",
            due=due_after(terms, start, span, "reminders"),
            level=level,
        )
        for level, span in enumerate(terms.reminders)
    )
    escalations = tuple(
        TimerStarted(
            at=start,
            **address.fields,
            kind="ESCALATION",
            due=due_after(terms, start, term.after, "escalation"),
            level=level,
        )
        for level, term in enumerate(terms.escalation)
    )
    return (*reminders, *escalations)


def fallback_timers(fallback: Iterable[FallbackTerm], address: Address, start: datetime) -> tuple[TimerStarted, ...]:
    """Returns the fallbacks of cards that are sent at `start`. They count elapsed time, whatever the calendar.

    Raises: StepError when one is not a duration.
    """
    return tuple(
        TimerStarted(at=start, **address.fields, kind="FALLBACK", due=_due(start, term.after), level=level)
        for level, term in enumerate(fallback)
    )


def _due(start: datetime, span: str) -> datetime:
    try:
        return parse_duration(span).after(start, "UTC")
    except (Refused, OverflowError) as error:
        raise StepError(f"fallback: {error}", code="BAD_INPUT") from error


def people_to_come(state: ExecutionState, wait: OpenWait) -> tuple[str, ...]:
    """Returns the people of a sequence whose turn is still to come."""
    terms = wait.approval
    if terms is None or terms.order != "sequence":
        return ()
    return terms.recipients[_turns(terms, cards_of(state, wait.address)) :]


def _turns(terms: ApprovalTerms, cards: Iterable[Card]) -> int:
    """Returns how many people of a sequence have had their turn."""
    return 1 + max(card.part for card in cards if card.part < len(terms.recipients))


def next_turn(state: ExecutionState, wait: OpenWait, cause: EventBase) -> tuple[Event, ...]:
    """Returns the card of the next person of a sequence, with their reminders."""
    terms = wait.approval
    assert terms is not None
    cards = cards_of(state, wait.address)
    part = _turns(terms, cards)
    address = parse_address(wait.address)
    key = card_id(state.started.execution_id, address, part)
    copy = CardCopy(card_id=key, recipient=terms.recipients[part], part=part)
    sent = _card_wanted(_of_first_channel(wait, cards), address, cause, (copy,))
    return (sent, *turn_timers(terms, address, cause.at), *fallback_timers(wait.fallback, address, cause.at))


def pending_cards(state: ExecutionState, wait: OpenWait) -> list[Card]:
    """Returns the open copies of a wait whose recipients have not answered."""
    return [card for card in cards_of(state, wait.address) if card.status == "OPEN" and not is_answered(state, card)]


def remind(state: ExecutionState, timer: Timer, cause: EventBase) -> tuple[Event, ...]:
    """Returns the reminder of all recipients who have not answered."""
    cards = pending_cards(state, state.waits[timer.address])
    if not cards:
        return ()
    copies = tuple(CardCopy(card_id=card.card_id, recipient=card.recipient, part=card.part) for card in cards)
    reminder = CardWanted(
        at=cause.at,
        **parse_address(timer.address).fields,
        copies=copies,
        body=None,
        channel=cards[0].channel,
        app=cards[0].app,
        revision=max(card.revision for card in cards),
        # An operator may have reminded of them in between; the number of a copy never stays the same.
        reminder=max(timer.level, *(card.reminders for card in cards)) + 1,
    )
    return (reminder,)


def escalate(state: ExecutionState, timer: Timer, cause: EventBase) -> tuple[Event, ...]:
    """Returns the events by which substitutes take over the open decisions.

    A person who has decided already or may not decide is not a substitute. Several substitutes share the open cards;
    each gets one card, which counts for the seats of all the cards that it replaces.
    """
    wait = state.waits[timer.address]
    terms = wait.approval
    assert terms is not None
    cards = pending_cards(state, wait)
    substitutes = [one for one in terms.escalation[timer.level].to if may_take(terms, wait, one)]
    if not substitutes:
        return ()
    passed = [card for card in cards if not _is_among(card.recipient, substitutes)]
    shares = {holder: passed[number :: len(substitutes)] for number, holder in enumerate(substitutes)}
    shares = {holder: share for holder, share in shares.items() if share}
    return pass_on(state, wait, shares, cause, reason="ESCALATED")


def may_take(terms: ApprovalTerms, wait: OpenWait, person: str) -> bool:
    """Returns whether a person may take over a decision: not the barred requester, nor anyone who has decided."""
    if terms.barred and is_same_person(person, terms.barred):
        return False
    return not _is_among(person, [answer.user for answer in wait.answers])


def pass_on(
    state: ExecutionState,
    wait: OpenWait,
    shares: dict[str, list[Card]],
    cause: EventBase | CommandBase,
    *,
    reason: CardEnd,
    why: str = "",
) -> tuple[Event, ...]:
    """Returns the events that pass the cards of each share on to its holder: the old copies close, one new copy opens.

    A holder who has an open copy already keeps it; its seats grow. A new copy is sent by the first channel again, with
    the fallbacks of the step. `why` is the reason that a person gave.
    """
    address = parse_address(wait.address)
    cards = _of_first_channel(wait, cards_of(state, wait.address))
    first = part = next_part(state, wait)
    events: list[Event] = []
    copies: list[CardCopy] = []
    for holder, share in shares.items():
        closed = CardClosed(
            at=cause.at,
            by=cause.by,
            via=cause.via,
            **address.fields,
            cards=tuple(card.card_id for card in share),
            reason=reason,
            to=holder,
            note=why,
        )
        events.append(closed)
        own = next((card for card in pending_cards(state, wait) if is_same_person(card.recipient, holder)), None)
        number = own.part if own is not None else part
        part += own is None
        key = card_id(state.started.execution_id, address, number)
        takes = tuple(card.part for card in share)
        recipient = own.recipient if own is not None else holder
        substitute_for = _absent_person(share, recipient, reason) if own is None else ""
        copies.append(
            CardCopy(card_id=key, recipient=recipient, part=number, takes=takes, substitute_for=substitute_for)
        )
    if not copies:
        return ()
    timers = fallback_timers(wait.fallback, address, cause.at) if part > first else ()
    return (*events, _card_wanted(cards, address, cause, copies, why), *timers)


def next_part(state: ExecutionState, wait: OpenWait) -> int:
    """Returns the number of the next copy of a wait; the first ones are those of the people of an approval."""
    people = len(wait.approval.recipients) if wait.approval is not None else 0
    return max(people, 1 + max(card.part for card in cards_of(state, wait.address)))


def _of_first_channel(wait: OpenWait, cards: list[Card]) -> list[Card]:
    """Returns the copies that no fallback sent."""
    others = {term.channel for term in wait.fallback}
    return [card for card in cards if card.channel not in others]


def _absent_person(share: Sequence[Card], recipient: str, reason: CardEnd) -> str:
    """Returns for which absent person a new copy is, empty where it is for none, or for its own recipient."""
    if len(share) != 1:
        return ""
    absent = share[0].substitute_for or (share[0].recipient if reason == "ABSENT" else "")
    return "" if absent and is_same_person(absent, recipient) else absent


def _card_wanted(
    cards: Sequence[Card], address: Address, cause: EventBase | CommandBase, copies: Iterable[CardCopy], why: str = ""
) -> CardWanted:
    """Returns the request for more copies of the card that the others show."""
    newest = max(cards, key=lambda card: card.revision)
    return CardWanted(
        at=cause.at,
        by=cause.by,
        via=cause.via,
        **address.fields,
        copies=tuple(copies),
        body=newest.body,
        channel=newest.channel,
        app=newest.app,
        revision=newest.revision,
        reason=why,
        may_answer=newest.may_answer,
        confirm=newest.confirm,
    )


def _is_among(person: str, people: Iterable[str]) -> bool:
    return any(is_same_person(person, one) for one in people)
