"""Notifications: who takes one, what was reported, and what a change forgets."""

from datetime import timedelta

import pytest

from kit.catalog import Tenant
from looply.catalog import Catalog
from looply.catalog.authored.notifications import MOST, Notification, NotificationDraft
from looply.catalog.calls.signing import FORMER_SIGNS, key_of
from looply.errors import Conflict, NotFound, Refused
from looply.testing.clock import FakeClock

DRAFT = NotificationDraft(name="Operations", channel="email", target="ops@example.com")
HOOK = NotificationDraft(name="Tickets", channel="webhook", target="https://hooks.example.com/x")
GIVEN = "whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
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


async def test_the_longest_name_of_a_cause_is_kept_until_it_is_reported_to_be_gone(
    catalog: Catalog, mine: Tenant, clock: FakeClock
) -> None:
    one, now = await stored(catalog, mine), clock.now()
    long = b"the outage of " + "https://s4.example:443 by connection ü".encode() + b"x" * 1000
    await catalog.notifications.record_sent(one, {long: now, CAUSE: now}, now)
    assert set(await catalog.notifications.list_reported(one.notification_id)) == {long, CAUSE}
    await catalog.notifications.record_sent(one, {}, now, gone=[long])
    assert set(await catalog.notifications.list_reported(one.notification_id)) == {CAUSE}


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


async def test_a_webhook_is_signed_from_the_first_call_on_and_its_secret_is_replaced_with_a_day_for_both(
    catalog: Catalog, mine: Tenant, clock: FakeClock
) -> None:
    own, stored = mine.organization_id, catalog.notifications
    hook = await stored.create(own, HOOK, actor=None)
    (first,) = await stored.list_secrets(own, hook.notification_id)
    assert len(key_of(first)) == 32
    new = await stored.put_secret(own, hook.notification_id, None, actor=None)
    assert (new.secret != first, new.former_until) == (True, clock.now() + FORMER_SIGNS)
    assert new.secret not in repr(new)
    assert await stored.list_secrets(own, hook.notification_id) == (new.secret, first)
    clock.advance(FORMER_SIGNS)
    assert await stored.list_secrets(own, hook.notification_id) == (new.secret,)
    given = await stored.put_secret(own, hook.notification_id, GIVEN, actor=None)
    assert (given.secret, await stored.list_secrets(own, hook.notification_id)) == (GIVEN, (GIVEN, new.secret))
    renamed = NotificationDraft(name="Other", channel="webhook", target="https://hooks.example.com/y")
    await stored.update(own, hook.notification_id, renamed, actor=None)
    assert await stored.list_secrets(own, hook.notification_id) == (GIVEN, new.secret)
    again = await stored.put_secret(own, hook.notification_id, GIVEN, actor=None)
    assert (again.former_until, await stored.list_secrets(own, hook.notification_id)) == (None, (GIVEN,))


async def test_only_webhooks_have_secrets_and_one_that_becomes_a_webhook_gets_one(
    catalog: Catalog, mine: Tenant
) -> None:
    own, one = mine.organization_id, await stored(catalog, mine)
    assert await catalog.notifications.list_secrets(own, one.notification_id) == ()
    with pytest.raises(Conflict, match="only calls of a webhook are signed") as caught:
        await catalog.notifications.put_secret(own, one.notification_id, None, actor=None)
    assert caught.value.code == "NOT_SIGNED"
    await catalog.notifications.update(own, one.notification_id, HOOK, actor=None)
    assert len(await catalog.notifications.list_secrets(own, one.notification_id)) == 1
    await catalog.notifications.update(own, one.notification_id, DRAFT, actor=None)
    assert await catalog.notifications.list_secrets(own, one.notification_id) == ()


@pytest.mark.parametrize("given", ["", "secret", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64!", f"whsec_{'A' * 88}"])
async def test_a_secret_of_another_form_is_refused(catalog: Catalog, mine: Tenant, given: str) -> None:
    hook = await catalog.notifications.create(mine.organization_id, HOOK, actor=None)
    before = await catalog.notifications.list_secrets(mine.organization_id, hook.notification_id)
    with pytest.raises(Refused, match="24 to 64 bytes") as caught:
        await catalog.notifications.put_secret(mine.organization_id, hook.notification_id, given, actor=None)
    assert caught.value.code == "BAD_SECRET"
    assert await catalog.notifications.list_secrets(mine.organization_id, hook.notification_id) == before
