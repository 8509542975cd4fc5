"""Calls on notifications: whom to tell of incidents and outages."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.administration import notifications
from looply.catalog.authored.notifications import MOST, Notification, NotificationChannel, NotificationDraft
from looply.instants import ms_or_none, to_ms
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Response, manage_route, read_route
from looply.server.http.wire import SUCCESS, Message

TAG: Final = "Notifications"


class NotificationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A notification. `problem` says why the last message could not be sent, null when it was, at `sent_on`.

    `workflow_id` is null for all workflows, `connection` for the only connection that fits. `target` is a mail address,
    a recipient in Teams, or a URL.
    """

    notification_id: str
    name: str
    channel: NotificationChannel
    target: str
    workflow_id: str | None
    connection: str | None
    quotes: bool
    problem: str | None
    sent_on: int | None
    created_by: str | None
    created_by_name: str | UnsetType = UNSET
    modified_by: str | None
    modified_by_name: str | UnsetType = UNSET
    created_on: int
    modified_on: int


class NotificationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The notification as it is stored."""

    message: str
    item: NotificationRecord


class NotificationList(msgspec.Struct, frozen=True, kw_only=True):
    """The notifications, by name."""

    message: str
    count: int
    items: list[NotificationRecord]


class NotificationTestAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a message was sent; `reason` says why not."""

    message: str
    is_sent: bool
    reason: str | None


class PutNotificationBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A notification. With `notification_id` it replaces that one.

    `quotes`: messages have what systems and payloads said; without it they have `***` there.
    """

    name: str
    channel: NotificationChannel
    target: str
    workflow_id: str | None = None
    connection: str | None = None
    quotes: bool = False
    notification_id: str | None = None


class NotificationBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The notification."""

    notification_id: str


class NotificationSecretBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The notification, and its new secret: `whsec_` with the base64 of 24 to 64 bytes; one is made without it."""

    notification_id: str
    secret: str | None = None


class NotificationSecretAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The secret that signs the calls of the webhook from now on; until `former_until` the former one signs too."""

    message: str
    secret: str
    former_until: int | None


async def get_notifications(call: Call) -> Response:
    """Lists the notifications."""
    found = await notifications.list_all(call.services, call.principal)
    items = await name_actors(call, [_record(each) for each in found])
    return Response(NotificationList(message=SUCCESS, count=len(items), items=items))


async def put_notification(call: Call) -> Response:
    """Stores a notification."""
    body: PutNotificationBody = call.body
    draft = NotificationDraft(
        name=body.name,
        channel=body.channel,
        target=body.target,
        workflow_id=body.workflow_id or "",
        connection=body.connection or "",
        quotes=body.quotes,
    )
    stored = await notifications.put(call.services, call.principal, draft, body.notification_id)
    (item,) = await name_actors(call, [_record(stored)])
    return Response(NotificationAnswer(message=SUCCESS, item=item))


async def delete_notification(call: Call) -> Response:
    """Deletes a notification."""
    await notifications.delete(call.services, call.principal, call.body.notification_id)
    return Response(Message())


async def put_notification_secret(call: Call) -> Response:
    """Replaces the secret of a webhook."""
    body: NotificationSecretBody = call.body
    new = await notifications.put_secret(call.services, call.principal, body.notification_id, body.secret)
    until = ms_or_none(new.former_until)
    return Response(NotificationSecretAnswer(message=SUCCESS, secret=new.secret, former_until=until))


async def send_test_notification(call: Call) -> Response:
    """Sends a message that reports nothing."""
    reason = await notifications.send_test(call.services, call.principal, call.body.notification_id)
    return Response(NotificationTestAnswer(message=SUCCESS, is_sent=not reason, reason=reason or None))


def _record(stored: Notification) -> NotificationRecord:
    return NotificationRecord(
        notification_id=stored.notification_id,
        name=stored.name,
        channel=stored.channel,
        target=stored.target,
        workflow_id=stored.workflow_id or None,
        connection=stored.connection or None,
        quotes=stored.quotes,
        problem=stored.problem or None,
        sent_on=ms_or_none(stored.sent_on),
        created_by=stored.created_by,
        modified_by=stored.modified_by,
        created_on=to_ms(stored.created_on),
        modified_on=to_ms(stored.modified_on),
    )


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getNotifications",
        access="edit.connections",
        handle=get_notifications,
        summary="List whom to tell of incidents and outages",
        tag=TAG,
        answer=NotificationList,
    ),
    manage_route(
        path="/v2/workflows/putNotification",
        access="edit.connections",
        handle=put_notification,
        summary="Store whom to tell of incidents and outages",
        description=(
            "Incidents are reported by their cause (workflow, step, kind and code): a burst is one message with a "
            "count, and a cause is reported again after an hour, if it has new incidents. A system that is down is "
            "reported once, and once when it is called as usual again; for one workflow, if its executions wait. An "
            f"organization has at most {MOST} notifications."
        ),
        tag=TAG,
        body=PutNotificationBody,
        answer=NotificationAnswer,
        refusals=(404, 409, 422),
    ),
    manage_route(
        path="/v2/workflows/deleteNotification",
        access="edit.connections",
        handle=delete_notification,
        summary="Stop telling of incidents and outages",
        tag=TAG,
        body=NotificationBody,
        answer=Message,
        refusals=(404,),
    ),
    manage_route(
        path="/v2/workflows/putNotificationSecret",
        access="edit.connections",
        handle=put_notification_secret,
        summary="Replace the secret that signs the calls of a webhook",
        description=(
            "Only this answer holds the secret. Calls are signed as Standard Webhooks describes it, with the former "
            "secret too for a day, so that the receiver can change in between."
        ),
        tag=TAG,
        body=NotificationSecretBody,
        answer=NotificationSecretAnswer,
        refusals=(404, 409, 422),
    ),
    manage_route(
        path="/v2/workflows/testNotification",
        access="edit.connections",
        handle=send_test_notification,
        summary="Send a message that reports nothing, to see whether it arrives",
        tag=TAG,
        body=NotificationBody,
        answer=NotificationTestAnswer,
        refusals=(404,),
    ),
)
