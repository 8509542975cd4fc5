"""A `subworkflow` names a workflow and a version that could exist; whether they do is checked at the start."""

from collections.abc import Callable
from typing import Any

import pytest

from looply.definition import Findings, SubworkflowSettings
from looply.definition.settings.children import version_of

Check = Callable[..., Findings]

CALLEE = "0190c3b2-0000-7000-8000-000000000001"


def test_its_settings_are_read(check_step: Check) -> None:
    stated = {"workflow_id": CALLEE, "version": 3, "payload": {"po": "${payload.output.po}"}, "wait": False}
    findings = check_step("subworkflow", stated)
    assert findings.workflow is not None
    settings = [*findings.workflow.steps.values()][1].settings
    assert isinstance(settings, SubworkflowSettings)
    assert settings.version is not None
    assert (settings.workflow_id.value, settings.version.value, settings.wait) == (CALLEE, 3, False)
    assert not findings.warnings


def test_what_is_left_out_has_a_default(check_step: Check) -> None:
    findings = check_step("subworkflow", {"workflow_id": CALLEE})
    assert findings.workflow is not None
    settings = [*findings.workflow.steps.values()][1].settings
    assert isinstance(settings, SubworkflowSettings)
    assert (settings.version, settings.payload, settings.wait) == (None, None, True)


@pytest.mark.parametrize(
    ("settings", "path", "message"),
    [
        ({}, "/settings", "workflow_id"),
        ({"workflow_id": "approval"}, "/settings/workflow_id", "is not a workflow id"),
        ({"workflow_id": CALLEE, "version": 0}, "/settings/version", ""),
        ({"workflow_id": CALLEE, "version": "newest"}, "/settings/version", "a whole number from 1 on, or `latest`"),
        ({"workflow_id": CALLEE, "wait": "yes"}, "/settings/wait", ""),
        ({"workflow_id": CALLEE, "playload": 1}, "/settings/playload", ""),
        ({"workflow_id": "${payload.output.", "payload": 1}, "/settings/workflow_id", ""),
    ],
)
def test_what_cannot_be_is_refused(check_step: Check, settings: dict[str, Any], path: str, message: str) -> None:
    errors = check_step("subworkflow", settings).errors
    found = [problem for problem in errors if problem.path == f"/workflow_steps/1{path}"]
    assert found
    assert message in found[0].message


def test_an_expression_may_say_which(check_step: Check) -> None:
    stated = {"workflow_id": "${payload.output.id}", "version": "${payload.output.version}"}
    assert check_step("subworkflow", stated).workflow is not None


def test_a_retry_has_no_effect(check: Check) -> None:
    step = {"id": "s", "type": "subworkflow", "settings": {"workflow_id": CALLEE}, "retry": {"max_attempts": 2}}
    (warning,) = check(step).warnings
    assert (warning.path, "no effect" in warning.message) == ("/workflow_steps/1/retry", True)


def test_what_its_output_has_not_is_found(check: Check) -> None:
    steps = (
        {"id": "s", "type": "subworkflow", "settings": {"workflow_id": CALLEE}},
        {"id": "o", "type": "overridePayload", "settings": {"payload": {"x": "${s.output.executionid}"}}},
    )
    edges = [{"from": "WorkflowStartState", "to": "s"}, {"from": "s", "to": "o"}]
    findings = check(*steps, edges=edges)
    assert any("executionid" in problem.message for problem in (*findings.errors, *findings.warnings))


@pytest.mark.parametrize(("value", "number"), [(None, None), ("latest", None), (7, 7), (7.0, 7), ("7", 7)])
def test_a_version_is_a_number_or_the_newest(value: Any, number: int | None) -> None:
    assert version_of(value) == number


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "", "1.5", "x", [], 2**31, "9" * 30, "\u0663"])
def test_anything_else_is_no_version(value: Any) -> None:
    with pytest.raises(ValueError, match="a version is a whole number"):
        version_of(value)
