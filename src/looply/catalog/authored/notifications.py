"""Notifications: whom to tell of incidents and outages, and what was reported already.

A process takes a notification for a while before it sends; others leave it alone. What was reported is kept by cause, a
hash of workflow, step, kind and code that nothing else reads; an outage by the name of its system. The calls of a
webhook are signed, from the first one on.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, func, insert, select, update

from looply.catalog.calls.signing import NewSecret, Signing
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.notification_tables import TARGET_CHARACTERS, reported_causes
from looply.catalog.storage.notification_tables import notifications as table
from looply.catalog.tenants.names import not_found_error, validate_id, validate_name
from looply.catalog.trail.audit import Change
from looply.clock import Clock, Ids
from looply.errors import Conflict, Refused
from looply.instants import from_ms, to_ms

NotificationChannel: TypeAlias = Literal["email", "teams", "webhook"]

MOST: Final = 50
"""Most notifications of one organization."""
_PROBLEM_CHARACTERS: Final = 300


class NotificationDraft(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to tell of incidents, and how.

    `workflow_id` is empty for all workflows, `connection` for the only connection that fits. `target` is an address, a
    recipient in Teams, or a URL. `quotes`: messages have what systems and payloads said.
    """

    name: str
    channel: NotificationChannel
    target: str
    workflow_id: str = ""
    connection: str = ""
    quotes: bool = False


class Notification(NotificationDraft, frozen=True, kw_only=True):
    """A stored notification. `problem` says why the last message could not be sent, empty when it was.

    In the hour from `hour_on` it has sent `hour_count` messages; `failures` counts those that failed in a row.
    """

    notification_id: str
    organization_id: str
    problem: str
    sent_on: datetime | None
    created_on: datetime
    modified_on: datetime
    created_by: str | None
    modified_by: str | None
    hour_on: datetime
    hour_count: int
    failures: int


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """A cause that was reported at `reported_on`: all of its incidents that opened until `until`."""

    until: datetime
    reported_on: datetime


class Notifications:
    """The notifications of all organizations.

    Methods on one of them raise BadRequest for an id that is no UUID, and NotFound (code `NOTIFICATION_NOT_FOUND`);
    those that store a draft raise Refused (codes `INVALID_NAME`, `BAD_TARGET`).
    """

    def __init__(self, database: CatalogDatabase, clock: Clock, ids: Ids, signing: Signing) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._signing = signing

    async def list_all(self, organization_id: str) -> tuple[Notification, ...]:
        """Returns the notifications of an organization, by name."""
        query = (
            select(table)
            .where(table.c.organization_id == organization_id)
            .order_by(table.c.notification_name, table.c.notification_id)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return tuple(_notification(row) for row in rows)

    async def list_free(self, now: datetime) -> tuple[Notification, ...]:
        """Returns the notifications of all organizations that no process has taken, by organization."""
        query = select(table).where(table.c.busy_until_ms <= to_ms(now)).order_by(table.c.organization_id)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return tuple(_notification(row) for row in rows)

    async def get(self, organization_id: str, notification_id: str) -> Notification:
        """Returns a notification."""
        checked = validate_id(notification_id, "notification")
        return await self._database.read(lambda connection: _get(connection, organization_id, checked))

    async def create(self, organization_id: str, draft: NotificationDraft, *, actor: str | None) -> Notification:
        """Stores a notification. Raises: Conflict (code `TOO_MANY_NOTIFICATIONS`)."""
        change, values = Change(organization_id, actor, self._clock.now()), _values(draft)
        notification_id = str(self._ids.next(change.at))
        own = table.c.organization_id == organization_id

        def store(connection: Connection) -> Notification:
            if (connection.execute(select(func.count()).select_from(table).where(own)).scalar() or 0) >= MOST:
                raise Conflict(
                    f"the organization has {MOST} notifications, as many as it may; delete one first",
                    code="TOO_MANY_NOTIFICATIONS",
                )
            stamps = {"created_by": actor, "created_ms": to_ms(change.at)}
            connection.execute(
                insert(table).values(
                    notification_id=notification_id,
                    organization_id=organization_id,
                    sealed_signing=self._signing.first(organization_id, notification_id, draft.channel),
                    **values,
                    **stamps,
                    **_fresh(change),
                )
            )
            change.record(connection, "notification.put", notification_id, **_audited(draft))
            return _get(connection, organization_id, notification_id)

        return await self._database.write(store)

    async def update(
        self, organization_id: str, notification_id: str, draft: NotificationDraft, *, actor: str | None
    ) -> Notification:
        """Replaces a notification; what it has reported is forgotten when it notifies others, or of other workflows."""
        change, values = Change(organization_id, actor, self._clock.now()), _values(draft)
        checked = validate_id(notification_id, "notification")

        def store(connection: Connection) -> Notification:
            former = _get(connection, organization_id, checked)
            stored = {**values, **_fresh(change)}
            if former.channel != draft.channel:
                stored["sealed_signing"] = self._signing.first(organization_id, checked, draft.channel)
            connection.execute(update(table).where(_of(organization_id, checked)).values(**stored))
            if (former.channel, former.target, former.workflow_id) != (draft.channel, draft.target, draft.workflow_id):
                connection.execute(delete(reported_causes).where(reported_causes.c.notification_id == checked))
            change.record(connection, "notification.put", checked, **_audited(draft))
            return _get(connection, organization_id, checked)

        return await self._database.write(store)

    async def delete(self, organization_id: str, notification_id: str, *, actor: str | None) -> None:
        """Removes a notification."""
        change, checked = (
            Change(organization_id, actor, self._clock.now()),
            validate_id(notification_id, "notification"),
        )

        def store(connection: Connection) -> None:
            former = _get(connection, organization_id, checked)
            connection.execute(delete(reported_causes).where(reported_causes.c.notification_id == checked))
            connection.execute(delete(table).where(_of(organization_id, checked)))
            change.record(connection, "notification.delete", checked, name=former.name)

        await self._database.write(store)

    async def put_secret(
        self, organization_id: str, notification_id: str, secret: str | None, *, actor: str | None
    ) -> NewSecret:
        """Replaces the secret that signs the calls of a webhook, by a given one or by one that is made here.

        Calls are signed with the former one too, for a day. Raises: Refused (code `BAD_SECRET`); Conflict (code
        `NOT_SIGNED`) for another channel.
        """
        change, checked = (
            Change(organization_id, actor, self._clock.now()),
            validate_id(notification_id, "notification"),
        )

        def store(connection: Connection) -> NewSecret:
            row = _row(connection, organization_id, checked)
            if row["channel"] != "webhook":
                raise Conflict(
                    f"the notification sends by {row['channel']}; only calls of a webhook are signed", code="NOT_SIGNED"
                )
            new, sealed = self._signing.replace(organization_id, checked, row["sealed_signing"], secret, change.at)
            connection.execute(update(table).where(_of(organization_id, checked)).values(sealed_signing=sealed))
            change.record(connection, "notification.put_secret", checked, name=row["notification_name"])
            return new

        return await self._database.write(store)

    async def list_secrets(self, organization_id: str, notification_id: str) -> tuple[str, ...]:
        """Returns the secrets that a call is signed with now, the newest first; none for another channel than webhook.

        For the call itself: they must never be shown or logged. Raises: SealBroken.
        """
        row = await self._database.read(lambda connection: _row(connection, organization_id, notification_id))
        return self._signing.open(organization_id, notification_id, row["sealed_signing"], self._clock.now())

    async def take(self, notification_id: str, now: datetime, until: datetime) -> bool:
        """Takes a notification until an instant, and returns whether no other process had it."""
        free = and_(table.c.notification_id == notification_id, table.c.busy_until_ms <= to_ms(now))
        query = update(table).where(free).values(busy_until_ms=to_ms(until))
        return await self._database.write(lambda connection: connection.execute(query).rowcount == 1)

    async def list_reported(self, notification_id: str) -> Mapping[bytes, Reported]:
        """Returns what was reported, by cause."""
        query = select(reported_causes).where(reported_causes.c.notification_id == notification_id)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return {
            bytes(row["cause"]): Reported(until=from_ms(row["until_ms"]), reported_on=from_ms(row["reported_ms"]))
            for row in rows
        }

    async def record_sent(
        self,
        one: Notification,
        causes: Mapping[bytes, datetime],
        now: datetime,
        *,
        gone: Sequence[bytes] = (),
        problem: str = "",
    ) -> None:
        """Notes that the incidents of these causes were reported, up to an instant each. Durable when it returns.

        `gone` are causes that were reported to be gone: they are removed. `one` has the hour and the count that are
        stored with it.
        """

        def store(connection: Connection) -> None:
            changed = connection.execute(
                update(table)
                .where(table.c.notification_id == one.notification_id)
                .values(
                    hour_ms=to_ms(one.hour_on),
                    hour_count=one.hour_count,
                    failures=0,
                    problem=problem[:_PROBLEM_CHARACTERS],
                    sent_ms=to_ms(now),
                )
            )
            if changed.rowcount != 1:
                return  # it was deleted
            _forget(connection, one.notification_id, [*causes, *gone])
            for cause, until in causes.items():
                row = {"notification_id": one.notification_id, "cause": cause}
                connection.execute(insert(reported_causes).values(**row, until_ms=to_ms(until), reported_ms=to_ms(now)))

        await self._database.write(store)

    async def record_failed(self, notification_id: str, problem: str, until: datetime) -> None:
        """Notes why a message could not be sent, and that it is tried again at an instant."""
        values = {
            "problem": problem[:_PROBLEM_CHARACTERS],
            "failures": table.c.failures + 1,
            "busy_until_ms": to_ms(until),
        }
        query = update(table).where(table.c.notification_id == notification_id).values(**values)
        await self._database.write(lambda connection: connection.execute(query))

    async def release(self, notification_id: str, until: datetime) -> None:
        """Lets any process take a notification from an instant on."""
        query = update(table).where(table.c.notification_id == notification_id).values(busy_until_ms=to_ms(until))
        await self._database.write(lambda connection: connection.execute(query))

    async def forget(self, notification_id: str, causes: Sequence[bytes]) -> None:
        """Removes causes that are gone, so that they are reported like new ones when they return."""
        await self._database.write(lambda connection: _forget(connection, notification_id, causes))


def _forget(connection: Connection, notification_id: str, causes: Sequence[bytes]) -> None:
    columns = reported_causes.c
    connection.execute(
        delete(reported_causes).where(columns.notification_id == notification_id, columns.cause.in_(list(causes)))
    )


def _of(organization_id: str, notification_id: str) -> ColumnElement[bool]:
    return and_(table.c.organization_id == organization_id, table.c.notification_id == notification_id)


def _get(connection: Connection, organization_id: str, notification_id: str) -> Notification:
    return _notification(_row(connection, organization_id, notification_id))


def _row(connection: Connection, organization_id: str, notification_id: str) -> RowMapping:
    row = connection.execute(select(table).where(_of(organization_id, notification_id))).mappings().first()
    if row is None:
        raise not_found_error("notification", notification_id)
    return row


def _values(draft: NotificationDraft) -> dict[str, Any]:
    target = draft.target.strip()
    if not target or len(target) > TARGET_CHARACTERS or not target.isprintable():
        message = f"must have 1 to {TARGET_CHARACTERS} characters in one line"
        raise Refused.at("/target", message, code="BAD_TARGET")
    return {
        "notification_name": validate_name(draft.name, "name"),
        "workflow_id": validate_id(draft.workflow_id, "workflow") if draft.workflow_id else "",
        "channel": draft.channel,
        "target": target,
        "connection_name": draft.connection,
        "quotes": draft.quotes,
    }


def _fresh(change: Change) -> dict[str, Any]:
    """Returns what is so of a notification that was just changed: it is free, and has no problem."""
    return {
        "busy_until_ms": 0,
        "hour_ms": 0,
        "hour_count": 0,
        "failures": 0,
        "problem": "",
        "modified_by": change.actor,
        "modified_ms": to_ms(change.at),
    }


def _audited(draft: NotificationDraft) -> dict[str, Any]:
    # A URL may have a secret in it.
    target = draft.target if draft.channel != "webhook" else "***"
    return {"name": draft.name, "channel": draft.channel, "target": target, "quotes": draft.quotes}


def _notification(row: RowMapping) -> Notification:
    return Notification(
        notification_id=row["notification_id"],
        organization_id=row["organization_id"],
        name=row["notification_name"],
        workflow_id=row["workflow_id"],
        channel=row["channel"],
        target=row["target"],
        connection=row["connection_name"],
        quotes=row["quotes"],
        problem=row["problem"],
        sent_on=None if row["sent_ms"] is None else from_ms(row["sent_ms"]),
        created_on=from_ms(row["created_ms"]),
        modified_on=from_ms(row["modified_ms"]),
        created_by=row["created_by"],
        modified_by=row["modified_by"],
        hour_on=from_ms(row["hour_ms"]),
        hour_count=row["hour_count"],
        failures=row["failures"],
    )
