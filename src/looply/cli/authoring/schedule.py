"""`looply schedule`: workflows that start by themselves."""

from typing import Annotated, Any, Final, Literal

from cyclopts import App, Parameter, validators

from looply.cli.authoring.preview import preview
from looply.cli.terminal.options import THE_SERVER, THE_TARGET, Server, Target
from looply.cli.terminal.tables import record, show_items
from looply.cli.terminal.terminal import Here, Terminal

APP: Final = App(name="schedule", help="Schedules: list, fires, preview, pause, play.")

_COLUMNS: Final = {
    "workflow": "workflow_id",
    "version": "workflow_version",
    "name": "workflow_name",
    "status": "status",
    "next": "next_on",
    "last": "last_on",
    "last execution": "last_execution_id",
    "missed": "missed_count",
    "last missed": "missed_on",
}
_FIRES: Final = {
    "instant": "nominal_on",
    "outcome": "outcome",
    "instants": "count",
    "execution": "workflow_execution_id",
    "decided": "decided_on",
}

WorkflowId = Annotated[str, Parameter(name="WORKFLOW", help="Id or name of the workflow.")]
Limit = Annotated[int, Parameter(help="Maximum number of items.", validator=validators.Number(gte=1))]
Version = Annotated[int | None, Parameter(help="Number of the version; the newest ACTIVE one has the schedule.")]


@APP.command(name="list")
async def list_schedules(*, target: Target = THE_TARGET, terminal: Here) -> None:
    """List the live schedules with their next and last instants."""
    if target.is_offline():
        from looply.cli.offline import offline  # noqa: PLC0415 - slow import: only work on the store needs it

        items = await offline.list_schedules(terminal, target)
    else:
        async with target.client(terminal) as client:
            items = (await client.get("getSchedules"))["items"]
    # Nothing starts while a schedule is paused, so its next instant would mislead.
    shown = [{**item, "next_on": item["next_on"] if item["status"] == "ACTIVE" else None} for item in items]
    show_items(terminal, items, _COLUMNS, noun="schedules", table_rows=shown)


@APP.command
async def fires(workflow_id: WorkflowId, /, *, limit: Limit = 100, target: Target = THE_TARGET, terminal: Here) -> None:
    """List the outcome of each instant of a schedule, newest first.

    STARTED on time, CAUGHT_UP late, SKIPPED because the last execution was open, QUEUED behind it,
    REFUSED by a quota of the organization, or MISSED.
    """
    if target.is_offline():
        from looply.cli.offline import offline  # noqa: PLC0415 - slow import: only work on the store needs it

        items = await offline.list_fires(terminal, target, workflow_id, limit)
    else:
        async with target.client(terminal) as client:
            items = await client.items("getScheduleFires", limit, workflow_id=workflow_id)
    show_items(terminal, items, _FIRES, noun="fires")


@APP.command
async def pause(
    workflow_id: WorkflowId, /, *, version: Version = None, server: Server = THE_SERVER, terminal: Here
) -> None:
    """Pause the schedule of a workflow; instants that fall due during the pause start nothing."""
    await _toggle("PAUSE", workflow_id, version, server, terminal)


@APP.command
async def play(
    workflow_id: WorkflowId, /, *, version: Version = None, server: Server = THE_SERVER, terminal: Here
) -> None:
    """Resume a paused schedule."""
    await _toggle("PLAY", workflow_id, version, server, terminal)


async def _toggle(
    action: Literal["PAUSE", "PLAY"], workflow_id: str, version: int | None, server: Server, terminal: Terminal
) -> None:
    body: dict[str, Any] = {"action": action}
    if version is not None:
        body["workflow_version"] = version
    async with server.client(terminal) as client:
        body["workflow_id"] = await client.workflow_id(workflow_id)
        answer = await client.post("toggleScheduledWorkflow", body)
    shown = {name: answer[name] for name in ("workflow_id", "workflow_version", "status")}
    terminal.show(answer, lambda: record(shown))


APP.command(preview)
