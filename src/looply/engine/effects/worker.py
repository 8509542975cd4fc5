"""The worker: calls the operation of an effect and turns the result into a command."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any, Final, Protocol

import structlog

from looply.clock import Clock, SystemClock
from looply.connectors.blobs import Blobs, NoBlobs
from looply.connectors.bound import BoundDialer, Bounds, BoundSender
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.sessions import SessionCache
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.foreign import ConnectorDefect
from looply.connectors.masking import MIN_LENGTH, Masker, credentials_masker, masker_of
from looply.connectors.outbound.dialer import Dialer, NoDialer
from looply.connectors.outbound.documents import DocumentCache
from looply.connectors.port import CallContext, ConnectionValues, HttpSender
from looply.connectors.registry import Registry
from looply.connectors.sandbox import NoSandbox, Sandbox
from looply.definition.calls.systems import system_fields
from looply.definition.values.pointer import split_pointer
from looply.engine.coding.blobs import CallBlobs, StoredBlobs
from looply.engine.coding.units import effect_queue
from looply.engine.effects.connection_prober import ConnectionProber, ProbeResources
from looply.engine.effects.outcomes import failure
from looply.engine.effects.paced_sender import PacedSender
from looply.engine.effects.targets import KnownTargets
from looply.engine.ports.tried_calls import TriedCall, open_step_of
from looply.errors import BadInput, LooplyError, OperationError, Permanent, RecordDamaged, Timeout, tag_input_fields
from looply.execution.document.masking import find_hidden_values
from looply.execution.document.overlays import secret_values
from looply.execution.document.sizes import json_bytes
from looply.execution.facts.address import idempotency_key, parse_address
from looply.execution.facts.commands import EffectDone, EffectFailed, GiveUpEffect
from looply.execution.facts.events import ExecutionStarted
from looply.execution.facts.state import ExecutionState, OpenStep
from looply.jsontext import Json
from looply.limits import DEFAULT_LIMITS, Limits
from looply.rates import Turns, offload_if_large
from looply.sealing import SealBroken
from looply.slots import Lane

_log = structlog.get_logger(__name__)

LATE: Final = timedelta(seconds=60)
"""Operations enforce the time limit of their call themselves; one that still runs this time after it is abandoned."""

_NUMBER_CHARACTERS: Final = 4
"""Shorter numbers are quantities and flags, which every answer contains."""

_MOST_ECHOES: Final = 100
"""An answer with more echoes of secrets is secret as a whole."""


class ConnectionSource(Protocol):
    """The source of credentials at the moment of a call."""

    async def find_by_name(self, organization_id: str, name: str) -> ConnectionValues:
        """Returns the connection of that name. Raises: BadInput when there is none."""
        ...

    async def find_by_settings(self, organization_id: str, kind: str, settings: Mapping[str, str]) -> ConnectionValues:
        """Returns the one connection of a kind that has these settings. Raises: BadInput when it is not exactly one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerResources:
    """Resources of operations beside HTTP and connections. `turns` are those of large responses.

    `targets` note which system each connection leads to when a call opens it. `logons` count those that were refused.
    Without `blobs` answers that are no text are read as texts.
    """

    dialer: Dialer = field(default_factory=NoDialer)
    sandbox: Sandbox = field(default_factory=NoSandbox)
    limits: Limits = DEFAULT_LIMITS
    turns: Turns = field(default_factory=lambda: Turns(SystemClock()))
    targets: KnownTargets = field(default_factory=KnownTargets)
    logons: Logons = field(default_factory=Logons)
    blobs: StoredBlobs | None = None


class Worker:
    """Carries out effects. Nothing that an operation does wrong reaches the engine as an exception."""

    def __init__(
        self,
        registry: Registry,
        connections: ConnectionSource,
        sender: Callable[[timedelta, str], HttpSender],
        clock: Clock,
        resources: WorkerResources | None = None,
    ) -> None:
        self._registry = registry
        self._connections = connections
        self._sender = sender
        self._clock = clock
        self._resources = resources if resources is not None else WorkerResources()
        self._sessions = SessionCache(clock)
        self._tokens = TokenCache(clock)
        self._documents = DocumentCache(clock)

    @property
    def prober(self) -> ConnectionProber:
        """Tests connections from this process, with the same memory of other systems as the calls of steps."""
        return ConnectionProber(
            ProbeResources(
                registry=self._registry,
                sender=self._sender,
                dialer=self._resources.dialer,
                clock=self._clock,
                limits=self._resources.limits,
                sessions=self._sessions,
                tokens=self._tokens,
                logons=self._resources.logons,
            ),
            self.try_call,
        )

    @property
    def targets(self) -> KnownTargets:
        """The systems that calls have reached."""
        return self._resources.targets

    async def look_up_target(self, lane: Lane) -> None:
        """Notes which system a lane leads to by its connection as it is stored now, without a call.

        One that does not exist, or is damaged, leads to no system, and neither does an operation that is not installed:
        the call will fail by itself. Where the connection cannot be read now the lane stays unknown.
        """
        operation_name, _, name = lane.target.partition(" ")
        if not name or "://" in name:
            return
        operation = self._registry.operations.get(operation_name)
        if operation is None:
            self.targets.link(lane, "")
            return
        values: ConnectionValues | None
        try:
            values = await self._connections.find_by_name(lane.owner, name)
        except BadInput:
            values = await self._find_system(lane.owner, operation.connection_kind, system_fields(name))
        except LooplyError as error:
            _log.error("connection_unreadable", organization_id=lane.owner, error=error.message)
            if not isinstance(error, (SealBroken, RecordDamaged)):
                return
            values = None
        if values is None:
            self.targets.link(lane, "")
        else:
            self.targets.learn(lane, values.kind, values.settings)

    async def _find_system(
        self, organization_id: str, kind: str, fields: Mapping[str, Json]
    ) -> ConnectionValues | None:
        """Returns the connection whose kind says that these fields of an input mean it; None without exactly one."""
        criteria = self._registry.criteria(kind, fields)
        if criteria is None:
            return None
        try:
            return await self._connections.find_by_settings(organization_id, kind, criteria)
        except LooplyError:
            return None

    async def try_call(self, call: TriedCall) -> EffectDone | EffectFailed:
        """Makes the call of a step that is tried, which belongs to no execution: bytes of its answer are not kept."""
        state, opened = open_step_of(call, self._clock.now())
        return await self.carry_out(state, opened, keeps_bytes=False)

    def give_up(self, opened: OpenStep) -> GiveUpEffect:
        """Returns the outcome of an attempt that has waited for its system as long as it may; nothing is called."""
        return GiveUpEffect(at=self._clock.now(), address=opened.address, attempt=opened.attempt)

    async def carry_out(
        self, state: ExecutionState, opened: OpenStep, *, keeps_bytes: bool = True
    ) -> EffectDone | EffectFailed:
        """Calls the operation once and returns its outcome as a command.

        Secrets that were sent are masked in messages, and in outputs from `MIN_LENGTH` characters on. A shorter one, or
        a number, may be any word or amount of an answer: where it is a whole value, the value is marked as secret, so
        that it is hidden from readers and later steps still have the original.
        """
        # In a worker process nothing else shows which organizations use it.
        self._resources.turns.note(state.started.organization_id)
        marked = list(_secrets_in(state, opened))
        credentials: list[str] = []
        blobs = self._blobs(state.started, credentials, marked) if keeps_bytes else NoBlobs()
        context = self._context(state, opened, credentials, blobs)
        operation = self._registry.operations.get(opened.operation)
        if operation is None:
            return failure(opened, self._clock.now(), _not_installed(state, opened))
        try:
            output = await _within(operation.perform(context, opened.input), state, opened)
        except LooplyError as error:
            message = _message(opened, error, masker_of([*marked, *credentials]))
            return failure(opened, self._clock.now(), error, message)
        except Exception:
            # The worker boundary: a connector's defect fails its step and nothing else.
            _log.exception("operation_broke", **_call_fields(state, opened))
            return failure(opened, self._clock.now(), _defect(opened))
        secret: tuple[str, ...] = ("/output",) if opened.secret else ()
        size = json_bytes(output)
        if not operation.is_derived:
            secret = ()
            if marked or credentials:
                output, secret, size = await offload_if_large(size, partial(_masked, output, marked, credentials))
        now = self._clock.now()
        return EffectDone(
            at=now,
            address=opened.address,
            attempt=opened.attempt,
            output=output,
            size=size,
            secret=secret,
            verdict=operation.verdict_on(opened.input, output, now),
        )

    def _context(self, state: ExecutionState, opened: OpenStep, credentials: list[str], blobs: Blobs) -> CallContext:
        started = state.started
        organization_id = started.organization_id
        address = parse_address(opened.address)
        timeout = timedelta(seconds=opened.timeout_seconds)

        bounds = Bounds()
        sender = PacedSender(self._sender(timeout, organization_id), organization_id, self._resources.turns)

        async def remember(connection: Awaitable[ConnectionValues], *fields: str) -> ConnectionValues:
            with tag_input_fields(*fields):
                values = await connection
            bounds.add(values)
            queue = effect_queue(opened.operation, opened.input, opened.secret)
            self._resources.targets.learn(Lane(organization_id, queue), values.kind, values.settings)
            credentials.extend(values.secrets.values())
            return values

        return CallContext(
            idempotency_key=idempotency_key(started.execution_id, parse_address(opened.key or opened.address)),
            execution_id=started.execution_id,
            organization_id=organization_id,
            step=address.step,
            attempt=opened.attempt,
            timeout=timeout,
            http=BoundSender(sender, bounds),
            connection=lambda name: remember(self._connections.find_by_name(organization_id, name), "connection"),
            clock=self._clock,
            cache=self._sessions,
            tokens=self._tokens,
            logons=self._resources.logons,
            is_unsettled=opened.is_unsettled,
            entered_on=opened.entered_on,
            documents=self._documents,
            matching_connection=lambda kind, settings: remember(
                self._connections.find_by_settings(organization_id, kind, settings), *settings
            ),
            dialer=BoundDialer(self._resources.dialer, bounds),
            sandbox=self._resources.sandbox,
            blobs=blobs,
            limits=self._resources.limits,
            depth=started.depth,
            has_secrets=bool(opened.secret),
        )

    def _blobs(self, started: ExecutionStarted, *secrets: Sequence[str]) -> Blobs:
        stored = self._resources.blobs
        if stored is None:
            return NoBlobs()
        return CallBlobs(stored, started.execution_id, started.organization_id, secrets)


def _call_fields(state: ExecutionState, opened: OpenStep) -> dict[str, Any]:
    """Returns the fields of a log line about a call: which execution, which operation, which step, which attempt."""
    return {
        "execution_id": state.started.execution_id,
        "operation": opened.operation,
        "step": opened.address,
        "attempt": opened.attempt,
    }


def _not_installed(state: ExecutionState, opened: OpenStep) -> OperationError:
    connector = opened.operation.partition(".")[0]
    _log.error("operation_not_installed", **_call_fields(state, opened))
    message = (
        f"this process has no operation {opened.operation}; install the connector {connector} in every process that"
        " makes calls, then retry the step"
    )
    return Permanent(message, code="OPERATION_NOT_INSTALLED")


def _defect(opened: OpenStep) -> OperationError:
    message = f"the operation {opened.operation} broke; its log line has the details"
    return ConnectorDefect(message, sent=True)


async def _within(call: Awaitable[Json], state: ExecutionState, opened: OpenStep) -> Json:
    """Returns the result of a call. Raises: what the call raises; Timeout when it is abandoned."""
    limit = asyncio.timeout(opened.timeout_seconds + LATE.total_seconds())
    try:
        async with limit:
            return await call
    except TimeoutError as error:
        if not limit.expired():
            raise
        _log.error("call_given_up", **_call_fields(state, opened), seconds=opened.timeout_seconds)
        message = f"the operation {opened.operation} did not return, {LATE.total_seconds():g} s after its time limit"
        raise Timeout(f"{message} of {opened.timeout_seconds:g} s", sent=True) from error


def _message(opened: OpenStep, error: LooplyError, masker: Masker) -> str:
    """Returns the text for a failure: its message, unless that may quote a secret of the input."""
    # The fields of the input that the message is about; empty: any.
    fields = error.input_fields if isinstance(error, OperationError) else ()
    marked = {parts[1] if len(parts) > 1 else "" for parts in map(split_pointer, opened.secret)}
    if not marked or (fields and "" not in marked and marked.isdisjoint(fields)):
        return masker.text(error.message)
    shown = " and ".join(f"`{field}`" for field in sorted(marked)) if "" not in marked else "it"
    return (
        f"{opened.operation} failed ({error.code}); what is wrong is not shown, because it may quote the input, and "
        f"{shown} has a value that is marked secret"
    )


def _masked(output: Json, marked: Sequence[str], credentials: Sequence[str]) -> tuple[Json, tuple[str, ...], int]:
    """Returns an output without the secrets that were sent, pointers to the secrets in it, and its size."""
    if marked:
        masker = masker_of([*(text for text in marked if len(text) >= MIN_LENGTH), *credentials])
    else:
        masker = credentials_masker(tuple(credentials))
    shown = masker.output(output)
    return shown, _echoes(marked, shown), json_bytes(shown)


def _echoes(marked: Sequence[str], output: Json) -> tuple[str, ...]:
    """Returns pointers to the values of an output that are a secret as a whole; of too many, that of the output."""
    if not marked or not isinstance(output, dict):
        return ()
    # The status of an answer is no echo; steps decide by it.
    answer = {name: item for name, item in output.items() if name != "status"}
    found = tuple(islice(Masker(marked).echoes(answer, "/output"), _MOST_ECHOES + 1))
    return found if len(found) <= _MOST_ECHOES else ("/output",)


def _secrets_in(state: ExecutionState, opened: OpenStep) -> Iterator[str]:
    """Yields the texts under the secret pointers of the effect's input, and secrets that they may contain."""
    for pointer in opened.secret:
        # What is hidden from readers in the input must be hidden in the answer.
        for value in find_hidden_values(opened.input, split_pointer(pointer)[1:]):
            yield from _texts(value)
    if opened.secret:
        # A secret within a longer text may be echoed by itself. Short ones of these are not secrets of this call.
        for value in secret_values(state, parse_address(opened.address).scope):
            yield from (text for text in _texts(value) if len(text) >= MIN_LENGTH)


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        # `Bearer x` is echoed by some servers as `x`.
        scheme, _, credentials = value.partition(" ")
        if scheme.lower() in ("bearer", "basic") and credentials:
            yield credentials
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, bool) and len(text := str(value)) >= _NUMBER_CHARACTERS:
        yield text
