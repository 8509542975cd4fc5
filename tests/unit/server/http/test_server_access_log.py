"""The access log: one log line for each request, and nothing in it that a caller sent."""

import json
from pathlib import Path
from typing import Any

import httpx2
import structlog
from server_kit import CARDING, Caller, CheckedDispatch

from looply.app.context.services import Services
from looply.server.administration.web_pages import Pages
from looply.server.application import build_app, ingress_of
from looply.server.callers.client_addresses import ClientAddresses
from looply.server.http.access_log import AccessLog
from looply.settings import Settings
from looply.testing.clock import FakeClock, SerialEntropy

LINE = {
    *("event", "log_level", "address", "method", "route", "status", "duration_ms", "bytes", "key_id", "user_id"),
    "request_id",
}
CANARY = "CANARY"


async def logged(services: Services, tmp_path: Path, mine: Caller, settings: Settings) -> list[dict[str, Any]]:
    """Returns the log lines of some calls that carry the canary wherever a caller can put it."""
    await mine.trigger(await mine.create(CARDING))
    token = (await mine.get("getOpenCards")).json()["items"][0]["token"]
    ingress = ingress_of(settings, services.clock)
    app = build_app(
        services, SerialEntropy(1000), Pages(tmp_path / "static"), dispatch_type=CheckedDispatch, ingress=ingress
    )
    transport = httpx2.ASGITransport(app=app, client=("192.0.2.1", 40_000))
    with structlog.testing.capture_logs() as lines:
        async with httpx2.AsyncClient(transport=transport, base_url="http://server") as client:
            headers = {**mine.headers(), "user-agent": CANARY, "idempotency-key": CANARY}
            await client.get("/v2/workflows/searchExecutions", params={"term": CANARY}, headers=headers)
            await client.post("/v2/workflows/createKey", json={"name": CANARY, "scopes": ["read"]}, headers=headers)
            await client.get(f"/v2/inbox/{token}")
            await client.request("GET", f"/{CANARY}")
            await client.get("/v2/workflows/getKeys", headers={"x-api-key": CANARY})
            await client.head("/healthz/live")
    requests: list[dict[str, Any]] = [line for line in lines if line["event"] == "request"]
    assert CANARY not in json.dumps(lines)
    assert token not in json.dumps(lines)
    return requests


async def test_without_the_setting_no_request_is_logged(services: Services, tmp_path: Path, mine: Caller) -> None:
    assert await logged(services, tmp_path, mine, Settings()) == []


async def test_with_the_setting_each_request_is_one_log_line_without_its_content(
    services: Services, tmp_path: Path, mine: Caller
) -> None:
    lines = await logged(services, tmp_path, mine, Settings(access_log=True))
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("GET", "/v2/workflows/searchExecutions", 200),
        ("POST", "/v2/workflows/createKey", 200),
        ("GET", "/v2/inbox/{token}", 200),
        ("(none)", "(none)", 404),
        ("GET", "/v2/workflows/getKeys", 403),
        ("GET", "/healthz/live", 200),
    ]
    assert all(set(line) == LINE for line in lines)
    assert [line["key_id"] is not None for line in lines] == [True, True, False, False, False, False]
    assert {line["address"] for line in lines} == {"192.0.2.1"}
    assert lines[0]["bytes"] > lines[-1]["bytes"] == 0
    assert len({line["request_id"] for line in lines}) == len(lines)


def test_a_request_that_the_connection_refused_is_logged_too(clock: FakeClock) -> None:
    with structlog.testing.capture_logs() as lines:
        AccessLog(clock, ClientAddresses()).log_refusal(("192.0.2.1", 1), 400, "r-1", 300)
    assert set(lines[0]) == LINE
    assert (lines[0]["address"], lines[0]["status"], lines[0]["request_id"]) == ("192.0.2.1", 400, "r-1")
