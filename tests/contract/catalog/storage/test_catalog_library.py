"""The caches of servers that share a catalog are never older than the last acknowledged change."""

from typing import Any

from kit.catalog import Opened, Tenant
from looply.app.context.library import Library
from looply.catalog.authored.workflows import WorkflowDraft
from looply.limits import DEFAULT_LIMITS


def draft(note: str) -> WorkflowDraft:
    """Returns a workflow that writes a note."""
    start: dict[str, Any] = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}
    settings = {"parameters": [{"name": "note", "value": note}]}
    steps = [start, {"id": "note", "type": "overridePayload", "settings": settings}]
    edges = [{"from": "WorkflowStartState", "to": "note"}]
    return WorkflowDraft(
        name="w", definition={"workflow_name": "w", "workflow_steps": steps, "workflow_connections": edges}
    )


async def test_every_server_runs_the_version_that_any_of_them_has_activated(
    open_catalog: Opened, address: str, clock
) -> None:
    catalogs = [await open_catalog(address) for _ in range(2)]
    libraries = [Library(catalog, clock, DEFAULT_LIMITS) for catalog in catalogs]
    mine = Tenant(*await catalogs[0].organizations.create("Mine"))
    org = mine.organization_id
    workflow_id = (await catalogs[0].workflows.create(org, mine.workspace_id, draft("one"))).workflow_id
    await catalogs[0].workflows.activate(org, (workflow_id, 1))
    for version in range(2, 6):
        changing = catalogs[version % 2]
        await changing.workflows.save_draft(org, (workflow_id, version - 1), draft(str(version)), modified_on=None)
        for library in libraries:
            assert (await library.resolve(org, workflow_id, None)).workflow_version == version - 1
        await changing.workflows.activate(org, (workflow_id, version))
        found = [await library.resolve(org, workflow_id, None) for library in libraries]
        assert [runnable.workflow_version for runnable in found] == [version, version]
        assert found[0].workflow.hash == found[1].workflow.hash


async def test_every_server_starts_with_the_profile_that_any_of_them_has_written(
    open_catalog: Opened, address: str, clock
) -> None:
    one, other = [await open_catalog(address) for _ in range(2)]
    library = Library(other, clock, DEFAULT_LIMITS)
    mine = Tenant(*await one.organizations.create("Mine"))
    org = mine.organization_id
    workflow_id = (await one.workflows.create(org, mine.workspace_id, draft("one"))).workflow_id
    assert await library.profile(org, workflow_id, "") is None
    await one.profiles.create(org, workflow_id, "prod", {"n": 0})
    for number in (1, 2):
        await library.profile(org, workflow_id, "")
        await one.profiles.update(org, workflow_id, "prod", {"n": number})
        found = await library.profile(org, workflow_id, "")
        assert found is not None
        assert found.values == {"n": number}
