"""The answer to a trigger or a repair whose idempotency key or process id another execution has."""

from msgspec.structs import replace

from kit.execution.driver import Simulator
from kit.execution.workflows import call, workflow
from looply.errors import ClaimTaken, Conflict, KeyTaken, Refused
from looply.execution.answering.starting import (
    Started,
    answer_taken_key,
    answer_taken_process_id,
    process_id_in_use_error,
    takes_process_id,
)

KEY_TAKEN = KeyTaken("taken", execution_id="first", fingerprint=b"one")
CLAIM_TAKEN = ClaimTaken("taken", execution_id="first", fingerprint=b"one")


def test_the_same_request_with_the_same_key_is_answered_by_the_execution_that_it_started() -> None:
    assert answer_taken_key(KEY_TAKEN, b"one") == Started(execution_id="first", replayed=True)


def test_another_request_with_the_same_key_is_refused() -> None:
    refused = answer_taken_key(KEY_TAKEN, b"two")
    assert isinstance(refused, Refused)
    assert (refused.code, "use a new key" in refused.message) == ("KEY_REUSED", True)


def test_the_same_request_with_the_process_id_of_an_open_execution_is_answered_by_that_one() -> None:
    assert answer_taken_process_id(CLAIM_TAKEN, b"one", "PO-1") == Started(execution_id="first", replayed=True)


def test_another_request_with_the_process_id_of_an_open_execution_is_a_conflict_that_names_it() -> None:
    conflict = answer_taken_process_id(CLAIM_TAKEN, b"two", "PO-1")
    assert isinstance(conflict, Conflict)
    assert (conflict.code, "'PO-1'" in conflict.message) == ("PROCESS_ID_IN_USE", True)


def test_an_execution_takes_its_process_id_back_only_when_it_is_open_again() -> None:
    simulator = Simulator(workflow(call("c"), edges="start>c"))
    opened = simulator.start(process_id="PO-1")
    simulator.fail(is_transient=False)
    failed = simulator.state
    assert takes_process_id(failed, opened)
    assert not takes_process_id(opened, opened)
    assert not takes_process_id(failed, failed)
    without = replace(opened, started=replace(opened.started, process_id=""))
    assert not takes_process_id(failed, without)
    refused = process_id_in_use_error("PO-1")
    assert (refused.code, "'PO-1'" in refused.message) == ("PROCESS_ID_IN_USE", True)
