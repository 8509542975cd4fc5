"""`looply decision`: the decisions of approvals, for an auditor."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from cyclopts import App, Parameter, validators

from looply.cli.terminal.instants import instant_ms
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.tables import instant, show_items
from looply.cli.terminal.terminal import Here

APP: Final = App(name="decision", help="Who decided what, also in executions that were pruned: list.")

_COLUMNS: Final = {
    "decided": "decided",
    "by": "user",
    "action": "action",
    "comment": "comment",
    "via": "via",
    "revision": "card_revision",
    "state": "state",
    "process id": "process_id",
    "execution": "workflow_execution_id",
}

Limit = Annotated[int, Parameter(help="Maximum number of items.", validator=validators.Number(gte=1))]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class DecisionFilter:
    """The criteria of a list of decisions."""

    workflow_id: Annotated[str | None, Parameter(help="Only in executions of this workflow, by id or name.")] = None
    state: Annotated[str | None, Parameter(help="Only decisions on this step; needs --workflow-id.")] = None
    user: Annotated[str | None, Parameter(help="Only decisions of this person; case-insensitive.")] = None
    process_id: Annotated[str | None, Parameter(help="Only decisions in executions with this process id.")] = None
    execution: Annotated[str | None, Parameter(help="Only decisions in this execution.")] = None
    since: Annotated[str | None, Parameter(name="--from", help="Decided at or after this instant, RFC 3339.")] = None
    until: Annotated[str | None, Parameter(name="--to", help="Decided before this instant, RFC 3339.")] = None

    def query(self) -> dict[str, Any]:
        """Returns the parameters of the call. Raises: UsageError for an invalid instant."""
        return {
            "workflow_id": self.workflow_id,
            "state": self.state,
            "user": self.user,
            "process_id": self.process_id,
            "workflow_execution_id": self.execution,
            "from": instant_ms("--from", self.since),
            "to": instant_ms("--to", self.until),
        }


_NO_CRITERIA: Final = DecisionFilter()


@APP.command(name="list")
async def list_decisions(
    *,
    criteria: DecisionFilter = _NO_CRITERIA,
    limit: Limit = 100,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """List who decided what in the organization, newest first, also in executions that were pruned."""
    async with server.client(terminal) as client:
        items = await client.items("getOrganizationDecisions", limit, **criteria.query())
    show_items(
        terminal,
        items,
        _COLUMNS,
        noun="decisions",
        table_rows=[{**item, "decided": instant(item["at"])} for item in items],
    )
