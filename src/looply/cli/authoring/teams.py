"""`looply teams`: the app by which Microsoft Teams shows cards."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from looply import on_demand
from looply.cli.terminal.documents import write_bytes
from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.tables import record
from looply.cli.terminal.terminal import Here

APP: Final = App(name="teams", help="Microsoft Teams: write the app package that an administrator uploads.")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class AppOptions:
    """What the app package is made of, beside the connection."""

    public_url: Annotated[str, Parameter(help="Address of this installation for people: https://looply.example.com.")]
    app_version: Annotated[str, Parameter(help="Version of the app; higher than that in the catalog.")] = "1.0.0"
    tab: Annotated[
        bool, Parameter(help="Add the tab with one's own approvals; the installation must serve it.", negative="")
    ] = False


@APP.command
async def package(
    *,
    connection: Annotated[str, Parameter(help="Name of the connection of kind teams.")],
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
