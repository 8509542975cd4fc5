"""Calls on the absence of the person who has signed in."""

from typing import Final

import msgspec

from looply.app.inbox import absences
from looply.catalog.tenants.names import validate_id
from looply.execution.facts.absences import Absence
from looply.instants import to_ms
from looply.server.http.call import Call, Response, manage_route, read_route
from looply.server.http.wire import SUCCESS, instant_of


class AbsenceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An absence. `scope` are the workflows whose requests the substitute gets, null for all."""

    begins_on: int = msgspec.field(name="from")
    ends_on: int = msgspec.field(name="to")
    substitute: str
    scope: list[str] | None
    note: str


class SubstitutionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An absent person whose requests the caller gets now; `scope` are the workflows, null for all."""

    person: str
    ends_on: int = msgspec.field(name="to")
    scope: list[str] | None


class AbsenceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The caller's absence, null without one, and the absent people whose substitute the caller is now.

    `workflow_names` has the names of the workflows of its `scope` by id, without those that were deleted.
    """

    message: str
    item: AbsenceRecord | None
    is_active: bool
    workflow_names: dict[str, str]
    substitute_for: list[SubstitutionRecord]


class PutAbsenceBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An absence, in epoch milliseconds (`to` exclusive), and the substitute; with `scope` only for these workflows."""

    begins_on: int = msgspec.field(name="from")
    ends_on: int = msgspec.field(name="to")
    substitute: str
    scope: list[str] | None = None
    note: str = ""


class PutAbsenceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The absence as it is stored."""

    message: str
    item: AbsenceRecord


class DeleteAbsenceBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing."""


class DeleteAbsenceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether there was an absence."""

    message: str
    was_stored: bool


async def get_absence(call: Call) -> Response:
    """Reads the caller's absence."""
    found = await absences.get_absence(call.services, call.principal)
    now, own = call.services.clock.now(), found.absence
    others = [
        SubstitutionRecord(person=each.person, ends_on=to_ms(each.ends_on), scope=list(each.workflow_ids) or None)
        for each in found.substitute_for
    ]
    shown = AbsenceAnswer(
        message=SUCCESS,
        item=_item(own) if own is not None else None,
        is_active=own is not None and own.is_active(now),
        workflow_names=dict(found.workflow_names),
        substitute_for=others,
    )
    return Response(shown)


async def put_absence(call: Call) -> Response:
    """Stores the caller's absence."""
    body: PutAbsenceBody = call.body
    draft = Absence(
        person="",
        begins_on=instant_of(body.begins_on, "from"),
        ends_on=instant_of(body.ends_on, "to"),
        substitute=body.substitute,
        workflow_ids=tuple(validate_id(each, "workflow") for each in body.scope or ()),
        note=body.note,
    )
    stored = await absences.put_absence(call.services, call.principal, draft)
    return Response(PutAbsenceAnswer(message="stored", item=_item(stored)))


async def delete_absence(call: Call) -> Response:
    """Removes the caller's absence."""
    was_stored = await absences.delete_absence(call.services, call.principal)
    return Response(DeleteAbsenceAnswer(message="deleted", was_stored=was_stored))


def _item(absence: Absence) -> AbsenceRecord:
    return AbsenceRecord(
        begins_on=to_ms(absence.begins_on),
        ends_on=to_ms(absence.ends_on),
        substitute=absence.substitute,
        scope=list(absence.workflow_ids) or None,
        note=absence.note,
    )


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getAbsence",
        access="own",
        takes_tabs=True,
        handle=get_absence,
        summary="Read the absence of the person who has signed in, and whose substitute they are now",
        tag="Own inbox",
        answer=AbsenceAnswer,
    ),
    manage_route(
        path="/v2/workflows/putAbsence",
        access="own",
        takes_tabs=True,
        handle=put_absence,
        summary="Name a substitute for a time of absence, in place of a former absence",
        description=(
            "During the absence the substitute gets the requests to the person: those that are sent, and within half a "
            "minute those that are open. A request stays with the person where the substitute asks for it, or decides "
            "about it already."
        ),
        tag="Own inbox",
        body=PutAbsenceBody,
        answer=PutAbsenceAnswer,
        refusals=(422, 429),
    ),
    manage_route(
        path="/v2/workflows/deleteAbsence",
        access="own",
        takes_tabs=True,
        handle=delete_absence,
        summary="Remove the absence of the person who has signed in; requests that were passed on stay where they are",
        tag="Own inbox",
        body=DeleteAbsenceBody,
        is_body_optional=True,
        answer=DeleteAbsenceAnswer,
        refusals=(429,),
    ),
)
