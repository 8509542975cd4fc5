"""Parallel branches and items over kills of the server: each has its call, none has two, all are collected.

The hypothesis: the join is passed once, after all branches; of a list every item has its output, in the order of the
list; each call carries the key of its branch or iteration, and is repeated only where a process ended in between.
"""

import json
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
from blackbox.evidence.load import Line, Row
from blackbox.harness.definitions import Definition, graph, http, note
from blackbox.harness.sink import Sink

ITEMS = 6
ROW_OF_CALLS = ("first", "second")
"""The calls of the branch that is a row."""


def _definition(place: str) -> Definition:
    """A branch of two calls beside one that calls for each item; after the join a call sends the results."""
    here = f"{place}/${{payload.output.n}}"
    first, second = (http(f"{here}/{id_}", id_, "PUT", body={"step": id_}) for id_ in ROW_OF_CALLS)
    each = {"items": "${payload.output.items}", "concurrency": 3}
    steps = [
        {"id": "parallel_1", "type": "parallel", "settings": {"branches": [{"id": "row"}, {"id": "list"}]}},
        first,
        second,
        {"id": "forEach_1", "type": "forEach", "settings": each},
        http(f"{here}/item/${{index}}", "call_1", "PUT", body={"item": "${item}"}),
        note("done", "${item}"),
        {"id": "join_1", "type": "join", "settings": {"of": "parallel_1"}},
        http(f"{here}/last", "last", "PUT", body={"items": "${forEach_1.output.items}"}),
    ]
    edges = (
        ("WorkflowStartState", "parallel_1"),
        ("parallel_1", "first", "row"),
        ("first", "second"),
        ("second", "join_1"),
        ("parallel_1", "forEach_1", "list"),
        ("forEach_1", "call_1", "each"),
        ("call_1", "done"),
        ("forEach_1", "join_1"),
        ("join_1", "last"),
    )
    return graph(steps, *edges, name="Side by side")


def _items(number: int) -> list[int]:
    return [100 * number + place for place in range(ITEMS)]


def _check(number: int, row: Row, calls: Mapping[tuple[str, ...], Sequence[Line]]) -> int:
    """One execution made every call, under the key of its scope, and passed the join once, after all of them."""
    assert row["status"] == "COMPLETED", row
    id_ = row["workflow_execution_id"]
    keys = {("first",): "parallel_1[row]/first", ("second",): "parallel_1[row]/second", ("last",): "last"}
    for place in range(ITEMS):
        keys[("item", str(place))] = f"parallel_1[list]/forEach_1[{place}]/call_1"
    made = {path[1:]: lines for path, lines in calls.items() if path[0] == str(number)}
    assert {path: lines[0]["key"] for path, lines in made.items()} == {p: f"{id_}:{key}:1" for p, key in keys.items()}
    last = made.pop(("last",))[0]
    assert all(lines[0]["at"] < last["at"] for lines in made.values()), f"{id_} passed its join before a branch"
    assert made[("first",)][0]["at"] < made[("second",)][0]["at"], f"{id_}: a branch went out of order"
    for place, item in enumerate(_items(number)):
        assert json.loads(made[("item", str(place))][0]["body"]) == {"item": item}
    assert json.loads(last["body"]) == {"items": [{"done": item} for item in _items(number)]}
    joins = [entry for entry in entries(row, "STEP_SUCCEEDED") if entry["state"] == "join_1"]
    assert len(joins) == 1, joins
    return len(keys)


@pytest.mark.timeout(LONGEST_SECONDS)
def test_killed_again_and_again_branches_and_items_are_done_once_and_collected_in_order(
    tmp_path: Path, sink: Sink, repetitions: Repetitions
) -> None:
    kills = repetitions(12, 300)
    with reported("side_by_side", tmp_path, sink, kills, items=ITEMS) as (run, report):
        workflow_id = created(run, _definition(place_of(run)))
        asked, rows, calls = killed(
            run, report, kills, workflow_id, lambda number: {"n": number, "items": _items(number)}
        )
        assert set(rows) == set(asked.values())
        for number, execution_id in asked.items():
            report.checked("each branch and item once, collected in order", _check(number, rows[execution_id], calls))
        report.hit("calls repeated after a kill", repeated_only_by_kills(run, calls))
        report.checked("I11 sound store", len(rows))
