"""Addressing of executions: process ids, execution ids, and the execution that a call means."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Final, Literal

from looply.app.context.services import Services
from looply.catalog.tenants.names import validate_id
from looply.engine.ports.lists import Execution, Head
from looply.errors import BadRequest, Conflict, NotFound, execution_not_found
from looply.execution.facts.address import parse_token
from looply.execution.facts.state import WAITING_STATE

MAX_PROCESS_ID: Final = 128

# Ten digits hold every event number that an execution can reach.
_EVENT: Final = re.compile(
    r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}):([1-9][0-9]{0,9})", re.ASCII
)


class Ambiguous(Conflict):
    """Several objects have the name; `choices` are the possible values of the parameter `field`."""

    code = "AMBIGUOUS"

    def __init__(
        self, message: str, *, field: Literal["workflow_ids", "states"], choices: Sequence[str], code: str = "AMBIGUOUS"
    ) -> None:
        super().__init__(message, code=code)
        self.field = field
        self.choices = tuple(choices)


def validate_process_id(value: Any) -> str:
    """Returns a valid process id in NFC.

    It has 1 to 128 printable characters without `/`, no space at either end, and is not `.` or `..`.
    Raises: BadRequest (code `BAD_PROCESS_ID`).
    """
    if isinstance(value, str):
        # A longer text cannot become short enough by normalization.
        name = unicodedata.normalize("NFC", value) if len(value) <= 16 * MAX_PROCESS_ID else value
        is_printable = name.isprintable() and "/" not in name and "\N{REPLACEMENT CHARACTER}" not in name
        if 0 < len(name) <= MAX_PROCESS_ID and is_printable and name == name.strip() and name not in (".", ".."):
            return name
    raise BadRequest(
        f"process_id must be a text of 1 to {MAX_PROCESS_ID} printable characters without '/', with no space at either "
        "end, and not '.' or '..'",
        code="BAD_PROCESS_ID",
    )


async def find_resumable(
    services: Services, organization_id: str, name: str, *, workflow_id: str = "", token: str = ""
) -> Head:
    """Returns the execution that a resume means: the open one with the name, else the newest ended one.

    Of several open ones it is the one that the token names, else the only one that waits for a resume or an answer.

    Raises: BadRequest; NotFound (code `EXECUTION_NOT_FOUND`); Ambiguous with the workflow ids.
    """
    heads = await _find(services, organization_id, name, workflow_id)
    if len(heads) == 1:
        return heads[0]
    named = parse_token(token) if token else None
    chosen = [head for head in heads if named is not None and head.execution_id == named.execution_id]
    chosen = chosen or [head for head in heads if WAITING_STATE in head.current_state.split(",")]
    if len(chosen) == 1:
        return chosen[0]
    raise _ambiguous(heads)


async def find_only(services: Services, organization_id: str, name: str, *, workflow_id: str = "") -> Head:
    """Returns the only execution with the name.

    Raises: BadRequest; NotFound (code `EXECUTION_NOT_FOUND`); Ambiguous when several open executions have the name.
    """
    heads = await _find(services, organization_id, name, workflow_id)
    if len(heads) > 1:
        raise _ambiguous(heads)
    return heads[0]


async def get_owned(services: Services, organization_id: str, execution_id: str, *, workflow_id: str = "") -> Execution:
    """Returns an execution of the organization, and of the workflow if one is given.

    Raises: NotFound (code `EXECUTION_NOT_FOUND`), the same error if another organization owns the execution.
    """
    key = execution_id.lower()
    # The owner is compared before the state is loaded: the response time discloses nothing of other organizations.
    labels = await services.engine.executions.labels(key)
    if labels.get("organization") != organization_id or workflow_id not in ("", labels.get("workflow")):
        raise execution_not_found(execution_id)
    try:
        return await services.engine.executions.get(key)
    except NotFound as error:
        raise execution_not_found(execution_id) from error


async def get_owned_head(services: Services, organization_id: str, execution_id: str) -> Head:
    """Returns the head of an execution of the organization: its state, which may be large, is not loaded.

    Raises: NotFound (code `EXECUTION_NOT_FOUND`), the same error if another organization owns the execution.
    """
    for head in await services.engine.overview.heads([execution_id.lower()]):
        if head.organization_id == organization_id:
            return head
    raise execution_not_found(execution_id)


def event_id(execution_id: str, seq: int) -> str:
    """Returns the id by which callers address the content of one event of an execution: a letter, a decision."""
    return f"{execution_id}:{seq}"


def parse_event_id(text: str) -> tuple[str, int] | None:
    """Parses an event id into the execution id and the number of the event; None for any other text."""
    found = _EVENT.fullmatch(text.lower())
    return (found[1], int(found[2])) if found is not None else None


async def _find(services: Services, organization_id: str, name: str, workflow_id: str) -> Sequence[Head]:
    checked = validate_process_id(name)
    narrowed = validate_id(workflow_id, "workflow") if workflow_id else ""
    heads = await services.engine.executions.find(organization_id, checked, narrowed)
    if not heads:
        raise execution_not_found(name)
    return heads


def _ambiguous(heads: Sequence[Head]) -> Ambiguous:
    return Ambiguous(
        f"{len(heads)} open executions have the process id {heads[0].process_id!r}; name one by ?workflow_id=, or by "
        "its execution id",
        field="workflow_ids",
        choices=[head.workflow_id for head in heads],
    )
