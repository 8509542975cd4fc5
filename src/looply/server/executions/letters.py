"""Calls on dead letters: resumes that arrived before a wait opened and that no wait could use."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.context.addressing import parse_event_id
from looply.app.executions import letters
from looply.app.executions.letters import Letter, Place, Settlement, SettleRequest
from looply.catalog.tenants.names import validate_id
from looply.engine.records.letters import LetterFilter, LetterRow
from looply.errors import BadRequest
from looply.instants import ms_or_none, to_ms
from looply.jsontext import Json
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Parameter, Response, manage_route, read_route
from looply.server.http.wire import (
    LIMIT,
    SUCCESS,
    UNCHANGED_KEY,
    Finding,
    extend_record,
    finding_of,
    flag_of,
    limit_of,
)

REASONS: Final = ("UNFIT", "UNUSED")


class LetterItem(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter. `UNFIT`: the wait that opened refused it; `UNUSED`: the execution ended before a wait opened.

    `action` and the fields that begin with `settled` are null until the letter is settled.
    """

    letter_id: str
    workflow_execution_id: str
    workflow_id: str
    process_id: str
    reason: Literal["UNFIT", "UNUSED"]
    source: str
    by: str | None
    by_name: str | UnsetType = UNSET
    kept_on: int
    action: Literal["APPLIED", "DISCARDED"] | None
    settled_by: str | None
    settled_by_name: str | UnsetType = UNSET
    settled_on: int | None
    settled_reason: str | None


class LetterRecord(LetterItem, frozen=True, kw_only=True):
    """A dead letter with its content: the `payload` of the resume, secrets masked, and why no wait could use it."""

    why: str
    payload: Json


class LetterWait(msgspec.Struct, frozen=True, kw_only=True):
    """An open wait of the letter's execution. `is_fit`: it accepts the letter now; else `why` and `errors` say why not.

    `wait_token` selects it in `settleLetter`.
    """

    state: str
    visit: int
    wait_token: str
    is_fit: bool
    why: str | None
    errors: list[Finding]


class LetterAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The letter, and the waits to which it could be applied; none when it is settled."""

    message: str
    item: LetterRecord
    waits: list[LetterWait]


class LetterCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the field back as a query parameter."""

    letter_id: str


class LetterPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page, newest execution first. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[LetterItem]
    last_key: LetterCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


class SettleBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to settle a dead letter: `apply` resumes the open wait with it, `discard` discards it.

    `state` (a step) or `wait_token` selects one of several open waits.
    """

    letter_id: str
    action: Literal["apply", "discard"]
    reason: str = ""
    state: str = ""
    wait_token: str = ""


class SettleAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How the letter was settled, by whom and when: by this call or an earlier one."""

    message: Literal["settled", "already settled"]
    letter_id: str
    action: Literal["APPLIED", "DISCARDED"]
    settled_by: str | None
    settled_on: int


async def get_letters(call: Call) -> Response:
    """Lists dead letters."""
    limit, cursor = limit_of(call), call.query.get("letter_id")
    after = parse_event_id(cursor) if cursor else None
    if cursor and after is None:
        message = f"letter_id is {cursor[:50]!r}, expected the id of a letter; {UNCHANGED_KEY}"
        raise BadRequest(message, code="BAD_CURSOR")
    rows = await letters.list_page(call.services, call.principal, _filter(call), after=after, limit=limit + 1)
    items = await name_actors(call, [_item(row) for row in rows[:limit]])
    last_key = LetterCursor(letter_id=items[-1].letter_id) if len(rows) > limit else UNSET
    return Response(LetterPage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


async def get_letter(call: Call) -> Response:
    """Reads a dead letter with its payload."""
    letter = await letters.get(call.services, call.principal, call.query.get("letter_id"))
    (item,) = await name_actors(call, [_record(letter)])
    return Response(LetterAnswer(message=SUCCESS, item=item, waits=[_wait(place) for place in letter.places]))


async def settle_letter(call: Call) -> Response:
    """Settles a dead letter."""
    body: SettleBody = call.body
    decision = SettleRequest(
        letter_id=body.letter_id,
        action=body.action,
        reason=body.reason,
        state=body.state,
        token=body.wait_token,
    )
    return Response(_settlement(await letters.settle(call.services, call.principal, decision)))


def _filter(call: Call) -> LetterFilter:
    workflow_id, execution_id = call.query.get("workflow_id"), call.query.get("workflow_execution_id")
    reason = call.query.get("reason")
    if reason not in ("", *REASONS):
        raise BadRequest(f"reason is {reason[:50]!r}, expected {' or '.join(REASONS)}", code="BAD_REASON")
    return LetterFilter(
        workflow_id=validate_id(workflow_id, "workflow") if workflow_id else "",
        execution_id=validate_id(execution_id, "execution") if execution_id else "",
        process_id=call.query.get("process_id"),
        reason=reason,
        is_settled=flag_of(call, "settled") if "settled" in call.query else None,
    )


def _item(row: LetterRow) -> LetterItem:
    return LetterItem(
        letter_id=letters.id_of(row),
        workflow_execution_id=row.execution_id,
        workflow_id=row.workflow_id,
        process_id=row.process_id,
        reason=row.reason,
        source=row.source,
        by=row.sender or None,
        kept_on=to_ms(row.kept_on),
        action=row.action or None,
        settled_by=row.settled_by or None,
        settled_on=ms_or_none(row.settled_on),
        settled_reason=row.note or None,
    )


def _record(letter: Letter) -> LetterRecord:
    return extend_record(LetterRecord, _item(letter.row), why=letter.message, payload=letter.payload)


def _wait(place: Place) -> LetterWait:
    return LetterWait(
        state=place.step,
        visit=place.visit,
        wait_token=place.token,
        is_fit=place.is_fit,
        why=place.message or None,
        errors=[finding_of(problem) for problem in place.problems],
    )


def _settlement(settled: Settlement) -> SettleAnswer:
    return SettleAnswer(
        message="settled" if settled.is_new else "already settled",
        letter_id=letters.id_of(settled.row),
        action=settled.action,
        settled_by=settled.by or None,
        settled_on=to_ms(settled.on),
    )


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getLetters",
        access="read.payloads",
        takes_bound_keys=True,
        handle=get_letters,
        summary="List the dead letters, those of the newest executions first",
        description="A dead letter is a resume that arrived before a wait opened and that no wait could use.",
        tag="Dead letters",
        parameters=(
            LIMIT,
            Parameter("workflow_id", "Only letters of this workflow."),
            Parameter("workflow_execution_id", "Only letters of this execution."),
            Parameter("process_id", "Only letters of executions with this process id."),
            Parameter("reason", "`UNFIT` or `UNUSED`."),
            Parameter(
                "settled", "`false`: only unsettled letters; `true`: only settled ones. Default: both.", kind="flag"
            ),
            Parameter("letter_id", "Pagination key from `lastKey`."),
        ),
        answer=LetterPage,
    ),
    read_route(
        path="/v2/workflows/getLetter",
        access="read.payloads",
        takes_bound_keys=True,
        handle=get_letter,
        summary="Read a dead letter with its payload",
        tag="Dead letters",
        parameters=(Parameter("letter_id", "Id of the letter.", is_required=True),),
        answer=LetterAnswer,
        refusals=(404,),
    ),
    manage_route(
        path="/v2/workflows/settleLetter",
        access="repair",
        takes_bound_keys=True,
        handle=settle_letter,
        summary="Settle a dead letter: apply it to an open wait, or discard it",
        tag="Dead letters",
        body=SettleBody,
        answer=SettleAnswer,
        refusals=(404, 409, 422, 429),
    ),
)
