"""The first event of an execution, for tests that need a state and no engine."""

from typing import Any, Final

from looply.definition import Workflow
from looply.execution.facts.events import ExecutionStarted
from looply.testing.clock import START_TIME

EXECUTION: Final = "01b8fb9a-3e80-7000-8000-000000000001"


def start_of(workflow: Workflow, **fields: Any) -> ExecutionStarted:
    """Returns the start of an execution of a workflow; `fields` replace those that it would have."""
    facts: dict[str, Any] = {
        "at": START_TIME,
        "execution_id": EXECUTION,
        "organization_id": "o",
        "workspace_id": "s",
        "workflow_id": "w",
        "workflow_version": 1,
        "definition": workflow.hash.hex(),
        "seed": bytes(16),
    }
    return ExecutionStarted(**{**facts, **fields})
