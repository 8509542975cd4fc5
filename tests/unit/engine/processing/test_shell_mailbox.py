"""Mailboxes: memory is bounded, and only what is quiet leaves it."""

import asyncio

import pytest
from immutables import Map
from msgspec.structs import replace

from kit.definitions import asking, computing
from kit.execution.starts import start_of
from looply.engine.processing.mailbox import Mailbox, Mailboxes
from looply.execution import ExecutionState, advance
from looply.execution.facts.commands import Continue
from looply.testing.clock import START_TIME


def state_of(*, is_over: bool = False, size: int = 100) -> ExecutionState:
    workflow = computing() if is_over else asking()
    started = start_of(workflow, size=size)
    return advance(workflow, None, (started,)).state


def filled(boxes: Mailboxes, name: str, **facts: object) -> Mailbox:
    box = boxes.open(name)
    box.state = state_of(**facts)  # type: ignore[arg-type]
    boxes.update_cost(box)
    return box


@pytest.fixture
def small() -> Mailboxes:
    """Room for three executions of 100 bytes and two visits of steps."""
    return Mailboxes(3 * (4096 + 100 + 2 * 128))


def names(boxes: Mailboxes) -> list[str]:
    return [box.execution_id for box in boxes]


def test_an_execution_has_one_mailbox(small: Mailboxes) -> None:
    assert small.open("a") is small.open("a")
    assert small.find("a") is small.open("a")
    assert small.find("b") is None


def test_the_least_recently_used_leaves_first(small: Mailboxes) -> None:
    for name in "abc":
        filled(small, name)
    small.open("a")
    filled(small, "d")
    assert names(small) == ["c", "a", "d"]


def test_what_is_busy_or_has_something_to_do_stays(small: Mailboxes) -> None:
    busy, waiting = filled(small, "busy"), filled(small, "waiting")
    busy.is_busy = True
    loop = asyncio.new_event_loop()
    waiting.pending.append((Continue(at=START_TIME), loop.create_future()))
    loop.close()
    for name in "abcd":
        filled(small, name)
    assert names(small) == ["busy", "waiting", "d"]


def test_a_large_execution_takes_the_room_of_many(small: Mailboxes) -> None:
    for name in "abc":
        filled(small, name)
    filled(small, "large", size=8_000)
    assert names(small) == ["large"]


def test_an_execution_of_many_visits_takes_the_room_of_many(small: Mailboxes) -> None:
    for name in "abc":
        filled(small, name)
    box = small.open("long")
    box.state = replace(state_of(), visits=Map({f"loop[{item}]/note": 1 for item in range(60)}))
    small.update_cost(box)
    assert names(small) == ["long"]


def test_what_has_ended_or_never_was_is_forgotten_at_once(small: Mailboxes) -> None:
    filled(small, "over", is_over=True)
    small.update_cost(small.open("unknown"))
    assert len(small) == 0


def test_one_that_is_larger_than_all_room_leaves_as_soon_as_it_is_quiet(small: Mailboxes) -> None:
    filled(small, "huge", size=1_000_000)
    assert len(small) == 0
