"""Finds `subworkflow` steps whose child executions contain approvals, which count as approvals of the parent."""

from collections.abc import Iterator

from looply.app.context.services import Services
from looply.definition import Workflow
from looply.definition.settings.step_settings import SubworkflowSettings
from looply.engine.ports.lists import Execution
from looply.errors import LooplyError
from looply.execution.facts.address import parse_address
from looply.jsontext import Json


async def find_approval_subworkflows(services: Services, execution: Execution) -> frozenset[str]:
    """Returns the `subworkflow` steps of an execution's version with approvals in their child executions, at any depth.

    A step that names its workflow by an expression is included: the workflow is known only when the step runs.
    """
    organization_id = execution.state.started.organization_id
    found = set()
    for step, settings in _awaited_subworkflows(execution.workflow):
        target = None if _is_dynamic(settings) else await _resolve_target(services, organization_id, settings)
        if _is_dynamic(settings) or (target is not None and await _has_approvals(services, organization_id, target)):
            found.add(step)
    for child in execution.state.children.values():
        step = parse_address(child.address).step if child.address and child.is_awaited else ""
        if step and step not in found and await _running_child_has_approvals(services, organization_id, child.child_id):
            found.add(step)
    return frozenset(found)


async def _running_child_has_approvals(services: Services, organization_id: str, child_id: str) -> bool:
    """Returns whether a running child has approvals: its version may differ from that of the next child."""
    try:
        child = await services.engine.executions.get(child_id)
    except LooplyError:
        return False  # it is not stored yet, or damaged: the definition decides about its step
    return await _has_approvals(services, organization_id, child.workflow)


async def _has_approvals(services: Services, organization_id: str, first: Workflow) -> bool:
    """Returns whether a workflow, or one that it calls, has an approval step; each workflow is examined once."""
    pending, seen = [first], set[bytes]()
    while pending:
        workflow = pending.pop()
        if workflow.hash in seen:
            continue
        seen.add(workflow.hash)
        if any(step.type == "approval" for step in workflow.steps.values()):
            return True
        for _, settings in _awaited_subworkflows(workflow):
            if _is_dynamic(settings):
                return True
            target = await _resolve_target(services, organization_id, settings)
            pending += [target] if target is not None else []
    return False


def _awaited_subworkflows(workflow: Workflow) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yields the steps that wait for a child execution, with their settings as they are written."""
    for raw in workflow.definition["workflow_steps"]:
        settings = workflow.steps[raw["id"]].settings
        if isinstance(settings, SubworkflowSettings) and settings.wait:
            yield raw["id"], raw["settings"]


def _is_dynamic(settings: dict[str, Json]) -> bool:
    return any("${" in str(settings.get(name, "")) for name in ("workflow_id", "version"))


async def _resolve_target(services: Services, organization_id: str, settings: dict[str, Json]) -> Workflow | None:
    """Returns the workflow that a step calls, None when it cannot be called: then the step fails, without approvals."""
    version = str(settings.get("version", ""))
    try:
        number = int(version) if version.isdigit() else None
        return (await services.library.resolve(organization_id, settings["workflow_id"], number)).workflow
    except LooplyError:
        return None
