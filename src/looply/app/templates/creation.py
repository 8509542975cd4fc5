"""A workflow made from a template: its cards and its definition are stored together or not at all."""

from collections.abc import Mapping
from typing import Any

from looply.app.authoring.definitions import check_definition, definition_error
from looply.app.authoring.mock_schema import mock_schema
from looply.app.authoring.workflows import SaveResult
from looply.app.context.services import Services
from looply.app.studio.samples import SamplePayload, Samples, samples_content
from looply.app.templates.gallery import Template, get_template
from looply.catalog.authored.cards import CardDraft
from looply.catalog.authored.workflows import Beside, WorkflowDraft
from looply.catalog.tenants.principal import Principal
from looply.definition.calls.operations import freeze_operations
from looply.definition.calls.replacing import with_cards, with_connections
from looply.errors import Refused
from looply.jsontext import Json


async def create_from_template(
    services: Services,
    principal: Principal,
    template_id: str,
    *,
    name: str = "",
    connections: Mapping[str, str] | None = None,
) -> SaveResult:
    """Creates the workflow and the cards of a template; returns version 1, a DRAFT, with its samples.

    `name` replaces the name of the template. `connections` are names of the organization's connections by those of the
    template; a connection that does not exist is a warning.

    Raises: NotFound (code `TEMPLATE_NOT_FOUND`); Refused for a connection that the template does not name, and for a
    wrong name; DefinitionError.
    """
    template = get_template(template_id)
    definition = _with_connections(template, connections or {})
    if name:
        definition = {**definition, "workflow_name": name}
    payloads = {card.card_id: card.card_payload for card in template.cards}
    organization_id = principal.organization_id
    findings = await check_definition(services, organization_id, with_cards(definition, payloads))
    if findings.errors:
        raise definition_error(findings)
    sample = template.samples[0].body if template.samples else None
    draft = WorkflowDraft(
        name=definition["workflow_name"],
        definition=freeze_operations(definition, services.registry.operations),
        mock_payload=sample,
        mock_schema=mock_schema(sample) if template.samples else None,
    )
    cards = {card.card_id: CardDraft(name=card.card_name, payload=card.card_payload) for card in template.cards}
    version = await services.catalog.workflows.create(
        organization_id,
        principal.workspace_id,
        draft,
        actor=principal.actor,
        beside=Beside(cards=cards, samples=_samples(template)),
    )
    return SaveResult(version, findings.warnings)


def _samples(template: Template) -> Json:
    payloads = tuple(SamplePayload(name=sample.name, body=sample.body) for sample in template.samples)
    return samples_content(Samples(payloads=payloads)) if payloads else None


def _with_connections(template: Template, connections: Mapping[str, str]) -> dict[str, Any]:
    named = {need.name for need in template.needs}
    for connection in connections:
        if connection not in named:
            known = ", ".join(sorted(named)) or "none"
            finding = f"is no connection of the template; it names {known}"
            raise Refused.at(f"/connections/{connection[:50]}", finding, code="INVALID_NAME")
    return with_connections(template.definition, connections)
