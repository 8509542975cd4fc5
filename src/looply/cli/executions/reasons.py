"""`looply execution why | at`: why an execution does not move, and how it was after one of its events."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from cyclopts import Parameter, validators

from looply.cli.display.pages import Page
from looply.cli.executions.finding import find_execution
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.tables import instant, record, rows_of, table
from looply.cli.terminal.terminal import Here

Execution = Annotated[str, Parameter(help="Id of the execution, or its process id.")]


async def why(execution: Execution, /, *, server: Server = THE_SERVER, terminal: Here) -> None:
    """Explain why an execution does not move: one sentence, the events that show it, and what can be done."""
    async with server.client(terminal) as client:
        _, execution_id = await find_execution(client, execution, "getExecutionRows")
        item = (await client.get("explainExecution", workflow_execution_id=execution_id))["item"]
    terminal.show(item, lambda: _explanation(item))


async def at(
    execution: Execution,
    seq: Annotated[
        int, Parameter(help="Number of the event, as the log shows it.", validator=validators.Number(gte=1))
    ],
    /,
    *,
    scope: Annotated[
        str | None, Parameter(help="The branch or iteration whose view is shown, such as forEach_1[2].")
    ] = None,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Show an execution as it was after one of its events; with --json also its data document of that moment."""
    async with server.client(terminal) as client:
        _, execution_id = await find_execution(client, execution)
        query = {"workflow_execution_id": execution_id, "seq": seq, "scope": scope}
        item = (await client.get("getExecutionAt", **query))["item"]
    terminal.show(item, lambda: _moment(item))


COMMANDS: Final = (why, at)

COMMANDS_OF: Final[Mapping[str, str]] = {
    "RETRY": "looply execution repair {execution} retry",
    "COMPLETE": "looply execution repair {execution} complete",
    "SKIP": "looply execution repair {execution} skip",
    "REDRIVE": "looply execution redrive {execution}",
    "RELEASE": "looply target release {target}",
    "REASSIGN": "looply card reassign {card_id} PERSON",
    "RESUME": "looply execution resume {execution} --state {state}",
    "TERMINATE": "looply execution terminate {execution}",
    "PLAY": "looply schedule play {workflow_id}",
    "RERUN": "looply execution rerun {execution}",
}
"""The command that does what an advice says, by the code of the advice; `{}` are values of its body."""


def _explanation(item: Mapping[str, Any]) -> Page:
    fields = {"verdict": item["verdict"], "state": item["state"]}
    fields |= {"since": instant(item["since"])} if item["since"] else {}
    fields |= {"until": instant(item["expected_until"])} if item["expected_until"] else {}
    parts: list[Page] = [item["text"], record({name: value for name, value in fields.items() if value})]
    if item["evidence"]:
        parts.append(
            table(("event", "type", "state"), rows_of(item["evidence"], ("seq", "type", "state")), title="evidence")
        )
    if item["others"]:
        parts += ["It is also held by:", *(f"- {other['text']}" for other in item["others"])]
    parts += [f"{link['workflow_execution_id']}: {link['text']}" for link in item["chain"]]
    if item["next"]:
        parts += ["What can be done:", *(f"- {advice['text']}: {_command(item, advice)}" for advice in item["next"])]
    return parts


def _command(item: Mapping[str, Any], advice: Mapping[str, Any]) -> str:
    """Returns the command that does what an advice says; one that these commands do not know is named by its call."""
    command = COMMANDS_OF.get(advice["code"])
    if command is None:
        return str(advice["call"])
    values = {**advice["body"], "execution": item["execution"]["workflow_execution_id"]}
    has_others = any(other["verdict"] == "INCIDENT" for other in item["others"])
    incident = f" --incident {values['incident_id']}" if has_others and "incident_id" in values else ""
    return command.format(**values) + incident


def _moment(item: Mapping[str, Any]) -> Page:
    head = {
        "workflow_execution_id": item["workflow_execution_id"],
        "event": f"{item['seq']} of {item['last_seq']}",
        "at": instant(item["timestamp"]),
        "status": item["status"],
        "state": item["workflow_current_state"],
        "version": item["workflow_version"],
        "data": ", ".join(_names(item["document"])),
    }
    paths = table(
        ("scope", "state", "visit", "phase"),
        rows_of(item["paths"], ("scope", "state", "visit", "phase")),
        title="paths",
    )
    return [record(head), paths]


def _names(document: Mapping[str, Any]) -> Sequence[str]:
    return [name for name, value in document.items() if value is not None]
