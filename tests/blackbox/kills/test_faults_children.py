"""Parents and children over repeated kills of the server: each child once, each parent notified, none orphaned.

The hypothesis: a parent with three children has exactly these three, whatever process started them; it continues
when all have ended, and its next call carries their results; no other execution is stored.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

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
from blackbox.evidence.load import Row
from blackbox.harness.definitions import Definition, definition, graph, http, note
from blackbox.harness.sink import Sink

CHILDREN = 3


def _child(place: str) -> Definition:
    url = f"{place}/${{payload.output.n}}/child/${{payload.output.index}}"
    call = http(url, "call_1", "PUT", body={"n": "${payload.output.n}"})
    return definition(call, note("sum", "${add(payload.output.n, payload.output.index)}"), name="Child")


def _parent(place: str, child: str) -> Definition:
    """Three parallel children, then a call with their results."""
    each = {"items": list(range(CHILDREN)), "concurrency": CHILDREN}
    expected = {"workflow_id": child, "payload": {"n": "${payload.output.n}", "index": "${index}"}}
    answers = {"children": "${forEach_1.output.items}"}
    steps = [
        {"id": "forEach_1", "type": "forEach", "settings": each},
        {"id": "subworkflow_1", "type": "subworkflow", "settings": expected},
        http(f"{place}/${{payload.output.n}}/after", "after", "PUT", body=answers),
    ]
    edges = (("WorkflowStartState", "forEach_1"), ("forEach_1", "subworkflow_1", "each"), ("forEach_1", "after"))
    return graph(steps, *edges, name="Parent")


def _check_family(number: int, parent: Row, children: list[Row], answers: list[dict[str, Any]]) -> None:
    """One parent has its three children, lists each of them, and sent their results."""
    assert parent["status"] == "COMPLETED", parent
    assert {child["status"] for child in children} == {"COMPLETED"}, children
    by_index = {child["workflow_event_log"]["events"][0]["input"]["index"]: child for child in children}
    assert len(children) == len(by_index) == CHILDREN, f"{number} has the children {children}"
    ids = [by_index[index]["workflow_execution_id"] for index in range(CHILDREN)]
    for type_ in ("CHILD_STARTED", "CHILD_ENDED"):
        assert sorted(entry["execution_id"] for entry in entries(parent, type_)) == sorted(ids), (type_, parent)
    assert [item["execution_id"] for item in answers] == ids, (answers, ids)
    assert [item["status"] for item in answers] == ["COMPLETED"] * CHILDREN, answers
    assert [item["output"]["sum"] for item in answers] == [number + index for index in range(CHILDREN)], answers


@pytest.mark.timeout(LONGEST_SECONDS)
def test_over_kills_each_child_exists_once_and_each_parent_is_notified(
    tmp_path: Path, sink: Sink, repetitions: Repetitions
) -> None:
    kills = repetitions(20, 500)
    with reported("families", tmp_path, sink, kills, children=CHILDREN) as (run, report):
        child = created(run, _child(place_of(run)))
        parent = created(run, _parent(place_of(run), child))
        asked, rows, calls = killed(run, report, kills, parent, lambda number: {"n": number})
        children: dict[str, list[Row]] = defaultdict(list)
        for row in rows.values():
            if row["workflow_id"] == child:
                children[row["workflow_event_log"]["events"][0]["parent"]].append(row)
        assert set(children) == set(asked.values()), "a child has an unknown parent, or a parent has no children"
        assert len(rows) == len(asked) * (1 + CHILDREN), f"{len(rows)} are stored for {len(asked)} orders"
        for number, execution_id in asked.items():
            body = json.loads(calls[(str(number), "after")][0]["body"])
            _check_family(number, rows[execution_id], children[execution_id], body["children"])
            assert all((str(number), "child", str(index)) in calls for index in range(CHILDREN)), number
        report.checked("each child once, each parent notified", len(asked))
        report.hit("calls repeated after a kill", repeated_only_by_kills(run, calls))
        report.checked("I11 sound store", len(rows))
