"""Calls that may end the process are made one at a time, and none is forgotten in the queue."""

from looply.engine.effects.suspect_calls import SuspectCallGate
from looply.engine.ports.dispatch import EffectRef
from looply.slots import Lane

FIRST, SECOND, THIRD = (EffectRef(f"execution-{number}", 2, Lane("acme", "http.request host")) for number in range(3))


def offering() -> tuple[SuspectCallGate, list[EffectRef]]:
    offered: list[EffectRef] = []
    return SuspectCallGate(offered.append), offered


def test_one_enters_and_the_others_are_offered_in_their_order() -> None:
    gate, offered = offering()
    assert [gate.begin(each) for each in (FIRST, SECOND, THIRD)] == [True, False, False]
    assert offered == []
    gate.end(FIRST)
    assert offered == [SECOND]
    assert gate.begin(SECOND)
    gate.end(SECOND)
    assert offered == [SECOND, THIRD]


def test_the_end_of_another_call_does_not_open_the_gate() -> None:
    gate, offered = offering()
    gate.begin(FIRST)
    gate.begin(SECOND)
    gate.end(SECOND)
    gate.end(THIRD)
    assert offered == []
    assert not gate.begin(THIRD)


def test_one_that_was_offered_and_cancelled_lets_the_next_one_go() -> None:
    gate, offered = offering()
    for each in (FIRST, SECOND, THIRD):
        gate.begin(each)
    gate.end(FIRST)
    # The second one was cancelled in the meantime: it ends without having begun.
    gate.end(SECOND)
    assert offered == [SECOND, THIRD]


def test_one_that_is_offered_again_and_again_is_queued_once() -> None:
    gate, offered = offering()
    gate.begin(FIRST)
    for _ in range(3):
        assert not gate.begin(FIRST._replace(lane=Lane("acme", "of another name")))
        assert not gate.begin(SECOND)
    gate.end(FIRST)
    gate.end(SECOND)
    assert offered == [SECOND]
