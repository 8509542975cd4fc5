"""`looply teams`: the app by which Microsoft Teams shows cards, whom its bot can reach, and who gets the app."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from cyclopts import App, Parameter, validators

from looply.cli.terminal.client import ApiClient
from looply.cli.terminal.documents import write_bytes
from looply.cli.terminal.failures import DONE, REFUSED, UsageError
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.progress import explain_interrupt, wait_for_end
from looply.cli.terminal.questions import Yes, confirm
from looply.cli.terminal.tables import instant, listing, record, rows_of, show_items, table
from looply.cli.terminal.terminal import Here, Terminal

APP: Final = App(
    name="teams",
    help="Microsoft Teams: write the app package, see whom the bot can reach, install the app for many people.",
)

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
_INSTALLATIONS: Final = {
    "installation": "installation_id",
    "connection": "name",
    "status": "status",
    "people": "people",
    "installed": "installed",
    "refused": "refused",
    "started": "created_on",
    "ended": "ended_on",
}
_CHOSEN: Final = ("person_id", "name", "status")
_REFUSALS: Final = ("person", "name", "code", "message")

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
    from looply.connectors.teams.packaging import manifest  # noqa: PLC0415 - slow import: only building the app needs its format
    from looply.connectors.teams.packaging.archive import build_package  # noqa: PLC0415 - slow import: only building the app draws icons

    app = manifest.App(
        app_id=item["settings"]["app_id"],
        public_url=options.public_url,
        version=options.app_version,
        connection_id=item["connection_id"] if options.tab else "",
        cloud=item["settings"].get("cloud", "public"),
    )
    content = build_package(app)
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


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class InstallOptions:
    """The rate and the dry run of an installation of the app, and whether it asks before and waits for the end."""

    missing: Annotated[
        bool, Parameter(help="All people whom the bot knows and who do not have the app.", negative="")
    ] = False
    rate: Annotated[int, Parameter(help="People per second.", validator=validators.Number(gte=1, lte=20))] = 5
    dry_run: Annotated[bool, Parameter(help="Only choose the people; nothing is stored.", negative="")] = False
    wait: Annotated[
        bool,
        Parameter(
            help="Wait until it has ended. Exit status 1 when it was cancelled or refused for people.", negative=""
        ),
    ] = False
    yes: Yes = False


_DEFAULTS: Final = InstallOptions()


@APP.command
async def install(
    person: Annotated[tuple[str, ...], Parameter(help="Ids of people in Entra, or addresses, up to 500.")] = (),
    /,
    *,
    connection: Connection,
    options: InstallOptions = _DEFAULTS,
    server: Server = THE_SERVER,
    terminal: Here,
) -> int:
    """Install the app for many people by Graph. Nothing is sent to them."""
    if options.missing == bool(person):
        raise UsageError("name people, or give --missing for all who do not have the app")
    chosen: dict[str, Any] = {"missing": True} if options.missing else {"person": list(person)}
    body = {"name": connection, **chosen, "rate_per_second": options.rate}
    async with server.client(terminal) as client:
        if options.dry_run or options.missing or (terminal.is_interactive and not options.yes):
            body, answer = await _choose(client, body)
            if options.dry_run:
                terminal.show(answer, lambda: _forecast(answer["forecast"]))
                return DONE
            confirm(terminal, f"Install the app for {answer['forecast']['people']} people", yes=options.yes)
        else:
            confirm(terminal, "Install the app for people", yes=options.yes)
        answer = await client.post("installTeamsApp", body)
        if options.wait:
            answer = {**answer, **await _wait(client, terminal, answer["item"])}
    terminal.show(answer, lambda: _page(answer))
    item = answer["item"]
    return DONE if not options.wait or (item["status"] == "DONE" and not item["refused"]) else REFUSED


@APP.command
async def installations(
    *,
    limit: Annotated[int, Parameter(help="Maximum number of items.", validator=validators.Number(gte=1))] = 20,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """List installations of the app for many people, newest first."""
    async with server.client(terminal) as client:
        items = await client.items("getTeamsInstallations", limit)
    show_items(terminal, items, _INSTALLATIONS, noun="installations")


InstallationId = Annotated[str, Parameter(help="Id of the installation of the app.")]


@APP.command
async def installation(installation_id: InstallationId, /, *, server: Server = THE_SERVER, terminal: Here) -> None:
    """Show the progress of an installation of the app, and for whom it was refused."""
    async with server.client(terminal) as client:
        answer = await client.get("getTeamsInstallation", installation_id=installation_id)
    terminal.show(answer, lambda: _page(answer))


@APP.command
async def cancel(installation_id: InstallationId, /, *, server: Server = THE_SERVER, terminal: Here) -> None:
    """Stop an installation of the app, which stays where it was installed."""
    async with server.client(terminal) as client:
        answer = await client.post("cancelTeamsInstallation", {"installation_id": installation_id})
    terminal.show(answer, lambda: _page(answer))


async def _choose(client: ApiClient, body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the body of an installation of the app, and its forecast: the first one for any person, or the last."""
    while True:
        answer: dict[str, Any] = await client.post("installTeamsApp", {**body, "dry_run": True})
        if answer["forecast"]["people"] or "after" not in answer:
            return body, answer
        body = {**body, "after": answer["after"]}


async def _wait(client: ApiClient, terminal: Terminal, item: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the answer for an installation of the app after its end."""
    installation_id = item["installation_id"]
    text = (
        f"the server continues; 'looply teams installation {installation_id}' shows it, 'looply teams cancel' stops it"
    )
    with explain_interrupt(terminal, text):
        return await wait_for_end(
            terminal,
            "install",
            lambda: client.get("getTeamsInstallation", installation_id=installation_id),
            lambda item: (item["installed"] + item["refused"], item["people"]),
        )


def _forecast(forecast: Mapping[str, Any]) -> list[Any]:
    more = ", and more may lack the app" if forecast["truncated"] else ""
    parts: list[Any] = [f"{forecast['people']} people{more}; {forecast['skipped']} have the app already."]
    if forecast["items"]:
        parts.append(listing(_CHOSEN, rows_of(forecast["items"], _CHOSEN)))
    if forecast["unknown"]:
        parts.append(f"Not known yet, and looked up then: {', '.join(forecast['unknown'])}.")
    return [*parts, "A dry run: nothing was stored."]


def _page(answer: Mapping[str, Any]) -> list[Any]:
    item = answer["item"]
    named = ("installation_id", "name", "status", "people", "installed", "refused", "rate_per_second")
    times = {"started": instant(item["created_on"]), "ended": instant(item["ended_on"])}
    parts: list[Any] = [record({**{name: item[name] for name in named}, **times})]
    if refusals := answer.get("refusals"):
        parts.append(table(_REFUSALS, rows_of(refusals, _REFUSALS), title="for whom it was refused:"))
    if "after" in answer:
        parts.append("More people may lack the app; the same command afterwards installs it for them.")
    return parts
