"""A server that makes no calls has connections tested, and systems asked, by a worker."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from server_kit import Caller, definition

from kit.servers.sap_gateway import SERVICE_2, StrictGateway
from looply.app.authoring.question_runner import QuestionRunner
from looply.app.context.remote_prober import PATIENCE_SECONDS, RemoteProber
from looply.app.context.services import Services
from looply.connectors.port import CallCheck, Check, ConnectionValues
from looply.connectors.registry import Registry
from looply.engine.effects.connection_prober import TIMEOUT, ConnectionProber
from looply.errors import Permanent
from looply.execution.facts.commands import EffectDone, EffectFailed
from looply.jsontext import Json
from looply.testing.clock import FakeClock


@pytest_asyncio.fixture
async def gateway() -> AsyncIterator[StrictGateway]:
    gateway = StrictGateway()
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    gateway.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield gateway
    server.close()
    await gateway.close()


class Away:
    """The part of an installation that is not this process: what happens while the server waits."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.runner: QuestionRunner | None = None
        self.is_answering = True

    async def pause(self, seconds: float) -> None:
        self._clock.advance(timedelta(seconds=seconds))
        if self.runner is not None:
            await self.runner.tick()
            if self.is_answering:
                await self.runner.finish()


class Hanging:
    """A prober whose tests end when they are released."""

    def __init__(self) -> None:
        self.release = asyncio.Event()

    async def test(self, *_: object) -> tuple[Check, ...]:
        await self.release.wait()
        return ()

    async def discover(self, *_: object) -> Json:
        raise AssertionError("it is not asked")

    async def check_calls(self, *_: object) -> tuple[CallCheck, ...]:
        raise AssertionError("it is not asked")

    async def try_call(self, *_: object) -> EffectDone | EffectFailed:
        await self.release.wait()
        raise Permanent("too late")


@pytest.fixture
def away(clock: FakeClock) -> Away:
    return Away(clock)


@pytest.fixture
def registry(services: Services) -> Registry:
    return services.registry


@pytest.fixture
def remote(services: Services, away: Away, clock: FakeClock, prober: ConnectionProber, registry: Registry) -> Services:
    """The services of a server that makes no calls, and a worker that serves all connectors."""
    questions = services.catalog.questions
    away.runner = QuestionRunner(questions, prober, registry, [each.name for each in registry.connectors])
    object.__setattr__(services, "prober", RemoteProber(questions, registry, clock, away.pause))
    return services


def draft(gateway: StrictGateway, **settings: Any) -> dict[str, Any]:
    given = {"base_url": gateway.address, "user": gateway.user, **settings}
    return {"kind": "sap", "settings": given, "secrets": {"password": gateway.password}}


async def checks(caller: Caller, **body: Any) -> Mapping[str, tuple[str, str]]:
    answer = await caller.post("testConnection", body)
    assert answer.status_code == 200, answer.text
    return {check["name"]: (check["state"], check["text"]) for check in answer.json()["item"]["checks"]}


@pytest.mark.usefixtures("remote")
async def test_a_worker_tests_saved_connections_and_drafts(mine: Caller, gateway: StrictGateway) -> None:
    assert (await mine.post("createConnection", {"name": "S4", **draft(gateway)})).status_code == 200
    found = await checks(mine, name="S4", path=SERVICE_2)
    assert {name: state for name, (state, _) in found.items() if name in ("tcp", "logon", "service")} == {
        "tcp": "ok",
        "logon": "ok",
        "service": "ok",
    }
    wrong = draft(gateway)
    wrong["secrets"]["password"] = "another password"
    assert (await checks(mine, draft=wrong))["logon"][0] == "failed"


@pytest.mark.usefixtures("remote")
async def test_a_worker_asks_a_system_what_it_offers(mine: Caller, gateway: StrictGateway) -> None:
    await mine.post("createConnection", {"name": "S4", **draft(gateway)})
    item = (await mine.get("discoverConnection", name="S4", service=SERVICE_2)).json()["item"]
    assert [each["name"] for each in item["entity_sets"]] == ["Orders"]
    closed = await mine.get("discoverConnection", name="S4")
    assert (closed.status_code, closed.json()["code"]) == (409, "NOT_DISCOVERED")
    await mine.post("createConnection", {"name": "H", "kind": "http", "settings": {"base_url": gateway.address}})
    refused = await mine.get("discoverConnection", name="H")
    assert (refused.status_code, refused.json()["code"]) == (422, "NOT_DISCOVERABLE")


@pytest.mark.usefixtures("remote")
async def test_a_worker_checks_the_steps_that_use_a_connection(mine: Caller, gateway: StrictGateway) -> None:
    await mine.post("createConnection", {"name": "S4", **draft(gateway)})
    body = {"Total": 22899.420, "Gone": "x"}
    settings = {"connection": "S4", "service_path": SERVICE_2, "entity": "Orders", "method": "POST", "body": body}
    await mine.create(definition({"id": "sapRequest_1", "type": "sapRequest", "settings": settings}), is_active=False)
    (step,) = (await mine.get("checkConnectionUses", name="S4")).json()["item"]["steps"]
    assert [finding["path"] for finding in step["findings"]] == ["/workflow_steps/1/settings/body/Gone"]


@pytest.mark.parametrize(
    "content",
    [
        {"what": "try", "call": {"secret": [], "of_a_newer_release": 1}},
        {"what": "try"},
        {"what": "another", "connection": {"name": "S4", "kind": "sap", "settings": {}, "secrets": {}, "revision": 1}},
        [],
    ],
)
async def test_a_question_of_another_release_is_answered_at_once(
    mine: Caller, remote: Services, away: Away, content: Json
) -> None:
    assert away.runner is not None
    questions = remote.catalog.questions
    question_id = await questions.ask(mine.organization_id, "sap", content)
    await away.runner.tick()
    await away.runner.finish()
    state, answer = await questions.find(mine.organization_id, question_id)
    assert isinstance(answer, dict)
    assert (state, answer["error"]["code"]) == ("ANSWERED", "UNKNOWN_QUESTION")


async def test_so_many_questions_are_answered_at_once_and_the_others_stay_for_other_workers(
    mine: Caller, remote: Services, registry: Registry
) -> None:
    questions, hanging = remote.catalog.questions, Hanging()
    runner = QuestionRunner(questions, hanging, registry, ["sap"])
    connection = {"name": "S4", "kind": "sap", "settings": {}, "secrets": {}, "revision": 1}
    content: Json = {"what": "test", "path": "", "connection": connection}
    ids = [await questions.ask(mine.organization_id, "sap", content) for _ in range(24)]
    for _ in range(4):
        await runner.tick()
    states = [(await questions.find(mine.organization_id, each))[0] for each in ids]
    assert states.count("TAKEN") == 16
    hanging.release.set()
    await runner.finish()


async def test_without_a_worker_for_the_connector_the_test_says_so(
    mine: Caller, remote: Services, away: Away, prober: ConnectionProber, registry: Registry, gateway: StrictGateway
) -> None:
    away.runner = QuestionRunner(remote.catalog.questions, prober, registry, ["http"])
    await mine.post("createConnection", {"name": "S4", **draft(gateway)})
    state, text = (await checks(mine, name="S4"))["test"]
    assert state == "failed"
    assert f"no worker that serves the connector sap took the question in {PATIENCE_SECONDS:g} s" in text
    refused = await mine.get("discoverConnection", name="S4")
    assert (refused.status_code, refused.json()["code"]) == (409, "NOT_DISCOVERED")
    assert "no worker" in refused.json()["message"]
    assert gateway.requests == []


async def test_a_worker_that_never_answers_delays_no_other_question(
    remote: Services, away: Away, clock: FakeClock, registry: Registry, mine: Caller
) -> None:
    hanging, values = Hanging(), ConnectionValues(name="S4", kind="sap", settings={"base_url": "https://s4.example"})
    away.runner = QuestionRunner(remote.catalog.questions, hanging, registry, ["sap"])
    away.is_answering = False
    begun = clock.monotonic()
    (check,) = await remote.prober.test(mine.organization_id, values, "")
    assert (check.state, "did not answer" in check.text) == ("failed", True)
    assert clock.monotonic() - begun > TIMEOUT.total_seconds()
    second = dataclasses.replace(values, name="S5")
    asked = asyncio.ensure_future(remote.prober.test(mine.organization_id, second, ""))
    await away.pause(0)
    hanging.release.set()
    assert await asked == ()


async def test_what_a_worker_refuses_is_the_result(
    remote: Services, away: Away, mine: Caller, clock: FakeClock, registry: Registry
) -> None:
    class Without:
        async def test(self, *_: object) -> tuple[Check, ...]:
            raise Permanent("the connector is not installed here", code="OPERATION_NOT_INSTALLED")

        discover = test

    away.runner = QuestionRunner(remote.catalog.questions, Without(), registry, ["sap"])
    values = ConnectionValues(name="S4", kind="sap", settings={"base_url": "https://s4.example"})
    (check,) = await remote.prober.test(mine.organization_id, values, "")
    assert (check.state, check.text) == ("failed", "the connector is not installed here")
    with pytest.raises(Permanent, match="not installed here") as caught:
        await remote.prober.discover(mine.organization_id, values, {"service": ""})
    assert caught.value.code == "OPERATION_NOT_INSTALLED"
    assert clock.monotonic() > 0


def reading(gateway: StrictGateway) -> dict[str, Any]:
    """Returns the body that tries a step that reads from the gateway."""
    step = {
        "id": "read",
        "type": "sapRequest",
        "settings": {"connection": "S4", "service_path": SERVICE_2, "entity": "Orders"},
    }
    return {"definition": definition(step), "step_id": "read", "send": True}


@pytest.mark.usefixtures("remote")
async def test_a_worker_tries_the_call_of_a_step(mine: Caller, gateway: StrictGateway) -> None:
    assert (await mine.post("createConnection", {"name": "S4", **draft(gateway)})).status_code == 200
    item = (await mine.post("testStep", reading(gateway))).json()["item"]
    assert (item["state"], item["output"]["status"]) == ("DONE", "200"), item
    assert gateway.requests != []


async def test_a_call_that_no_worker_takes_is_not_made(
    mine: Caller, remote: Services, away: Away, prober: ConnectionProber, registry: Registry, gateway: StrictGateway
) -> None:
    away.runner = QuestionRunner(remote.catalog.questions, prober, registry, ["http"])
    await mine.post("createConnection", {"name": "S4", **draft(gateway)})
    refused = await mine.post("testStep", reading(gateway))
    assert (refused.status_code, refused.json()["code"]) == (409, "NO_WORKER")
    assert gateway.requests == []


async def test_a_call_whose_worker_does_not_answer_has_an_unknown_outcome_or_has_failed(
    mine: Caller, away: Away, gateway: StrictGateway, remote: Services, registry: Registry
) -> None:
    hanging = Hanging()
    away.runner = QuestionRunner(remote.catalog.questions, hanging, registry, ["sap"])
    away.is_answering = False
    await mine.post("createConnection", {"name": "S4", **draft(gateway)})
    body = reading(gateway)
    item = (await mine.post("testStep", body)).json()["item"]
    assert (item["state"], item["error"]["code"]) == ("FAILED", "TIMEOUT")
    body["definition"]["workflow_steps"][1]["on_unknown"] = "incident"
    item = (await mine.post("testStep", body)).json()["item"]
    assert (item["state"], item["error"]["code"]) == ("UNKNOWN", "OUTCOME_UNKNOWN")
    hanging.release.set()
    await away.runner.finish()
