"""Notifications of an organization: whom to tell of incidents and outages."""

from looply.app.context.services import Services
from looply.app.messages.notifying import NotificationMessage
from looply.catalog.authored.notifications import Notification, NotificationDraft
from looply.catalog.calls.signing import NewSecret
from looply.catalog.tenants.principal import Principal
from looply.connectors.outbound.urls import parse_url
from looply.definition.settings.mail import read_address
from looply.errors import BadInput, Refused
from looply.instants import to_ms


async def list_all(services: Services, principal: Principal) -> tuple[Notification, ...]:
    """Returns the notifications of the organization, by name."""
    return await services.catalog.notifications.list_all(principal.organization_id)


async def put(
    services: Services, principal: Principal, draft: NotificationDraft, notification_id: str | None
) -> Notification:
    """Stores a notification, or replaces the one with an id.

    Raises: BadRequest; NotFound for an unknown notification or workflow; Conflict (code `TOO_MANY_NOTIFICATIONS`);
    Refused (codes `INVALID_NAME`, `BAD_TARGET`).
    """
    _check_target(draft)
    if draft.workflow_id:
        await services.catalog.workflows.latest_version(principal.organization_id, draft.workflow_id)
    stored, organization_id = services.catalog.notifications, principal.organization_id
    if notification_id is None:
        return await stored.create(organization_id, draft, actor=principal.actor)
    return await stored.update(organization_id, notification_id, draft, actor=principal.actor)


async def delete(services: Services, principal: Principal, notification_id: str) -> None:
    """Removes a notification. Raises: BadRequest, NotFound."""
    await services.catalog.notifications.delete(principal.organization_id, notification_id, actor=principal.actor)


async def put_secret(services: Services, principal: Principal, notification_id: str, secret: str | None) -> NewSecret:
    """Replaces the secret that signs the calls of a webhook; only the result has it.

    Raises: BadRequest; NotFound; Conflict (code `NOT_SIGNED`); Refused (code `BAD_SECRET`).
    """
    stored = services.catalog.notifications
    return await stored.put_secret(principal.organization_id, notification_id, secret, actor=principal.actor)


async def send_test(services: Services, principal: Principal, notification_id: str) -> str:
    """Sends a message that reports nothing, and returns why it could not be sent, empty when it was.

    Raises: BadRequest, NotFound.
    """
    stored = await services.catalog.notifications.get(principal.organization_id, notification_id)
    message = NotificationMessage(
        key=f"test {notification_id} {to_ms(services.clock.now())}",
        title="A test of the notifications of Looply",
        text="Incidents and systems that are down are reported here from now on.",
        link=services.links.incidents(),
        facts={"type": "test", "causes": []},
    )
    sent = await services.notifier.send(principal.organization_id, stored, message)
    return "" if sent.state == "SENT" else sent.reason or "nothing sends it"


def _check_target(draft: NotificationDraft) -> None:
    """Raises: Refused (code `BAD_TARGET`) for a target that the channel cannot reach."""
    if draft.channel == "email" and read_address(draft.target.strip()) is None:
        raise Refused.at("/target", "is no mail address", code="BAD_TARGET")
    if draft.channel == "webhook":
        try:
            scheme = parse_url(draft.target.strip()).scheme
        except BadInput as error:
            raise Refused.at("/target", error.message, code="BAD_TARGET") from error
        if scheme not in ("https", "http"):
            raise Refused.at("/target", "is no address that begins with https:", code="BAD_TARGET")
