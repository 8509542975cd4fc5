"""The worker: what an operation gives or raises becomes a command, with its secrets masked."""

import threading
from dataclasses import replace as replace_field
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from kit.definitions import call, calling, chain, function
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import CallContext, ConnectionValues, Connector, HttpRequest
from looply.connectors.registry import Registry
from looply.connectors.sap.connector import CONNECTOR as SAP
from looply.engine.effects.targets import KnownTargets
from looply.engine.effects.worker import Worker, WorkerResources
from looply.errors import BadInput, LooplyError, RateLimited, RecordDamaged, Refused, StoreUnreachable, Timeout
from looply.execution import ExecutionState, advance
from looply.execution.facts.commands import EffectDone, EffectFailed
from looply.execution.facts.events import ExecutionStarted
from looply.execution.facts.state import OpenStep
from looply.jsontext import Json
from looply.rates import UNITS_PER_SECOND, Turns
from looply.sealing import SealBroken
from looply.slots import Lane
from looply.testing.clock import START_TIME, fake_loop
from looply.testing.world import Answer, FakeConnections, NoNetwork, Output, World

EXECUTION = "01b8fb9a-3e80-7000-8000-000000000001"


STARTED = ExecutionStarted(
    at=START_TIME,
    execution_id=EXECUTION,
    organization_id="o",
    workspace_id="s",
    workflow_id="w",
    workflow_version=1,
    definition="",
    seed=bytes(16),
    body={"po": "1", "token": "sesame-4711"},
)


def scheduled(**beside: Any) -> tuple[ExecutionState, OpenStep]:
    workflow = chain(call(**beside)) if beside else calling()
    state = advance(workflow, None, (replace(STARTED, definition=workflow.hash.hex()),)).state
    return state, state.open_steps["call_1:1"]


def worker(world: World) -> Worker:
    return Worker(world.registry, world.connections, NoNetwork, fake_loop().clock)


def about_error(message: str, field: str) -> BadInput:
    error = BadInput(message)
    error.input_fields = (field,)
    return error


async def outcome(world: World, **beside: Any) -> EffectDone | EffectFailed:
    return await worker(world).carry_out(*scheduled(**beside))


async def test_an_output_is_a_success_with_its_size() -> None:
    world = World()
    world.script("call_1", Answer(data={"ok": True}))
    done = await outcome(world)
    assert isinstance(done, EffectDone)
    assert (done.address, done.attempt, done.output["data"]) == ("call_1:1", 1, {"ok": True})
    assert done.size == len('{"status":"200","statusText":"OK","headers":{},"data":{"ok":true}}')


async def test_the_operation_gets_key_attempt_and_step() -> None:
    world = World()
    await outcome(world)
    (seen,) = world.calls
    assert (seen.key, seen.attempt, seen.step, seen.execution_id) == (f"{EXECUTION}:call_1:1", 1, "call_1", EXECUTION)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Timeout("slow", sent=True), {"code": "TIMEOUT", "was_sent": True, "is_transient": True}),
        (Timeout("slow"), {"code": "TIMEOUT", "was_sent": False, "is_transient": True}),
        (BadInput("no url"), {"code": "BAD_INPUT", "was_sent": False, "is_transient": False}),
        (
            RateLimited("busy", retry_after=timedelta(seconds=7), status="429"),
            {"code": "RATE_LIMITED", "status": "429", "retry_after_seconds": 7},
        ),
        (Refused("no", code="ODD"), {"code": "ODD", "was_sent": False}),
        (KeyError("x"), {"code": "CONNECTOR_DEFECT", "was_sent": True}),
    ],
)
async def test_an_error_is_a_failure_that_says_what_is_known(error: Exception, expected: dict[str, Any]) -> None:
    world = World()
    world.script("call_1", error)
    failed = await outcome(world)
    assert isinstance(failed, EffectFailed)
    assert {name: getattr(failed, name) for name in expected} == expected


async def test_a_time_limit_of_the_operations_own_is_no_sign_that_it_hangs() -> None:
    world = World()
    world.script("call_1", TimeoutError("a timer inside"))
    failed = await outcome(world)
    assert isinstance(failed, EffectFailed)
    assert (failed.code, failed.was_sent) == ("CONNECTOR_DEFECT", True)


async def test_an_operation_that_is_not_installed_is_a_failure_that_names_it() -> None:
    nothing = Registry([("test", Connector(name="empty", title="Empty", operations=()))])
    failed = await Worker(nothing, World().connections, NoNetwork, fake_loop().clock).carry_out(*scheduled())
    assert isinstance(failed, EffectFailed)
    assert (failed.code, failed.was_sent) == ("OPERATION_NOT_INSTALLED", False)
    assert "http.request" in failed.message


@pytest.mark.parametrize("echo", ["sesame-4711", "Bearer sesame-4711"])
async def test_secrets_of_the_input_are_masked_in_outputs_and_messages(echo: str) -> None:
    world = World()
    world.script("call_1", Answer(data={"echo": echo}), Timeout(f"sent {echo}", sent=True))
    headers = {"authorization": "Bearer ${payload.output.token}"}
    done = await outcome(world, headers=headers, secret=["/headers/authorization"])
    failed = await outcome(world, headers=headers, secret=["/headers/authorization"])
    assert isinstance(done, EffectDone)
    assert isinstance(failed, EffectFailed)
    assert "sesame" not in str(done.output) + failed.message


@pytest.mark.parametrize(
    ("error", "secret", "is_shown"),
    [
        (BadInput("quotes anything"), "/headers/a", False),
        (about_error("the header", "headers"), "/headers/a", False),
        (about_error("the body", "body"), "/headers/a", True),
        (about_error("the body", "body"), "", False),
        (Timeout("example.com:443 did not answer"), "/headers/a", True),
        (Timeout("example.com:443 did not answer"), "/url", False),
        (Refused("quotes anything"), "/headers/a", False),
    ],
)
async def test_a_message_about_a_field_with_a_secret_is_not_shown(
    error: LooplyError, secret: str, *, is_shown: bool
) -> None:
    world = World()
    world.script("call_1", error)
    state, opened = scheduled(headers={"a": "b"})
    failed = await worker(world).carry_out(state, replace(opened, secret=(f"/input{secret}",)))
    assert isinstance(failed, EffectFailed)
    assert (failed.message == error.message) is is_shown
    assert failed.code == error.code
    if not is_shown:
        assert "is not shown, because it may quote the input" in failed.message


class Watched(dict[str, Json]):
    """An object that notes which threads have looked through it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.threads: list[threading.Thread] = []

    def items(self) -> Any:
        """Returns the items."""
        self.threads.append(threading.current_thread())
        return super().items()


@pytest.mark.parametrize(("size", "is_beside"), [(10, False), (100_000, True)])
async def test_secrets_are_looked_for_in_a_large_answer_beside_the_loop(size: int, *, is_beside: bool) -> None:
    world, data = World(), Watched({"echo": "sesame-4711", "text": "n" * size})
    world.script("call_1", Answer(data=data))
    done = await outcome(world, headers={"authorization": "Bearer ${payload.output.token}"}, secret=["/headers"])
    assert isinstance(done, EffectDone)
    assert done.output["data"]["echo"] == "***"
    assert {thread is not threading.current_thread() for thread in data.threads} == {is_beside}


async def test_an_answer_of_a_call_without_secrets_is_not_looked_through() -> None:
    world, data = World(), Watched({"text": "n" * 100_000})
    world.script("call_1", Answer(data=data))
    done = await outcome(world)
    assert isinstance(done, EffectDone)
    assert done.output["data"] is data
    assert not data.threads


async def test_an_answer_of_many_lists_counts_by_their_number() -> None:
    world = World()
    world.script("call_1", Answer(data=[[]] * 10_000))
    done = await outcome(world)
    assert isinstance(done, EffectDone)
    assert 16 * 9_900 < done.size < 16 * 10_100


@pytest.mark.parametrize("secret", ["pin", 4711, "Se"])
async def test_a_short_secret_is_marked_where_it_is_a_whole_value_and_the_answer_stays(secret: Json) -> None:
    world = World()
    world.script("call_1", Answer(data={"echo": secret, "quantity": 1}))
    state, opened = scheduled(body={"a": secret, "quantity": 1})
    opened = replace(opened, input={**opened.input, "body": {"a": secret, "quantity": 1}}, secret=("/input/body",))
    done = await worker(world).carry_out(state, opened)
    assert isinstance(done, EffectDone)
    assert done.output["data"] == {"echo": secret, "quantity": 1}
    assert done.secret == ("/output/data/echo",)


async def test_an_answer_with_many_echoes_is_secret_as_a_whole() -> None:
    world = World()
    world.script("call_1", Answer(data=["pin"] * 101))
    state, opened = scheduled(body={"a": "pin"})
    done = await worker(world).carry_out(state, replace(opened, secret=("/input/body",)))
    assert isinstance(done, EffectDone)
    assert done.secret == ("/output",)


async def test_a_secret_that_went_out_within_a_longer_text_is_masked_by_itself() -> None:
    world = World()
    world.script("call_1", Answer(data={"echo": "it was sesame-4711"}))
    workflow = chain(call(body="pin ${payload.output.token}!"))
    started = replace(STARTED, definition=workflow.hash.hex(), secret=("/output/token",))
    state = advance(workflow, None, (started,)).state
    done = await worker(world).carry_out(state, state.open_steps["call_1:1"])
    assert isinstance(done, EffectDone)
    assert done.output["data"] == {"echo": "it was ***"}


async def test_a_connection_that_does_not_exist_fails_the_step_before_anything_is_sent() -> None:
    failed = await outcome(World(), connection="missing")
    assert isinstance(failed, EffectFailed)
    assert (failed.code, failed.was_sent) == ("BAD_INPUT", False)


async def derived(world: World, **beside: Any) -> EffectDone:
    """Returns the outcome of a function of the token in the body."""
    workflow = chain(function("function_1", "${payload.output.token}", **beside))
    state = advance(workflow, None, (replace(STARTED, definition=workflow.hash.hex()),)).state
    done = await worker(world).carry_out(state, state.open_steps["function_1:1"])
    assert isinstance(done, EffectDone)
    return done


async def test_a_result_that_was_made_of_a_secret_is_kept_whole_and_is_secret() -> None:
    world = World()
    world.script("function_1", Output({"header": "Bearer sesame-4711"}))
    done = await derived(world, secret=["/input"])
    assert (done.output, done.secret) == ({"header": "Bearer sesame-4711"}, ("/output",))


async def test_a_result_that_was_made_of_nothing_secret_is_not() -> None:
    world = World()
    world.script("function_1", Output([1]))
    done = await derived(world)
    assert (done.output, done.secret) == ([1], ())


async def test_a_call_that_opened_a_connection_sends_nothing_beside_it() -> None:
    world = World()
    world.connections.by_name["SHOP"] = ConnectionValues(
        name="SHOP",
        kind="http",
        settings={},
        secrets={"token": "t"},
        targets=frozenset({("https", "api.example", 443)}),
    )

    async def stray(context: CallContext, input_: dict[str, Any]) -> Any:
        await context.connection("SHOP")
        return await context.http.send(HttpRequest(method="GET", url=parse_url("https://evil.example/")))

    (connector,) = world.registry.connectors
    operations = tuple(replace_field(each, call=stray) for each in connector.operations)
    registry = Registry([("test", replace_field(connector, operations=operations))])
    done = await Worker(registry, world.connections, NoNetwork, fake_loop().clock).carry_out(*scheduled())

    assert isinstance(done, EffectFailed)
    assert (done.code, done.was_sent) == ("CREDENTIAL_BOUND", False)


@pytest.mark.parametrize(
    ("queue", "target"),
    [
        ("sap.odata S4H#1", "https://s4.example.com:443#001"),
        ("sap.odata S4H#001", "https://s4.example.com:443#001"),
        ("sap.odata S4H#200", "sap.odata S4H#200"),
        ("sap.odata S4H#abcd", "sap.odata S4H#abcd"),
        ("sap.odata S4H", "sap.odata S4H"),
    ],
)
async def test_a_system_that_is_named_by_its_id_and_client_is_found_by_the_kind_of_its_connection(
    queue: str, target: str
) -> None:
    world, registry = World(), Registry([("looply", SAP)])
    settings: dict[str, Json] = {"base_url": "https://s4.example.com", "system_id": "S4H", "client": "001"}
    world.connections.put("production", {"password": "secret"}, kind="sap", settings=settings)
    targets = KnownTargets(registry.target)
    resources = WorkerResources(targets=targets)
    worker = Worker(registry, world.connections, NoNetwork, fake_loop().clock, resources)
    await worker.look_up_target(Lane("o", queue))
    assert targets.knows(Lane("o", queue))
    assert targets.lane_of(Lane("o", queue)) == Lane("o", target)


class Unreadable(FakeConnections):
    """Connections whose reads fail by an error."""

    def __init__(self, error: LooplyError) -> None:
        super().__init__()
        self.error = error

    async def find_by_name(self, organization_id: str, name: str) -> ConnectionValues:
        raise self.error


@pytest.mark.parametrize(
    ("queue", "error", "is_known"),
    [
        ("gone.call S4", StoreUnreachable("the catalog is away"), True),
        ("http.request S4", SealBroken("sealed with another key"), True),
        ("http.request S4", RecordDamaged("no JSON"), True),
        ("http.request S4", StoreUnreachable("the catalog is away"), False),
    ],
)
async def test_a_call_that_will_fail_by_itself_leads_to_no_system(
    queue: str, error: LooplyError, is_known: bool
) -> None:
    targets, lane = KnownTargets(), Lane("o", queue)
    resources = WorkerResources(targets=targets)
    worker = Worker(World().registry, Unreadable(error), NoNetwork, fake_loop().clock, resources)
    await worker.look_up_target(lane)
    assert targets.knows(lane) is is_known


@pytest.mark.parametrize(("callers", "expected"), [(["o"], [0, 0]), (["o", "umbrella"], [0, 1])])
async def test_organizations_that_make_calls_use_the_process(callers: list[str], expected: list[float]) -> None:
    world, turns = World(), Turns(fake_loop().clock)
    resources = WorkerResources(turns=turns)
    worker = Worker(world.registry, world.connections, NoNetwork, fake_loop().clock, resources)
    state, opened = scheduled()
    for organization_id in callers:
        started = replace(state.started, organization_id=organization_id)
        await worker.carry_out(replace(state, started=started), opened)
    assert [turns.reserve("o", UNITS_PER_SECOND) for _ in range(2)] == expected
