"""The errors of a refused unit, the same for every store with tables."""

from looply.engine.ports.store import Unit
from looply.engine.records.claims import Claim, StoredKey
from looply.engine.records.concurrency_slots import ConcurrencySlotRow
from looply.errors import ClaimTaken, KeyTaken, SlotTaken, Stale


def stale_error(unit: Unit) -> Stale:
    """Returns the refusal of a unit that was decided on another state of its execution."""
    if unit.expected_seq:
        message = f"execution {unit.execution_id} is no longer at event {unit.expected_seq}"
        return Stale(f"{message}; read its state again and decide on that")
    return Stale(f"execution {unit.execution_id} exists already; start another one under a new id")


def key_taken_error(key: StoredKey, holder: str, fingerprint: bytes) -> KeyTaken:
    """Returns the refusal of an idempotency key that `holder` has, an execution id."""
    message = f"the idempotency key {key.text!r} is stored already for execution {holder}; answer with that execution"
    return KeyTaken(message, execution_id=holder, fingerprint=fingerprint)


def claim_taken_error(claim: Claim, holder: str, fingerprint: bytes) -> ClaimTaken:
    """Returns the refusal of a process id that `holder` has, an execution id."""
    message = (
        f"execution {holder} of workflow {claim.workflow_id} is open and has the process id {claim.process_id!r};"
        " wait for its end, or use another process id"
    )
    return ClaimTaken(message, execution_id=holder, fingerprint=fingerprint)


def slot_taken_error(workflow_id: str, slot: ConcurrencySlotRow) -> SlotTaken:
    """Returns the refusal of a concurrency slot before it is the execution's turn."""
    return SlotTaken(
        f"execution {slot.execution_id} cannot start yet: all slots of workflow {workflow_id} (max_concurrency"
        f" {slot.max_concurrency}) are held, or another execution is queued before it; it stays queued"
    )
