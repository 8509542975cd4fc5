"""Notifications of outages: one message when a system is down, one when it is called again, none for a maintenance."""

import asyncio
from dataclasses import replace as with_fields
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from mailing_kit import Post, text_of
from notifying_kit import Hook, Staff
from server_kit import Caller, definition

from kit.memory import MemoryStore
from looply.app.administration.notification_runner import MAX_OF_SYSTEMS, MAX_PER_HOUR, NotificationRunner
from looply.app.administration.outage_reports import MAX_FACTS, MAX_LISTED
from looply.app.context.services import Services
from looply.engine.effects.outages import BreakerSettings, drain_target, open_target, reopen_target
from looply.engine.records.targets import TargetRow
from looply.engine.shell.parts import Parts
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.pump import Pump
from looply.engine.upkeep.target_watch import TargetWatch
from looply.errors import Unavailable
from looply.instants import rfc3339, to_ms
from looply.slots import Lane
from looply.testing.clock import FakeClock
from looply.testing.world import Answer, World

SHOP = "https://shop.example:443"
HOOK = "https://hooks.example.com/x"
UP = "called again"


@pytest.fixture
def parts(parts: Parts) -> Parts:
    return with_fields(parts, breaker=BreakerSettings())


def calling(name: str = "Orders") -> dict[str, Any]:
    step = {
        "id": "call_1",
        "type": "httpRequest",
        "settings": {"method": "POST", "url": "https://shop.example/orders", "body": "x"},
        "retry": {"max_attempts": 5, "interval": "PT1S"},
    }
    return definition(step, name=name)


class Systems:
    """The systems of an organization, which go down and up."""

    def __init__(self, shell: Shell, clock: FakeClock, organization_id: str) -> None:
        self.gate = shell.gate
        self.clock = clock
        self.organization_id = organization_id

    def row(self, target: str = SHOP) -> TargetRow:
        found = self.gate.rows.find(Lane(self.organization_id, target))
        assert found is not None
        return found

    async def down(self, target: str = SHOP, reason: str = "CONNECTION: refused by 10.1.2.3") -> TargetRow:
        former = self.gate.rows.find(Lane(self.organization_id, target))
        row = open_target(self.organization_id, target, self.clock.now(), reason, former)
        assert await self.gate.rows.put(row)
        return row

    async def up(self, target: str = SHOP) -> None:
        assert await self.gate.rows.drop(self.row(target))


@pytest_asyncio.fixture
async def systems(shell: Shell, clock: FakeClock, mine: Caller) -> Systems:
    return Systems(shell, clock, mine.organization_id)


async def test_an_outage_of_fifty_executions_is_one_message_and_one_more_when_it_is_over(
    staff: Staff, hook: Hook, shell: Shell, store: MemoryStore, pump: Pump, world: World
) -> None:
    await staff.put("webhook", HOOK)
    workflow_id, watch = await staff.caller.create(calling()), TargetWatch(shell, store, staff.clock)
    world.always("call_1", Unavailable("refused"))
    for number in range(50):
        await staff.caller.trigger(workflow_id, {"po": number})
    sent = 0
    for _ in range(20):
        staff.clock.advance(timedelta(seconds=1.5))
        await watch.tick()
        await pump.tick()
        sent += await staff.runner.tick()
    (row,) = shell.gate.rows.all
    assert (sent, row.state, len(hook.bodies)) == (1, "OPEN", 1)
    (body,) = hook.bodies
    (said,) = body["systems"]
    assert (body["type"], body["causes"], body["title"]) == ("systems", [], f"{SHOP} is down")
    assert body["link"].endswith("/app/operations/systems")
    assert (said["target"], said["state"], said["since"]) == (SHOP, "DOWN", to_ms(row.since))
    assert 40 <= said["waiting"] <= 50
    assert f"{said['waiting']} calls wait for it" in body["text"]
    assert await staff.later(minutes=50) == 0, "an outage is reported once, however long it lasts"

    world.always("call_1", Answer())
    for _ in range(400):
        staff.clock.advance(timedelta(seconds=0.5))
        await watch.tick()
        await pump.tick()
        sent += await staff.runner.tick()
        await asyncio.sleep(0)
    assert (shell.gate.rows.all, sent) == ((), 2)
    (back,) = hook.bodies[1:]
    assert (back["title"], [each["state"] for each in back["systems"]]) == (f"{SHOP} is {UP}", ["UP"])
    assert back["text"] == f"{SHOP} is {UP}. It was down since {rfc3339(row.since)}."
    statuses = (await staff.caller.get("getExecutionRows", workflow_id=workflow_id, limit=100)).json()["items"]
    assert {each["status"] for each in statuses} == {"COMPLETED"}
    assert await staff.later(hours=2) == 0


async def test_a_mail_says_since_when_why_how_many_wait_and_leads_to_the_page_of_systems(
    staff: Staff, post: Post, systems: Systems
) -> None:
    await staff.put("email", "ops@example.com")
    row = await systems.down()
    await staff.caller.trigger(await staff.caller.create(calling()), {})
    assert await staff.later(seconds=19) == 0, "an outage of seconds is none"
    assert await staff.later(seconds=2) == 1
    (mail,) = post.mails()
    text = text_of(mail)
    assert (mail["to"], mail["subject"]) == ("ops@example.com", f"{SHOP} is down")
    assert f"is down since {rfc3339(row.since)}: CONNECTION: ***. 1 call waits for it" in " ".join(text.split())
    assert "/app/operations/systems" in text
    assert "10.1.2.3" not in text


async def test_messages_quote_why_a_system_is_down_where_that_is_asked_for(
    staff: Staff, hook: Hook, systems: Systems
) -> None:
    await staff.put("webhook", HOOK, quotes=True)
    await systems.down()
    await systems.down("https://other.example:443", "it answered 503")
    assert await staff.later(seconds=30) == 2
    reasons = {each["reason"] for body in hook.bodies for each in body["systems"]}
    assert reasons == {"CONNECTION: refused by 10.1.2.3", "it answered 503"}


async def test_processes_that_look_at_the_same_time_report_an_outage_and_its_end_once(
    staff: Staff, services: Services, hook: Hook, systems: Systems
) -> None:
    await staff.put("webhook", HOOK)
    runners = [NotificationRunner(services) for _ in range(4)]
    await systems.down()
    staff.clock.advance(timedelta(seconds=30))
    assert sum(await asyncio.gather(*(each.tick() for each in runners))) == 1
    assert sum([await each.tick() for each in runners]) == 0
    await systems.up()
    assert sum(await asyncio.gather(*(each.tick() for each in runners))) == 1
    assert sum([await each.tick() for each in runners]) == 0
    assert [body["title"] for body in hook.bodies] == [f"{SHOP} is down", f"{SHOP} is {UP}"]


async def test_a_maintenance_is_not_reported_and_neither_is_an_outage_within_it(
    staff: Staff, hook: Hook, systems: Systems, shell: Shell, store: MemoryStore
) -> None:
    await staff.put("webhook", HOOK)
    until = to_ms(staff.clock.now() + timedelta(hours=1))
    assert (await staff.caller.post("pauseTarget", {"target": SHOP, "until": until})).status_code == 200
    assert await staff.later(minutes=10) == 0
    await systems.down()
    assert await staff.later(minutes=49) == 0
    await systems.gate.rows.put(drain_target(systems.row(), staff.clock.now(), 5))
    await TargetWatch(shell, store, staff.clock).tick()
    assert await staff.later(minutes=30) == 0
    assert hook.bodies == []


async def test_an_outage_that_lasts_after_its_maintenance_is_reported_then(
    staff: Staff, hook: Hook, systems: Systems, shell: Shell, store: MemoryStore
) -> None:
    await staff.put("webhook", HOOK)
    until = to_ms(staff.clock.now() + timedelta(minutes=10))
    await staff.caller.post("pauseTarget", {"target": SHOP, "until": until})
    row = await systems.down()
    assert await staff.later(minutes=9) == 0
    staff.clock.advance(timedelta(minutes=2))
    await TargetWatch(shell, store, staff.clock).tick()
    assert await staff.later(seconds=1) == 1
    assert hook.bodies[0]["systems"][0]["since"] == to_ms(row.since)


async def test_an_outage_that_a_maintenance_covers_later_is_over_once(
    staff: Staff, hook: Hook, systems: Systems
) -> None:
    await staff.put("webhook", HOOK)
    await systems.down()
    assert await staff.later(seconds=30) == 1
    until = to_ms(staff.clock.now() + timedelta(hours=1))
    await staff.caller.post("pauseTarget", {"target": SHOP, "until": until})
    assert await staff.later(minutes=5) == 0
    await staff.caller.post("releaseTarget", {"target": SHOP})
    assert await staff.later(seconds=1) == 1
    assert [body["systems"][0]["state"] for body in hook.bodies] == ["DOWN", "UP"]


async def test_a_system_that_works_again_within_its_maintenance_is_reported_after_that(
    staff: Staff, hook: Hook, systems: Systems, shell: Shell, store: MemoryStore
) -> None:
    await staff.put("webhook", HOOK)
    await systems.down()
    assert await staff.later(seconds=30) == 1
    until = to_ms(staff.clock.now() + timedelta(hours=1))
    await staff.caller.post("pauseTarget", {"target": SHOP, "until": until})
    await systems.gate.rows.put(drain_target(systems.row(), staff.clock.now(), 5))
    staff.clock.advance(timedelta(minutes=10))
    await TargetWatch(shell, store, staff.clock).tick()
    assert (systems.row().state, systems.row().reason) == ("CLOSED", "")
    assert await staff.later(minutes=5) == 0
    await staff.caller.post("releaseTarget", {"target": SHOP})
    assert await staff.later(seconds=1) == 1
    assert [body["title"] for body in hook.bodies] == [f"{SHOP} is down", f"{SHOP} is {UP}"]


async def test_a_system_that_is_down_when_its_maintenance_ends_is_an_outage_since_then(
    staff: Staff, hook: Hook, systems: Systems, shell: Shell, store: MemoryStore
) -> None:
    await staff.put("webhook", HOOK)
    until = to_ms(staff.clock.now() + timedelta(minutes=10))
    await staff.caller.post("pauseTarget", {"target": SHOP, "until": until})
    staff.clock.advance(timedelta(minutes=11))
    await TargetWatch(shell, store, staff.clock).tick()
    found = staff.clock.now()
    await systems.gate.rows.put(reopen_target(systems.row(), found, "TIMEOUT: none"))
    assert await staff.later(seconds=19) == 0, "an outage of seconds is none"
    assert await staff.later(seconds=2) == 1
    assert hook.bodies[0]["systems"][0]["since"] == to_ms(found)


async def test_a_system_that_is_drained_and_fails_again_is_in_the_same_outage(
    staff: Staff, hook: Hook, systems: Systems
) -> None:
    await staff.put("webhook", HOOK)
    await systems.down()
    assert await staff.later(seconds=30) == 1
    await systems.gate.rows.put(drain_target(systems.row(), staff.clock.now(), 5))
    assert await staff.later(seconds=30) == 0
    await systems.gate.rows.put(reopen_target(systems.row(), staff.clock.now(), "TIMEOUT: none"))
    assert await staff.later(minutes=30) == 0
    await systems.up()
    assert await staff.later(seconds=1) == 1
    assert len(hook.bodies) == 2


async def test_each_outage_of_a_system_is_reported(staff: Staff, hook: Hook, systems: Systems) -> None:
    await staff.put("webhook", HOOK)
    await systems.down()
    assert await staff.later(seconds=30) == 1
    await systems.up()
    assert await staff.later(seconds=30) == 1
    again = await systems.down()
    assert await staff.later(seconds=30) == 1
    assert hook.bodies[2]["systems"][0]["since"] == to_ms(again.since)
    assert len({body["id"] for body in hook.bodies}) == 3
    # The end of this one and the beginning of the next lie between two looks.
    await systems.up()
    await systems.down()
    assert await staff.later(seconds=30) == 1
    assert hook.bodies[3]["systems"][0]["state"] == "DOWN"


async def test_a_notification_of_one_workflow_reports_a_system_that_its_executions_wait_for(
    staff: Staff, hook: Hook, systems: Systems
) -> None:
    own, other = await staff.caller.create(calling("Own")), await staff.caller.create(calling("Other"))
    await staff.put("webhook", HOOK, workflow_id=own)
    await systems.down()
    for number in range(3):
        await staff.caller.trigger(other, {"po": number})
    assert await staff.later(minutes=1) == 0
    for number in range(2):
        await staff.caller.trigger(own, {"po": number})
    assert await staff.later(seconds=1) == 1
    (body,) = hook.bodies
    assert body["systems"][0]["waiting"] == 2
    assert "2 calls wait for it of Own" in body["text"]
    await systems.up()
    assert await staff.later(seconds=1) == 1


async def test_systems_of_another_organization_are_not_reported(
    staff: Staff, hook: Hook, shell: Shell, theirs: Caller
) -> None:
    await staff.put("webhook", HOOK)
    foreign = Systems(shell, staff.clock, theirs.organization_id)
    await foreign.down()
    assert await staff.later(minutes=1) == 0
    await foreign.up()
    assert (await staff.later(minutes=1), hook.bodies) == (0, [])


async def test_more_than_three_systems_at_the_same_time_are_one_message_that_lists_them(
    staff: Staff, hook: Hook, systems: Systems
) -> None:
    await staff.put("webhook", HOOK)
    names = [f"https://s{number:02}.example:443" for number in range(MAX_LISTED + 2)]
    for name in names:
        await systems.down(name)
    assert await staff.later(seconds=30) == 1
    (body,) = hook.bodies
    assert body["title"] == f"Systems: {len(names)} down"
    assert [each["target"] for each in body["systems"]] == names
    assert body["text"].endswith(" 2 more.")
    for name in names[:3]:
        await systems.up(name)
    await systems.down("https://another.example:443")
    assert await staff.later(seconds=30) == 1
    assert hook.bodies[1]["title"] == f"Systems: 1 down, 3 {UP}"
    assert await staff.later(minutes=30) == 0


async def test_an_outage_and_incidents_at_the_same_time_are_messages_of_their_own(
    staff: Staff, hook: Hook, systems: Systems
) -> None:
    await staff.put("webhook", HOOK)
    await systems.down()
    await staff.fail(await staff.failing())
    assert await staff.later(seconds=30) == 2
    assert [body["type"] for body in hook.bodies] == ["systems", "incidents"]
    # The cause is forgotten when its time is over, the outage only when that is over.
    execution_id = hook.bodies[1]["causes"][0]["workflow_execution_id"]
    await staff.caller.post(f"terminateWorkflow/{execution_id}", {"payload": {"termination_reason": "x"}})
    assert await staff.later(hours=2) == 0
    await systems.up()
    assert await staff.later(seconds=1) == 1


async def test_a_message_about_a_system_that_fails_is_sent_again_with_its_key(
    staff: Staff, hook: Hook, systems: Systems
) -> None:
    await staff.put("webhook", HOOK)
    await systems.down()
    hook.status = 500
    assert await staff.later(seconds=30) == 0
    hook.status = 200
    assert await staff.later(seconds=30) == 1
    await systems.up()
    hook.status = 500
    assert await staff.later(seconds=1) == 0
    hook.status = 200
    assert await staff.later(seconds=30) == 1
    ids = [body["id"] for body in hook.bodies]
    assert (ids[0], ids[2], len(set(ids))) == (ids[1], ids[3], 2)


async def test_an_outage_that_finds_the_hour_full_is_reported_when_it_is_over(
    staff: Staff, hook: Hook, systems: Systems
) -> None:
    await staff.put("webhook", HOOK)
    for number in range(MAX_PER_HOUR):
        await staff.fail(await staff.failing(f"Workflow {number}"))
        await staff.later(seconds=25)
    assert len(hook.bodies) == MAX_PER_HOUR
    await systems.down()
    assert await staff.later(minutes=10) == 0
    assert await staff.later(hours=1) == 1
    assert hook.bodies[-1]["type"] == "systems"


async def flap(staff: Staff, systems: Systems, times: int) -> int:
    """Lets a system go down and up so often within an hour; returns how many messages were sent."""
    sent = 0
    for _ in range(times):
        await systems.down()
        sent += await staff.later(seconds=30)
        await systems.up()
        sent += await staff.later(seconds=30)
    return sent


async def test_a_system_that_goes_down_and_up_again_and_again_holds_no_incident_back(
    staff: Staff, hook: Hook, systems: Systems
) -> None:
    await staff.put("webhook", HOOK)
    assert await flap(staff, systems, MAX_PER_HOUR) == MAX_OF_SYSTEMS
    for number in range(MAX_PER_HOUR - MAX_OF_SYSTEMS):
        await staff.fail(await staff.failing(f"Workflow {number}"))
        assert await staff.later(seconds=25) == 1, number
    assert [body["type"] for body in hook.bodies[MAX_OF_SYSTEMS:]] == ["incidents"] * (MAX_PER_HOUR - MAX_OF_SYSTEMS)


async def test_what_is_so_of_a_system_is_reported_when_the_messages_of_systems_of_an_hour_are_used_up(
    staff: Staff, hook: Hook, systems: Systems
) -> None:
    await staff.put("webhook", HOOK)
    assert await flap(staff, systems, MAX_OF_SYSTEMS) == MAX_OF_SYSTEMS
    last = await systems.down()
    assert await staff.later(minutes=30) == 0
    assert await staff.later(minutes=30) == 1
    assert (hook.bodies[-1]["systems"][0]["state"], hook.bodies[-1]["systems"][0]["since"]) == (
        "DOWN",
        to_ms(last.since),
    )
    assert len(hook.bodies) == MAX_OF_SYSTEMS + 1


async def test_what_is_due_of_systems_leaves_a_message_of_the_hour_for_incidents(
    staff: Staff, hook: Hook, systems: Systems
) -> None:
    await staff.put("webhook", HOOK)
    for number in range(MAX_PER_HOUR - 3):
        await staff.fail(await staff.failing(f"Workflow {number}"))
        await staff.later(seconds=25)
    for number in range(3):
        await systems.down(f"https://s{number}.example:443")
        await staff.fail(await staff.failing(f"More {number}"))
    assert await staff.later(seconds=30) == 2
    about_systems, about_incidents = hook.bodies[-2:]
    assert (len(about_systems["systems"]), len(about_incidents["causes"])) == (3, 3)


class CountedTargets:
    """The systems of a store, with the workflows of which calls were counted."""

    def __init__(self, store: MemoryStore) -> None:
        self._inner: Any = store.targets
        self.asked: list[str] = []
        vars(store)["targets"] = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def count_queued(self, organization_id: str, workflow_id: str = "") -> Any:
        """Returns how many calls wait in each queue."""
        self.asked.append(workflow_id)
        return await self._inner.count_queued(organization_id, workflow_id)


async def test_a_round_counts_what_waits_once_for_all_notifications_of_the_same_workflows(
    staff: Staff, hook: Hook, systems: Systems, store: MemoryStore
) -> None:
    workflow_id = await staff.caller.create(calling())
    for of in ("", "", "", workflow_id, workflow_id):
        await staff.put("webhook", HOOK, workflow_id=of)
    counted = CountedTargets(store)
    await systems.down()
    assert await staff.later(seconds=10) == 0
    assert sorted(counted.asked) == ["", workflow_id]
    # What is sent is read again when the notification was taken.
    counted.asked.clear()
    assert await staff.later(seconds=20) == 3
    assert sorted(counted.asked) == ["", "", "", "", workflow_id]


async def test_a_call_of_a_webhook_lists_so_many_systems_and_says_how_many_more_there_are(
    staff: Staff, hook: Hook, systems: Systems
) -> None:
    await staff.put("webhook", HOOK)
    for number in range(MAX_FACTS + 3):
        await systems.down(f"https://s{number:03}.example:443")
    assert await staff.later(seconds=30) == 1
    (body,) = hook.bodies
    assert (len(body["systems"]), body["more"], body["title"]) == (MAX_FACTS, 3, f"Systems: {MAX_FACTS + 3} down")
    assert await staff.later(minutes=5) == 0
