"""`approval`: valid settings, and the paths of errors."""

from typing import Any

import pytest

from looply.definition import ApprovalSettings, parse_definition


def findings(**settings: Any) -> Any:
    start = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}
    ask = {"id": "ask", "type": "approval", "settings": {"recipients": ["a@e.com", "b@e.com"], **settings}}
    edges = [{"from": "WorkflowStartState", "to": "ask"}]
    return parse_definition({"workflow_name": "W", "workflow_steps": [start, ask], "workflow_connections": edges})


def test_what_is_left_out_has_its_default() -> None:
    workflow = findings().workflow
    settings = workflow.steps["ask"].settings
    assert isinstance(settings, ApprovalSettings)
    assert (settings.quorum, settings.order, settings.veto, settings.comment_required) == ("all", "parallel", False, "")
    assert workflow.waiting_steps == ("ask",)
    assert workflow.steps["ask"].on_unknown == "retry"


@pytest.mark.parametrize(
    ("settings", "path", "word"),
    [
        ({"quorum": 3}, "quorum", "there are 2 recipients"),
        ({"quorum": 0}, "quorum", ""),
        ({"self_approval": False}, "self_approval", "needs a `requester`"),
        ({"card_version": 1}, "card_version", "needs a `card_id`"),
        ({"reminders": ["tomorrow"]}, "reminders/0", "ISO 8601"),
        ({"reminders": ["PT0S"]}, "reminders/0", "longer than zero"),
        ({"escalation": [{"after": "soon", "to": "c@e.com"}]}, "escalation/0/after", "ISO 8601"),
        ({"escalation": [{"after": "P1D"}]}, "escalation/0", "to"),
        ({"timeout": "later"}, "timeout", "ISO 8601"),
        ({"order": "random"}, "order", ""),
        ({"recipients": {"path": "/x"}}, "recipients", ""),
        ({"requester": "anna"}, "requester", "expression"),
    ],
)
def test_an_error_is_reported_at_its_path(settings: dict[str, Any], path: str, word: str) -> None:
    errors = [error for error in findings(**settings).errors if f"/settings/{path}" in error.path]
    assert errors, findings(**settings).errors
    assert any(word in error.message + error.hint for error in errors)


def test_people_and_calendar_may_be_in_datastores() -> None:
    location = {"datastore": "approvers", "path": "/plants/${payload.output.plant}"}
    assert findings(recipients=location, calendar="office").errors == ()


def test_an_exit_that_leads_nowhere_is_a_warning() -> None:
    messages = [warning.message for warning in findings(timeout="P1D").warnings]
    assert any("'rejected'" in message for message in messages)
    assert any("'timeout'" in message for message in messages)
