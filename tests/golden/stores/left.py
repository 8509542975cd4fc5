"""Checks of a store that a killed process left, on every store and for one or several processes.

    opened = Opened((driver,), driver.settle, driver.advance)
    await check_end(opened, left)

Each check is of the stories of `folder.workflows`, one minute after the process was killed, and raises
AssertionError.
"""

import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from golden.recording.record import summary
from golden.stores.folder import PASSWORD, PEOPLE, PIN, Left, body_of
from kit.driver import ORGANIZATION, WORKSPACE, Driver, id_of
from looply.catalog import Catalog
from looply.definition import compile_definition
from looply.engine.ports.port import Engine
from looply.execution import Status
from looply.execution.answering.starting import Started
from looply.execution.facts.address import card_token, parse_address
from looply.execution.facts.commands import AlreadyTerminated, Recorded, Released
from looply.execution.facts.events import ExecutionStarted, IncidentOpened, StepUnknown
from looply.permissions import permissions_of
from looply.testing.clock import START_TIME, fake_loop
from looply.testing.world import World

HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Opened:
    """The engines that have opened the store: one, or several that share it. They act by turns."""

    engines: Sequence[Driver]
    settle: Callable[[], Awaitable[None]]
    advance: Callable[[timedelta], Awaitable[None]]
    _turns: "itertools.cycle[Driver]" = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_turns", itertools.cycle(self.engines))

    @property
    def next(self) -> Driver:
        """The engine whose turn it is."""
        return next(self._turns)

    @property
    def world(self) -> World:
        """The fake systems that all of them call."""
        return self.engines[0].world


async def check_states(engine: Engine, left: Left) -> None:
    """No execution is an orphan, and each history folds to the recorded state, with its definition."""
    audit = await engine.audit()
    assert list(audit.problems) == []
    assert (audit.executions, audit.open, audit.orphans) == (len(left.executions), left.open, 0)
    for name, execution_id in left.executions.items():
        execution = await engine.executions.get(execution_id)
        assert summary(execution.state) == left.summaries[name], name
        assert execution.workflow.hash.hex() == left.definitions[name], name


async def check_plan(engine: Engine, left: Left) -> None:
    """The schedule waits for its first instant."""
    (schedule,) = await engine.schedules.list(ORGANIZATION)
    assert (schedule.workflow_id, schedule.next) == (left.catalog["scheduled_id"], START_TIME + HOUR)


async def check_catalog(catalog: Catalog, left: Left) -> None:
    """The catalog returns its content, its secrets can be opened, and its API key is valid."""
    (organization,) = await catalog.organizations.list_all()
    assert (organization.organization_id, organization.workspace_id) == (ORGANIZATION, WORKSPACE)
    workflow = await catalog.workflows.latest_active(ORGANIZATION, left.catalog["workflow_id"])
    assert compile_definition(workflow.definition).hash.hex() == left.definitions["completed"]
    profile = await catalog.profiles.get(ORGANIZATION, left.catalog["workflow_id"], "test")
    assert profile.values == {"url": "https://test.example"}
    assert (await catalog.connections.resolve(ORGANIZATION, "shop")).secrets == {"token": PASSWORD}
    principal = await catalog.keys.authenticate(left.api_key, fake_loop().clock.now())
    assert principal is not None
    assert (principal.key_id, principal.permissions) == (left.catalog["key_id"], permissions_of({"trigger", "read"}))
    assert (await catalog.cards.get(ORGANIZATION, (left.catalog["card_id"], 1))).card_payload["type"] == "AdaptiveCard"


async def check_decisions(opened: Opened, left: Left) -> None:
    """The decisions under the recorded release are in the record of decisions."""
    engine, carded = opened.next, left.executions["carded"]
    (row,) = await engine.store.decisions.of_execution(carded)
    assert (row.decision.user, row.decision.is_final) == (PEOPLE[0], False)
    await engine.prove()


async def check_end(opened: Opened, left: Left) -> None:
    """Waiting executions are resumed, answered, terminated or become due; they continue and end with their data."""
    ids = left.executions
    for name in ("waiting", "large", "long", "secret"):
        assert await opened.next.resume(ids[name], {"n": 1}) == Released(), name
    seed = (await opened.next.state(ids["carded"])).started.seed
    second = card_token(ids["carded"], seed, parse_address("card_1:1"), 1)
    assert await opened.next.answer(ids["carded"], second) == Recorded()
    assert await opened.next.terminate(ids["incident"]) != AlreadyTerminated()
    assert await opened.next.terminate(ids["terminated"]) == AlreadyTerminated()
    await opened.settle()
    await opened.advance(HOUR)
    await opened.advance(24 * HOUR)
    failed: dict[str, Status] = {"out_post": "FAILED", "incident": "TERMINATED", "terminated": "TERMINATED"}
    for name, execution_id in ids.items():
        assert await opened.next.status(execution_id) == failed.get(name, "COMPLETED"), name
    engine = opened.next
    state = await engine.state(ids["carded"])
    assert [answer["user"] for answer in state.outputs["card_1"]["responses"]] == PEOPLE
    assert (await engine.state(ids["kept"])).outputs["wait_1"]["n"] == 1
    assert (await engine.state(ids["cut"])).payload["count"] == 60
    assert (await engine.state(ids["large"])).payload["text"] == body_of("large")["text"]


async def check_calls(opened: Opened, left: Left) -> None:
    """Calls that were in flight are made again or become unknown, each once, as their histories say."""
    ids = left.executions
    (incident,) = await opened.next.events(ids["out_post"], IncidentOpened)
    assert incident.kind == "UNKNOWN"
    for name in ("out_get", "out_post", "kept"):
        assert [event.cause for event in await opened.next.events(ids[name], StepUnknown)] == ["CRASH"]
    calls = sorted((seen.step, seen.attempt) for seen in opened.world.calls)
    assert calls == [("kept", 2), ("out_get", 2), ("queued", 1)]
    await opened.next.resume(ids["secret"])
    await opened.advance(HOUR)
    assert opened.world.calls_of("secret")[0].input["body"] == PIN
    (retried,) = opened.world.calls_of("retried")
    assert (retried.attempt, retried.key, retried.input["body"]) == (2, f"{ids['retried']}:retried:1", "retried")


async def check_names(opened: Opened, left: Left) -> None:
    """Process ids and keys still name their executions, and a new execution is listed after all of them."""
    waiting = await opened.next.shell.executions.get(left.executions["waiting"])
    workflow = waiting.workflow
    assert waiting.head.workflow_id == id_of(workflow)
    for named in ({"process_id": "PO-waiting"}, {"key": "key-waiting"}):
        again = await opened.next.start(workflow, body_of("waiting"), **named)
        assert again == Started(execution_id=left.executions["waiting"], replayed=True)
    fresh = await opened.next.trigger(workflow, {"po": "new"})
    assert fresh > max(left.executions.values())


async def check_schedule(opened: Opened, left: Left) -> None:
    """The schedule fires once at its instant."""
    await opened.advance(HOUR)
    items = [item for item in await opened.next.newest() if item.head.execution_id not in left.executions.values()]
    (item,) = items
    (start,) = await opened.next.events(item.head.execution_id, ExecutionStarted)
    assert (start.trigger_type, start.workflow_id) == ("SCHEDULED", left.catalog["scheduled_id"])
