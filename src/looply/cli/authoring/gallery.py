"""`looply workflow templates | create`: workflows made by the server from the templates of its release."""

from typing import Annotated, Final

from cyclopts import Parameter

from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.tables import record, show_items
from looply.cli.terminal.terminal import Here

_COLUMNS: Final = {"template": "id", "title": "title", "connections": "names", "about": "summary"}

Renamed = Annotated[
    tuple[str, ...],
    Parameter(name="--connection", help="Connection to use for one of the template, such as S4=QAS; may be repeated."),
]


async def templates(*, server: Server = THE_SERVER, terminal: Here) -> None:
    """List the templates: tested workflows with their cards, and the connections that they need."""
    async with server.client(terminal) as client:
        items = (await client.get("getTemplates"))["items"]
    shown = [
        {**item, "names": ", ".join(f"{need['name']} ({need['kind']})" for need in item["needs"])} for item in items
    ]
    show_items(terminal, items, _COLUMNS, noun="templates", table_rows=shown)


async def create(
    *,
    template: Annotated[str, Parameter(help="Id of the template; 'looply workflow templates' lists them.")],
    name: Annotated[str | None, Parameter(help="Name of the workflow; else that of the template.")] = None,
    connections: Renamed = (),
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Create a workflow with its cards from a template. It is a draft."""
    body = {"template": template, "workflow_name": name or "", "connections": _by_name(connections)}
    async with server.client(terminal) as client:
        answer = await client.post("createWorkflow", body)
    document = {field: answer["item"][field] for field in ("workflow_id", "workflow_version", "workflow_status")}
    terminal.show(document, lambda: record(document))
    for problem in answer["warnings"]:
        hint = f" ({problem['hint']})" if problem.get("hint") else ""
        terminal.note(f"warning: {problem['path']}: {problem['message']}{hint}")


def _by_name(connections: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in connections:
        name, sign, other = text.partition("=")
        if not (name and sign and other):
            raise UsageError(f"--connection is {text[:100]!r}, expected the form S4=QAS")
        found[name] = other
    return found


COMMANDS: Final = (templates, create)
