"""The checkers of the fault tests with manipulated evidence: each must detect its violation.

Small sound evidence is written by hand; a case violates one invariant in it and names the checker that must fail.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blackbox.evidence.arena import check_ending
from blackbox.evidence.fires import EVERY_MS, GRACE_MS, fires_once, owed
from blackbox.evidence.invariants import (
    FOR_TIME,
    UNDER_KILLS,
    Check,
    Evidence,
    at_least_once,
    bounded_duplication,
    calls_in_order,
    check_pages,
    damages,
    everything_ends,
    histories_only_grow,
    hold,
    no_acknowledged_loss,
    no_ghosts,
    repeated,
    retries_wait,
    sound_store,
    stable_keys,
    timers_keep_their_time,
    waits_pass_once,
)
from blackbox.evidence.load import Asked, Life, Line, Order, Row
from blackbox.evidence.race import Reply
from blackbox.evidence.report import FaultReport
from blackbox.evidence.workloads import ASKING, ONCE, PAUSING, REFUSED, Workload

SECOND = 1_000_000_000
ASKED, RETRIED, OPEN, PAUSED = range(4)

Spoil = Callable[[Evidence], object]


def _row(number: int, workload: Workload, status: str, *events: dict[str, Any]) -> Row:
    first = {"type": "EXECUTION_STARTED", "state": "WorkflowStartState", "input": {"n": number}}
    log = [{"seq": seq, "timestamp": seq * 1000, **event} for seq, event in enumerate((first, *events), 1)]
    return {
        "workflow_execution_id": f"e{number}",
        "status": status,
        "workflow_event_log": {"events": log},
        "workflow_details": {"workflow_name": workload.name},
    }


def _event(type_: str, state: str, **more: Any) -> dict[str, Any]:
    return {"type": type_, "state": state, **more}


def _line(number: int, step: str, at: float) -> Line:
    return {
        "path": f"/run/{number}/{step}",
        "key": f"e{number}:{step}:1",
        "hash": f"{number}{step}",
        "at": int(at * SECOND),
    }


def true_record() -> Evidence:
    """Four executions over two processes; the second one repeats a call that the first was killed in."""
    asked = _row(
        ASKED,
        ASKING,
        "COMPLETED",
        _event("WAIT_RESUMED", "wait_1", output={"n": 1}),
        _event("WAIT_RESUMED", "wait_2", output={"n": 2}),
        _event("EXECUTION_COMPLETED", "call_3"),
    )
    paused = _row(
        PAUSED,
        PAUSING,
        "COMPLETED",
        _event("STEP_STARTED", "delay_1"),
        _event("STEP_SUCCEEDED", "delay_1"),
        _event("WAIT_OPENED", "wait_1"),
        _event("WAIT_TIMED_OUT", "wait_1"),
        _event("EXECUTION_COMPLETED", "late"),
    )
    unknown = _event("INCIDENT_OPENED", "once", code="OUTCOME_UNKNOWN")
    rows = [
        asked,
        _row(RETRIED, REFUSED, "COMPLETED", _event("EXECUTION_COMPLETED", "note_1")),
        _row(OPEN, ONCE, "FAILED", unknown, _event("EXECUTION_FAILED", "once")),
        paused,
    ]
    orders = [Order(number, workload, f"e{number}") for number, workload in enumerate((ASKING, REFUSED, ONCE, PAUSING))]
    earlier = {
        **asked,
        "status": "RUNNING",
        "workflow_event_log": {"events": asked["workflow_event_log"]["events"][:2]},
    }
    orders[ASKED].reads = [earlier, dict(asked)]
    orders[ASKED].asked = {
        "wait_1": Asked(invoked=2 * SECOND, restarted=[1]),
        "wait_2": Asked(invoked=4 * SECOND, unknown=[2]),
    }
    lines = [
        _line(ASKED, "call_1", 1),
        _line(ASKED, "call_2", 3),
        _line(ASKED, "call_2", 12),
        _line(ASKED, "call_3", 13),
        *(_line(RETRIED, "call_1", at) for at in (5, 5.1, 5.2)),
        _line(OPEN, "once", 6),
        _line(PAUSED, "call_1", 7),
        _line(PAUSED, "late", 8),
    ]
    lives = [Life(0, SECOND // 2, 10 * SECOND), Life(10 * SECOND, 11 * SECOND, 20 * SECOND)]
    audit = {"executions": 4, "open": 0, "orphans": 0, "problems": []}
    by_id = {row["workflow_execution_id"]: row for row in rows}
    return Evidence(orders, by_id, lines, lives, audit)


def _log(evidence: Evidence, number: int) -> list[dict[str, Any]]:
    log: list[dict[str, Any]] = evidence.rows[f"e{number}"]["workflow_event_log"]["events"]
    return log


def _lines(evidence: Evidence) -> list[Line]:
    assert isinstance(evidence.lines, list)
    return evidence.lines


def _rows(evidence: Evidence) -> dict[str, Row]:
    assert isinstance(evidence.rows, dict)
    return evidence.rows


def _rename(evidence: Evidence, number: int, status: str) -> None:
    evidence.rows[f"e{number}"]["status"] = status


def _twice(log: list[dict[str, Any]], type_: str) -> None:
    (place,) = (place for place, entry in enumerate(log) if entry["type"] == type_)
    log.insert(place + 1, dict(log[place]))


SPOILT: list[tuple[str, Check, Spoil]] = [
    ("an execution is lost", no_acknowledged_loss, lambda e: _rows(e).pop("e1")),
    ("an order was never acknowledged", no_acknowledged_loss, lambda e: setattr(e.orders[1], "execution_id", "")),
    ("a read after the answer found nothing", no_acknowledged_loss, lambda e: setattr(e.orders[1], "missing", 1)),
    ("an execution has another body", no_acknowledged_loss, lambda e: _log(e, 1)[0].update(input={"n": 9})),
    ("no caller requested an execution", no_ghosts, lambda e: _rows(e).update(e9=e.rows["e1"])),
    ("two orders have one execution", no_ghosts, lambda e: setattr(e.orders[1], "execution_id", "e0")),
    ("a call was made for an unknown one", no_ghosts, lambda e: _lines(e)[0].update(key="e9:call_1:1")),
    ("a call was left out", at_least_once, lambda e: _lines(e).pop(0)),
    ("a process repeated a call", bounded_duplication, lambda e: _lines(e).append(_line(ASKED, "call_3", 14))),
    ("a refusal too many", bounded_duplication, lambda e: _lines(e).append(_line(RETRIED, "call_1", 5.3))),
    ("a call that may not be was repeated", bounded_duplication, lambda e: _lines(e).append(_line(OPEN, "once", 12))),
    ("a repeated call has another key", stable_keys, lambda e: _lines(e)[2].update(key="e0:call_2:2")),
    ("a repeated call has another body", stable_keys, lambda e: _lines(e)[2].update(hash="other")),
    ("two visits share a key", stable_keys, lambda e: _lines(e)[0].update(key="e0:call_2:1")),
    ("a step came before the one before it", calls_in_order, lambda e: _lines(e)[0].update(at=14 * SECOND)),
    ("a step came before its wait's resume", calls_in_order, lambda e: _lines(e)[1].update(at=SECOND + 1)),
    ("a later read lacks an event", histories_only_grow, lambda e: _log(e, ASKED).pop(1)),
    ("a later read has another event", histories_only_grow, lambda e: _log(e, ASKED).insert(1, _log(e, ASKED)[0])),
    ("an end was taken back", histories_only_grow, lambda e: e.orders[0].reads[0].update(status="FAILED")),
    ("two ends", histories_only_grow, lambda e: _twice(_log(e, 1), "EXECUTION_COMPLETED")),
    ("no end", histories_only_grow, lambda e: _log(e, 1).pop()),
    ("another end", histories_only_grow, lambda e: _log(e, 1)[-1].update(type="EXECUTION_TERMINATED")),
    (
        "something after the end",
        histories_only_grow,
        lambda e: _log(e, 1).append({**_event("STEP_STARTED", "call_1"), "seq": 9, "timestamp": 9000}),
    ),
    ("the numbers go back", histories_only_grow, lambda e: _log(e, 1)[-1].update(seq=0)),
    ("the times go back", histories_only_grow, lambda e: _log(e, 1)[-1].update(timestamp=0)),
    ("a wait passed twice", waits_pass_once, lambda e: _log(e, ASKED).insert(1, _log(e, ASKED)[1])),
    ("a wait did not pass", waits_pass_once, lambda e: _log(e, ASKED).pop(2)),
    ("two got restarted", waits_pass_once, lambda e: e.orders[0].asked["wait_1"].restarted.append(2)),
    ("another payload passed", waits_pass_once, lambda e: _log(e, ASKED)[1].update(output={"n": 2})),
    ("no resume had the payload", waits_pass_once, lambda e: _log(e, ASKED)[2].update(output={"n": 7})),
    ("an execution is not listed", sound_store, lambda e: _rows(e).pop("e1")),
    ("an orphan", sound_store, lambda e: setattr(e, "audit", {**e.audit, "orphans": 1})),
    ("a problem", sound_store, lambda e: setattr(e, "audit", {**e.audit, "problems": [{"kind": "HEAD"}]})),
    ("a damaged file", sound_store, lambda e: setattr(e, "damages", ["page 7"])),
    ("one still runs", everything_ends, lambda e: _rename(e, ASKED, "RUNNING")),
    ("one still waits", everything_ends, lambda e: _rename(e, ASKED, "WAITING")),
    ("one failed without a cause", everything_ends, lambda e: _rename(e, ASKED, "FAILED")),
    ("it failed for another cause", everything_ends, lambda e: _log(e, OPEN)[1].update(code="POISONED")),
    ("what may be repeated was held", everything_ends, lambda e: _log(e, OPEN)[1].update(state="call_1")),
    ("a completed one has an incident", everything_ends, lambda e: _rename(e, OPEN, "COMPLETED")),
    ("a retry was early", retries_wait, lambda e: _lines(e)[5].update(at=5 * SECOND + SECOND // 100)),
    ("a timer was early", timers_keep_their_time, lambda e: _log(e, PAUSED)[2].update(timestamp=2500)),
    ("a timer fired twice", timers_keep_their_time, lambda e: _twice(_log(e, PAUSED), "WAIT_TIMED_OUT")),
    ("a timer did not fire", timers_keep_their_time, lambda e: _log(e, PAUSED).pop(4)),
]


def _report() -> FaultReport:
    report = FaultReport("checked", seed=1, options={}, faults=("KILL",))
    report.hit("KILL")
    return report


def test_sound_evidence_passes_and_is_counted() -> None:
    report = _report()
    hold(true_record(), report, {**UNDER_KILLS, **FOR_TIME})
    assert set(report.invariants) == {*UNDER_KILLS, *FOR_TIME}
    assert report.invariants["I4 bounded duplication"] == 7
    assert report.invariants["S4 retries keep their distance"] == 2
    assert repeated(true_record()) == 1


@pytest.mark.parametrize(("check", "spoil"), [case[1:] for case in SPOILT], ids=[case[0] for case in SPOILT])
def test_violated_evidence_does_not_pass(check: Check, spoil: Spoil) -> None:
    evidence = true_record()
    assert check(evidence)
    spoil(evidence)
    with pytest.raises(AssertionError, match=r"\w"):
        check(evidence)


@pytest.mark.parametrize("name", [*UNDER_KILLS, *FOR_TIME])
def test_every_checker_has_violated_evidence_and_refuses_empty_evidence(name: str) -> None:
    check = {**UNDER_KILLS, **FOR_TIME}[name]
    assert check in {case[1] for case in SPOILT}
    empty = Evidence(audit={"executions": 0, "orphans": 0, "problems": []})
    with pytest.raises(AssertionError, match="nothing to check"):
        hold(empty, _report(), {name: check})


def _fired(*nominals: int) -> list[Row]:
    """Executions of a schedule that begins at 0, each a moment after its instant."""
    return [
        {"workflow_execution_id": f"f{nominal:06}", "workflow_event_log": {"events": [{"timestamp": nominal + 5}]}}
        for nominal in nominals
    ]


def _lives() -> list[Life]:
    """One process from 0 to 5 s, and one from 7.5 s to 12 s: the instants of 6 s are missed, 7 s is caught up."""
    first, second = Life(0, 1, 5 * SECOND), Life(15 * SECOND // 2, 8 * SECOND, 12 * SECOND)
    return [first, second]


def _ledger(*nominals: int, **missed: int) -> list[Row]:
    """Returns rows of a ledger; `mNOMINAL=COUNT` is a row of missed instants."""
    rows = [
        {"nominal_on": at, "outcome": "STARTED", "workflow_execution_id": f"f{at:06}", "count": 1} for at in nominals
    ]
    for name, count in missed.items():
        at = int(name[1:])
        rows.append({"nominal_on": at, "outcome": "MISSED", "workflow_execution_id": None, "count": count})
    return sorted(rows, key=lambda row: row["nominal_on"])


def _skipped(ledger: list[Row], nominal: int, decided_on: int) -> list[Row]:
    """Returns a ledger in which an instant was skipped instead."""
    row = {"nominal_on": nominal, "outcome": "SKIPPED", "workflow_execution_id": None, "count": 1}
    kept = [each for each in ledger if each["nominal_on"] != nominal]
    return sorted([*kept, {**row, "decided_on": decided_on}], key=lambda each: each["nominal_on"])


WHOLE = (0, 1000, 2000, 7000, 8000, 9000)


def test_a_schedule_whose_instants_were_all_decided_once_passes() -> None:
    assert (EVERY_MS, GRACE_MS) == (1000, 2000)
    assert owed(0, _lives()) == [0, 1000, 2000, 8000, 9000]
    assert fires_once(_fired(*WHOLE), _ledger(*WHOLE, m6000=4), 0, _lives()) == 6


def test_an_instant_may_be_skipped_while_the_execution_before_it_is_open() -> None:
    fired = _fired(*WHOLE[:-1])
    fired[-1]["workflow_event_log"]["events"].append({"timestamp": 9400})
    ledger = _skipped(_ledger(*WHOLE, m6000=4), 9000, 9300)
    assert fires_once(fired, ledger, 0, _lives()) == 5


@pytest.mark.parametrize(
    ("rows", "ledger"),
    [
        pytest.param(
            _fired(*WHOLE[:-1]),
            _skipped(_ledger(*WHOLE, m6000=4), 9000, 8006 + GRACE_MS),
            id="skipped after the end of the execution before it",
        ),
        pytest.param(
            _fired(*WHOLE[1:]), _skipped(_ledger(*WHOLE, m6000=4), 0, 5), id="skipped before the first execution"
        ),
        pytest.param(_fired(*WHOLE), _ledger(*WHOLE), id="instants without a decision"),
        pytest.param(_fired(*WHOLE), _ledger(*WHOLE, m6000=3), id="one instant without a decision"),
        pytest.param(_fired(*WHOLE, 2001), _ledger(*WHOLE, m6000=4), id="an execution for no instant"),
        pytest.param(_fired(*WHOLE[:-1]), _ledger(*WHOLE, m6000=4), id="fired and not stored"),
        pytest.param(_fired(0, 1000, 7000, 8000, 9000), _ledger(0, 1000, 7000, 8000, 9000, m6000=5), id="missed alive"),
        pytest.param(
            _fired(*WHOLE),
            [{**row, "workflow_execution_id": "f000000"} for row in _ledger(*WHOLE)],
            id="one for two instants",
        ),
        pytest.param(
            [{**row, "workflow_event_log": {"events": [{"timestamp": -1}]}} for row in _fired(*WHOLE)],
            _ledger(*WHOLE, m6000=4),
            id="before its instant",
        ),
    ],
)
def test_a_schedule_that_did_not_fire_once_does_not_pass(rows: list[Row], ledger: list[Row]) -> None:
    with pytest.raises(AssertionError, match=r"\w"):
        fires_once(rows, ledger, 0, _lives())


def test_pages_that_are_whole_pass() -> None:
    check_pages([["d", "c"], ["b", "a"]], {"a", "b", "c"}, 2)


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        pytest.param([["c", "b"], ["b", "a"]], "twice", id="twice"),
        pytest.param([["c", "a"]], "leave out", id="left out"),
        pytest.param([["b", "c"], ["a"]], "out of order", id="out of order"),
        pytest.param([["c"], ["b", "a"]], "hold", id="a short page"),
    ],
)
def test_pages_that_are_not_whole_do_not_pass(pages: list[list[str]], expected: str) -> None:
    with pytest.raises(AssertionError, match=expected):
        check_pages(pages, {"a", "b", "c"}, 2)


def _answers(*said: str) -> list[Reply]:
    done = ("restarted", "already restarted", "terminated", "already terminated")
    return [
        Reply(200, {"message": word}) if word in done else Reply(409, {"code": word, "message": "x"}) for word in said
    ]


PASSED = [_event("WAIT_RESUMED", "wait_1", output={"n": 1})]
END = [_event("EXECUTION_TERMINATED", "wait_1")]
RESTARTED = _answers("restarted", "TERMINATED")
ENDED = _answers("terminated", "already terminated")


def test_an_end_with_correct_answers_passes() -> None:
    check_ending(_row(0, ASKING, "TERMINATED", *PASSED, *END), RESTARTED, ENDED, is_certain=True)
    check_ending(_row(0, ASKING, "TERMINATED", *END), _answers("TERMINATED"), ENDED, is_certain=True)
    completed = _row(0, ASKING, "COMPLETED", *PASSED, _event("EXECUTION_COMPLETED", "wait_1"))
    check_ending(completed, _answers("restarted", "already restarted"), _answers("COMPLETED"), is_certain=True)


@pytest.mark.parametrize(
    ("status", "events", "resumed", "terminated"),
    [
        pytest.param("TERMINATED", END, RESTARTED, ENDED, id="restarted, and the wait did not pass"),
        pytest.param("TERMINATED", [*PASSED, *END], _answers("TERMINATED"), ENDED, id="it passed without a winner"),
        pytest.param("TERMINATED", END, _answers("already restarted"), ENDED, id="already restarted without a winner"),
        pytest.param("TERMINATED", END, _answers("TERMINATED"), ENDED[1:], id="ended without a winner"),
        pytest.param("TERMINATED", END, _answers("TERMINATED"), [*ENDED[:1], *ENDED], id="ended by two"),
        pytest.param(
            "TERMINATED", [*PASSED, *END], RESTARTED, _answers("terminated", "COMPLETED"), id="answered completed"
        ),
        pytest.param(
            "COMPLETED", PASSED, _answers("restarted", "already restarted"), ENDED, id="terminated, and completed"
        ),
        pytest.param("WAITING", [], _answers("TERMINATED"), ENDED, id="terminated, and open"),
        pytest.param(
            "TERMINATED",
            [_event("STEP_STARTED", "call"), *END],
            _answers("TERMINATED"),
            ENDED,
            id="a step without a resume",
        ),
    ],
)
def test_an_end_with_a_wrong_answer_does_not_pass(
    status: str, events: list[dict[str, Any]], resumed: list[Reply], terminated: list[Reply]
) -> None:
    with pytest.raises(AssertionError, match="e0"):
        check_ending(_row(0, ASKING, status, *events), resumed, terminated, is_certain=True)


def test_the_files_checks_find_a_page_that_was_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "executions.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t(a TEXT PRIMARY KEY)")
    connection.executemany("INSERT INTO t VALUES (?)", ((f"{number:0200}",) for number in range(200)))
    connection.commit()
    connection.close()
    assert damages(tmp_path) == []
    data = bytearray(path.read_bytes())
    data[5 * 4096 + 100 : 5 * 4096 + 200] = b"\xff" * 100
    path.write_bytes(data)
    assert damages(tmp_path)
