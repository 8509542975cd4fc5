"""Definitions with thousands of steps: their checks take time in proportion to the steps, not to their square."""

import itertools
import sys
from typing import Any

from looply.definition import document_shape, parse_definition
from looply.definition.graph.document_fields import DocumentFields
from looply.errors import did_you_mean
from looply.expressions.shapes.shape import Presence

START = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}


def row_of(count: int) -> dict[str, Any]:
    """Returns a definition of calls in a row, each of which reads the one before."""
    ids = [f"httpRequest_{number}" for number in range(count)]
    steps = [
        {
            "id": id_,
            "type": "httpRequest",
            "settings": {"url": "https://x.example", "params": {"q": f"${{{before}.output.status}}"}},
        }
        for before, id_ in zip(["payload", *ids], ids, strict=False)
    ]
    edges = [{"from": a, "to": b} for a, b in itertools.pairwise(["WorkflowStartState", *ids])]
    return {"workflow_name": "x", "workflow_steps": [START, *steps], "workflow_connections": edges}


def calls_of(document: dict[str, Any]) -> int:
    """Returns the number of Python calls that the checks of a definition make: their time, without its chance."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        findings = parse_definition(document)
    finally:
        sys.setprofile(None)
    assert findings.errors == ()
    return count


def test_twice_the_steps_take_twice_the_work() -> None:
    parse_definition(row_of(10))
    assert calls_of(row_of(200)) < 2.3 * calls_of(row_of(100))


def test_the_members_of_a_document_are_those_of_the_steps_before() -> None:
    document = row_of(3)
    shape = document_shape(document, "httpRequest_2")
    fields = shape.fields
    assert isinstance(fields, DocumentFields)
    names = [*fields]
    assert names == ["payload", "WorkflowStartState", "environment", "waits", "error", "httpRequest_0", "httpRequest_1"]
    assert len(fields) == len(names)
    assert "httpRequest_2" not in fields
    assert fields["httpRequest_0"].presence is Presence.ALWAYS
    assert fields.alike("httprequest_1") == [fields["httpRequest_1"]]
    assert fields.alike("nowhere") == []
    assert shape.weight > len(names)
    assert dict(fields) == fields


def test_a_misspelled_name_among_many_is_still_recognized() -> None:
    known = [f"step_{number}" for number in range(2000)]
    assert did_you_mean("stepp_77", [*known, "step_77x"]) != ""
    assert did_you_mean("STEP_1999", known) == "did you mean 'step_1999'?"
    assert did_you_mean("something else", known) == ""
