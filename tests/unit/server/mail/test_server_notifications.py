"""Notifications of incidents: one message for a cause, by mail, Teams and webhook, and what is reported again."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from mailing_kit import Post, text_of
from notifying_kit import Hook, Staff
from server_kit import Caller, definition, note_step
from sqlalchemy import Connection, select, update

from kit.servers.mail_server import Inbox
from kit.source_tree import PROJECT
from looply.app.administration.notification_runner import MAX_PER_HOUR, NotificationRunner, failure_of
from looply.app.context.services import Services
from looply.app.messages.mailing import Mailed
from looply.app.messages.notifying import NotificationMessage
from looply.catalog.authored.notifications import NotificationDraft
from looply.catalog.storage.notification_tables import notifications as table
from looply.engine.records.figures.overview import IncidentGroup
from looply.errors import Unavailable
from looply.instants import to_ms
from looply.testing.clock import FakeClock


async def test_a_burst_of_one_cause_is_one_mail_with_a_count_and_a_link(staff: Staff, post: Post) -> None:
    await staff.put("email", "ops@example.com")
    await staff.fail(await staff.failing(), 5)
    assert await staff.later(seconds=5) == 0, "the burst is gathered"
    assert await staff.later(seconds=20) == 1
    (mail,) = post.mails()
    text = text_of(mail)
    assert mail["to"] == "ops@example.com"
    assert mail["subject"].startswith("Orders has stopped: ")
    assert "at step note_1 (5 executions)" in mail["subject"]
    assert "/app/executions/" in text
    assert "It is stopped by an incident: step note_1 failed" in text
    assert "secret of the payload" not in text
    assert (await staff.stored())["problem"] is None
    assert await staff.later(minutes=30) == 0


async def test_a_cause_is_reported_again_after_an_hour_only_with_new_incidents(staff: Staff, post: Post) -> None:
    await staff.put("email", "ops@example.com")
    workflow_id = await staff.failing()
    await staff.fail(workflow_id)
    assert await staff.later(seconds=30) == 1
    assert await staff.later(hours=2) == 0
    await staff.fail(workflow_id)
    assert await staff.later(seconds=1) == 1
    await staff.fail(workflow_id)
    assert await staff.later(minutes=59) == 0
    assert await staff.later(minutes=2) == 1
    assert len({mail["message-id"] for mail in post.mails()}) == 3


async def test_messages_quote_what_was_said_where_that_is_asked_for(staff: Staff, post: Post) -> None:
    await staff.put("email", "ops@example.com", quotes=True)
    await staff.fail(await staff.failing())
    await staff.later(seconds=30)
    assert "***" not in text_of(post.mails()[0])


@pytest.mark.parametrize(
    ("step", "said"), [("call_1", "Step call_1 failed with REJECTED."), ("", "It failed with REJECTED.")]
)
def test_a_cause_is_a_sentence_with_and_without_a_step(step: str, said: str) -> None:
    now = datetime(2026, 7, 1, tzinfo=UTC)
    group = IncidentGroup(
        workflow_id="w",
        step=step,
        kind="FAILED",
        code="REJECTED",
        executions=1,
        incidents=1,
        first_on=now,
        last_on=now,
        execution_id="e",
    )
    assert failure_of(group) == said


async def test_a_notification_is_of_its_workflow_and_its_organization(staff: Staff, hook: Hook, theirs: Caller) -> None:
    one, other = await staff.failing("One"), await staff.failing("Other")
    await staff.put("webhook", "https://hooks.example.com/x", workflow_id=one)
    await staff.fail(one)
    await staff.fail(other)
    await theirs.trigger(await theirs.create(definition(note_step("note_1", "${int('x')}"))), {})
    assert await staff.later(seconds=30) == 1
    (body,) = hook.bodies
    (cause,) = body["causes"]
    assert (cause["workflow_id"], cause["workflow_name"], cause["executions"]) == (one, "One", 1)
    assert body["link"].endswith(f"/app/executions/{cause['workflow_execution_id']}")
    assert str(hook.requests[0].url) == "https://hooks.example.com/x"


async def test_many_causes_are_one_message_that_lists_them(staff: Staff, hook: Hook) -> None:
    await staff.put("webhook", "https://hooks.example.com/x")
    for number in range(5):
        await staff.fail(await staff.failing(f"Workflow {number}"))
    assert await staff.later(seconds=30) == 1
    (body,) = hook.bodies
    assert body["title"] == "5 executions have stopped for 5 different reasons"
    assert len(body["causes"]) == 5
    assert body["link"].endswith("/app/operations/incidents")
    assert await staff.later(minutes=1) == 0


async def test_up_to_three_causes_are_a_message_each_and_four_are_one(staff: Staff, hook: Hook) -> None:
    await staff.put("webhook", "https://hooks.example.com/x")
    for number in range(3):
        await staff.fail(await staff.failing(f"First {number}"))
    assert await staff.later(seconds=30) == 3
    for number in range(4):
        await staff.fail(await staff.failing(f"Second {number}"))
    assert await staff.later(seconds=30) == 1
    assert [len(body["causes"]) for body in hook.bodies] == [1, 1, 1, 4]


async def test_the_last_message_of_an_hour_lists_all_causes_that_are_left(staff: Staff, hook: Hook) -> None:
    await staff.put("webhook", "https://hooks.example.com/x")
    for number in range(MAX_PER_HOUR - 1):
        await staff.fail(await staff.failing(f"Workflow {number}"))
        await staff.later(seconds=25)
    for number in range(2):
        await staff.fail(await staff.failing(f"Last {number}"))
    assert await staff.later(seconds=25) == 1
    assert (len(hook.requests), len(hook.bodies[-1]["causes"])) == (MAX_PER_HOUR, 2)


async def test_a_message_that_fails_is_sent_again_with_its_key_and_the_reason_is_shown(
    staff: Staff, hook: Hook
) -> None:
    await staff.put("webhook", "https://hooks.example.com/x")
    await staff.fail(await staff.failing())
    hook.status = 500
    assert await staff.later(seconds=30) == 0
    assert (await staff.stored())["problem"] == "the webhook answered 500"
    assert await staff.later(seconds=29) == 0
    assert len(hook.requests) == 1
    hook.status = 200
    assert await staff.later(seconds=1) == 1
    assert hook.bodies[0]["id"] == hook.bodies[1]["id"]
    stored = await staff.stored()
    assert (stored["problem"], stored["sent_on"] is None) == (None, False)


async def test_a_notification_sends_so_many_messages_in_an_hour(staff: Staff, hook: Hook) -> None:
    await staff.put("webhook", "https://hooks.example.com/x")
    for number in range(MAX_PER_HOUR + 1):
        await staff.fail(await staff.failing(f"Workflow {number}"))
        await staff.later(seconds=25)
    assert len(hook.requests) == MAX_PER_HOUR
    assert await staff.later(hours=1) == 1


async def test_two_processes_send_one_message(staff: Staff, services: Services, hook: Hook) -> None:
    await staff.put("webhook", "https://hooks.example.com/x")
    await staff.fail(await staff.failing())
    staff.clock.advance(timedelta(seconds=30))
    stored = await services.catalog.notifications.list_free(staff.clock.now())
    now = staff.clock.now()
    assert await services.catalog.notifications.take(stored[0].notification_id, now, now + timedelta(minutes=1))
    assert await staff.runner.tick() == 0
    assert await staff.later(minutes=1) == 1


async def test_processes_that_look_at_the_same_time_send_one_message(
    staff: Staff, services: Services, hook: Hook
) -> None:
    await staff.put("webhook", "https://hooks.example.com/x")
    await staff.fail(await staff.failing())
    staff.clock.advance(timedelta(seconds=30))
    others = [NotificationRunner(services) for _ in range(3)]
    counts = await asyncio.gather(*(each.tick() for each in (staff.runner, *others)))
    assert (sum(counts), len(hook.requests)) == (1, 1)


async def test_a_cause_that_was_repaired_is_reported_again_when_it_returns(
    staff: Staff, hook: Hook, mine: Caller
) -> None:
    await staff.put("webhook", "https://hooks.example.com/x")
    workflow_id = await staff.failing()
    await staff.fail(workflow_id)
    await staff.later(seconds=30)
    execution_id = hook.bodies[0]["causes"][0]["workflow_execution_id"]
    ended = await mine.post(f"terminateWorkflow/{execution_id}", {"payload": {"termination_reason": "x"}})
    assert ended.status_code == 200, ended.text
    assert await staff.later(hours=1) == 0
    await staff.fail(workflow_id)
    assert await staff.later(seconds=30) == 1


@pytest.mark.parametrize(
    ("channel", "target"),
    [("email", "no address"), ("webhook", "ftp://example.com"), ("webhook", "x"), ("email", ""), ("teams", "a\nb")],
)
async def test_a_target_that_cannot_be_reached_is_refused(mine: Caller, channel: str, target: str) -> None:
    refused = await mine.post("putNotification", {"name": "x", "channel": channel, "target": target})
    assert (refused.status_code, refused.json()["code"]) == (422, "BAD_TARGET")


async def test_a_test_message_says_why_it_was_not_sent(staff: Staff, post: Post, inbox: Inbox) -> None:
    notification_id = await staff.put("email", "ops@example.com")
    tested = (await staff.caller.post("testNotification", {"notification_id": notification_id})).json()
    assert (tested["is_sent"], len(post.mails())) == (True, 1)
    inbox.answers["ops@example.com"] = "550 no such user"
    tested = (await staff.caller.post("testNotification", {"notification_id": notification_id})).json()
    assert (tested["is_sent"], tested["reason"]) == (False, "MAIL_REFUSED 550")


async def test_a_notification_is_changed_and_deleted_and_unknown_to_others(
    staff: Staff, hook: Hook, mine: Caller, theirs: Caller
) -> None:
    notification_id = await staff.put("webhook", "https://hooks.example.com/x")
    changed = {"name": "Other", "channel": "webhook", "target": "https://hooks.example.com/y"}
    body = {**changed, "notification_id": notification_id}
    assert (await theirs.post("putNotification", body)).status_code == 404
    assert (await mine.post("putNotification", body)).json()["item"]["target"] == "https://hooks.example.com/y"
    assert (await theirs.post("deleteNotification", {"notification_id": notification_id})).status_code == 404
    assert (await mine.post("deleteNotification", {"notification_id": notification_id})).status_code == 200
    await staff.fail(await staff.failing())
    assert await staff.later(seconds=30) == 0
    assert hook.requests == []


async def test_a_process_that_sends_nothing_says_so(mine: Caller, services: Services) -> None:
    message = NotificationMessage(key="k", title="t", text="x", link="", facts={})
    draft = NotificationDraft(name="x", channel="teams", target="ann@example.com")
    stored = await services.catalog.notifications.create(mine.organization_id, draft, actor=None)
    sent = await services.notifier.send(mine.organization_id, stored, message)
    assert sent == Mailed(state="FAILED", reason=sent.reason)
    assert "no connection of kind teams" in sent.reason


def receiver_of_the_docs(clock: FakeClock) -> Callable[[str, Mapping[str, str], bytes], bool]:
    """Returns the check that the how-to shows to receivers, with the time of the tests."""
    page = (PROJECT / "docs/how-to/notifications.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    shown: dict[str, Any] = {}
    exec(code, shown)
    shown["time"] = SimpleNamespace(time=lambda: clock.now().timestamp())
    check: Callable[[str, Mapping[str, str], bytes], bool] = shown["is_genuine"]
    return check


async def test_the_receiver_of_the_docs_takes_a_call_and_refuses_one_that_was_changed_or_recorded(
    staff: Staff, hook: Hook, clock: FakeClock
) -> None:
    notification_id = await staff.put("webhook", "https://hooks.example.com/x")
    made = (await staff.caller.post("putNotificationSecret", {"notification_id": notification_id})).json()
    await staff.caller.post("testNotification", {"notification_id": notification_id})
    (call,) = hook.requests
    is_genuine, content, headers = receiver_of_the_docs(clock), bytes(call.content or b""), dict(call.headers)
    assert json.loads(content)["id"] == headers["webhook-id"]
    assert is_genuine(made["secret"], headers, content)
    assert not is_genuine(made["secret"], headers, content.replace(b"test", b"tent"))
    assert not is_genuine(made["secret"], {**headers, "webhook-id": "another"}, content)
    assert not is_genuine("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", headers, content)
    clock.advance(timedelta(minutes=5))
    assert is_genuine(made["secret"], headers, content)
    clock.advance(timedelta(seconds=1))
    assert not is_genuine(made["secret"], headers, content)


async def test_a_secret_is_shown_once_and_the_former_one_signs_for_a_day(
    staff: Staff, hook: Hook, clock: FakeClock
) -> None:
    notification_id = await staff.put("webhook", "https://hooks.example.com/x")
    body = {"notification_id": notification_id}
    first, second = [(await staff.caller.post("putNotificationSecret", body)).json() for _ in range(2)]
    assert second["former_until"] == to_ms(clock.now() + timedelta(days=1))
    listed = (await staff.caller.get("getNotifications")).text
    assert not any(each["secret"] in listed for each in (first, second))
    is_genuine, found = receiver_of_the_docs(clock), []
    for _ in range(2):
        await staff.caller.post("testNotification", body)
        call = hook.requests[-1]
        checked = (dict(call.headers), bytes(call.content or b""))
        found.append([is_genuine(each["secret"], *checked) for each in (first, second)])
        clock.advance(timedelta(days=1))
    assert found == [[True, True], [False, True]]


async def test_a_secret_of_another_form_and_of_another_channel_is_refused(staff: Staff, theirs: Caller) -> None:
    hook, mail = await staff.put("webhook", "https://hooks.example.com/x"), await staff.put("email", "ops@example.com")
    refused = await staff.caller.post("putNotificationSecret", {"notification_id": hook, "secret": "easy"})
    assert (refused.status_code, refused.json()["code"]) == (422, "BAD_SECRET")
    refused = await staff.caller.post("putNotificationSecret", {"notification_id": mail})
    assert (refused.status_code, refused.json()["code"]) == (409, "NOT_SIGNED")
    foreign = await theirs.post("putNotificationSecret", {"notification_id": hook})
    assert (foreign.status_code, foreign.json()["code"]) == (404, "NOTIFICATION_NOT_FOUND")


async def test_pauses_grow_up_to_a_quarter_of_an_hour_while_a_message_fails(staff: Staff, hook: Hook) -> None:
    await staff.put("webhook", "https://hooks.example.com/x")
    await staff.fail(await staff.failing())
    hook.status = 500
    await staff.later(seconds=30)
    for number, seconds in enumerate((30, 60, 120, 240, 480, 900, 900), 1):
        await staff.later(seconds=seconds - 1)
        assert len(hook.requests) == number
        await staff.later(seconds=1)
        assert len(hook.requests) == number + 1
    hook.status = 200
    assert await staff.later(minutes=15) == 1
    hook.status = 500
    await staff.fail(await staff.failing("Other"))
    await staff.later(seconds=30)
    hook.status = 200
    assert await staff.later(seconds=30) == 1, "the first pause is short again"


async def test_a_message_that_may_have_arrived_is_not_sent_again(staff: Staff, hook: Hook) -> None:
    await staff.put("webhook", "https://hooks.example.com/x")
    await staff.fail(await staff.failing())
    hook.error = Unavailable("the connection broke", sent=True)
    assert await staff.later(seconds=30) == 1
    problem = "it is not known whether the last message arrived: the connection broke"
    assert (await staff.stored())["problem"] == problem
    hook.error = None
    assert (await staff.later(minutes=30), len(hook.requests)) == (0, 1)


async def test_a_secret_of_another_row_signs_nothing_until_it_is_replaced(
    staff: Staff, hook: Hook, services: Services
) -> None:
    one, other = [await staff.put("webhook", f"https://hooks.example.com/{name}") for name in "ab"]

    def copy(connection: Connection) -> None:
        sealed = connection.execute(select(table.c.sealed_signing).where(table.c.notification_id == other)).scalar_one()
        connection.execute(update(table).where(table.c.notification_id == one).values(sealed_signing=sealed))

    await services.catalog.database.write(copy)
    tested = (await staff.caller.post("testNotification", {"notification_id": one})).json()
    assert (tested["is_sent"], hook.requests) == (False, [])
    assert "does not open" in tested["reason"]
    replaced = (await staff.caller.post("putNotificationSecret", {"notification_id": one})).json()
    assert replaced["former_until"] is None
    assert (await staff.caller.post("testNotification", {"notification_id": one})).json()["is_sent"] is True
