"""Disk errors: a failed flush, no space for one write, and the proof that answers leave after the flush.

After a failed flush the state of the disk is unknown: the process reports that and ends with 74, and only the next one
can read it. A write without space changes nothing: the caller gets that answer, and the next call is served.
"""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from blackbox.damage.bench import Bench
from blackbox.damage.interrupted import (
    ACKNOWLEDGED,
    TRUTHFUL,
    Answer,
    Getting,
    PostingAgain,
    Resume,
    Scenario,
    Terminate,
    Toggle,
    Trigger,
    call,
)
from blackbox.evidence.report import FaultReport
from blackbox.harness.definitions import ASKING
from blackbox.harness.launcher import doctor
from blackbox.harness.sink import Sink
from blackbox.harness.strace import READING, WRITING, Call, Point, error_at, numbered, record, until_dead

CALLERS = 16
LONGEST_END_SECONDS = 120.0
LOG = "executions.db-wal"
FILE = "executions.db"

Repetitions = Callable[[int, int], int]


def exchanges(calls: list[Call]) -> Iterator[tuple[Call, Call]]:
    """Yields each POST that the server read, with the call that began its answer."""
    asked = None
    for each in calls:
        if each.target != "socket":
            continue
        if each.name in READING and '"POST /v2/' in each.text:
            asked = each
        elif asked is not None and '"HTTP/1.1 200' in each.text:
            yield asked, each
            asked = None


@pytest.mark.timeout(600)
def test_each_success_leaves_after_a_flush_of_what_it_promises(bench: Bench, sink: Sink) -> None:
    kinds = (Trigger, Resume, Terminate, Toggle)
    report = FaultReport("order_of_flushes", seed=0, options={}, faults=[f"TRACE {kind.name}" for kind in kinds])
    for kind in kinds:
        scenario = kind(bench.org, sink, report)
        case = scenario.prepare()
        bench.settle()
        calls = record(bench.server, bench.folder, lambda: scenario.act(case), (*READING, *WRITING))  # noqa: B023
        assert all(answer.is_ok for answer in case.answers.values())
        pairs = list(exchanges(calls))
        assert len(pairs) == (2 if kind in (Resume, Toggle) else 1), [each.text for each in calls]
        for asked, answered in pairs:
            logged = [each for each in calls if each.target == LOG and asked.ended <= each.begun < answered.begun]
            written = [each.ended for each in logged if each.name == "pwrite64" and each.result]
            flushed = [each for each in logged if each.name == "fdatasync" and each.result == 0]
            assert written, "nothing was written"
            # What the flush covers was written before it began, and the answer begins after it returned.
            assert any(max(written) <= each.begun and 0 < each.ended <= answered.begun for each in flushed), calls
            report.hit(f"TRACE {kind.name}")
            report.checked("S1 d the flush returned between request and answer")
        scenario.check(case, crashes=0)
    report.finish()


def points_at(calls: list[Call], name: str, target: str, thread: int | None = None) -> list[Point]:
    """Returns the points of one call on one file, of one thread if it is given."""
    return [
        point
        for each, point in numbered(calls)
        if (each.name, each.target) == (name, target) and thread in (None, each.thread)
    ]


def recorded(bench: Bench, scenario: Scenario) -> list[Call]:
    """Returns the system calls of a second case of a scenario: the first stores more."""
    calls: list[Call] = []
    for _ in range(2):
        case = scenario.prepare()
        bench.settle()

        def act() -> None:
            scenario.act(case)  # noqa: B023
            bench.settle()

        calls = record(bench.server, bench.folder, act)
        scenario.check(case, crashes=0)
    return calls


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", [Trigger, Resume, Terminate, Toggle, Getting], ids=lambda kind: kind.name)
def test_without_space_for_any_one_write_nothing_is_half_done_and_the_next_call_is_served(
    bench: Bench, sink: Sink, kind: type[Scenario]
) -> None:
    report = FaultReport(f"no_space_{kind.name}", seed=0, options={"scenario": kind.__doc__}, faults=["ENOSPC"])
    scenario = kind(bench.org, sink, report)
    points = points_at(recorded(bench, scenario), "pwrite64", LOG)
    for point in points:
        case = scenario.prepare()
        bench.settle()
        with error_at(bench.server, bench.folder, point, "ENOSPC") as tracer:
            scenario.act(case)
            bench.settle()
        answers = list(case.answers.values())
        if any(each.is_injected for each in tracer.calls()):
            report.hit("ENOSPC")
            check_refusal(answers, is_effect=kind is Getting)
        # On the same process: what was refused was not done, and is done now.
        scenario.check(case, crashes=0)
    assert report.faults["ENOSPC"] >= len(points) - 4
    scenario.check_all()
    assert bench.server.is_running()
    assert bench.server.stop() == 0
    found = doctor(bench.server.folder)
    assert (found["orphans"], found["problems"]) == (0, [])
    report.checked("I11 the store is whole")
    report.finish()


def check_refusal(answers: list[Answer], *, is_effect: bool) -> None:
    """Exactly one call was refused with the contract's code, unless the write was that of a step's outcome."""
    refused = [answer for answer in answers if not answer.is_ok]
    assert len(refused) == 1 or (is_effect and not refused), answers
    for answer in refused:
        assert (answer.outcome, answer.body["code"]) == ("fail", "STORE_FULL"), answer


@pytest.mark.timeout(600)
def test_an_error_of_a_checkpoint_is_harmless(bench: Bench, sink: Sink) -> None:
    faults = ("EIO pwrite64", "ENOSPC pwrite64", "EIO ftruncate")
    report = FaultReport("checkpoint_errors", seed=0, options={}, faults=faults)
    scenario = Trigger(bench.org, sink, report)
    calls = recorded(bench, scenario)
    copier = points_at(calls, "pwrite64", FILE)[0].thread
    planned = [
        (errno, point)
        for name, target, errnos in (
            ("pwrite64", FILE, ("EIO", "ENOSPC")),
            ("ftruncate", FILE, ("EIO",)),
        )
        for errno, point in itertools.product(errnos, points_at(calls, name, target, copier))
    ]
    for errno, point in planned:
        case = scenario.prepare()
        bench.settle()
        with error_at(bench.server, bench.folder, point, errno) as tracer:
            scenario.act(case)
            assert case.answers["trigger"].is_ok
            # The checkpoint is retried after the next commit.
            time.sleep(0.15)
            bench.org.trigger(bench.warming)
            bench.settle()
        if any(each.is_injected for each in tracer.calls()):
            report.hit(f"{errno} {point.name}")
        scenario.check(case, crashes=0)
    bench.server.kill()
    bench.server.start()
    scenario.check_all()
    assert bench.server.stop() == 0
    found = doctor(bench.server.folder)
    assert (found["orphans"], found["problems"]) == (0, [])
    report.checked("I11 the store is whole")
    report.finish()


def test_a_failed_flush_of_a_checkpoint_ends_the_process_which_has_stored_all(bench: Bench, sink: Sink) -> None:
    report = FaultReport("checkpoint_flush", seed=0, options={}, faults=("EIO fdatasync",))
    scenario = Trigger(bench.org, sink, report)
    calls = recorded(bench, scenario)
    copier = points_at(calls, "pwrite64", FILE)[0].thread
    for point in (point for target in (FILE, LOG) for point in points_at(calls, "fdatasync", target, copier)):
        case = scenario.prepare()
        bench.settle()
        with error_at(bench.server, bench.folder, point, "EIO") as tracer:
            scenario.act(case)
            bench.settle()
            is_injected = any(each.is_injected for each in tracer.calls())
            ended = not is_injected or until_dead(bench.server, LONGEST_END_SECONDS)
        assert ended, "it continues although a part of the file may be older than it takes it for"
        assert {answer.outcome for answer in case.answers.values()} <= {"ok", "unknown"}
        if is_injected:
            assert bench.server.wait() == 74
            report.hit("EIO fdatasync")
            bench.restart()
        scenario.check(case, crashes=int(is_injected))
    scenario.check_all()
    assert bench.server.stop() == 0
    found = doctor(bench.server.folder)
    assert (found["orphans"], found["problems"]) == (0, [])
    report.checked("I11 the store is whole")
    report.finish()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", [Resume, Terminate, Toggle, PostingAgain], ids=lambda kind: kind.name)
def test_a_failed_flush_of_any_call_is_reported_as_unknown_and_settled_by_the_next_process(
    bench: Bench, sink: Sink, kind: type[Scenario]
) -> None:
    report = FaultReport(f"failed_flush_{kind.name}", seed=0, options={"scenario": kind.__doc__}, faults=["EIO"])
    scenario = kind(bench.org, sink, report)
    calls = recorded(bench, scenario)
    writer = points_at(calls, "pwrite64", LOG)[0].thread
    points = points_at(calls, "fdatasync", LOG, writer)
    for point in points:
        case = scenario.prepare()
        bench.settle()
        with error_at(bench.server, bench.folder, point, "EIO") as tracer:
            scenario.act(case)
            bench.settle()
            is_injected = any(each.is_injected for each in tracer.calls())
            ended = not is_injected or until_dead(bench.server, LONGEST_END_SECONDS)
        if not is_injected:
            # The log restarts, with one more flush, only if a checkpoint completes before the next call.
            assert point == points[-1]
            scenario.check(case, crashes=0)
            continue
        assert ended, "it continues although the stored state is unknown"
        assert bench.server.wait() == 74
        report.hit("EIO")
        assert {answer.outcome for answer in case.answers.values()} <= {"ok", "unknown"}
        bench.restart()
        scenario.check(case, crashes=1)
    scenario.check_all()
    assert bench.server.stop() == 0
    found = doctor(bench.server.folder)
    assert (found["orphans"], found["problems"]) == (0, [])
    report.checked("I11 the store is whole")
    report.finish()


class Order:
    """One of many concurrent triggers, and the answers to its caller."""

    def __init__(self, number: int) -> None:
        self.key = f"order-{number}"
        self.answer: Answer | None = None


def trigger_at_once(bench: Bench, workflow_id: str, orders: list[Order]) -> None:
    """Triggers all orders from threads that begin together, each under a process id and a key of its own."""
    barrier = Barrier(CALLERS)

    def place(mine: list[Order]) -> None:
        barrier.wait(120)
        for order in mine:
            order.answer = trigger(bench, workflow_id, order)
            if not order.answer.is_ok:
                return

    with ThreadPoolExecutor(CALLERS) as pool:
        for done in [pool.submit(place, orders[number::CALLERS]) for number in range(CALLERS)]:
            done.result()


def trigger(bench: Bench, workflow_id: str, order: Order) -> Answer:
    return call(bench.org, f"triggerworkflow/{workflow_id}", {"n": 1}, order.key, process_id=order.key)


def check_orders(bench: Bench, workflow_id: str, orders: list[Order], report: FaultReport) -> Counter[str]:
    """Compares the answers to each caller with the stored state, then lets each repeat its call."""
    outcomes: Counter[str] = Counter()
    for order in orders:
        answers = order.answer
        stored = bench.org.get("searchExecutions", process_id=order.key).json()["items"]
        assert len(stored) <= 1
        outcomes[answers.outcome if answers is not None else "not sent"] += 1
        if answers is None or answers.outcome in ("fail", "refused"):
            assert stored == [], f"{order.key} got the answer that nothing was done: {answers}"
            report.checked("a refusal is true")
        elif answers.outcome == "unknown":
            outcomes["unknown and stored"] += len(stored)
        elif answers.is_ok:
            assert [row["workflow_execution_id"] for row in stored] == [answers.execution_id]
            report.checked(ACKNOWLEDGED)
        again, last = trigger(bench, workflow_id, order), trigger(bench, workflow_id, order)
        assert again.is_ok, again
        assert again.is_replayed == bool(stored)
        assert (last.execution_id, last.is_replayed) == (again.execution_id, True)
        if stored:
            assert again.execution_id == stored[0]["workflow_execution_id"]
        report.checked(TRUTHFUL)
    return outcomes


@pytest.mark.timeout(600)
def test_a_failed_flush_amid_many_calls_ends_the_process_and_gives_no_wrong_answer(
    bench: Bench, repetitions: Repetitions
) -> None:
    faults = ["EIO fdatasync", "EIO pwrite64", "KILL amid the end"]
    report = FaultReport("failed_flush", seed=0, options={"callers": CALLERS}, faults=faults)
    workflow_id = bench.org.create(ASKING)
    bench.settle()
    calls = record(bench.server, bench.folder, bench.warm)
    # The thread that checkpoints the log flushes it too: only one of the two writes to it.
    writer = points_at(calls, "pwrite64", LOG)[0].thread
    first = {name: points_at(calls, name, LOG, writer)[0] for name in ("fdatasync", "pwrite64")}
    answers: Counter[str] = Counter()
    total = 0
    rounds = [("fdatasync", n) for n in range(1, repetitions(5, 20) * 2, 2)]
    rounds += [("pwrite64", n) for n in range(1, repetitions(62, 600), repetitions(60, 30))]
    for name, n in rounds:
        # Each caller has one call in a group, so that there are at least as many groups as calls of one caller.
        orders = [Order(total + number) for number in range(CALLERS * (n + 4))]
        total += len(orders)
        point = first[name]._replace(n=n)
        with error_at(bench.server, bench.folder, point, "EIO", for_ever=n % 4 == 1) as tracer:
            trigger_at_once(bench, workflow_id, orders)
            if n % 4 == 3:
                # Amid its end: what was not flushed is in the log, and the next process finds it there.
                bench.server.kill()
            assert until_dead(bench.server, LONGEST_END_SECONDS), bench.server.log_text()[-2000:]
        ended = time.time()
        status = bench.server.wait()
        struck = [each for each in tracer.calls() if each.is_injected]
        assert struck
        assert status in (74, -9)
        report.hit(f"EIO {name}")
        report.hit("KILL amid the end", int(status == -9))
        report.worst("end after the fault, seconds", ended - struck[0].begun)
        assert ended - struck[0].begun < LONGEST_END_SECONDS
        bench.restart()
        answers += check_orders(bench, workflow_id, orders, report)
    assert answers["ok"] > 0
    assert answers["unknown"] >= len(rounds), answers
    for outcome, count in answers.items():
        report.worst(f"callers with the answer {outcome}", count)
    assert bench.server.stop() == 0
    found = doctor(bench.server.folder)
    assert (found["orphans"], found["problems"]) == (0, [])
    report.checked("I11 the store is whole")
    report.finish()
