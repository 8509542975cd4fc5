"""How SQLite reads lists: pages cost the same in a large catalog."""

import sqlite3
from contextlib import closing
from pathlib import Path

from kit.catalog import statements_on
from looply.catalog import Catalog
from looply.catalog.authored.listing import HeadQuery
from looply.catalog.authored.uses import UseKey
from looply.catalog.authored.workflows import WorkflowDraft

STEP = {"id": "call_1", "type": "httpRequest", "settings": {"connection": "S4"}}
DRAFT = WorkflowDraft(name="Approval", definition={"workflow_steps": [STEP]})


def plans_of(path: Path, statements: list[str]) -> list[str]:
    """Returns how SQLite reads each table of some statements."""
    with closing(sqlite3.connect(path)) as file:
        found = [file.execute(f"EXPLAIN QUERY PLAN {text}", [None] * text.count("?")) for text in statements]
        lines = [line for rows in found for *_, line in rows]
        return [line for line in lines if "VALUES CLAUSE" not in line and "CONSTANT ROW" not in line]


async def test_a_page_of_workflows_seeks_in_an_index(catalog: Catalog, path: Path, mine) -> None:
    org = mine.organization_id
    made = [await catalog.workflows.create(org, mine.workspace_id, DRAFT) for _ in range(3)]
    with statements_on("workflow_versions") as statements:
        page = await catalog.workflow_lists.list_heads(org, HeadQuery(limit=1, matches=lambda each: each.newest == 1))
        await catalog.workflow_lists.list_heads(org, HeadQuery(limit=1, after=page.after, only=[made[0].workflow_id]))
        await catalog.workflow_lists.contents(org, [(made[0].workflow_id, 1)])
    assert len(statements) == 7
    plans = plans_of(path, statements)
    assert [line for line in plans if line.startswith("SCAN")] == []
    assert "USING COVERING INDEX ix_workflow_versions_objects (organization_id=? AND deleted=?" in plans[0]


async def test_a_page_of_uses_reads_two_indexes(catalog: Catalog, path: Path, mine) -> None:
    version = await catalog.workflows.create(mine.organization_id, mine.workspace_id, DRAFT)
    after = UseKey(version.workflow_id, 0)
    with statements_on("workflow_uses") as statements:
        page = await catalog.uses.list_page(mine.organization_id, "connection", "S4", 10, after)
        await catalog.uses.count_workflows(mine.organization_id, "connection", ["S4"])
    assert [each.workflow_id for each in page.items] == [version.workflow_id]
    searches = [line for line in plans_of(path, statements) if line.startswith(("SEARCH", "SCAN"))]
    assert all(
        "INDEX ix_workflow_uses_object" in line or "INDEX ix_workflow_versions_objects" in line for line in searches
    )
