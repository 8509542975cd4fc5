"""Sessions, tokens and logons against the strict gateway."""

import asyncio
import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kit.servers.sap_gateway import LOCKED_2, SERVICE_2, SERVICE_4, StrictGateway
from looply.connectors.credentials.logons import MOST_FAILURES
from looply.errors import AuthFailed, Timeout

CHANGE = {"entity": "Orders", "method": "POST", "body": {"Reference": "R-1"}}


async def test_24_cold_changes_at_once_read_one_token(perform: Any, gateway: StrictGateway) -> None:
    outputs = await asyncio.gather(
        *[perform(entity="Orders", method="POST", body={"Reference": str(n)}) for n in range(24)]
    )
    assert {output["status"] for output in outputs} == {"201"}
    assert gateway.token_reads == 1
    assert sorted(gateway.created) == sorted(str(n) for n in range(24))


@pytest.mark.parametrize("status", [403, 404])
async def test_a_token_that_comes_with_an_error_is_used(status: int, perform: Any, gateway: StrictGateway) -> None:
    gateway.token_status = status
    assert (await perform(**CHANGE))["status"] == "201"
    assert gateway.token_reads == 1


async def test_a_gateway_without_head_is_asked_by_get(perform: Any, gateway: StrictGateway) -> None:
    gateway.has_head = False
    assert (await perform(**CHANGE))["status"] == "201"
    assert [request.method for request in gateway.requests] == ["HEAD", "GET", "GET", "POST"]
    assert gateway.requests[-2].path == f"{SERVICE_2}/$metadata"


async def test_a_change_survives_two_ends_of_its_session_and_takes_effect_once(
    perform: Any, gateway: StrictGateway
) -> None:
    gateway.refusals = 2
    assert (await perform(**CHANGE))["status"] == "201"
    assert (gateway.created["R-1"], gateway.token_reads) == (1, 3)
    renewals = [r for r in gateway.requests if r.headers.get("x-csrf-token", "") == "Fetch"]
    assert all("cookie" not in request.headers for request in renewals)


async def test_after_a_third_end_the_refusal_is_the_output(perform: Any, gateway: StrictGateway) -> None:
    gateway.refusals = 3
    output = await perform(**CHANGE)
    assert (output["status"], output["headers"]["x-csrf-token"], gateway.created) == ("403", "Required", {})


async def test_sessions_that_end_while_many_calls_use_them_are_replaced_once(
    perform: Any, gateway: StrictGateway
) -> None:
    await perform(**CHANGE)
    gateway.sessions.clear()
    outputs = await asyncio.gather(*[perform(**CHANGE) for _ in range(8)])
    assert {output["status"] for output in outputs} == {"201"}
    assert (gateway.created["R-1"], gateway.token_reads) == (9, 2)


async def test_three_refused_logons_stop_further_ones_before_the_user_is_locked(
    perform: Any, strict: Any, gateway: StrictGateway
) -> None:
    gateway.password = "another password"
    answers = await asyncio.gather(*[perform(entity="Orders") for _ in range(12)], return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, dict)]
    stopped = [answer for answer in answers if isinstance(answer, AuthFailed)]
    assert ([answer["status"] for answer in refused], len(stopped)) == (["401"] * MOST_FAILURES, 12 - MOST_FAILURES)
    assert gateway.failed_logons == MOST_FAILURES
    assert {(error.code, error.sent) for error in stopped} == {("LOGON_STOPPED", False)}
    assert "looply connection test" in stopped[0].message
    # The connection is saved again: its next revision tries again.
    gateway.failed_logons, gateway.password = 0, "hunter2-hunter2"
    strict.connections["S4"] = replace(strict.connections["S4"], revision=1)
    assert (await perform(entity="Orders"))["status"] == "200"


async def test_an_accepted_logon_forgets_the_refused_ones(perform: Any, gateway: StrictGateway) -> None:
    for _ in range(3):
        gateway.password = "another password"
        for _ in range(MOST_FAILURES - 1):
            assert (await perform(entity="Orders"))["status"] == "401"
        gateway.password = "hunter2-hunter2"
        assert (await perform(entity="Orders"))["status"] == "200"


async def test_a_call_that_waits_for_the_token_of_another_ends_with_its_own_time(
    perform: Any, strict: Any, gateway: StrictGateway
) -> None:
    gateway.hangs = lambda request: request.method == "HEAD"
    first = asyncio.create_task(perform(**CHANGE))
    seen = asyncio.Event()
    gateway.on_request = lambda _: seen.set()
    await seen.wait()
    with pytest.raises(Timeout) as caught:
        await perform(replace(strict.context(), timeout=timedelta(milliseconds=50)), **CHANGE)
    assert not caught.value.sent
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)


async def test_a_call_that_is_abandoned_leaves_the_token_to_the_next_one(perform: Any, gateway: StrictGateway) -> None:
    gateway.hangs = lambda request: request.method == "HEAD" and len(gateway.requests) == 1
    seen = asyncio.Event()
    gateway.on_request = lambda _: seen.set()
    first = asyncio.create_task(perform(**CHANGE))
    await seen.wait()
    second = asyncio.create_task(perform(**CHANGE))
    first.cancel()
    assert (await second)["status"] == "201"
    await asyncio.gather(first, return_exceptions=True)


async def test_merge_head_count_value_and_the_etag_of_a_body(perform: Any, gateway: StrictGateway) -> None:
    gateway.add("1")
    etag = (await perform(entity="Orders('1')"))["headers"]["etag"]
    stale = await perform(entity="Orders('1')", method="MERGE", headers={"If-Match": 'W/"0"'}, body={"Total": "1.00"})
    merged = await perform(entity="Orders('1')", method="merge", headers={"If-Match": etag}, body={"Total": "1.00"})
    assert (etag, stale["status"], merged["status"]) == ('W/"1"', "412", "204")
    assert gateway.orders["1"]["Total"] == "1.00"
    assert (await perform(entity="Orders('1')", method="HEAD"))["status"] == "200"
    assert (await perform(entity="Orders/$count"))["data"] == "1"
    assert (await perform(entity="Orders('1')/$value"))["status"] == "200"
    created = await perform(entity="Orders", method="POST", body={})
    assert created["headers"]["etag"] == 'W/"1"'


async def test_functions_actions_and_deep_inserts_are_sent_as_they_are(perform: Any, gateway: StrictGateway) -> None:
    released = await perform(entity="Release", method="POST", params={"Order": "'1'"})
    assert released["data"]["d"]["Release"] == {"Order": "1", "Status": "05"}
    deep = {"Reference": "R", "to_Item": {"results": [{"Item": "10"}]}}
    await perform(entity="Orders", method="POST", body=deep)
    (order,) = gateway.orders.values()
    assert order["to_Item"] == {"results": [{"Item": "10"}]}
    action = f"Orders('{order['Order']}')/com.sap.Release"
    done = await perform(service_path=SERVICE_4, entity=action, method="POST", body={"Status": "05"})
    assert done["data"]["Status"] == "05"


@pytest.mark.parametrize("service", [SERVICE_2, SERVICE_4])
async def test_a_key_of_every_reserved_character_is_one_value(
    service: str, perform: Any, gateway: StrictGateway
) -> None:
    # RFC 3986 §2.2, and what is special to OData, to percent-encoding and to forms.
    key = "O'N/x:/?#[]@!$&'()*+,;=% \"\\|^`{}~-._ä€"
    gateway.add(key)
    gateway.add(key.partition("/")[0])
    entity = "Orders('{}')".format(key.replace("'", "''"))
    read = await perform(service_path=service, entity=entity)
    found = read["data"].get("d", read["data"])
    assert (read["status"], found["Order"]) == ("200", key)
    headers = {"If-Match": read["headers"]["etag"]}
    changed = await perform(service_path=service, entity=entity, method="PATCH", headers=headers, body={"Text": key})
    assert (changed["status"], gateway.orders[key]["Text"]) == ("204", key)
    assert len(gateway.orders) == 2


async def test_a_lock_is_data_with_what_the_system_said(perform: Any, gateway: StrictGateway) -> None:
    gateway.add("1")
    gateway.locked.add("1")
    locked = await perform(entity="Orders('1')", method="MERGE", headers={"If-Match": "*"}, body={})
    assert (locked["status"], locked["data"]) == ("400", LOCKED_2)


async def test_no_secret_is_shown_in_what_a_call_returns(perform: Any, gateway: StrictGateway) -> None:
    text = str(await perform(**CHANGE)) + str(await perform(entity="Orders"))
    based = base64.b64encode(f"{gateway.user}:{gateway.password}".encode()).decode()
    (session,) = gateway.sessions
    for secret in (gateway.password, based, session, gateway.sessions[session]):
        assert secret not in text


async def test_a_token_is_fetched_where_the_connection_says(strict: Any, perform: Any, gateway: StrictGateway) -> None:
    values = strict.connections["S4"]
    at = f"{SERVICE_4}/"
    strict.connections["S4"] = replace(values, settings={**values.settings, "csrf": {"at": at}})
    assert (await perform(**CHANGE))["status"] == "201"
    first = gateway.requests[0]
    assert (first.method, first.target.partition("?")[0]) == ("HEAD", at)
