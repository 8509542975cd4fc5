"""Mock payloads: sample bodies of a version, kept for tests and for the names that expressions may use.

A mock payload is stored in clear, so what the trigger marks as secret is stored as `***`.
"""

import asyncio

from looply.app.authoring.mock import mock_schema
from looply.app.context.addressing import get_owned
from looply.app.context.services import Services
from looply.catalog.authored.versions import VersionKey
from looply.catalog.authored.workflows import WorkflowVersion
from looply.catalog.tenants.keys import Principal
from looply.definition import trigger_schema, trigger_secrets
from looply.definition.schemas.schema_checker import SchemaChecker
from looply.errors import Problem, payload_error
from looply.execution.document.masking import mask_body, mask_input
from looply.jsontext import Json


async def set_mock(
    services: Services, principal: Principal, workflow_id: str, version: int | None, payload: Json
) -> WorkflowVersion:
    """Returns the version, None the newest ACTIVE one, with this mock payload and the schema made of it.

    Raises: BadRequest, NotFound, Conflict; Refused (code `PAYLOAD_REFUSED`) for one that its trigger would refuse.
    """
    organization_id = principal.organization_id
    if version is None:
        row = await services.catalog.workflows.latest_active(organization_id, workflow_id)
        version = row.workflow_version
    await keep_mock(services, principal, (workflow_id, version), payload)
    return await services.catalog.workflows.get(organization_id, (workflow_id, version))


async def input_of(services: Services, principal: Principal, workflow_id: str, execution_id: str) -> Json:
    """Returns the body that an execution of a workflow was started with, secrets as `***`. Raises: NotFound."""
    execution = await get_owned(services, principal.organization_id, execution_id, workflow_id=workflow_id.lower())
    return mask_body(execution.state.started)


async def keep_mock(services: Services, principal: Principal, key: VersionKey, payload: Json) -> None:
    """Keeps a mock payload of a version, what is secret in it as `***`, with the schema made of it.

    Raises: BadRequest, NotFound; Refused (code `PAYLOAD_REFUSED`) for one that the trigger would refuse.
    """
    definition = await services.catalog.workflows.definition(principal.organization_id, key)
    schema = trigger_schema(definition)
    if schema is not None and (problems := _problems(schema, payload)):
        raise payload_error(problems)
    await _store(services, principal, key, mask_input(payload, trigger_secrets(definition)))


async def mask_mock(services: Services, principal: Principal, version: WorkflowVersion) -> WorkflowVersion:
    """Returns a version that was saved, its mock payload without what the definition now marks as secret."""
    masked = mask_input(version.mock_payload, trigger_secrets(version.definition))
    if version.mock_schema is None or masked == version.mock_payload:
        return version
    key = (version.workflow_id, version.workflow_version)
    await _store(services, principal, key, masked)
    return await services.catalog.workflows.get(version.organization_id, key)


async def _store(services: Services, principal: Principal, key: VersionKey, payload: Json) -> None:
    schema = await asyncio.to_thread(mock_schema, payload)
    await services.catalog.workflows.store_mock(principal.organization_id, key, payload, schema, actor=principal.key_id)


def _problems(schema: Json, payload: Json) -> tuple[Problem, ...]:
    """Returns how a payload breaks a schema; that of an incomplete draft may be none that can be used."""
    try:
        return SchemaChecker(schema).problems_of(payload)
    except ValueError:
        return ()
