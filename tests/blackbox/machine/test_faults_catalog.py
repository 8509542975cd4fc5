"""A change of the catalog is atomic under disk errors and kills, and the checksums stay correct."""

from collections.abc import Callable
from contextlib import suppress

import httpx2
import pytest

from blackbox.damage.bench import Bench
from blackbox.evidence.report import FaultReport
from blackbox.harness.definitions import COMPUTING
from blackbox.harness.launcher import doctor
from blackbox.harness.strace import WRITING, Point, crash_at, error_at, numbered, record

Repetitions = Callable[[int, int], int]

ERRORS = {
    "pwrite64": ("ENOSPC", "EIO"),
    "fdatasync": ("EIO",),
    "unlink": ("EIO",),
}


def create(bench: Bench) -> httpx2.Response:
    return bench.org.post("createWorkflow", {"definition": COMPUTING})


def count(bench: Bench) -> int:
    return len(bench.org.pages("getOrganizationWorkflows"))


def changing(bench: Bench) -> list[Point]:
    """Returns the calls that a change makes on the catalog's files."""
    calls = list(numbered(record(bench.server, bench.folder, lambda: create(bench), WRITING)))
    # Concurrent calls of the other database's threads, such as a checkpoint, are not part of a change of the catalog.
    threads = {call.thread for call, _ in calls if call.target.startswith("catalog.db")}
    return [point for call, point in calls if call.thread in threads]


def ends(points: list[Point]) -> list[Point]:
    """Returns the first and the last of each kind of call on each file."""
    last = {point[:3]: point.n for point in points}
    return [point for point in points if point.n in (1, last[point[:3]])]


def planned(bench: Bench) -> list[tuple[str, Point]]:
    """Returns an error for the first and the last of each kind of call that a change makes on the catalog's files."""
    return [(errno, point) for point in ends(changing(bench)) for errno in ERRORS.get(point.name, ())]


@pytest.mark.timeout(600)
def test_a_change_that_the_disk_refuses_is_made_whole_or_not_at_all(bench: Bench) -> None:
    report = FaultReport("catalog_errors", seed=0, options={}, faults=["ENOSPC", "EIO"])
    create(bench)
    for errno, point in planned(bench):
        before = count(bench)
        with error_at(bench.server, bench.folder, point, errno) as tracer:
            answer = create(bench)
        assert any(each.is_injected for each in tracer.calls()), point
        report.hit(errno)
        made = count(bench) - before
        if answer.status_code == 200:
            assert made == 1, (errno, point)
        else:
            assert answer.status_code == 503, (errno, point, answer.text)
            assert made == 0 or answer.json()["code"] == "OUTCOME_UNKNOWN", (errno, point, answer.text)
            assert errno != "ENOSPC" or answer.json()["code"] == "STORE_FULL"
        report.checked("the answer to the caller is correct")
        assert create(bench).status_code == 200
        assert count(bench) == before + made + 1
        report.checked("the next change is made")
    kept = count(bench)
    bench.server.kill()
    bench.server.start()
    assert count(bench) == kept
    assert bench.server.stop() == 0
    assert doctor(bench.server.folder)["problems"] == []
    report.finish()


@pytest.mark.timeout(600)
def test_killed_at_the_calls_of_a_change_it_is_whole_or_not_there_and_the_catalog_opens(
    bench: Bench, repetitions: Repetitions
) -> None:
    most = repetitions(12, 60)
    faults = ["KSYS pwrite64", "KSYS fdatasync", "KSYS unlink"]
    report = FaultReport("catalog_killed", seed=0, options={"points": most}, faults=faults)
    for number in range(most):
        create(bench)
        points = changing(bench)
        points = points if most > len(points) else ends(points)
        if number >= len(points):
            break
        before, answer = count(bench), None
        with crash_at(bench.server, bench.folder, points[number]), suppress(httpx2.TransportError):
            answer = create(bench)
        if answer is not None:
            # A change does not always touch the same pages.
            assert answer.status_code == 200
            continue
        assert bench.server.wait() == -9, points[number]
        report.hit(f"KSYS {points[number].name}")
        # A catalog with wrong checksums cannot be opened.
        bench.restart()
        assert count(bench) - before in (0, 1), points[number]
        report.checked("whole or not there")
    assert bench.server.stop() == 0
    assert doctor(bench.server.folder)["problems"] == []
    report.finish()
