"""Calls of definitions are checked against the services of the strict gateway."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from kit.servers.sap_gateway import METADATA, SERVICE_2, SERVICE_4, StrictGateway
from looply.clock import SystemClock
from looply.connectors.port import CallCheck, DefinedCall
from looply.connectors.sap.discovering.calls_check import MAX_SERVICES, check_calls
from looply.jsontext import Json

NONE = "/sap/opu/odata/sap/NONE"


async def check(strict: Any, *inputs: dict[str, Json], seconds: float = 60) -> list[CallCheck]:
    calls = [DefinedCall(operation="sap.odata", input=each) for each in inputs]
    context = replace(strict.context(), clock=SystemClock(), timeout=timedelta(seconds=seconds))
    return list(await check_calls(context, strict.connections["S4"], calls))


def failure(check: CallCheck) -> str:
    return check.failure.message if check.failure is not None else ""


def read(service: str, entity: str = "Orders", **more: Json) -> dict[str, Json]:
    return {"service_path": service, "entity": entity, **more}


async def test_each_call_is_compared_with_its_own_service_as_it_is_now(strict: Any, gateway: StrictGateway) -> None:
    calls = (
        read(SERVICE_2, params={"$select": "Reference"}),
        read(f"{SERVICE_2}/", "Orders('${payload.output.po}')", method="PATCH", body={"Reference": "x"}),
        read(SERVICE_4, "Order"),
        read("${profile.service}", "Gone"),
        read(SERVICE_2, "${payload.output.entity}"),
    )
    found = await check(strict, *calls)
    assert [len(each.problems) for each in found] == [0, 0, 1, 0, 0]
    assert [each.unchecked for each in found] == [0, 0, 0, 1, 1]
    assert found[2].problems[0].hint == "did you mean 'Orders'?"
    gateway.metadata = METADATA.replace('"Reference"', '"ExternalReference"')
    found = await check(strict, *calls)
    assert [[each.path for each in one.problems] for one in found] == [
        ["/params/$select"],
        ["/body/Reference"],
        ["/entity"],
        [],
        [],
    ]
    assert found[0].problems[0].hint == "did you mean 'ExternalReference'?"
    # Nothing but metadata was read, each service once a check.
    assert [request.path.rpartition("/")[2] for request in gateway.requests] == ["$metadata"] * 4
    assert {request.method for request in gateway.requests} == {"GET"}


async def test_a_service_that_is_gone_is_a_finding_of_its_steps(strict: Any) -> None:
    (found,) = await check(strict, read(NONE))
    (problem,) = found.problems
    assert (problem.path, problem.code, problem.hint_code) == (
        "/service_path",
        "SAP_SERVICE_UNKNOWN",
        "ACTIVATE_SAP_SERVICE",
    )


async def test_refused_credentials_are_sent_once_and_no_step_counts_as_checked(
    strict: Any, gateway: StrictGateway
) -> None:
    gateway.password = "another password"
    found = await check(strict, read(SERVICE_2), read(SERVICE_4), read(NONE))
    assert gateway.failed_logons == 1
    assert all("(401)" in failure(each) and not each.problems for each in found)


async def test_metadata_that_cannot_be_read_is_a_failure_with_its_reason(strict: Any, gateway: StrictGateway) -> None:
    gateway.metadata = "<html/>"
    found = await check(strict, read(SERVICE_2), read("//"), read(SERVICE_4))
    reason = "its $metadata cannot be read: its first element is not `Edmx`"
    assert [failure(each) for each in found] == [f"{SERVICE_2} was not read: {reason}", "", ""]
    assert [[each.code for each in one.problems] for one in found] == [[], ["SAP_PATH_INVALID"], []]


async def test_a_check_ends_in_time_and_says_what_was_not_read(strict: Any, gateway: StrictGateway) -> None:
    gateway.hangs = lambda request: SERVICE_2 in request.path
    async with asyncio.timeout(5):
        found = await check(strict, read(SERVICE_2), read(SERVICE_4), seconds=0.3)
    assert all("have 0.3 s" in failure(each) for each in found)


async def test_more_services_than_one_check_reads_are_said(strict: Any, gateway: StrictGateway) -> None:
    found = await check(strict, *(read(f"{NONE}{number}") for number in range(MAX_SERVICES + 1)))
    assert [bool(failure(each)) for each in found] == [*[False] * MAX_SERVICES, True]
    assert len(gateway.requests) == MAX_SERVICES
