"""Temporal behind TLS, behind certificates of clients, behind API keys: effects run, and a refusal says what to do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from contract.harness.temporal_relay import Gate
from contract.harness.temporal_world import Process
from kit.definitions import call, calling, chain
from kit.servers.certificates import Authority, Pair
from looply.clock import SystemClock
from looply.engine.temporal import TemporalSettings
from looply.engine.temporal.connecting import TemporalConnection
from looply.engine.temporal.outbox import TemporalUnavailable
from looply.engine.temporal.worker import WorkerHooks
from looply.settings import Secret

pytestmark = pytest.mark.timeout(120)

KEY = "sesame-4711"
Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def ours() -> Authority:
    """The authority of the house."""
    return Authority("The house's authority")


@pytest.fixture(scope="module")
def theirs() -> Authority:
    """An authority that no test trusts."""
    return Authority("Somebody else")


@pytest.fixture
def opened(temporal_address: str, ours: Authority) -> Opened:
    """Opens a gate before Temporal, with a certificate for the loopback address unless another one is given."""

    @asynccontextmanager
    async def open_gate(server: Pair | None = None, **wants: Any) -> AsyncIterator[Gate]:
        async with Gate(temporal_address, server or ours.issue("localhost"), **wants) as gate:
            yield gate

    return open_gate


def settings(gate: Gate, ca: Path | None, **facts: Any) -> TemporalSettings:
    """Returns settings with a task queue of the gate's own."""
    queue = f"looply-gate-{gate.address.rpartition(':')[2]}"
    return TemporalSettings(address=gate.address, tls=True, tls_ca=ca, task_queue=queue, **facts)


def certified(pair: Pair, folder: Path, name: str = "client") -> dict[str, Path]:
    """Returns the settings of a certificate that this process shows."""
    certificate, key = pair.written(folder, name)
    return {"tls_certificate": certificate, "tls_key": key}


async def works(reached: TemporalSettings) -> None:
    """Lets a process offer effects and carry them out, each by Temporal."""
    async with Process(reached).running() as process:
        execution_id = await process.trigger(chain(call("call_1"), call("call_2")))
        await process.closed(execution_id)
        assert [seen.step for seen in process.world.calls] == ["call_1", "call_2"]
        assert not process.dispatcher.is_unavailable


async def refused(reached: TemporalSettings) -> str:
    """Returns why a process does not get through."""
    with pytest.raises(TemporalUnavailable) as caught:
        await TemporalConnection(reached, SystemClock()).client()
    assert reached.address in caught.value.message
    return caught.value.message


async def test_effects_run_over_tls_with_an_authority_of_ones_own(
    opened: Opened, ours: Authority, tmp_path: Path
) -> None:
    async with opened() as gate:
        await works(settings(gate, ours.written(tmp_path, "ca")))
        assert set(gate.shown) == {""}


async def test_a_server_of_another_authority_is_not_spoken_to(
    opened: Opened, theirs: Authority, tmp_path: Path
) -> None:
    async with opened() as gate:
        for ca in (theirs.written(tmp_path, "wrong"), None):
            assert "name its authority in temporal_tls_ca" in await refused(settings(gate, ca))
        assert gate.shown == []


async def test_a_server_with_the_certificate_of_another_name_is_not_spoken_to(
    opened: Opened, ours: Authority, tmp_path: Path
) -> None:
    async with opened(ours.issue("other.example.com", is_local=False)) as gate:
        assert "for another name" in await refused(settings(gate, ours.written(tmp_path, "ca")))
        assert gate.shown == []


async def test_a_server_whose_certificate_has_expired_is_not_spoken_to(
    opened: Opened, ours: Authority, tmp_path: Path
) -> None:
    async with opened(ours.issue("localhost", lasts=timedelta(hours=-1))) as gate:
        assert "has expired; renew it" in await refused(settings(gate, ours.written(tmp_path, "ca")))
        assert gate.shown == []


async def test_an_unencrypted_connection_gets_a_hint(opened: Opened) -> None:
    async with opened() as gate:
        assert "may need TLS (temporal_tls)" in await refused(TemporalSettings(address=gate.address))
        assert gate.shown == []


async def test_an_encrypted_connection_to_a_plain_server_gets_a_hint(temporal_address: str) -> None:
    message = await refused(TemporalSettings(address=temporal_address, tls=True))
    assert "does not use TLS" in message


async def test_effects_run_with_a_certificate_of_the_process(opened: Opened, ours: Authority, tmp_path: Path) -> None:
    ca = ours.written(tmp_path, "ca")
    async with opened(clients=ours) as gate:
        await works(settings(gate, ca, **certified(ours.issue("worker-1"), tmp_path)))


async def test_without_a_trusted_certificate_no_connection_is_accepted(
    opened: Opened, ours: Authority, theirs: Authority, tmp_path: Path
) -> None:
    ca = ours.written(tmp_path, "ca")
    async with opened(clients=ours) as gate:
        for shown in ({}, certified(theirs.issue("worker-1"), tmp_path)):
            assert "temporal_tls_certificate" in await refused(settings(gate, ca, **shown))
        assert gate.shown == []


async def test_the_api_key_goes_with_every_call(opened: Opened, ours: Authority, tmp_path: Path) -> None:
    async with opened(key=KEY) as gate:
        await works(settings(gate, ours.written(tmp_path, "ca"), api_key=Secret(KEY)))
        assert set(gate.shown) == {f"Bearer {KEY}"}


async def test_without_the_api_key_no_connection_is_accepted(opened: Opened, ours: Authority, tmp_path: Path) -> None:
    ca = ours.written(tmp_path, "ca")
    async with opened(key=KEY) as gate:
        messages = [
            await refused(settings(gate, ca)),
            await refused(settings(gate, ca, api_key=Secret("another-0815"))),
        ]
        assert ["set temporal_api_key" in each for each in messages] == [True, True]
        assert gate.shown == ["", "Bearer another-0815"]
        assert "another-0815" not in "".join(messages)


async def test_effects_wait_while_the_api_key_is_refused_and_the_log_says_why(
    opened: Opened, ours: Authority, tmp_path: Path
) -> None:
    async with opened(key="not yet") as gate:
        reached = settings(gate, ours.written(tmp_path, "ca"), api_key=Secret(KEY))
        tries: asyncio.Queue[float] = asyncio.Queue()

        async def pause(seconds: float) -> None:
            tries.put_nowait(seconds)
            await asyncio.sleep(0)

        with capture_logs() as logs:
            async with Process(reached, hooks=WorkerHooks(pause=pause)).running() as process:
                execution_id = await process.trigger(calling())
                while len(logged := [line for line in logs if line["log_level"] == "error"]) < 2:
                    await tries.get()
                assert process.world.calls == []
                gate.key = KEY
                await process.closed(execution_id)
        assert {line["event"] for line in logged} == {"temporal_away", "worker_waits_for_temporal"}
        assert all("set temporal_api_key" in line["error"] for line in logged)
        assert KEY not in str(logs)
