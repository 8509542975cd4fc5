"""`looply profile`: environment profiles, the values that a workflow reads as `environment`."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from looply.cli.display.json_texts import pretty_text
from looply.cli.terminal.client import NO_BODY
from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.payloads import PayloadFile, read_payload
from looply.cli.terminal.questions import Yes, confirm
from looply.cli.terminal.tables import instant, record, show_items
from looply.cli.terminal.terminal import Here, Terminal
from looply.errors import NotFound, did_you_mean

APP: Final = App(
    name="profile", help="Environment profiles of a workflow: list, show, create, update, set-default, delete."
)

_COLUMNS: Final = {"name": "name", "default": "default", "values": "names", "changed": "modified_on"}

WorkflowId = Annotated[str, Parameter(name="WORKFLOW", help="Id or name of the workflow.")]
Name = Annotated[str, Parameter(help="Name of the profile.", allow_leading_hyphen=True)]
Values = Annotated[str | None, Parameter(help="The values as JSON text, instead of a file.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Changes:
    """What changes of a profile."""

    values: Values = None
    new_name: Annotated[str | None, Parameter(help="New name of the profile.")] = None


NO_CHANGES: Final = Changes()


@APP.command(name="list")
async def list_profiles(workflow_id: WorkflowId, /, *, server: Server = THE_SERVER, terminal: Here) -> None:
    """List the profiles of a workflow by name."""
    items = await _profiles(server, terminal, workflow_id)
    shown = [
        {**item, "default": "yes" if item["is_default"] else "", "names": ", ".join(item["values"])} for item in items
    ]
    show_items(terminal, items, _COLUMNS, noun="profiles", table_rows=shown)


@APP.command
async def show(workflow_id: WorkflowId, name: Name, /, *, server: Server = THE_SERVER, terminal: Here) -> None:
    """Show a profile with its values."""
    found = {item["name"]: item for item in await _profiles(server, terminal, workflow_id)}
    if name not in found:
        hint = did_you_mean(name, found)
        message = f"the workflow has no profile {name[:200]!r}{f'; {hint}' if hint else ''}"
        raise NotFound(message, code="PROFILE_NOT_FOUND")
    _show(terminal, found[name])


@APP.command
async def create(
    workflow_id: WorkflowId,
    name: Name,
    file: PayloadFile = None,
    /,
    *,
    values: Values = None,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Create a profile. The first one of a workflow is its default."""
    given = read_payload(file, values, terminal, option="--values")
    if given is NO_BODY:
        raise UsageError("the values are missing: give a file or --values")
    await _post(server, terminal, "createProfile", workflow_id, {"name": name, "values": given})


@APP.command
async def update(
    workflow_id: WorkflowId,
    name: Name,
    file: PayloadFile = None,
    /,
    *,
    changes: Changes = NO_CHANGES,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Replace the values of a profile, or rename it."""
    given = read_payload(file, changes.values, terminal, option="--values")
    body: dict[str, Any] = {"name": name, **({} if given is NO_BODY else {"values": given})}
    if changes.new_name is not None:
        body["new_name"] = changes.new_name
    await _post(server, terminal, "updateProfile", workflow_id, body)


@APP.command
async def set_default(workflow_id: WorkflowId, name: Name, /, *, server: Server = THE_SERVER, terminal: Here) -> None:
    """Make a profile the default one of its workflow."""
    await _post(server, terminal, "setDefaultProfile", workflow_id, {"name": name})


@APP.command
async def delete(
    workflow_id: WorkflowId, name: Name, /, *, yes: Yes = False, server: Server = THE_SERVER, terminal: Here
) -> None:
    """Delete a profile."""
    confirm(terminal, f"Delete the profile {name!r}", yes=yes)
    async with server.client(terminal) as client:
        await client.post("deleteProfile", {"workflow_id": await client.workflow_id(workflow_id), "name": name})
    terminal.show({"name": name, "message": "success"}, lambda: record({"deleted": name}))


async def _profiles(server: Server, terminal: Terminal, workflow_id: str) -> list[dict[str, Any]]:
    async with server.client(terminal) as client:
        items: list[dict[str, Any]] = (await client.get("getProfiles", workflow_id=workflow_id))["items"]
    return items


async def _post(server: Server, terminal: Terminal, call: str, workflow_id: str, body: dict[str, Any]) -> None:
    async with server.client(terminal) as client:
        item = (await client.post(call, {"workflow_id": await client.workflow_id(workflow_id), **body}))["item"]
    _show(terminal, item)


def _show(terminal: Terminal, item: dict[str, Any]) -> None:
    shown = {
        "name": item["name"],
        "default": "yes" if item["is_default"] else "no",
        "values": pretty_text(item["values"]),
        "changed": instant(item["modified_on"]),
    }
    terminal.show(item, lambda: record(shown))
