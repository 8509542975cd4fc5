"""When a system counts as down, when it is probed, and at which rate it is called again."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from looply.engine.effects.outages import (
    BURST_SECONDS,
    FULL_RATE,
    Tallies,
    Tally,
    after_turns,
    allowance,
    down_reason,
    drain_target,
    is_over,
    next_probe,
    open_target,
    outage_text,
    postpone_probe,
    rate_of,
    reopen_target,
    sign_of_system,
    sign_of_way,
)
from looply.engine.records.targets import Maintenance, TargetRow
from looply.errors import FailureKind
from looply.execution.facts.commands import EffectDone, EffectFailed
from looply.execution.facts.values.far import FarError, Verdict
from looply.jsontext import Json
from looply.slots import Lane
from looply.testing.clock import START_TIME

SECOND = timedelta(seconds=1)


def failed(
    code: str, *, was_sent: bool = True, status: str = "", kind: FailureKind | None = None, of_connection: bool = False
) -> EffectFailed:
    return EffectFailed(
        at=START_TIME,
        address="a:1",
        attempt=1,
        code=code,
        message="why",
        was_sent=was_sent,
        status=status,
        is_of_connection=of_connection,
        far=FarError(kind=kind) if kind is not None else None,
    )


def done(output: Json, kind: FailureKind | None = None) -> EffectDone:
    verdict = Verdict(far=FarError(kind=kind)) if kind is not None else None
    return EffectDone(at=START_TIME, address="a:1", attempt=1, output=output, size=1, verdict=verdict)


def down() -> TargetRow:
    return open_target("acme", "https://s4:443", START_TIME, "CONNECTION: refused", None)


@pytest.mark.parametrize(
    ("outcome", "is_down"),
    [
        (failed("CONNECTION", was_sent=False), True),
        (failed("TIMEOUT"), True),
        (failed("REJECTED", status="503"), True),
        (failed("AUTH_FAILED", status="401"), False),
        (failed("EGRESS_DENIED", was_sent=False), False),
        (failed("BAD_INPUT", was_sent=False), False),
        (failed("TLS_CERTIFICATE", was_sent=False, kind="down"), True),
        (failed("REJECTED", status="400", kind="rejected"), False),
        # What the connector has judged counts, whatever the status.
        (done({"status": "503"}, "locked"), False),
        (done({"status": "503"}, "down"), True),
        (done({"status": "200"}, "down"), True),
        (done("text", "down"), True),
        (done({"status": "502"}), True),
        (done({"status": "503"}), True),
        (done({"status": "504"}), True),
        (done({"status": "500"}), False),
        (done({"status": "429"}), False),
        (done({"status": "423"}), False),
        (done({"status": "200"}), False),
        (done("text"), False),
    ],
)
def test_a_system_is_down_when_it_cannot_be_reached_or_says_so(
    outcome: EffectDone | EffectFailed, is_down: bool
) -> None:
    assert bool(down_reason(outcome)) is is_down


@pytest.mark.parametrize(
    ("outcome", "of_system", "of_way"),
    [
        (done({}), "works", "works"),
        (done({"status": "503"}), "down", "works"),
        (failed("REJECTED", status="400"), "works", "works"),
        # Nothing was sent: neither the system nor the way to it was met.
        (failed("EGRESS_DENIED", was_sent=False), "nothing", "nothing"),
        (failed("CONNECTION", was_sent=False), "down", "nothing"),
        (failed("TIMEOUT"), "down", "works"),
        (failed("TLS_CERTIFICATE", was_sent=False, kind="down"), "down", "nothing"),
        (failed("TLS_CERTIFICATE", was_sent=False, kind="down", of_connection=True), "nothing", "down"),
        (failed("CONNECTION", was_sent=False, of_connection=True), "nothing", "down"),
        (failed("AUTH_FAILED", was_sent=False, kind="auth", of_connection=True), "nothing", "nothing"),
    ],
)
def test_a_failure_is_one_of_the_system_or_of_the_way_to_it_never_of_both(
    outcome: EffectDone | EffectFailed, of_system: str, of_way: str
) -> None:
    assert (sign_of_system(outcome), sign_of_way(outcome)) == (of_system, of_way)


def test_only_what_failed_within_the_last_minute_is_remembered() -> None:
    tallies, lane = Tallies(), Lane("acme", "https://s4:443")
    assert not tallies.count(lane, 0, "works")
    assert not tallies
    assert [tallies.count(lane, n, "down") for n in range(4)] == [False] * 4
    assert not tallies.count(lane, 5, "nothing")
    assert tallies
    assert not tallies.count(Lane("acme", "https://other:443"), 6, "down")
    assert tallies.count(lane, 7, "down")
    assert not tallies.count(Lane("acme", "https://other:443"), 80, "works")
    assert not tallies


def test_five_failures_in_a_row_open_a_system_and_a_success_ends_the_row() -> None:
    tally = Tally()
    assert [tally.count(n, is_failure=True) for n in range(4)] == [False] * 4
    assert not tally.count(4, is_failure=False)
    assert [tally.count(5 + n, is_failure=True) for n in range(5)] == [False] * 4 + [True]


def test_half_of_twenty_calls_within_a_minute_open_a_system() -> None:
    tally = Tally()
    found = [tally.count(n, is_failure=bool(n % 2)) for n in range(20)]
    assert found == [False] * 19 + [True]


def test_failures_of_longer_ago_than_a_minute_are_forgotten() -> None:
    tally = Tally()
    found = [tally.count(n * 4.0, is_failure=bool(n % 2)) for n in range(60)]
    assert True not in found
    assert not tally.is_clean
    for n in range(20):
        tally.count(300 + n, is_failure=False)
    assert tally.is_clean


def test_probes_come_ever_later_up_to_five_minutes() -> None:
    row, now, seconds = down(), START_TIME, []
    for _ in range(7):
        seconds.append((row.next_on - now).total_seconds())
        now = row.next_on
        assert (allowance(row, now - SECOND), allowance(row, now)) == (0, 1)
        row = next_probe(row, now)
        assert allowance(row, now + 119 * SECOND) == 0
        # A process that ended during its probe leaves one for the next.
        assert allowance(row, now + 120 * SECOND) == 1
        row = reopen_target(row, now, "TIMEOUT: hangs")
    assert seconds == [10, 20, 40, 80, 160, 300, 300]
    assert (row.reason, row.since) == ("TIMEOUT: hangs", START_TIME)
    assert row.revision == 15


def test_a_failure_after_a_maintenance_is_a_new_outage() -> None:
    paused = replace(drain_target(down(), START_TIME, 5.0), reason="", probe_seconds=300)
    later = START_TIME + timedelta(days=1)
    row = reopen_target(paused, later, "TIMEOUT: hangs")
    assert (row.state, row.since, row.reason) == ("OPEN", later, "TIMEOUT: hangs")
    assert (row.revision, row.next_on) == (paused.revision + 1, later + 10 * SECOND)


def test_a_probe_that_says_nothing_is_followed_by_another_one_at_once() -> None:
    row = postpone_probe(next_probe(down(), START_TIME), START_TIME)
    assert (row.state, allowance(row, START_TIME), allowance(row, START_TIME + SECOND)) == ("OPEN", 0, 1)


def test_a_drain_doubles_its_rate_and_ends_at_the_full_one() -> None:
    row = drain_target(down(), START_TIME, 5.0)
    rates = [rate_of(row, START_TIME + n * 10 * SECOND) for n in range(6)]
    assert rates == [5, 10, 20, 40, 80, FULL_RATE]
    assert not is_over(row, START_TIME + 49 * SECOND, has_waiting=True)
    assert is_over(row, START_TIME + 50 * SECOND, has_waiting=True)


def test_a_drain_without_a_ramp_keeps_its_rate_until_nothing_waits() -> None:
    row = drain_target(down(), START_TIME, 2.0, is_ramped=False)
    later = START_TIME + timedelta(hours=1)
    assert rate_of(row, later) == 2
    assert not is_over(row, later, has_waiting=True)
    assert is_over(row, later, has_waiting=False)
    assert not is_over(row, START_TIME + SECOND, has_waiting=False)


@pytest.mark.parametrize("step_ms", [10, 100, 130, 1000])
def test_the_rate_holds_however_often_turns_are_taken(step_ms: int) -> None:
    row, count, now = drain_target(down(), START_TIME, 8.0, is_ramped=False), 0, START_TIME
    for _ in range(60_000 // step_ms):
        if due := allowance(row, now):
            row = after_turns(row, now, due)
            count += due
        now += timedelta(milliseconds=step_ms)
    # Turns that were not taken for longer than the burst are lost.
    expected = 8 * 60 * min(1, BURST_SECONDS * 1000 / step_ms)
    assert 0.8 * expected <= count <= 1.2 * 8 * 60


def test_nothing_is_due_during_maintenance_and_its_reason_is_shown() -> None:
    window = Maintenance(begins_on=START_TIME, until=START_TIME + 60 * SECOND, reason="an upgrade")
    row = open_target("acme", "https://s4:443", START_TIME, "TIMEOUT: x", None)
    paused = TargetRow(**{name: getattr(row, name) for name in row.__struct_fields__ if name != "maintenance"})
    assert outage_text(paused, START_TIME).startswith("down since 20")
    with_window = open_target(
        "acme",
        "https://s4:443",
        START_TIME,
        "TIMEOUT: x",
        TargetRow(
            organization_id="acme",
            target="https://s4:443",
            revision=4,
            state="CLOSED",
            since=START_TIME,
            changed_on=START_TIME,
            next_on=START_TIME,
            maintenance=window,
        ),
    )
    assert (with_window.revision, with_window.maintenance) == (5, window)
    assert allowance(with_window, START_TIME + 30 * SECOND) == 0
    assert allowance(with_window, START_TIME + 60 * SECOND) == 1
    assert "an upgrade" in outage_text(with_window, START_TIME)
    assert outage_text(with_window, START_TIME + 60 * SECOND).startswith("down since")


def test_an_outage_for_which_nothing_waits_is_forgotten_after_an_hour() -> None:
    row = down()
    assert not is_over(row, START_TIME + timedelta(minutes=59), has_waiting=False)
    assert is_over(row, START_TIME + timedelta(hours=1), has_waiting=False)
    assert not is_over(row, START_TIME + timedelta(hours=1), has_waiting=True)
