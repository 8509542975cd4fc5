"""A workflow with `max_concurrency` over kills: never more executions hold a slot, and every queued one gets a slot.

The ledger is the evidence. An execution has its slot at least from the arrival of its first call to the answer of its
last, and an answer leaves `SLOW_SECONDS` after its call; over a kill it keeps the slot, since it continues.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from blackbox.evidence.killing import (
    LONGEST_SECONDS,
    Repetitions,
    created,
    entries,
    killed,
    place_of,
    repeated_only_by_kills,
    reported,
)
from blackbox.evidence.load import Line, Run
from blackbox.harness.definitions import Definition, definition, http
from blackbox.harness.sink import Sink

MOST = 3
SLOW_SECONDS = 0.2
STEPS = ("first", "second")


def _definition(place: str) -> Definition:
    calls = (http(f"{place}/${{payload.output.n}}/{step}", step, "PUT", body={}) for step in STEPS)
    return definition(*calls, name="Narrow", workflow_settings={"max_concurrency": MOST})


def _script(run: Run, number: int) -> dict[str, int]:
    """Makes the calls of an order slow; returns its body."""
    for step in STEPS:
        run.sink.script(f"{run.ledger}/{number}/{step}", {"status": 200, "delay": SLOW_SECONDS})
    return {"n": number}


def _most_at_once(calls: Mapping[tuple[str, ...], Sequence[Line]]) -> int:
    """Returns the largest number of executions that held a slot at once, by their calls."""
    spans: dict[str, list[int]] = defaultdict(list)
    for (number, _), lines in calls.items():
        spans[number] += [line["at"] for line in lines]
    delay = int(SLOW_SECONDS * 1e9)
    moments = [(min(at), 1) for at in spans.values()] + [(max(at) + delay, -1) for at in spans.values()]
    at_work = most = 0
    # At one nanosecond those that end come first.
    for _, change in sorted(moments):
        at_work += change
        most = max(most, at_work)
    return most


@pytest.mark.timeout(LONGEST_SECONDS)
def test_killed_again_and_again_never_more_than_max_concurrency_are_at_work(
    tmp_path: Path, sink: Sink, repetitions: Repetitions
) -> None:
    kills = repetitions(8, 300)
    with reported("line", tmp_path, sink, kills, max_concurrency=MOST) as (run, report):
        workflow_id = created(run, _definition(place_of(run)))
        asked, rows, calls = killed(run, report, kills, workflow_id, lambda number: _script(run, number), shortest=0.4)
        assert set(rows) == set(asked.values())
        assert {row["status"] for row in rows.values()} == {"COMPLETED"}
        for number, execution_id in asked.items():
            assert {(str(number), step) for step in STEPS} <= set(calls), f"{number} completed without its calls"
            turns = entries(rows[execution_id], "EXECUTION_QUEUED", "EXECUTION_ADMITTED")
            assert [turn["type"] for turn in turns] == ["EXECUTION_QUEUED", "EXECUTION_ADMITTED"], turns
            report.checked("every queued execution gets one slot")
        most = _most_at_once(calls)
        assert most == MOST, f"{most} were at work at once"
        report.worst("executions at work at once", most)
        report.hit("calls repeated after a kill", repeated_only_by_kills(run, calls))
