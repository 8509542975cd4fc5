"""`looply execution redrive | repair | rerun | incidents`: how operators handle failed executions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from cyclopts import Parameter, validators

from looply.cli.executions.finding import find_execution
from looply.cli.terminal.client import ApiClient
from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.payloads import parse_option
from looply.cli.terminal.tables import record, rows_of, show_items, table
from looply.cli.terminal.terminal import Here, Terminal

Execution = Annotated[str, Parameter(help="Id of the execution, or its process id.")]
Version = Annotated[str | None, Parameter(help="Continue on this version: a number, or latest.")]
Mapped = Annotated[
    list[str] | None,
    Parameter(name="--rename", help="OLD=NEW: the new name of a step in that version; may be repeated.", negative=""),
]
_JSON: Final = "as JSON text"

_INCIDENTS: Final = {
    "execution": "workflow_execution_id",
    "code": "code",
    "message": "message",
    "process id": "process_id",
    "state": "state",
    "opened": "opened_on",
    "kind": "kind",
    "workflow": "workflow_name",
}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class RepairOptions:
    """The reason and the dry run of a repair."""

    reason: Annotated[str, Parameter(help="Reason; recorded in the log.")] = ""
    dry_run: Annotated[bool, Parameter(help="Only show what would happen; nothing is stored.", negative="")] = False


_DEFAULTS: Final = RepairOptions()


async def incidents(
    *,
    workflow_id: Annotated[str | None, Parameter(help="Only incidents of this workflow, by id or name.")] = None,
    code: Annotated[
        list[str] | None, Parameter(help="Only with these error codes; may be repeated.", negative="")
    ] = None,
    kind: Annotated[
        list[Literal["FAILED", "UNKNOWN", "TIMEOUT", "LIMIT", "POISON"]] | None,
        Parameter(help="Only of these kinds; may be repeated.", negative=""),
    ] = None,
    limit: Annotated[int, Parameter(help="Maximum number of items.", validator=validators.Number(gte=1))] = 20,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """List open incidents: failed executions that need a decision."""
    async with server.client(terminal) as client:
        items = await client.items("getIncidents", limit, workflow_id=workflow_id, code=code or None, kind=kind or None)
    show_items(terminal, items, _INCIDENTS, noun="open incidents")


async def redrive(
    execution: Execution,
    /,
    *,
    version: Version = None,
    rename: Mapped = None,
    options: RepairOptions = _DEFAULTS,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Redrive a failed execution: retry its failed steps, optionally on a corrected version."""
    body: dict[str, Any] = {"reason": options.reason, "dry_run": options.dry_run}
    if version is not None:
        body["workflow_version"] = version
    if rename:
        body["mapping"] = parse_renames(rename)
    await _decide(server, terminal, "redriveExecution", execution, body)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class RepairArguments:
    """The arguments of the action: see `looply execution repair --help`."""

    incident: Annotated[str | None, Parameter(help="Id of the incident; without it all, or the only one.")] = None
    state: Annotated[str | None, Parameter(help="The step, needed where the execution is at several.")] = None
    step_output: Annotated[
        str | None, Parameter(help=f"For complete and skip: the output that the step gets, {_JSON}.")
    ] = None
    branch: Annotated[str | None, Parameter(help="The exit that complete and skip take from the step.")] = None
    document: Annotated[
        str | None, Parameter(help=f"For edit and retry: the parts of the data document that change, {_JSON}.")
    ] = None
    replace: Annotated[bool, Parameter(help="Replace these parts of the document instead of merging.", negative="")] = (
        False
    )
    scope: Annotated[
        str | None, Parameter(help="The iteration whose part of the document changes, such as forEach_1[2].")
    ] = None
    to: Annotated[str | None, Parameter(help="For move: the step to continue at.")] = None


_NO_ARGUMENTS: Final = RepairArguments()


async def repair(
    execution: Execution,
    action: Annotated[
        Literal["retry", "complete", "skip", "edit", "move"], Parameter(help="How to repair the execution.")
    ],
    /,
    *,
    arguments: RepairArguments = _NO_ARGUMENTS,
    options: RepairOptions = _DEFAULTS,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Repair an execution: retry, complete or skip a step, edit the data document, or move to another step."""
    body: dict[str, Any] = {"action": action, "reason": options.reason, "dry_run": options.dry_run}
    names = ("state", "branch", "scope", "to")
    given = {"incident_id": arguments.incident, **{name: getattr(arguments, name) for name in names}}
    body.update({name: value for name, value in given.items() if value is not None})
    texts = {"output": ("--step-output", arguments.step_output), "document": ("--document", arguments.document)}
    for name, (option, text) in texts.items():
        if text is not None:
            body[name] = parse_option(text, option)
    if arguments.replace:
        body["replace"] = True
    await _decide(server, terminal, "repairExecution", execution, body)


async def rerun(
    execution: Execution,
    /,
    *,
    version: Annotated[str | None, Parameter(help="Run this version: a number, or latest; else its own.")] = None,
    profile: Annotated[str | None, Parameter(help="Run with this profile; else with its own.")] = None,
    process_id: Annotated[str | None, Parameter(help="Process id of the new execution; else its own.")] = None,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Start a new execution with the input of another one."""
    async with server.client(terminal) as client:
        _, execution_id = await find_execution(client, execution)
        given = {"workflow_version": version, "profile": profile, "process_id": process_id}
        body = {"workflow_execution_id": execution_id, **{k: v for k, v in given.items() if v is not None}}
        answer = await client.post("rerunExecution", body)
    terminal.show(answer, lambda: record({"new execution": answer["looply_execution_id"], "input of": execution_id}))


def parse_renames(pairs: list[str]) -> dict[str, str]:
    """Returns new names of steps by their old ones. Raises: UsageError for a pair that is not OLD=NEW."""
    found = {}
    for pair in pairs:
        old, sign, new = pair.partition("=")
        if not (old and sign and new):
            raise UsageError(f"--rename is {pair!r}, expected OLD=NEW such as wait_1=askManager")
        found[old] = new
    return found


async def _decide(server: Server, terminal: Terminal, name: str, execution: str, body: dict[str, Any]) -> None:
    async with server.client(terminal) as client:
        answer = await _call(client, name, execution, body)
    terminal.show(answer, lambda: _repair_result(answer))


async def _call(client: ApiClient, name: str, execution: str, body: dict[str, Any]) -> dict[str, Any]:
    _, execution_id = await find_execution(client, execution)
    return await client.post(name, {"workflow_execution_id": execution_id, **body})


def _repair_result(answer: Mapping[str, Any]) -> Any:
    head = {
        "execution": answer["workflow_execution_id"],
        "status": answer["status"],
        "state": answer["workflow_current_state"],
        "version": answer["workflow_version"],
        "incidents closed": ", ".join(answer["incidents"]) or "none",
    }
    forecast = answer.get("forecast")
    if forecast is None:
        return record(head)
    then = {
        "would be": f"{forecast['status']} at {forecast['workflow_current_state']}",
        "with version": forecast["workflow_version"],
        "would visit": ", ".join(f"{visit['state']}:{visit['visit']}" for visit in forecast["visits"])
        or "no other step",
        "would continue": ", ".join(f"{visit['state']}:{visit['visit']}" for visit in forecast["waiting"])
        or "no other call",
        "timers that fire": forecast["timers_due"],
        "cards that close": forecast["cards_closed"],
    }
    parts: list[Any] = [record({**head, **then})]
    if forecast["effects"]:
        columns = ("state", "visit", "attempt", "call", "key", "on_unknown")
        effects = [{**effect, **_call_texts(effect)} for effect in forecast["effects"]]
        parts.append(table(columns, rows_of(effects, columns), title="calls that would be made"))
    if forecast["incident"]:
        parts.append(record({"and would fail again": forecast["incident"]["message"]}))
    return [*parts, "A dry run: nothing was stored."]


def _call_texts(effect: Mapping[str, Any]) -> dict[str, str]:
    call = "REPEATED" if effect["is_repeated"] else "first"
    kept = "same" if effect["keeps_key"] else "new"
    return {"call": call, "key": f"{kept}: {effect['idempotency_key']}"}


COMMANDS: Final = (redrive, repair, rerun, incidents)
"""In the order of their help."""
