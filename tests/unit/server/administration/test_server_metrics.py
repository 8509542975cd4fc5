"""Metrics over HTTP: access to them, the labels of requests, and that they disclose no organization or caller."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families
from server_kit import ASKING, Caller, CheckedDispatch, card_step, definition, note_step

from looply.app.context.metrics import CONTENT_TYPE, MEASURES
from looply.app.context.services import Services
from looply.clock import SystemEntropy
from looply.server.administration.web_pages import Pages
from looply.server.application import build_app, build_monitoring
from looply.server.connection.serving import serve_monitoring
from looply.settings import Secret, Settings
from looply.testing.clock import SerialEntropy

TOKEN = "a-token-of-who-runs-it"
FORBIDDEN = {"message": "Forbidden"}


@pytest.fixture
def services(services: Services) -> Services:
    return replace(services, metrics_token=Secret(TOKEN))


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def scrape(client: httpx2.AsyncClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Returns every sample by name and labels."""
    answer = await client.get("/metrics", headers=bearer(TOKEN))
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@asynccontextmanager
async def listening(services: Services) -> AsyncIterator[str]:
    """Runs the listener on a free port during a block. Yields its address."""
    app = build_monitoring(services, SystemEntropy())
    async with serve_monitoring(Settings(metrics_listen="127.0.0.1:0"), app) as address:
        assert address is not None
        yield address


def requests_of(samples: dict[Any, float], **labels: str) -> float:
    return samples.get(("looply_http_request_duration_seconds_count", tuple(sorted(labels.items()))), 0.0)


class TestAccess:
    async def test_the_token_gives_access_to_the_metrics_in_the_prometheus_format(
        self, client: httpx2.AsyncClient
    ) -> None:
        answer = await client.get("/metrics", headers=bearer(TOKEN))
        assert (answer.status_code, answer.headers["content-type"]) == (200, CONTENT_TYPE.decode())
        assert answer.headers["cache-control"] == "no-store"
        names = {family.name for family in text_string_to_metric_families(answer.text)}
        assert {"looply_build_info", "looply_ready", "process_resident_memory_bytes", "process_open_fds"} <= names

    @pytest.mark.parametrize(
        "headers",
        [
            [],
            [("authorization", TOKEN)],
            [("authorization", "Bearer ")],
            [("authorization", "Bearer other")],
            [("authorization", f"Bearer {TOKEN}x")],
            [("authorization", f"Basic {TOKEN}")],
            [("authorization", f"Bearer {TOKEN}"), ("authorization", f"Bearer {TOKEN}")],
            [("x-api-key", TOKEN)],
            [("cookie", f"authorization=Bearer {TOKEN}")],
        ],
    )
    async def test_nothing_else_gives_access_to_the_metrics(
        self, client: httpx2.AsyncClient, headers: list[tuple[str, str]]
    ) -> None:
        answer = await client.get("/metrics", headers=headers)
        assert (answer.status_code, answer.json()) == (403, FORBIDDEN)

    async def test_no_key_of_an_organization_gives_access_to_the_metrics(self, mine: Caller) -> None:
        answer = await mine.get("/metrics")
        assert (answer.status_code, answer.json()) == (403, FORBIDDEN)

    async def test_without_a_token_the_metrics_are_closed(
        self, services: Services, entropy: SerialEntropy, tmp_path: Path
    ) -> None:
        app = build_app(
            replace(services, metrics_token=None), entropy, Pages(tmp_path / "static"), dispatch_type=CheckedDispatch
        )
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://server") as client:
            for headers in ({}, bearer(""), bearer("None"), bearer(TOKEN)):
                answer = await client.get("/metrics", headers=headers)
                assert (answer.status_code, answer.json()) == (403, FORBIDDEN)

    async def test_the_metrics_can_only_be_read(self, client: httpx2.AsyncClient) -> None:
        assert (await client.post("/metrics", headers=bearer(TOKEN))).status_code == 405
        assert (await client.head("/metrics", headers=bearer(TOKEN))).status_code == 200


class TestRequests:
    async def test_a_request_is_counted_under_its_template_method_and_status(self, mine: Caller) -> None:
        workflow_id = await mine.create(ASKING)
        await mine.trigger(workflow_id, {"n": 1})
        await mine.trigger(workflow_id, {"n": 2})
        assert (await mine.post("resumeWorkflow/unknown", {"source": "SAP"})).status_code == 400
        samples = await scrape(mine.client)
        path = "/v2/workflows/triggerworkflow/{workflow_id}"
        assert requests_of(samples, route=path, method="POST", status="200") == 2
        path = "/v2/workflows/createWorkflow"
        assert requests_of(samples, route=path, method="POST", status="200") == 1

    async def test_a_request_without_a_route_is_counted_without_its_path(self, mine: Caller) -> None:
        await mine.client.get("/canary-path")
        await mine.client.request("BREW", "/canary-path-2")
        await mine.client.request("BREW", "/v2/workflows/getKeys")
        samples = await scrape(mine.client)
        assert requests_of(samples, route="(none)", method="(none)", status="404") == 2
        assert requests_of(samples, route="(none)", method="(none)", status="405") == 1

    async def test_a_call_that_is_refused_for_its_key_is_counted(self, mine: Caller) -> None:
        await mine.client.get("/v2/workflows/getKeys")
        samples = await scrape(mine.client)
        assert requests_of(samples, route="/v2/workflows/getKeys", method="GET", status="403") == 1


async def test_no_label_discloses_an_organization_or_its_data(mine: Caller, theirs: Caller) -> None:
    steps = (
        card_step("canary_step", recipients=["canary@canary.example"]),
        {
            "id": "canary_call",
            "type": "httpRequest",
            "settings": {"method": "GET", "url": "https://canary.example/canary", "fail_on": ["5xx"]},
        },
        note_step("note_1", "canary-value"),
    )
    for caller in (mine, theirs):
        workflow_id = await caller.create(definition(*steps, name="Canary workflow"))
        execution_id = await caller.trigger(workflow_id, {"canary": "canary"}, process_id="canary-4711")
        await caller.get(f"/v2/workflows/getWorkflowExecutionById?workflow_execution_id={execution_id}&canary=canary")
        await caller.post(f"resumeWorkflow/{execution_id}", {"source": "TEAMS", "outcome": "canary"})
        await caller.client.get(f"/canary/{workflow_id}", headers={"x-api-key": "canary"})
        answer = await caller.client.get("/metrics", headers=bearer(TOKEN))
        ours = (workflow_id, execution_id, caller.organization_id, caller.workspace_id, caller.key)
        assert [text for text in ("canary", "Mine", "Theirs", *ours) if text in answer.text] == []


async def test_a_stream_is_timed_until_it_begins(mine: Caller, services: Services) -> None:
    headers = {**mine.headers(), "last-event-id": "nowhere"}
    await mine.client.get("/v2/workflows/watchOrganization", headers=headers)
    samples = await scrape(mine.client)
    found = [key for key in samples if "watchOrganization" in str(key) and key[0].endswith("_count")]
    assert len(found) == 1


class TestListener:
    """The separate listener, on a real socket."""

    @pytest_asyncio.fixture
    async def address(self, services: Services) -> AsyncIterator[str]:
        async with listening(replace(services, metrics_token=None)) as address:
            yield address

    async def test_it_serves_metrics_and_health_and_nothing_else(self, address: str) -> None:
        async with httpx2.AsyncClient(base_url=address, timeout=60) as client:
            answer = await client.get("/metrics")
            assert (answer.status_code, answer.headers["content-type"]) == (200, CONTENT_TYPE.decode())
            assert (await client.get("/healthz/live")).json() == {"message": "live"}
            assert (await client.get("/healthz/ready")).json() == {"message": "ready"}
            for path in ("/v2/workflows/getKeys", "/", "/docs", "/openapi.json", "/metrics/x", "/healthz/live/x"):
                assert (await client.get(path)).status_code == 404, path

    async def test_with_a_token_only_the_health_is_open(self, services: Services) -> None:
        async with listening(services) as address, httpx2.AsyncClient(base_url=address, timeout=60) as client:
            assert (await client.get("/metrics")).status_code == 403
            assert (await client.get("/metrics", headers=bearer(TOKEN))).status_code == 200
            assert (await client.get("/healthz/ready")).status_code == 200

    async def test_readiness_ends_with_the_drain(self, address: str, services: Services) -> None:
        services.lifecycle.drain()
        async with httpx2.AsyncClient(base_url=address, timeout=60) as client:
            assert (await client.get("/healthz/ready")).json()["code"] == "NOT_READY"
            assert (await client.get("/healthz/live")).status_code == 200

    async def test_without_the_setting_there_is_none(self, services: Services) -> None:
        async with serve_monitoring(Settings(), build_monitoring(services, SystemEntropy())) as address:
            assert address is None
            assert len(asyncio.all_tasks()) == 1


def test_every_metric_has_a_name_of_its_own() -> None:
    names = [measure.name for measure in MEASURES]
    assert len(set(names)) == len(names)
    assert json.dumps(names).isascii()
