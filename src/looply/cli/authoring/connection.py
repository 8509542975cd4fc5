"""`looply connection`: the other systems that steps call, with their credentials."""

from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from looply.cli.display.json_texts import pretty_text
from looply.cli.terminal.documents import file_parameter, read_document
from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.questions import Yes, confirm
from looply.cli.terminal.tables import instant, record, show_items
from looply.cli.terminal.terminal import Here, Terminal

APP: Final = App(name="connection", help="Connections to other systems: list, show, create, update, delete.")

_COLUMNS: Final = {"name": "name", "kind": "kind", "secrets": "secret_names", "changed": "modified_on"}
_REQUIRED: Final = {"kind", "settings"}
_FIELDS: Final = {*_REQUIRED, "secrets"}
_SHAPE: Final = '{"kind": ..., "settings": {...}, "secrets": {...}}'

Name = Annotated[str, Parameter(help="Name of the connection.", allow_leading_hyphen=True)]
ConnectionFile = Annotated[str, file_parameter(f"JSON file {_SHAPE}; - for standard input.")]


@APP.command(name="list")
async def list_connections(*, server: Server = THE_SERVER, terminal: Here) -> None:
    """List the connections, newest first; of their secrets only the names."""
    async with server.client(terminal) as client:
        items = await client.items("getConnections")
    show_items(terminal, items, _COLUMNS, noun="connections")


@APP.command
async def show(name: Name, /, *, server: Server = THE_SERVER, terminal: Here) -> None:
    """Show a connection; of its secrets only the names."""
    async with server.client(terminal) as client:
        item = (await client.get("getConnection", name=name))["item"]
    _show(terminal, item)


@APP.command
async def create(name: Name, file: ConnectionFile, /, *, server: Server = THE_SERVER, terminal: Here) -> None:
    """Create a connection to another system. The kind defines the fields of settings and secrets."""
    body = {"name": name, **_read(file, terminal)}
    async with server.client(terminal) as client:
        item = (await client.post("createConnection", body))["item"]
    _show(terminal, item)


@APP.command
async def update(
    name: Name,
    file: ConnectionFile,
    /,
    *,
    new_name: Annotated[str | None, Parameter(help="New name of the connection.")] = None,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Change a connection. A secret that the file leaves out keeps its value; null removes it."""
    body = {"name": name, **_read(file, terminal), **({} if new_name is None else {"new_name": new_name})}
    async with server.client(terminal) as client:
        item = (await client.post("updateConnection", body))["item"]
    _show(terminal, item)


@APP.command
async def delete(name: Name, /, *, yes: Yes = False, server: Server = THE_SERVER, terminal: Here) -> None:
    """Delete a connection and its secrets. Steps that use it fail from then on."""
    confirm(terminal, f"Delete the connection {name!r} with its secrets", yes=yes)
    async with server.client(terminal) as client:
        await client.post("deleteConnection", {"name": name})
    terminal.show({"name": name, "message": "success"}, lambda: record({"deleted": name}))


def _read(file: str, terminal: Terminal) -> dict[str, Any]:
    document = read_document(file, terminal)
    if not isinstance(document, dict) or not document.keys() >= _REQUIRED or not document.keys() <= _FIELDS:
        raise UsageError(f"the file must be an object {_SHAPE}")
    return document


def _show(terminal: Terminal, item: dict[str, Any]) -> None:
    shown = {
        "name": item["name"],
        "kind": item["kind"],
        "settings": pretty_text(item["settings"]),
        "secrets": ", ".join(item["secret_names"]) or "none",
        "changed": instant(item["modified_on"]),
    }
    terminal.show(item, lambda: record(shown))
