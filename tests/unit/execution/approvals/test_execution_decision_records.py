"""Decisions as records: what a history and a state say about who decided, and which answer was final."""

from kit.execution.approvals import DAY, A, B, answer, asked, took
from kit.execution.driver import Simulator
from kit.execution.workflows import step, workflow
from looply.execution.approvals.decisions import decisions_in, decisions_of, is_decision
from looply.execution.views.condensed import condense_logs


def read(simulator: Simulator) -> list[tuple[str, str, bool]]:
    numbered = enumerate(simulator.history, 1)
    return [(one.user, one.action, one.is_final) for _, one in decisions_in(simulator.workflow, numbered)]


def test_the_answer_that_released_the_wait_is_final() -> None:
    simulator = asked(recipients=[A, B])
    answer(simulator, 0)
    assert read(simulator) == [(A, "approved", False)]
    answer(simulator, 1, comment="fine")
    assert read(simulator) == [(A, "approved", False), (B, "approved", True)]
    of_state = decisions_of(simulator.workflow, simulator.state, "ask:1")
    assert [(one.user, one.comment, one.is_final) for one in of_state] == [(A, "", False), (B, "fine", True)]
    assert decisions_of(simulator.workflow, simulator.state, "ask:2") == []
    assert sum(map(is_decision, simulator.history)) == 3


def test_the_api_may_decide_in_the_place_of_a_card() -> None:
    simulator = asked(recipients=[A, B], api=True)
    simulator.resume({"outcome": "approved"})
    assert took(simulator) == "approved"
    assert read(simulator) == [("caller", "approved", True)]


def test_no_answer_was_final_when_the_approval_timed_out() -> None:
    simulator = asked(recipients=[A, B], timeout="P1D")
    answer(simulator, 0)
    simulator.tick(DAY)
    assert took(simulator) == "timeout"
    (one,) = decisions_of(simulator.workflow, simulator.state)
    assert (one.user, one.is_final) == (A, False)
    logs, _ = condense_logs(enumerate(simulator.history, 1), 1 << 20)
    (visit,) = logs["ask"]
    assert visit.status == "TIMED_OUT"
    assert visit.output["outcome"] == "timeout"


def test_a_wait_that_is_no_approval_records_no_decision() -> None:
    simulator = Simulator(workflow(step("w", "wait"), edges="start>w"))
    simulator.start()
    simulator.resume({"n": 1})
    assert read(simulator) == []
