"""The objects that a definition names, and names that are replaced."""

from typing import Any

import pytest

from looply.definition.calls.replacing import with_card_ids, with_cards, with_connections
from looply.definition.calls.uses import LABEL_CHARACTERS, Use, uses_of


def document(*steps: Any, **more: Any) -> dict[str, Any]:
    return {"workflow_steps": list(steps), **more}


def step(type_: str, description: Any = "", **settings: Any) -> dict[str, Any]:
    return {"id": f"{type_}_1", "type": type_, "description": description, "settings": settings}


def named(definition: dict[str, Any]) -> list[tuple[str, str]]:
    return [(use.kind, use.name) for use in uses_of(definition)]


def test_a_use_has_its_place_and_the_first_line_of_the_description() -> None:
    (use,) = uses_of(document(step("email", f"{'x' * 300}\nmore", connection="MAIL")))
    assert use == Use(
        kind="connection",
        name="MAIL",
        path="/workflow_steps/0/settings/connection",
        step="email_1",
        label="x" * LABEL_CHARACTERS,
    )


@pytest.mark.parametrize(
    ("given", "uses"),
    [
        (step("adaptiveCard", card_id="ABC"), [("card", "abc")]),
        (step("adaptiveCard", card_id="ABC", card={}), []),
        (step("approval", calendar="Hours"), [("datastore", "Hours"), ("calendar", "Hours")]),
        (step("approval", recipients={"datastore": "people"}), [("datastore", "people")]),
        (step("approval", recipients=["ann@example.com"]), []),
        (step("datastore", name=" a"), []),
        (step("datastore", name="totals"), [("datastore", "totals")]),
        (step("subworkflow", workflow_id="ABC"), [("workflow", "abc")]),
        (step("subworkflow", workflow_id="${payload.output.id}"), []),
        (step("wait", None, workflow_id="ABC"), []),
        (step("httpRequest", connection="x" * 201), []),
        (step("httpRequest", connection=7), []),
        (step("unknown", connection="API"), [("connection", "API")]),
        (7, []),
    ],
)
def test_only_constant_names_of_objects_are_uses(given: Any, uses: list[tuple[str, str]]) -> None:
    assert named(document(given)) == uses


def test_the_workflow_that_is_started_on_a_failure_is_used_by_no_step() -> None:
    (use,) = uses_of(document(workflow_settings={"on_failure": "ABC"}))
    assert (use.kind, use.name, use.path, use.step) == ("workflow", "abc", "/workflow_settings/on_failure", "")
    assert uses_of(document(workflow_settings=[])) == ()


def test_names_are_replaced_in_a_copy() -> None:
    asked, called = step("approval", card_id="ask", card_version=1), step("httpRequest", connection="API")
    given = document(asked, called, 7, {"id": "x"})
    other = with_connections(with_card_ids(given, {"ask": "1"}), {"API": "QAS"})
    assert [each["settings"] for each in other["workflow_steps"][:2]] == [
        {"card_id": "1", "card_version": 1},
        {"connection": "QAS"},
    ]
    assert other["workflow_steps"][2:] == [7, {"id": "x"}]
    assert given == document(asked, called, 7, {"id": "x"})
    embedded = with_cards(given, {"ask": {"body": []}})
    assert embedded["workflow_steps"][0]["settings"] == {"card": {"body": []}}
    assert with_cards(given, {"other": {}}) == given
    assert with_connections({"workflow_steps": 7}, {"API": "QAS"}) == {"workflow_steps": 7}
