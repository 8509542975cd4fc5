"""Notifications: who takes one, what was reported, and what a change forgets."""

from datetime import timedelta

import pytest

from kit.catalog import Tenant
from looply.catalog import Catalog
from looply.catalog.authored.notifications import MOST, Notification, NotificationDraft
from looply.errors import Conflict, NotFound
from looply.testing.clock import FakeClock

DRAFT = NotificationDraft(name="Operations", channel="email", target="ops@example.com")
CAUSE = bytes(range(16))


async def stored(catalog: Catalog, tenant: Tenant) -> Notification:
    return await catalog.notifications.create(tenant.organization_id, DRAFT, actor=None)


async def test_a_notification_is_taken_by_one_process_until_its_time_is_over(
    catalog: Catalog, mine: Tenant, clock: FakeClock
) -> None:
    one, now = await stored(catalog, mine), clock.now()
    taken = [await catalog.notifications.take(one.notification_id, now, now + timedelta(minutes=1)) for _ in range(2)]
    assert taken == [True, False]
    assert await catalog.notifications.list_free(now) == ()
    clock.advance(timedelta(minutes=1))
    assert [each.notification_id for each in await catalog.notifications.list_free(clock.now())] == [
        one.notification_id
    ]


async def test_what_was_reported_is_kept_and_forgotten_when_it_goes_to_another(
    catalog: Catalog, mine: Tenant, clock: FakeClock
) -> None:
    one, now = await stored(catalog, mine), clock.now()
    await catalog.notifications.record_failed(one.notification_id, "x" * 1000, now)
    (failed,) = await catalog.notifications.list_all(mine.organization_id)
    assert (len(failed.problem), failed.failures, failed.sent_on) == (300, 1, None)
    for until in (now, now + timedelta(seconds=5)):
        await catalog.notifications.record_sent(failed, {CAUSE: until}, now)
    (sent,) = await catalog.notifications.list_all(mine.organization_id)
    assert (sent.problem, sent.failures, sent.sent_on) == ("", 0, now)
    reported = await catalog.notifications.list_reported(one.notification_id)
    assert reported[CAUSE].until == now + timedelta(seconds=5)
    renamed = NotificationDraft(name="Other", channel="email", target="ops@example.com")
    await catalog.notifications.update(mine.organization_id, one.notification_id, renamed, actor=None)
    assert await catalog.notifications.list_reported(one.notification_id) == reported
    moved = NotificationDraft(name="Other", channel="email", target="other@example.com")
    await catalog.notifications.update(mine.organization_id, one.notification_id, moved, actor=None)
    assert await catalog.notifications.list_reported(one.notification_id) == {}


async def test_a_notification_that_was_deleted_while_it_sent_leaves_nothing(
    catalog: Catalog, mine: Tenant, theirs: Tenant, clock: FakeClock
) -> None:
    one = await stored(catalog, mine)
    with pytest.raises(NotFound):
        await catalog.notifications.delete(theirs.organization_id, one.notification_id, actor=None)
    await catalog.notifications.delete(mine.organization_id, one.notification_id, actor=None)
    await catalog.notifications.record_sent(one, {CAUSE: clock.now()}, clock.now())
    assert await catalog.notifications.list_reported(one.notification_id) == {}


async def test_an_organization_has_so_many_notifications(catalog: Catalog, mine: Tenant) -> None:
    for _ in range(MOST):
        await stored(catalog, mine)
    with pytest.raises(Conflict, match="50 notifications"):
        await stored(catalog, mine)
