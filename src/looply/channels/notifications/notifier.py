"""The notifier: reports incidents by mail, in Teams, or by a signed call of a webhook."""

from datetime import timedelta
from typing import Final, assert_never

from looply.app.messages.mailing import Mailed, Mailer, Message
from looply.app.messages.notifying import NotificationMessage
from looply.catalog.authored.notifications import Notification
from looply.channels.notifications.signing import signature_headers
from looply.channels.teams.bots import KIND, Resources, open_bot, open_delivery
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import HttpRequest
from looply.connectors.teams.calls.answers import Undelivered
from looply.connectors.teams.calls.delivery import Look
from looply.connectors.teams.calls.messages import Handle, card_message
from looply.connectors.teams.calls.people import read_recipient
from looply.connectors.teams.cards.outgoing import VERSION
from looply.errors import BadInput, OperationError
from looply.jsontext import Json, encode_json
from looply.sealing import SealBroken

_DELIVERY_TIME: Final = timedelta(seconds=20)
_TAKEN: Final = range(200, 300)
"""The statuses by which a webhook says that it took the call."""


class ChannelNotifier:
    """See `looply.app.messages.notifying.Notifier`."""

    def __init__(self, resources: Resources, mailer: Mailer) -> None:
        self._resources = resources
        self._mailer = mailer

    async def send(self, organization_id: str, target: Notification, message: NotificationMessage) -> Mailed:
        """See `Notifier.send`."""
        try:
            match target.channel:
                case "email":
                    values = {"title": message.title, "text": message.text}
                    mail = Message(
                        kind="problem", recipient=target.target, key=message.key, link=message.link, values=values
                    )
                    return await self._mailer.send_for(organization_id, target.connection, mail)
                case "teams":
                    return await self._send_to_teams(organization_id, target, message)
                case "webhook":
                    return await self._call(organization_id, target, message)
                case _:
                    assert_never(target.channel)
        except OperationError as error:
            return Mailed(state="UNKNOWN" if error.sent else "FAILED", reason=error.message)
        except SealBroken as error:
            return Mailed(state="FAILED", reason=error.message)

    async def _send_to_teams(self, organization_id: str, target: Notification, message: NotificationMessage) -> Mailed:
        resources = self._resources
        values = await resources.connections.find_for_channel(organization_id, target.connection, (KIND,))
        bot = open_bot(resources, organization_id, values, _DELIVERY_TIME)
        shown = card_message(_card(message), message.title, alerts=True)
        delivery = open_delivery(resources, bot)
        try:
            await delivery.bring(read_recipient(target.target), Handle(), Look(message=shown, small=shown))
        except Undelivered as error:
            is_unknown = error.failure.meaning == "unknown"
            return Mailed(state="UNKNOWN" if is_unknown else "FAILED", reason=f"Teams: {error.failure.code}")
        return Mailed(state="SENT")

    async def _call(self, organization_id: str, target: Notification, message: NotificationMessage) -> Mailed:
        parsed = parse_url(target.target)
        if parsed.scheme not in ("https", "http"):
            raise BadInput("the target is no address that begins with https:")
        body: dict[str, Json] = {
            "id": message.key,
            "title": message.title,
            "text": message.text,
            "link": message.link,
            **message.facts,
        }
        secrets = await self._resources.catalog.notifications.list_secrets(organization_id, target.notification_id)
        content = encode_json(body)
        signed = signature_headers(secrets, message.key, self._resources.clock.now(), content)
        headers = {"content-type": "application/json", **signed}
        sender = self._resources.sender(_DELIVERY_TIME, organization_id)
        answer = await sender.send(HttpRequest(method="POST", url=parsed, headers=headers, content=content))
        if answer.status in _TAKEN:
            return Mailed(state="SENT")
        return Mailed(state="FAILED", reason=f"the webhook answered {answer.status}")


def _card(message: NotificationMessage) -> dict[str, Json]:
    """Returns what Teams shows of a message. Text runs have no Markdown, so that no value becomes a link."""
    actions: list[Json] = [{"type": "Action.OpenUrl", "title": "Open it in Looply", "url": message.link}]
    return {
        "type": "AdaptiveCard",
        "version": VERSION,
        "body": [
            {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": message.title, "weight": "Bolder"}]},
            {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": message.text}]},
        ],
        "actions": actions if message.link else [],
    }
