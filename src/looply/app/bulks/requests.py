"""What a bulk is to do: the request of a caller, its validation, and the form in which it is stored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from looply.app.context.reasons import validate_reason
from looply.app.executions.search import validate_filter
from looply.catalog.authored.bulks import IDS, BulkAction
from looply.catalog.tenants.names import MAX_NAME_CHARACTERS, validate_id
from looply.catalog.tenants.principal import Principal
from looply.engine.ports.lists import CauseFilter, Filter
from looply.errors import BadRequest
from looply.execution.facts.commands import Redrive, RepairCommand, Retry, SkipStep, Terminate
from looply.execution.facts.state import OPEN_STATUSES, Status
from looply.instants import from_ms, ms_or_none
from looply.jsontext import Json, encode_json

DEFAULT_RATE: Final = 10
MAX_RATE: Final = 100
MAX_IDS: Final = 1000
"""The most executions that a bulk names by their ids."""
MAX_OUTPUT_BYTES: Final = 65_536
"""The longest output, as JSON, that a bulk gives to steps that it skips: it is read again for each slice."""

VIA: Final = "BULK"

_STOPPED: Final[tuple[Status, ...]] = ("FAILED",)
_STATUSES: Final[Mapping[BulkAction, tuple[Status, ...]]] = {
    "redrive": _STOPPED,
    "retry": _STOPPED,
    "skip": _STOPPED,
    "terminate": (*OPEN_STATUSES, "FAILED"),
}
"""The statuses that a filter without any selects."""


class BulkRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The action of a bulk, and its executions: those with the ids, or those that match the filter.

    `is_all` confirms a filter that restricts nothing. `rate` is in executions per second. `version` and `steps` belong
    to a redrive of executions of one workflow; `version` counts only with `has_version`, None is then the newest ACTIVE
    one. `state`, `branch` and `output` belong to a skip, as in `SkipStep`.
    """

    action: BulkAction
    criteria: Filter = Filter()
    execution_ids: tuple[str, ...] | None = None
    is_all: bool = False
    reason: str = ""
    rate: int = DEFAULT_RATE
    has_version: bool = False
    version: int | None = None
    steps: Mapping[str, str] = {}
    state: str = ""
    branch: str = ""
    output: Json = None


def validate(request: BulkRequest) -> BulkRequest:
    """Returns a request that can be stored: ids in lower case, each once, newest first; a filter with its statuses.

    Raises: BadRequest for ids or a filter that select nothing or anything, a rate or a reason out of bounds; as
    `validate_filter`.
    """
    if not 1 <= request.rate <= MAX_RATE:
        raise BadRequest.at("/rate_per_second", f"must be 1 to {MAX_RATE}")
    validate_reason(request.reason)
    if request.steps and not request.has_version:
        raise BadRequest.at("/mapping", "needs a workflow_version; name the version to continue with")
    for name, text in (("state", request.state), ("branch", request.branch)):
        if len(text) > MAX_NAME_CHARACTERS:
            raise BadRequest.at(f"/{name}", f"must be a text of at most {MAX_NAME_CHARACTERS} characters")
    _validate_output(request.output)
    if request.execution_ids is not None:
        return replace(request, execution_ids=_validate_ids(request.execution_ids))
    criteria = request.criteria
    if not filter_document(criteria) and not request.is_all:
        raise BadRequest.at("/filter", 'restricts nothing; give a field, or confirm by {"all": true} (looply: --all)')
    if request.has_version and not criteria.workflow_ids:
        raise BadRequest.at("/filter/workflow_id", "is missing; a version needs its workflow")
    criteria = replace(criteria, workflow_ids=tuple(validate_id(each, "workflow") for each in criteria.workflow_ids))
    criteria = validate_filter(criteria)
    return replace(request, criteria=replace(criteria, statuses=criteria.statuses or _STATUSES[request.action]))


def _validate_output(output: Json) -> None:
    try:
        size = len(encode_json(output))
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRequest.at("/output", f"cannot be written as JSON: {error}") from error
    if size > MAX_OUTPUT_BYTES:
        raise BadRequest.at("/output", f"has {size} bytes as JSON; at most {MAX_OUTPUT_BYTES}")


def _validate_ids(ids: Sequence[str]) -> tuple[str, ...]:
    if not ids:
        raise BadRequest.at("/workflow_execution_id", "is empty; name the executions")
    if len(ids) > MAX_IDS:
        raise BadRequest.at("/workflow_execution_id", f"holds {len(ids)} ids; at most {MAX_IDS}")
    found = []
    for place, text in enumerate(ids):
        try:
            found.append(validate_id(text, "execution"))
        except BadRequest as error:
            raise BadRequest.at(f"/workflow_execution_id/{place}", f"is {text[:50]!r}, no execution id") from error
    # Ids grow with time: the order in which a filter is processed, too.
    return tuple(sorted(set(found), reverse=True))


def selection_document(request: BulkRequest, workflow_id: str = "") -> dict[str, Any]:
    """Returns what selects the executions, in the form in which it is stored.

    `workflow_id` is the workflow to which executions named by id must belong, if any.
    """
    if request.execution_ids is None:
        return filter_document(request.criteria)
    of = {"workflow_id": workflow_id} if workflow_id else {}
    return {IDS: list(request.execution_ids), **of}


def options_of(request: BulkRequest, principal: Principal, version: int) -> dict[str, Any]:
    """Returns the options of a bulk in the form in which they are stored; `version` is 0 for none."""
    return {
        "reason": request.reason,
        "rate": request.rate,
        "version": version,
        "steps": dict(request.steps),
        "by": principal.by,
        "state": request.state,
        "branch": request.branch,
        "output": request.output,
    }


def command_of(
    action: BulkAction, options: Mapping[str, Any], *, at: datetime, opened_by: datetime, reason: str
) -> Terminate | RepairCommand:
    """Returns the command of a bulk with these stored options; of a redrive without the version.

    It resolves incidents that are not younger than `opened_by`, so that a slice may be repeated.
    """
    common: dict[str, Any] = {"at": at, "by": options["by"], "via": VIA, "reason": reason}
    match action:
        case "terminate":
            return Terminate(**common)
        case "retry":
            return Retry(**common, opened_by=opened_by)
        case "skip":
            names = ("state", "branch", "output")
            return SkipStep(**common, opened_by=opened_by, **{name: options[name] for name in names})
        case "redrive":
            return Redrive(**common, opened_by=opened_by)


def filter_document(criteria: Filter) -> dict[str, Any]:
    """Returns a filter in the form in which it is stored and shown, without empty fields."""
    cause = criteria.cause or CauseFilter()
    shown = {
        "workflow_id": _only(criteria.workflow_ids),
        "workflow_version": _only(criteria.workflow_versions),
        "status": list(criteria.statuses),
        "workflow_trigger_type": _only(criteria.trigger_types),
        "process_id": list(criteria.process_ids),
        "from": ms_or_none(criteria.created_from),
        "to": ms_or_none(criteria.created_to),
        "incident_code": list(cause.codes),
        "incident_kind": list(cause.kinds),
        "incident_state": list(cause.steps),
    }
    return {name: value for name, value in shown.items() if value not in (None, [])}


def parse_filter(document: Mapping[str, Any]) -> Filter:
    """Returns the filter of a stored document."""

    def instant(name: str) -> datetime | None:
        return from_ms(document[name]) if name in document else None

    def one(name: str) -> tuple[Any, ...]:
        return (document[name],) if name in document else ()

    cause = CauseFilter(
        codes=tuple(document.get("incident_code", ())),
        kinds=tuple(document.get("incident_kind", ())),
        steps=tuple(document.get("incident_state", ())),
    )
    return Filter(
        workflow_ids=one("workflow_id"),
        workflow_versions=one("workflow_version"),
        statuses=tuple(document.get("status", ())),
        trigger_types=one("workflow_trigger_type"),
        process_ids=tuple(document.get("process_id", ())),
        created_from=instant("from"),
        created_to=instant("to"),
        cause=None if cause == CauseFilter() else cause,
    )


def _only(values: Sequence[Any]) -> Any:
    """Returns the only value of a field that holds one at most, or None."""
    return values[0] if values else None
