"""Tools of server tests: small definitions, and a client of one organization."""

import itertools
from collections.abc import Mapping
from typing import Any, cast

import httpx2
from answer_shapes import check_answer

from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.engine.ports.lists import Execution
from looply.engine.ports.port import Executions, Start, Started
from looply.engine.shell.parts import Parts
from looply.engine.shell.shell import Shell
from looply.execution.facts.commands import Command, Reply
from looply.server.http.call import Response, Route
from looply.server.http.dispatch import Dispatch
from looply.server.http.request_pace import RequestPace

PUBLIC_URL = "https://looply.example"
ALL_SCOPES = ("trigger", "read", "manage", "admin", "override")

START = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}
CARD = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [
        {"type": "TextBlock", "text": "Release ${payload.output.po}?"},
        {"type": "Input.Text", "id": "comment"},
    ],
}


def definition(*steps: dict[str, Any], name: str = "Story", trigger: dict[str, Any] | None = None) -> dict[str, Any]:
    """Returns a definition of steps in a row."""
    start = {**START, "settings": trigger} if trigger is not None else START
    ids = [start["id"], *(step["id"] for step in steps)]
    return {
        "workflow_name": name,
        "workflow_steps": [start, *steps],
        "workflow_connections": [{"from": a, "to": b} for a, b in itertools.pairwise(ids)],
    }


def wait_step(id_: str = "wait_1", **settings: Any) -> dict[str, Any]:
    return {"id": id_, "type": "wait", "settings": settings}


def note_step(id_: str = "note_1", value: Any = "done") -> dict[str, Any]:
    settings = {"parameters": [{"name": id_, "value": value}]}
    return {"id": id_, "type": "overridePayload", "settings": settings}


def card_step(id_: str = "card_1", **settings: Any) -> dict[str, Any]:
    shown = {} if "card_id" in settings else {"card": CARD}
    all_settings = {"action": "send", "recipients": ["ann@example.com"], "wait": {"for": "first"}, **shown, **settings}
    return {"id": id_, "type": "adaptiveCard", "settings": all_settings}


COMPUTING = definition(note_step())
ASKING = definition(wait_step(), note_step())
CARDING = definition(card_step(), note_step())
SCHEDULED = definition(note_step(), trigger={"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H"}})


class RecordedExecutions:
    """The executions of a shell; `loaded` gets the ids of those that a caller loads."""

    def __init__(self, executions: Executions, loaded: list[str]) -> None:
        self._executions = executions
        self._loaded = loaded

    def __getattr__(self, name: str) -> Any:
        return getattr(self._executions, name)

    async def get(self, execution_id: str) -> Execution:
        """Returns the execution, as a shell does."""
        self._loaded.append(execution_id)
        return await self._executions.get(execution_id)


class ScriptedShell(Shell):
    """A shell that records the executions that are loaded, and whose starts can be made to fail."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self.loaded: list[str] = []
        self.executions = cast("Executions", RecordedExecutions(self.executions, self.loaded))
        self.start_error: Exception | None = None
        self.submit_error: Exception | None = None

    async def submit(self, execution_id: str, command: Command) -> Reply:
        """Submits a command, unless that is to fail."""
        if self.submit_error is not None:
            raise self.submit_error
        return await super().submit(execution_id, command)

    async def start(self, request: Start) -> Started:
        """Starts an execution, unless it is to fail."""
        if self.start_error is not None:
            raise self.start_error
        return await super().start(request)


class Caller:
    """A client of one organization with its key, and the calls that most tests begin with."""

    def __init__(self, client: httpx2.AsyncClient, organization_id: str, workspace_id: str, key: str) -> None:
        self.client = client
        self.organization_id = organization_id
        self.workspace_id = workspace_id
        self.key = key

    def headers(self, more: dict[str, str] | None = None) -> dict[str, str]:
        return {"x-api-key": self.key, **(more or {})}

    async def get(self, name: str, /, **query: Any) -> httpx2.Response:
        path = name if name.startswith("/") else f"/v2/workflows/{name}"
        return await self.client.get(path, params=query or None, headers=self.headers())

    async def post(
        self, name: str, body: Any = None, *, headers: dict[str, str] | None = None, content: bytes | None = None
    ) -> httpx2.Response:
        path = name if name.startswith("/") else f"/v2/workflows/{name}"
        if content is not None:
            return await self.client.post(path, content=content, headers=self.headers(headers))
        if body is None:
            return await self.client.post(path, headers=self.headers(headers))
        return await self.client.post(path, json=body, headers=self.headers(headers))

    async def create(self, document: dict[str, Any], *, is_active: bool = True) -> str:
        """Stores a workflow, activates it unless `activate` is false, and returns its id."""
        created = await self.post("createWorkflow", {"definition": document})
        assert created.status_code == 200, created.text
        workflow_id: str = created.json()["item"]["workflow_id"]
        if is_active:
            await self.activate(workflow_id, 1)
        return workflow_id

    async def activate(self, workflow_id: str, version: int) -> None:
        body = {"workflow_id": workflow_id, "workflow_version": version}
        activated = await self.post("activateWorkflow", body)
        assert activated.status_code == 200, activated.text

    async def trigger(self, workflow_id: str, body: Any = None, **query: str) -> str:
        """Triggers the newest ACTIVE version and returns the execution id."""
        path = f"triggerworkflow/{workflow_id}"
        if query:
            path = f"{path}?{httpx2.QueryParams(query)}"
        answer = await self.post(path, body)
        assert answer.status_code == 200, answer.text
        execution_id: str = answer.json()["looply_execution_id"]
        return execution_id

    async def item(self, workflow_id: str, execution_id: str) -> dict[str, Any]:
        answer = await self.get("getWorkflowExecutionById", workflow_id=workflow_id, workflow_execution_id=execution_id)
        assert answer.status_code == 200, answer.text
        item: dict[str, Any] = answer.json()["item"]
        return item

    async def key_with(self, *scopes: str) -> "Caller":
        made = await self.post("createKey", {"name": "part", "scopes": list(scopes)})
        return Caller(self.client, self.organization_id, self.workspace_id, made.json()["item"]["api_key"])


class CheckedDispatch(Dispatch):
    """Fails when an answer does not match the type that its route declares.

    To its pace a request takes no time, whatever else the machine does.
    """

    def __init__(self, services: Services, *options: Any) -> None:
        super().__init__(services, *options, pace=RequestPace(services.turns, lambda: 0.0))

    async def perform(
        self, route: Route, principal: Principal, scope: Any, receive: Any, values: Mapping[str, str]
    ) -> Response:
        answer = await super().perform(route, principal, scope, receive, values)
        check_answer(route, answer)
        return answer
