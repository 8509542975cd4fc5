"""Cached reads are never older than the last acknowledged change."""

import pytest

from looply.catalog import Catalog
from looply.catalog.authored.workflows import WorkflowDraft
from looply.errors import Conflict


async def test_profiles_are_seen_as_they_are_after_every_change(catalog: Catalog, mine) -> None:
    org = mine.organization_id
    version = await catalog.workflows.create(org, mine.workspace_id, WorkflowDraft(name="w", definition={}))
    assert await catalog.profiles.find_default(org, version.workflow_id) is None
    await catalog.profiles.create(org, version.workflow_id, "prod", {"a": 1})
    assert (await catalog.profiles.get(org, version.workflow_id, "prod")).values == {"a": 1}
    await catalog.profiles.update(org, version.workflow_id, "prod", {"a": 2})

    found = await catalog.profiles.find_default(org, version.workflow_id)
    assert found is not None
    assert found.values == {"a": 2}
    with pytest.raises(Conflict):
        await catalog.profiles.create(org, version.workflow_id, "prod", {})
