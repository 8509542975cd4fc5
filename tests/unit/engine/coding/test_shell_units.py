"""From states to rows: what one stretch changes in the tables of open work."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from kit.definitions import call, card, chain, delay, wait
from kit.execution.starts import start_of
from looply.engine.coding.units import claim_of, effect_queue, head_of, work_change, work_rows
from looply.engine.ports.store import EffectRow, EffectState
from looply.execution import ExecutionState, advance, answer
from looply.execution.facts.commands import Command, EffectDone, Resume, Terminate
from looply.testing.clock import START_TIME

WORKFLOW = chain(wait("ask", timeout="P1D"), call("call_1"), delay("pause"), card("card_1", ["a@x.org", "b@x.org"]))


def begin(at: datetime = START_TIME, **facts: Any) -> ExecutionState:
    started = start_of(WORKFLOW, at=at, workflow_version=3, **facts)
    return advance(WORKFLOW, None, (started,)).state


def after(state: ExecutionState, command: Command) -> ExecutionState:
    return advance(WORKFLOW, state, answer(WORKFLOW, state, command).events).state


def queued(_row: EffectRow) -> EffectState:
    return "QUEUED"


def running(_row: EffectRow) -> EffectState:
    return "RUNNING"


def resumed() -> ExecutionState:
    return after(begin(), Resume(at=START_TIME, source="SAP", payload={"source": "SAP"}, request=b"r"))


def test_the_first_unit_puts_all_that_is_open() -> None:
    state = begin()
    change = work_change(None, state, queued, 7)
    assert [row.step for row in change.put.waits] == ["ask"]
    assert [row.kind for row in change.put.timers] == ["WAIT"]
    assert change.drop_waits == change.drop_timers == ()
    assert change.put == work_rows(state, queued, 7)


def test_a_resume_drops_the_wait_with_its_timer_and_puts_the_effect() -> None:
    before = begin()
    (wait_row,), (timer_row,) = work_rows(before, queued, 7).waits, work_rows(before, queued, 7).timers
    change = work_change(before, resumed(), running, 7)
    assert change.drop_waits == (wait_row.seq,)
    assert change.drop_timers == ((timer_row.due, timer_row.seq),)
    (effect,) = change.put.effects
    assert (effect.state, effect.epoch, effect.queue) == ("RUNNING", 7, "http.request https://shop.example:443")


def test_a_queued_effect_belongs_to_no_epoch() -> None:
    (effect,) = work_change(begin(), resumed(), queued, 7).put.effects
    assert (effect.state, effect.epoch) == ("QUEUED", 0)


def test_the_end_drops_everything() -> None:
    before = resumed()
    change = work_change(before, after(before, Terminate(at=START_TIME, reason="x")), queued, 7)
    assert change.drop_effects == tuple(row.seq for row in work_rows(before, queued, 7).effects)
    assert change.put == work_rows(after(before, Terminate(at=START_TIME, reason="x")), queued, 7)


def test_what_did_not_change_is_not_written() -> None:
    state = begin()
    change = work_change(state, state, queued, 7)
    assert change == work_change(state, state, running, 8)
    assert not change.put.waits
    assert not change.put.timers


def test_an_outcome_moves_the_execution_to_its_next_rows() -> None:
    before = resumed()
    done = EffectDone(at=START_TIME, address="call_1:1", attempt=1, output={"status": "200"}, size=16)
    change = work_change(before, after(before, done), queued, 7)
    assert len(change.drop_effects) == 1
    assert [row.kind for row in change.put.timers] == ["DELAY"]


def test_the_head_has_the_execution_id_when_there_is_no_process_id() -> None:
    assert head_of(begin()).process_id == "01b8fb9a-3e80-7000-8000-000000000001"
    head = head_of(begin(process_id="PO-1", profile="test"))
    assert (head.process_id, head.profile, head.created_on) == ("PO-1", "test", START_TIME)
    assert (head.status, head.current_state) == ("WAITING", "wait_for_response_state")


@pytest.mark.parametrize("hours", [-2, 0, 2])
def test_the_last_change_is_never_before_the_creation_though_the_clock_was_set_back(hours: int) -> None:
    head = head_of(begin(START_TIME + timedelta(hours=hours)))
    assert (head.created_on, head.modified_on) == (START_TIME, START_TIME + timedelta(hours=max(hours, 0)))


def test_only_a_stated_process_id_is_claimed() -> None:
    assert claim_of(begin()) is None
    claim = claim_of(begin(process_id="PO-1", request=b"r"))
    assert claim is not None
    assert (claim.process_id, claim.workflow_id, claim.fingerprint) == ("PO-1", "w", b"r")


@pytest.mark.parametrize(
    ("given", "queue"),
    [
        ({"connection": "S4", "url": "https://a.example"}, "op S4"),
        ({"system_id": "S4H", "client": "100"}, "op S4H#100"),
        ({"url": "https://Shop.Example.:8443/x?key=s3cret"}, "op https://shop.example:8443"),
        ({"url": "http://127.1/x"}, "op http://127.0.0.1:80"),
        ({"url": "http://0x7f.1/x"}, "op http://127.0.0.1:80"),
        ({"url": " HTTP://2130706433:80"}, "op http://127.0.0.1:80"),
        ({"url": "http://[::ffff:127.0.0.1]/"}, "op http://127.0.0.1:80"),
        ({"url": "http://[0:0::1]:8080/"}, "op http://[::1]:8080"),
        ({"url": "https://User@shop.example/x"}, "op "),
        ({"url": "orders/17"}, "op "),
        ({"url": "http://[::1"}, "op "),
        ({"url": 5}, "op "),
        ("text", "op "),
        ({}, "op "),
    ],
)
def test_effects_queue_by_the_target_that_limits_them(given: Any, queue: str) -> None:
    assert effect_queue("op", given) == queue


@pytest.mark.parametrize(
    ("secret", "queue"),
    [("/input/url", "op "), ("/input/headers/a", "op https://shop.example:443"), ("/input", "op ")],
)
def test_a_target_that_is_secret_gives_no_name_to_its_queue(secret: str, queue: str) -> None:
    given = {"url": "https://shop.example/x", "headers": {"a": "b"}}
    assert effect_queue("op", given, (secret,)) == queue
