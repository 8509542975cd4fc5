"""Query parameters: what a route does not declare is refused, on every route, and starts nothing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx2
from people_kit import Browser, join
from server_kit import CARDING, COMPUTING, Caller

from looply.app.context.services import Services
from looply.catalog import Catalog
from looply.permissions import FOR_KEYS
from looply.server.administration.web_pages import Pages
from looply.server.application import build_app
from looply.server.http.boundary import Boundary
from looply.settings import Secret
from looply.testing.clock import SerialEntropy


async def test_an_unknown_query_parameter_is_400_on_every_route_of_the_api(
    app: Boundary, mine: Caller, catalog: Catalog, browsers: Callable[[], Browser]
) -> None:
    await mine.trigger(await mine.create(CARDING))
    token = (await mine.get("getOpenCards")).json()["items"][0]["token"]
    owner = await join(browsers(), catalog, mine.organization_id, "owner@example.com", "owner")
    asked = {route.path: 0 for route in app.routes if route.has_strict_query and route.access != "metrics"}
    for route in app.routes:
        if route.path not in asked:
            continue
        path = route.path
        for name in route.path_values:
            path = path.replace(f"{{{name}}}", token if name == "token" else "01900000-0000-7000-8000-0000000000ff")
        is_of_keys = route.access == "public" or route.access in FOR_KEYS
        headers = (
            mine.headers()
            if is_of_keys and not route.changes_session
            else owner.headers({"content-type": "application/json"})
        )
        query = f"{path}?limits=5&nonsense=1"
        answer = await owner.client.request(route.method, query, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "UNKNOWN_PARAMETER"), (route.path, answer.text)
        asked[route.path] += 1
    assert {"/v2/session/signOut", "/v2/inbox/{token}", "/v2/workflows/getMembers"} <= asked.keys()
    assert all(asked.values())


async def test_an_unknown_query_parameter_of_the_metrics_is_400(
    services: Services, entropy: SerialEntropy, tmp_path: Path
) -> None:
    token = "a-token-of-who-runs-it"
    app = build_app(replace(services, metrics_token=Secret(token)), entropy, Pages(tmp_path / "static"))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://server") as client:
        headers = {"authorization": f"Bearer {token}"}
        answer = await client.get("/metrics?nonsense=1", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "UNKNOWN_PARAMETER")
        assert (await client.get("/metrics", headers=headers)).status_code == 200


async def test_an_unknown_query_parameter_is_named_with_a_suggestion(mine: Caller) -> None:
    close = (await mine.get("getOrganizationExecutions?limits=5")).json()
    assert close["message"] == "'limits' is no query parameter of this call; did you mean 'limit'?"
    assert close["errors"][0]["hint"] == "did you mean 'limit'?"
    far = (await mine.get("getOrganizationExecutions?zzz=5")).json()
    assert "it accepts limit, workflow_id, workflow_execution_id" in far["message"]
    assert "field.NAME" in (await mine.get("searchExecutions?zzz=5")).json()["message"]
    assert "it accepts none" in (await mine.get("getSchedules?zzz=5")).json()["message"]
    assert len((await mine.get("getSchedules?" + "z" * 5000 + "=5")).content) < 1000


async def test_an_unknown_query_parameter_starts_nothing(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    answer = await mine.post(f"triggerworkflow/{workflow_id}?proces_id=PO-1", {})
    assert answer.json()["code"] == "UNKNOWN_PARAMETER"
    assert (await mine.get("getOrganizationExecutions")).json()["count"] == 0


async def test_the_organization_of_a_last_key_may_be_sent_back_to_every_list(app: Boundary, mine: Caller) -> None:
    lists = [route for route in app.routes if route.is_list and route.access != "own"]
    assert len(lists) > 10
    for route in lists:
        answer = await mine.get(route.path, organization_id="whatever")
        assert answer.json().get("code") in (None, "MISSING_PARAMETER"), route.path
    refused = await mine.get("getSchedules", organization_id=mine.organization_id)
    assert refused.json()["code"] == "UNKNOWN_PARAMETER"


async def test_a_parameter_without_a_name_is_refused_and_an_ampersand_too_many_is_not(mine: Caller) -> None:
    for query in ("=", "=1", "limit=2&=", "=&limit=2"):
        answer = await mine.get(f"/v2/workflows/getKeys?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "UNKNOWN_PARAMETER"), query
    for query in ("", "&", "limit=2&", "&&limit=2"):
        assert (await mine.get(f"/v2/workflows/getKeys?{query}")).status_code == 200, query


async def test_parameters_that_mail_programs_add_to_a_link_are_ignored(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/inbox/token?utm_source=mail")).status_code == 200
