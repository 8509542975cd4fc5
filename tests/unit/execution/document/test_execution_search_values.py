"""Search values: short texts of the fields that a workflow names."""

from typing import Any

import pytest

from kit.execution.driver import Simulator
from kit.execution.workflows import call, workflow
from looply.execution.document.searching import (
    SEARCH_CHARACTERS,
    SearchValues,
    requester_text,
    search_value_changes,
    search_values,
)

FIELDS = ["/payload/output/po", "/payload/output/rows/1/plant"]


def found(body: Any, *fields: str, secret: tuple[str, ...] = ()) -> SearchValues:
    flow = workflow(call("c"), edges="start>c", settings={"search_fields": list(fields or FIELDS)})
    simulator = Simulator(flow)
    simulator.start(body, secret=secret)
    return search_values(flow, simulator.state)


@pytest.mark.parametrize(
    ("value", "text"),
    [("PO-1", "PO-1"), (4711, "4711"), (1.5, "1.5"), (True, "true"), ("a\0b", "a\ufffdb"), ("x" * 500, "x" * 200)],
)
def test_texts_numbers_and_booleans_have_a_value(value: Any, text: str) -> None:
    assert found({"po": value}) == (("po", text),)
    assert len(text) <= SEARCH_CHARACTERS


@pytest.mark.parametrize("body", [{}, {"po": None}, {"po": {"n": 1}}, {"po": ["a"]}, {"po": ""}, {"rows": "x"}])
def test_other_values_and_missing_ones_have_none(body: Any) -> None:
    assert found(body) == ()


def test_a_value_in_a_list_is_found_by_its_index() -> None:
    assert found({"rows": [{"plant": "1000"}, {"plant": "2000"}]}) == (("plant", "2000"),)
    assert found({"rows": [{"plant": "1000"}]}) == ()


def test_a_secret_value_and_what_may_hold_one_have_none() -> None:
    assert found({"po": "PO-1"}, secret=("/output/PO",)) == ()
    assert found({"rows": [{}, {"plant": "2000"}]}, secret=("/output/rows",)) == ()


def test_only_changes_are_reported() -> None:
    flow = workflow(call("c"), edges="start>c", settings={"search_fields": FIELDS})
    simulator = Simulator(flow)
    before = simulator.start({"po": "PO-1"})
    assert search_value_changes(None, flow, before) == (("po", "PO-1"),)
    simulator.succeed()
    assert search_value_changes((flow, before), flow, simulator.state) is None
    plain = workflow(call("c"), edges="start>c")
    assert search_value_changes(None, plain, Simulator(plain).start({"po": "PO-1"})) is None


def test_a_requester_is_found_by_each_spelling_and_has_no_wildcard() -> None:
    assert requester_text("Ada Byron <Ada@Example.com>") == requester_text("ada@example.com")
    assert "*" not in requester_text("a*@example.com")
