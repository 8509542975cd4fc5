"""Companions of workflows and presence of editors, on each database."""

from datetime import timedelta

import pytest

from kit.catalog import Tenant
from looply.catalog import Catalog
from looply.catalog.authored.companions import CompanionChanged
from looply.catalog.authored.presence import GONE_AFTER, MAX_SHOWN, Editor
from looply.catalog.authored.workflows import WorkflowDraft
from looply.errors import NotFound
from looply.testing.clock import FakeClock

DRAFT = WorkflowDraft(name="w", definition={})


@pytest.fixture
async def workflow_id(catalog: Catalog, mine: Tenant) -> str:
    return (await catalog.workflows.create(mine.organization_id, mine.workspace_id, DRAFT)).workflow_id


async def test_a_companion_is_replaced_under_its_revision(
    catalog: Catalog, mine: Tenant, workflow_id: str, clock: FakeClock
) -> None:
    org = mine.organization_id
    assert await catalog.companions.find(org, workflow_id, "canvas") is None
    first = await catalog.companions.put(org, workflow_id, "canvas", {"notes": [1]}, revision=0, actor="a")
    clock.advance(timedelta(minutes=1))
    second = await catalog.companions.put(org, workflow_id.upper(), "canvas", {"notes": []}, revision=1, actor="b")
    assert (first.revision, second.revision, second.content, second.modified_by) == (1, 2, {"notes": []}, "b")
    assert await catalog.companions.find(org, workflow_id, "canvas") == second
    assert await catalog.companions.find(org, workflow_id, "samples") is None
    for revision in (0, 1, 3):
        with pytest.raises(CompanionChanged) as caught:
            await catalog.companions.put(org, workflow_id, "canvas", {}, revision=revision, actor="a")
        assert caught.value.fields["revision"] == 2
        assert caught.value.fields["modified_by"] == "b"
    assert await catalog.companions.find(org, workflow_id, "canvas") == second


async def test_a_companion_goes_with_the_last_version(catalog: Catalog, mine: Tenant, workflow_id: str) -> None:
    org = mine.organization_id
    await catalog.companions.put(org, workflow_id, "samples", [], revision=None, actor=None)
    await catalog.workflows.delete(org, workflow_id, 1)
    with pytest.raises(NotFound):
        await catalog.companions.find(org, workflow_id, "samples")
    dump = await catalog.database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM workflow_companions").scalar())
    assert dump == 0


async def test_editors_are_listed_until_they_leave_or_are_gone(
    catalog: Catalog, mine: Tenant, theirs: Tenant, workflow_id: str, clock: FakeClock
) -> None:
    key = (mine.organization_id, "workflow", workflow_id)
    ann, ben = Editor(actor="ann", tab="1"), Editor(actor="ben", tab="1", is_dirty=True, step="a", version=2)
    assert await catalog.presence.touch(key, ann) == ()
    clock.advance(timedelta(seconds=1))
    (seen,) = await catalog.presence.touch(key, ben)
    assert (seen.actor, seen.tab) == ("ann", "1")
    (seen,) = await catalog.presence.touch(key, ann)
    assert (seen.actor, seen.is_dirty, seen.step, seen.version) == ("ben", True, "a", 2)
    assert await catalog.presence.touch((theirs.organization_id, "workflow", workflow_id), ann) == ()
    assert await catalog.presence.touch((mine.organization_id, "card", workflow_id), ann) == ()
    await catalog.presence.leave(key, ben)
    assert await catalog.presence.touch(key, ann) == ()
    clock.advance(GONE_AFTER)
    assert await catalog.presence.touch(key, ben) == ()


async def test_few_of_many_editors_are_shown(catalog: Catalog, mine: Tenant, workflow_id: str) -> None:
    key = (mine.organization_id, "workflow", workflow_id)
    for number in range(MAX_SHOWN + 5):
        shown = await catalog.presence.touch(key, Editor(actor="ann", tab=f"{number:02}"))
    assert len(shown) == MAX_SHOWN
