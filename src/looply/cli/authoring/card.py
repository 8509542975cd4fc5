"""`looply card`: rendering Adaptive Card templates outside of a workflow; listing, reassigning, reminding of cards."""

from typing import Annotated, Final

from cyclopts import App, Parameter, validators

from looply.cli.authoring.lines import answer_lines, evaluation
from looply.cli.terminal.client import PAGE
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.tables import record, show_items
from looply.cli.terminal.terminal import Here
from looply.expressions import parse_card
from looply.jsontext import Json

APP: Final = App(name="card", help="Adaptive Cards: render templates, list open cards, reassign them, remind of them.")

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

    Each input line is a JSON object {"template", "data"}, with "host" where the template uses `$host`. For each the
    command writes a line {"value"}, the card, or {"error"}, in order. Placeholders that cannot be resolved stay in the
    card as they are written.
    """

    def card_of(fields: dict[str, Json]) -> Json:
        given = {name: fields[name] for name in ("data", "host") if name in fields}
        return parse_card(fields["template"], allows_unknown=True).expand(evaluation(terminal, {}), **given)

    answer_lines(terminal, "template", card_of)


@APP.command(name="list")
async def list_cards(
    *,
    recipient: Annotated[str | None, Parameter(help="Only cards of this recipient.")] = None,
    limit: Annotated[
        int, Parameter(help="Maximum number of items.", validator=validators.Number(gte=1, lte=PAGE))
    ] = PAGE,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """List the cards that accept answers, newest first.

    FROZEN: the card accepts answers again once the incident of its execution is resolved. The link is shown to keys
    with the scope manage only: a person who has it can answer for the recipient.
    """
    async with server.client(terminal) as client:
        items = await client.items("getOpenCards", limit, recipient=recipient)
    show_items(terminal, items, _COLUMNS, noun="open cards")


@APP.command
async def reassign(
    card_id: Annotated[str, Parameter(help="Id of an open card, as `looply card list` shows it.")],
    to: Annotated[str, Parameter(help="The new recipient, who decides from now on.")],
    /,
    *,
    reason: Annotated[str, Parameter(help="Reason; shown to the former recipient and kept in the history.")] = "",
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Reassign an open card to another recipient.

    The old card closes and names the new recipient; the new card has a link of its own, which is shown.
    """
    async with server.client(terminal) as client:
        answer = await client.post("reassignCard", {"card_id": card_id, "to": to, "reason": reason})
    shown = {name: answer[name] for name in ("card_id", "recipient", "workflow_execution_id", "url")}
    terminal.show(shown, lambda: record(shown))


@APP.command
async def remind(
    card_id: Annotated[str, Parameter(help="Id of an open card, as `looply card list` shows it.")],
    /,
    *,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Remind the recipient of an open card, now.

    The channel of the card sends the reminder; the inbox in the browser shows how often a recipient was reminded.
    """
    async with server.client(terminal) as client:
        answer = await client.post("remindCard", {"card_id": card_id})
    shown = {name: answer[name] for name in ("card_id", "recipient", "workflow_execution_id", "reminders")}
    terminal.show(shown, lambda: record(shown))
