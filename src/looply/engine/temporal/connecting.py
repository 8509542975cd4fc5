"""The connection to Temporal: opened when it is first needed, shared by the outbox and the worker."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Final

import structlog
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.failure.v1 import Failure
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.converter import DataConverter, DefaultFailureConverter, PayloadConverter
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.service import RetryConfig, RPCError, RPCStatusCode

from looply.clock import Clock
from looply.engine.temporal.hints import with_hint
from looply.engine.temporal.outbox import OfferRefused, TemporalUnavailable
from looply.engine.temporal.references import Reference
from looply.engine.temporal.settings import TemporalSettings, tls_of
from looply.engine.temporal.workflow import REFERENCES_PER_RUN, SIGNAL, WORKFLOW
from looply.errors import LooplyError

_log = structlog.get_logger(__name__)

LabelsOf = Callable[[str], Awaitable[Mapping[str, str]]]
"""Returns the search labels of an execution, by the keys of `LABELS`; empty when it is not known."""

LABELS: Final = {
    "organization": SearchAttributeKey.for_keyword("LooplyOrganization"),
    "workflow": SearchAttributeKey.for_keyword("LooplyWorkflow"),
    "process_id": SearchAttributeKey.for_keyword("LooplyProcessId"),
}

_RPC_TIME: Final = timedelta(seconds=10)
"""How long Temporal may take for one answer."""
_UNLABELED_SECONDS: Final = 60.0
"""A namespace knows a new search attribute only some time after it was registered."""

# The outbox and the worker retry, with pauses of their own; the library would hide an outage for ten seconds.
_NO_RETRY: Final = RetryConfig(max_retries=0)

_REFUSED: Final = (
    RPCStatusCode.INVALID_ARGUMENT,
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.ALREADY_EXISTS,
    RPCStatusCode.OUT_OF_RANGE,
)


class SilentFailures(DefaultFailureConverter):
    """Sends only the type of an error to Temporal: its text may contain data of the execution."""

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        """Fills the failure that is sent to Temporal."""
        super().to_failure(exception, payload_converter, failure)
        failure.message = type(exception).__name__
        failure.stack_trace = ""


CONVERTER: Final = replace(DataConverter.default, failure_converter_class=SilentFailures)


@cache
def _runtime() -> Runtime:
    """Returns the threads of the library, one set for the process. Its own log is off: the outbox logs."""
    return Runtime(telemetry=TelemetryConfig(logging=None))


class TemporalConnection:
    """One client of the process. Once it is connected it survives interruptions by itself."""

    def __init__(self, settings: TemporalSettings, clock: Clock, labels_of: LabelsOf | None = None) -> None:
        """Raises: SettingsError."""
        self.settings = settings
        self._tls = tls_of(settings)
        self._clock = clock
        self._labels_of = labels_of
        self._unlabeled_until = 0.0
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    async def client(self) -> Client:
        """Returns the client. Raises: TemporalUnavailable."""
        async with self._connecting:
            if self._client is None:
                self._client = await self._connect()
                await self._register_labels(self._client)
            return self._client

    async def offer(self, execution_id: str, references: Sequence[Reference]) -> None:
        """Signals effects to the workflow of the execution, which is started if it does not run.

        Raises: TemporalUnavailable, OfferRefused.
        """
        client = await self.client()
        attributes = await self._attributes(execution_id)
        try:
            await self._signal(client, execution_id, references, attributes)
        except OfferRefused:
            if attributes is None:
                raise
            # The effect must be sent, the labels are a convenience.
            self._rest_labels("the namespace does not know them")
            await self._signal(client, execution_id, references, None)

    async def _connect(self) -> Client:
        secret = self.settings.api_key
        try:
            return await Client.connect(
                self.settings.address,
                namespace=self.settings.namespace,
                tls=self._tls,
                data_converter=CONVERTER,
                api_key=secret.reveal() if secret is not None else None,
                retry_config=_NO_RETRY,
                connect_timeout=_RPC_TIME,
                runtime=_runtime(),
            )
        except (RuntimeError, RPCError) as error:
            raise TemporalUnavailable(
                f"no connection to Temporal at {self.settings.address}: {with_hint(str(error))}"
            ) from error

    async def _signal(
        self,
        client: Client,
        execution_id: str,
        references: Sequence[Reference],
        attributes: TypedSearchAttributes | None,
    ) -> None:
        try:
            await client.start_workflow(
                WORKFLOW,
                args=[[], REFERENCES_PER_RUN],
                id=execution_id,
                # The queue of its first effect: a worker that takes the workflow task gets the effect with it.
                task_queue=references[0].queue,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                search_attributes=attributes,
                start_signal=SIGNAL,
                start_signal_args=[list(references)],
                rpc_timeout=_RPC_TIME,
            )
        except RPCError as error:
            said = with_hint(f"{error.status.name}: {error.message}")
            text = f"Temporal at {self.settings.address} does not take the offer: {said}"
            raise (OfferRefused(text) if error.status in _REFUSED else TemporalUnavailable(text)) from error

    async def _attributes(self, execution_id: str) -> TypedSearchAttributes | None:
        if self._labels_of is None or self._clock.monotonic() < self._unlabeled_until:
            return None
        try:
            labels = await self._labels_of(execution_id)
        except LooplyError as error:
            # Labels are read from the store where another process has the execution in memory.
            _log.warning("offer_without_labels", execution_id=execution_id, error=error.message)
            return None
        pairs = [SearchAttributePair(LABELS[name], text) for name, text in labels.items()]
        return TypedSearchAttributes(pairs) if pairs else None

    async def _register_labels(self, client: Client) -> None:
        """Registers the search attributes in the namespace, where this process has the permission."""
        if self._labels_of is None:
            return
        namespace = self.settings.namespace
        try:
            known = await client.operator_service.list_search_attributes(
                ListSearchAttributesRequest(namespace=namespace), timeout=_RPC_TIME
            )
            missing = {key.name for key in LABELS.values()} - set(known.custom_attributes)
            if missing:
                keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
                request = AddSearchAttributesRequest(
                    namespace=namespace, search_attributes=dict.fromkeys(sorted(missing), keyword)
                )
                await client.operator_service.add_search_attributes(request, timeout=_RPC_TIME)
        except RPCError as error:
            self._rest_labels(error.message)

    def _rest_labels(self, reason: str) -> None:
        _log.info("temporal_without_labels", reason=reason)
        self._unlabeled_until = self._clock.monotonic() + _UNLABELED_SECONDS
