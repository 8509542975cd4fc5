"""`looply letter`: dead letters, answers that were kept and that no wait accepted."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from cyclopts import App, Parameter, validators

from looply.cli.display.json_texts import pretty_text
from looply.cli.terminal.key_names import KeyNames
from looply.cli.terminal.options import THE_SERVER, Server
from looply.cli.terminal.questions import Yes, confirm
from looply.cli.terminal.tables import instant, record, show_items
from looply.cli.terminal.terminal import Here, Terminal

APP: Final = App(name="letter", help="Dead letters, answers that no wait accepted: list, show, apply, discard.")

_COLUMNS: Final = {
    "letter": "letter_id",
    "process id": "process_id",
    "why": "reason",
    "source": "source",
    "from": "by",
    "kept": "kept_on",
    "settled": "action",
    "by": "settled_by",
}

_ACTORS: Final = ("by", "settled_by")

LetterId = Annotated[str, Parameter(help="Id of the letter.")]
Reason = Annotated[str, Parameter(help="Reason; recorded in the history.")]
Limit = Annotated[int, Parameter(help="Maximum number of items.", validator=validators.Number(gte=1))]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class LetterFilter:
    """The criteria of a list of letters."""

    workflow_id: Annotated[str | None, Parameter(help="Only letters of this workflow, by id or name.")] = None
    execution: Annotated[str | None, Parameter(help="Only letters of this execution.")] = None
    process_id: Annotated[str | None, Parameter(help="Only letters of executions with this process id.")] = None
    reason: Annotated[Literal["UNFIT", "UNUSED"] | None, Parameter(help="Only letters of this kind.")] = None
    all: Annotated[bool, Parameter(help="Settled ones too.", negative="")] = False

    def query(self) -> dict[str, str | None]:
        """Returns the parameters of the call."""
        return {
            "workflow_id": self.workflow_id,
            "workflow_execution_id": self.execution,
            "process_id": self.process_id,
            "reason": self.reason,
            "settled": None if self.all else "false",
        }


_NO_CRITERIA: Final = LetterFilter()


@APP.command(name="list")
async def list_letters(
    *,
    criteria: LetterFilter = _NO_CRITERIA,
    limit: Limit = 100,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """List the dead letters that an operator has to settle, newest execution first.

    UNFIT: the wait that opened does not accept it. UNUSED: the execution ended before a wait opened.
    """
    async with server.client(terminal) as client:
        items = await client.items("getLetters", limit, **criteria.query())
        shown = await KeyNames(client).replace_ids(items, *_ACTORS) if terminal.is_table else items
    show_items(terminal, items, _COLUMNS, noun="dead letters", table_rows=shown)


@APP.command
async def show(letter_id: LetterId, /, *, server: Server = THE_SERVER, terminal: Here) -> None:
    """Show a letter with its payload."""
    async with server.client(terminal) as client:
        item = (await client.get("getLetter", letter_id=letter_id))["item"]
        (shown,) = await KeyNames(client).replace_ids([item], *_ACTORS) if terminal.is_table else [item]
    terminal.show(item, lambda: record(_letter_fields(shown)))


@APP.command
async def apply(
    letter_id: LetterId,
    /,
    *,
    state: Annotated[str, Parameter(help="Step whose wait gets it, needed where several are open.")] = "",
    reason: Reason = "",
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Deliver a letter to the open wait, as if its sender had sent it now."""
    await _settle(terminal, server, {"letter_id": letter_id, "action": "apply", "state": state, "reason": reason})


@APP.command
async def discard(
    letter_id: LetterId,
    /,
    *,
    reason: Reason = "",
    yes: Yes = False,
    server: Server = THE_SERVER,
    terminal: Here,
) -> None:
    """Discard a letter; the history keeps it, and no wait can get it any more."""
    confirm(terminal, f"Discard the letter {letter_id} for good", yes=yes)
    await _settle(terminal, server, {"letter_id": letter_id, "action": "discard", "reason": reason})


async def _settle(terminal: Terminal, server: Server, body: dict[str, Any]) -> None:
    async with server.client(terminal) as client:
        answer = await client.post("settleLetter", body)
        (named,) = await KeyNames(client).replace_ids([answer], *_ACTORS) if terminal.is_table else [answer]
    shown = {
        "message": answer["message"],
        "action": answer["action"],
        "by": named["settled_by"],
        "on": instant(answer["settled_on"]),
    }
    terminal.show(answer, lambda: record(shown))


def _letter_fields(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "letter": item["letter_id"],
        "execution": item["workflow_execution_id"],
        "process id": item["process_id"],
        "kept": instant(item["kept_on"]),
        "source": item["source"],
        "from": item["by"],
        "reason": item["reason"],
        "why": item["why"],
        "settled": item["action"],
        "by": item["settled_by"],
        "payload": pretty_text(item["payload"]),
    }
