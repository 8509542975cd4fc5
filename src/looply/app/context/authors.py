"""The author of a change that came in between: refusals of stale saves name who it was."""

from typing import Protocol

from looply.app.context.services import Services
from looply.jsontext import Json


class ChangedSince(Protocol):
    """A refusal because of a change by another author."""

    modified_by: str | None
    fields: dict[str, Json]


async def name_author(services: Services, organization_id: str, error: ChangedSince) -> None:
    """Adds the name of the author to the fields of a refusal, where the author has one."""
    if error.modified_by is not None:
        names = await services.catalog.people.actors.names(organization_id, {error.modified_by})
        if error.modified_by in names:
            error.fields["modified_by_name"] = names[error.modified_by]
