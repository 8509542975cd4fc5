"""Each sentence of the explanation, by the call: what brings it about, its verdict, its evidence and its advice."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, cast, get_args

import pytest
from msgspec.structs import replace
from server_kit import CARDING, COMPUTING, SCHEDULED, START, Caller, ScriptedShell, definition, wait_step

from kit.memory import MemoryStore
from looply.app.context.services import Services
from looply.engine.coding.units import head_of
from looply.engine.effects.outages import open_target
from looply.engine.ports.lists import Execution
from looply.engine.ports.port import Executions
from looply.engine.upkeep.pump import Pump
from looply.engine.upkeep.target_watch import TargetWatch
from looply.errors import StoreLost, Transient
from looply.execution import ExecutionState, fold
from looply.execution.facts.commands import Command, EffectLost, QuarantineExecution
from looply.execution.facts.deliveries import DeliveryKey
from looply.execution.facts.state import SUSPECT_ENDS
from looply.execution.views.holds import HOLD_KINDS, HoldCode
from looply.instants import to_ms
from looply.limits import Limits
from looply.slots import Lane
from looply.testing.clock import FakeClock
from looply.testing.world import HANG, Answer, World

SHOP = "https://shop.example:443"
CALL: dict[str, Any] = {
    "id": "call_1",
    "type": "httpRequest",
    "settings": {"method": "POST", "url": f"{SHOP}/orders", "body": "x", "fail_on": ["5xx"]},
}
RETRIED = {**CALL, "retry": {"max_attempts": 3, "interval": "PT10M"}}
DELAY = {"id": "delay_1", "type": "delay", "settings": {"for": "PT1H"}}
APPROVAL = {"id": "approve_1", "type": "approval", "settings": {"recipients": ["ann@example.com"]}}
END = {"id": "end_1", "type": "terminate", "settings": {"status": "FAILED", "reason": "no order"}}
ROUNDS = 60
"""Of `COUNTING`: more steps than one stretch takes, fewer than an execution may make."""
COUNTING = {
    "workflow_name": "Counting",
    "workflow_steps": [
        START,
        {
            "id": "count",
            "type": "overridePayload",
            "settings": {"parameters": [{"name": "count", "value": "${add(coalesce(payload.output.count, 0), 1)}"}]},
        },
        {
            "id": "more",
            "type": "conditional",
            "settings": {
                "rules": [
                    {
                        "variable": "${payload.output.count}",
                        "operator": "NumericLessThan",
                        "value": "${payload.output.rounds}",
                    }
                ]
            },
        },
        {"id": "again", "type": "redirect", "settings": {"target": "count", "max_visits": 1000}},
    ],
    "workflow_connections": [
        {"from": START["id"], "to": "count"},
        {"from": "count", "to": "more"},
        {"from": "more", "to": "again", "branch": "yes"},
    ],
}
STRETCH_STEPS = 50
STEP_VISITS = 400
BOUNDED = Limits(stretch_steps=STRETCH_STEPS, step_visits=STEP_VISITS)


class Scene(NamedTuple):
    """What a situation is made with."""

    mine: Caller
    world: World
    shell: ScriptedShell
    pump: Pump
    store: MemoryStore
    clock: FakeClock
    services: Services
    monkeypatch: pytest.MonkeyPatch

    async def started(self, document: dict[str, Any], body: Any = None) -> str:
        return await self.mine.trigger(await self.mine.create(document), body)

    async def settled(self, execution_id: str) -> str:
        await self.shell.executions.wait_until_settled(execution_id, self.clock.now() + timedelta(minutes=1))
        return execution_id

    async def calling(self, step: dict[str, Any] | None = None) -> str:
        """Returns an execution whose call is open."""
        self.world.always("call_1", HANG)
        execution_id = await self.started(definition(step or CALL))
        await self.world.wait_for_call("call_1")
        return execution_id

    async def submitted(self, execution_id: str, *commands: Command) -> str:
        for command in commands:
            await self.shell.submit(execution_id, command)
        return execution_id

    def show(self, change: Callable[[ExecutionState], ExecutionState]) -> None:
        """Lets the store return each execution in a state that it does not keep for long, or must never have."""
        self.shell.executions = cast("Executions", ChangedExecutions(self.shell.executions, change))


class ChangedExecutions:
    """The executions of a shell, with a changed state."""

    def __init__(self, executions: Executions, change: Callable[[ExecutionState], ExecutionState]) -> None:
        self._executions = executions
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._executions, name)

    async def get(self, execution_id: str) -> Execution:
        """Returns the execution in the changed state."""
        execution = await self._executions.get(execution_id)
        state = self._change(execution.state)
        return Execution(head=head_of(state), state=state, workflow=execution.workflow)


Situation = Callable[[Scene], Awaitable[str]]


async def failed(scene: Scene) -> str:
    scene.world.script("call_1", Answer(status=500))
    return await scene.settled(await scene.started(definition(CALL)))


async def unknown(scene: Scene) -> str:
    scene.world.script("call_1", Transient("the answer did not come", code="TIMEOUT", sent=True))
    return await scene.settled(await scene.started(definition(CALL)))


async def timed_out(scene: Scene) -> str:
    document = {**definition(wait_step()), "workflow_settings": {"timeout": "PT1H"}}
    execution_id = await scene.started(document)
    scene.clock.advance(timedelta(hours=2))
    await scene.pump.tick()
    return await scene.settled(execution_id)


async def limited(scene: Scene) -> str:
    return await scene.settled(await scene.started(COUNTING, {"rounds": 2 * STEP_VISITS}))


async def quarantined(scene: Scene) -> str:
    execution_id = await scene.started(definition(wait_step()))
    command = QuarantineExecution(at=scene.clock.now(), message="it ended the process")
    return await scene.submitted(execution_id, command)


async def paused(scene: Scene, step: dict[str, Any] = CALL) -> str:
    until = to_ms(scene.clock.now() + timedelta(hours=1))
    answer = await scene.mine.post("pauseTarget", {"target": SHOP, "until": until, "reason": "an upgrade"})
    assert answer.status_code == 200, answer.text
    execution_id = await scene.started(definition(step))
    watch = TargetWatch(scene.shell, scene.store, scene.clock)
    scene.clock.advance(timedelta(seconds=2))
    await watch.tick()
    return execution_id


async def down(scene: Scene) -> str:
    execution_id = await paused(scene)
    lane = Lane(scene.mine.organization_id, SHOP)
    row = open_target(lane.owner, SHOP, scene.clock.now(), "CONNECTION: refused", scene.shell.gate.rows.find(lane))
    assert await scene.store.targets.put(replace(row, maintenance=None))
    return execution_id


async def draining_target(scene: Scene) -> str:
    execution_id = await paused(scene)
    assert (await scene.mine.post("drainTarget", {"target": SHOP, "rate": 2})).status_code == 200
    return execution_id


async def queued_call(scene: Scene) -> str:
    execution_id = await paused(scene)
    assert (await scene.mine.post("releaseTarget", {"target": SHOP})).status_code == 200
    return execution_id


async def waiting_for_a_card(scene: Scene) -> str:
    return await scene.started(CARDING)


async def waiting_for_a_decision(scene: Scene) -> str:
    return await scene.started(definition(APPROVAL))


async def waiting_for_a_call(scene: Scene) -> str:
    return await scene.started(definition(wait_step()))


async def delayed(scene: Scene) -> str:
    return await scene.started(definition(DELAY))


async def overdue(scene: Scene) -> str:
    execution_id = await delayed(scene)
    scene.clock.advance(timedelta(hours=2))
    return execution_id


async def calling_a_child(scene: Scene) -> str:
    child = await scene.mine.create(definition(wait_step()))
    return await scene.started(definition({"id": "sub_1", "type": "subworkflow", "settings": {"workflow_id": child}}))


async def waiting_for_a_child(scene: Scene) -> str:
    execution_id = await calling_a_child(scene)
    await scene.pump.tick()
    return execution_id


async def behind_another(scene: Scene) -> str:
    workflow_id = await scene.mine.create(
        {**definition(wait_step()), "workflow_settings": {"max_concurrency": 1}},
    )
    ids = [await scene.mine.trigger(workflow_id) for _ in range(2)]
    for _ in range(3):
        await scene.pump.tick()
    return ids[1]


async def retrying(scene: Scene) -> str:
    scene.world.script("call_1", Answer(status=503))
    execution_id = await scene.started(definition(RETRIED))
    return await until_retry(scene, execution_id)


async def until_retry(scene: Scene, execution_id: str) -> str:
    while not (await scene.shell.executions.get(execution_id)).state.timers:
        await scene.shell.executions.wait_until_settled(execution_id, scene.clock.now() + timedelta(milliseconds=1))
    return execution_id


async def retry_overdue(scene: Scene) -> str:
    execution_id = await retrying(scene)
    scene.clock.advance(timedelta(hours=2))
    return execution_id


async def in_flight(scene: Scene) -> str:
    return await scene.calling()


async def lost_call(scene: Scene) -> str:
    execution_id = await scene.calling()
    effects = scene.store.data.effects
    for row in [row for row in effects if row[0] == execution_id]:
        del effects[row]
    return execution_id


async def suspect(scene: Scene) -> str:
    execution_id = await scene.calling({**CALL, "settings": {**CALL["settings"], "method": "GET"}})
    for _ in range(SUSPECT_ENDS):
        (opened,) = (await scene.shell.executions.get(execution_id)).state.open_steps.values()
        lost = EffectLost(at=scene.clock.now(), address=opened.address, attempt=opened.attempt, ended_process=True)
        await scene.submitted(execution_id, lost)
    return execution_id


async def orphan(scene: Scene) -> str:
    execution_id = await waiting_for_a_call(scene)
    scene.show(without_waits)
    return execution_id


def without_waits(state: ExecutionState) -> ExecutionState:
    return type(state)(**{name: getattr(state, name) for name in state.__struct_fields__} | {"waits": {}})


async def with_a_message(scene: Scene) -> str:
    execution_id = await orphan(scene)
    scene.store.data.deliveries[DeliveryKey(target=execution_id, sender=execution_id, seq=1)] = "ENDED"
    return execution_id


async def cut(scene: Scene) -> str:
    """An execution as it was at the end of its first stretch."""
    execution_id = await scene.settled(await scene.started(COUNTING, {"rounds": ROUNDS}))
    events = [event for _, event in await scene.shell.executions.history(execution_id)]
    first, *rest = scene.store.data.batches[execution_id]
    assert rest
    past = fold(events[: first.last_seq])
    scene.show(lambda _: past)
    return execution_id


async def not_stored(scene: Scene) -> str:
    execution_id = await overdue(scene)
    scene.monkeypatch.setattr(scene.store, "failure", lambda: StoreLost("the disk is full"))
    return execution_id


async def stopping(scene: Scene) -> str:
    execution_id = await overdue(scene)
    scene.services.lifecycle.drain()
    return execution_id


async def of_a_paused_schedule(scene: Scene) -> str:
    workflow_id = await scene.mine.create(SCHEDULED)
    scene.clock.advance(timedelta(hours=1))
    await scene.pump.tick()
    answer = await scene.mine.post("toggleScheduledWorkflow", {"workflow_id": workflow_id, "action": "PAUSE"})
    assert answer.status_code == 200, answer.text
    (item,) = (await scene.mine.get("getExecutionRows")).json()["items"]
    return str(item["workflow_execution_id"])


async def completed(scene: Scene) -> str:
    return await scene.started(COMPUTING)


async def ended_as_failed(scene: Scene) -> str:
    return await scene.started(definition(END))


async def terminated(scene: Scene) -> str:
    execution_id = await waiting_for_a_call(scene)
    answer = await scene.mine.post(f"terminateWorkflow/{execution_id}", {"payload": {"termination_reason": "enough"}})
    assert answer.status_code == 200, answer.text
    return execution_id


class Verdict(NamedTuple):
    """What a situation is explained with: the code, the types of the log entries that show it, the advice."""

    situation: Situation
    code: str
    evidence: Sequence[str | None] = ()
    advice: Sequence[str] = ()
    said: str = ""
    """A part of the sentence."""


REPAIRS = ("RETRY", "SKIP", "REDRIVE")
RETRIES = ("STEP_FAILED", "STEP_RETRY_SCHEDULED")
PARKED = ("STEP_STARTED", "STEP_PARKED")
TABLE = (
    Verdict(failed, "INCIDENT_FAILED", ("STEP_FAILED", "INCIDENT_OPENED"), REPAIRS, "step call_1 failed with"),
    Verdict(
        unknown,
        "INCIDENT_UNKNOWN",
        ("STEP_FAILED", "INCIDENT_OPENED"),
        ("RETRY", "COMPLETE", "SKIP", "REDRIVE"),
        "the outcome of step call_1",
    ),
    Verdict(timed_out, "INCIDENT_TIMEOUT", ("INCIDENT_OPENED",), ("RETRY", "REDRIVE"), "took longer than allowed"),
    Verdict(limited, "INCIDENT_LIMIT", ("INCIDENT_OPENED",), ("RETRY", "REDRIVE"), "a limit is reached (STEP_LIMIT)"),
    Verdict(quarantined, "QUARANTINE", ("INCIDENT_OPENED",), ("RETRY", "REDRIVE"), "in quarantine"),
    Verdict(down, "TARGET_DOWN", PARKED, ("RELEASE",), "which is down: CONNECTION: refused"),
    Verdict(paused, "TARGET_PAUSED", PARKED, ("RELEASE",), "which is in maintenance: an upgrade"),
    Verdict(draining_target, "TARGET_DRAINING", PARKED, ("RELEASE",), "a few calls at a time"),
    Verdict(waiting_for_a_card, "PERSON_CARD", ("CARD_SENT", "WAIT_OPENED"), ("REASSIGN",), "ann@example.com"),
    Verdict(waiting_for_a_decision, "PERSON_APPROVAL", ("CARD_SENT", "WAIT_OPENED"), ("REASSIGN",), "1 must approve"),
    Verdict(waiting_for_a_call, "RESUME", ("WAIT_OPENED",), ("RESUME",), "for a call from"),
    Verdict(delayed, "TIMER", ("STEP_STARTED",), (), "It waits at step delay_1 for a time"),
    Verdict(overdue, "TIMER_OVERDUE", ("STEP_STARTED",), (), "has not fired"),
    Verdict(waiting_for_a_child, "CHILD", ("CHILD_STARTED",), (), "for the execution"),
    Verdict(calling_a_child, "CHILD_START", ("CHILD_STARTED",), (), "which has not started yet"),
    Verdict(behind_another, "SLOT", ("EXECUTION_QUEUED",), (), "behind 0 others for one of 1"),
    Verdict(retrying, "RETRY", RETRIES, (), "is made again: attempt 1 has failed"),
    Verdict(retry_overdue, "RETRY_OVERDUE", RETRIES, (), "is due and has not begun"),
    Verdict(in_flight, "CALL_RUNNING", ("STEP_STARTED",), (), "is in flight (http.request, attempt 1)"),
    Verdict(queued_call, "CALL_QUEUED", PARKED, (), "is queued (http.request, attempt 1)"),
    Verdict(lost_call, "CALL_LOST", ("STEP_STARTED",), (), "its outcome is being recovered"),
    Verdict(suspect, "SUSPECT", ("STEP_FAILED", "STEP_STARTED"), (), f"may have ended {SUSPECT_ENDS} processes"),
    Verdict(with_a_message, "DELIVERY", ("WAIT_OPENED",), (), "is on its way to it"),
    Verdict(cut, "STRETCH", ("STEP_SUCCEEDED",), (), "a long run continues in pieces"),
    Verdict(not_stored, "STORE_LOST", (), (), "accepts no writes: the disk is full"),
    Verdict(stopping, "DRAINING", (), (), "This server is stopping"),
    Verdict(orphan, "ORPHAN", ("WAIT_OPENED",), ("TERMINATE",), "Nothing stored will move it"),
    Verdict(of_a_paused_schedule, "SCHEDULE_PAUSED", (), (), "is paused: it starts no further"),
    Verdict(completed, "ENDED_COMPLETED", ("EXECUTION_COMPLETED",), ("RERUN",), "It has completed"),
    Verdict(ended_as_failed, "ENDED_FAILED", ("EXECUTION_FAILED",), ("RERUN",), "ended as failed: no order"),
    Verdict(terminated, "ENDED_TERMINATED", ("EXECUTION_TERMINATED",), ("RERUN",), "enough"),
)


def test_the_table_has_every_code() -> None:
    assert [row.code for row in TABLE] == list(get_args(HoldCode))
    assert len({row.situation for row in TABLE}) == len(TABLE)


@pytest.fixture
def scene(request: pytest.FixtureRequest, limits: Limits) -> Scene:
    assert limits.stretch_steps < ROUNDS
    return Scene(**{name: request.getfixturevalue(name) for name in Scene._fields})


@pytest.mark.parametrize("limits", [BOUNDED], indirect=True, ids=["bounded"])
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.code)
async def test_what_holds_an_execution_is_said_with_its_evidence_and_advice(row: Verdict, scene: Scene) -> None:
    execution_id = await row.situation(scene)
    answer = await scene.mine.get("explainExecution", workflow_execution_id=execution_id)
    assert answer.status_code == 200, answer.text
    item = answer.json()["item"]
    # A schedule that is paused holds no execution back that has started: it is named beside what does.
    hold = item if row.code != "SCHEDULE_PAUSED" else item["others"][-1]
    assert (hold["code"], hold["verdict"]) == (row.code, HOLD_KINDS[cast("HoldCode", row.code)])
    assert row.said in hold["text"]
    assert [each["type"] for each in hold["evidence"]] == list(row.evidence)
    if hold is item:
        assert [each["code"] for each in item["next"]] == list(row.advice)


@pytest.mark.parametrize("limits", [BOUNDED], indirect=True, ids=["bounded"])
@pytest.mark.parametrize(
    ("park", "is_released", "minutes"), [("PT30M", False, 30), ("PT2H", False, 60), ("PT30M", True, None)]
)
async def test_a_hold_ends_with_the_maintenance_or_the_wait_whichever_is_first_and_a_call_about_to_begin_with_neither(
    scene: Scene, park: str, is_released: bool, minutes: int | None
) -> None:
    begin = scene.clock.now()
    execution_id = await paused(scene, {**CALL, "park": park})
    if is_released:
        assert (await scene.mine.post("releaseTarget", {"target": SHOP})).status_code == 200
    answer = await scene.mine.get("explainExecution", workflow_execution_id=execution_id)
    item = answer.json()["item"]
    assert item["code"] == ("CALL_QUEUED" if is_released else "TARGET_PAUSED")
    until = item["expected_until"]
    assert (until is None) is (minutes is None)
    # The wait is counted from its record, two seconds after the call.
    assert minutes is None or abs(until - to_ms(begin + timedelta(minutes=minutes))) <= 2000
