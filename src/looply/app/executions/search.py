"""Searches for executions, newest first: by columns, by search fields, by terms in any of them."""

import unicodedata
from typing import Final

from msgspec.structs import replace

from looply.app.context.services import Services
from looply.app.executions.executions import Rows, add_workflow_names
from looply.app.executions.targets import find_target
from looply.catalog.tenants.principal import Principal
from looply.engine.coding.searching import matches_pattern
from looply.engine.ports.lists import CauseFilter, Filter
from looply.engine.records.targets import way_name
from looply.errors import BadRequest, NotFound, Problem, Refused
from looply.execution.document.searching import SEARCH_CHARACTERS, search_text
from looply.execution.facts.state import OPEN_STATUSES, Status

_VALUES: Final = 30
"""Most values of one parameter."""

_WITH_CALLS: Final[tuple[Status, ...]] = (*OPEN_STATUSES, "FAILED")
"""The statuses of executions whose calls can wait: those of one with an incident do, too."""

_STARS: Final = 4
_FIELDS: Final = 10
_NAMED: Final = 100
"""Most workflows whose names may match the terms."""


async def search(services: Services, principal: Principal, criteria: Filter, *, after: str, limit: int) -> Rows:
    """Returns executions that match; a page may be short although another one follows.

    Raises: as `validate_filter` and `resolve`.
    """
    organization_id = principal.organization_id
    checked = await resolve(services, principal, validate_filter(criteria))
    if checked is None:
        return Rows(items=(), after="")
    page = await services.engine.executions.list(organization_id, checked, after, limit)
    return await add_workflow_names(services, organization_id, page)


async def resolve(services: Services, principal: Principal, checked: Filter) -> Filter | None:
    """Returns a filter with the workflows that its terms name, and the queues of the systems that it names.

    None when nothing waits for these systems, so that nothing matches: a caller who may read no connections does not
    learn which ones there are, nor of which kind. Raises: BadRequest (code `BAD_FILTER`) for a text that is no name.
    """
    organization_id = principal.organization_id
    resolved = replace(checked, term_workflows=await find_term_workflows(services, organization_id, checked.terms))
    if not checked.targets:
        return resolved
    names: set[str] = set()
    for name in checked.targets:
        try:
            target = await find_target(services, principal, name)
        except (NotFound, Refused):
            continue
        except BadRequest as error:
            raise BadRequest(f"waiting_for is {name[:50]!r}: {error.message}", code="BAD_FILTER") from error
        names |= {target} if "://" in name else {target, way_name(target, name)}
    queues = await services.engine.targets.queues(organization_id, names)
    return replace(resolved, queues=tuple(queues)) if queues else None


def validate_filter(criteria: Filter) -> Filter:
    """Returns the filter with normalized texts, each value once. Every store accepts it.

    Raises: BadRequest (code `BAD_FILTER`) for an empty text, or one with a character 0; Refused (code
    `SEARCH_TOO_WIDE`) when it has more values than can be compared with each execution.
    """
    if len(criteria.fields) > _FIELDS:
        message = f"the search names {len(criteria.fields)} search fields; at most {_FIELDS}"
        raise Refused(message, code="SEARCH_TOO_WIDE")
    _check_count("workflow_id", len(criteria.workflow_ids))
    _check_count("workflow_version", len(criteria.workflow_versions))
    _check_count("parent_execution_id", len(criteria.parents))
    _check_count("profile", len(criteria.profiles))
    _check_count("waiting_for", len(criteria.targets))
    if any("\0" in name for name in criteria.profiles):
        raise BadRequest("profile holds a character 0; give the name of a profile", code="BAD_FILTER")
    cause = None if criteria.cause is None else _validate_cause(criteria.cause)
    needs_incident = criteria.has == ("incident",) or cause is not None
    process_ids = _validate_texts("process_id", criteria.process_ids)
    fields = [(name, _validate_texts(f"field.{name}", texts)) for name, texts in criteria.fields]
    return replace(
        criteria,
        workflow_ids=tuple(dict.fromkeys(criteria.workflow_ids)),
        workflow_versions=tuple(dict.fromkeys(criteria.workflow_versions)),
        profiles=tuple(dict.fromkeys(unicodedata.normalize("NFC", name) for name in criteria.profiles)),
        parents=tuple(dict.fromkeys(criteria.parents)),
        has=tuple(dict.fromkeys(criteria.has)),
        cause=cause,
        targets=tuple(dict.fromkeys(criteria.targets)),
        # Only these can have an incident, or calls that wait, and an index leads to them.
        statuses=criteria.statuses or (("FAILED",) if needs_incident else _WITH_CALLS if criteria.targets else ()),
        process_ids=tuple(unicodedata.normalize("NFC", each) for each in process_ids),
        terms=tuple(map(search_text, _validate_texts("term", criteria.terms))),
        fields=tuple((name, tuple(map(search_text, texts))) for name, texts in fields),
    )


def _validate_cause(cause: CauseFilter) -> CauseFilter | None:
    """Returns what an incident must be, each value once; None where it may be any. Raises: as `validate_filter`."""
    for name, texts in (("incident_code", cause.codes), ("incident_state", cause.steps)):
        _check_count(name, len(texts))
        if any("\0" in text for text in texts):
            raise BadRequest(f"{name} holds a character 0; leave it out, or give a text", code="BAD_FILTER")
    valid = CauseFilter(
        codes=tuple(dict.fromkeys(cause.codes)),
        kinds=tuple(dict.fromkeys(cause.kinds)),
        steps=tuple(dict.fromkeys(cause.steps)),
    )
    return None if valid == CauseFilter() else valid


async def find_term_workflows(services: Services, organization_id: str, terms: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the workflows with a version whose name matches a term, without regard to letter case."""
    if not terms:
        return ()
    folded = [term.casefold() for term in terms]
    names = await services.catalog.workflows.names(organization_id)
    matching = sorted({each for each, name in names if any(matches_pattern(name.casefold(), term) for term in folded)})
    if len(matching) > _NAMED:
        raise _too_wide("term", f"a text that {len(matching)} workflows have as their name; at most {_NAMED}")
    return tuple(matching)


def _check_count(name: str, count: int) -> None:
    if count > _VALUES:
        raise _too_wide(name, f"{count} values; at most {_VALUES}")


def _validate_texts(name: str, texts: tuple[str, ...]) -> tuple[str, ...]:
    _check_count(name, len(texts))
    for text in (name, *texts):
        if not text or "\0" in text:
            message = f"{name[:50]!r} is empty or holds a character 0; leave it out, or give a text"
            raise BadRequest(message, code="BAD_FILTER")
    for text in texts:
        if text.count("*") > _STARS:
            raise _too_wide(name, f"a text with more than {_STARS} `*`")
        if len(text) > SEARCH_CHARACTERS and "*" in text:
            raise _too_wide(name, f"a text with `*` and more than {SEARCH_CHARACTERS} characters")
    return tuple(dict.fromkeys(texts))


def _too_wide(name: str, what: str) -> Refused:
    problem = Problem(path=f"/{name}", message=f"holds {what}")
    return Refused(f"the search by {name} holds {what}", code="SEARCH_TOO_WIDE", problems=(problem,))
