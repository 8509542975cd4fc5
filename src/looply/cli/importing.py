"""The import of a definition, as both ways of doing it report it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from looply.cli.client import ApiClient, problems_in
from looply.cli.failures import ApiRefused
from looply.errors import DefinitionError, Problem
from looply.jsontext import Json

_WRAPPED: Final = "/definition"
"""Where the definition stands in the body of the API; paths of findings begin with it."""


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


async def import_by_api(client: ApiClient, definition: Json, workflow_id: str, *, activates: bool) -> Imported:
    """Imports by a running server. Raises: what `ApiClient` raises; paths point into the definition."""
    body = {"definition": definition, **({"workflow_id": workflow_id} if workflow_id else {})}
    with paths_into_definition():
        answer = await client.post("importWorkflow", body)
        item = answer["item"]
        named = {"workflow_id": item["workflow_id"], "workflow_version": item["workflow_version"]}
        if activates:
            item = (await client.post("activateWorkflow", named))["item"]
    return Imported(
        **named,
        workflow_status=item["workflow_status"],
        warnings=unwrapped(problems_in(answer, "warnings")),
        is_unchanged=answer.get("unchanged") is True,
    )


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
