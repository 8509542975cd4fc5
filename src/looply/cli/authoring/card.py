"""`looply card`: Adaptive Card templates outside of a workflow, and open cards that go to somebody else."""

from typing import Annotated, Final

from cyclopts import App, Parameter, validators

from looply.cli.authoring.lines import answer_lines, evaluation
from looply.cli.terminal.client import PAGE
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.tables import record, show_items
from looply.cli.terminal.terminal import Here
from looply.expressions import parse_card
from looply.jsontext import Json

APP: Final = App(name="card", help="Adaptive Cards: render templates, list open cards, pass them on.")

_COLUMNS: Final = {
    "card": "card_id",
    "status": "status",
    "recipient": "recipient",
    "execution": "workflow_execution_id",
    "state": "state",
    "opened": "opened_on",
    "link": "url",
}


@APP.command
def render(*, terminal: Here) -> None:
    """Render card templates from standard input.

    Each line is a JSON object {"template", "data"}, with "host" where the template asks for `$host`. Each is answered
    by a line {"value"}, the card, or {"error"}, in order. What cannot be resolved stays in the card as it is written.
    """

    def card_of(asked: dict[str, Json]) -> Json:
        given = {name: asked[name] for name in ("data", "host") if name in asked}
        return parse_card(asked["template"], allows_unknown=True).expand(evaluation(terminal, {}), **given)

    answer_lines(terminal, "template", card_of)


@APP.command(name="list")
async def list_cards(
    *,
    recipient: Annotated[str | None, Parameter(help="Only cards of this recipient.")] = None,
    limit: Annotated[
        int, Parameter(help="The most that is listed.", validator=validators.Number(gte=1, lte=PAGE))
    ] = PAGE,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """List the cards that take answers, newest first.

    FROZEN: they take answers again when an incident has been decided about. The link is shown to keys that may manage:
    its holder can answer in the recipient's place.
    """
    async with server.client(terminal) as client:
        items = await client.items("getOpenCards", limit, recipient=recipient)
    show_items(terminal, items, _COLUMNS)


@APP.command
async def reassign(
    card_id: Annotated[str, Parameter(help="Id of an open card, as `looply card list` shows it.")],
    to: Annotated[str, Parameter(help="Who decides in its recipient's place.")],
    /,
    *,
    reason: Annotated[str, Parameter(help="Why; the former recipient is told, and the history keeps it.")] = "",
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Pass an open card on to somebody else.

    The old card closes and says who has it now; the new one has a link of its own, which is shown.
    """
    async with server.client(terminal) as client:
        answer = await client.post("reassignCard", {"card_id": card_id, "to": to, "reason": reason})
    shown = {name: answer[name] for name in ("card_id", "recipient", "workflow_execution_id", "url")}
    terminal.show(shown, lambda: record(shown))
