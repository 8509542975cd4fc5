"""`looply teams`: the app by which Microsoft Teams shows cards, and whom its bot can reach."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from cyclopts import App, Parameter

from looply import on_demand
from looply.cli.terminal.documents import write_bytes
from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.tables import record, rows_of, show_items
from looply.cli.terminal.terminal import Here

APP: Final = App(name="teams", help="Microsoft Teams: write the app package, see whom the bot can reach.")

_COLUMNS: Final = {
    "person": "name",
    "mail": "mail",
    "status": "status",
    "reason": "reason",
    "last check": "checked_on",
    "failure": "failure",
    "id": "person_id",
}
Status: TypeAlias = Literal[
    "HEALTHY",
    "RECOVERED",
    "PROVISIONING",
    "NO_CONTEXT",
    "STALE_CONTEXT",
    "BLOCKED",
    "NOT_INSTALLED",
    "FAILED",
    "NOT_CHECKED",
]
Connection = Annotated[str, Parameter(help="Name of the connection of kind teams.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class AppOptions:
    """What the app package is made of, beside the connection."""

    public_url: Annotated[str, Parameter(help="Address of this installation for people: https://looply.example.com.")]
    app_version: Annotated[str, Parameter(help="Version of the app; higher than that in the catalog.")] = "1.0.0"
    tab: Annotated[bool, Parameter(help="Add the tab with one's own approvals.", negative="")] = False


@APP.command
async def package(
    *,
    connection: Connection,
    options: AppOptions,
    out: Annotated[Path, Parameter(help="File to write.")] = Path("looply-teams.zip"),
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Write the app package (manifest, icons) of a connection."""
    async with server.client(terminal) as client:
        item = (await client.get("getConnection", name=connection))["item"]
    if item["kind"] != "teams":
        raise UsageError(f"the connection {connection} is of kind {item['kind']}, not teams")
    app = on_demand.teams_manifest.App(
        app_id=item["settings"]["app_id"],
        public_url=options.public_url,
        version=options.app_version,
        connection_id=item["connection_id"] if options.tab else "",
    )
    content = on_demand.teams_archive.build_package(app)
    write_bytes(content, out)
    shown = {"file": str(out), "app_id": app.app_id, "version": app.version, "bytes": len(content)}
    terminal.show(shown, lambda: record({"written": str(out), "app": app.app_id, "version": app.version}))


@APP.command
async def people(
    *,
    connection: Connection,
    status: Annotated[tuple[Status, ...], Parameter(help="Only people with this status; may be repeated.")] = (),
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """List the people whom the bot knows, and whether it can reach them, by what is stored."""
    async with server.client(terminal) as client:
        items = await client.items("getTeamsPeople", None, name=connection, status=list(status) or None)
    show_items(terminal, items, _COLUMNS, noun="people")


@APP.command
async def check(
    person: Annotated[str, Parameter(help="Id of the person in Entra, or an address.")],
    /,
    *,
    connection: Connection,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Ask Microsoft about a person again. Nothing is sent and nothing is installed."""
    async with server.client(terminal) as client:
        item = (await client.post("checkTeamsPerson", {"name": connection, "person": person}))["item"]
    (row,) = rows_of([item], tuple(_COLUMNS.values()))
    terminal.show(item, lambda: record(dict(zip(_COLUMNS, row, strict=True))))
