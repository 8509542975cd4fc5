"""Checks of definitions, and the ids that exported definitions carry."""

from typing import Any, Final

from msgspec import structs

from looply.app.authoring.missing_names import find_missing_names
from looply.app.context.embedding import embed_cards
from looply.app.context.services import Services
from looply.definition import Findings, parse_definition
from looply.errors import DefinitionError
from looply.jsontext import Json

IDENTITY: Final = ("workflow_id", "workflow_version")
"""Fields of an exported definition that identify its origin; they are not part of the definition."""

MAX_FINDINGS: Final = 1000
"""The most errors, and the most warnings, of a definition that are stored with a draft or returned to a caller."""
CANVAS: Final = "canvas"
"""The field of an exported definition with the notes and folds of its workflow; it is no part of the definition."""


async def check_definition(
    services: Services,
    organization_id: str,
    definition: Json,
    mock_schema: Json = None,
    *,
    own_id: str = "",
    needs_names: bool = False,
) -> Findings:
    """Returns all findings of a definition as it would run: with the cards that it names embedded.

    A named card, connection, datastore or workflow that the organization does not have, or an operation that no
    installed connector has, is a warning, because it may be created later. With `needs_names`, before an activation, it
    is an error.
    `mock_schema` is the schema of the version's mock payload, if there is one. `own_id` is the definition's workflow,
    empty for a new one. Raises: Overloaded.
    """
    limits = services.limits
    if not isinstance(definition, dict):
        return parse_definition(definition, limits)
    embedded, without_card = await embed_cards(services.catalog.cards, organization_id, definition)
    # A definition of the largest size, full of expressions, takes seconds.
    operations = services.registry.operations
    findings = await services.background.run(
        lambda: parse_definition(
            embedded,
            limits,
            payload_schema=mock_schema,
            operations=operations,
            channels=services.channels,
            card_checks=services.card_checks,
        )
    )
    missing = (*without_card, *await find_missing_names(services, organization_id, definition, own_id))
    if not missing:
        return findings
    if needs_names:
        return Findings(errors=(*findings.errors, *missing), warnings=findings.warnings)
    return structs.replace(findings, warnings=(*findings.warnings, *missing))


def definition_error(findings: Findings) -> DefinitionError:
    """Returns the exception for a definition with errors; it contains all of them."""
    problems = findings.errors
    count = f"{len(problems)} problems; the first" if len(problems) > 1 else "a problem"
    first = problems[0]
    message = f"the definition has {count}: {first.path or 'the document'}: {first.message}"
    return DefinitionError(message, problems=problems)


def strip_identity(definition: dict[str, Any]) -> dict[str, Any]:
    """Returns a definition without what a file has in addition: ids, canvas, and the reference to its JSON Schema."""
    return {name: value for name, value in definition.items() if name not in (*IDENTITY, CANVAS, "$schema")}
