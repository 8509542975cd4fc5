"""The search for executions."""

from typing import Final, Literal, TypeAlias, get_args

from looply.app.executions.search import search
from looply.catalog.tenants.names import validate_id
from looply.engine.ports.lists import CauseFilter, Filter, Having, TriggerType
from looply.errors import BadRequest
from looply.execution.facts.events import IncidentKind
from looply.execution.facts.state import Status
from looply.server.executions.executions import EXECUTION_KEY
from looply.server.executions.records import ExecutionPage, execution_page_of
from looply.server.http.call import Call, Parameter, Query, Response, read_route
from looply.server.http.wire import LIMIT, execution_cursor, instant_of, limit_of, number_of, one_of

_FIELD: Final = "field."

Order: TypeAlias = Literal["newest", "oldest"]
"""Which executions a list begins with."""


async def search_executions(call: Call) -> Response:
    """Lists the executions that match."""
    after = call.query.get("workflow_execution_id")
    page = await search(
        call.services,
        call.principal,
        filter_of(call.query),
        after=execution_cursor(after) if after else "",
        limit=limit_of(call),
    )
    return Response(await execution_page_of(call, page, is_search=True))


def filter_of(query: Query) -> Filter:
    """Returns the filter that query parameters give. Raises: BadRequest for a value that none of them takes."""
    return Filter(
        workflow_ids=tuple(validate_id(text, "workflow") for text in query.all("workflow_id")),
        statuses=one_of(query.all("status"), get_args(Status), "status"),
        workflow_versions=tuple(number_of(text, "workflow_version") for text in query.all("workflow_version")),
        trigger_types=one_of(query.all("workflow_trigger_type"), get_args(TriggerType), "workflow_trigger_type"),
        profiles=query.all("profile"),
        process_ids=query.all("process_id"),
        created_from=instant_of(query.get("from"), "from") if "from" in query else None,
        created_to=instant_of(query.get("to"), "to") if "to" in query else None,
        terms=query.all("term"),
        parents=tuple(map(_parent_of, query.all("parent_execution_id"))),
        has=one_of(query.all("has"), get_args(Having), "has"),
        cause=CauseFilter(
            codes=query.all("incident_code"),
            kinds=one_of(query.all("incident_kind"), get_args(IncidentKind), "incident_kind"),
            steps=query.all("incident_state"),
        ),
        targets=query.all("waiting_for"),
        fields=tuple((_field_of(name), query.all(name)) for name in query.values if name.startswith(_FIELD)),
        is_oldest_first=one_of(query.all("order"), get_args(Order), "order") == ("oldest",),
    )


def _parent_of(text: str) -> str:
    try:
        return validate_id(text, "execution")
    except BadRequest as error:
        message = f"parent_execution_id is {text[:50]!r}, expected the id of an execution"
        raise BadRequest(message, code="BAD_FILTER") from error


def _field_of(name: str) -> str:
    field = name.removeprefix(_FIELD)
    if not field:
        raise BadRequest("field. is given without the name of a search field", code="BAD_FILTER")
    return field


PREFIX: Final = _FIELD
"""The beginning of the names of parameters that are search fields."""

CRITERIA: Final = (
    Parameter("status", "RUNNING, WAITING, COMPLETED, FAILED or TERMINATED.", repeats=True),
    Parameter("workflow_id", "Id of the workflow.", repeats=True),
    Parameter("workflow_version", "Version of the workflow.", repeats=True, kind="count"),
    Parameter("workflow_trigger_type", "REQUEST or SCHEDULED.", repeats=True),
    Parameter("profile", "Name of the environment profile; empty: executions without one.", repeats=True),
    Parameter("process_id", "Process id; `*` matches any text.", repeats=True),
    Parameter("from", "Created at or after this instant, epoch milliseconds.", kind="instant"),
    Parameter("to", "Created before this instant, epoch milliseconds.", kind="instant"),
    Parameter("parent_execution_id", "Id of the parent execution.", repeats=True),
    Parameter(
        "waiting_for",
        "Only executions whose calls wait for this system, which is down, being drained or paused, those with an "
        "incident too: its name in `getTargets`, its address, or the name of a connection. An unknown name finds none.",
        repeats=True,
    ),
    Parameter(
        "term",
        "A process id, an execution id, the value of any search field, the current step of an execution that "
        "has not completed, or the name of its workflow in any case; `*` matches any text.",
        repeats=True,
    ),
)
"""The parameters of a search that say which executions it finds."""

ORDER: Final = Parameter("order", "Which executions come first: `newest` (the default) or `oldest`.")
"""The parameter of the order. A cursor continues the list of the order that it is from."""

ROUTES: Final = (
    read_route(
        path="/v2/workflows/searchExecutions",
        access="read.payloads",
        takes_bound_keys=True,
        handle=search_executions,
        summary="Search executions, newest or oldest first",
        description=(
            "Values of one parameter are OR-ed, different parameters are AND-ed. `field.NAME` is a search field of the "
            "workflow (setting `search_fields`), named by the last part of its pointer. In texts `*` matches any text. "
            "A page scans at most 20,000 executions, 12,000 with a `term`, fewer with many texts. A page that reaches "
            "this limit is `truncated` and may be short; `lastKey` continues the search."
        ),
        tag="Executions",
        parameters=(
            *CRITERIA,
            ORDER,
            LIMIT,
            EXECUTION_KEY,
        ),
        prefix=PREFIX,
        answer=ExecutionPage,
        refusals=(422,),
    ),
)
