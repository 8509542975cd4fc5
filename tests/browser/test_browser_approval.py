"""The page of an approval in Chromium against the real server: who asks, who must approve, and what became of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blackbox.harness.client import Organization, until_event
from blackbox.harness.definitions import CARD, START, Definition, graph, note, wait

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ANN, BEN, EVE = "ann@example.com", "ben@example.com", "eve@example.com"
WIDE = {"width": 1100, "height": 800}
PHONE = {"width": 340, "height": 700}
BODY = {"po": "4500000101", "supplier": "Möbel & Söhne <GmbH>", "amount": 17010.5, "requested_by": EVE}


def approval(**settings: Any) -> Definition:
    """Returns a workflow whose only step asks Ann and Ben; both must approve unless the settings say otherwise."""
    step = {
        "id": "approval_1",
        "type": "approval",
        "description": "Release *this* order?",
        "settings": {"recipients": [ANN, BEN], "requester": "${payload.output.requested_by}", **settings},
    }
    return {
        "workflow_name": "Purchase order approval",
        "workflow_steps": [START, step],
        "workflow_connections": [{"from": "WorkflowStartState", "to": "approval_1"}],
    }


class Approval:
    """One execution that waits for a decision."""

    def __init__(self, org: Organization, workflow: Definition) -> None:
        self.org = org
        self.workflow_id = org.create(workflow)
        self.execution_id = org.trigger(self.workflow_id, BODY)
        org.until(self.workflow_id, self.execution_id, "WAITING")

    def card(self, person: str) -> dict[str, Any]:
        return self.org.cards(person)[0]

    def link(self, person: str) -> str:
        found: str = self.card(person)["url"]
        return found

    def answer(self, person: str, action: str, comment: str = "") -> None:
        done = self.org.client.post(
            f"/v2/inbox/{self.card(person)['token']}", json={"data": {"action": action, "comment": comment}}
        )
        assert done.json()["message"] == "recorded", done.text

    def output(self) -> dict[str, Any]:
        item = self.org.until(self.workflow_id, self.execution_id, "COMPLETED")
        found: dict[str, Any] = item["workflow_output_payload"]["approval_1"]["output"]
        return found

    def status(self) -> str:
        found: str = self.org.item(self.workflow_id, self.execution_id)["status"]
        return found


class Reader:
    """A person in front of the page, and what the console said that was no answer of the server."""

    def __init__(self, page: "Page", folder: Path) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._folder = folder
        # Chromium itself notes every answer of 4xx in its console.
        page.on("console", lambda said: self.complaints.append(said.text) if "status of 4" not in said.text else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, link: str) -> None:
        self.page.goto(link)
        self.page.locator("#inbox .loading").wait_for(state="detached")

    def text(self) -> str:
        return self.page.locator("#inbox").inner_text()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def until(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()

    def has_buttons(self) -> bool:
        return self.page.get_by_role("button").count() > 0

    def shoot(self, name: str) -> None:
        self.page.screenshot(path=self._folder / f"{name}.png", full_page=True)


@pytest.fixture
def context(browser: "Browser") -> Iterator["BrowserContext"]:
    found = browser.new_context(viewport=WIDE, locale="en-US", timezone_id="Europe/Berlin")
    found.set_default_timeout(60_000)
    yield found
    found.close()


@pytest.fixture
def reader(context: "BrowserContext", tmp_path: Path) -> Iterator[Reader]:
    found = Reader(context.new_page(), tmp_path)
    yield found
    assert found.complaints == []


def test_the_page_says_who_asks_for_what_and_how_many_must_approve(org: Organization, reader: Reader) -> None:
    asked = Approval(org, approval(timeout="P5D"))
    reader.open(asked.link(ANN))
    for text in (f"For {ANN}", f"Requested by {EVE}", "2 of 2 must approve", "Answer by"):
        assert text in reader.text()
    for text in ("Release *this* order?", "Möbel & Söhne <GmbH>", "4500000101", "17010.5"):
        assert text in reader.text()
    reader.shoot("open")
    assert asked.status() == "WAITING"


def test_one_approval_of_two_is_recorded_and_the_second_reader_sees_it(org: Organization, reader: Reader) -> None:
    asked = Approval(org, approval())
    reader.open(asked.link(ANN))
    reader.page.get_by_label("Comment").fill("Fine, but <b>hurry</b>")
    reader.press("Approve")
    reader.until("Your answer is recorded")
    assert not reader.has_buttons()
    reader.shoot("recorded")
    assert asked.status() == "WAITING"
    reader.open(asked.link(BEN))
    decided = reader.page.get_by_role("list", name="Decisions so far")
    assert decided.get_by_role("listitem").all_inner_texts() == [f"{ANN}: approved \u2013 Fine, but <b>hurry</b>"]
    reader.shoot("second")
    reader.press("Approve")
    reader.until("Your answer is recorded")
    output = asked.output()
    assert output["outcome"] == "approved"
    assert [(one["user"], one["action"], one["comment"]) for one in output["decisions"]] == [
        (ANN, "approved", "Fine, but <b>hurry</b>"),
        (BEN, "approved", ""),
    ]


def test_a_rejection_without_its_comment_is_refused_and_the_form_stays(org: Organization, reader: Reader) -> None:
    asked = Approval(org, approval(comment_required="reject"))
    reader.open(asked.link(ANN))
    reader.press("Reject")
    reader.until("Your answer was not accepted")
    reader.shoot("comment-required")
    assert "comment" in reader.page.get_by_role("alert").inner_text().lower()
    assert asked.status() == "WAITING"
    reader.page.get_by_label("Comment").fill("Too dear")
    reader.press("Reject")
    reader.until("Your answer is recorded")
    assert [(one["action"], one["comment"]) for one in asked.output()["decisions"]] == [("rejected", "Too dear")]


def test_an_approval_needs_no_comment_where_only_rejections_do(org: Organization, reader: Reader) -> None:
    asked = Approval(org, approval(comment_required="reject", quorum="any"))
    reader.open(asked.link(ANN))
    reader.press("Approve")
    reader.until("Your answer is recorded")
    assert asked.output()["outcome"] == "approved"


def test_a_second_visit_says_what_was_decided_and_when(org: Organization, reader: Reader) -> None:
    asked = Approval(org, approval())
    link = asked.link(ANN)
    asked.answer(ANN, "approve")
    reader.open(link)
    reader.until("Already answered")
    assert re.search(rf"answered by {ANN} on .+ \(approved\)", reader.text())
    assert not reader.has_buttons()
    reader.shoot("second-visit")


def test_a_visitor_after_the_decision_sees_who_decided(org: Organization, reader: Reader) -> None:
    asked = Approval(org, approval(veto=True))
    link = asked.link(BEN)
    asked.answer(ANN, "reject", "No budget")
    reader.open(link)
    reader.until("Already answered")
    assert re.search(rf"answered by {ANN} on .+ \(rejected\)", reader.text())
    assert not reader.has_buttons()


def test_a_click_after_another_person_has_decided_changes_nothing(org: Organization, reader: Reader) -> None:
    asked = Approval(org, approval(quorum="any"))
    reader.open(asked.link(BEN))
    asked.answer(ANN, "approve")
    reader.press("Reject")
    reader.until("Your click changed nothing")
    assert f"answered by {ANN}" in reader.text()
    reader.shoot("too-late")
    assert asked.output()["outcome"] == "approved"


def test_a_card_that_was_passed_on_says_who_has_it_and_the_new_one_is_answered(
    org: Organization, reader: Reader
) -> None:
    asked = Approval(org, approval(quorum="any"))
    reader.open(asked.link(ANN))
    body = {"card_id": asked.card(ANN)["card_id"], "to": "carl@example.com", "reason": "on leave"}
    passed = org.post("reassignCard", body)
    assert passed.status_code == 200, passed.text
    reader.press("Approve")
    reader.until("Your click changed nothing")
    assert "carl@example.com" in reader.text()
    assert not reader.has_buttons()
    reader.shoot("passed-on")
    reader.page.reload()
    reader.until("carl@example.com")
    reader.open(passed.json()["url"])
    assert "For carl@example.com" in reader.text()
    reader.press("Approve")
    reader.until("Your answer is recorded")
    assert [one["user"] for one in asked.output()["decisions"]] == ["carl@example.com"]


def test_a_card_that_has_changed_is_shown_again_before_it_is_decided_on(org: Organization, reader: Reader) -> None:
    shown = {
        **CARD,
        "body": [
            {"type": "TextBlock", "text": "The amount is 990 EUR by now.", "wrap": True},
            {"type": "Input.Text", "id": "comment", "label": "Comment"},
        ],
    }
    update = {"id": "card_1", "type": "adaptiveCard"}
    update["settings"] = {"action": "update", "target": "approval_1", "card": shown}
    both = {"id": "parallel_1", "type": "parallel", "settings": {"branches": [{"id": "ask"}, {"id": "change"}]}}
    asking = next(step for step in approval(quorum="any")["workflow_steps"] if step["id"] == "approval_1")
    edges = [(START["id"], "parallel_1"), ("parallel_1", "approval_1", "ask"), ("parallel_1", "wait_1", "change")]
    asked = Approval(org, graph([both, asking, wait(), update], *edges, ("wait_1", "card_1")))
    reader.open(asked.link(ANN))
    assert org.resume(asked.execution_id, query={"state": "wait_1"}).status_code == 200
    until_event(org, asked.workflow_id, asked.execution_id, "STEP_SUCCEEDED")
    reader.press("Approve")
    reader.until("The request has changed")
    reader.until("The amount is 990 EUR by now.")
    reader.shoot("changed")
    assert asked.status() == "WAITING"
    reader.press("Approve")
    reader.until("Your answer is recorded")
    assert [one["card_revision"] for one in asked.output()["decisions"]] == [2]


def test_a_request_that_an_incident_holds_says_that_it_is_not_lost(org: Organization, reader: Reader) -> None:
    both = {"id": "parallel_1", "type": "parallel", "settings": {"branches": [{"id": "ask"}, {"id": "fail"}]}}
    asking = next(step for step in approval(quorum="any")["workflow_steps"] if step["id"] == "approval_1")
    edges = [(START["id"], "parallel_1"), ("parallel_1", "approval_1", "ask"), ("parallel_1", "wait_1", "fail")]
    asked = Approval(org, graph([both, asking, wait(), note(value="${int('x')}")], *edges, ("wait_1", "note_1")))
    link = asked.link(ANN)
    reader.open(link)
    assert org.resume(asked.execution_id, query={"state": "wait_1"}).status_code == 200
    org.until(asked.workflow_id, asked.execution_id, "FAILED")
    reader.press("Approve")
    reader.until("an operator has to decide first")
    assert not reader.has_buttons()
    reader.shoot("held")
    body = {"workflow_execution_id": asked.execution_id, "action": "skip", "state": "note_1"}
    repaired = org.post("repairExecution", body)
    assert repaired.status_code == 200, repaired.text
    reader.open(link)
    reader.press("Approve")
    reader.until("Your answer is recorded")
    assert asked.output()["outcome"] == "approved"


def test_a_terminated_request_says_so(org: Organization, reader: Reader) -> None:
    asked = Approval(org, approval())
    reader.open(asked.link(ANN))
    org.terminate(asked.execution_id)
    reader.press("Approve")
    reader.until("Your click changed nothing")
    assert "The workflow was terminated" in reader.text()
    reader.shoot("terminated")


def test_on_a_phone_all_is_in_sight_and_can_be_tapped(org: Organization, browser: "Browser", tmp_path: Path) -> None:
    asked = Approval(org, approval(order="sequence", timeout="P5D"))
    asked.answer(ANN, "approve", "W" * 60)
    context = browser.new_context(viewport=PHONE, device_scale_factor=2, has_touch=True, color_scheme="dark")
    context.set_default_timeout(60_000)
    try:
        reader = Reader(context.new_page(), tmp_path)
        reader.open(asked.link(BEN))
        reader.shoot("phone")
        assert "one after the other" in reader.text()
        assert reader.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        reader.page.get_by_role("button", name="Approve", exact=True).tap()
        reader.until("Your answer is recorded")
        reader.shoot("phone-recorded")
        assert reader.complaints == []
    finally:
        context.close()
    assert asked.output()["outcome"] == "approved"
