"""The workflows and executions of the stories of the operators' pages."""

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from blackbox.harness.client import Organization
from blackbox.harness.definitions import CARD, Definition, graph, http
from blackbox.harness.sink import Sink
from browser.app.visits import PASSWORD, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OPERATOR = "operator@example.com"
MANAGER = "manager@example.com"
BUYER = "buyer@example.com"
_numbers = itertools.count(1)


class Installation(NamedTuple):
    """A server, an organization behind a key, the system that it calls, and the link of its first owner."""

    address: str
    org: Organization
    sink: Sink
    owner_link: str

    def system(self, *statuses: int) -> str:
        """Returns the address of a system that answers with these statuses, the last one from then on."""
        replies = [{"status": status} for status in statuses]
        return self.sink.script(f"/system/{next(_numbers)}", *replies)

    def stopped(self, process_id: str, *statuses: int) -> tuple[str, str]:
        """Starts an order whose release fails with the first statuses; returns the ids of workflow and execution.

        A status such as 503 would count towards an outage of the system that all stories call.
        """
        flow = releasing(self.system(200), self.system(*(statuses or (500,))))
        return self._started(flow, process_id, "FAILED")

    def outage(self, name: str, count: int) -> list[str]:
        """Starts so many orders of one workflow, whose releases fail once each; returns their execution ids."""
        flow = releasing(self.system(200), self.system(*([500] * count), 200), name)
        workflow_id = self.org.create(flow)
        ids = [self.org.trigger(workflow_id, {"po": "4711"}, process_id=f"{name}-{number}") for number in range(count)]
        for execution_id in ids:
            self.org.until(workflow_id, execution_id, "FAILED")
        return ids

    def large_outage(self, name: str, count: int, taken: int) -> list[str]:
        """Starts so many orders as `outage`; the numbers of `taken` of them are those of other open orders by then."""
        flow = releasing_or_waiting(self.system(200), self.system(*([500] * count), 200), name)
        workflow_id = self.org.create(flow)
        ids = [self.org.trigger(workflow_id, {"po": "4711"}, process_id=f"{name}-{number}") for number in range(count)]
        for execution_id in ids:
            self.org.until(workflow_id, execution_id, "FAILED")
        for number in range(taken):
            other = self.org.trigger(workflow_id, {"po": "small"}, process_id=f"{name}-{number}")
            self.org.until(workflow_id, other, "WAITING")
        return ids

    def waiting(self, process_id: str) -> tuple[str, str]:
        """Starts an order that waits for the approval of two people; returns the ids of workflow and execution."""
        return self._started(approving(self.system(200)), process_id, "WAITING")

    @contextmanager
    def running(self, process_id: str) -> Iterator[tuple[str, str]]:
        """Starts an order whose release is not answered before the end; gives the ids of workflow and execution."""
        path = f"/system/{next(_numbers)}"
        release = self.sink.script(path, {"held": True})
        try:
            yield self._started(releasing(self.system(200), release), process_id, "RUNNING")
        finally:
            self.sink.release(path)

    @contextmanager
    def maintained(self, process_id: str) -> Iterator[tuple[str, str]]:
        """Starts an order whose release waits for the end of a maintenance; gives the ids of workflow and execution."""
        # The same sink by another name is another system.
        release = self.system(200).replace("127.0.0.1", "localhost")
        system = release[: release.index("/system")]
        until = int((time.time() + 3600) * 1000)
        paused = self.org.post("pauseTarget", {"target": system, "until": until, "reason": "system update"})
        assert paused.status_code == 200, paused.text
        try:
            yield self._started(releasing(self.system(200), release), process_id, "WAITING")
        finally:
            assert self.org.post("releaseTarget", {"target": system}).status_code == 200

    def _started(self, flow: Definition, process_id: str, status: str) -> tuple[str, str]:
        workflow_id = self.org.create(flow)
        execution_id = self.org.trigger(workflow_id, {"po": process_id, "note": "<img src=x>"}, process_id=process_id)
        self.org.until(workflow_id, execution_id, status)
        return workflow_id, execution_id


def releasing(read: str, release: str, name: str = "Purchase orders") -> Definition:
    """An order is read and released; a small one only noted."""
    return graph(
        [
            {**http(read, "read"), "description": "Read the order"},
            {
                "id": "over",
                "type": "conditional",
                "description": "Over 1,000 EUR?",
                "settings": {
                    "rules": [{"variable": "${payload.output.po}", "operator": "StringEquals", "value": "small"}]
                },
            },
            {
                **http(release, "release", "POST", fail_on=["5xx"], body={"po": "${payload.output.po}"}),
                "description": "Release the order",
            },
            {
                "id": "note",
                "type": "overridePayload",
                "description": "Note the price paid",
                "settings": {"parameters": [{"name": "noted", "value": "yes"}]},
            },
        ],
        ("WorkflowStartState", "read"),
        ("read", "over"),
        ("over", "note", "yes"),
        ("over", "release", "no"),
        ("release", "note"),
        name=name,
    )


def releasing_or_waiting(read: str, release: str, name: str) -> Definition:
    """An order is read and released; a small one waits for a call."""
    flow = releasing(read, release, name)
    flow["workflow_steps"].append({"id": "hold", "type": "wait", "description": "Wait for the goods", "settings": {}})
    for edge in flow["workflow_connections"]:
        if edge.get("branch") == "yes":
            edge["to"] = "hold"
    flow["workflow_connections"].append({"from": "hold", "to": "note"})
    return flow


def approving(read: str, name: str = "Purchase orders") -> Definition:
    """An order is read, and two people are asked."""
    return graph(
        [
            {**http(read, "read"), "description": "Read the order"},
            {
                "id": "ask",
                "type": "approval",
                "description": "Ask for the release",
                "settings": {"recipients": [MANAGER, BUYER], "card": CARD, "timeout": "P2D"},
            },
            {
                "id": "note",
                "type": "overridePayload",
                "description": "Note the price paid",
                "settings": {"parameters": [{"name": "noted", "value": "yes"}]},
            },
        ],
        ("WorkflowStartState", "read"),
        ("read", "ask"),
        ("ask", "note", "approved"),
        name=name,
    )


def sign_in(browser: "Browser", address: str, email: str = OPERATOR, **context: Any) -> Visit:
    """Returns another browser of a member."""
    visit = Visit(browser, address, **{"color_scheme": "light", "locale": "en", **context})
    page = visit.open("/app/sign-in")
    page.locator("input[type=email]").fill(email)
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("navigation").first.wait_for()
    return visit
