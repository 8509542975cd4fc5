"""`looply connection`: the other systems that steps call, with their credentials."""

from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from looply.cli.display.json_texts import pretty_text
from looply.cli.display.pages import Page
from looply.cli.terminal.documents import file_parameter, read_document
from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.questions import Yes, confirm
from looply.cli.terminal.tables import instant, record, show_items, table
from looply.cli.terminal.terminal import Here, Terminal

APP: Final = App(name="connection", help="Connections to other systems: manage them, test them, see what they offer.")

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


@APP.command(name="test")
async def check(
    name: Name,
    file: Annotated[str | None, file_parameter(f"JSON file {_SHAPE} to test in place of what is saved.")] = None,
    /,
    *,
    path: Annotated[str, Parameter(help="A path of the system to call too, such as that of a service.")] = "",
    server: Server = THE_SERVER,
    terminal: Here,
) -> int:
    """Test a connection from the server. The exit status is 1 when a check fails."""
    draft = {} if file is None else {"draft": _read(file, terminal)}
    async with server.client(terminal) as client:
        item = (await client.post("testConnection", {"name": name, **draft, "path": path}))["item"]
    terminal.show(item, lambda: _checks(item))
    return 0 if item["is_ok"] else 1


@APP.command
async def discover(
    name: Name,
    /,
    *,
    service: Annotated[str | None, Parameter(help="Path of a service, to show what it offers.")] = None,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Show the services of a connection's system, or the entities and operations of one service."""
    async with server.client(terminal) as client:
        item = (await client.get("discoverConnection", name=name, service=service))["item"]
    terminal.show(item, lambda: _offers(item))


@APP.command(name="check")
async def check_uses(name: Name, /, *, server: Server = THE_SERVER, terminal: Here) -> int:
    """Check the steps that use a connection against what its system offers. The exit status is 1 for a finding."""
    async with server.client(terminal) as client:
        item = (await client.get("checkConnectionUses", name=name))["item"]
    terminal.show(item, lambda: _findings(item))
    return 0 if item["is_ok"] else 1


def _checks(item: dict[str, Any]) -> Page:
    rows = [
        (check["name"], check["state"], f"{check['ms']} ms", check["text"], check["fix"]) for check in item["checks"]
    ]
    return table(("check", "state", "time", "found", "to fix"), rows)


def _findings(item: dict[str, Any]) -> Page:
    rows = []
    for step in item["steps"]:
        found = step["findings"] or [step["failure"]]
        place = (step["workflow_name"], f"{step['version']} {step['status']}", step["step"])
        rows += [(*place, each["path"], each["message"], each.get("hint", "")) for each in found]
    count = f"steps compared: {item['checked']}; places in them that an expression gives: {item['unchecked']}"
    counted = (("steps that were not compared", "skipped"), ("further findings", "further"))
    more = "".join(f"; {label}: {item[name]}" for label, name in counted if item.get(name))
    more += "; further steps were not compared" if item["truncated"] else ""
    found = table(("workflow", "version", "step", "place", "found", "to fix"), rows)
    return (found, f"{count}{more}") if rows else f"{count}{more}"


def _offers(item: dict[str, Any]) -> Page:
    if "services" in item:
        rows = [(each["path"], each["version"], each["title"]) for each in item["services"]]
        return table(("service", "version", "title"), rows)
    sets = [(each["name"], "entity set", ", ".join(each["keys"])) for each in item.get("entity_sets", [])]
    operations = [
        (each["name"], each["kind"], ", ".join(one["name"] for one in each["parameters"]))
        for each in item.get("operations", [])
    ]
    return table(("name", "kind", "keys or parameters"), [*sets, *operations])


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
