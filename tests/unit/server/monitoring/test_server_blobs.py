"""The bytes that data documents refer to are read by the hash in the reference."""

from base64 import b64decode
from typing import Any

from server_kit import ASKING, Caller

from looply.connectors.blobs import Blob
from looply.engine.coding.blobs import StoredBlobs
from looply.engine.shell.shell import Shell

PDF = b"%PDF-1.7\n\x00\xff\xfe binary"


async def keep(shell: Shell, caller: Caller, execution_id: str) -> Any:
    assert isinstance(shell.blobs, StoredBlobs)
    blob = Blob(content=PDF, media_type="application/pdf", name="order.pdf")
    return await shell.blobs.keep(execution_id, caller.organization_id, blob)


async def test_a_blob_is_read_by_those_who_may_read_its_execution(mine: Caller, theirs: Caller, shell: Shell) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    reference = await keep(shell, mine, execution_id)
    query = {"workflow_id": workflow_id, "workflow_execution_id": execution_id, "blob": reference["$blob"]}
    item = (await mine.get("getBlob", **query)).json()["item"]
    assert (b64decode(item["content"]), item["size"]) == (PDF, len(PDF))
    assert (await theirs.get("getBlob", **query)).status_code == 404
    missing = await mine.get("getBlob", **{**query, "blob": "0" * 64})
    assert (missing.status_code, missing.json()["code"]) == (404, "BLOB_NOT_FOUND")
    assert (await mine.get("getBlob", **{**query, "blob": "../x"})).status_code == 404
    other = await mine.trigger(workflow_id)
    assert (await mine.get("getBlob", **{**query, "workflow_execution_id": other})).status_code == 404
