"""Reports incidents by their cause: what is open, compared with what was reported.

Theory of operation. Nothing is written when an incident opens. A round reads the open incidents of each organization
with notifications, grouped by workflow, step, kind and code. A new cause waits a little, so that a burst is one
message; one that was reported is reported again after an hour, if incidents were added. A notification is taken by one
process before it sends, and what it reported is stored after each message: a process that ends between the two sends
the message once more, with the same key.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import msgspec
import structlog
from msgspec.structs import replace

from looply.app.context.services import Services
from looply.app.messages.notifying import Note
from looply.app.monitoring.sentences import sentence
from looply.catalog.authored.notifications import Notification, Reported
from looply.engine.records.figures.overview import IncidentGroup
from looply.engine.upkeep.loop import Loop
from looply.errors import LooplyError
from looply.execution.document.masking import MASK
from looply.execution.views.holds import holds_of
from looply.instants import to_ms
from looply.jsontext import Json

_log = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 15.0
GATHERING: Final = timedelta(seconds=20)
"""A new cause is reported after this time, with all of its incidents until then."""
QUIET: Final = timedelta(hours=1)
"""A cause that was reported is reported again after this time, if it has new incidents."""
MOST_AN_HOUR: Final = 12
"""Messages that one notification sends in an hour."""
MOST_SINGLE: Final = 3
"""More causes at the same time are one message that lists them."""
_HOUR: Final = timedelta(hours=1)
_TAKEN: Final = timedelta(minutes=2)
_FIRST_PAUSE: Final = timedelta(seconds=30)
_LONGEST_PAUSE: Final = timedelta(minutes=15)
_MOST_GROUPS: Final = 200
_MOST_LISTED: Final = 20


class _Cause(msgspec.Struct, frozen=True, kw_only=True):
    """A cause that is due, with its hash and the name of its workflow."""

    key: bytes
    group: IncidentGroup


class NotificationRunner(Loop):
    """Reports incidents. `tick` is one round; the loop runs it several times a minute."""

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
        for organization_id, of_organization in groupby(free, key=lambda one: one.organization_id):
            groups = await self._services.engine.overview.incident_groups(organization_id, (), (), _MOST_GROUPS)
            for one in of_organization:
                count += await self._tell(one, [each for each in groups if one.workflow_id in ("", each.workflow_id)])
        return count

    async def _tell(self, one: Notification, groups: Sequence[IncidentGroup]) -> int:
        stored, now = self._services.catalog.notifications, self._services.clock.now()
        open_now = {cause_of(group): group for group in groups}
        reported = await stored.list_reported(one.notification_id)
        gone = [key for key, each in reported.items() if key not in open_now and each.reported_on + QUIET <= now]
        if gone:
            await stored.forget(one.notification_id, gone)
        if not _due_of(open_now, reported, now) or not await stored.take(one.notification_id, now, now + _TAKEN):
            return 0
        # Another process may have sent it since it was read.
        one = await stored.get(one.organization_id, one.notification_id)
        due = _due_of(open_now, await stored.list_reported(one.notification_id), now)
        if not due:
            await stored.release(one.notification_id, now)
            return 0
        return await self._send_all(one, due)

    async def _send_all(self, one: Notification, due: Sequence[_Cause]) -> int:
        stored, now, count = self._services.catalog.notifications, self._services.clock.now(), 0
        if one.hour_on + _HOUR <= now:
            one = replace(one, hour_on=now, hour_count=0)
        left = MOST_AN_HOUR - one.hour_count
        if left <= 0:
            await stored.release(one.notification_id, one.hour_on + _HOUR)
            return 0
        known = dict(await self._services.catalog.workflows.names(one.organization_id))
        parts = [[each] for each in due] if len(due) <= min(MOST_SINGLE, left) else [list(due)]
        for part in parts:
            note = await self._note_of(one, part, known)
            sent = await self._services.notifier.send(one.organization_id, one, note)
            if sent.state in ("OFF", "FAILED"):
                pause = min(_FIRST_PAUSE * 2 ** min(one.failures, 10), _LONGEST_PAUSE)
                await stored.record_failed(one.notification_id, sent.reason, now + pause)
                _log.warning("notification_not_sent", notification_id=one.notification_id, reason=sent.reason)
                return count
            count, one = count + 1, replace(one, hour_count=one.hour_count + 1, failures=0)
            problem = f"it is not known whether the last message arrived: {sent.reason}" if sent.reason else ""
            causes = {each.key: each.group.last_on for each in part}
            await stored.record_sent(one, causes, now, problem=problem)
        await stored.release(one.notification_id, now)
        return count

    async def _note_of(self, one: Notification, part: Sequence[_Cause], known: Mapping[str, str]) -> Note:
        names = {each.group.workflow_id: known.get(each.group.workflow_id, "a deleted workflow") for each in part}
        key = hashlib.sha256(b"".join(each.key + to_ms(each.group.last_on).to_bytes(8, "big") for each in part))
        links, facts = self._services.links, [_facts(each.group, names[each.group.workflow_id]) for each in part]
        common = {"key": f"{one.notification_id} {key.hexdigest()}"}
        if len(part) == 1:
            group = part[0].group
            return Note(
                **common,
                title=_title(group, names[group.workflow_id]),
                text=await self._why(group, quotes=one.quotes),
                link=links.execution(group.execution_id),
                facts={"type": "incidents", "causes": [*facts]},
            )
        lines = [f"{_title(each.group, names[each.group.workflow_id])}." for each in part[:_MOST_LISTED]]
        if len(part) > _MOST_LISTED:
            lines.append(f"{len(part) - _MOST_LISTED} more.")
        total = sum(each.group.executions for each in part)
        return Note(
            **common,
            title=f"{total} executions have stopped for {len(part)} different reasons",
            text=" ".join(lines),
            link=links.incidents(),
            facts={"type": "incidents", "causes": [*facts]},
        )

    async def _why(self, group: IncidentGroup, *, quotes: bool) -> str:
        """Returns why the newest execution of a cause does not move, in a sentence."""
        try:
            execution = await self._services.engine.get(group.execution_id)
        except LooplyError:
            return f"The step {group.step or 'of none'} failed with {group.code}."  # pruned, or damaged
        hold = holds_of(execution.state, self._services.clock.now())[0]
        if not quotes and "message" in hold.values:
            hold = replace(hold, values={**hold.values, "message": MASK})
        return sentence(hold)


def cause_of(group: IncidentGroup) -> bytes:
    """Returns the hash by which a cause is known."""
    text = "\0".join((group.workflow_id, group.step, group.kind, group.code))
    return hashlib.sha256(text.encode()).digest()[:16]


def _due_of(open_now: Mapping[bytes, IncidentGroup], reported: Mapping[bytes, Reported], now: datetime) -> list[_Cause]:
    causes = (_Cause(key=key, group=group) for key, group in open_now.items())
    return [each for each in causes if _is_due(each.group, reported.get(each.key), now)]


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
