"""The errors of a refused unit, the same for every store with tables."""

from looply.engine.ports.store import Unit
from looply.engine.records.claims import Claim, StoredKey
from looply.errors import ClaimTaken, KeyTaken, SlotTaken, Stale


def stale_error(unit: Unit) -> Stale:
    """Returns the refusal of a unit that was decided on another state of its execution."""
    if unit.expected_seq:
        return Stale(f"execution {unit.execution_id} is no longer at event {unit.expected_seq}")
    return Stale(f"execution {unit.execution_id} exists already")


def key_taken_error(key: StoredKey, holder: str, request: bytes) -> KeyTaken:
    """Returns the refusal of an idempotency key that `holder` has, an execution id."""
    return KeyTaken(f"the idempotency key {key.text!r} is stored already", execution_id=holder, request=request)


def claim_taken_error(claim: Claim, holder: str, request: bytes) -> ClaimTaken:
    """Returns the refusal of a process id that `holder` has, an execution id."""
    message = f"an open execution of workflow {claim.workflow_id} has the process id {claim.process_id!r}"
    return ClaimTaken(message, execution_id=holder, request=request)


def slot_taken_error(execution_id: str) -> SlotTaken:
    """Returns the refusal of a concurrency slot before it is the execution's turn."""
    return SlotTaken(f"it is not the turn of execution {execution_id}")
