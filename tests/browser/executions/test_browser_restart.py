"""The history in a browser whose server is killed and started again: its rows follow again by themselves."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx2

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, note, wait
from blackbox.harness.launcher import ONE_ADDRESS, Server, init
from browser.app.visits import Visit
from browser.executions.ordering import OPERATOR

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_rows_are_followed_again_after_the_server_was_killed(browser: "Browser", tmp_path: Path) -> None:
    folder = tmp_path / "data"
    made = init(folder)
    server = Server(folder, **ONE_ADDRESS).start()
    visit = Visit(browser, server.address)
    visit.join(urlsplit(made["owner_link"]).path, "The operator", OPERATOR)
    ids = (made["organization_id"], made["workspace_id"], made["api_key"])
    with httpx2.Client(base_url=server.address, timeout=120) as client:
        org = Organization(client, *ids)
        workflow_id = org.create(definition(wait("wait_1"), note()))
        org.until(workflow_id, org.trigger(workflow_id, process_id="BACK-1"), "WAITING")
        page = visit.open("/app/executions")
        row = page.get_by_role("row").filter(has_text="BACK-1")
        row.get_by_text("Awaiting response").wait_for()
        server.kill()
    # The page connects again without anything that a person does.
    with page.expect_response(lambda answer: "/watchHeads" in answer.url and answer.ok, timeout=60_000):
        server.start()
    with httpx2.Client(base_url=server.address, timeout=120) as client:
        org = Organization(client, *ids)
        assert org.resume("BACK-1").status_code == 200
        row.get_by_text("Completed").wait_for()
        org.until(workflow_id, org.trigger(workflow_id, process_id="BACK-2"), "WAITING")
        newer, link = page.get_by_role("button", name="1 newer, show"), page.get_by_role("link", name="BACK-2")
        # The page reads again what it has missed, which may bring the execution before it is counted as newer.
        newer.or_(link).first.wait_for()
        newer.evaluate_all("(buttons) => buttons.forEach((button) => button.click())")
        link.wait_for()
        assert org.resume("BACK-2").status_code == 200
        page.get_by_role("row").filter(has_text="BACK-2").get_by_text("Completed").wait_for()
    visit.expect("net::ERR_")
    visit.close()
    server.close()
