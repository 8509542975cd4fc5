"""What notifications report of systems: that one is down, and that it is called again.

A system that is down makes no incident, so no person would hear of it. Each outage is reported once when it begins, and
once when it is over. That it was reported is kept by the name of the system, since nothing else has it afterwards.
A maintenance is a decision of people, and is not reported.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from looply.app.context.links import Links
from looply.app.messages.notifying import NotificationMessage
from looply.catalog.authored.notifications import Notification, Reported
from looply.engine.records.targets import TargetReport, TargetRow
from looply.execution.document.masking import MASK
from looply.instants import rfc3339, to_ms
from looply.jsontext import Json

_MARK: Final = b"the outage of "
"""Begins the key of an outage. With the name of a system it is longer than the hash of any other cause."""
MAX_LISTED: Final = 20
"""Systems that one message lists; the others are a number."""
MAX_FACTS: Final = 200
"""Systems that the call of a webhook lists, as many as causes; the others are a number."""


class SystemNews(msgspec.Struct, frozen=True, kw_only=True):
    """A system that is down since an instant, or was (`UP`); `waiting` calls wait for it.

    `key` is that of the outage among the causes that were reported.
    """

    key: bytes
    target: str
    state: Literal["DOWN", "UP"]
    since: datetime
    reason: str = ""
    waiting: int = 0


def outage_key(target: str) -> bytes:
    """Returns the key by which it is known that the outage of a system was reported."""
    return _MARK + target.encode()


def is_outage(key: bytes) -> bool:
    """Returns whether the key of something that was reported is that of an outage."""
    return key.startswith(_MARK)


def news_of(
    notification: Notification,
    reports: Sequence[TargetReport],
    reported: Mapping[bytes, Reported],
    now: datetime,
    gathering: timedelta,
) -> list[SystemNews]:
    """Returns what is due: outages that last for `gathering` and were not reported, and those that were and are over.

    In a maintenance a system is not called either, so none is over before its end.
    A notification of one workflow reports systems that its executions wait for, which `reports` count.
    """
    down = {report.row.target: report for report in reports if _is_stopped(report.row, now)}
    news = [_down(report) for report in down.values() if _is_due(notification, report, reported, now, gathering)]
    for key, former in reported.items():
        target = key.removeprefix(_MARK).decode() if is_outage(key) else ""
        if target and target not in down:
            news.append(SystemNews(key=key, target=target, state="UP", since=former.until))
    return news


def _is_stopped(row: TargetRow, now: datetime) -> bool:
    return row.is_paused(now) or (row.state != "CLOSED" and bool(row.reason))


def _is_due(
    notification: Notification,
    report: TargetReport,
    reported: Mapping[bytes, Reported],
    now: datetime,
    gathering: timedelta,
) -> bool:
    row, former = report.row, reported.get(outage_key(report.row.target))
    if row.state != "OPEN" or row.is_paused(now) or row.since + gathering > now:
        return False
    if notification.workflow_id and not report.waiting:
        return False
    return former is None or to_ms(former.until) != to_ms(row.since)


def _down(report: TargetReport) -> SystemNews:
    row = report.row
    key = outage_key(row.target)
    return SystemNews(
        key=key, target=row.target, state="DOWN", since=row.since, reason=row.reason, waiting=report.waiting
    )


def message_of(
    notification: Notification, part: Sequence[SystemNews], links: Links, workflow_name: str
) -> NotificationMessage:
    """Returns the message of one or more news; `workflow_name` is that of the notification's only workflow, or empty.

    What systems said is left out, unless the notification quotes it.
    """
    marks = b"".join(each.key + each.state.encode() + to_ms(each.since).to_bytes(8, "big") for each in part)
    texts = [_text(each, workflow_name, quotes=notification.quotes) for each in part[:MAX_LISTED]]
    if len(part) > MAX_LISTED:
        texts.append(f"{len(part) - MAX_LISTED} more.")
    return NotificationMessage(
        key=f"{notification.notification_id} {hashlib.sha256(marks).hexdigest()}",
        title=_title(part),
        text=" ".join(texts),
        link=links.systems(),
        facts={
            "type": "systems",
            "causes": [],
            "systems": [_facts(each, quotes=notification.quotes) for each in part[:MAX_FACTS]],
            "more": max(len(part) - MAX_FACTS, 0),
        },
    )


def _title(part: Sequence[SystemNews]) -> str:
    (first, *others) = part
    if not others:
        return f"{first.target} is {'down' if first.state == 'DOWN' else 'called again'}"
    down = sum(each.state == "DOWN" for each in part)
    parts = [(down, "down"), (len(part) - down, "called again")]
    return "Systems: " + ", ".join(f"{count} {state}" for count, state in parts if count)


def _text(news: SystemNews, workflow_name: str, *, quotes: bool) -> str:
    since = rfc3339(news.since)
    if news.state == "UP":
        # Nothing may have waited for it, so that no call has shown that it works.
        return f"{news.target} is called again. It was down since {since}."
    count = "1 call waits" if news.waiting == 1 else f"{news.waiting} calls wait"
    of = f" of {workflow_name}" if workflow_name else ""
    reason = _reason(news, quotes=quotes)
    return f"{news.target} is down since {since}: {reason}. {count} for it{of}; they continue by themselves."


def _reason(news: SystemNews, *, quotes: bool) -> str:
    """Returns why a system is down: the code, and only where it is to be quoted what was said."""
    code, separator, _ = news.reason.partition(": ")
    return news.reason if quotes or not separator else f"{code}: {MASK}"


def _facts(news: SystemNews, *, quotes: bool) -> dict[str, Json]:
    is_down = news.state == "DOWN"
    return {
        "target": news.target,
        "state": news.state,
        "since": to_ms(news.since),
        "reason": _reason(news, quotes=quotes) if is_down else None,
        "waiting": news.waiting if is_down else None,
    }
