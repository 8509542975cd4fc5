"""The blobs of executions: bytes that their data documents refer to, such as a PDF from SAP."""

from looply.app.context.addressing import get_owned
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.connectors.blobs import KEY, Blob
from looply.errors import NotFound
from looply.jsontext import Json


async def get(services: Services, principal: Principal, workflow_id: str, execution_id: str, key: str) -> Blob:
    """Returns a blob of an execution by its hash; the name and the type are those of the first answer that had it.

    Raises: NotFound, also when the execution is one of another workflow; (code `BLOB_NOT_FOUND`) when it has no such
    blob; StoreCorrupt.
    """
    execution = await get_owned(services, principal.organization_id, execution_id, workflow_id=workflow_id.lower())
    head = execution.head
    reference = _reference_in(dict(execution.state.outputs), key) or {KEY: key}
    stored = await services.engine.blobs.find(head.execution_id, head.organization_id, reference)
    if stored is None:
        raise NotFound(f"execution {head.execution_id} has no blob {key[:80]!r}", code="BLOB_NOT_FOUND")
    return stored


def _reference_in(value: Json, key: str) -> Json:
    """Returns the first reference to a blob in a value, None without one."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if item.get(KEY) == key:
                return item
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return None
