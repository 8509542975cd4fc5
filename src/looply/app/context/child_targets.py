"""The targets of child executions: looked up in the catalog when a child is started."""

from looply.app.context.library import Library
from looply.catalog.authored.bulks import Bulks
from looply.engine.ports.port import ChildTarget
from looply.errors import Conflict


async def find_child_target(
    library: Library, bulks: Bulks, organization_id: str, workflow_id: str, version: int | None
) -> ChildTarget:
    """Returns a version of a workflow of the same organization (None: the newest ACTIVE one), and its default profile.

    Raises: BadRequest, NotFound, Conflict, as a trigger of that workflow; Conflict (code `BULK_TERMINATES`) while a
    bulk terminates executions of it: with executions that start each other the bulk would never end.
    """
    if await bulks.is_terminating(organization_id, workflow_id):
        message = (
            f"a bulk is terminating executions of workflow {workflow_id}; no execution can start one until its end"
        )
        raise Conflict(message, code="BULK_TERMINATES")
    runnable = await library.resolve(organization_id, workflow_id, version)
    profile = await library.profile(organization_id, workflow_id, "")
    return ChildTarget(
        workspace_id=runnable.workspace_id,
        workflow_version=runnable.workflow_version,
        workflow=runnable.workflow,
        profile=profile.name if profile is not None else "",
        environment=profile.values if profile is not None else None,
    )
