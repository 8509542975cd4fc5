"""The pace of messages, by exact windows."""

from hypothesis import given
from hypothesis import strategies as st

from looply.connectors.teams.calls.pacing import CONVERSATION, TENANT, Pacer, Windows

gaps = st.lists(st.floats(0, 3, allow_nan=False), min_size=1, max_size=150)


@given(gaps)
def test_no_window_ever_has_more_calls_than_it_may(pauses: list[float]) -> None:
    windows, now, sent = Windows(CONVERSATION), 1000.0, []
    for pause in pauses:
        now += pause
        if not windows.wait_seconds("c", now):
            windows.take("c", now)
            sent.append(now)
    for count, seconds in CONVERSATION:
        for index in range(len(sent) - count):
            assert sent[index + count] - sent[index] > seconds


@given(gaps)
def test_a_call_that_waits_as_long_as_it_is_asked_to_has_room(pauses: list[float]) -> None:
    windows, now = Windows(CONVERSATION), 1000.0
    for pause in pauses:
        now += pause
        # A float may be short of the instant by its last digit.
        now += wait + 1e-6 if (wait := windows.wait_seconds("c", now)) else 0
        assert windows.wait_seconds("c", now) == 0
        windows.take("c", now)


def test_seven_messages_go_at_once_and_the_eighth_waits_for_a_second() -> None:
    pacer = Pacer()
    waits = [pacer.take("bot", "c", 1000.0) for _ in range(8)]
    assert waits[:7] == [0] * 7
    assert 1 <= waits[7] < 1.1
    assert pacer.take("bot", "other", 1000.0) == 0


def test_a_call_without_room_takes_none() -> None:
    pacer = Pacer()
    for _ in range(100):
        pacer.take("bot", "c", 1000.0)
    assert pacer.take("bot", "c", 1001.1) == 0


def test_the_tenant_bounds_all_conversations_and_several_processes_share_its_rate() -> None:
    (most, _), *_ = TENANT
    alone, shared = Pacer(), Pacer(processes=3)
    assert sum(alone.take("bot", f"c{each}", 1000.0) == 0 for each in range(100)) == most
    assert sum(shared.take("bot", f"c{each}", 1000.0) == 0 for each in range(100)) == most // 3
    assert alone.take("bot of another tenant", "c1", 1000.0) == 0


def test_a_delay_that_was_asked_for_holds_its_conversation_and_one_of_none_all_of_the_bot() -> None:
    pacer = Pacer()
    pacer.hold("bot", "c", 1010.0)
    pacer.hold("bot", "c", 1005.0)
    assert pacer.take("bot", "c", 1000.0) == 10
    assert pacer.take("bot", "d", 1000.0) == 0
    assert pacer.take("bot", "c", 1010.0) == 0
    pacer.hold("bot", "", 1020.0)
    assert pacer.take("bot", "d", 1015.0) == 5
