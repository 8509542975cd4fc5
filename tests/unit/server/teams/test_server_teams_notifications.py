"""Notifications of incidents in Teams: to a person, to a channel, and why a message was not sent."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from server_kit import definition, note_step
from teams_kit import MANAGER, Tenant, texts

from looply.app.administration.notification_runner import NotificationRunner
from looply.app.context.services import Services
from looply.channels.notifications.notifier import ChannelNotifier
from looply.channels.teams.bots import Resources
from looply.demo.teams.people import Message
from looply.demo.teams.wire import Reply, Request, error

CHANNEL = "19:operations@thread.tacv2"
SECRET_TEXT = "secret of the payload"


@pytest.fixture
def services(services: Services, resources: Resources) -> Services:
    return replace(services, notifier=ChannelNotifier(resources, services.mailer))


class Watch:
    """A tenant whose organization reports incidents to one target in Teams."""

    def __init__(self, tenant: Tenant, services: Services) -> None:
        self.tenant = tenant
        self.runner = NotificationRunner(services)

    async def report_to(self, target: str) -> str:
        body = {"name": "Incidents", "channel": "teams", "target": target, "connection": "TEAMS"}
        stored = await self.tenant.caller.post("putNotification", body)
        assert stored.status_code == 200, stored.text
        return str(stored.json()["item"]["notification_id"])

    async def fail(self) -> None:
        """Lets an execution stop by an incident whose text has a value of its payload."""
        step = note_step("note_1", f"${{int('{SECRET_TEXT}')}}")
        await self.tenant.caller.trigger(await self.tenant.caller.create(definition(step, name="Orders")), {})

    async def later(self, **span: float) -> int:
        self.tenant.clock.advance(timedelta(**span))
        return await self.runner.tick()

    async def stored(self) -> dict[str, Any]:
        (item,) = (await self.tenant.caller.get("getNotifications")).json()["items"]
        found: dict[str, Any] = item
        return found

    def messages(self) -> list[Message]:
        return self.tenant.messages()


@pytest_asyncio.fixture
async def watch(tenant: Tenant, services: Services) -> Watch:
    return Watch(tenant, services)


def assert_reports(message: Message) -> None:
    """Checks what a reader sees of an incident: the sentence, nothing of the payload, and the link to the execution."""
    title, text = texts(message.card).split("\n", 1)
    assert title.startswith("Orders has stopped: ")
    assert "It is stopped by an incident: step note_1 failed" in text
    assert SECRET_TEXT not in str(message.body)
    (action,) = message.card["actions"]
    assert action["type"] == "Action.OpenUrl"
    assert "/app/executions/" in action["url"]
    assert message.body["summary"] == title
    assert message.body["channelData"]["notification"]["alert"] is True


async def test_an_incident_arrives_in_the_chat_of_a_person_with_its_sentence_and_its_link(watch: Watch) -> None:
    anna = await watch.tenant.person()
    await watch.report_to(MANAGER)
    await watch.fail()
    assert await watch.later(seconds=30) == 1
    (message,) = watch.messages()
    assert message.conversation == watch.tenant.microsoft.world.open_chat(anna).id
    assert_reports(message)
    stored = await watch.stored()
    assert (stored["problem"], stored["sent_on"] is None) == (None, False)
    assert (await watch.later(minutes=30), len(watch.messages())) == (0, 1)


async def test_an_incident_begins_a_thread_in_a_channel(watch: Watch) -> None:
    anna = await watch.tenant.person()
    watch.tenant.microsoft.world.add_conversation(CHANNEL, "channel", anna)
    await watch.report_to(f"teams:channel/{CHANNEL}")
    await watch.fail()
    assert await watch.later(seconds=30) == 1
    (message,) = watch.messages()
    assert message.conversation.startswith(f"{CHANNEL};messageid=")
    assert_reports(message)


async def test_a_person_who_has_blocked_the_bot_is_named_as_the_reason_and_gets_it_after_unblocking(
    watch: Watch,
) -> None:
    anna = await watch.tenant.person()
    anna.is_blocked = True
    notification_id = await watch.report_to(MANAGER)
    await watch.fail()
    assert await watch.later(seconds=30) == 0
    assert (await watch.stored())["problem"] == "Teams: MessageWritesBlocked"
    asked = (await watch.tenant.caller.post("testNotification", {"notification_id": notification_id})).json()
    assert (asked["is_sent"], asked["reason"]) == (False, "Teams: MessageWritesBlocked")
    assert watch.messages() == []
    anna.is_blocked = False
    await watch.tenant.send(watch.tenant.activities.install(anna))
    assert await watch.later(seconds=30) == 1
    assert_reports(*watch.messages())
    assert (await watch.stored())["problem"] is None


async def test_a_person_whom_the_tenant_does_not_have_is_the_reason(watch: Watch) -> None:
    await watch.report_to("stranger@contoso.test")
    await watch.fail()
    assert await watch.later(seconds=30) == 0
    assert (await watch.stored())["problem"] == "Teams: PersonNotFound"


async def test_a_pause_that_teams_asks_for_delays_the_message_and_loses_none(watch: Watch) -> None:
    await watch.tenant.person()
    await watch.report_to(MANAGER)
    await watch.fail()

    def busy(request: Request) -> Reply | None:
        is_message = request.method == "POST" and request.target.endswith("/activities")
        return Reply(429, error(429, "TooManyRequests").body, {"Retry-After": "20"}) if is_message else None

    watch.tenant.microsoft.fault = busy
    assert await watch.later(seconds=30) == 0
    assert (await watch.stored())["problem"] == "Teams: TooManyRequests"
    watch.tenant.microsoft.fault = lambda _: None
    assert await watch.later(seconds=30) == 1
    assert_reports(*watch.messages())


async def test_a_message_whose_answer_was_cut_is_not_sent_again(watch: Watch) -> None:
    await watch.tenant.person()
    await watch.report_to(MANAGER)
    await watch.fail()

    def cut(request: Request) -> Reply | None:
        is_message = request.method == "POST" and request.target.endswith("/activities")
        return Reply(0, is_cut=True) if is_message else None

    watch.tenant.microsoft.fault_after = cut
    assert await watch.later(seconds=30) == 1
    assert str((await watch.stored())["problem"]).startswith("it is not known whether the last message arrived")
    watch.tenant.microsoft.fault_after = lambda _: None
    assert (await watch.later(minutes=30), len(watch.messages())) == (0, 1)
