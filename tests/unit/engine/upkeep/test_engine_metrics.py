"""The metrics of a process: what is counted when, who shows the store, and that the table of them is true."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from kit.definitions import asking, call, chain, note
from kit.driver import Driver, watch_targets
from looply import __version__
from looply.app.context.metrics import MEASURES, OWN, STORE, Metrics, ProcessState, count_uninstalled_as_other
from looply.connectors.registry import load_connectors
from looply.engine.effects.outages import BreakerSettings
from looply.engine.processing.quotas import Quota
from looply.engine.records.changes import StateChange
from looply.engine.records.figures.survey import Census, EffectCount
from looply.engine.records.targets import Maintenance, TargetCounts
from looply.engine.upkeep.auditor import Auditor, Findings
from looply.errors import Unavailable
from looply.execution.facts.commands import Retry
from looply.jsontext import Json
from looply.testing.clock import START_TIME
from looply.testing.world import HANG, Answer

BUSY = Census(
    executions={"RUNNING": 3, "WAITING": 4},
    incidents={"FAILED": 2},
    effects={"http.request": EffectCount(queued=7, running=2)},
    timers=5,
    timer_due=START_TIME - timedelta(seconds=90),
    schedule_due=START_TIME + timedelta(seconds=90),
    waits=6,
    cards=8,
    stale_copies=9,
    undelivered={("teams", "BLOCKED"): 19, ("teams", "PENDING"): 20},
    deliveries=10,
    continuations=11,
    awaiting_slot=12,
    holding_slot=13,
    letters=14,
    missed_starts=15,
)
KNOWN = Findings(
    census=BUSY,
    targets=TargetCounts(states={"DOWN": 21, "PAUSED": 22, "UP": 23}, parked=24),
    counted_on=START_TIME,
    audited_on=START_TIME,
    repaired=16,
    damaged=17,
    orphans=18,
)

Samples = dict[tuple[str, tuple[str, ...]], float]


def read(metrics: Metrics) -> Samples:
    """Returns every sample of ours by name and values of labels, these by the names of their labels."""
    metrics.take_snapshot()
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
        if sample.name.startswith("looply_")
    }


def total(samples: Samples, name: str, *labels: str) -> float:
    """Returns the sum over all workflows."""
    return sum(value for (each, found), value in samples.items() if each == name and found[: len(labels)] == labels)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("postgres")


@pytest.fixture
def engine(engine: Driver, metrics: Metrics) -> Driver:
    engine.shell.observers.on_change = metrics.count_change
    engine.shell.observers.on_commit = metrics.count_commit
    return engine


class TestExecutions:
    async def test_each_is_counted_when_it_begins_and_when_it_ends(self, engine: Driver, metrics: Metrics) -> None:
        waiting = await engine.trigger(asking())
        await engine.trigger(chain(note()))
        samples = read(metrics)
        assert total(samples, "looply_executions_started_total", "REQUEST") == 2
        assert total(samples, "looply_executions_started_total", "SCHEDULED") == 0
        assert total(samples, "looply_executions_ended_total", "COMPLETED") == 1
        await engine.terminate(waiting)
        samples = read(metrics)
        assert total(samples, "looply_executions_ended_total", "TERMINATED") == 1
        assert total(samples, "looply_executions_started_total", "REQUEST") == 2

    async def test_one_that_fails_and_is_repaired_ends_twice_by_one_incident(
        self, engine: Driver, metrics: Metrics
    ) -> None:
        engine.world.script("call_1", Answer(status=500), Answer())
        execution_id = await engine.trigger(chain(call(fail_on=["5xx"])))
        await engine.settle()
        samples = read(metrics)
        assert total(samples, "looply_executions_ended_total", "FAILED") == 1
        assert total(samples, "looply_incidents_opened_total", "FAILED") == 1
        await engine.shell.submit(execution_id, Retry(at=engine.clock.now(), by="op", via="API", reason="repaired"))
        await engine.settle()
        samples = read(metrics)
        assert total(samples, "looply_executions_ended_total", "COMPLETED") == 1
        assert total(samples, "looply_incidents_opened_total", "FAILED") == 1

    async def test_a_workflow_is_counted_by_its_id_up_to_a_bound_and_then_with_the_others(self, engine: Driver) -> None:
        metrics = Metrics("postgres", workflows=2)
        begun: list[StateChange] = []
        engine.shell.observers.on_change = begun.append
        await engine.trigger(asking())
        for number in (1, 2, 3, 4, 1):
            started = replace(begun[0].after.started, workflow_id=f"workflow-{number}")
            metrics.count_change(replace(begun[0], after=replace(begun[0].after, started=started)))
        samples = read(metrics)
        name = "looply_executions_started_total"
        found = {
            labels[1]: value for (each, labels), value in samples.items() if each == name and labels[0] == "REQUEST"
        }
        assert found == {"workflow-1": 2, "workflow-2": 1, "other": 2}
        # A rate over the first failure needs a 0 before it.
        assert samples["looply_executions_ended_total", ("FAILED", "workflow-1")] == 0
        assert samples["looply_incidents_opened_total", ("UNKNOWN", "workflow-1")] == 0

    async def test_every_durable_unit_is_timed_and_no_other(self, engine: Driver, metrics: Metrics) -> None:
        name = "looply_commit_duration_seconds_count"
        await engine.trigger(chain(note()))
        assert total(read(metrics), name) == 1
        engine.faults.is_full = True
        assert isinstance((await engine.together(engine.trigger(chain(note()))))[0], Exception)
        assert total(read(metrics), name) == 1
        engine.faults.is_full = False


class TestStore:
    def test_while_another_process_audits_nothing_is_shown_of_the_store(self, metrics: Metrics) -> None:
        names = {name for name, _ in read(metrics)}
        assert names & {row.measure.name for row in STORE} == set()
        metrics.set_state_source(lambda: ProcessState(findings=KNOWN))
        assert {name for name, _ in read(metrics)} >= {row.measure.name for row in STORE}
        metrics.set_state_source(ProcessState)
        assert {name for name, _ in read(metrics)} & {row.measure.name for row in STORE} == set()

    def test_before_the_first_count_only_what_is_known_is_shown(self, metrics: Metrics) -> None:
        metrics.set_state_source(lambda: ProcessState(findings=Findings()))
        shown = {name for name, _ in read(metrics)} & {row.measure.name for row in STORE}
        assert shown == {"looply_orphan_executions", "looply_damaged_executions", "looply_executions_mended_total"}

    def test_each_number_has_its_name(self, metrics: Metrics) -> None:
        reached: list[Quota] = ["stored_bytes", "open_executions", "stored_bytes"]
        metrics.set_state_source(lambda: ProcessState(True, True, KNOWN, reached))
        samples = read(metrics)
        instant = START_TIME.timestamp()
        expected: dict[tuple[Any, ...], float] = {
            ("looply_build_info", "postgres", __version__): 1,
            ("looply_ready",): 1,
            ("looply_store_short_of_space",): 1,
            ("looply_organizations_at_quota", "open_executions"): 1,
            ("looply_organizations_at_quota", "stored_bytes"): 2,
            ("looply_executions_open", "RUNNING"): 3,
            ("looply_executions_open", "WAITING"): 4,
            ("looply_executions_open", "FAILED"): 0,
            ("looply_incidents_open", "FAILED"): 2,
            ("looply_incidents_open", "POISON"): 0,
            ("looply_effects", "http.request", "QUEUED"): 7,
            ("looply_effects", "http.request", "RUNNING"): 2,
            ("looply_timers",): 5,
            ("looply_timers_lag_seconds",): 90,
            ("looply_schedules_lag_seconds",): 0,
            ("looply_waits_open",): 6,
            ("looply_cards_open",): 8,
            ("looply_stale_cards",): 9,
            ("looply_cards_undelivered", "teams", "BLOCKED"): 19,
            ("looply_cards_undelivered", "teams", "PENDING"): 20,
            ("looply_deliveries",): 10,
            ("looply_cut_stretches",): 11,
            ("looply_places", "in_line"): 12,
            ("looply_places", "in_slot"): 13,
            ("looply_letters_open",): 14,
            ("looply_schedule_starts_missed",): 15,
            ("looply_executions_mended_total",): 16,
            ("looply_damaged_executions",): 17,
            ("looply_orphan_executions",): 18,
            ("looply_target_state",): 43,
            ("looply_target_state", "DOWN"): 21,
            ("looply_target_state", "DRAINING"): 0,
            ("looply_target_state", "PAUSED"): 22,
            ("looply_target_parked",): 24,
            ("looply_census_timestamp_seconds",): instant,
            ("looply_audit_timestamp_seconds",): instant,
        }
        assert {key: total(samples, *key) for key in expected} == expected

    async def test_what_the_auditor_finds_is_what_is_shown(self, engine: Driver, metrics: Metrics) -> None:
        auditor = Auditor(engine.shell, engine.store, engine.clock, frozenset())
        metrics.set_state_source(lambda: ProcessState(findings=auditor.findings))
        await engine.trigger(asking())
        assert total(read(metrics), "looply_executions_open", "WAITING") == 0
        await auditor.round()
        samples = read(metrics)
        assert total(samples, "looply_executions_open", "WAITING") == 1
        assert total(samples, "looply_census_timestamp_seconds") == engine.clock.now().timestamp()

    async def test_an_outage_is_counted_once_and_shown_with_what_waits_until_it_is_over(
        self, engine: Driver, metrics: Metrics
    ) -> None:
        engine.parts["breaker"] = BreakerSettings()
        await engine.restart()
        engine.shell.gate.on_outage = metrics.count_outage
        auditor = Auditor(engine.shell, engine.store, engine.clock, frozenset())
        metrics.set_state_source(lambda: ProcessState(findings=auditor.findings))

        async def shown() -> list[float]:
            await auditor.count()
            await auditor.round()
            samples, state = read(metrics), "looply_target_state"
            parts = [(state, "DOWN"), (state, "DRAINING"), (state, "PAUSED"), ("looply_target_parked",)]
            return [total(samples, *each) for each in (*parts, ("looply_target_outages_total",))]

        assert await shown() == [0, 0, 0, 0, 0]
        engine.world.always("call_1", Unavailable("refused"))
        retry: Json = {"max_attempts": 9, "interval": "PT1S"}
        for number in range(12):
            await engine.trigger(chain(call(method="POST", retry=retry)), {"po": number})
        await watch_targets(engine, timedelta(seconds=5), timedelta(milliseconds=500))
        (row,) = engine.shell.gate.rows.all
        window = Maintenance(begins_on=engine.clock.now(), until=engine.clock.now() + timedelta(hours=1))
        assert await shown() == [1, 0, 0, 12, 1]
        await engine.shell.targets.pause(row.organization_id, row.target, window)
        assert await shown() == [0, 0, 1, 12, 1]
        await engine.shell.targets.drain(row.organization_id, row.target, 0.01)
        assert await shown() == [0, 1, 0, 12, 1]
        await engine.shell.targets.release(row.organization_id, row.target)
        assert await shown() == [0, 0, 0, 0, 1]

    def test_operations_that_are_not_installed_are_counted_together(self) -> None:
        counts = {"http.request": 1, "datastore.set": 2, "canary.one": 3, "canary.two": 4}
        effects = {name: EffectCount(queued=count, running=1) for name, count in counts.items()}
        assert KNOWN.census is not None
        given = replace(KNOWN, census=replace(KNOWN.census, effects=effects))
        shown = count_uninstalled_as_other(given, {"http.request"})
        assert shown is not None
        assert shown.census is not None
        assert shown.census.effects == {
            "http.request": EffectCount(queued=1, running=1),
            "datastore.set": EffectCount(queued=2, running=1),
            "other": EffectCount(queued=7, running=2),
        }
        assert count_uninstalled_as_other(None, ()) is None


class TestTable:
    async def test_what_is_scraped_is_what_the_table_says(self, engine: Driver, metrics: Metrics) -> None:
        metrics.set_state_source(lambda: ProcessState(findings=KNOWN))
        metrics.count_request("/metrics", "GET", 200, 0.1)
        metrics.count_flush(3)
        engine.world.script("call_1", Answer(status=500))
        await engine.trigger(chain(call(fail_on=["5xx"])))
        await engine.settle()
        metrics.take_snapshot()
        families = {
            family.name: family
            for family in text_string_to_metric_families(metrics.render().decode())
            if family.name.startswith("looply_")
        }
        assert sorted(families) == sorted(measure.name.removesuffix("_total") for measure in MEASURES)
        for measure in MEASURES:
            family = families[measure.name.removesuffix("_total")]
            assert (family.type, family.documentation) == (measure.kind, measure.help)
            labels = {name for sample in family.samples for name in sample.labels if name != "le"}
            assert labels == set(measure.labels), measure.name

    async def test_labels_are_words_of_the_code_whatever_runs(self, engine: Driver, metrics: Metrics) -> None:
        auditor = Auditor(engine.shell, engine.store, engine.clock, frozenset())
        metrics.set_state_source(lambda: ProcessState(findings=auditor.findings))
        for number in range(3):
            engine.world.script(f"call_{number}", HANG)
            await engine.trigger(chain(call(f"call_{number}")), {"canary": number}, process_id=f"canary-{number}")
        await engine.settle()
        await auditor.round()
        operations = {each.name for connector in load_connectors().connectors for each in connector.operations}
        shown = {labels[0] for name, labels in read(metrics) if name == "looply_effects"}
        assert shown
        assert shown <= operations
        assert "canary" not in str(read(metrics))
        for held in engine.world.open_calls():
            held.release()

    def test_the_process_is_measured_by_the_library(self, metrics: Metrics) -> None:
        text = metrics.render().decode()
        for name in ("process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total"):
            assert f"\n{name} " in text

    def test_two_processes_in_one_share_nothing(self) -> None:
        first, second = Metrics(), Metrics()
        first.count_flush(1)
        assert total(read(first), "looply_commit_group_units_count") == 1
        assert total(read(second), "looply_commit_group_units_count") == 0
        assert len(OWN) + len(STORE) == len(MEASURES)
