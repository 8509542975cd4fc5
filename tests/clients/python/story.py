"""One workflow from its import to the search for its execution, with the client that was made of `openapi.json`."""

import json
import sys
from typing import TypeVar

from looply_client import AuthenticatedClient
from looply_client.api.executions import get_workflow_execution_by_id, resume_workflow, search_executions
from looply_client.api.workflows import activate_workflow, get_workflow_by_id, import_workflow, triggerworkflow
from looply_client.models import (
    ActivateBody,
    ErrorAnswer,
    ExecutionAnswer,
    ExecutionPage,
    ExecutionRecord,
    ImportBody,
    ResumeAnswer,
    ResumeBody,
    ResumeBodyPayload,
    SavedAnswer,
    TriggerAnswer,
    WorkflowAnswer,
)

MOST_READS = 600
DEFINITION = {
    "workflow_name": "Made by a Python client",
    "workflow_steps": [
        {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}},
        {"id": "wait_1", "type": "wait", "settings": {}},
    ],
    "workflow_connections": [{"from": "WorkflowStartState", "to": "wait_1"}],
}
Expected = TypeVar("Expected")


def answered(outcome: object, expected: type[Expected]) -> Expected:
    """Returns what a call was answered. Raises: RuntimeError when it was refused."""
    if not isinstance(outcome, expected):
        raise RuntimeError(f"refused: {outcome}")
    return outcome


def main(address: str, key: str, process_id: str) -> dict[str, object]:
    """Plays the story against a server and returns what it saw."""
    client = AuthenticatedClient(address, key, prefix="", auth_header_name="x-api-key", timeout=None)

    def read(workflow_id: str, execution_id: str) -> ExecutionRecord:
        found = get_workflow_execution_by_id.sync(
            client=client, workflow_id=workflow_id, workflow_execution_id=execution_id, after=0
        )
        return answered(found, ExecutionAnswer).item

    imported = answered(import_workflow.sync(client=client, body=ImportBody(DEFINITION)), SavedAnswer).item
    workflow_id = imported.workflow_id
    version = ActivateBody(workflow_id=workflow_id, workflow_version=imported.workflow_version)
    answered(activate_workflow.sync(client=client, body=version), WorkflowAnswer)
    triggered = answered(
        triggerworkflow.sync(workflow_id, client=client, body={"amount": 5}, process_id=process_id, wait="PT30S"),
        TriggerAnswer,
    )
    execution_id = answered(triggered.looply_execution_id, str)
    waiting = read(workflow_id, execution_id)
    body = ResumeBody(payload=ResumeBodyPayload.from_dict({"source": "SAP"}))
    resumed = answered(
        resume_workflow.sync(process_id, client=client, body=body, workflow_id=workflow_id), ResumeAnswer
    )
    execution = waiting
    for _ in range(MOST_READS):
        if execution.status == "COMPLETED":
            break
        execution = read(workflow_id, execution_id)
    found = answered(search_executions.sync(client=client, process_id=[process_id], limit=5), ExecutionPage)
    refused = get_workflow_by_id.sync_detailed(client=client, workflow_id=workflow_id, workflow_version=99)
    return {
        "waiting": waiting.status,
        "resumed": resumed.code,
        "ended": execution.status,
        "found": [item.workflow_execution_id for item in found.items],
        "execution_id": execution_id,
        "refused": answered(refused.parsed, ErrorAnswer).code,
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:4])))
