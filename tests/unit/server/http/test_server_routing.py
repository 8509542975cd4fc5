"""The router: the route of a path, and the path parameters that its handler receives."""

import httpx2
import pytest
from server_kit import ASKING, Caller

from looply.server.application import all_routes
from looply.server.http.boundary import Boundary
from looply.server.http.call import Route
from looply.server.http.routing import RouteTable

ROUTES = all_routes()
TABLE = RouteTable(ROUTES)


def found(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Returns the route of a path with its parameters, None where nothing matches or the path lacks the method."""
    match = TABLE.find(path)
    branch = match.branch(method) if match is not None else None
    if match is None or branch is None or not branch.leads_to(match.rest):
        return None
    return branch.route(match.rest), branch.values(match.rest)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_found_under_its_own_path_with_its_parameters(route: Route) -> None:
    texts = {name: f"Text-{name}" for name in route.path_values}
    match = found(route.method, route.path.format(**texts))
    assert match is not None
    assert match[0] is route
    assert {name: text for name, text in match[1].items() if text} == texts


def test_routes_of_one_path_are_distinguished_by_the_number_of_parameters() -> None:
    for path, version in (("a", ""), ("a/3", "3"), ("a/", ""), ("a/3/4", "3/4"), ("", "")):
        match = found("POST", f"/v2/workflows/triggerworkflow/{path}")
        assert match is not None
        assert match[1]["workflow_version"] == version
        assert match[0].path.endswith("}/{workflow_version}") == (len(path.rstrip("/").split("/")) > 1 or not path)


def test_the_last_parameter_takes_the_rest_of_the_path_with_its_slashes() -> None:
    match = found("GET", "/static/assets/a/b.js")
    assert match is not None
    assert match[1] == {"path": "assets/a/b.js"}


def test_head_is_served_by_get_and_no_other_method_by_another() -> None:
    assert found("HEAD", "/v2/workflows/getKeys") is not None
    for method in ("HEAD", "OPTIONS", "get", "Post", "PUT", ""):
        assert found(method, "/v2/workflows/createKey") is None


@pytest.mark.parametrize(
    "path",
    [
        *("", "//", "*", "v2/workflows/getKeys", "/v2", "/v2/workflows", "/v2/workflows/nothing"),
        *("/v2/workflows/getKeysx", "//v2/workflows/getKeys", "/v2//workflows/getKeys", "/v2/./workflows/getKeys"),
        *("/v2/workflows/getKeys/x", "/v2/workflows/get\u212aeys", "/docs/x", "/docs?"),
    ],
)
async def test_another_spelling_of_a_path_matches_nothing(mine: Caller, path: str) -> None:
    assert found("GET", path) is None


async def test_an_unknown_path_is_refused_without_a_key_and_its_body_is_not_read(app: Boundary) -> None:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        raise AssertionError("the body was read")

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v2/workflows/getKeys/x", "query_string": b"", "headers": []}
    for path, status in (("/v2/nothing", 404), ("/v2/workflows/createKey/x", 404), ("/v2/workflows/getKeys", 405)):
        sent.clear()
        await app({**scope, "path": path}, receive, send)
        assert sent[0]["status"] == status


async def test_the_answer_to_an_unknown_path_says_where_the_calls_are_listed(client: httpx2.AsyncClient) -> None:
    for path in ("/nothing", "/v2/workflows/getNothing", "/v2/workflows/getKeys/x"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
        assert answer.json()["message"] == "no call has this address; /docs lists all calls"


async def test_trailing_slashes_are_ignored(mine: Caller) -> None:
    for path in ("getKeys", "getKeys/", "getKeys//"):
        assert (await mine.get(path)).status_code == 200


@pytest.mark.parametrize("name", ["resumeWorkflow", "terminateWorkflow"])
async def test_an_id_of_several_parts_or_of_none_is_refused_after_the_key(
    client: httpx2.AsyncClient, mine: Caller, name: str
) -> None:
    await mine.trigger(await mine.create(ASKING), process_id="P1")
    for rest in ("", "/", "/P1/x", "/P1/..", "/P1/x/y"):
        path = f"/v2/workflows/{name}{rest}"
        assert (await client.post(path, json={"payload": {}})).status_code == 403
        answer = await mine.post(path, {"payload": {"a": 1}})
        assert answer.status_code in (400, 404), answer.text


@pytest.mark.parametrize(
    "path", ["/inbox", "/inbox/", "/inbox/a/b", "/v2/inbox", "/v2/inbox/a/b", "/static", "/static/"]
)
async def test_a_page_or_file_whose_path_has_too_few_or_too_many_parts_is_not_found(
    client: httpx2.AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] in ("NOT_FOUND", "CARD_NOT_FOUND")
