"""Fair sharing of slots among organizations and their targets."""

import pytest

from looply.slots import QUICK_SECONDS, QUICK_SLOTS, FairSlots, Lane

SLOW = QUICK_SECONDS + 1


def slots(total: int = 16, per_lane: int = 8) -> FairSlots[str]:
    return FairSlots(total=total, per_lane=per_lane)


def taken(shared: FairSlots[str], owner: str, *, targets: int = 50, now: float = 0) -> int:
    """Returns how many slots an owner gets when it takes as many as possible, at so many targets."""
    return sum(shared.try_acquire(Lane(owner, f"t{each}"), now) for _ in range(50) for each in range(targets))


def quick(shared: FairSlots[str], lane: Lane) -> Lane:
    """Makes a target quick by one call that returns at once."""
    assert shared.try_acquire(lane, 0)
    shared.release(lane, 0, 0)
    return lane


def drained(shared: FairSlots[str], now: float = 0) -> list[str]:
    found = []
    while (item := shared.next(now)) is not None:
        found.append(item)
    return found


@pytest.mark.parametrize(("total", "most"), [(1, 1), (2, 1), (3, 2), (16, 8), (64, 32)])
def test_an_owner_never_holds_more_than_half_of_the_slots(total: int, most: int) -> None:
    shared = slots(total)
    lanes = [quick(shared, Lane("a", f"t{each}")) for each in range(total)]
    assert sum(shared.try_acquire(lane, 0) for lane in lanes) == most
    assert shared.count == most


def test_each_owner_leaves_something_to_the_next() -> None:
    shared = slots(64)
    held = [taken(shared, owner) for owner in ("a", "b", "c", "d", "e", "f", "g")]
    assert all(held), held
    assert held == sorted(held, reverse=True)


def test_a_target_has_a_bound_of_its_own_for_each_owner() -> None:
    shared = slots(64, per_lane=2)
    assert [taken(shared, owner, targets=1) for owner in ("a", "b")] == [2, 2]


def test_targets_that_are_not_known_to_be_quick_leave_a_quarter_of_the_half_to_those_that_are() -> None:
    shared = slots(64)
    known = quick(shared, Lane("a", "quick"))
    assert taken(shared, "a") == 24
    assert sum(shared.try_acquire(known, 0) for _ in range(20)) == 8


def test_a_target_from_which_nothing_comes_back_is_quick_no_more() -> None:
    shared = slots(64)
    for each in range(9):
        quick(shared, Lane("a", f"t{each}"))
        assert shared.try_acquire(Lane("a", f"t{each}"), 0)
    good = quick(shared, Lane("a", "good"))
    assert taken(shared, "a", targets=9, now=SLOW) == 15
    assert shared.try_acquire(good, SLOW)


def test_a_slow_answer_makes_a_target_slow_and_a_quick_one_makes_it_quick_again() -> None:
    shared = slots(64)
    lane = quick(shared, Lane("a", "t"))
    assert shared.try_acquire(lane, 0)
    shared.release(lane, SLOW, SLOW)
    assert taken(shared, "a", targets=3) == 24
    assert not shared.try_acquire(lane, SLOW)
    shared.release(Lane("a", "t0"), SLOW, SLOW)
    assert shared.try_acquire(lane, SLOW)
    shared.release(lane, SLOW, 0)
    assert shared.try_acquire(Lane("a", "t0"), SLOW)
    assert shared.try_acquire(lane, SLOW)


def test_owners_take_turns_and_so_do_the_targets_of_an_owner() -> None:
    shared = slots(2, per_lane=1)
    assert taken(shared, "x", targets=1) == 1
    assert taken(shared, "y", targets=1) == 1
    for each in range(2):
        for owner, target in (("a", "s"), ("a", "t"), ("b", "s")):
            shared.put(Lane(owner, target), f"{owner}{target}{each}")
    order = []
    shared.release(Lane("x", "t0"), 0, 0)
    while (item := shared.next(0)) is not None:
        order.append(item)
        shared.release(Lane(item[0], item[1]), 0, 0)
    assert order == ["as0", "bs0", "at0", "bs1", "as1", "at1"]


def test_new_work_does_not_overtake_queued_work_of_the_same_target() -> None:
    shared = slots(per_lane=1)
    lane = Lane("a", "t")
    assert shared.try_acquire(lane, 0)
    shared.put(lane, "first")
    shared.release(lane, 0, 0)
    assert not shared.try_acquire(lane, 0)
    assert shared.next(0) == "first"


def test_a_freed_slot_goes_to_the_owner_that_holds_least() -> None:
    shared = slots(4, per_lane=9)
    assert (taken(shared, "a"), taken(shared, "b")) == (2, 1)
    shared.put(Lane("a", "new"), "of a")
    shared.put(Lane("c", "new"), "of c")
    assert drained(shared) == ["of c"]
    shared.release(Lane("b", "t0"), 0, 0)
    assert drained(shared) == []
    shared.release(Lane("a", "t0"), 0, 0)
    assert drained(shared) == ["of a"]


def test_a_slot_that_was_not_used_says_nothing_of_the_target() -> None:
    shared = slots(64)
    lane = Lane("a", "t")
    assert shared.try_acquire(lane, 0)
    shared.release(lane, 0)
    assert taken(shared, "a") == 24
    assert not shared.try_acquire(lane, 0)


def test_nothing_is_kept_of_owners_and_targets_that_have_nothing_to_do() -> None:
    shared = slots(64)
    for each in range(20_000):
        quick(shared, Lane(f"o{each}", f"t{each}"))
    assert not shared._owners
    assert len(shared._quick) == 10_000


def test_emptied_lines_give_nothing() -> None:
    shared = slots()
    shared.put(Lane("a", "t"), "one")
    shared.clear()
    assert shared.next(0) is None


def test_targets_that_hang_leave_sixteen_slots_to_quick_ones_however_many_organizations_they_belong_to() -> None:
    shared = slots(128)
    good = [quick(shared, Lane(owner, "good")) for owner in ("x", "y", "z")]
    for owner in "abcdefgh":
        taken(shared, owner)
    assert shared.count >= 128 - QUICK_SLOTS
    before = shared.count
    assert before <= 128 - QUICK_SLOTS + 8
    assert all(shared.try_acquire(lane, 0) for lane in good)


def test_an_organization_that_holds_nothing_may_call_a_new_target_beside_all_that_hang() -> None:
    shared = slots(128)
    for owner in "abcdefgh":
        taken(shared, owner)
    held = shared.count
    assert taken(shared, "new", targets=3) == 1
    assert shared.count == held + 1


def test_slots_of_targets_that_turn_out_to_be_quick_are_counted_once() -> None:
    shared = slots(16)
    lanes = [Lane("a", f"t{each}") for each in range(6)]
    for _ in range(3):
        assert all(shared.try_acquire(lane, 0) for lane in lanes)
        for lane in lanes:
            shared.release(lane, SLOW, 0)
        assert all(shared.try_acquire(lane, SLOW) for lane in lanes)
        for lane in lanes:
            shared.release(lane, SLOW, SLOW)
    assert shared.count == 0
    assert taken(shared, "a") == 6
