"""Connections: addresses and credentials of other systems. A read never returns the value of a secret."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from looply.app.context.audit import record
from looply.app.context.credentials import values_of
from looply.app.context.services import Services
from looply.catalog.authored.connections import Connection, ConnectionDraft, ResolvedConnection
from looply.catalog.storage.pages import Page
from looply.catalog.tenants.principal import Principal
from looply.connectors.port import Check
from looply.engine.records.targets import way_name
from looply.errors import BadRequest, Conflict, NotFound, OperationError, Problem, Refused
from looply.jsontext import Json

# The placeholder of a secret that is kept, for the check of all secrets.
_KEPT: Final = "kept"


async def create(services: Services, principal: Principal, draft: ConnectionDraft) -> Connection:
    """Creates and returns a connection. Raises: BadRequest, Refused with all findings, Conflict for a name in use."""
    _check(services, draft, ())
    return await services.catalog.connections.create(
        principal.organization_id, principal.workspace_id, draft, actor=principal.actor
    )


async def update(services: Services, principal: Principal, name: str, draft: ConnectionDraft) -> Connection:
    """Applies a draft to a connection and returns it; secrets that are left out are kept.

    Raises: BadRequest, Refused with all findings, NotFound, Conflict for a name in use, or (code `CONNECTION_AWAITED`)
    for another name while calls by this one wait for a system.
    """
    former = await services.catalog.connections.get(principal.organization_id, name)
    _check(services, draft, former.secret_names)
    if draft.name != former.name:
        await _require_no_waiting(services, principal, former)
    return await services.catalog.connections.update(principal.organization_id, name, draft, actor=principal.actor)


async def _require_no_waiting(services: Services, principal: Principal, former: Connection) -> None:
    """Raises: Conflict (code `CONNECTION_AWAITED`) while calls by a connection wait for its system.

    They name the connection: under another name each would fail by itself when the system is back.
    """
    target = services.registry.target(former.kind, former.settings)
    if not target:
        return
    names = {target, way_name(target, former.name)}
    queues = await services.engine.targets.queues(principal.organization_id, names)
    waiting = sum(count for queue, count in queues.items() if queue.partition(" ")[2] == former.name)
    if waiting:
        message = (
            f"{waiting} calls by the connection {former.name} wait for {target}, and would not find it by another name;"
            " rename it when none waits, or create another connection"
        )
        raise Conflict(message, code="CONNECTION_AWAITED")


async def delete(services: Services, principal: Principal, name: str) -> None:
    """Deletes a connection and its secrets. Raises: NotFound."""
    await services.catalog.connections.delete(principal.organization_id, name, actor=principal.actor)


async def get(services: Services, principal: Principal, name: str) -> Connection:
    """Returns a connection. Raises: NotFound."""
    return await services.catalog.connections.get(principal.organization_id, name)


async def list_page(services: Services, principal: Principal, limit: int, before: str | None) -> Page[Connection]:
    """Returns connections, newest first."""
    return await services.catalog.connections.list_page(principal.organization_id, limit, before)


async def test(
    services: Services, principal: Principal, name: str | None, draft: ConnectionDraft | None, path: str
) -> tuple[Check, ...]:
    """Tests a saved connection, or a draft, from the process that makes the calls; the test is recorded in the audit.

    A draft with the name of a saved connection keeps the secrets that it leaves out, as `update` does.

    Raises: BadRequest, NotFound; Refused with all findings, for secrets that may not be kept (code `SECRETS_NEEDED`),
    and for a kind that has no test (code `NOT_TESTABLE`).
    """
    found = await _resolve(services, principal, name, draft)
    checks = await services.prober.test(principal.organization_id, values_of(found, services.registry), path)
    failed: list[Json] = [check.name for check in checks if check.state == "failed"]
    details: dict[str, Json] = {"name": found.name, "kind": found.kind, "failed": failed, "is_draft": draft is not None}
    await record(services, principal, "connection.test", found.connection_id, **details)
    return checks


async def discover(services: Services, principal: Principal, name: str, question: Mapping[str, str]) -> Json:
    """Returns what the system of a connection offers.

    Raises: NotFound; Refused (code `NOT_DISCOVERABLE`) for a kind that cannot be asked; Conflict (code
    `NOT_DISCOVERED`) when the system does not answer as it should, with the reason.
    """
    found = await services.catalog.connections.resolve(principal.organization_id, name)
    try:
        return await services.prober.discover(principal.organization_id, values_of(found, services.registry), question)
    except OperationError as error:
        raise Conflict(f"{found.name} could not be asked: {error.message}", code="NOT_DISCOVERED") from error


async def _resolve(
    services: Services, principal: Principal, name: str | None, draft: ConnectionDraft | None
) -> ResolvedConnection:
    catalog, organization_id = services.catalog.connections, principal.organization_id
    if draft is None:
        if not name:
            raise BadRequest.at("/name", "name a saved connection, or give the `kind` and `settings` of a draft")
        return await catalog.resolve(organization_id, name)
    if name:
        former = await catalog.get(organization_id, name)
        _check(services, draft, former.secret_names)
        return await catalog.preview(organization_id, name, draft)
    _check(services, draft, ())
    secrets = {each: value for each, value in draft.secrets.items() if value is not None}
    return ResolvedConnection(
        connection_id="", name=draft.name, kind=draft.kind, settings=draft.settings, secrets=secrets
    )


def _check(services: Services, draft: ConnectionDraft, former_secrets: Collection[str]) -> None:
    try:
        kind = services.registry.connection_kind(draft.kind)
    except NotFound as error:
        raise _invalid_connection((Problem(path="/kind", message=error.message),)) from error
    secrets: Mapping[str, Any] = {**dict.fromkeys(former_secrets, _KEPT), **draft.secrets}
    problems = kind.problems(draft.settings, {name: value for name, value in secrets.items() if value is not None})
    if problems:
        raise _invalid_connection(problems)


def _invalid_connection(problems: tuple[Problem, ...]) -> Refused:
    first = problems[0]
    message = f"the connection does not fit its kind: {first.path} {first.message}"
    return Refused(message, code="INVALID_CONNECTION", problems=problems)
