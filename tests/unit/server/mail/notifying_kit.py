"""What tests of notifications share: a system that takes webhooks, and an organization that is notified."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from server_kit import Caller, definition, note_step

from looply.app.administration.notification_runner import NotificationRunner
from looply.app.context.services import Services
from looply.connectors.port import HttpRequest, HttpResponse
from looply.errors import OperationError
from looply.testing.clock import FakeClock


class Hook:
    """A system that takes webhooks, and answers with `status`, or breaks with `error`."""

    def __init__(self) -> None:
        self.status = 204
        self.error: OperationError | None = None
        self.requests: list[HttpRequest] = []

    def sender(self, _within: timedelta, _organization_id: str) -> "Hook":
        return self

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        return HttpResponse(status=self.status, reason="")

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(each.content) for each in self.requests]


class Staff:
    """An organization with notifications, whose executions fail."""

    def __init__(self, caller: Caller, services: Services, clock: FakeClock) -> None:
        self.caller = caller
        self.clock = clock
        self.runner = NotificationRunner(services)

    async def put(self, channel: str, target: str, **more: Any) -> str:
        body = {"name": f"to {channel}", "channel": channel, "target": target, **more}
        stored = await self.caller.post("putNotification", body)
        assert stored.status_code == 200, stored.text
        return str(stored.json()["item"]["notification_id"])

    async def fail(self, workflow_id: str, times: int = 1) -> None:
        for _ in range(times):
            await self.caller.trigger(workflow_id, {"po": "4711"})

    async def failing(self, name: str = "Orders", text: str = "secret of the payload") -> str:
        step = note_step("note_1", f"${{int('{text}')}}")
        return await self.caller.create(definition(step, name=name))

    async def later(self, **span: float) -> int:
        self.clock.advance(timedelta(**span))
        return await self.runner.tick()

    async def stored(self) -> Mapping[str, Any]:
        (item,) = (await self.caller.get("getNotifications")).json()["items"]
        found: Mapping[str, Any] = item
        return found
