"""A first day with two servers on PostgreSQL: what is done at one server is seen at the other."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.installation import Installation
from browser.app.visits import PHONE, Visit
from browser.inbox.asking import MANAGER, approval

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(600)]


class Servers(NamedTuple):
    """The addresses of two servers, the link that makes the owner, and the organization by its key."""

    first: str
    second: str
    owner_link: str
    org: Organization


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    found = Installation(tmp_path_factory.mktemp("two-servers") / "run", [])
    try:
        found.prepare()
        found.start(2, 0)
        first, second = (server.address for server in found.servers)
        made = found.made
        with httpx2.Client(base_url=first, timeout=120) as client:
            org = Organization(client, made["organization_id"], made["workspace_id"], made["api_key"])
            yield Servers(first, second, made["owner_link"], org)
    finally:
        found.close()


@pytest.fixture(scope="module")
def owner(browser: "Browser", servers: Servers) -> Iterator[Visit]:
    """The owner, at the first server."""
    visit = Visit(browser, servers.first)
    visit.join(servers.owner_link, "The owner", "owner@example.com")
    yield visit
    visit.close()


def test_the_manager_approves_in_two_taps_at_the_other_server(
    browser: "Browser", owner: Visit, servers: Servers
) -> None:
    manager = Visit(browser, servers.second, size=PHONE, has_touch=True)
    manager.join(owner.invite(MANAGER, "approver"), "The manager")
    workflow_id = servers.org.create(approval(MANAGER, name="Two servers"))
    body = {"po": "4500002001", "amount": "17,010.00", "buyer": "buyer@example.com"}
    execution_id = servers.org.trigger(workflow_id, body)
    servers.org.until(workflow_id, execution_id, "WAITING")
    page = manager.open("/app/")
    page.get_by_role("link", name="Purchase order 4500002001").tap()
    page.get_by_role("button", name="Approve").tap()
    page.get_by_text("Your answer is recorded").wait_for()
    servers.org.until(workflow_id, execution_id, "COMPLETED")
    [decision] = servers.org.get("getDecisions", workflow_execution_id=execution_id).json()["items"]
    assert (decision["user"], decision["actor"]["kind"]) == (MANAGER, "session")
    manager.close()


def test_a_viewer_sees_and_cannot_act_and_is_out_of_both_after_being_deactivated(
    browser: "Browser", owner: Visit, servers: Servers
) -> None:
    link = owner.invite("viewer@example.com", "viewer")
    viewer = Visit(browser, servers.second)
    viewer.join(link, "The viewer")
    theirs = viewer.open("/app/admin/members")
    theirs.get_by_text("You need the right “members”").wait_for()
    viewer.look("two-servers-not-permitted")
    viewer.open("/app/me")
    viewer.heading("Sessions")
    page = owner.open("/app/admin/members")
    page.get_by_role("button", name="Actions for The viewer").click()
    page.get_by_role("menuitem", name="Deactivate").click()
    page.get_by_role("button", name="Deactivate").click()
    page.get_by_text("Deactivated").wait_for()
    # The next call of the page finds it out, at a server that was not asked to deactivate anybody.
    theirs.get_by_label("Density of tables").select_option("compact")
    theirs.get_by_role("alertdialog", name="Sign in again").wait_for()
    used = Visit(browser, servers.first)
    used.open(urlsplit(link).path).get_by_text("This link is not valid").wait_for()
    used.expect("a status of 404")
    used.close()
    viewer.close()
