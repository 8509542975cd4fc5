"""The external references of a definition."""

from typing import Any

import pytest

from looply.definition.calls.external_names import external_names


def names(*steps: Any, **document: Any) -> list[tuple[str, str, Any]]:
    found = external_names({"workflow_steps": list(steps), **document})
    return [(each.kind, each.name, each.detail) for each in found]


def step(type_: str, **settings: Any) -> dict[str, Any]:
    return {"id": f"{type_}_1", "type": type_, "settings": settings}


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (step("httpRequest", connection="A"), ("connection", "A", "http")),
        (step("sapRequest", connection="A"), ("connection", "A", "sap")),
        (step("email", connection="A"), ("connection", "A", "smtp")),
        (step("sapRequest", system_id="S4H", client=1), ("system", "S4H", {"system_id": "S4H", "client": 1})),
        (step("datastore", operation="get", name="a"), ("datastore", "a", None)),
        (step("datastore", operation="delete", name="e\u0301"), ("datastore", "\u00e9", None)),
        (step("approval", recipients={"datastore": "people"}), ("datastore", "people", None)),
        (step("approval", calendar="factory"), ("datastore", "factory", None)),
        (step("subworkflow", workflow_id="w", version=2), ("workflow", "w", 2)),
    ],
)
def test_constant_names_are_listed(named: dict[str, Any], expected: tuple[str, str, Any]) -> None:
    assert names(named) == [expected]


def test_the_workflow_of_failures_is_listed() -> None:
    assert names(workflow_settings={"on_failure": "w"}) == [("workflow", "w", None)]


@pytest.mark.parametrize(
    "other",
    [
        step("httpRequest", connection="${a}"),
        step("httpRequest", connection=7),
        step("sapRequest", system_id="S4H", client="${c}"),
        step("sapRequest", system_id="S4H"),
        step("datastore", operation="get", name=""),
        step("datastore", operation="set", name="a"),
        step("approval", recipients=["a@example.com"]),
        step("subworkflow", workflow_id=None),
        step("wait"),
        {"id": "x", "type": "nonsense"},
        None,
    ],
)
def test_other_steps_name_nothing(other: Any) -> None:
    assert names(other) == []


@pytest.mark.parametrize("made", ["a", "${payload.output.name}"])
def test_a_datastore_that_the_definition_may_make_is_not_listed(made: str) -> None:
    assert names(step("datastore", operation="get", name="a"), step("datastore", operation="set", name=made)) == []


@pytest.mark.parametrize("document", [{}, {"workflow_settings": 7}, {"workflow_settings": {"on_failure": 7}}])
def test_a_broken_document_names_nothing(document: dict[str, Any]) -> None:
    assert external_names(document) == ()
