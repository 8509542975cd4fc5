"""The import of a definition, as both ways of doing it report it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from cyclopts import Parameter

from looply.cli.terminal.client import ApiClient, problems_in
from looply.cli.terminal.failures import ApiRefused
from looply.errors import DefinitionError, Problem
from looply.jsontext import Json

_WRAPPED: Final = "/definition"
"""Where the definition stands in the body of the API; paths of findings begin with it."""


DRAFT_OPEN: Final = "DRAFT_OPEN"
ADVICE: Final = "--modified-on says which state of the draft you have read; --force overwrites it as it is now"


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """Where a definition is stored now, and what is doubtful in it."""

    workflow_id: str
    workflow_version: int
    workflow_status: str
    warnings: tuple[Problem, ...] = ()
    is_unchanged: bool = False

    @property
    def document(self) -> dict[str, Any]:
        """The document that `looply workflow import --json` writes."""
        names = ("workflow_id", "workflow_version", "workflow_status")
        return {name: getattr(self, name) for name in names}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an import does beside storing: the workflow when the definition names none, and what it may overwrite."""

    activate: Annotated[bool, Parameter(help="Make the imported version ACTIVE.", negative="")] = False
    workflow_id: Annotated[str, Parameter(help="Import as the next version of this workflow.")] = ""
    modified_on: Annotated[int | None, Parameter(help="Overwrite the open draft if this is its modified_on.")] = None
    force: Annotated[bool, Parameter(help="Overwrite the open draft as it is now.", negative="")] = False


AS_IT_IS: Final = Asked()


async def import_by_api(client: ApiClient, definition: Json, asked: Asked) -> Imported:
    """Imports by a running server. Raises: what `ApiClient` raises; paths point into the definition."""
    body: dict[str, Any] = {"definition": definition}
    if asked.workflow_id:
        body["workflow_id"] = asked.workflow_id
    if asked.modified_on is not None:
        body["modified_on"] = asked.modified_on
    with paths_into_definition():
        answer = await _stored(client, body, forces=asked.force)
        item = answer["item"]
        named = {"workflow_id": item["workflow_id"], "workflow_version": item["workflow_version"]}
        if asked.activate:
            item = (await client.post("activateWorkflow", named))["item"]
    return Imported(
        **named,
        workflow_status=item["workflow_status"],
        warnings=unwrapped(problems_in(answer, "warnings")),
        is_unchanged=answer.get("unchanged") is True,
    )


async def _stored(client: ApiClient, body: dict[str, Any], *, forces: bool) -> dict[str, Any]:
    try:
        return await client.post("importWorkflow", body)
    except ApiRefused as error:
        if error.code != DRAFT_OPEN:
            raise
        if not forces or "modified_on" in body:
            error.message = f"{error.message} ({ADVICE})"
            raise
        return await client.post("importWorkflow", {**body, "modified_on": error.body["modified_on"]})


@contextmanager
def paths_into_definition() -> Iterator[None]:
    """Makes paths of findings point into the definition that was given, not into the body that carried it."""
    try:
        yield
    except (ApiRefused, DefinitionError) as error:
        error.problems = unwrapped(error.problems)
        error.message = error.message.replace(f"{_WRAPPED}/", "/")
        raise


def unwrapped(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Returns findings with paths into the definition."""
    return tuple(msgspec.structs.replace(found, path=found.path.removeprefix(_WRAPPED)) for found in problems)
