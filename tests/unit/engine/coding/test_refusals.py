"""The refusals of a unit say which workflow and execution they are about, which limit holds, and what to do."""

from looply.engine.coding.refusals import claim_taken_error, slot_taken_error
from looply.engine.records.claims import Claim
from looply.engine.records.concurrency_slots import ConcurrencySlotRow
from looply.testing.clock import START_TIME


def test_the_refusal_of_a_slot_names_workflow_and_limit() -> None:
    slot = ConcurrencySlotRow(execution_id="e", seq=2, since=START_TIME, max_concurrency=3, is_held=True)
    message = slot_taken_error("w", slot).message
    assert message.startswith("execution e cannot start yet: all slots of workflow w (max_concurrency 3) are held")
    assert message.endswith("it stays queued")


def test_the_refusal_of_a_process_id_names_its_holder() -> None:
    claim = Claim(organization_id="o", workflow_id="w", process_id="PO-1", fingerprint=b"")
    assert claim_taken_error(claim, "e", b"").message == (
        "execution e of workflow w is open and has the process id 'PO-1'; wait for its end, or use another process id"
    )
