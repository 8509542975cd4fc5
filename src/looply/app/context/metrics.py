"""The metrics of one process, in the text format of Prometheus.

There are two kinds. Events of this process (requests, commits, executions) are counted as they happen, in a microsecond
each. Open objects in the store are never counted for a scrape: the auditor counts them in its own round, and a scrape
shows its last result with the time of the count. Where several processes share a store, only the one that audits shows
that part, so that no object is counted twice.

No label names an organization, an execution or anything that a caller sends. All label values are constants of the code
(routes, statuses, operations of connectors), but for ids of workflows: a process names a bounded number of them, and
counts all further ones together.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args

from msgspec.structs import replace
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from looply import __version__
from looply.clock import Clock
from looply.engine.processing.quotas import QUOTAS, Quota
from looply.engine.records.changes import StateChange
from looply.engine.records.figures.survey import Census, EffectCount
from looply.engine.records.targets import TargetCallState, TargetCounts
from looply.engine.upkeep.auditor import Findings
from looply.execution.facts.datastores import is_datastore_operation
from looply.execution.facts.events import IncidentKind
from looply.execution.facts.state import OPEN_STATUSES
from looply.limits import DEFAULT_LIMITS

# A series for each counter with its start time is not needed and would double the scrape.
disable_created_metrics()  # type: ignore[no-untyped-call]

CONTENT_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"

_OTHER: Final = "other"
_CREDENTIALS: Final = ("key", "inbox_token", "metrics_token", "teams_token")
_CALL_STATES: Final[tuple[TargetCallState, ...]] = ("DOWN", "DRAINING", "PAUSED")
_TRIGGERS: Final = ("REQUEST", "SCHEDULED")
_ENDS: Final = ("COMPLETED", "FAILED", "TERMINATED")
_INCIDENTS: Final[tuple[str, ...]] = get_args(IncidentKind)
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_UNITS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)

_Kind: TypeAlias = Literal["counter", "gauge", "histogram"]
_Samples: TypeAlias = Iterable[tuple[tuple[str, ...], float]]


class Measure(NamedTuple):
    """One metric: its name as it is scraped, its kind, its help text, its labels."""

    name: str
    kind: _Kind
    help: str
    labels: tuple[str, ...] = ()


BUILD: Final = Measure("looply_build_info", "gauge", "1, with release and engine of the process", ("version", "engine"))
READY: Final = Measure("looply_ready", "gauge", "1 while the process takes calls, as /healthz/ready reports")
SHORT: Final = Measure("looply_store_short_of_space", "gauge", "1 while the disk of the store is nearly full")
REQUESTS: Final = Measure(
    "looply_http_request_duration_seconds",
    "histogram",
    "time until the answer to a request begins; route is the template of the path, (none) where there is no such route",
    ("route", "method", "status"),
)
COMMITS: Final = Measure(
    "looply_commit_duration_seconds",
    "histogram",
    "time until a unit of an execution is durable, including its time in the queue",
)
GROUPS: Final = Measure(
    "looply_commit_group_units",
    "histogram",
    "writes that one flush of the disk made durable; of the embedded store only",
)
_WORKFLOW: Final = "workflow"
STARTED: Final = Measure(
    "looply_executions_started_total",
    "counter",
    "executions that began here; workflow is an id, or other for the workflows beyond limits.metric_workflows",
    (_WORKFLOW, "trigger"),
)
ENDED: Final = Measure(
    "looply_executions_ended_total",
    "counter",
    "executions that ended here; one that is FAILED by an incident and repaired ends again",
    (_WORKFLOW, "status"),
)
INCIDENTS: Final = Measure(
    "looply_incidents_opened_total", "counter", "incidents that opened here", (_WORKFLOW, "kind")
)
REFUSALS: Final = Measure(
    "looply_http_refused_credentials_total",
    "counter",
    "calls whose key or token was missing or wrong, those included that were answered 429 for it",
    ("kind",),
)
QUOTAS_REACHED: Final = Measure(
    "looply_organizations_at_quota",
    "gauge",
    "organizations in which this process starts nothing, because they have as much as the limit of this name allows",
    ("quota",),
)
OUTAGES: Final = Measure(
    "looply_target_outages_total", "counter", "outages of systems that this process was the first to find"
)

OWN: Final = (
    BUILD, READY, SHORT, REQUESTS, REFUSALS, COMMITS, GROUPS, STARTED, ENDED, INCIDENTS, OUTAGES, QUOTAS_REACHED
)  # fmt: skip
"""What every process shows of itself."""


class StoreMeasure(NamedTuple):
    """A metric of the whole store, and how its samples follow from what the auditor knows."""

    measure: Measure
    samples: Callable[[Findings], _Samples]


def _from_census(
    name: str, text: str, samples: Callable[[Census, datetime], _Samples], labels: tuple[str, ...] = ()
) -> StoreMeasure:
    def of(findings: Findings) -> _Samples:
        if findings.census is None or findings.counted_on is None:
            return ()
        return samples(findings.census, findings.counted_on)

    return StoreMeasure(Measure(name, "gauge", text, labels), of)


def _census_count(name: str, text: str, value: Callable[[Census], int]) -> StoreMeasure:
    return _from_census(name, text, lambda census, _: _one(value(census)))


def _finding(name: str, text: str, value: Callable[[Findings], float], kind: _Kind = "gauge") -> StoreMeasure:
    return StoreMeasure(Measure(name, kind, text), lambda findings: _one(value(findings)))


def _timestamp(name: str, text: str, value: Callable[[Findings], datetime | None]) -> StoreMeasure:
    def samples(findings: Findings) -> _Samples:
        instant = value(findings)
        return () if instant is None else _one(instant.timestamp())

    return StoreMeasure(Measure(name, "gauge", text), samples)


def _one(value: float) -> _Samples:
    return (((), value),)


def _by_label(counts: Mapping[Any, int], values: Iterable[str] = ()) -> _Samples:
    """Returns a sample for each label value, also for a count of 0: an alert must not wait for the first event."""
    return [((value,), counts.get(value, 0)) for value in dict.fromkeys((*values, *counts))]


def _effects(census: Census) -> Iterator[tuple[tuple[str, ...], float]]:
    for operation, count in census.effects.items():
        yield (operation, "QUEUED"), count.queued
        yield (operation, "RUNNING"), count.running


def _lag(due: datetime | None, now: datetime) -> _Samples:
    return _one(0.0 if due is None else max((now - due).total_seconds(), 0.0))


def _of_targets(
    name: str, text: str, samples: Callable[[TargetCounts], _Samples], labels: tuple[str, ...] = ()
) -> StoreMeasure:
    def of(findings: Findings) -> _Samples:
        return () if findings.targets is None else samples(findings.targets)

    return StoreMeasure(Measure(name, "gauge", text, labels), of)


STORE: Final = (
    _from_census(
        "looply_executions_open",
        "executions that run, wait, or are FAILED with an incident",
        lambda census, _: _by_label(census.executions, (*OPEN_STATUSES, "FAILED")),
        ("status",),
    ),
    _from_census(
        "looply_incidents_open",
        "open incidents",
        lambda census, _: _by_label(census.incidents, ("FAILED", "UNKNOWN", "TIMEOUT", "LIMIT", "POISON")),
        ("kind",),
    ),
    _from_census(
        "looply_effects",
        "calls of steps that are queued (QUEUED) or in flight (RUNNING)",
        lambda census, _: _effects(census),
        ("operation", "state"),
    ),
    _census_count("looply_timers", "timers that are open, due or not", lambda census: census.timers),
    _from_census(
        "looply_timers_lag_seconds",
        "how long the earliest timer has been due; 0 when none is",
        lambda census, now: _lag(census.timer_due, now),
    ),
    _from_census(
        "looply_schedules_lag_seconds",
        "how long the earliest start of a schedule has been due; 0 when none is",
        lambda census, now: _lag(census.schedule_due, now),
    ),
    _census_count(
        "looply_schedule_starts_missed",
        "missed starts in the ledgers of live schedules",
        lambda census: census.missed_starts,
    ),
    _census_count("looply_waits_open", "open waits for a resume or an answer", lambda census: census.waits),
    _census_count("looply_cards_open", "card copies that accept answers", lambda census: census.cards),
    _census_count(
        "looply_stale_cards",
        "card copies whose latest state has not reached their channel yet",
        lambda census: census.stale_copies,
    ),
    _from_census(
        "looply_cards_undelivered",
        "copies of open cards that their channel does not show: not yet (PENDING), or not at all (BLOCKED, FAILED)",
        lambda census, _: [((channel, state), count) for (channel, state), count in census.undelivered.items()],
        ("channel", "state"),
    ),
    _census_count(
        "looply_deliveries",
        "deliveries between executions that are not applied yet",
        lambda census: census.deliveries,
    ),
    _census_count(
        "looply_cut_stretches",
        "executions whose computation was interrupted and is to continue",
        lambda census: census.continuations,
    ),
    _from_census(
        "looply_places",
        "executions of workflows with max_concurrency that are queued (in_line) or hold a slot (in_slot)",
        lambda census, _: _by_label({"in_line": census.awaiting_slot, "in_slot": census.holding_slot}),
        ("state",),
    ),
    _of_targets(
        "looply_target_state",
        "systems that are not called (DOWN), called at a limited rate (DRAINING), or in maintenance (PAUSED)",
        lambda counts: _by_label({each: counts.states.get(each, 0) for each in _CALL_STATES}),
        ("state",),
    ),
    _of_targets(
        "looply_target_parked",
        "calls of steps that wait for a system that is not called as usual",
        lambda counts: _one(counts.parked),
    ),
    _census_count("looply_letters_open", "dead letters that are not settled", lambda census: census.letters),
    _timestamp(
        "looply_census_timestamp_seconds", "time of the last count of the store", lambda findings: findings.counted_on
    ),
    _finding("looply_orphan_executions", "open executions that nothing will move", lambda findings: findings.orphans),
    _finding(
        "looply_damaged_executions",
        "executions whose rows differ from their history, and could not be repaired",
        lambda findings: findings.damaged,
    ),
    _finding(
        "looply_executions_mended_total",
        "executions whose rows were repaired since the process started",
        lambda findings: findings.repaired,
        "counter",
    ),
    _timestamp(
        "looply_audit_timestamp_seconds",
        "time when the auditor ended its last round",
        lambda findings: findings.audited_on,
    ),
)
"""Metrics of the whole store, which only the auditing process shows."""

MEASURES: Final = (*OWN, *(row.measure for row in STORE))
"""Every metric except those of the operating system process, which the library provides (`process_...`)."""


_BY_WORKFLOW: Final = (STARTED, ENDED, INCIDENTS)


class ProcessState(NamedTuple):
    """The state of process and store at a scrape; `findings` are None while another process audits.

    `quotas_reached` contains a quota once for each organization that has reached it.
    """

    is_ready: bool = False
    is_short_of_space: bool = False
    findings: Findings | None = None
    quotas_reached: Sequence[Quota] = ()


def count_uninstalled_as_other(findings: Findings | None, operations: Container[str]) -> Findings | None:
    """Returns findings whose effects are counted by installed operations and those of the engine, the rest as `other`.

    The name of an operation that is not installed is a text of an author, not a constant of the code.
    """
    if findings is None or findings.census is None:
        return findings
    effects: dict[str, EffectCount] = {}
    for operation, count in findings.census.effects.items():
        name = operation if operation in operations or is_datastore_operation(operation) else _OTHER
        before = effects.get(name, EffectCount())
        effects[name] = EffectCount(queued=before.queued + count.queued, running=before.running + count.running)
    return replace(findings, census=replace(findings.census, effects=effects))


class Metrics:
    """The metrics of one process, in a registry of its own.

    Every method but `render` costs a few microseconds at most. `count_flush` may be called from any thread.
    `workflows` is how many workflows are counted by their ids: the first ones that this process meets.
    """

    def __init__(self, engine: str = "embedded", workflows: int = DEFAULT_LIMITS.metric_workflows) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        Gauge(BUILD.name, BUILD.help, BUILD.labels, registry=self.registry).labels(__version__, engine).set(1)
        self._requests = self._histogram(REQUESTS, _SECONDS)
        self._refusals = dict(self._counters(REFUSALS, _CREDENTIALS))
        self._routes: dict[tuple[str, str, int], Histogram] = {}
        self._commits = self._histogram(COMMITS, _SECONDS)
        self._groups = self._histogram(GROUPS, _UNITS)
        self._outages = Counter(OUTAGES.name, OUTAGES.help, registry=self.registry)
        self._workflows = _WorkflowCounters(self.registry, workflows)
        self._state = ProcessState()
        self._read_state: Callable[[], ProcessState] = ProcessState
        self.registry.register(_Store(lambda: self._state))

    def set_state_source(self, source: Callable[[], ProcessState]) -> None:
        """Sets the function that returns the current state."""
        self._read_state = source

    def count_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Counts a request; `route` and `method` come from the table of routes, never from the caller."""
        key = (route, method, status)
        known = self._routes.get(key)
        if known is None:
            # A look-up of a series by the library takes many times as long as counting.
            known = self._routes[key] = self._requests.labels(route, method, str(status))
        known.observe(seconds)

    def count_refusal(self, credential: str) -> None:
        """Counts a call whose key or token was refused."""
        self._refusals[credential].inc()

    def count_outage(self, _target: object) -> None:
        """Counts an outage of a system that this process has found."""
        self._outages.inc()

    def count_commit(self, seconds: float) -> None:
        """Counts a unit that is durable."""
        self._commits.observe(seconds)

    def count_flush(self, units: int) -> None:
        """Counts a flush and the writes that it made durable."""
        self._groups.observe(units)

    def count_change(self, change: StateChange) -> None:
        """Counts the start, end and new incidents of an execution in one durable unit."""
        before, after = change.before, change.after
        counters = self._workflows.of(after.started.workflow_id)
        if before is None:
            counters.started[after.started.trigger_type].inc()
        if change.status in _ENDS and change.former != change.status:
            counters.ended[change.status].inc()
        for incident_id, incident in after.incidents.items():
            if before is None or incident_id not in before.incidents:
                counters.incidents[incident.kind].inc()

    def take_snapshot(self) -> None:
        """Records the current state for `render`; call it before, on the thread of `set_state_source`'s function."""
        self._state = self._read_state()

    def render(self) -> bytes:
        """Returns all metrics as text (`CONTENT_TYPE`). Takes milliseconds; any thread may call it."""
        return generate_latest(self.registry)

    def _histogram(self, measure: Measure, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(measure.name, measure.help, measure.labels, buckets=buckets, registry=self.registry)

    def _counters(self, measure: Measure, values: Iterable[str]) -> Iterator[tuple[str, Counter]]:
        counter = Counter(measure.name, measure.help, measure.labels, registry=self.registry)
        return ((value, counter.labels(value)) for value in values)


class _OfWorkflow(NamedTuple):
    """The counters of one workflow, by trigger, by final status and by kind of incident."""

    started: Mapping[str, Counter]
    ended: Mapping[str, Counter]
    incidents: Mapping[str, Counter]


class _WorkflowCounters:
    """Counters by workflow: of its own for each of the first `most` workflows, one for all others together."""

    def __init__(self, registry: CollectorRegistry, most: int) -> None:
        self._families = [Counter(each.name, each.help, each.labels, registry=registry) for each in _BY_WORKFLOW]
        self._most = most
        self._others = self._make(_OTHER)
        self._known: dict[str, _OfWorkflow] = {}

    def of(self, workflow_id: str) -> _OfWorkflow:
        """Returns the counters of a workflow. They begin at 0 all at once, so that a rate sees the first failure."""
        known = self._known.get(workflow_id)
        if known is not None:
            return known
        if len(self._known) >= self._most:
            return self._others
        made = self._known[workflow_id] = self._make(workflow_id)
        return made

    def _make(self, name: str) -> _OfWorkflow:
        started, ended, incidents = self._families
        return _OfWorkflow(
            {trigger: started.labels(name, trigger) for trigger in _TRIGGERS},
            {status: ended.labels(name, status) for status in _ENDS},
            {kind: incidents.labels(name, kind) for kind in _INCIDENTS},
        )


class _Store(Collector):
    """Collects the metrics of process and store at a scrape."""

    def __init__(self, read_state: Callable[[], ProcessState]) -> None:
        self._read_state = read_state

    def collect(self) -> Iterator[Family]:
        """Yields the metric families; those of the store only if this process audits."""
        state = self._read_state()
        for measure, value in ((READY, float(state.is_ready)), (SHORT, float(state.is_short_of_space))):
            yield GaugeMetricFamily(measure.name, measure.help, value=value)
        reached = GaugeMetricFamily(QUOTAS_REACHED.name, QUOTAS_REACHED.help, labels=QUOTAS_REACHED.labels)
        for quota in QUOTAS:
            reached.add_metric((quota,), state.quotas_reached.count(quota))
        yield reached
        if state.findings is None:
            return
        for measure, samples in STORE:
            kind = CounterMetricFamily if measure.kind == "counter" else GaugeMetricFamily
            family = kind(measure.name, measure.help, labels=measure.labels)
            for labels, value in samples(state.findings):
                family.add_metric(labels, value)
            if family.samples:
                yield family


class Meter:
    """Measures the time from `begin` until a request's answer begins."""

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics

    def begin(self) -> float:
        """Returns the monotonic time to pass to `end`."""
        return self._clock.monotonic()

    def end(self, start: float, route: str, method: str, status: int) -> None:
        """Counts a request whose answer begins."""
        self._metrics.count_request(route, method, status, self._clock.monotonic() - start)
