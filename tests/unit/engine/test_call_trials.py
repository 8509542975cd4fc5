"""Calls that may be what ends processes are made one at a time, and none is forgotten in line."""

from looply.engine.effects.suspect_calls import SuspectCallGate
from looply.engine.ports.dispatch import EffectRef
from looply.slots import Lane

FIRST, SECOND, THIRD = (EffectRef(f"execution-{number}", 2, Lane("acme", "http.request host")) for number in range(3))


def offering() -> tuple[SuspectCallGate, list[EffectRef]]:
    offered: list[EffectRef] = []
    return SuspectCallGate(offered.append), offered


def test_one_has_the_turn_and_the_others_are_offered_in_their_order() -> None:
    trials, offered = offering()
    assert [trials.begin(each) for each in (FIRST, SECOND, THIRD)] == [True, False, False]
    assert offered == []
    trials.end(FIRST)
    assert offered == [SECOND]
    assert trials.begin(SECOND)
    trials.end(SECOND)
    assert offered == [SECOND, THIRD]


def test_the_end_of_another_call_gives_no_turn_back() -> None:
    trials, offered = offering()
    trials.begin(FIRST)
    trials.begin(SECOND)
    trials.end(SECOND)
    trials.end(THIRD)
    assert offered == []
    assert not trials.begin(THIRD)


def test_one_that_was_offered_and_is_not_wanted_any_more_lets_the_next_one_go() -> None:
    trials, offered = offering()
    for each in (FIRST, SECOND, THIRD):
        trials.begin(each)
    trials.end(FIRST)
    # The second one was cancelled in the meantime: it ends without having begun.
    trials.end(SECOND)
    assert offered == [SECOND, THIRD]


def test_one_that_is_offered_again_and_again_is_queued_once() -> None:
    trials, offered = offering()
    trials.begin(FIRST)
    for _ in range(3):
        assert not trials.begin(FIRST._replace(lane=Lane("acme", "of another name")))
        assert not trials.begin(SECOND)
    trials.end(FIRST)
    trials.end(SECOND)
    assert offered == [SECOND]
