"""The sentences of holds in English: one for each code, and what can be done, by its code.

A page translates by the code and the values; these are for commands, and for callers without texts of their own.
"""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from looply.execution.views.holds import Hold, HoldCode, HoldKind
from looply.instants import from_ms, rfc3339

_SENTENCES: Final[Mapping[HoldCode, str]] = {
    "INCIDENT_FAILED": "It is stopped by an incident: {at} failed with {code}: {message}",
    "INCIDENT_UNKNOWN": "It is stopped by an incident: the outcome of {at} is unknown ({code}): {message}",
    "INCIDENT_TIMEOUT": "It is stopped by an incident: {at} took longer than allowed ({code}): {message}",
    "INCIDENT_LIMIT": "It is stopped by an incident: a limit is reached ({code}): {message}",
    "QUARANTINE": "It is in quarantine: the process ended several times while it worked on it.",
    "TARGET_DOWN": "The call of {at} waits for {target}, which is down: {reason}",
    "TARGET_PAUSED": "The call of {at} waits for {target}, which is in maintenance: {reason}",
    "TARGET_DRAINING": "The call of {at} waits for its turn: {target} is called again, a few calls at a time.",
    "PERSON_CARD": "It waits for an answer of {who} to the card of {at}; {answered} of {needed} have answered.",
    "PERSON_APPROVAL": "It waits for the decision of {who} on {at}; {answered} have decided, {needed} must approve.",
    "RESUME": "It waits at {at} for a call from {sources}.",
    "TIMER": "It waits at {at} for a time.",
    "TIMER_OVERDUE": "Its delay at {at} is over and has not fired: the store cannot be written, or the clock was set.",
    "CHILD": "It waits at {at} for the execution {child_id}.",
    "CHILD_START": "It waits at {at} for the execution {child_id}, which has not started yet.",
    "SLOT": "It is queued behind {ahead} others for one of {max_concurrency} concurrency slots of its workflow.",
    "RETRY": "The call of {at} failed with {code} and is made again: attempt {attempt} has failed.",
    "RETRY_OVERDUE": "The retry of {at} is due and has not begun: the store cannot be written, or the clock was set.",
    "CALL_RUNNING": "A call of {at} is in flight ({operation}, attempt {attempt}).",
    "CALL_QUEUED": "A call of {at} is queued ({operation}, attempt {attempt}): others use the target's connections.",
    "CALL_LOST": "A call of {at} was cut off ({operation}): its process has ended, and its outcome is being recovered.",
    "SUSPECT": "A call of {at} may have ended {crashes} processes; it is tried alone ({operation}).",
    "DELIVERY": "A message between executions is on its way to it.",
    "STRETCH": "It moves: a long run continues in pieces.",
    "STORE_LOST": "The store accepts no writes: {reason}",
    "DRAINING": "This server is stopping; the next one continues the execution.",
    "ORPHAN": "Nothing stored will move it. The auditor reports and repairs such executions.",
    "SCHEDULE_PAUSED": "The schedule of its workflow is paused: it starts no further execution.",
    "ENDED_COMPLETED": "It has completed.",
    "ENDED_FAILED": "It has ended as failed: {reason}",
    "ENDED_TERMINATED": "It was terminated by {by}: {reason}",
}
"""The sentence of each code. `at` is the step, `who` are the people; the others are values of the hold."""

FOR_REQUESTERS: Final[Mapping[HoldKind, str]] = {
    "INCIDENT": "It is stopped by a failure, which an operator looks after.",
    "WAITS_FOR_TARGET": "It waits for a system that is not called at present.",
    "WAITS_FOR_PERSON": "It waits for an answer to another request.",
    "WAITS_FOR_CALL": "It waits for a call of another system.",
    "WAITS_FOR_TIME": "It pauses for some time.",
    "WAITS_FOR_CHILD": "It waits for another workflow.",
    "QUEUED": "It is queued: others of its workflow are before it.",
    "RETRYING": "A call failed and is made again.",
    "CALL_IN_FLIGHT": "A call is under way.",
    "STORE_OR_CLOCK": "The server takes no new work at the moment.",
    "ORPHAN": "Nothing will move it, which an operator looks after.",
    "SUSPENDED": "The schedule of its workflow is paused.",
    "MOVES": "It moves.",
    "ENDED": "It has ended.",
}
"""What is said to a person who asked for an approval and may read nothing of the execution, by the kind of its hold."""

Act: TypeAlias = Literal[
    "RETRY", "COMPLETE", "SKIP", "REDRIVE", "RELEASE", "REASSIGN", "RESUME", "TERMINATE", "PLAY", "RERUN"
]
"""What can be done about a hold."""

ADVICE: Final[Mapping[Act, str]] = {
    "RETRY": "Retry the failed step",
    "COMPLETE": "Complete the step with an output",
    "SKIP": "Skip the step",
    "REDRIVE": "Redrive the execution",
    "RELEASE": "Call the system as usual again, at once",
    "REASSIGN": "Reassign the card to another person",
    "RESUME": "Resume the execution",
    "TERMINATE": "Terminate the execution",
    "PLAY": "Resume the schedule",
    "RERUN": "Start another execution with the same input",
}
"""What can be done, by the codes of advice."""

_MAX_NAMED: Final = 3


def sentence(hold: Hold) -> str:
    """Returns the sentence of a hold."""
    known = {name: str(value) for name, value in hold.values.items() if value not in (None, "")}
    state = hold.values.get("state")
    at = f"step {state}" if state else "the execution"
    said = _SENTENCES[hold.cause].format(**{**_MISSING, **known, "at": at, "who": _named(hold.who)})
    if isinstance(park_on := hold.values.get("park_on"), int) and hold.kind == "WAITS_FOR_TARGET":
        return f"{said.removesuffix('.')}. If it still waits at {rfc3339(from_ms(park_on))}, the step fails."
    if "undelivered" not in known:
        return said
    why = known.get("delivery_code", "no reason is given")
    return f"{said} Not delivered: {known['undelivered']} of the cards ({why})."


def request_sentence(hold: Hold) -> str:
    """Returns the sentence of a hold by an approval, for the person who asked for it."""
    return f"It waits for the decision of {_named(hold.who)} on {hold.values['state']}."


_MISSING: Final[Mapping[str, str]] = {
    "reason": "no reason is given",
    "by": "the system",
    "code": "an unknown error",
    "message": "no message is given",
    "attempt": "the last one",
}
"""What a sentence says where a value is not known."""


def _named(people: tuple[str, ...]) -> str:
    if len(people) <= _MAX_NAMED:
        return " and ".join(people) or "unknown"
    return f"{', '.join(people[:_MAX_NAMED])} and {len(people) - _MAX_NAMED} others"
