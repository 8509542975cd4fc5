"""The absence of a person: from when to when, and who decides instead."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from looply.app.context.audit import record
from looply.app.context.services import Services
from looply.app.executions.approvals import validate_person
from looply.app.inbox.own import own_person
from looply.catalog.tenants.principal import Person, Principal
from looply.engine.records.absences import active_in
from looply.errors import BadRequest, NotFound, Problem, Refused
from looply.execution.facts.absences import Absence, circle_of
from looply.execution.facts.values.approval_terms import is_same_person
from looply.instants import to_ms

_LONGEST: Final = timedelta(days=366)
_NOTE_CHARACTERS: Final = 500
_WORKFLOWS: Final = 100


class OwnAbsence(msgspec.Struct, frozen=True, kw_only=True):
    """The caller's absence, if any, and whose requests the caller gets now because they are absent.

    `workflow_names` are the names of the workflows of the absence by id, without those that were deleted.
    """

    absence: Absence | None
    workflow_names: Mapping[str, str] = {}
    substitute_for: Sequence[Absence] = ()


async def get_absence(services: Services, principal: Principal) -> OwnAbsence:
    """Returns the caller's absence, past or to come, and those of others whose substitute the caller is now.

    Raises: Forbidden when the caller is not a person.
    """
    person, absences = own_person(principal), services.engine.absences
    own = await absences.find(principal.organization_id, person.email)
    active = await active_in(absences, principal.organization_id, services.clock.now())
    others = [_without_note(absence) for absence in active if is_same_person(absence.substitute, person.email)]
    names = await _workflow_names(services, principal.organization_id, own.workflow_ids if own is not None else ())
    return OwnAbsence(absence=own, workflow_names=names, substitute_for=others)


async def _workflow_names(services: Services, organization_id: str, workflow_ids: Sequence[str]) -> dict[str, str]:
    workflows, names = services.catalog.workflows, {}
    for workflow_id in workflow_ids:
        with suppress(NotFound):
            version = await workflows.latest_version(organization_id, workflow_id)
            names[workflow_id] = await workflows.name(organization_id, (workflow_id, version))
    return names


def _without_note(absence: Absence) -> Absence:
    return replace(absence, note="")


async def put_absence(services: Services, principal: Principal, draft: Absence) -> Absence:
    """Stores the absence of the caller in place of a former one; it takes effect from `begins_on` on.

    The person of the `draft` is the caller, whatever it says. Cards that are open by then are passed on in the
    background.
    Raises: BadRequest; Refused (code `ABSENCE_REFUSED`) when the substitute is the caller, when the substitutes lead
    back to the caller, when the span is over or longer than a year; Forbidden when the caller is not a person.
    """
    person = own_person(principal)
    absence = replace(
        draft,
        person=person.email,
        substitute=validate_person(draft.substitute, "substitute"),
        workflow_ids=tuple(dict.fromkeys(_validate_workflows(draft.workflow_ids))),
        note=_validate_note(draft.note),
    )
    _check_span(absence, services.clock.now())
    # A circle of two absences that are stored at the same time must not escape both checks.
    async with services.catalog.database.exclusive():
        await _check_circle(services, principal.organization_id, person, absence)
        await services.engine.absences.put(principal.organization_id, absence)
    await record(
        services,
        principal,
        "absence.put",
        person.user_id,
        substitute=absence.substitute,
        begins_on=to_ms(absence.begins_on),
        ends_on=to_ms(absence.ends_on),
    )
    services.absence_signal.notify()
    return absence


async def delete_absence(services: Services, principal: Principal) -> bool:
    """Removes the absence of the caller; returns whether there was one. Cards that were passed on stay where they are.

    Raises: Forbidden when the caller is not a person.
    """
    person = own_person(principal)
    was_there = await services.engine.absences.drop(principal.organization_id, person.email)
    if was_there:
        await record(services, principal, "absence.delete", person.user_id)
    return was_there


async def _check_circle(services: Services, organization_id: str, person: Person, absence: Absence) -> None:
    if is_same_person(absence.substitute, person.email):
        raise _refused("/substitute", "you cannot be your own substitute; name another person")
    others = await services.engine.absences.overlapping(organization_id, absence.begins_on, absence.ends_on)
    if circle := circle_of({other.key: other for other in others}, absence):
        names = " -> ".join((person.email, *circle))
        raise _refused("/substitute", f"the substitutes lead back to you: {names}; name a person who is there")


def _check_span(absence: Absence, now: datetime) -> None:
    if absence.ends_on <= absence.begins_on:
        raise _refused("/to", "must be later than `from`")
    if absence.ends_on <= now:
        raise _refused("/to", "is over already; to remove an absence, delete it")
    if absence.ends_on - absence.begins_on > _LONGEST:
        raise _refused("/to", f"is more than {_LONGEST.days} days after `from`")


def _validate_workflows(workflow_ids: Sequence[str]) -> Sequence[str]:
    if len(workflow_ids) > _WORKFLOWS:
        raise BadRequest.at("/scope", f"has {len(workflow_ids)} workflows; at most {_WORKFLOWS}")
    return workflow_ids


def _validate_note(note: str) -> str:
    if len(note) > _NOTE_CHARACTERS or "\0" in note:
        raise BadRequest.at("/note", f"must be a text of at most {_NOTE_CHARACTERS} characters")
    return note


def _refused(path: str, message: str) -> Refused:
    return Refused(message, code="ABSENCE_REFUSED", problems=(Problem(path=path, message=message),))
