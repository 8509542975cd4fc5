"""Differences between documents, and between definitions with errors."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from looply.definition import Change, diff_definitions
from looply.definition.diff import ALIGNED, diff_documents


def changes(before: Any, after: Any) -> list[tuple[str, str]]:
    return [(change.kind, change.path) for change in diff_documents(before, after, "card")]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1}, {"a": 2, "b": 3}, [("changed", "/a"), ("added", "/b")]),
        ({"a": {"b": 1}}, {"a": {}}, [("removed", "/a/b")]),
        ([1, 2, 3], [1, 9, 2, 3], [("added", "/1")]),
        ([1, 2, 3], [2, 3], [("removed", "/0")]),
        ([{"t": 1, "x": 1}, 2], [{"t": 1, "x": 2}, 2], [("changed", "/0/x")]),
        ([1, 2], [3, 4, 5], [("changed", "/0"), ("changed", "/1"), ("added", "/2")]),
        ([1] * ALIGNED, [1] * (ALIGNED + 1), [("changed", "")]),
        ({"a": [1]}, {"a": {"b": 1}}, [("changed", "/a")]),
        (1, 1, []),
    ],
)
def test_documents_differ_by_members_and_by_items(before: Any, after: Any, found: list[tuple[str, str]]) -> None:
    assert changes(before, after) == found


VALUES = st.recursive(
    st.integers(0, 3) | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@given(before=VALUES, after=VALUES)
def test_documents_have_no_changes_exactly_when_they_are_equal(before: Any, after: Any) -> None:
    assert (changes(before, after) == []) == (before == after)
    assert changes(before, before) == []


def test_what_has_no_readable_name_is_matched_by_its_place() -> None:
    before: dict[str, Any] = {"workflow_steps": [{"id": "a"}, {"id": "a", "x": 1}, 7], "workflow_connections": "x"}
    after: dict[str, Any] = {
        "workflow_steps": [{"id": "a"}, {"id": "a", "x": 2}, 7],
        "workflow_connections": [{"from": "a"}],
    }
    found = diff_definitions(before, after)
    assert [(change.kind, change.subject, change.name) for change in found] == [
        ("changed", "step", "a#1"),
        ("added", "edge", "a/next"),
        ("removed", "workflow", "workflow_connections"),
    ]
    assert found[0] == Change(kind="changed", subject="step", name="a#1", path="/x", before=1, after=2)
