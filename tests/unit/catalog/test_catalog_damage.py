"""What was damaged in the catalog's file is refused in words: it is not run, and no defect of ours."""

import sqlite3
from pathlib import Path

import pytest

from looply.catalog import Catalog
from looply.catalog.workflows import WorkflowDraft
from looply.errors import StoreCorrupt


async def test_a_definition_that_is_not_what_was_stored_is_refused(catalog: Catalog, path: Path, mine) -> None:
    content = WorkflowDraft(name="Approval", definition={"workflow_steps": [], "limit": 1000})
    made = await catalog.workflows.create(mine.organization_id, mine.workspace_id, content, actor="k1")
    with sqlite3.connect(path) as file:
        file.execute("UPDATE workflow_versions SET definition = replace(definition, '1000', '9000')")
    file.close()
    with pytest.raises(StoreCorrupt, match=f"workflow {made.workflow_id} version 1 is damaged"):
        await catalog.workflows.get(mine.organization_id, (made.workflow_id, 1))


async def test_a_row_that_no_process_has_written_is_refused(catalog: Catalog, path: Path, mine) -> None:
    content = WorkflowDraft(name="Approval", definition={"workflow_steps": []})
    made = await catalog.workflows.create(mine.organization_id, mine.workspace_id, content, actor="k1")
    with sqlite3.connect(path) as file:
        file.execute("UPDATE workflow_versions SET created_on_ms = 9000000000000000000")
    file.close()
    with pytest.raises(StoreCorrupt, match="restore it from a backup"):
        await catalog.workflows.list_page(mine.organization_id, 10)
    with pytest.raises(StoreCorrupt, match="restore it from a backup"):
        await catalog.workflows.get(mine.organization_id, (made.workflow_id, 1))
