"""What runs when an execution starts another one: looked up in the catalog when it is started."""

from looply.app.library import Library
from looply.engine.port import Callee


async def find_callee(library: Library, organization_id: str, workflow_id: str, version: int | None) -> Callee:
    """Returns a version of a workflow of the same organization, the newest ACTIVE one for None, and its profile.

    Raises: BadRequest, NotFound, Conflict, as a trigger of that workflow.
    """
    runnable = await library.resolve(organization_id, workflow_id, version)
    profile = await library.profile(organization_id, workflow_id, "")
    return Callee(
        workspace_id=runnable.workspace_id,
        workflow_version=runnable.workflow_version,
        workflow=runnable.workflow,
        profile=profile.name if profile is not None else "",
        environment=profile.values if profile is not None else None,
    )
