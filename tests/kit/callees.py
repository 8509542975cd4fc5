"""A fake catalog for child starts, scripted by a test."""

from looply.definition import Workflow
from looply.engine.ports.port import ChildTarget
from looply.errors import Conflict, LooplyError, NotFound

WORKSPACE = "01900000-0000-7000-8000-00000000000b"


class FakeCallees:
    """Workflows by id and version; a test adds versions while executions run.

    `fails` holds errors that the next look-ups raise, one each. `asked` are the look-ups so far.
    """

    def __init__(self) -> None:
        self.fails: list[LooplyError] = []
        self.asked: list[tuple[str, str, int | None]] = []
        self._versions: dict[str, dict[int, Workflow]] = {}
        self._active: dict[str, int] = {}

    def put(self, workflow_id: str, workflow: Workflow, version: int = 1, *, is_active: bool = True) -> None:
        """Adds a version; the last one that is active is the newest ACTIVE one."""
        self._versions.setdefault(workflow_id, {})[version] = workflow
        if is_active:
            self._active[workflow_id] = version

    async def find(self, organization_id: str, workflow_id: str, version: int | None) -> ChildTarget:
        """Returns the target of a child start. Raises: NotFound, Conflict; what `fails` holds."""
        self.asked.append((organization_id, workflow_id, version))
        if self.fails:
            raise self.fails.pop(0)
        versions = self._versions.get(workflow_id, {})
        number = self._active.get(workflow_id) if version is None else version
        if versions and number is None:
            raise Conflict(f"workflow {workflow_id} has no ACTIVE version", code="NO_ACTIVE_VERSION")
        if number not in versions:
            raise NotFound("workflow not found", code="WORKFLOW_NOT_FOUND")
        return ChildTarget(workspace_id=WORKSPACE, workflow_version=number, workflow=versions[number])
