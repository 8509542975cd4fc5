"""Calls whose outcome is unknown: ids that stay the same, repeated calls, probes."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from kit.servers.sap_gateway import SERVICE_2, StrictGateway
from looply.connectors.sap.calls.repeating import REPEATABLE_FOR
from looply.connectors.sap.connector import CONNECTOR
from looply.errors import Unavailable, Unsettled

OPERATION = CONNECTOR.operations[0]
ENTERED = datetime(2026, 7, 1, 0, 10, tzinfo=UTC)
CREATE = {"entity": "Orders", "method": "POST", "body": {"Reference": "R-1"}}
PROBE = {"entity": "Orders", "params": {"$filter": "Reference eq 'R-1'"}}


@pytest.fixture
def repeatable(strict: Any, gateway: StrictGateway) -> None:
    gateway.is_idempotent = True
    values = strict.connections["S4"]
    strict.connections["S4"] = replace(values, settings={**values.settings, "repeatable": True})


def attempt(strict: Any, **changes: Any) -> Any:
    return replace(strict.context(), entered_on=ENTERED, **changes)


async def lose(perform: Any, strict: Any, gateway: StrictGateway) -> None:
    """Makes a call that takes effect and is not answered."""
    gateway.drops = lambda request: request.method == "POST"
    with pytest.raises(Unavailable) as caught:
        await perform(attempt(strict), **CREATE)
    assert caught.value.sent
    gateway.drops = lambda _: False


async def test_every_change_has_one_id_for_all_of_its_attempts(
    perform: Any, strict: Any, gateway: StrictGateway
) -> None:
    await perform(attempt(strict, attempt=1), **CREATE)
    await perform(attempt(strict, attempt=2), **CREATE)
    await perform(attempt(strict, idempotency_key="another"), **CREATE)
    first, second, other = [request.headers for request in gateway.requests if request.method == "POST"]
    assert first["requestid"] == second["requestid"] != other["requestid"]
    assert first["repeatability-request-id"].replace("-", "") == first["requestid"]
    assert len(first["requestid"]) == 32
    assert first["repeatability-first-sent"] == first["repeatabilitycreation"] == "Wed, 01 Jul 2026 00:10:00 GMT"
    await perform(entity="Orders")
    assert "requestid" not in gateway.requests[-1].headers


@pytest.mark.usefixtures("repeatable")
async def test_a_system_that_recognizes_the_id_is_asked_again_and_creates_once(
    perform: Any, strict: Any, gateway: StrictGateway
) -> None:
    await lose(perform, strict, gateway)
    output = await perform(attempt(strict, is_unsettled=True), **CREATE)
    assert (output["status"], gateway.created["R-1"]) == ("201", 1)


async def test_a_service_that_said_so_before_is_asked_again_without_the_setting(
    perform: Any, strict: Any, gateway: StrictGateway
) -> None:
    gateway.is_idempotent = True
    await perform(attempt(strict, idempotency_key="before"), entity="Orders", method="POST", body={})
    output = await perform(attempt(strict, is_unsettled=True), **CREATE)
    assert output["status"] == "201"


@pytest.mark.parametrize("probe", [None, PROBE])
async def test_nothing_is_sent_again_to_a_system_that_does_not_say_that_it_recognizes_it(
    probe: Any, perform: Any, strict: Any, gateway: StrictGateway
) -> None:
    with pytest.raises(Unsettled) as caught:
        await perform(attempt(strict, is_unsettled=True), **CREATE, **({"probe": probe} if probe else {}))
    assert gateway.created == {}
    assert ("found nothing" if probe else "does not say `repeatable`") in caught.value.message


@pytest.mark.usefixtures("repeatable")
async def test_after_five_hours_nothing_is_sent_again(perform: Any, strict: Any, gateway: StrictGateway) -> None:
    strict.clock.seconds += REPEATABLE_FOR.total_seconds()
    with pytest.raises(Unsettled, match="more than 5 h ago"):
        await perform(attempt(strict, is_unsettled=True), **CREATE)
    assert gateway.created == {}


async def test_a_probe_finds_what_an_earlier_attempt_made(perform: Any, strict: Any, gateway: StrictGateway) -> None:
    await lose(perform, strict, gateway)
    output = await perform(attempt(strict, is_unsettled=True), **CREATE, probe=PROBE)
    assert gateway.created["R-1"] == 1
    assert (output["status"], output["data"]["d"]["Reference"], output["headers"]["etag"]) == ("200", "R-1", 'W/"1"')


async def test_a_probe_that_finds_nothing_may_have_the_call_sent_again(
    perform: Any, strict: Any, gateway: StrictGateway
) -> None:
    output = await perform(attempt(strict, is_unsettled=True), **CREATE, probe={**PROBE, "absent": "repeat"})
    assert (output["status"], gateway.created["R-1"]) == ("201", 1)


async def test_a_probe_that_is_refused_settles_nothing(perform: Any, strict: Any, gateway: StrictGateway) -> None:
    gateway.add("1")
    gateway.locked.add("1")
    with pytest.raises(Unsettled, match="answered with status 400"):
        await perform(attempt(strict, is_unsettled=True), **CREATE, probe={"entity": "Orders('1')"})


async def test_a_system_that_refuses_the_repeated_id_leaves_it_to_an_operator(wiring: Any) -> None:
    settings = {"base_url": "https://s4.example", "user": "U", "repeatable": True}
    wiring.add("S4", "sap", settings, {"password": "p"})
    refused = httpx2.Response(412, headers={"Repeatability-Result": "rejected"})
    wiring.answer(httpx2.Response(200, headers={"x-csrf-token": "t"}), refused)
    context = replace(wiring.context(), is_unsettled=True)
    with pytest.raises(Unsettled, match="because of its request id"):
        await OPERATION.perform(context, {"connection": "S4", "service_path": SERVICE_2, "output": "raw", **CREATE})


async def test_a_read_is_simply_repeated(perform: Any, strict: Any, gateway: StrictGateway) -> None:
    gateway.add("1")
    assert (await perform(attempt(strict, is_unsettled=True), entity="Orders('1')"))["status"] == "200"
