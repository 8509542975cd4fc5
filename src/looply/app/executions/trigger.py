"""Triggers of workflows: resolve version and profile, and start at most one execution for a key or process id."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec

from looply.app.authoring.mock_payloads import store_mock_payload
from looply.app.context.addressing import validate_process_id
from looply.app.context.library import Runnable
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.definition import parse_duration
from looply.engine.ports.lists import Execution
from looply.engine.ports.port import Key, Start
from looply.errors import BadRequest, DefinitionError, Refused
from looply.execution.views.logs import mask_document
from looply.jsontext import Json, fingerprint
from looply.rates import offload_if_large

MAX_WAIT: Final = timedelta(seconds=60)
"""How long a caller may wait for the end of what it starts: proxies cut longer calls."""


class TriggerRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One call. `version` is None for the newest ACTIVE one; `process_id` is checked here; `key` may be empty.

    `covered` is the part of the request that an idempotency key covers besides the body: the path and the query.
    `depth` is the number of nested executions that led to this call.
    """

    workflow_id: str
    version: int | None
    body: Json = None
    has_body: bool = False
    body_size: int = 0
    process_id: str | None = None
    profile: str = ""
    wait: timedelta | None = None
    key: str = ""
    covered: tuple[str, ...] = ()
    depth: int = 0


class TriggerResult(msgspec.Struct, frozen=True, kw_only=True):
    """The execution is durable. `settled` is its state if the caller waited until it ended, waits or is stuck."""

    execution_id: str
    replayed: bool = False
    settled: Execution | None = None


async def trigger(services: Services, principal: Principal, request: TriggerRequest) -> TriggerResult:
    """Starts an execution, or returns the one that the same call started before.

    Raises: BadRequest, NotFound, Conflict, Refused, Overloaded, StoreFull (nothing was done), StoreLost (unknown).
    """
    organization_id = principal.organization_id
    _check_depth(request.depth, services.limits.child_depth)
    process_id = _process_id(request)
    runnable = await services.library.resolve(organization_id, request.workflow_id, request.version)
    profile = await services.library.profile(organization_id, request.workflow_id, request.profile)
    size = request.body_size
    start = Start(
        organization_id=organization_id,
        workspace_id=runnable.workspace_id,
        workflow_id=runnable.workflow_id,
        workflow_version=runnable.workflow_version,
        workflow=runnable.workflow,
        trigger_type="REQUEST",
        body=request.body,
        body_size=size,
        fingerprint=await offload_if_large(size, partial(_fingerprint_of, request)) if process_id else b"",
        process_id=process_id,
        profile=profile.name if profile is not None else "",
        environment=profile.values if profile is not None else None,
        by=principal.by,
        via="API",
        depth=request.depth,
        key=await offload_if_large(size, partial(_key_of, request)) if request.key else None,
    )
    started = await services.engine.start(start)
    settled = None
    if request.wait is not None:
        settled = await _settle(services, started.execution_id, services.clock.now() + request.wait)
    return TriggerResult(execution_id=started.execution_id, replayed=started.replayed, settled=settled)


async def store_mock(services: Services, principal: Principal, request: TriggerRequest) -> None:
    """Stores the body as mock payload of the version that the call would run, with the schema derived from it.

    Raises: Forbidden (code `SCOPE`) for a caller who may start executions and not edit the workflow.
    """
    principal.require("edit.drafts")
    organization_id = principal.organization_id
    _process_id(request)
    version = await _version_of(services, organization_id, request)
    await services.library.profile(organization_id, request.workflow_id, request.profile)
    await store_mock_payload(services, principal, (request.workflow_id, version), request.body)


def output_of(execution: Execution) -> Json:
    """Returns the output of an ended execution: `payload.output` of its document, secrets masked."""
    return mask_document(execution.workflow, execution.state)["payload"]["output"]


def parse_wait(text: str) -> timedelta:
    """Parses the time that a caller is willing to wait.

    Raises: BadRequest (code `BAD_WAIT`) when it is not an ISO 8601 duration or is longer than a minute.
    """
    try:
        wait = parse_duration(text).to_timedelta()
    except (DefinitionError, OverflowError):
        wait = None
    if wait is None or wait > MAX_WAIT:
        raise BadRequest(
            f"wait is {text[:100]!r}, expected a duration of at most PT60S, such as PT10S", code="BAD_WAIT"
        )
    return wait


def _check_depth(depth: int, most: int) -> None:
    if depth > most:
        message = f"the call has a depth of {depth} nested executions; the limit child_depth is {most}"
        raise Refused(message, code="DEPTH_LIMIT")


async def _version_of(services: Services, organization_id: str, request: TriggerRequest) -> int:
    if request.version is not None:
        return request.version
    runnable: Runnable = await services.library.resolve(organization_id, request.workflow_id, None)
    return runnable.workflow_version


def _process_id(request: TriggerRequest) -> str:
    """Returns the process id of the query, else of the body, else an empty text."""
    if request.process_id is not None:
        return validate_process_id(request.process_id)
    if isinstance(request.body, dict) and "process_id" in request.body:
        return validate_process_id(request.body["process_id"])
    return ""


def _fingerprint_of(request: TriggerRequest) -> bytes:
    return fingerprint(request.version, request.profile, [request.body] if request.has_body else [])


def _key_of(request: TriggerRequest) -> Key:
    body = [request.body] if request.has_body else []
    return Key(text=request.key, fingerprint=fingerprint(list(request.covered), body))


async def _settle(services: Services, execution_id: str, until: datetime) -> Execution | None:
    """Returns the execution once it has settled; None when the time is over, or the process stops, before."""
    settled = asyncio.ensure_future(services.engine.executions.wait_until_settled(execution_id, until))
    draining = asyncio.ensure_future(services.lifecycle.wait())
    try:
        await asyncio.wait((settled, draining), return_when=asyncio.FIRST_COMPLETED)
        execution = settled.result() if settled.done() else None
    finally:
        settled.cancel()
        draining.cancel()
    return execution if execution is not None and execution.head.status != "RUNNING" else None
