"""Definitions with thousands of steps: their checks take time in proportion to the steps, not to their square."""

import itertools
import time
from typing import Any

import pytest

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


def seconds_of(document: dict[str, Any]) -> float:
    begun = time.process_time()
    assert parse_definition(document).errors == ()
    return time.process_time() - begun


@pytest.mark.timeout(60)
def test_twice_the_steps_take_about_twice_the_time() -> None:
    seconds_of(row_of(50))
    short, long = min(seconds_of(row_of(300)) for _ in range(2)), seconds_of(row_of(1200))
    assert long < 9 * short


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
