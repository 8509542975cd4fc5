"""Properties of a catalog in a file, which one process owns, in addition to the contract of every catalog."""

from datetime import timedelta
from pathlib import Path

from looply.catalog import Catalog
from looply.catalog.authored.workflows import WorkflowDraft
from looply.catalog.tenants.keys import KeyDraft

KEY = KeyDraft("SAP", ["trigger"])


async def test_a_known_key_is_found_without_the_database(catalog: Catalog, mine, clock) -> None:
    made = await catalog.keys.create(mine.organization_id, mine.workspace_id, KEY)
    principal = await catalog.keys.authenticate(made.text, clock.now())
    await catalog.close()

    assert await catalog.keys.authenticate(made.text, clock.now()) == principal


async def test_a_revocation_holds_within_five_seconds_in_another_process(
    open_catalog, catalog: Catalog, path: Path, mine, clock
) -> None:
    other = await open_catalog(path)
    made = await catalog.keys.create(mine.organization_id, mine.workspace_id, KEY)
    assert await other.keys.authenticate(made.text, clock.now()) is not None
    await catalog.keys.revoke(made.key.organization_id, made.key.key_id)

    clock.advance(timedelta(seconds=5))
    assert await other.keys.authenticate(made.text, clock.now()) is None


async def test_an_activation_is_seen_at_once_here_and_within_a_second_elsewhere(
    open_catalog, catalog: Catalog, path, mine, clock
) -> None:
    other = await open_catalog(path)
    org, draft = mine.organization_id, WorkflowDraft(name="w", definition={})
    workflow_id = (await catalog.workflows.create(org, mine.workspace_id, draft)).workflow_id
    await catalog.workflows.activate(org, (workflow_id, 1))
    await catalog.workflows.save_draft(org, (workflow_id, 1), draft, modified_on=None)
    for process in (catalog, other):
        assert (await process.workflows.latest_active(org, workflow_id)).workflow_version == 1
        assert (await process.workflows.get(org, (workflow_id, 2))).status == "DRAFT"

    await catalog.workflows.activate(org, (workflow_id, 2))
    assert (await catalog.workflows.latest_active(org, workflow_id)).workflow_version == 2
    clock.advance(timedelta(seconds=1))
    assert (await other.workflows.latest_active(org, workflow_id)).workflow_version == 2
    assert (await other.workflows.get(org, (workflow_id, 2))).status == "ACTIVE"


async def test_pages_and_the_next_creation_are_read_from_indexes_without_sorting(catalog: Catalog, mine) -> None:
    queries = (
        """SELECT workflow_id FROM workflow_versions WHERE organization_id = ? AND deleted = 0
        AND (created_ms, workflow_id, workflow_version) < (5, 'a', 1)
        ORDER BY created_ms DESC, workflow_id DESC, workflow_version DESC LIMIT 21""",
        "SELECT max(created_ms) FROM workflow_versions WHERE organization_id = ?",
    )
    for query, index in zip(queries, ("list", "creation"), strict=True):
        plan = await catalog.database.read(
            lambda connection, query=query: connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {query}", (mine.organization_id,)
            ).all()
        )
        assert f"ix_workflow_versions_{index}" in repr(plan)
        assert "TEMP B-TREE" not in repr(plan)
