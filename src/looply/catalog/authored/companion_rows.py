"""The first row of a companion, which a new workflow may have from the beginning."""

from typing import Literal, TypeAlias

from sqlalchemy import Connection, insert

from looply.catalog.storage.tables import workflow_companions
from looply.catalog.trail.audit import Change
from looply.instants import to_ms
from looply.jsontext import Json

CompanionKind: TypeAlias = Literal["samples", "canvas"]


def insert_companion(
    connection: Connection, change: Change, workflow_id: str, kind: CompanionKind, content: Json
) -> None:
    """Stores revision 1 of a companion that the workflow does not have yet."""
    at_ms = to_ms(change.at)
    keys = {"organization_id": change.organization_id, "workflow_id": workflow_id, "kind": kind}
    changes = {"created_by": change.actor, "modified_by": change.actor, "created_ms": at_ms, "modified_ms": at_ms}
    connection.execute(insert(workflow_companions).values(**keys, **changes, content=content, revision=1))
