"""The work of a trigger in calls of functions, which are the same on every machine."""

from datetime import UTC, datetime
from types import FrameType

from kit.calls import observed_calls
from kit.execution.workflows import step, workflow
from looply.execution import ExecutionState, advance
from looply.execution.facts.events import ExecutionStarted

TOTAL = step("total", "overridePayload", {"parameters": [{"name": "total", "value": "${mul(payload.output.n, 2)}"}]})
CHOICE = step(
    "choice",
    "conditional",
    {"rules": [{"variable": "${payload.output.total}", "operator": "NumericGreaterThan", "value": 100}]},
)
TEXT = step("text", "overridePayload", {"parameters": [{"name": "text", "value": "Order ${payload.output.total}"}]})
WORKFLOW = workflow(TOTAL, CHOICE, TEXT, edges="start>total total>choice choice:yes>text choice:no>text")
STARTED = ExecutionStarted(
    at=datetime(2026, 6, 1, tzinfo=UTC),
    execution_id="01900000-0000-7000-8000-000000000001",
    organization_id="01900000-0000-7000-8000-00000000000a",
    workspace_id="01900000-0000-7000-8000-00000000000a",
    workflow_id="01900000-0000-7000-8000-000000000f01",
    workflow_version=1,
    definition=WORKFLOW.hash.hex(),
    seed=bytes(16),
    body={"n": 617},
    size=9,
)


def advance_counted() -> tuple[ExecutionState, int]:
    """Returns the state after the first stretch, and how many functions of the product were called for it."""
    count = 0

    def on_call(frame: FrameType) -> None:
        nonlocal count
        count += frame.f_globals["__name__"].startswith("looply.")

    with observed_calls(on_call):
        state = advance(WORKFLOW, None, (STARTED,)).state
    return state, count


def test_three_computing_steps_take_at_most_280_calls_of_functions() -> None:
    advance_counted()  # what is computed once for the process is not counted
    state, count = advance_counted()
    assert state.status == "COMPLETED"
    assert state.payload["text"] == "Order 1234"
    assert count <= 280
