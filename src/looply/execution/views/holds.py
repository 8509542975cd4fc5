"""What holds an execution: for each path why it does not move, since when, until when, and the events that show it.

A function of the state and of the last events alone. It says nothing of what only a store knows: which process makes a
call, who is before it in a queue, whether a child exists, whether a system is called again.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec

from looply.execution.facts.address import parse_address
from looply.execution.facts.events import (
    CardWanted,
    ChildStarted,
    Event,
    ExecutionClosed,
    IncidentOpened,
    Queued,
    StepFailed,
    StepParked,
    StepScheduled,
    StepUnknown,
    TimerStarted,
    WaitOpened,
)
from looply.execution.facts.state import (
    Card,
    ExecutionState,
    Incident,
    OpenStep,
    OpenWait,
    Path,
    Timer,
    cards_of,
    recipients_of,
)
from looply.instants import to_ms

HoldKind: TypeAlias = Literal[
    "INCIDENT",
    "WAITS_FOR_TARGET",
    "WAITS_FOR_PERSON",
    "WAITS_FOR_CALL",
    "WAITS_FOR_TIME",
    "WAITS_FOR_CHILD",
    "QUEUED",
    "RETRYING",
    "CALL_IN_FLIGHT",
    "STORE_OR_CLOCK",
    "ORPHAN",
    "SUSPENDED",
    "MOVES",
    "ENDED",
]
"""Why an execution does not move, in the order in which the first one answers for all."""

HoldCode: TypeAlias = Literal[
    "INCIDENT_FAILED",
    "INCIDENT_UNKNOWN",
    "INCIDENT_TIMEOUT",
    "INCIDENT_LIMIT",
    "QUARANTINE",
    "TARGET_DOWN",
    "TARGET_PAUSED",
    "TARGET_DRAINING",
    "PERSON_CARD",
    "PERSON_APPROVAL",
    "RESUME",
    "TIMER",
    "TIMER_OVERDUE",
    "CHILD",
    "CHILD_START",
    "SLOT",
    "RETRY",
    "RETRY_OVERDUE",
    "CALL_RUNNING",
    "CALL_QUEUED",
    "CALL_LOST",
    "SUSPECT",
    "DELIVERY",
    "STRETCH",
    "STORE_LOST",
    "DRAINING",
    "ORPHAN",
    "SCHEDULE_PAUSED",
    "ENDED_COMPLETED",
    "ENDED_FAILED",
    "ENDED_TERMINATED",
]
"""The sentence that says it; its values are those of the `values` of a hold."""

HOLD_KINDS: Final[Mapping[HoldCode, HoldKind]] = {
    "INCIDENT_FAILED": "INCIDENT",
    "INCIDENT_UNKNOWN": "INCIDENT",
    "INCIDENT_TIMEOUT": "INCIDENT",
    "INCIDENT_LIMIT": "INCIDENT",
    "QUARANTINE": "INCIDENT",
    "TARGET_DOWN": "WAITS_FOR_TARGET",
    "TARGET_PAUSED": "WAITS_FOR_TARGET",
    "TARGET_DRAINING": "WAITS_FOR_TARGET",
    "PERSON_CARD": "WAITS_FOR_PERSON",
    "PERSON_APPROVAL": "WAITS_FOR_PERSON",
    "RESUME": "WAITS_FOR_CALL",
    "TIMER": "WAITS_FOR_TIME",
    "TIMER_OVERDUE": "STORE_OR_CLOCK",
    "CHILD": "WAITS_FOR_CHILD",
    "CHILD_START": "WAITS_FOR_CHILD",
    "SLOT": "QUEUED",
    "RETRY": "RETRYING",
    "RETRY_OVERDUE": "STORE_OR_CLOCK",
    "CALL_RUNNING": "CALL_IN_FLIGHT",
    "CALL_QUEUED": "CALL_IN_FLIGHT",
    "CALL_LOST": "CALL_IN_FLIGHT",
    "SUSPECT": "CALL_IN_FLIGHT",
    "DELIVERY": "MOVES",
    "STRETCH": "MOVES",
    "STORE_LOST": "STORE_OR_CLOCK",
    "DRAINING": "STORE_OR_CLOCK",
    "ORPHAN": "ORPHAN",
    "SCHEDULE_PAUSED": "SUSPENDED",
    "ENDED_COMPLETED": "ENDED",
    "ENDED_FAILED": "ENDED",
    "ENDED_TERMINATED": "ENDED",
}

HoldValue: TypeAlias = str | int | None

_INCIDENTS: Final[Mapping[str, HoldCode]] = {
    "FAILED": "INCIDENT_FAILED",
    "UNKNOWN": "INCIDENT_UNKNOWN",
    "TIMEOUT": "INCIDENT_TIMEOUT",
    "LIMIT": "INCIDENT_LIMIT",
    "POISON": "QUARANTINE",
}
_ENDS: Final[Mapping[str, HoldCode]] = {
    "COMPLETED": "ENDED_COMPLETED",
    "FAILED": "ENDED_FAILED",
    "TERMINATED": "ENDED_TERMINATED",
}
_ORDER: Final = tuple(dict.fromkeys(HOLD_KINDS.values()))
_SHOWING: Final[Mapping[HoldCode, tuple[type[Event], ...]]] = {
    "TARGET_DOWN": (StepParked,),
    "PERSON_CARD": (CardWanted, WaitOpened),
    "PERSON_APPROVAL": (CardWanted, WaitOpened),
    "RETRY": (StepFailed, StepUnknown, TimerStarted),
    "RETRY_OVERDUE": (StepFailed, StepUnknown, TimerStarted),
    "CALL_RUNNING": (StepScheduled,),
    "CALL_QUEUED": (StepScheduled,),
    "SUSPECT": (StepUnknown, StepScheduled),
    "INCIDENT_FAILED": (StepFailed, IncidentOpened),
    "INCIDENT_UNKNOWN": (StepUnknown, IncidentOpened),
    "CHILD": (ChildStarted,),
    "SLOT": (Queued,),
    "ENDED_COMPLETED": (ExecutionClosed,),
    "ENDED_FAILED": (ExecutionClosed,),
    "ENDED_TERMINATED": (ExecutionClosed,),
}
"""The events of the held visit that show a hold, beside those whose numbers the state has."""

_SHOWN_PEOPLE: Final = 20


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that holds an execution.

    `address` is the visit that is held, empty where no single one is. `who` are the people or executions that are
    waited for; `evidence` are the numbers of the events that show it, oldest first. `subject` is the number of the
    event whose row of open work moves it (0: none), or of an incident the id. `values` are those that the sentence
    names.
    """

    cause: HoldCode
    address: str = ""
    since: datetime | None = None
    until: datetime | None = None
    who: tuple[str, ...] = ()
    evidence: tuple[int, ...] = ()
    subject: int = 0
    incident_id: str = ""
    card_ids: tuple[str, ...] = ()
    values: Mapping[str, HoldValue] = {}

    @property
    def kind(self) -> HoldKind:
        """Its kind, which answers call `verdict`."""
        return HOLD_KINDS[self.cause]


def holds_of(state: ExecutionState, now: datetime, recent: Sequence[tuple[int, Event]] = ()) -> list[Hold]:
    """Returns everything that holds the execution, the most important first; at least one hold.

    `recent` are its last events with their numbers, from which evidence is taken. Timers that are due before `now` are
    overdue.
    """
    found = [_with_evidence(hold, recent) for hold in _holds(state, now)]
    return sorted(found, key=lambda hold: _ORDER.index(hold.kind))


def _holds(state: ExecutionState, now: datetime) -> list[Hold]:
    if (end := state.closed) is not None:
        return [
            Hold(
                cause=_ENDS[end.status],
                since=end.on,
                who=(end.by,) if end.by else (),
                evidence=(state.seq,),
                values={"reason": end.reason, "by": end.by},
            )
        ]
    if state.incidents:
        incidents = sorted(state.incidents.values(), key=lambda incident: incident.seq)
        return [_of_incident(incident) for incident in incidents]
    if state.slot is not None and not state.slot.is_held:
        slot = state.slot
        values: dict[str, HoldValue] = {"max_concurrency": slot.max_concurrency, "ahead": None}
        return [Hold(cause="SLOT", since=slot.since, evidence=(slot.seq,), subject=slot.seq, values=values)]
    found = [_of_path(state, path, now) for path in state.active_paths]
    if state.continues and not any(hold.cause == "STRETCH" for hold in found):
        found.append(Hold(cause="STRETCH", since=state.now, evidence=(state.seq,)))
    return found or [Hold(cause="ORPHAN", since=state.now, evidence=(state.seq,))]


def _of_incident(incident: Incident) -> Hold:
    step = incident.step
    return Hold(
        cause=_INCIDENTS[incident.kind],
        address=incident.address.text if step else "",
        since=incident.opened_on,
        evidence=(incident.seq,),
        subject=incident.seq,
        incident_id=incident.incident_id,
        values={"state": step or None, "code": incident.code, "message": incident.message},
    )


def _of_path(state: ExecutionState, path: Path, now: datetime) -> Hold:
    address = path.address.text
    timers = {timer.kind: timer for timer in state.timers.values() if timer.address == address}
    if (wait := state.waits.get(address)) is not None:
        return _of_wait(state, wait)
    if (timer := timers.get("DELAY")) is not None:
        return _of_timer(timer, path, now)
    opened = state.open_steps.get(address)
    if (timer := timers.get("RETRY")) is not None:
        return _of_retry(timer, path, opened, now)
    if opened is not None and opened.is_in_flight:
        return _of_call(state, path, opened, timers.get("PARK"))
    for child in state.children.values():
        if child.address == address:
            return Hold(
                cause="CHILD",
                address=address,
                since=child.started_on,
                who=(child.child_id,),
                evidence=(child.seq,),
                subject=child.seq,
                values={"state": path.step, "child_id": child.child_id, "workflow_id": child.workflow_id},
            )
    if path.phase == "OPEN":
        return Hold(cause="ORPHAN", address=address, since=state.now, evidence=(state.seq,))
    return Hold(cause="STRETCH", address=address, since=state.now, evidence=(state.seq,), values={"state": path.step})


def _of_wait(state: ExecutionState, wait: OpenWait) -> Hold:
    answered = {answer.part for answer in wait.answers}
    cards = [card for card in cards_of(state, wait.address) if card.status == "OPEN" and card.part not in answered]
    until = wait.timeout_on
    if not cards:
        values: dict[str, HoldValue] = {"state": wait.step, "sources": ", ".join(wait.sources)}
        return Hold(
            cause="RESUME",
            address=wait.address,
            since=wait.opened_on,
            until=until,
            who=wait.sources,
            evidence=(wait.seq,),
            subject=wait.seq,
            values=values,
        )
    people = tuple(dict.fromkeys(card.recipient for card in cards))
    needed = wait.approval.quorum if wait.approval is not None else wait.count
    return Hold(
        cause="PERSON_CARD" if wait.approval is None else "PERSON_APPROVAL",
        address=wait.address,
        since=wait.opened_on,
        until=until,
        who=people[:_SHOWN_PEOPLE],
        evidence=tuple(sorted({wait.seq, *(card.seq for card in cards[:_SHOWN_PEOPLE])})),
        subject=wait.seq,
        card_ids=tuple(card.card_id for card in cards[:_SHOWN_PEOPLE]),
        values={
            "state": wait.step,
            "recipients": len(recipients_of(state, wait.address)),
            "answered": len(wait.answers),
            "needed": needed,
            **_undelivered(cards),
        },
    )


def _undelivered(cards: Sequence[Card]) -> dict[str, HoldValue]:
    """Returns how many cards do not reach their recipients and the code of the first; nothing when all do."""
    failed = [card for card in cards if card.delivery in ("BLOCKED", "FAILED")]
    return {"undelivered": len(failed), "delivery_code": failed[0].delivery_code} if failed else {}


def _of_timer(timer: Timer, path: Path, now: datetime) -> Hold:
    return Hold(
        cause="TIMER_OVERDUE" if timer.due < now else "TIMER",
        address=timer.address,
        until=timer.due,
        evidence=(timer.seq,),
        subject=timer.seq,
        values={"state": path.step, "due_on": to_ms(timer.due)},
    )


def _of_retry(timer: Timer, path: Path, opened: OpenStep | None, now: datetime) -> Hold:
    attempt = opened.attempt if opened is not None else None
    failure = path.failure
    return Hold(
        cause="RETRY_OVERDUE" if timer.due < now else "RETRY",
        address=timer.address,
        until=timer.due,
        evidence=(timer.seq,),
        subject=timer.seq,
        values={
            "state": path.step,
            "attempt": attempt,
            "due_on": to_ms(timer.due),
            "code": failure.code if failure is not None else None,
        },
    )


def _of_call(state: ExecutionState, path: Path, opened: OpenStep, park: Timer | None) -> Hold:
    if (parked := opened.parked) is not None:
        return Hold(
            cause="TARGET_DOWN",
            address=opened.address,
            since=parked.since,
            until=park.due if park is not None else None,
            who=(parked.target,),
            evidence=(opened.seq,),
            subject=opened.seq,
            values={
                "state": path.step,
                "operation": opened.operation,
                "attempt": opened.attempt,
                "target": parked.target,
                "reason": parked.reason,
                **({"park_on": to_ms(park.due)} if park is not None else {}),
            },
        )
    return Hold(
        cause="SUSPECT" if opened.is_suspect else "CALL_RUNNING",
        address=opened.address,
        since=opened.entered_on or state.now,
        evidence=(opened.seq,),
        subject=opened.seq,
        values={
            "state": path.step,
            "operation": opened.operation,
            "attempt": opened.attempt,
            "crashes": opened.process_ends,
        },
    )


def _with_evidence(hold: Hold, recent: Iterable[tuple[int, Event]]) -> Hold:
    """Returns the hold with the numbers of the last event of each kind that shows it.

    The code of the last failure is that of its event, and an instant that the state does not have is that of the event
    it began with.
    """
    kinds = _SHOWING.get(hold.cause, ())
    found: dict[type[Event], tuple[int, Event]] = {}
    begun: datetime | None = None
    for seq, event in recent:
        if seq == hold.subject:
            begun = event.at
        if isinstance(event, kinds) and (not hold.address or _address_of(event) == hold.address):
            found[type(event)] = (seq, event)
    values = dict(hold.values)
    failures = [event for _, event in found.values() if isinstance(event, StepFailed)]
    if failures and values.get("code", "") is None:
        values["code"] = failures[-1].code
    elif values.get("code", "") is None and StepUnknown in found:
        values["code"] = "OUTCOME_UNKNOWN"
    numbers = {seq for seq, _ in found.values()}
    return msgspec.structs.replace(
        hold,
        evidence=tuple(sorted({*hold.evidence, *numbers})),
        since=hold.since or begun,
        values=values,
    )


def _address_of(event: Event) -> str:
    address = getattr(event, "address", None)
    return address.text if address is not None else ""


def step_of(hold: Hold) -> str:
    """Returns the step that is held, empty where no single one is."""
    return parse_address(hold.address).step if hold.address else ""
