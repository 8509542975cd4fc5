"""What a caller is answered when the audit has no room for the record of an action that was done."""

import pytest
from server_kit import Caller
from sqlalchemy import Connection

from looply.catalog import Catalog
from looply.errors import StoreFull


async def test_an_action_whose_record_cannot_be_written_is_not_reported_as_undone(
    mine: Caller, catalog: Catalog
) -> None:
    def leave_no_page(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    async def fill() -> None:
        while True:
            await catalog.audit.record(mine.organization_id, None, "datastore.put", "x")

    await catalog.database.read(leave_no_page)
    with pytest.raises(StoreFull):
        await fill()
    answer = await mine.post("putDatastore", {"name": "approvers", "value": 1})
    assert (answer.status_code, answer.json()["code"]) == (503, "OUTCOME_UNKNOWN")
    assert (await mine.get("getDatastore", name="approvers")).json()["item"]["value"] == 1
