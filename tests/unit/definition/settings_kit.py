"""Helpers of the tests of settings: the pointer of settings, and the findings in them."""

from collections.abc import Callable
from typing import Any

from looply.definition import (
    Findings,
    Step,
    parse_definition,
)
from looply.errors import Problem
from looply.expressions import Evaluation

Check = Callable[..., Findings]
Build = Callable[..., dict[str, Any]]
Of = Callable[..., Evaluation]

SETTINGS = "/workflow_steps/1/settings"
URL = {"url": "https://a.example", "fail_on": ["4xx"]}


def compiled(findings: Findings) -> Step:
    assert not findings.errors
    assert findings.workflow is not None
    return findings.workflow.steps["step_1"]


def first(findings: Findings) -> tuple[str, str, str]:
    problem = findings.errors[0]
    return problem.path, problem.message, problem.hint


def one(problems: tuple[Problem, ...]) -> Problem:
    assert len(problems) == 1, problems
    return problems[0]


def with_trigger(definition: Build, settings: dict[str, Any], **fields: Any) -> Findings:
    document = definition({"id": "step_1", "type": "wait"}, **fields)
    document["workflow_steps"][0] = {"id": "WorkflowStartState", "type": "trigger", "settings": settings}
    return parse_definition(document)
