"""The effects that a process holds: the order in which they go, and which of them are to be looked at."""

from looply.engine.effects.held_effects import HeldEffects
from looply.engine.ports.dispatch import EffectRef
from looply.slots import Lane

SHOP, BANK = Lane("org", "http https://shop.example"), Lane("org", "http https://bank.example")
LANES = (SHOP, BANK)


def effect(number: int, lane: Lane = SHOP) -> EffectRef:
    """Returns the effect of an execution of that number."""
    return EffectRef(f"execution-{number}", 7, lane)


def holding(*effects: EffectRef) -> HeldEffects:
    """Returns what holds these effects, from the instants 1, 2 and so on."""
    held = HeldEffects()
    for instant, each in enumerate(effects, 1):
        held.put(each, float(instant))
    return held


def test_effects_go_in_the_order_in_which_they_came_and_one_that_was_let_go_in_vain_comes_first() -> None:
    held = holding(effect(1), effect(2), effect(3))
    assert list(held.take(SHOP, 2)) == [effect(1), effect(2)]
    held.put(effect(2), 9.0, is_first=True)
    assert list(held.take(SHOP, 5)) == [effect(2), effect(3)]
    assert (held.lanes, list(held.take(SHOP, 5))) == ((), [])


def test_those_that_came_first_are_looked_at_first_and_each_once() -> None:
    held = holding(effect(1, BANK), effect(2), effect(3, BANK), effect(4))
    assert list(held.take_unseen(LANES, 3.0, 2)) == [effect(1, BANK), effect(2)]
    assert list(held.take_unseen(LANES, 3.0, 2)) == [effect(3, BANK)]
    assert list(held.take_unseen(LANES, 3.0, 2)) == []
    assert list(held.take_unseen(LANES, 4.0, 2)) == [effect(4)]
    assert (held.count(SHOP), held.count(BANK)) == (2, 2)


def test_those_of_other_lanes_stay_to_be_looked_at() -> None:
    held = holding(effect(1, BANK), effect(2))
    assert list(held.take_unseen([SHOP], 9.0, 5)) == [effect(2)]
    assert list(held.take_unseen([BANK], 9.0, 5)) == [effect(1, BANK)]


def test_one_that_is_put_again_is_looked_at_again() -> None:
    held = holding(effect(1))
    assert list(held.take_unseen(LANES, 9.0, 5)) == [effect(1)]
    held.put(effect(1), 20.0)
    assert list(held.take_unseen(LANES, 19.0, 5)) == []
    assert list(held.take_unseen(LANES, 20.0, 5)) == [effect(1)]
    assert held.count(SHOP) == 1


def test_one_that_could_not_be_looked_at_is_looked_at_later_however_often_it_is_put() -> None:
    held = holding(effect(1), effect(2))
    assert len(held.take_unseen(LANES, 9.0, 5)) == 2
    held.look_later(effect(1), 19.0)
    held.put(effect(1), 10.0)
    assert list(held.take_unseen(LANES, 18.0, 5)) == []
    assert list(held.take_unseen(LANES, 19.0, 5)) == [effect(1)]
    assert list(held.take_unseen(LANES, 99.0, 5)) == []


def test_one_that_is_held_no_more_is_not_looked_at() -> None:
    held = holding(effect(1), effect(2), effect(3))
    held.take(SHOP, 1)
    held.remove(effect(2))
    assert list(held.take_unseen(LANES, 9.0, 5)) == [effect(3)]
    held.look_later(effect(3), 19.0)
    held.look_later(effect(2), 19.0)
    held.remove(effect(3))
    assert list(held.take_unseen(LANES, 99.0, 5)) == []
    assert held.lanes == ()
