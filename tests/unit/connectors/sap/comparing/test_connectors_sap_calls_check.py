"""Calls of definitions are checked against the services of the strict gateway."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from kit.servers.sap_gateway import METADATA, SERVICE_2, SERVICE_4, StrictGateway
from looply.clock import SystemClock
from looply.connectors.port import CallCheck, DefinedCall
from looply.connectors.sap.discovering.calls_check import MAX_FINDINGS, MAX_SERVICES, check_calls
from looply.jsontext import Json
from looply.testing.clock import FakeClock

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


async def test_what_is_compared_too_late_is_said_and_what_was_compared_is_kept(strict: Any) -> None:
    clock = FakeClock()

    class SlowInput(dict[str, Json]):
        """An input that takes long to compare."""

        def get(self, key: str, default: Any = None) -> Any:
            if key == "batch":
                clock.advance(timedelta(seconds=15))
            return super().get(key, default)

    inputs = [SlowInput(read(SERVICE_2, entity)) for entity in ("Order", "Orders", "x")]
    calls = [DefinedCall(operation="sap.odata", input=each) for each in inputs]
    found = await check_calls(replace(strict.context(), clock=clock), strict.connections["S4"], calls)
    assert [(len(each.problems), failure(each)) for each in found] == [
        (1, ""),
        (0, ""),
        (0, f"{SERVICE_2} was not read: all services together have 20 s"),
    ]


async def test_a_service_is_read_in_the_client_that_its_steps_name(strict: Any, gateway: StrictGateway) -> None:
    strict.connections["S4"].settings["client"] = ""
    found = await check(
        strict,
        read(SERVICE_2),
        read(SERVICE_2, params={"sap-client": "200"}),
        read(SERVICE_2, params={"sap-client": 200}),
        read(SERVICE_2, client="300"),
        read(SERVICE_2, "Gone", params={"sap-client": "${profile.client}"}),
        read(SERVICE_2, params={"sap-client": "none"}),
    )
    assert [request.query.get("sap-client") for request in gateway.requests] == [None, "200", "300"]
    assert [each.is_compared for each in found] == [True, True, True, True, False, True]
    assert (found[4].unchecked, found[4].problems) == (1, ())
    assert "an SAP client has three digits" in failure(found[5])


async def test_a_step_for_another_client_than_its_connection_is_not_compared(
    strict: Any, gateway: StrictGateway
) -> None:
    calls = [read(SERVICE_2, params={"sap-client": client}) for client in ("${profile.client}", "100", "200")]
    found = await check(strict, *calls)
    assert ["asks for client 200" in failure(each) for each in found] == [False, False, True]
    assert [request.query["sap-client"] for request in gateway.requests] == ["100"]


async def test_refused_credentials_are_sent_once_whatever_fails_before_and_after_them(
    strict: Any, gateway: StrictGateway
) -> None:
    gateway.password = "another password"
    gateway.drops = lambda request: NONE in request.path
    found = await check(strict, *(read(path) for path in (NONE, SERVICE_2, f"{NONE}2", SERVICE_4, f"{NONE}3")))
    assert ["(401)" in failure(each) for each in found] == [False, True, True, True, True]
    assert gateway.failed_logons == 1 + sum(NONE in request.path for request in gateway.requests)


async def test_calls_of_other_operations_and_without_a_known_service_are_not_compared(
    strict: Any, gateway: StrictGateway
) -> None:
    other = DefinedCall(operation="http.request", input=read(SERVICE_2, "Gone"))
    unknown = DefinedCall(operation="sap.odata", input=read("${profile.service}", "Gone"))
    missing = DefinedCall(operation="sap.odata", input={"entity": "Gone"})
    found = await check_calls(strict.context(), strict.connections["S4"], [other, unknown, missing])
    assert [(each.is_compared, each.unchecked, len(each.problems)) for each in found] == [
        (False, 0, 0),
        (False, 1, 0),
        (True, 0, 1),
    ]
    assert (found[2].problems[0].path, found[2].problems[0].code) == ("/service_path", "SAP_PATH_INVALID")
    assert gateway.requests == []


async def test_the_findings_of_all_steps_together_are_limited_and_the_others_counted(strict: Any) -> None:
    body: dict[str, Json] = {f"Gone{number}": 1 for number in range(100)}
    calls = [read((SERVICE_2, SERVICE_4)[number % 2], method="POST", body=body) for number in range(30)]
    found = await check(strict, *calls)
    assert sum(len(each.problems) for each in found) == MAX_FINDINGS
    assert [len(each.problems) + each.further for each in found] == [100] * 30


async def test_more_services_than_one_check_reads_are_said(strict: Any, gateway: StrictGateway) -> None:
    found = await check(strict, *(read(f"{NONE}{number}") for number in range(MAX_SERVICES + 1)))
    assert [bool(failure(each)) for each in found] == [*[False] * MAX_SERVICES, True]
    assert len(gateway.requests) == MAX_SERVICES
