"""Reports incidents by their cause, and systems that are down: what is open, compared with what was reported.

Theory of operation. Nothing is written when an incident opens. A round reads the open incidents of each organization
with notifications, grouped by workflow, step, kind and code. A new cause waits a little, so that a burst is one
message; one that was reported is reported again after an hour, if incidents were added. A notification is taken by one
process before it sends, and what it reported is stored after each message: a process that ends between the two sends
the message once more, with the same key. What is reported of systems says `outage_reports.py`. A system that goes down
and up again and again makes messages without end, so systems have a part of the messages of an hour only; each message
about them leaves a mark among what was reported, by which these are counted.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, NamedTuple, TypeAlias, TypeVar

import msgspec
import structlog
from msgspec.structs import replace

from looply.app.administration.outage_reports import SystemNews, is_outage, message_of, news_of
from looply.app.context.services import Services
from looply.app.messages.notifying import NotificationMessage
from looply.app.monitoring.sentences import sentence
from looply.catalog.authored.notifications import Notification, Reported
from looply.engine.records.figures.overview import IncidentGroup
from looply.engine.records.targets import TargetReport
from looply.engine.upkeep.loop import Loop
from looply.errors import LooplyError
from looply.execution.document.masking import MASK
from looply.execution.views.holds import holds_of
from looply.instants import to_ms
from looply.jsontext import Json
from looply.rates import growing_pause

_log = structlog.get_logger(__name__)

_Due = TypeVar("_Due")

_LOOK_SECONDS: Final = 15.0
"""Between two rounds: less than `GATHERING`, and each reads one aggregate for each organization with notifications."""
GATHERING: Final = timedelta(seconds=20)
"""A new cause is reported after this time, with all of its incidents until then; an outage, if it lasts so long."""
QUIET: Final = timedelta(hours=1)
"""A cause that was reported is reported again after this time, if it has new incidents."""
MAX_PER_HOUR: Final = 12
"""Messages that one notification sends in an hour."""
MAX_OF_SYSTEMS: Final = 6
"""Of these, the messages about systems in any hour: the others are left for incidents."""
MAX_SINGLE: Final = 3
"""More causes at the same time are one message that lists them."""
_HOUR: Final = timedelta(hours=1)
_SENT: Final = b"a message about systems "
"""Begins the mark of a message about systems among what was reported. It is forgotten like a cause that is gone."""
_TAKEN: Final = timedelta(minutes=2)
"""How long a process may send before another one takes the notification: longer than a few calls with their limits."""
_FIRST_PAUSE: Final = timedelta(seconds=30)
"""The pause after the first failure; it doubles with each one that follows."""
_MAX_PAUSE: Final = timedelta(minutes=15)
"""A channel that works again is tried within this time."""
_MAX_GROUPS: Final = 200
"""Causes that one round reads of an organization, those of most executions first."""
_MAX_LISTED: Final = 20
"""Causes that one message lists; the others are a number."""


_Waiting: TypeAlias = dict[tuple[str, str], Sequence[TargetReport]]
"""What one round has read of systems, by organization and workflow."""


class _Cause(msgspec.Struct, frozen=True, kw_only=True):
    """A cause that is due, with its hash and the name of its workflow."""

    key: bytes
    group: IncidentGroup


class _Letter(NamedTuple):
    """A message with what is stored when it was sent: the causes that it reports, and those that it says are gone."""

    message: NotificationMessage
    causes: Mapping[bytes, datetime]
    gone: Sequence[bytes] = ()


class NotificationRunner(Loop):
    """Reports incidents and outages. `tick` is one round; the loop runs it several times a minute."""

    failed_event = "notifications_failed"

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services

    async def round(self) -> float:
        """Reports what is due, and returns the seconds until the next round."""
        await self.tick()
        return _LOOK_SECONDS

    async def tick(self) -> int:
        """Reports what is due; returns how many messages were sent."""
        now = self._services.clock.now()
        free = await self._services.catalog.notifications.list_free(now)
        count = 0
        waiting: _Waiting = {}
        for organization_id, of_organization in groupby(free, key=lambda notification: notification.organization_id):
            groups = await self._services.engine.overview.incident_groups(organization_id, (), (), _MAX_GROUPS)
            for notification in of_organization:
                own = [group for group in groups if notification.workflow_id in ("", group.workflow_id)]
                count += await self._report(notification, own, waiting)
        return count

    async def _report(self, notification: Notification, groups: Sequence[IncidentGroup], waiting: _Waiting) -> int:
        notifications, now = self._services.catalog.notifications, self._services.clock.now()
        notification_id = notification.notification_id
        causes = {cause_of(group): group for group in groups}
        reported = await notifications.list_reported(notification_id)
        old = [key for key, former in reported.items() if not is_outage(key) and former.reported_on + QUIET <= now]
        if gone := [key for key in old if key not in causes]:
            await notifications.forget(notification_id, gone)
        is_due = _due_of(causes, reported, now) or await self._news(notification, reported, waiting)
        if not is_due or not await notifications.take(notification_id, now, now + _TAKEN):
            return 0
        # Another process may have sent it since it was read.
        notification = await notifications.get(notification.organization_id, notification_id)
        reported = await notifications.list_reported(notification_id)
        due, news = _due_of(causes, reported, now), await self._news(notification, reported, {})
        if not due and not news:
            await notifications.release(notification_id, now)
            return 0
        return await self._send_all(notification, due, news, _left_of_systems(reported, now))

    async def _news(
        self, notification: Notification, reported: Mapping[bytes, Reported], waiting: _Waiting
    ) -> list[SystemNews]:
        """Returns what is due of systems: none of it while their part of the messages of an hour is used up.

        What waits for them is counted once for all that share `waiting`.
        """
        now, key = self._services.clock.now(), (notification.organization_id, notification.workflow_id)
        if _left_of_systems(reported, now) == 0:
            return []
        if key not in waiting:
            waiting[key] = await self._services.engine.targets.list(*key)
        return news_of(notification, waiting[key], reported, now, GATHERING)

    async def _send_all(
        self, notification: Notification, due: Sequence[_Cause], news: Sequence[SystemNews], most_of_systems: int
    ) -> int:
        notifications, now, count = self._services.catalog.notifications, self._services.clock.now(), 0
        notification_id, organization_id = notification.notification_id, notification.organization_id
        if notification.hour_on + _HOUR <= now:
            notification = replace(notification, hour_on=now, hour_count=0)
        left = MAX_PER_HOUR - notification.hour_count
        if left <= 0:
            await notifications.release(notification_id, notification.hour_on + _HOUR)
            return 0
        # Incidents that are due have one message at least, which lists them all.
        of_systems = _parts(news, min(most_of_systems, left - 1 if due else left))
        for letter in await self._letters(notification, of_systems, _parts(due, left - len(of_systems))):
            sending = await self._services.notifier.send(organization_id, notification, letter.message)
            if sending.state in ("OFF", "FAILED"):
                pause = growing_pause(_FIRST_PAUSE, _MAX_PAUSE, notification.failures)
                await notifications.record_failed(notification_id, sending.reason, now + pause)
                _log.warning("notification_not_sent", notification_id=notification_id, reason=sending.reason)
                return count
            count, notification = count + 1, replace(notification, hour_count=notification.hour_count + 1, failures=0)
            problem = f"it is not known whether the last message arrived: {sending.reason}" if sending.reason else ""
            await notifications.record_sent(notification, letter.causes, now, gone=letter.gone, problem=problem)
        await notifications.release(notification_id, now)
        return count

    async def _letters(
        self, notification: Notification, news: Iterable[Sequence[SystemNews]], due: Iterable[Sequence[_Cause]]
    ) -> list[_Letter]:
        """Returns a message for each part, those about systems first."""
        names = dict(await self._services.catalog.workflows.names(notification.organization_id))
        links, own = self._services.links, notification.workflow_id
        name = names.get(own, "a deleted workflow") if own else ""
        letters = []
        for part in news:
            message = message_of(notification, part, links, name)
            down = {each.key: each.since for each in part if each.state == "DOWN"}
            causes = {**down, _sent_key(message): self._services.clock.now()}
            letters.append(_Letter(message, causes, [each.key for each in part if each.state == "UP"]))
        for one in due:
            message = await self._message_of(notification, one, names)
            letters.append(_Letter(message, {cause.key: cause.group.last_on for cause in one}))
        return letters

    async def _message_of(
        self, notification: Notification, part: Sequence[_Cause], workflows: Mapping[str, str]
    ) -> NotificationMessage:
        names = {
            cause.group.workflow_id: workflows.get(cause.group.workflow_id, "a deleted workflow") for cause in part
        }
        key = hashlib.sha256(b"".join(cause.key + to_ms(cause.group.last_on).to_bytes(8, "big") for cause in part))
        links, facts = self._services.links, [_facts(cause.group, names[cause.group.workflow_id]) for cause in part]
        common = {"key": f"{notification.notification_id} {key.hexdigest()}"}
        if len(part) == 1:
            group = part[0].group
            return NotificationMessage(
                **common,
                title=_title(group, names[group.workflow_id]),
                text=await self._why(group, quotes=notification.quotes),
                link=links.execution(group.execution_id),
                facts={"type": "incidents", "causes": [*facts]},
            )
        lines = [f"{_title(cause.group, names[cause.group.workflow_id])}." for cause in part[:_MAX_LISTED]]
        if len(part) > _MAX_LISTED:
            lines.append(f"{len(part) - _MAX_LISTED} more.")
        total = sum(cause.group.executions for cause in part)
        return NotificationMessage(
            **common,
            title=f"{total} executions have stopped for {len(part)} different reasons",
            text=" ".join(lines),
            link=links.incidents(),
            facts={"type": "incidents", "causes": [*facts]},
        )

    async def _why(self, group: IncidentGroup, *, quotes: bool) -> str:
        """Returns why the newest execution of a cause does not move, in a sentence."""
        try:
            execution = await self._services.engine.executions.get(group.execution_id)
        except LooplyError:
            return failure_of(group)  # pruned, or damaged
        hold = holds_of(execution.state, self._services.clock.now())[0]
        if not quotes and "message" in hold.values:
            hold = replace(hold, values={**hold.values, "message": MASK})
        return sentence(hold)


def cause_of(group: IncidentGroup) -> bytes:
    """Returns the hash by which a cause is known."""
    text = "\0".join((group.workflow_id, group.step, group.kind, group.code))
    return hashlib.sha256(text.encode()).digest()[:16]


def _sent_key(message: NotificationMessage) -> bytes:
    return _SENT + hashlib.sha256(message.key.encode()).digest()[:16]


def _left_of_systems(reported: Mapping[bytes, Reported], now: datetime) -> int:
    """Returns how many messages about systems may be sent now, as far as it depends on those that were."""
    sent = sum(key.startswith(_SENT) and former.reported_on + _HOUR > now for key, former in reported.items())
    return max(MAX_OF_SYSTEMS - sent, 0)


def failure_of(group: IncidentGroup) -> str:
    """Returns what is known of a cause whose newest execution cannot be read, in a sentence."""
    return f"Step {group.step} failed with {group.code}." if group.step else f"It failed with {group.code}."


def _parts(due: Sequence[_Due], most: int) -> list[list[_Due]]:
    """Returns what is due in at most so many parts: one by one if these are few, else all together."""
    if most <= 0:
        return []
    if len(due) <= min(MAX_SINGLE, most):
        return [[each] for each in due]
    return [list(due)]


def _due_of(causes: Mapping[bytes, IncidentGroup], reported: Mapping[bytes, Reported], now: datetime) -> list[_Cause]:
    return [_Cause(key=key, group=group) for key, group in causes.items() if _is_due(group, reported.get(key), now)]


def _is_due(group: IncidentGroup, reported: Reported | None, now: datetime) -> bool:
    if reported is None:
        return group.first_on + GATHERING <= now
    return group.last_on > reported.until and reported.reported_on + QUIET <= now


def _title(group: IncidentGroup, name: str) -> str:
    at = f" at step {group.step}" if group.step else ""
    many = f" ({group.executions} executions)" if group.executions > 1 else ""
    return f"{name} has stopped: {group.code}{at}{many}"


def _facts(group: IncidentGroup, name: str) -> Mapping[str, Json]:
    return {
        "workflow_id": group.workflow_id,
        "workflow_name": name,
        "state": group.step,
        "kind": group.kind,
        "code": group.code,
        "executions": group.executions,
        "incidents": group.incidents,
        "first_on": to_ms(group.first_on),
        "last_on": to_ms(group.last_on),
        "workflow_execution_id": group.execution_id,
    }
