"""Answers to callers whose organization has reached a quota, and calls that still work."""

import pytest
from server_kit import ASKING, Caller

from looply.limits import Limits

pytestmark = pytest.mark.parametrize("limits", [Limits(open_executions=2)], indirect=True)


async def test_a_trigger_over_the_quota_is_429_for_that_organization_only(mine: Caller, theirs: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    for _ in range(2):
        await mine.trigger(workflow_id)
    answer = await mine.post(f"triggerworkflow/{workflow_id}", {})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    body = answer.json()
    assert (sorted(body), body["code"], body["errors"]) == (["code", "errors", "message", "request_id"], "QUOTA", [])
    assert body["message"] == (
        "the organization has 2 open executions, and the limit open_executions is 2: it starts no more; "
        "wait until some have ended, terminate some, or ask the operator for a higher limit"
    )
    await theirs.trigger(await theirs.create(ASKING))


async def test_no_execution_is_rerun_over_the_quota_and_open_ones_can_be_terminated(mine: Caller) -> None:
    workflow_id = await mine.create(ASKING)
    first, second = [await mine.trigger(workflow_id) for _ in range(2)]
    body = {"workflow_execution_id": first}
    refused = await mine.post("rerunExecution", body)
    assert (refused.status_code, refused.json()["code"]) == (429, "QUOTA")
    assert (await mine.item(workflow_id, first))["status"] == "WAITING"
    ended = await mine.post(f"terminateWorkflow/{second}")
    assert ended.status_code == 200
    assert (await mine.post("rerunExecution", body)).status_code == 200
