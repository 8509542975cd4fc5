"""Builders of definitions and data for the tests of `looply.definition`."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from looply.definition import Findings, parse_definition
from looply.expressions import Evaluation

START = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}


def build(*steps: dict[str, Any], edges: list[dict[str, str]] | None = None, **fields: Any) -> dict[str, Any]:
    """Returns a definition: the start and the steps in a sequence, or connected by the given edges."""
    ids = ["WorkflowStartState", *(step["id"] for step in steps)]
    chain = [{"from": source, "to": target} for source, target in pairwise(ids)]
    return {
        "workflow_name": "Test",
        "workflow_steps": [START, *steps],
        "workflow_connections": chain if edges is None else edges,
        **fields,
    }


@pytest.fixture
def definition() -> Callable[..., dict[str, Any]]:
    return build


@pytest.fixture
def check() -> Callable[..., Findings]:
    """Checks a definition of the given steps."""

    def check_steps(*steps: dict[str, Any], edges: list[dict[str, str]] | None = None, **fields: Any) -> Findings:
        return parse_definition(build(*steps, edges=edges, **fields))

    return check_steps


@pytest.fixture
def check_step() -> Callable[..., Findings]:
    """Checks a definition of the start and one step of a type with settings; further fields are fields of the step."""

    def check_one(type_: str, settings: dict[str, Any] | None = None, **fields: Any) -> Findings:
        own = {} if settings is None else {"settings": settings}
        return parse_definition(build({"id": "step_1", "type": type_, **own, **fields}))

    return check_one


@pytest.fixture
def evaluation() -> Callable[..., Evaluation]:
    def of(**data: Any) -> Evaluation:
        return Evaluation(data=data, now=datetime(2030, 1, 1, tzinfo=UTC), chance=lambda: bytes(16))

    return of
