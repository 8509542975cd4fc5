"""The story against a fake of Looply's HTTP API and the real SAP-like system."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest

from looply.demo import sap
from looply.demo.orders import LARGE_ORDER, RELEASED, SMALL_ORDER
from looply.demo.story import Story, StoryOptions, StoryResult, Waiter, load_definition
from looply.errors import LooplyError, Rejected, Timeout, Unavailable
from looply.jsontext import parse_json

LOOPLY = "http://looply.test"


class FakeClock:
    """A clock that moves when the code under test pauses."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> Any:
        raise AssertionError("the story needs no wall clock")

    def monotonic(self) -> float:
        return self.seconds

    async def pause(self, seconds: float) -> None:
        self.seconds += seconds


class FakeLooply:
    """Answers as the server does, and releases orders in the SAP-like system itself."""

    def __init__(self, sap_url: str) -> None:
        self.sap_url = sap_url
        self.executions: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.answer_of_person: dict[str, Any] | None = None
        self.connection_exists = False
        self.fails = False

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.host != "looply.test":
            async with httpx2.AsyncClient(timeout=60) as client:
                return await client.send(request)
        name = request.url.path.split("/")[3] if request.url.path.startswith("/v2/workflows/") else request.url.path
        self.calls.append(name)
        body = parse_json(request.content) if request.content else {}
        query = {key: values[0] for key, values in parse_qs(request.url.query.decode()).items()}
        status, answer = self._answer(name, body, query)
        return httpx2.Response(status, json=answer)

    def _answer(self, name: str, body: Any, query: dict[str, str]) -> tuple[int, Any]:
        match name:
            case "/healthz/ready" | "activateWorkflow" | "updateConnection":
                return 200, {"message": "success"}
            case "createConnection":
                assert body["settings"]["base_url"] == self.sap_url
                return (409, {"message": "exists"}) if self.connection_exists else (200, {"message": "success"})
            case "importWorkflow":
                assert body["definition"] == load_definition()
                return 200, {"message": "success", "item": {"workflow_id": "w", "workflow_version": 1}}
            case "triggerworkflow":
                return 200, {"message": "success", "looply_execution_id": self._start(body["po"])}
            case "getWorkflowExecutionById":
                return 200, {"message": "success", "item": self._item(query["workflow_execution_id"])}
            case "getOpenCards":
                return 200, {"message": "success", "items": [{"workflow_execution_id": LARGE_ORDER, "token": "tok"}]}
            case "/v2/inbox/tok":
                self._decide(body["data"])
                return 200, {"message": "recorded"}
        raise AssertionError(f"unexpected call {name}")

    def _start(self, order: str) -> str:
        self.executions[order] = {"status": "WAITING", "workflow_output_payload": {}}
        if order == SMALL_ORDER:
            self._release(order)
        return order

    def _item(self, execution_id: str) -> dict[str, Any]:
        if self.fails:
            incident = {"message": "the SAP system refused the call"}
            return {"status": "FAILED", "workflow_current_state": "sapRequest_1", "workflow_incidents": [incident]}
        if self.answer_of_person is not None and "getOpenCards" in self.calls and execution_id == LARGE_ORDER:
            self._decide(self.answer_of_person)
        return self.executions[execution_id]

    def _decide(self, data: dict[str, Any]) -> None:
        document = {"adaptiveCard_1": {"output": {"response": {"data": data}}}}
        self.executions[LARGE_ORDER]["workflow_output_payload"] = document
        if data["action"] == "approve":
            self._release(LARGE_ORDER)
        self.executions[LARGE_ORDER]["status"] = "COMPLETED"

    def _release(self, order: str) -> None:
        self.executions[order]["status"] = "COMPLETED"
        path = f"{sap.SERVICE_PATH}/A_PurchaseOrder('{order}')"
        with httpx2.Client(base_url=self.sap_url, auth=(sap.USER, sap.PASSWORD), timeout=60) as client:
            read = client.get(path, headers={"x-csrf-token": "Fetch"})
            headers = {"if-match": read.headers["etag"], "x-csrf-token": read.headers["x-csrf-token"]}
            client.patch(path, json={"PurchasingProcessingStatus": RELEASED}, headers=headers)


@pytest.fixture
def looply() -> Iterator[FakeLooply]:
    with sap.serving() as url:
        yield FakeLooply(url)


async def tell(looply: FakeLooply, *, auto: bool = True) -> tuple[StoryResult, list[str]]:
    lines: list[str] = []
    clock = FakeClock()
    options = StoryOptions(looply_url=LOOPLY, api_key="key", sap_url=looply.sap_url, auto=auto)
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(looply)) as http:
        result = await Story(options, lines.append, http, Waiter(clock, clock.pause)).play()
    return result, lines


async def test_the_story_ends_with_a_released_order(looply: FakeLooply) -> None:
    result, lines = await tell(looply)
    assert (result.outcome, result.release_status) == ("released", RELEASED)
    assert "released in SAP: PurchasingProcessingStatus is 05" in lines[-1]
    assert any(f"Order {SMALL_ORDER} is under the limit" in line for line in lines)


async def test_without_auto_a_person_gets_the_link_to_click(looply: FakeLooply) -> None:
    looply.answer_of_person = {"action": "approve"}
    result, lines = await tell(looply, auto=False)
    assert result.outcome == "released"
    assert any(f"{LOOPLY}/inbox/tok" in line for line in lines)
    assert "/v2/inbox/tok" not in looply.calls


async def test_a_person_who_rejects_leaves_the_order_as_it_was(looply: FakeLooply) -> None:
    looply.answer_of_person = {"action": "reject"}
    result, lines = await tell(looply, auto=False)
    assert (result.outcome, result.release_status) == ("rejected", "03")
    assert "was not approved" in lines[-1]


async def test_a_person_who_never_answers_ends_the_story(looply: FakeLooply) -> None:
    with pytest.raises(Timeout, match="the card was not answered within 3600 seconds"):
        await tell(looply, auto=False)


async def test_a_failed_execution_ends_the_story_with_its_reason(looply: FakeLooply) -> None:
    looply.fails = True
    with pytest.raises(Rejected, match="is FAILED at sapRequest_1: the SAP system refused the call"):
        await tell(looply)


async def test_a_connection_of_an_earlier_run_is_pointed_to_the_new_system(looply: FakeLooply) -> None:
    looply.connection_exists = True
    await tell(looply)
    assert "updateConnection" in looply.calls


async def test_an_answer_that_is_not_200_is_shown() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        ready = request.url.path == "/healthz/ready"
        return httpx2.Response(200 if ready else 403, json={"message": "Forbidden"})

    assert "createConnection was answered with 403" in str(await _failure(refuse))


@pytest.mark.parametrize("text", ["<html>", "[]"])
async def test_a_response_that_is_no_json_object_is_reported(text: str) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, text=text)

    assert isinstance(await _failure(answer), Rejected)


async def test_an_unreachable_server_ends_the_story_after_a_minute() -> None:
    def break_off(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    assert "was not ready within 60 seconds" in str(await _failure(break_off))


async def test_a_server_that_goes_away_is_reported() -> None:
    def break_off(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/healthz/ready":
            return httpx2.Response(200)
        raise httpx2.ReadError("gone")

    assert isinstance(await _failure(break_off), Unavailable)


async def _failure(handler: Any) -> LooplyError:
    clock = FakeClock()
    options = StoryOptions(looply_url=LOOPLY, api_key="key", sap_url="http://sap.test", auto=True)
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(handler)) as http:
        with pytest.raises(LooplyError) as caught:
            await Story(options, lambda line: None, http, Waiter(clock, clock.pause)).play()
    return caught.value
