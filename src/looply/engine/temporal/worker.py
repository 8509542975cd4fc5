"""The worker: takes effects from Temporal's task queues and carries them out, until `leave` is called."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from typing import Any, Final

import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from looply.clock import Clock
from looply.engine.temporal.chain import Chain, OnArrival
from looply.engine.temporal.connecting import TemporalConnection
from looply.engine.temporal.effect_carrier import WAITING_FACTOR, Carrier, WorkerStopping
from looply.engine.temporal.hints import with_hint
from looply.engine.temporal.outbox import Pause, TemporalUnavailable
from looply.engine.temporal.references import Reference, connector_queue
from looply.engine.temporal.settings import Serving
from looply.engine.temporal.workflow import ACTIVITY, EffectsWorkflow

_log = structlog.get_logger(__name__)

_BACK_OFF_SECONDS: Final = 1.0
_END_SECONDS: Final = 5.0

# The carrier ends running effects; until then no activity is cancelled.
_GRACE: Final = timedelta(days=365)

_STICKY: Final = timedelta(seconds=3)
"""Other workers resume the workflows of a worker that died after this time."""


@dataclass(frozen=True, slots=True)
class WorkerHooks:
    """Hooks of a worker for tests: called for each effect that Temporal delivers to it, and to wait."""

    on_arrival: OnArrival = lambda _execution_id, _seq: None
    pause: Pause = asyncio.sleep


class EffectWorker:
    """Carries out effects in one process."""

    def __init__(
        self, connection: TemporalConnection, serving: Serving, carrier: Carrier, clock: Clock, hooks: WorkerHooks
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._serving = serving
        self._carrier = carrier
        self._hooks = hooks
        self._leaving = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_unavailable = False
        # Workflow tasks take a millisecond; they run outside the event loop of the process.
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="looply-effects")

    def start(self) -> None:
        """Starts to take effects, as soon as Temporal is available."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def leave(self) -> None:
        """Takes no more effects and releases the waiting ones; running ones continue. Twice is harmless."""
        self._carrier.leave()
        self._leaving.set()

    async def stop(self, drain: timedelta) -> None:
        """Leaves, lets running effects end within `drain`, and abandons the rest. Twice is harmless."""
        self.leave()
        await self._carrier.stop(drain)
        task, self._task = self._task, None
        if task is not None:
            await self._within(task, _END_SECONDS)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self) -> None:
        while not self._leaving.is_set():
            try:
                await self._serve(await self._connection.client())
            except TemporalUnavailable as error:
                self._log_unavailable(error.message)
            except (RPCError, RuntimeError) as error:
                self._log_unavailable(with_hint(str(error)))
            leaving = asyncio.get_running_loop().create_task(self._leaving.wait())
            await self._within(leaving, _BACK_OFF_SECONDS)
            leaving.cancel()

    async def _within(self, task: "asyncio.Task[Any]", seconds: float) -> None:
        """Returns when a task has ended, or after this time."""
        pause = asyncio.ensure_future(self._hooks.pause(seconds))
        try:
            await asyncio.wait({task, pause}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pause.cancel()

    async def _serve(self, client: Client) -> None:
        """Takes effects until this process leaves. Raises: RuntimeError, RPCError when Temporal fails."""
        workers = self._workers(client)
        runs = [asyncio.get_running_loop().create_task(worker.run()) for worker in workers]
        leaving = asyncio.get_running_loop().create_task(self._leaving.wait())
        try:
            await asyncio.wait({*runs, leaving}, return_when=asyncio.FIRST_COMPLETED)
            # When one failed, the others are shut down too: all are started again.
            await asyncio.gather(*(worker.shutdown() for worker in workers))
            ends = await asyncio.gather(*runs, return_exceptions=True)
        finally:
            for task in (leaving, *runs):
                task.cancel()
        failures = [end for end in ends if isinstance(end, Exception)]
        if failures:
            raise failures[0]

    def _workers(self, client: Client) -> Sequence[Worker]:
        prefix = self._connection.settings.task_queue
        # Without it the library hashes the code of every module to distinguish releases.
        settings: dict[str, Any] = {"build_id": version("looply"), "graceful_shutdown_timeout": _GRACE}
        return [
            Worker(
                client,
                task_queue=connector_queue(prefix, connector),
                # Workflows of every connector: any worker may take the tasks of one that began with another connector's
                # effect.
                workflows=[EffectsWorkflow],
                activities=[self._perform] if connector in self._serving.connectors else [],
                # The sandbox costs more than the workflow itself, whose determinism is proved by replays of histories.
                workflow_runner=UnsandboxedWorkflowRunner(),
                workflow_task_executor=self._threads,
                max_concurrent_workflow_tasks=100,
                max_concurrent_activities=self._serving.concurrency * WAITING_FACTOR,
                sticky_queue_schedule_to_start_timeout=_STICKY,
                **settings,
            )
            for connector in sorted({*self._serving.known, *self._serving.connectors})
        ]

    @activity.defn(name=ACTIVITY)
    async def _perform(self, execution_id: str, reference: Reference) -> list[Reference]:
        """Carries out one effect and its chain of single followers; returns what else the workflow must start."""
        self._log_available()
        chain = Chain(self._carrier, self._clock, lambda at: activity.heartbeat(at.seq))
        try:
            return list(await chain.carry(execution_id, reference, self._hooks.on_arrival))
        except WorkerStopping as error:
            raise ApplicationError(
                error.message, category=ApplicationErrorCategory.BENIGN, next_retry_delay=error.again_after
            ) from error

    def _log_unavailable(self, reason: str) -> None:
        if not self._is_unavailable:
            _log.error("worker_waits_for_temporal", error=reason)
        self._is_unavailable = True

    def _log_available(self) -> None:
        if self._is_unavailable:
            _log.warning("worker_takes_effects")
        self._is_unavailable = False
