"""The purchase-order approval as a story: printed line by line, run over the public HTTP API against a running server.

A small order is released at once. A large one waits until its manager answers the card, in the inbox or in Teams;
then it is released in the SAP-like system, or stays as it is. How the server was started does not matter here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from importlib import resources
from typing import Any, Literal, TypeAlias, TypeVar

import httpx2
import msgspec

from looply.clock import Clock, SystemClock
from looply.demo.client import LooplyClient, OpenCard, SapReader
from looply.demo.orders import LARGE_ORDER, RELEASED, SMALL_ORDER
from looply.demo.stages import InboxStage, Stage
from looply.errors import Rejected, Timeout
from looply.jsontext import Json, parse_json

Say: TypeAlias = Callable[[str], None]
T = TypeVar("T")

MANAGER = "manager@example.com"
CONNECTION = "S4"
"""The name by which the workflow's steps call the connection."""

_FIRST_PAUSE_SECONDS = 0.05
_LAST_PAUSE_SECONDS = 1.0


class StoryOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The systems of the story, and its timeouts."""

    looply_url: str
    api_key: str
    """A key of all scopes."""
    sap_url: str
    auto: bool = False
    """True: the story answers the card itself, with an approval."""
    manager: str = MANAGER
    patience: timedelta = timedelta(seconds=60)
    """Timeout of each action of a machine."""
    human_patience: timedelta = timedelta(hours=1)
    """Timeout of the answer of a person."""


class StoryResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the story. `rejected`: the person rejected, and the order stayed as it was."""

    outcome: Literal["released", "rejected"]
    workflow_id: str
    small_execution_id: str
    large_execution_id: str
    release_status: str
    """`PurchasingProcessingStatus` of the large order at the end."""


class Waiter:
    """Polls until there is a result or a timeout expires: at short intervals first, then once a second.

    Clock and pause (of a number of seconds) are injected, so that tests do not wait.
    """

    def __init__(self, clock: Clock, pause: Callable[[float], Awaitable[None]]) -> None:
        self._clock = clock
        self._pause = pause

    async def until(self, ask: Callable[[], Awaitable[T | None]], patience: timedelta, missing: str) -> T:
        """Returns the first result that is not None.

        Raises: Timeout with `missing` as its reason; any error of `ask`.
        """
        deadline = self._clock.monotonic() + patience.total_seconds()
        seconds = _FIRST_PAUSE_SECONDS
        while (found := await ask()) is None:
            if self._clock.monotonic() >= deadline:
                raise Timeout(f"{missing} within {patience.total_seconds():g} seconds")
            await self._pause(seconds)
            seconds = min(seconds * 2, _LAST_PAUSE_SECONDS)
        return found


def load_definition() -> Json:
    """Returns the approval's definition as an author would import it."""
    return parse_json(resources.files("looply.demo").joinpath("purchase_order_approval.json").read_bytes())


async def play(
    options: StoryOptions, say: Say, *, stage: Stage | None = None, http: httpx2.AsyncClient | None = None
) -> StoryResult:
    """Runs the whole story and returns its result; calls `say` for each event.

    The manager decides in the inbox, unless there is another `stage`.
    Raises: Timeout when something does not happen in time, Unavailable when a system does not respond, Rejected when
    a response or the end is not the expected one. `http` is for tests; it is not closed.
    """
    waiter = Waiter(SystemClock(), asyncio.sleep)
    if http is not None:
        return await Story(options, say, http, waiter, stage).play()
    async with httpx2.AsyncClient() as own:
        return await Story(options, say, own, waiter, stage).play()


class Story:
    """One run of the story. The methods are its chapters, in order."""

    def __init__(
        self, options: StoryOptions, say: Say, http: httpx2.AsyncClient, waiter: Waiter, stage: Stage | None = None
    ) -> None:
        self._options = options
        self._say = say
        self._looply = LooplyClient(http, options.looply_url, options.api_key)
        self._sap = SapReader(http, options.sap_url)
        self._waiter = waiter
        self._stage = stage or InboxStage()

    async def play(self) -> StoryResult:
        """Runs all chapters; see the function of the same name."""
        workflow_id = await self._set_the_stage()
        small = await self._release_small_order(workflow_id)
        large, card = await self._ask_for_large_order(workflow_id)
        decision = await self._get_answer(workflow_id, large, card)
        status = await self._see_the_end(workflow_id, large, decision)
        return StoryResult(
            outcome="released" if decision == "approve" else "rejected",
            workflow_id=workflow_id,
            small_execution_id=small,
            large_execution_id=large,
            release_status=status,
        )

    async def _set_the_stage(self) -> str:
        url, patience = self._options.looply_url, self._options.patience

        async def ready() -> bool | None:
            return await self._looply.is_ready() or None

        await self._waiter.until(ready, patience, f"Looply at {url} was not ready")
        self._say(f"Looply answers at {url}.")
        await self._looply.save_sap_connection(CONNECTION, self._options.sap_url)
        self._say(f"Connection {CONNECTION} points to the SAP-like system at {self._options.sap_url}.")
        for line in await self._stage.prepare(self._looply):
            self._say(line)
        workflow_id, version = await self._looply.import_workflow(self._stage.adapt(load_definition()))
        await self._looply.activate_workflow(workflow_id, version)
        self._say(f"Workflow 'Purchase order approval' is active as version {version} ({workflow_id}).")
        return workflow_id

    async def _release_small_order(self, workflow_id: str) -> str:
        execution_id = await self._trigger(workflow_id, SMALL_ORDER)
        await self._completed(workflow_id, execution_id, self._options.patience)
        await self._expect_released(SMALL_ORDER)
        self._say(f"Order {SMALL_ORDER} is under the limit: released in SAP at once, without an approval.")
        return execution_id

    async def _ask_for_large_order(self, workflow_id: str) -> tuple[str, OpenCard]:
        execution_id = await self._trigger(workflow_id, LARGE_ORDER)
        manager = self._options.manager

        async def card() -> OpenCard | None:
            await self._look(workflow_id, execution_id)
            found = await self._looply.find_open_card(manager, execution_id)
            return found if found is not None and await self._stage.is_there(found) else None

        found = await self._waiter.until(card, self._options.patience, f"no card was opened for {manager}")
        self._say(f"Order {LARGE_ORDER} is over the limit: a card waits {self._stage.place} {manager}.")
        return execution_id, found

    async def _get_answer(self, workflow_id: str, execution_id: str, card: OpenCard) -> str:
        """Returns the chosen action."""
        if self._options.auto:
            await self._stage.approve(self._looply, card, "Go ahead.")
            self._say(f"{self._options.manager} approves, with the comment 'Go ahead.'")
        else:
            self._say(self._stage.invitation(card))
        auto = self._options.auto
        missing = "the answer did not reach the execution" if auto else "the card was not answered"
        patience = self._options.patience if auto else self._options.human_patience

        async def action() -> str | None:
            return _action_of((await self._look(workflow_id, execution_id)).get("workflow_output_payload"))

        chosen = await self._waiter.until(action, patience, missing)
        self._say(f"The answer is recorded: {chosen}.")
        return chosen

    async def _see_the_end(self, workflow_id: str, execution_id: str, decision: str) -> str:
        await self._completed(workflow_id, execution_id, self._options.patience)
        if decision == "approve":
            await self._expect_released(LARGE_ORDER)
            self._say(f"Order {LARGE_ORDER} is released in SAP: PurchasingProcessingStatus is {RELEASED}. Done.")
            return RELEASED
        status = await self._sap.release_status(LARGE_ORDER)
        if status == RELEASED:
            raise Rejected(f"order {LARGE_ORDER} was rejected, but it is released in SAP", sent=True)
        self._say(f"Order {LARGE_ORDER} was not approved and stays as it was in SAP: status {status}. Done.")
        return status

    async def _trigger(self, workflow_id: str, order: str) -> str:
        body = {"po": order, "manager": self._options.manager}
        execution_id = await self._looply.trigger(workflow_id, body, f"PO-{order}")
        self._say(f"SAP asks for the release of order {order}: execution {execution_id} has started.")
        return execution_id

    async def _completed(self, workflow_id: str, execution_id: str, patience: timedelta) -> None:
        async def end() -> bool | None:
            return (await self._look(workflow_id, execution_id)).get("status") == "COMPLETED" or None

        await self._waiter.until(end, patience, f"execution {execution_id} did not end")

    async def _look(self, workflow_id: str, execution_id: str) -> dict[str, Any]:
        """Returns the current state of the execution. Raises Rejected when it ended in another way than COMPLETED."""
        item = await self._looply.get_execution(workflow_id, execution_id)
        status = item.get("status")
        if status in ("FAILED", "TERMINATED"):
            why = "; ".join(str(incident.get("message")) for incident in item.get("workflow_incidents") or [])
            where = item.get("workflow_current_state")
            raise Rejected(f"execution {execution_id} is {status} at {where}: {why or 'no incident'}", sent=True)
        return item

    async def _expect_released(self, order: str) -> None:
        status = await self._sap.release_status(order)
        if status != RELEASED:
            raise Rejected(f"order {order} has status {status} in SAP, expected {RELEASED}", sent=True)


def _action_of(document: Json) -> str | None:
    """Returns `adaptiveCard_1.output.response.data.action` of a data document, or None if it does not exist yet."""
    found = document
    for name in ("adaptiveCard_1", "output", "response", "data", "action"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None
