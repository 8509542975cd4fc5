"""Invariants after any number of faults, each as a function over the evidence of a run.

    evidence = Evidence(orders=run.load.orders, rows=run.rows(), lines=run.calls(), lives=run.lives, audit=run.stop())
    hold(evidence, report, *UNDER_KILLS)

A checker returns the number of checked objects and raises AssertionError with the first violation. It trusts the
callers (orders), the called systems (ledger) and the launcher (lives), and checks the server's rows against them.
"""

import itertools
import sqlite3
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from blackbox.evidence.load import ENDED, Life, Line, Order, Row
from blackbox.evidence.report import FaultReport
from blackbox.evidence.workloads import BY_NAME, GAP_SECONDS, PAUSE_SECONDS, Workload

TERMINAL = ("EXECUTION_COMPLETED", "EXECUTION_FAILED", "EXECUTION_TERMINATED")
AFTER_THE_END = ("STEP_RESULT_DISCARDED",)
EARLY_MS = 2
"""Instants are rounded to milliseconds."""
STARTING = 100_000_000
"""Nanoseconds in which a new process makes no call: it still opens its store."""


class Visit(NamedTuple):
    """A visit of a step, as the called system sees it: the number of the order and the step, from the path."""

    number: int
    step: str


@dataclass
class Evidence:
    """The evidence of a run. `rows` are all executions by id, except those that a schedule has started."""

    orders: Sequence[Order] = ()
    rows: Mapping[str, Row] = field(default_factory=dict)
    lines: Sequence[Line] = ()
    lives: Sequence[Life] = ()
    audit: Mapping[str, Any] = field(default_factory=dict)
    damages: Sequence[str] = ()
    """Problems that the integrity checks of the file format found in the folder of the stopped server."""
    others: int = 0
    """Executions that are stored beside `rows`."""

    def visits(self) -> dict[Visit, list[Line]]:
        """Returns the ledger's lines by visit, in the order of arrival."""
        found: dict[Visit, list[Line]] = defaultdict(list)
        for line in self.lines:
            *_, number, step = line["path"].split("/")
            found[Visit(int(number), step)].append(line)
        return found

    def completed(self) -> Iterator[Row]:
        """Iterates over the rows that say COMPLETED."""
        return (row for row in self.rows.values() if row["status"] == "COMPLETED")

    def life_of(self, line: Line) -> int:
        """Returns the number of the process that made a call. A call of a dead process may arrive after its end."""
        return bisect_right([life.begun + STARTING for life in self.lives], line["at"])

    def is_disturbed(self, line: Line, following: Line) -> bool:
        """Returns whether a call may be repeated because its outcome was unknown: a process ended."""
        return self.life_of(line) != self.life_of(following)

    def disturbances(self) -> Sequence[Any]:
        """Returns the lives of processes, which a failure shows beside the calls."""
        return self.lives


Check = Callable[[Evidence], int]


def no_acknowledged_loss(evidence: Evidence) -> int:
    """I1: an acknowledged execution could be read at once, and exists with the body of its trigger."""
    for order in evidence.orders:
        assert order.execution_id, f"order {order.number} was never acknowledged"
        assert not order.missing, f"{order.execution_id} was acknowledged, and {order.missing} reads did not find it"
        row = evidence.rows.get(order.execution_id)
        assert row is not None, f"{order.execution_id} was acknowledged and is lost"
        named = (workload_of(row).name, number_of(row))
        assert named == (order.workload.name, order.number), f"{order.execution_id} is {named}, not {order.number}"
    return len(evidence.orders)


def no_ghosts(evidence: Evidence) -> int:
    """I2: every execution, also in the ledger, was requested, once."""
    asked = {order.execution_id for order in evidence.orders}
    assert len(asked) == len(evidence.orders), "two orders have one execution"
    ghosts = set(evidence.rows) - asked
    assert not ghosts, f"no caller requested {sorted(ghosts)}"
    for line in evidence.lines:
        execution_id = str(line["key"]).partition(":")[0]
        assert execution_id in evidence.rows, f"calls were made for {execution_id}, which does not exist"
    return len(evidence.rows) + len(evidence.lines)


def at_least_once(evidence: Evidence) -> int:
    """I3: every call on the path of a completed execution was made."""
    visits, count = evidence.visits(), 0
    for row in evidence.completed():
        for step in workload_of(row).calls(number_of(row)):
            count += 1
            assert visits.get(Visit(number_of(row), step)), f"{_name(row)} completed without its call {step}"
    return count


def bounded_duplication(evidence: Evidence) -> int:
    """I4: a process makes a call once, and again after a scripted refusal; a non-repeatable call is made once."""
    workloads = {number_of(row): workload_of(row) for row in evidence.rows.values()}
    visits = evidence.visits()
    for visit, lines in visits.items():
        workload = workloads[visit.number]
        surplus = sum(not evidence.is_disturbed(*pair) for pair in itertools.pairwise(lines))
        arrived = [line["at"] for line in lines]
        assert surplus <= workload.refusals, f"{visit} was called at {arrived}: {evidence.disturbances()}"
        assert visit.step not in workload.once or len(lines) == 1, f"{visit} was called {len(lines)} times"
    return len(visits)


def stable_keys(evidence: Evidence) -> int:
    """I5: all calls of a visit carry one key and one body, and no other visit has that key."""
    holders: dict[str, Visit] = {}
    executions = {number_of(row): row["workflow_execution_id"] for row in evidence.rows.values()}
    for visit, lines in evidence.visits().items():
        keys, hashes = {line["key"] for line in lines}, {line["hash"] for line in lines}
        assert len(keys) == len(hashes) == 1, f"{visit} was called with the keys {keys} and {len(hashes)} bodies"
        (key,) = keys
        assert key == f"{executions.get(visit.number)}:{visit.step}:1", f"{visit} was called under {key}"
        assert holders.setdefault(key, visit) == visit, f"{visit} and {holders[key]} share {key}"
    return len(holders)


def calls_in_order(evidence: Evidence) -> int:
    """I6: a step is first called after the step before it, and after the wait before it was resumed."""
    asked = {order.number: order.asked for order in evidence.orders}
    visits, count = evidence.visits(), 0
    for row in evidence.completed():
        workload, number = workload_of(row), number_of(row)
        before, at = "the trigger", 0
        for step in workload.path(number):
            if step in workload.waits:
                # A resume may come before the wait; no call after the wait may come before the resume.
                before, at = step, max(at, asked[number][step].invoked)
            elif lines := visits.get(Visit(number, step)):
                assert at < lines[0]["at"], f"{_name(row)} came to {step} before {before}"
                before, at = step, lines[0]["at"]
                count += 1
    return count


def histories_only_grow(evidence: Evidence) -> int:
    """I7: a later read begins with the earlier one; one end, and no event after it; an end is final."""
    count = 0
    reads = {order.execution_id: order.reads for order in evidence.orders}
    for execution_id, row in evidence.rows.items():
        before: Row | None = None
        for read in (*reads.get(execution_id, ()), row):
            log = read["workflow_event_log"]["events"]
            _one_end(read, log)
            numbers = [entry["seq"] for entry in log]
            assert numbers == sorted(numbers), f"{_name(read)}: the numbers of its log are {numbers}"
            times = [entry["timestamp"] for entry in log]
            assert times == sorted(times), f"{_name(read)}: the times of its log go back: {times}"
            if before is not None:
                known = before["workflow_event_log"]["events"]
                assert log[: len(known)] == known, f"{_name(read)}: its log does not continue an earlier read"
                is_final = before["status"] in ENDED
                assert not is_final or read["status"] == before["status"], f"{_name(read)}: {before['status']} ended"
            before = read
            count += 1
    return count


def _one_end(read: Row, log: Sequence[Row]) -> None:
    ends = [place for place, entry in enumerate(log) if entry["type"] in TERMINAL]
    is_over = read["status"] in ("COMPLETED", "TERMINATED")
    assert len(ends) <= 1, f"{_name(read)} ended {len(ends)} times"
    assert len(ends) == 1 or not is_over, f"{_name(read)} is {read['status']} and its log has no end"
    if ends:
        assert log[ends[0]]["type"] == f"EXECUTION_{read['status']}", f"{_name(read)} is {read['status']}"
        later = [entry["type"] for entry in log[ends[0] + 1 :] if entry["type"] not in AFTER_THE_END]
        assert not later, f"{_name(read)} has {later} after its end"


def waits_pass_once(evidence: Evidence) -> int:
    """I8: a wait is passed at most once, by a resume that got that answer (or none), with its payload."""
    count = 0
    for order in evidence.orders:
        row = evidence.rows.get(order.execution_id)
        for wait, asked in order.asked.items():
            entries = row["workflow_event_log"]["events"] if row is not None else ()
            passes = [
                entry["output"]["n"] for entry in entries if (entry["type"], entry["state"]) == ("WAIT_RESUMED", wait)
            ]
            seen = f"{order.execution_id}: {wait} passed with {passes}; answered restarted: {asked.restarted}"
            assert len(asked.restarted) <= len(passes) <= 1, seen
            assert not passes or passes[0] in (asked.restarted or asked.unknown), f"{seen}, unknown: {asked.unknown}"
            assert passes or row is None or row["status"] != "COMPLETED", seen
            count += 1
    return count


def sound_store(evidence: Evidence) -> int:
    """I11: every history folds to the rows beside it, nothing is orphaned, and the files are intact."""
    assert not evidence.damages, evidence.damages
    assert not evidence.audit["problems"], evidence.audit["problems"]
    assert evidence.audit["orphans"] == 0, evidence.audit
    stored = len(evidence.rows) + evidence.others
    assert evidence.audit["executions"] == stored, f"{stored} are listed, {evidence.audit['executions']} are stored"
    return stored


def everything_ends(evidence: Evidence) -> int:
    """I12: all have ended, and completed unless the outcome of a non-repeatable call is unknown."""
    for row in evidence.rows.values():
        log = row["workflow_event_log"]["events"]
        incidents = [entry for entry in log if entry["type"] == "INCIDENT_OPENED"]
        codes = [incident["code"] for incident in incidents]
        if row["status"] == "COMPLETED":
            assert not codes, f"{_name(row)} completed with {codes}"
            continue
        assert row["status"] == "FAILED", f"{_name(row)} is {row['status']}"
        assert codes == ["OUTCOME_UNKNOWN"], f"{_name(row)} failed with {codes}"
        assert incidents[0]["state"] in workload_of(row).once, f"{_name(row)}: {incidents[0]['state']} may be repeated"
    return len(evidence.rows)


def retries_wait(evidence: Evidence) -> int:
    """S4: after a refusal the next attempt waits for the retry interval, in this process or the next one."""
    workloads = {number_of(row): workload_of(row) for row in evidence.rows.values()}
    count = 0
    for visit, lines in evidence.visits().items():
        if not workloads[visit.number].refusals:
            continue
        for line, following in itertools.pairwise(lines):
            if not evidence.is_disturbed(line, following):
                gap = (following["at"] - line["at"]) / 1e9
                assert gap >= 0.8 * GAP_SECONDS, f"{visit} was tried again after {gap:.3f} s"
                count += 1
    return count


def timers_keep_their_time(evidence: Evidence) -> int:
    """S12: a delay and the timeout of a wait are not early, and each fires once."""
    count = 0
    for row in evidence.completed():
        for step, type_ in workload_of(row).pauses.items():
            entries = [entry for entry in row["workflow_event_log"]["events"] if entry["state"] == step]
            ends = [entry["timestamp"] for entry in entries if entry["type"] == type_]
            assert len(ends) == 1, f"{_name(row)}: {step} fired {len(ends)} times"
            took = ends[0] - entries[0]["timestamp"]
            assert took >= PAUSE_SECONDS * 1000 - EARLY_MS, f"{_name(row)}: {step} took {took} ms"
            count += 1
    return count


OF_EXECUTIONS: Mapping[str, Check] = {
    "I1 no acknowledged loss": no_acknowledged_loss,
    "I2 no ghosts": no_ghosts,
    "I7 histories only grow": histories_only_grow,
    "I8 a wait passes once": waits_pass_once,
    "I12 everything ends": everything_ends,
}
OF_CALLS: Mapping[str, Check] = {
    "I3 every call at least once": at_least_once,
    "I4 bounded duplication": bounded_duplication,
    "I5 stable keys": stable_keys,
}
UNDER_KILLS: Mapping[str, Check] = {
    **OF_EXECUTIONS,
    **OF_CALLS,
    "I6 calls in order": calls_in_order,
    "I11 sound store": sound_store,
}
FOR_TIME: Mapping[str, Check] = {
    "S4 retries keep their distance": retries_wait,
    "S12 timers are not early and fire once": timers_keep_their_time,
}


def hold(evidence: Evidence, report: FaultReport, checks: Mapping[str, Check]) -> None:
    """Checks and reports the numbers of checked objects. Raises: AssertionError, also when a check had no objects."""
    for name, check in checks.items():
        count = check(evidence)
        assert count, f"{name}: there was nothing to check"
        report.checked(name, count)


def repeated(evidence: Evidence) -> int:
    """Returns how many calls were repeated after an unknown outcome."""
    pairs = (pair for lines in evidence.visits().values() for pair in itertools.pairwise(lines))
    return sum(evidence.is_disturbed(*pair) for pair in pairs)


def damages(folder: Path) -> list[str]:
    """Returns the problems that the integrity checks of the file format find in the folder of a stopped server."""
    found = []
    for path in sorted(folder.glob("*.db")):
        connection = sqlite3.connect(path)
        try:
            answers = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            found += [f"{path.name}: {answer}" for answer in answers if answer != "ok"]
            found += [f"{path.name}: {row}" for row in connection.execute("PRAGMA foreign_key_check")]
        finally:
            connection.close()
    return found


def workload_of(row: Row) -> Workload:
    """Returns the workload of an execution."""
    return BY_NAME[row["workflow_details"]["workflow_name"]]


def number_of(row: Row) -> int:
    """Returns the number of the order that an execution was started with."""
    number: int = row["workflow_event_log"]["events"][0]["input"]["n"]
    return number


def _name(row: Row) -> str:
    return f"{row['workflow_execution_id']} ({row['workflow_details']['workflow_name']})"


def check_pages(pages: Sequence[Sequence[str]], before: set[str], limit: int) -> None:
    """S24: what existed at the start comes exactly once, what is newer at most once, newest first, pages are full."""
    ids = [execution_id for page in pages for execution_id in page]
    twice = [execution_id for execution_id, count in Counter(ids).items() if count > 1]
    assert not twice, f"pages of {limit} show {twice} twice"
    assert ids == sorted(ids, reverse=True), f"pages of {limit} are out of order"
    assert before <= set(ids), f"pages of {limit} leave out {sorted(before - set(ids))}"
    assert {len(page) for page in pages[:-1]} <= {limit}, f"pages of {limit} hold {[len(page) for page in pages]}"
