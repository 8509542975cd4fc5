"""An execution of another organization is not loaded to answer that it does not exist."""

import pytest
from server_kit import ASKING, Caller, ScriptedShell

RANDOM = "01900000-0000-7000-8000-0000000000ff"


CALLS: list[tuple[str, str, dict[str, str] | None]] = [
    ("GET", "getWorkflowExecutionById?workflow_id={workflow}&workflow_execution_id={execution}", None),
    ("GET", "getDecisions?workflow_execution_id={execution}", None),
    ("GET", "watchExecution?workflow_execution_id={execution}", None),
    ("POST", "rerunExecution", {"workflow_execution_id": "{execution}"}),
    ("POST", "repairExecution", {"workflow_execution_id": "{execution}", "action": "retry"}),
    ("POST", "redriveExecution", {"workflow_execution_id": "{execution}"}),
    ("POST", "resumeWorkflow/{execution}", {"payload": {"source": "SAP"}}),
    ("POST", "terminateWorkflow/{execution}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS, ids=[path.partition("?")[0] for _, path, _ in CALLS])
async def test_a_foreign_execution_is_not_loaded_and_answers_as_one_that_does_not_exist(
    mine: Caller, theirs: Caller, shell: ScriptedShell, method: str, path: str, body: dict[str, str] | None
) -> None:
    workflow_id = await theirs.create(ASKING)
    execution_id = await theirs.trigger(workflow_id)
    shell.loaded.clear()

    async def call(execution: str) -> tuple[int, str]:
        target = path.format(workflow=workflow_id, execution=execution)
        sent = {name: execution if value == "{execution}" else value for name, value in (body or {}).items()}
        answer = await (mine.get(f"/v2/workflows/{target}") if method == "GET" else mine.post(target, sent))
        shown = answer.json()
        shown.pop("request_id", None)
        return answer.status_code, str(shown)

    foreign, random = await call(execution_id), await call(RANDOM)
    assert foreign == random
    assert foreign[0] == 404
    assert shell.loaded == []
