"""Checks the steps that use a connection against what its system says of itself at present."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from looply.app.context.credentials import values_of
from looply.app.context.services import Services
from looply.catalog.authored.connections import ResolvedConnection
from looply.catalog.authored.uses import UseKey, UsingVersion
from looply.catalog.tenants.principal import Principal
from looply.connectors.port import CallCheck, DefinedCall
from looply.definition.calls.external_names import constant_text
from looply.definition.calls.operation_steps import OPERATION_STEPS
from looply.definition.calls.uses import label_of
from looply.definition.graph.outline import StepOutline, read_outline
from looply.definition.values.pointer import join_pointer
from looply.engine.effects.connection_prober import require_check
from looply.errors import Conflict, NotFound, OperationError, Problem
from looply.jsontext import Json, encode_json

MAX_STEPS: Final = 2000
SECONDS: Final = 28.0
"""The most time of a whole check: the client of the web app waits for 30 s."""
READING_SECONDS: Final = 5.0
"""The most time in which steps are looked for; what is found by then is compared."""
MAX_BYTES: Final = 8 * 1024 * 1024
"""Inputs of all steps together: another process may compare them."""
_PAGE: Final = 100


class CheckedUse(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a version that uses the connection, and what is wrong with it; paths are pointers into the definition.

    `unchecked`: places that an expression gives. `failure`: why it could not be checked, None when it was.
    `is_compared`: whether any of it was compared. `further`: how many problems are not listed.
    """

    workflow_id: str
    workflow_name: str
    version: int
    status: Literal["DRAFT", "ACTIVE"]
    step: str
    label: str
    problems: tuple[Problem, ...] = ()
    unchecked: int = 0
    failure: Problem | None = None
    is_compared: bool = True
    further: int = 0


class UsesCheck(msgspec.Struct, frozen=True, kw_only=True):
    """All steps that were looked at. `is_cut`: there are more of them, which were not."""

    uses: tuple[CheckedUse, ...]
    is_cut: bool


@dataclass(slots=True)
class _Calls:
    """The calls that are checked, with the steps that make them."""

    name: str
    most_steps: int
    uses: list[CheckedUse] = field(default_factory=list)
    calls: list[DefinedCall] = field(default_factory=list)
    bases: list[str] = field(default_factory=list)
    """Pointers of the inputs in their definitions."""
    size: int = 0
    is_cut: bool = False

    def add(self, version: UsingVersion, document: dict[str, Json]) -> None:
        """Adds the steps of a definition that use the connection, as long as they fit."""
        for step, call, base in _calls_of(document, self.name):
            self.size += len(encode_json(call.input))
            if len(self.calls) >= self.most_steps or self.size > MAX_BYTES:
                self.is_cut = True
                return
            self.calls.append(call)
            self.bases.append(base)
            use = CheckedUse(
                workflow_id=version.workflow_id,
                workflow_name=version.workflow_name,
                version=version.workflow_version,
                status=version.status,
                step=step.id,
                label=label_of(step.raw.get("description")),
            )
            self.uses.append(use)


async def check_uses(
    services: Services, principal: Principal, name: str, *, most_steps: int = MAX_STEPS, seconds: float = SECONDS
) -> UsesCheck:
    """Returns the steps that name a connection, up to `most_steps`, each with the names that its system does not have.

    They are those of the newest ACTIVE version of each workflow, and of drafts that are newer. The system says at this
    moment what it has; it is not asked when there are no such steps.

    Raises: NotFound; Refused (code `NOT_DISCOVERABLE`) for a kind whose systems cannot be asked; Conflict (code
    `NOT_DISCOVERED`) when no process could ask the system, with the reason, or none answered within `seconds`.
    """
    found = await services.catalog.connections.resolve(principal.organization_id, name)
    require_check(services.registry.connection_kind(found.kind))
    try:
        async with asyncio.timeout(seconds):
            calls = await _collect(services, principal.organization_id, _Calls(name, most_steps))
            checks = await _ask(services, principal, found, calls.calls) if calls.calls else ()
    except TimeoutError as error:
        message = f"{name} could not be asked in time: a check has {seconds:g} s; repeat it when its system is faster"
        raise Conflict(message, code="NOT_DISCOVERED") from error
    uses = [_checked(*each) for each in zip(calls.uses, calls.bases, checks, strict=True)]
    return UsesCheck(uses=tuple(uses), is_cut=calls.is_cut)


async def _collect(services: Services, organization_id: str, calls: _Calls) -> _Calls:
    catalog = services.catalog
    after: UseKey | None = None
    end = services.clock.monotonic() + READING_SECONDS
    while not calls.is_cut:
        page = await catalog.uses.list_page(organization_id, "connection", calls.name, _PAGE, after)
        for version in page.items:
            if services.clock.monotonic() >= end:
                calls.is_cut = True
                break
            key = (version.workflow_id, version.workflow_version)
            try:
                document = await catalog.workflows.definition(organization_id, key)
            except NotFound:  # deleted since it was listed
                continue
            calls.add(version, document)
            if calls.is_cut:
                break
        if not page.has_more:
            break
        after = page.items[-1].key
    return calls


async def _ask(
    services: Services, principal: Principal, connection: ResolvedConnection, calls: list[DefinedCall]
) -> tuple[CallCheck, ...]:
    values = values_of(connection, services.registry)
    try:
        return await services.prober.check_calls(principal.organization_id, values, calls)
    except OperationError as error:
        raise Conflict(f"{connection.name} could not be asked: {error.message}", code="NOT_DISCOVERED") from error


def _calls_of(document: dict[str, Json], name: str) -> Iterator[tuple[StepOutline, DefinedCall, str]]:
    """Yields the calls by a connection, with their steps and the pointers of their inputs."""
    for step in read_outline(document).steps:
        row = OPERATION_STEPS.get(step.type.name) if step.type is not None else None
        if row is None or constant_text(step.settings.get("connection")) != name:
            continue
        base = join_pointer(step.path, "settings")
        if row.operation:
            yield step, DefinedCall(operation=row.operation, input=step.settings), base
        elif isinstance(operation := step.settings.get("operation"), str):
            given = step.settings.get("input")
            call = DefinedCall(operation=operation, input=given if isinstance(given, dict) else {})
            yield step, call, join_pointer(base, "input")


def _checked(use: CheckedUse, base: str, check: CallCheck) -> CheckedUse:
    problems = tuple(replace(problem, path=f"{base}{problem.path}") for problem in check.problems)
    failure = check.failure and replace(check.failure, path=f"{base}{check.failure.path}")
    return replace(
        use,
        problems=problems,
        unchecked=check.unchecked,
        failure=failure,
        is_compared=check.is_compared and failure is None,
        further=check.further,
    )
