"""Mock payloads: sample bodies of a version, stored for tests and for the names that expressions may use.

A mock payload is stored in clear text, so values that the trigger marks as secret are stored as `***`.
"""

import asyncio

from looply.app.authoring.mock_schema import mock_schema
from looply.app.context.addressing import get_owned
from looply.app.context.services import Services
from looply.catalog.authored.versions import VersionKey
from looply.catalog.authored.workflows import WorkflowVersion
from looply.catalog.tenants.principal import Principal
from looply.definition import trigger_schema, trigger_secrets
from looply.definition.schemas.schema_checker import SchemaChecker
from looply.errors import Problem, payload_error
from looply.execution.document.masking import mask_body, mask_input
from looply.jsontext import Json


async def set_mock_payload(
    services: Services, principal: Principal, workflow_id: str, version: int | None, payload: Json
) -> WorkflowVersion:
    """Stores a mock payload and its derived schema for a version (None: the newest ACTIVE one). Returns the version.

    Raises: BadRequest, NotFound, Conflict; Refused (code `PAYLOAD_REFUSED`) when the trigger would refuse the payload.
    """
    organization_id = principal.organization_id
    if version is None:
        row = await services.catalog.workflows.latest_active(organization_id, workflow_id)
        version = row.workflow_version
    await store_mock_payload(services, principal, (workflow_id, version), payload)
    return await services.catalog.workflows.get(organization_id, (workflow_id, version))


async def execution_input(services: Services, principal: Principal, workflow_id: str, execution_id: str) -> Json:
    """Returns the body with which an execution of the workflow was started, secrets as `***`. Raises: NotFound."""
    execution = await get_owned(services, principal.organization_id, execution_id, workflow_id=workflow_id.lower())
    return mask_body(execution.state.started)


async def store_mock_payload(services: Services, principal: Principal, key: VersionKey, payload: Json) -> None:
    """Stores a mock payload of a version, its secrets as `***`, with the schema derived from it.

    Raises: BadRequest, NotFound; Refused (code `PAYLOAD_REFUSED`) for a payload that the trigger would refuse.
    """
    definition = await services.catalog.workflows.definition(principal.organization_id, key)
    schema = trigger_schema(definition)
    if schema is not None and (problems := _problems(schema, payload)):
        raise payload_error(problems)
    await _store(services, principal, key, mask_input(payload, trigger_secrets(definition)))


async def mask_mock_payload(services: Services, principal: Principal, version: WorkflowVersion) -> WorkflowVersion:
    """Masks the values in the mock payload of a saved version that its definition now marks as secret."""
    masked = mask_input(version.mock_payload, trigger_secrets(version.definition))
    if version.mock_schema is None or masked == version.mock_payload:
        return version
    key = (version.workflow_id, version.workflow_version)
    await _store(services, principal, key, masked)
    return await services.catalog.workflows.get(version.organization_id, key)


async def _store(services: Services, principal: Principal, key: VersionKey, payload: Json) -> None:
    schema = await asyncio.to_thread(mock_schema, payload)
    await services.catalog.workflows.store_mock(principal.organization_id, key, payload, schema, actor=principal.actor)


def _problems(schema: Json, payload: Json) -> tuple[Problem, ...]:
    """Returns the violations of a schema. The schema of an incomplete draft may be unusable: then there are none."""
    try:
        return SchemaChecker(schema).problems_of(payload)
    except ValueError:
        return ()
