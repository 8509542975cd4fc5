"""What a trigger or a repair is answered whose idempotency key or process id is taken: it starts nothing."""

import msgspec

from looply.errors import ClaimTaken, Conflict, KeyTaken, Refused
from looply.execution.facts.state import ExecutionState


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """The execution is durable. `replayed`: it was stored before this call, and the call started nothing."""

    execution_id: str
    replayed: bool = False


def answer_taken_key(refusal: KeyTaken, fingerprint: bytes) -> Started | Refused:
    """Returns the execution that the first trigger with the key started, if `fingerprint` is that of its request.

    Any other request is refused (code `KEY_REUSED`).
    """
    if refusal.fingerprint == fingerprint:
        return Started(execution_id=refusal.execution_id, replayed=True)
    return Refused("the Idempotency-Key was used for another request; use a new key", code="KEY_REUSED")


def answer_taken_process_id(refusal: ClaimTaken, fingerprint: bytes, process_id: str) -> Started | Conflict:
    """Returns the open execution with the process id, if `fingerprint` is that of the trigger which started it.

    Any other request is a conflict (code `PROCESS_ID_IN_USE`).
    """
    if refusal.fingerprint == fingerprint:
        return Started(execution_id=refusal.execution_id, replayed=True)
    message = (
        f"an open execution of the workflow has the process id {process_id!r} with another body; "
        "wait for its end, terminate it, or use another process id"
    )
    return Conflict(message, code="PROCESS_ID_IN_USE")


def takes_process_id(before: ExecutionState, after: ExecutionState) -> bool:
    """Returns whether an execution takes the process id back that its caller gave: no other open one may have it."""
    return bool(after.started.process_id) and after.holds_process_id and not before.holds_process_id


def process_id_in_use_error(process_id: str) -> Conflict:
    """Returns the refusal of a command that would take a process id back which another open execution has by now."""
    message = (
        f"another open execution of the workflow has the process id {process_id!r} by now; "
        "wait for its end or terminate it first"
    )
    return Conflict(message, code="PROCESS_ID_IN_USE")
