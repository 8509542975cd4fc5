"""Dead letters: an operator applies them to an open wait, or discards them, once."""

import pytest

from kit.execution.driver import Simulator
from kit.execution.workflows import call, step, workflow
from looply.errors import IllegalTransition
from looply.execution import evolve
from looply.execution.evolving.letters import letters_of
from looply.execution.facts.commands import AlreadySettled, Declined, Reply, Settled, SettleLetter
from looply.execution.facts.events import LetterSettled

PARALLEL = step("p", "parallel", {"branches": [{"id": "a"}, {"id": "b"}]})


def wait(id_: str) -> dict[str, object]:
    return step(id_, "wait", {"sources": ["TEAMS"]})


def with_letter(*steps: dict[str, object], edges: str) -> Simulator:
    """Returns an execution that was resumed too early, by a system that its first wait does not accept."""
    simulator = Simulator(workflow(call("c"), *steps, edges=f"start>c {edges}"))
    simulator.start()
    simulator.resume({"n": 1})
    simulator.succeed()
    assert [letter.source for letter in letters_of(simulator.state)] == ["SAP"]
    return simulator


def settle(simulator: Simulator, action: str = "apply", **fields: object) -> Reply:
    (letter,) = letters_of(simulator.state)
    facts = {"letter": letter.seq, "payload": {"source": "TEAMS", "n": 1}, **fields}
    return simulator.submit(SettleLetter(at=simulator.now, by="op", via="API", action=action, **facts))


def test_a_letter_is_settled_once() -> None:
    simulator = with_letter(wait("w"), edges="c>w")
    assert settle(simulator, "discard", reason="not ours") == Settled(action="DISCARDED")
    again = settle(simulator)
    assert isinstance(again, AlreadySettled)
    assert (again.action, again.by, again.reason) == ("DISCARDED", "op", "not ours")


def test_what_is_no_letter_cannot_be_settled() -> None:
    simulator = with_letter(wait("w"), edges="c>w")
    reply = settle(simulator, letter=1)
    assert isinstance(reply, Declined)
    assert reply.code == "NO_LETTER"
    with pytest.raises(IllegalTransition, match="event 1 is not an open dead letter"):
        evolve(simulator.state, LetterSettled(at=simulator.now, letter=1, action="DISCARDED"))


def code_of(reply: Reply) -> str:
    assert isinstance(reply, Declined)
    return reply.code


def test_a_letter_releases_only_a_wait_that_is_open_and_the_only_one() -> None:
    simulator = with_letter(wait("w"), call("d"), edges="c>w w>d")
    simulator.resume({"n": 2}, source="TEAMS")
    assert code_of(settle(simulator)) == "NOT_WAITING"
    simulator.succeed()
    assert code_of(settle(simulator)) == "COMPLETED"

    simulator = with_letter(wait("w"), edges="c>w")
    simulator.terminate()
    assert code_of(settle(simulator)) == "TERMINATED"

    simulator = with_letter(PARALLEL, wait("w1"), wait("w2"), edges="c>p p:a>w1 p:b>w2")
    assert code_of(settle(simulator)) == "AMBIGUOUS"
