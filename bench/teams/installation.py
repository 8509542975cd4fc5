"""A server whose cards go to the simulator of Teams, and people who have installed its app."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from bench.harness.filling import Folder, make_folder
from bench.harness.servers import looply
from bench.speed import Plan
from looply.clock import SystemClock
from looply.demo.teams.messenger import Messenger
from looply.demo.teams.people import Message, User
from looply.demo.teams.simulator import SECRET, TeamsSimulator

HOST: Final = "127.0.0.1"
_CONNECTION: Final = "TEAMS"
_CALLERS: Final = 32
_LOOK_SECONDS: Final = 0.1


def asking() -> dict[str, Any]:
    """Returns trigger -> card in Teams for a person of the body."""
    card = {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [{"type": "TextBlock", "text": "Release ${payload.output.number}?"}],
        "actions": [{"type": "Action.Submit", "title": "Release", "data": {"action": "approve"}}],
    }
    settings = {"action": "send", "channel": "teams", "app": _CONNECTION, "card": card, "wait": {"for": "first"}}
    return {
        "workflow_name": "A card in Teams",
        "workflow_steps": [
            {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}},
            {
                "id": "adaptiveCard_1",
                "type": "adaptiveCard",
                "settings": {**settings, "recipients": ["${payload.output.who}"]},
            },
        ],
        "workflow_connections": [{"from": "WorkflowStartState", "to": "adaptiveCard_1"}],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A running server, and the simulator that it calls."""

    simulator: TeamsSimulator
    messenger: Messenger
    http: httpx2.AsyncClient
    folder: Folder
    people: list[User]

    async def connect(self, name: str) -> str:
        """Creates a connection to the simulator and returns its messaging endpoint."""
        draft = {
            "name": name,
            "kind": "teams",
            "settings": self.simulator.settings(),
            "secrets": {"client_secret": SECRET},
        }
        item = (await self.post("/v2/workflows/createConnection", draft))["item"]
        return f"{str(self.http.base_url).rstrip('/')}/v2/receive/{item['connection_id']}/teams"

    async def post(self, path: str, body: Any) -> Any:
        """Makes a call. Raises: RuntimeError when it is refused."""
        answer = await self.http.post(path, json=body)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
        return answer.json()

    async def ask(self, count: int) -> None:
        """Triggers so many executions, whose cards go to the people in turn."""
        room, path = asyncio.Semaphore(_CALLERS), self.folder.trigger_path("asking")

        async def one(number: int) -> None:
            async with room:
                await self.post(path, {"number": number, "who": self.people[number % len(self.people)].mail})

        await asyncio.gather(*(one(number) for number in range(count)))

    def messages(self) -> list[Message]:
        """Returns the messages with cards that people see."""
        return [each for each in self.simulator.world.visible() if each.body.get("attachments")]

    def reader(self, message: Message) -> User:
        """Returns the person in whose chat a message is."""
        return self.simulator.world.conversations[message.conversation].members[0]

    async def open_cards(self) -> list[dict[str, Any]]:
        """Returns the open cards, a page of them."""
        answer = await self.http.get("/v2/workflows/getOpenCards")
        found: list[dict[str, Any]] = answer.json()["items"]
        return found


async def until(is_done: Callable[[], bool], seconds: float, missing: str) -> float:
    """Returns after how many seconds something is done. Raises: RuntimeError when it is not by then."""
    begun = time.perf_counter()
    while not is_done():
        if time.perf_counter() - begun > seconds:
            raise RuntimeError(f"{missing} within {seconds:.0f} s")
        await asyncio.sleep(_LOOK_SECONDS)
    return time.perf_counter() - begun


@asynccontextmanager
async def installation(plan: Plan, name: str, people: int) -> AsyncIterator[Installation]:
    """Serves a new folder and the simulator until the end of the block; so many people have installed the app."""
    folder = await make_folder(plan.work / name, {"asking": asking()})
    simulator = TeamsSimulator()
    system = await asyncio.start_server(simulator.serve, HOST, 0)
    simulator.address = f"http://{HOST}:{system.sockets[0].getsockname()[1]}"
    users = [simulator.world.add_user(f"P{each}", f"p{each}@contoso.test") for each in range(people)]
    environment = {"LOOPLY_EGRESS_ALLOW": "127.0.0.0/8"}
    stack = ExitStack()
    server = stack.enter_context(looply(folder.data, plan.work / f"{name}.log", environment))
    http = httpx2.AsyncClient(
        base_url=f"http://{HOST}:{server.port}",
        headers={"x-api-key": folder.api_key},
        timeout=60,
        limits=httpx2.Limits(max_connections=200),
    )
    try:
        messenger = Messenger(simulator, http, SystemClock())
        held = Installation(simulator=simulator, messenger=messenger, http=http, folder=folder, people=users)
        messenger.endpoint = await held.connect(_CONNECTION)
        for user in users:
            await messenger.install(user)
        yield held
    finally:
        await http.aclose()
        # The server ends once its calls have: the simulator must answer them.
        await asyncio.to_thread(stack.close)
        system.close()
        await simulator.close()
