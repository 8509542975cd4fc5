"""The import of a definition: options and result, shared by the import over the API and the import into a store."""

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
"""The pointer to the definition in the body of the API; paths of findings begin with it."""


DRAFT_OPEN: Final = "DRAFT_OPEN"
OVERWRITE_HINT: Final = "--modified-on says which state of the draft you have read; --force overwrites it as it is now"


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """The workflow and version under which a definition is stored, and its warnings."""

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
class ImportOptions:
    """The options of an import: activation, the workflow when the definition names none, and what it may overwrite."""

    activate: Annotated[bool, Parameter(help="Make the imported version ACTIVE.", negative="")] = False
    workflow_id: Annotated[str, Parameter(help="Import as the next version of the workflow with this id or name.")] = ""
    modified_on: Annotated[int | None, Parameter(help="Overwrite the open draft if this is its modified_on.")] = None
    force: Annotated[bool, Parameter(help="Overwrite the open draft as it is now.", negative="")] = False


DEFAULT_IMPORT: Final = ImportOptions()


async def import_by_api(client: ApiClient, definition: Json, options: ImportOptions) -> Imported:
    """Imports through a running server. Raises: the errors of `ApiClient`; paths point into the definition."""
    body: dict[str, Any] = {"definition": definition}
    if options.workflow_id:
        body["workflow_id"] = await client.workflow_id(options.workflow_id)
    if options.modified_on is not None:
        body["modified_on"] = options.modified_on
    with paths_into_definition():
        answer = await _post_import(client, body, overwrites=options.force)
        item = answer["item"]
        named = {"workflow_id": item["workflow_id"], "workflow_version": item["workflow_version"]}
        if options.activate:
            item = (await client.post("activateWorkflow", named))["item"]
    return Imported(
        **named,
        workflow_status=item["workflow_status"],
        warnings=unwrap_paths(problems_in(answer, "warnings")),
        is_unchanged=answer.get("unchanged") is True,
    )


async def _post_import(client: ApiClient, body: dict[str, Any], *, overwrites: bool) -> dict[str, Any]:
    try:
        return await client.post("importWorkflow", body)
    except ApiRefused as error:
        if error.code != DRAFT_OPEN:
            raise
        if not overwrites or "modified_on" in body:
            error.message = f"{error.message} ({OVERWRITE_HINT})"
            raise
        return await client.post("importWorkflow", {**body, "modified_on": error.body["modified_on"]})


@contextmanager
def paths_into_definition() -> Iterator[None]:
    """Makes paths of findings point into the definition, not into the request body that contains it."""
    try:
        yield
    except (ApiRefused, DefinitionError) as error:
        error.problems = unwrap_paths(error.problems)
        error.message = error.message.replace(f"{_WRAPPED}/", "/")
        raise


def unwrap_paths(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Returns findings with paths into the definition."""
    return tuple(msgspec.structs.replace(found, path=found.path.removeprefix(_WRAPPED)) for found in problems)
