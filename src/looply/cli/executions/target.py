"""`looply target`: systems that are not called as usual."""

from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from looply.cli.terminal.instants import instant_ms
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.tables import instant, record, show_items
from looply.cli.terminal.terminal import Here, Terminal

APP: Final = App(name="target", help="Systems that are down or in maintenance: list, pause, drain, release.")

_COLUMNS: Final = {
    "system": "target",
    "state": "state",
    "waiting": "waiting",
    "since": "since",
    "next probe": "probe_on",
    "until": "until",
    "reason": "reason",
}

System = Annotated[
    str, Parameter(name="SYSTEM", help="Name of a connection, or origin of a system: https://s4.example.com:44300.")
]


@APP.command(name="list")
async def list_targets(*, server: Server = THE_SERVER, terminal: Here) -> None:
    """List the systems that are down, being drained, or paused, and how many attempts of steps wait for each."""
    async with server.client(terminal) as client:
        items = (await client.get("getTargets"))["items"]
    show_items(terminal, items, _COLUMNS, noun="systems", table_rows=[_shown(item) for item in items])


@APP.command
async def pause(
    system: System,
    /,
    *,
    until: Annotated[str, Parameter(help="End of the pause, in RFC 3339.")],
    begin: Annotated[str | None, Parameter(name="--from", help="Begin of the pause, in RFC 3339; else now.")] = None,
    reason: Annotated[str, Parameter(help="Why, for those who look at what waits.")] = "",
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Stop all calls of a system for a time, such as its maintenance; executions wait for its end."""
    body: dict[str, Any] = {"target": system, "until": instant_ms("--until", until), "reason": reason}
    if begin is not None:
        body["from"] = instant_ms("--from", begin)
    await _post("pauseTarget", body, server, terminal)


@APP.command
async def drain(
    system: System,
    /,
    *,
    rate: Annotated[float, Parameter(help="Calls a second.")],
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Let what waits for a system go at a fixed rate; its outage and its maintenance are over."""
    await _post("drainTarget", {"target": system, "rate": rate}, server, terminal)


@APP.command
async def release(system: System, /, *, server: Server = THE_SERVER, terminal: Here) -> None:
    """Call a system as usual again, at once."""
    async with server.client(terminal) as client:
        answer = await client.post("releaseTarget", {"target": system})
    was = "yes" if answer["was_stopped"] else "no, it was called as usual"
    terminal.show(answer, lambda: record({"system": answer["target"], "released": was}))


async def _post(name: str, body: dict[str, Any], server: Server, terminal: Terminal) -> None:
    async with server.client(terminal) as client:
        answer = await client.post(name, body)
    terminal.show(answer, lambda: record({"system": answer["target"], "state": answer["state"]}))


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    window = item["maintenance"]
    return {
        **item,
        "since": instant(item["since"]),
        "until": instant(window["until"]) if window is not None else None,
        "reason": item["reason"] or (window["reason"] if window is not None else None),
    }
