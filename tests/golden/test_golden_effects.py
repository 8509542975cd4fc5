"""The current code replays every recorded history of the workflow that carries effects to the same commands."""

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from golden.recording.record_effects import EFFECTS, RECORDINGS
from looply.engine.temporal.references import Reference
from looply.engine.temporal.workflow import SIGNAL, WORKFLOW, EffectsWorkflow

HISTORIES = [WorkflowHistory.from_json(path.stem, path.read_text()) for path in sorted(EFFECTS.glob("*.json"))]


@workflow.defn(name=WORKFLOW)
class Idle:
    @workflow.run
    async def run(self, _left: list[Reference], _limit: int) -> None:
        """Ignores a start."""

    @workflow.signal(name=SIGNAL)
    def offer(self, references: list[Reference]) -> None:
        """Ignores an offer."""


def replayer(carrying: type) -> Replayer:
    return Replayer(workflows=[carrying], workflow_runner=UnsandboxedWorkflowRunner(), build_id="golden")


def test_there_is_a_history_of_each_recording() -> None:
    assert {history.workflow_id for history in HISTORIES} >= set(RECORDINGS)


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.workflow_id)
async def test_a_recorded_history_is_replayed(history: WorkflowHistory) -> None:
    assert [event for event in history.events if event.HasField("workflow_execution_signaled_event_attributes")]
    result = await replayer(EffectsWorkflow).replay_workflow(history)
    assert result.replay_failure is None


def test_effects_that_were_chained_in_one_activity_are_no_activities_of_their_own() -> None:
    (chained,) = [history for history in HISTORIES if history.workflow_id == "chained_in_one_activity"]
    scheduled = [one for one in chained.events if one.HasField("activity_task_scheduled_event_attributes")]
    assert len(scheduled) == 3


async def test_a_workflow_that_does_something_else_is_found_out() -> None:
    result = await replayer(Idle).replay_workflow(HISTORIES[0], raise_on_replay_failure=False)
    assert isinstance(result.replay_failure, workflow.NondeterminismError)
