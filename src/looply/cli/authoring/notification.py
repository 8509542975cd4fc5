"""`looply notification`: whom to tell of incidents and outages."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from cyclopts import App, Parameter

from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.questions import Yes, confirm
from looply.cli.terminal.tables import instant, record, show_items
from looply.cli.terminal.terminal import Here

APP: Final = App(name="notification", help="Whom to tell of incidents and outages: list, put, secret, test, delete.")

_COLUMNS: Final = {
    "name": "name",
    "channel": "channel",
    "target": "target",
    "workflow": "workflow_id",
    "last sent": "sent_on",
    "problem": "problem",
    "id": "notification_id",
}

Id = Annotated[str, Parameter(help="Id of the notification.")]


@APP.command(name="list")
async def list_notifications(*, server: Server = THE_SERVER, terminal: Here) -> None:
    """List whom to tell of incidents and outages, and whether the last message was sent."""
    async with server.client(terminal) as client:
        items = (await client.get("getNotifications"))["items"]
    show_items(terminal, items, _COLUMNS, noun="notifications")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class PutOptions:
    """What is reported, and through what."""

    workflow: Annotated[str | None, Parameter(help="Id of the workflow; all when left out.")] = None
    connection: Annotated[str | None, Parameter(help="Connection that sends it, where several could.")] = None
    quotes: Annotated[bool, Parameter(help="Messages have what systems and payloads said.", negative="")] = False
    replaces: Annotated[str | None, Parameter(help="Id of the notification to replace.")] = None


_NO_OPTIONS: Final = PutOptions()


@APP.command
async def put(
    name: Annotated[str, Parameter(help="Name of the notification.")],
    channel: Annotated[Literal["email", "teams", "webhook"], Parameter(help="How it is reported.")],
    to: Annotated[str, Parameter(help="Mail address, recipient in Teams, or URL.")],
    /,
    *,
    options: PutOptions = _NO_OPTIONS,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Tell a person, a chat or a system of incidents and outages."""
    body: dict[str, Any] = {"name": name, "channel": channel, "target": to, "quotes": options.quotes}
    more = {
        "workflow_id": options.workflow,
        "connection": options.connection,
        "notification_id": options.replaces,
    }
    body |= {field: value for field, value in more.items() if value is not None}
    async with server.client(terminal) as client:
        item = (await client.post("putNotification", body))["item"]
    shown = {"notification": item["notification_id"], "name": name, "channel": channel, "target": to}
    terminal.show(item, lambda: record(shown))


@APP.command
async def secret(notification: Id, /, *, yes: Yes = False, server: Server = THE_SERVER, terminal: Here) -> None:
    """Make a new secret that signs the calls of a webhook, and show it once; the former one signs too for a day."""
    confirm(terminal, f"Replace the secret of the notification {notification}", yes=yes)
    async with server.client(terminal) as client:
        answer = await client.post("putNotificationSecret", {"notification_id": notification})
    shown = {"secret": answer["secret"], "former one until": instant(answer["former_until"])}
    terminal.show(answer, lambda: record(shown))


@APP.command(name="test")
async def check(notification: Id, /, *, server: Server = THE_SERVER, terminal: Here) -> int:
    """Send a message that reports nothing, to see whether it arrives; exit status 1 when it could not be sent."""
    async with server.client(terminal) as client:
        answer = await client.post("testNotification", {"notification_id": notification})
    shown = {"sent": "yes" if answer["is_sent"] else "no", "reason": answer["reason"] or ""}
    terminal.show(answer, lambda: record(shown))
    return 0 if answer["is_sent"] else 1


@APP.command
async def delete(notification: Id, /, *, yes: Yes = False, server: Server = THE_SERVER, terminal: Here) -> None:
    """Stop telling of incidents and outages."""
    confirm(terminal, f"Delete the notification {notification}", yes=yes)
    async with server.client(terminal) as client:
        await client.post("deleteNotification", {"notification_id": notification})
    terminal.show({"notification_id": notification, "message": "success"}, lambda: record({"deleted": notification}))
