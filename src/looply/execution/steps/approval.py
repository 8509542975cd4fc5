"""`approval`: asks people for a decision; its terms are fixed when it opens.

People and calendar that are in a datastore are read first, by the effect `datastore.read`; its result opens the
approval in the same unit.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from looply.definition import SOURCES, ApprovalSettings
from looply.definition.settings.step_settings import TriggerSettings
from looply.definition.values.pointer import split_pointer
from looply.errors import Refused
from looply.execution.approvals.default_card import default_card
from looply.execution.approvals.turns import due_after, fallback_timers, turn_timers
from looply.execution.document.evaluation import StepError, reads_secret
from looply.execution.document.working_time import read_calendar
from looply.execution.facts.address import card_id
from looply.execution.facts.commands import EffectDone
from looply.execution.facts.datastores import READ, value_at
from looply.execution.facts.events import CardClosed, CardWanted, Event, Resumed, StepScheduled, WaitOpened
from looply.execution.facts.state import ExecutionState
from looply.execution.facts.values.approval_terms import ApprovalTerms, EscalationTerm, is_same_person
from looply.execution.facts.values.card_copy import CardCopy
from looply.execution.steps.card import card_body, read_fallback, read_may_answer, read_people
from looply.execution.steps.visit import Visit
from looply.execution.steps.wait import begin_wait
from looply.expressions import Template
from looply.jsontext import Json


def enter(visit: Visit) -> tuple[Event, ...]:
    """Returns the events that open the approval, or the effect that reads the datastores first."""
    settings = _settings(visit)
    names = list(
        dict.fromkeys(name for name in (_people_store(visit, settings), _calendar_name(visit, settings)) if name)
    )
    if not names:
        return _open(visit, {})
    scheduled = StepScheduled(
        **visit.common(),
        operation=READ,
        timeout_seconds=visit.limits.attempt_timeout.total_seconds(),
        input={"names": names},
    )
    return (scheduled,)


def open_after_read(visit: Visit, command: EffectDone) -> tuple[Event, ...]:
    """Returns the events that open the approval with the datastores that were read. Times count from the result.

    Raises: StepError, ExpressionError when it cannot be opened.
    """
    values = command.output if isinstance(command.output, dict) else {}
    return _open(replace(visit, state=replace(visit.state, now=command.at)), values)


def _settings(visit: Visit) -> ApprovalSettings:
    settings = visit.step.settings
    assert isinstance(settings, ApprovalSettings)
    return settings


def _open(visit: Visit, stored: dict[str, Json]) -> tuple[Event, ...]:
    settings = _settings(visit)
    terms = _terms(visit, settings, stored)
    due = None
    if settings.timeout is not None:
        due = due_after(terms, visit.state.now, _text(visit, settings.timeout, "timeout"), "timeout")
    first = terms.recipients if terms.order == "parallel" else terms.recipients[:1]
    sent = CardWanted(
        **visit.common(),
        copies=_copies(visit.state, visit, first),
        body=_body(visit, settings, terms),
        channel=settings.channel,
        app=settings.app or "",
        may_answer=read_may_answer(visit, settings.may_answer),
        confirm=settings.confirm,
    )
    sources = SOURCES if settings.api else ()
    fallback = read_fallback(visit, settings.fallback)
    timers = fallback_timers(fallback, visit.address, visit.state.now)
    opened = WaitOpened(
        **visit.common(), sources=sources, timeout_on=due, count=terms.quorum, approval=terms, fallback=fallback
    )
    begun = begin_wait(visit, opened, terms.recipients)
    if any(isinstance(event, Resumed) for event in begun):
        cards = tuple(copy.card_id for copy in sent.copies)
        return (sent, *begun, CardClosed(**visit.common(), cards=cards, reason="ANSWERED"))
    return (sent, *begun, *turn_timers(terms, visit.address, visit.state.now), *timers)


def _terms(visit: Visit, settings: ApprovalSettings, stored: dict[str, Json]) -> ApprovalTerms:
    requester = _requester(visit, settings)
    barred = requester if not settings.self_approval else ""
    people = tuple(one for one in _approvers(visit, settings, stored) if not barred or not is_same_person(one, barred))
    if not people:
        reason = "no recipient is left: the requester may not approve" if barred else "there are no recipients"
        raise StepError(reason, code="NO_APPROVER")
    quorum = {"any": 1, "all": len(people)}.get(str(settings.quorum), settings.quorum)
    if int(quorum) > len(people):
        message = f"the quorum is {quorum} approvals, but only {len(people)} people may approve"
        raise StepError(message, code="NO_APPROVER")
    terms = ApprovalTerms(
        recipients=people,
        quorum=int(quorum),
        order=settings.order,
        veto=settings.veto,
        comment_required=settings.comment_required,
        requester=requester,
        barred=barred,
        reminders=tuple(_text(visit, span, "reminders") for span in settings.reminders),
        escalation=tuple(
            EscalationTerm(
                after=_text(visit, one.after, "escalation"),
                to=read_people(visit, _value(visit, one.to, "to"), "escalation"),
            )
            for one in settings.escalation
        ),
        calendar=_calendar(visit, settings, stored),
        zone=visit.workflow.settings.timezone,
    )
    turn_timers(terms, visit.address, visit.state.now)  # an invalid duration fails now, not at the second turn
    return terms


def _copies(state: ExecutionState, visit: Visit, people: tuple[str, ...]) -> tuple[CardCopy, ...]:
    execution_id = state.started.execution_id
    return tuple(
        CardCopy(card_id=card_id(execution_id, visit.address, part), recipient=recipient, part=part)
        for part, recipient in enumerate(people)
    )


def _body(visit: Visit, settings: ApprovalSettings, terms: ApprovalTerms) -> Json:
    return (
        card_body(visit, settings.card)
        if settings.card is not None
        else default_card(visit.state, visit.step.description, terms, _titles(visit))
    )


def _titles(visit: Visit) -> Mapping[str, str]:
    trigger = visit.workflow.steps[visit.workflow.start].settings
    assert isinstance(trigger, TriggerSettings)
    return trigger.titles


def _approvers(visit: Visit, settings: ApprovalSettings, stored: dict[str, Json]) -> tuple[str, ...]:
    if settings.recipients is not None:
        return read_people(visit, _value(visit, settings.recipients, "recipients"))
    assert settings.datastore is not None
    name = _people_store(visit, settings)
    if stored.get(name) is None:
        raise StepError(f"recipients: there is no datastore {name!r}", code="NOT_FOUND")
    path = _text(visit, settings.datastore.path, "path") if settings.datastore.path is not None else ""
    value = value_at(stored[name], split_pointer(path) if path.startswith("/") else _dotted(path))
    if value is None:
        raise StepError(f"recipients: the datastore {name!r} has nothing at {path!r}", code="NOT_FOUND")
    return read_people(visit, value)


def _dotted(path: str) -> tuple[str, ...]:
    return tuple(path.split(".")) if path else ()


def _people_store(visit: Visit, settings: ApprovalSettings) -> str:
    return _text(visit, settings.datastore.name, "recipients") if settings.datastore is not None else ""


def _calendar_name(visit: Visit, settings: ApprovalSettings) -> str:
    return _text(visit, settings.calendar, "calendar") if settings.calendar is not None else ""


def _calendar(visit: Visit, settings: ApprovalSettings, stored: dict[str, Json]) -> Json:
    name = _calendar_name(visit, settings)
    if not name:
        return None
    document = stored.get(name)
    if document is None:
        raise StepError(f"calendar: there is no datastore {name!r}", code="NOT_FOUND")
    try:
        read_calendar(document)
    except Refused as error:
        raise StepError(f"calendar: the datastore {name!r}: {error.message}", code="CALENDAR") from error
    return document


def _requester(visit: Visit, settings: ApprovalSettings) -> str:
    if settings.requester is None:
        return ""
    value = _value(visit, settings.requester, "requester")
    if isinstance(value, str) and value.strip():
        return value.strip()
    if settings.self_approval:
        return ""
    raise StepError(f"requester must name a person, since self_approval is false; it is {value!r}", code="BAD_INPUT")


def _value(visit: Visit, template: Template, name: str) -> Json:
    if reads_secret(template, visit.state, visit.address.scope):
        raise StepError(f"{name} would show a value that is marked secret", code="SECRET_IN_CARD")
    return template.evaluate(visit.evaluation(name))


def _text(visit: Visit, template: Template, name: str) -> str:
    value = _value(visit, template, name)
    if not isinstance(value, str) or not value:
        raise StepError(f"{name} must be a text, not {value!r}", code="BAD_INPUT")
    return value
