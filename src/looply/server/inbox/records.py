"""Calls on what the person who has signed in decided, and on what they asked others to decide."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.inbox import records
from looply.app.inbox.records import MyRequest, RequestStatus
from looply.execution.views.holds import HoldKind
from looply.instants import ms_or_none, to_ms
from looply.server.executions.decisions import (
    DecisionCursor,
    DecisionItem,
    DecisionRecord,
    decision_cursor,
    decision_item,
    decision_row_item,
)
from looply.server.http.call import Call, Parameter, Response, read_route
from looply.server.http.wire import LIMIT, SUCCESS, execution_cursor, extend_record, limit_of
from looply.server.inbox.cards import ProgressRecord


class MyDecisionItem(DecisionItem, frozen=True, kw_only=True):
    """One decision of the caller. `subject` and `workflow_name` are null where the execution was pruned."""

    subject: str | None
    workflow_name: str | None


class MyDecisionPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page, newest decision first. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[MyDecisionItem]
    last_key: DecisionCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


class MyRequestRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An execution in which the caller asks for an approval: the one that is open, else the one that ended last.

    `FROZEN`: an incident stops the execution. `waiting_for` are the people who have the card now; `progress` and
    `due_on` are those of an open approval. `status` is null where the execution cannot be read.
    """

    workflow_execution_id: str
    workflow_id: str
    workflow_name: str
    process_id: str
    status: RequestStatus | None
    state: str | None
    subject: str
    created_on: int
    opened_on: int | None
    due_on: int | None
    ended_on: int | None
    progress: ProgressRecord | None
    waiting_for: list[str]
    decisions: list[DecisionRecord]


class MyRequestCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the field back as query parameter."""

    workflow_execution_id: str


class MyRequestPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page, newest execution first. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[MyRequestRecord]
    last_key: MyRequestCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


class RequestReasonItem(msgspec.Struct, frozen=True, kw_only=True):
    """What holds an execution in which the caller asks for an approval.

    `text` says it in English, and has nothing that is not in the other fields. `step` and `who` name the approval that
    the caller asks for and the people it waits for; they are null and empty where something else holds the execution.
    `since` and `expected_until` are null where there is no such instant.
    """

    workflow_execution_id: str
    verdict: HoldKind
    text: str
    step: str | None
    who: list[str]
    since: int | None
    expected_until: int | None


class RequestReasonAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Why the execution does not move."""

    message: str
    item: RequestReasonItem


async def get_my_decisions(call: Call) -> Response:
    """Lists the caller's decisions."""
    limit, after = limit_of(call), decision_cursor(call)
    found = await records.list_own_decisions(call.services, call.principal, after=after, limit=limit + 1)
    items = [
        extend_record(
            MyDecisionItem,
            decision_row_item(one.row),
            subject=one.subject or None,
            workflow_name=one.workflow_name or None,
        )
        for one in found[:limit]
    ]
    last_key = DecisionCursor(at=items[-1].at, decision_id=items[-1].decision_id) if len(found) > limit else UNSET
    return Response(MyDecisionPage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


async def get_my_requests(call: Call) -> Response:
    """Lists what the caller asked for."""
    text = call.query.get("workflow_execution_id")
    after = execution_cursor(text) if text else ""
    page = await records.list_own_requests(call.services, call.principal, after=after, limit=limit_of(call))
    items = [_request(one) for one in page.items]
    last_key = MyRequestCursor(workflow_execution_id=page.after) if page.after else UNSET
    return Response(MyRequestPage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


async def explain_my_request(call: Call) -> Response:
    """Explains why what the caller asked for does not move."""
    execution_id = call.query.get("workflow_execution_id").lower()
    found = await records.explain_own_request(call.services, call.principal, execution_id)
    hold = found.hold
    return Response(
        RequestReasonAnswer(
            message=SUCCESS,
            item=RequestReasonItem(
                workflow_execution_id=execution_id,
                verdict=hold.kind,
                text=found.text,
                step=str(hold.values["state"]) if hold.values else None,
                who=list(hold.who),
                since=ms_or_none(hold.since),
                expected_until=ms_or_none(hold.until),
            ),
        )
    )


def _request(one: MyRequest) -> MyRequestRecord:
    progress = one.progress
    return MyRequestRecord(
        workflow_execution_id=one.head.execution_id,
        workflow_id=one.head.workflow_id,
        workflow_name=one.workflow_name,
        process_id=one.head.process_id,
        status=one.status,
        state=one.step or None,
        subject=one.subject,
        created_on=to_ms(one.head.created_on),
        opened_on=ms_or_none(one.opened_on),
        due_on=ms_or_none(one.due_on),
        ended_on=ms_or_none(one.ended_on),
        progress=ProgressRecord(done=progress.done, needed=progress.needed) if progress is not None else None,
        waiting_for=list(one.waiting_for),
        decisions=[decision_item(each) for each in one.decisions],
    )


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getMyDecisions",
        access="own",
        takes_tabs=True,
        handle=get_my_decisions,
        summary="List the decisions of the person who has signed in, newest first",
        tag="Own inbox",
        parameters=(
            LIMIT,
            Parameter("at", "Pagination key from `lastKey`.", kind="instant"),
            Parameter("decision_id", "Pagination key from `lastKey`."),
        ),
        answer=MyDecisionPage,
    ),
    read_route(
        path="/v2/workflows/getMyRequests",
        access="own",
        takes_tabs=True,
        handle=get_my_requests,
        summary="List the approvals that the person who has signed in asked for, newest execution first",
        description="An approval names the person who asks for it by its setting `requester`.",
        tag="Own inbox",
        parameters=(LIMIT, Parameter("workflow_execution_id", "Pagination key from `lastKey`.")),
        answer=MyRequestPage,
    ),
    read_route(
        path="/v2/workflows/explainMyRequest",
        access="own",
        takes_tabs=True,
        handle=explain_my_request,
        summary="Explain why what the person who has signed in asked for does not move",
        description=(
            "Where it waits for the approval that the caller asks for, the step and the people are named; else only "
            "the kind of what holds it, without data, other steps, systems and executions."
        ),
        tag="Own inbox",
        parameters=(Parameter("workflow_execution_id", "An execution of `getMyRequests`.", is_required=True),),
        answer=RequestReasonAnswer,
        refusals=(404,),
    ),
)
